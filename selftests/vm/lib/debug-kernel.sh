# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The debug kernel: trixie's source, built in the workshop from debug.config
# alone. Its cache entry holds
#
#   vmlinuz    what QEMU boots (bzImage; see CONFIG_PVH in debug.config)
#   vmlinux    the same as ELF, with symbols and BTF, without DWARF: no line numbers
#   config     what it was built with: the guest's /proc/config.gz
#   build/     KDIR for modules, at any path in the workshop; but bind the whole
#              entry, since build/vmlinux is a link to ../vmlinux, for BTF
#   modules/   test_hmm.ko; everything else is built in

# debug_kernel_key: the source and the compiler are those in the workshop, which
# is therefore made first.
debug_kernel_key()
{
	local root packages

	root=$(root_get workshop) || exit
	packages=$(dpkg-query --admindir="$root/var/lib/dpkg" --show \
		linux-source-6.12 'gcc-[0-9]*' binutils pahole) || exit
	{
		printf '%s\n' "$packages"
		cat "$VM/debug.config" "$VM/lib/make-debug-kernel"
	} | digest
}

# debug_kernel_get: prints the entry's directory. Read-only.
debug_kernel_get()
{
	local key

	key=$(debug_kernel_key) || exit
	cache_get debug-kernel "$key" 5000 debug_kernel_make "$key"
}

# debug_kernel_version: what uname -r says in it. The key is part of it, so that a
# module built for another debug kernel is refused.
debug_kernel_version()
{
	local entry

	entry=$(debug_kernel_get) || exit
	cat "$entry/build/include/config/kernel.release"
}

debug_kernel_make()
{
	local key=$1 dir=$2 log=$CACHE/debug-kernel.log status=0

	say "debug kernel: building (about 8 minutes on two processors, log in $log)"
	mkdir "$dir" || return
	# What the build says is for the log, its progress and errors for the user.
	root_run workshop --bind "$VM" /memclass-vm --bind "$dir" /out -- \
		env QUIET="${QUIET:-}" /memclass-vm/lib/make-debug-kernel "$key" \
		>"$log" || status=$?
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
