# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Tests written in bash, reporting in KTAP. A test is a function that runs in a
# subshell under "set -e": it fails with its first command that does.
#
#	. ktap.sh
#	test_it() { [ "$(uname)" = Linux ]; }
#	ktap_test 'the system is Linux' test_it
#	ktap_main

. "$(dirname "${BASH_SOURCE[0]}")/cpu.sh"

KTAP_NAMES=() KTAP_CALLS=()

# ktap_test NAME FUNCTION [ARG...]
ktap_test()
{
	KTAP_NAMES+=("$1")
	shift
	KTAP_CALLS+=("$(printf '%q ' "$@")")
}

# ktap_skip REASON: from within a test.
ktap_skip()
{
	printf '%s\n' "$*" >&3
	exit 4
}

# ktap_fail REASON: from within a test.
ktap_fail()
{
	printf '%s\n' "$*"
	exit 1
}

# ktap_same WHAT WANTED GOT: from within a test.
ktap_same()
{
	[ "$2" = "$3" ] || ktap_fail "$1: wanted \"$2\", got \"$3\""
}

# ktap_main: runs all tests; its status is to be the script's: 0 passed, 1 failed, 4
# all skipped. What a test says is shown when it fails.
ktap_main()
{
	local i number status said reason started cpu before failed=0 passed=0

	said=$(mktemp) reason=$(mktemp)
	echo 'KTAP version 1'
	echo "1..${#KTAP_NAMES[@]}"
	for i in "${!KTAP_NAMES[@]}"; do
		number=$((i + 1)) started=$SECONDS
		cpu_used
		before=$cpu
		# A subshell in a condition would ignore "set -e".
		set +e
		(
			set -e
			eval "${KTAP_CALLS[i]}"
		) >"$said" 2>&1 3>"$reason" </dev/null
		status=$?
		set -e
		cpu_used
		[ $((SECONDS - started)) -lt 5 ] ||
			echo "# $((SECONDS - started)) s, $((cpu - before)) s CPU"
		case $status in
		0)
			passed=$((passed + 1))
			echo "ok $number ${KTAP_NAMES[i]}"
			;;
		4) echo "ok $number ${KTAP_NAMES[i]} # SKIP $(tr '\n' ' ' <"$reason")" ;;
		*)
			failed=$((failed + 1))
			sed 's/^/# /' "$said"
			echo "not ok $number ${KTAP_NAMES[i]}"
			;;
		esac
	done
	rm -f "$said" "$reason"
	[ $failed = 0 ] || return 1
	[ $passed != 0 ] || return 4
}
