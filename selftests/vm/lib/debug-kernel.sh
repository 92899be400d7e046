# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The debug kernels: trixie's source, built in the workshop from debug.config alone; the
# one that looks for data races, kcsan, from that and kcsan.config. A cache entry holds
#
#   vmlinuz    what QEMU boots (bzImage; see CONFIG_PVH in debug.config)
#   vmlinux    the same as ELF, with symbols and BTF, without DWARF: no line numbers
#   config     what it was built with: the guest's /proc/config.gz
#   build/     KDIR for modules, at any path in the workshop; but bind the whole
#              entry, since build/vmlinux is a link to ../vmlinux, for BTF
#   modules/   test_hmm.ko; everything else is built in

# debug_kernel_config KERNEL: what it is asked to be. Of an option that both files name,
# the kernel's own one counts.
debug_kernel_config()
{
	local own

	if [ "$1" = debug ]; then
		cat "$VM/debug.config"
		return
	fi
	own=$(sed -nE 's/^(# )?(CONFIG_[A-Z0-9_]+)[= ].*/\2/p' "$VM/$1.config" | paste -sd'|')
	grep -vE "^(# )?($own)[= ]" "$VM/debug.config"
	cat "$VM/$1.config"
}

# debug_kernel_key KERNEL: the source and the compiler are those in the workshop, which
# is therefore made first.
debug_kernel_key()
{
	local root packages

	root=$(root_get workshop) || exit
	packages=$(dpkg-query --admindir="$root/var/lib/dpkg" --show \
		linux-source-6.12 'gcc-[0-9]*' binutils pahole) || exit
	{
		printf '%s\n' "$packages"
		debug_kernel_config "$1"
		cat "$VM/lib/make-debug-kernel"
	} | digest
}

# debug_kernel_get KERNEL: prints the entry's directory. Read-only.
debug_kernel_get()
{
	local key

	key=$(debug_kernel_key "$1") || exit
	cache_get "$1-kernel" "$key" 5000 debug_kernel_make "$1" "$key"
}

# debug_kernel_version KERNEL: what uname -r says in it. The key is part of it, so that a
# module built for another debug kernel is refused.
debug_kernel_version()
{
	local entry

	entry=$(debug_kernel_get "$1") || exit
	cat "$entry/build/include/config/kernel.release"
}

debug_kernel_make()
{
	local key=$2 dir=$3 log=$CACHE/$1-kernel.log status=0 ground=$3/ground

	say "$1 kernel: building (about 8 minutes on two processors, log in $log)"
	mkdir -p "$ground/lib" || return
	cp "$VM/lib/say.sh" "$VM/lib/make-debug-kernel" "$ground/lib/" || return
	debug_kernel_config "$1" >"$ground/debug.config" || return
	# What the build says is for the log, its progress and errors for the user.
	root_run workshop --bind "$ground" /memclass-vm --bind "$dir" /out -- \
		env QUIET="${QUIET:-}" /memclass-vm/lib/make-debug-kernel "$key" \
		>"$log" || status=$?
	rm -r "$ground"
	case $status in
	0) return ;;
	125) ;; # It has said why.
	*)
		{ grep -E -B 4 'error:|Error [0-9]' "$log" || cat "$log"; } |
			tail -n 20 >&2
		;;
	esac
	return 1
}
