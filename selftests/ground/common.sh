# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the ground share. HERE is set to their folder.
VM=$HERE/../vm
TOP=$(readlink -f "$HERE/../..")
. "$VM/lib/all.sh"
. "$HERE/../ktap/ktap.sh"

# A folder of one's own below build/, since a run may look for what is left there.
mkdir -p "$BUILD/ground"
WORK=$(mktemp -d "$BUILD/ground/XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 143' TERM HUP

# vm WANTED-STATUS ARG...: runs a guest; leaves $WORK/{out,err,dmesg}.
vm()
{
	local wanted=$1 status=0
	shift

	rm -f "$WORK/out" "$WORK/err" "$WORK/dmesg"
	"$VM/run" --log "$WORK" --tests class_table "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	cat "$WORK/err"
	ktap_same 'exit status' "$wanted" "$status"
}

# says FILE PATTERN: from within a test.
says()
{
	grep -aqE -- "$2" "$WORK/$1" || ktap_fail "$1 does not say \"$2\""
}

# nothing_runs: no process that has to do with a run of ours.
nothing_runs()
{
	local process

	for process in /proc/[0-9]*; do
		! tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF "$WORK/run." ||
			ktap_fail "$(tr '\0' ' ' <"$process/cmdline") still runs"
	done
}
