# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The debug kernel: trixie's source, built in trixie's root from allnoconfig and
# debug.config alone. Its cache entry holds
#
#	vmlinuz		what QEMU boots (bzImage)
#	vmlinux		the same uncompressed, with symbols and BTF, no DWARF: for
#			symbolising. QEMU boots it too, with 4-level page tables only
#	config		what it was built with; the guest's /proc/config.gz
#	build/		KDIR for modules. Anywhere in trixie's root, but bind the whole
#			entry: build/vmlinux is a link to ../vmlinux, for BTF
#	modules/	test_hmm.ko. All else is built in

# debug_kernel_key: the source and compiler are those in trixie's root, so that is
# made first if need be.
debug_kernel_key()
{
	local root

	root=$(root_get trixie) || exit
	{
		cat "$VM/debug.config" "$VM/lib/debug-kernel-build"
		declare -f debug_kernel_make
		dpkg-query --admindir="$root/var/lib/dpkg" --show \
			linux-source-6.12 'gcc-[0-9]*' pahole
	} | digest
}

# debug_kernel_get: prints the entry's directory. Read-only.
debug_kernel_get()
{
	local key

	key=$(debug_kernel_key) || exit
	cache_get debug-kernel "$key" 5000 debug_kernel_make
}

debug_kernel_make()
{
	local dir=$1 log=$CACHE/debug-kernel.log

	say "debug kernel: building (6 to 12 minutes on two processors, log in $log)"
	mkdir "$dir" || return
	# What the build says goes to the log, its progress and errors to the user.
	if ! root_run trixie --bind "$VM" /run/vm --bind "$dir" /run/out -- \
		env QUIET="${QUIET:-}" /run/vm/lib/debug-kernel-build /run/out >"$log"; then
		grep -E -B 4 '(Error [0-9]|error:)' "$log" | tail -n 30 >&2
		return 1
	fi
}
