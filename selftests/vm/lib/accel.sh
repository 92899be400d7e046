# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KVM where it really works, emulation otherwise. That /dev/kvm exists says little:
# under nested or cut-down virtualisation a stock kernel may not come up. So it is
# tried, once per boot of the host.

accel_set()
{
	case $1 in
	kvm) ACCEL_ARGS=(-accel kvm -cpu host) ;;
	tcg) ACCEL_ARGS=(-accel tcg -cpu max) ;;
	icount) ACCEL_ARGS=(-accel tcg -cpu max -icount 'shift=0,sleep=off') ;;
	*) die "MEMCLASS_ACCEL is '$1': kvm or tcg" ;;
	esac
}

# accel_choose ICOUNT: sets ACCEL_ARGS for QEMU.
accel_choose()
{
	local answer

	if [ -n "$1" ]; then
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
