# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernel's own kselftest headers and makefile, and checkpatch: from Debian's
# linux-source package in the workshop root, never copied into the repository.

ksft_source()
{
	find "$1/usr/src" -name 'linux-source-*.tar.xz' | head -n 1
}

# ksft_get: prints tools/testing/selftests of the kernel source.
ksft_get()
{
	local entry

	entry=$(kernel_scripts_get) || exit
	printf '%s\n' "$entry/tools/testing/selftests"
}

# ksft_made NAME MIB MAKE: prints the cache entry NAME, which "MAKE SOURCE DIR" makes of the
# kernel's source.
ksft_made()
{
	local root source key

	root=$(root_get workshop) || exit
	source=$(ksft_source "$root") || exit
	key=$({
		stat -c '%n %s' "$source"
		declare -f "$3"
	} | digest) || exit
	cache_get "$1" "$key" "$2" "$3" "$source"
}

# kernel_scripts_get: prints a directory with the parts of the kernel source that
# tests and static checks need.
kernel_scripts_get()
{
	ksft_made kernel-scripts 100 kernel_scripts_make
}

kernel_scripts_make()
{
	mkdir -p "$2"
	say "kernel-scripts: taking kselftest and checkpatch out of linux-source (20 s)"
	tar -xf "$1" -C "$2" --strip-components=1 --wildcards \
		'*/tools/testing/selftests/lib.mk' \
		'*/tools/testing/selftests/*.h' \
		'*/tools/testing/selftests/kselftest/*' \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' '*/scripts/Makefile.compiler' \
		'*/tools/build/Build.include' '*/tools/scripts/*'
}
