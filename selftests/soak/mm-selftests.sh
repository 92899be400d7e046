# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernel's own selftests of memory management, built from linux-source.

SOAK=$(dirname "${BASH_SOURCE[0]}")

# mm_get: prints a folder with the programs, static.
mm_get()
{
	ksft_made mm-selftests 300 mm_make
}

# mm_make SOURCE DIR: those that want libraries which the workshop lacks are left out. One
# forgets the header with KSFT_SKIP.
mm_make()
{
	local work=$2/work

	say "mm-selftests: building (a minute)"
	mkdir -p "$work" "$2/out"
	tar -xf "$1" -C "$work" --strip-components=1 --wildcards '*/tools/testing/selftests/*' \
		'*/tools/include/*' '*/tools/arch/x86/include/*' '*/mm/gup_test.h' \
		'*/scripts/Makefile.compiler' '*/tools/build/Build.include' '*/tools/scripts/*'
	root_run workshop --bind "$work" /linux --bind "$2/out" /out -- \
		make -k -j"$(nproc)" -C /linux/tools/testing/selftests/mm OUTPUT=/out \
		LDFLAGS=-static EXTRA_CFLAGS=-static KHDR_INCLUDES= USERCFLAGS=-DKSFT_SKIP=4 \
		>"$CACHE/mm-selftests.log" 2>&1 || true
	rm -rf "$work"
	[ "$(find "$2/out" -type f -perm -100 | wc -l)" -ge 30 ] || {
		tail -n 20 "$CACHE/mm-selftests.log" >&2
		return 1
	}
}

# mm_in DIR [NUMBER]: puts them there, or the first of them, and their list, "mm-programs",
# as a line each with its arguments.
mm_in()
{
	local programs name

	programs=$(mm_get)/out || return
	grep -v '^#' "$SOAK/mm-programs" | head -n "${2:-1000}" >"$1/mm-programs"
	while read -r name _; do
		[ ! -x "$programs/$name" ] || cp "$programs/$name" "$1/"
	done <"$1/mm-programs"
}
