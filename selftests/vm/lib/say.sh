# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How the ground's scripts speak: progress and errors go to standard error,
# because standard output belongs to whatever they run.

say()
{
	[ -n "${QUIET:-}" ] || printf 'memclass: %s\n' "$*" >&2
}

die()
{
	printf 'memclass: error: %s\n' "$*" >&2
	exit "${STATUS_GROUND:-125}"
}

# need TOOL PACKAGE: a tool that the host must have, or which package has it.
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is missing: apt-get install $2 (or run 'make prepare')"
}
