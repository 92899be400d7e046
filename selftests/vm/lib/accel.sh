# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KVM where it really works, emulation otherwise. That /dev/kvm exists says little:
# under nested or cut-down virtualisation a stock kernel may not come up. So it is
# tried, once per boot of the host.

# Emulated processors take turns in one thread of the host. With a thread for each
# (mttcg), one can run a piece of code that another has just rewritten: kernels that
# patch themselves, as they do for static keys, then die of a breakpoint that nobody
# knows any more, once in a hundred boots. Boots are not slower this way.
accel_set()
{
	case $1 in
	kvm) ACCEL_ARGS=(-accel kvm -cpu host) ;;
	arm64) ACCEL_ARGS=(-accel 'tcg,thread=single' -cpu 'max,pauth-impdef=on') ;;
	tcg) ACCEL_ARGS=(-accel 'tcg,thread=single' -cpu "$(emulated_cpu)") ;;
	mttcg) ACCEL_ARGS=(-accel 'tcg,thread=multi' -cpu "$(emulated_cpu)") ;;
	icount) ACCEL_ARGS=(-accel tcg -cpu "$(emulated_cpu)" -icount 'shift=0,sleep=off') ;;
	*) die "MEMCLASS_ACCEL is '$1': kvm, tcg or mttcg" ;;
	esac
}

# An emulated processor. Each round of a string instruction is work for the emulation,
# and with --icount a tick of the guest's clock: with the features below, kernels copy
# and clear memory with "rep movsb", byte by byte, while it takes a real processor a
# hundred cycles for a page. Without them they use "rep movsq" or a loop, for whoever
# reads whatever; all guests take a seventh less time.
emulated_cpu()
{
	local cpu=max feature known

	known=$(qemu-system-x86_64 -cpu help)
	for feature in erms fsrm fzrm fsrs fsrc; do
		! grep -qw "$feature" <<<"$known" || cpu+=,$feature=off
	done
	printf '%s\n' "$cpu"
}

# machine_choose ARCH: sets QEMU, MACHINE_ARGS for it, and the name of its CONSOLE.
# shellcheck disable=SC2034 # run has use for them
machine_choose()
{
	if [ "$1" = arm64 ]; then
		QEMU=qemu-system-aarch64 MACHINE_ARGS=(-M virt) CONSOLE=ttyAMA0
		need "$QEMU" qemu-system-arm
	else
		QEMU=qemu-system-x86_64 MACHINE_ARGS=(-M q35) CONSOLE=ttyS0
		need "$QEMU" qemu-system-x86
	fi
}

# accel_choose ARCH ICOUNT: sets ACCEL_ARGS for QEMU. Other processors are emulated, with
# keys for pointers that take little time.
accel_choose()
{
	local answer

	if [ "$1" = arm64 ]; then
		[ -z "$2" ] || die "instructions are not counted on arm64"
		accel_set arm64
	elif [ -n "$2" ]; then
		accel_set icount
	elif [ -n "${MEMCLASS_ACCEL:-}" ]; then
		accel_set "$MEMCLASS_ACCEL"
	elif [ ! -w /dev/kvm ]; then
		accel_set tcg
	else
		answer=$(cache_get accel "$(digest </proc/sys/kernel/random/boot_id)" 10 accel_try) ||
			exit
		accel_set "$(cat "$answer")"
	fi
}

# Boots the oldest kernel with KVM; a guest that works is off again in two seconds.
accel_try()
{
	local boot status=0

	boot=$(boot_get 5.10) || return
	say "trying whether KVM works here (up to 20 s, once)"
	accel_set kvm
	timeout 20 qemu-system-x86_64 -M q35 -nodefaults -no-user-config -display none \
		-no-reboot "${ACCEL_ARGS[@]}" -m 512 -kernel "$boot/vmlinux" \
		-initrd "$boot/base.cpio" -serial stdio </dev/null \
		-append "console=ttyS0 panic=-1 rdinit=/bin/poweroff -- -f" 2>&1 |
		grep -q 'reboot: Power down' || status=1
	if [ "$status" = 0 ]; then
		echo kvm >"$1"
	else
		echo tcg >"$1"
	fi
}
