# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How a run ended: from the guest's control port and the kernel's log.

# What a healthy kernel never says. Lines that only look alike are left out below.
REPORT_PATTERN='(Kernel panic|Oops|BUG:|BUG |WARNING:|INFO: (possible|task|rcu|trying|suspicious|lockdep)|possible (recursive|circular|irq)|suspicious RCU|KASAN:|UBSAN:|KCSAN:|kmemleak: (unreferenced|[0-9]+ new)|general protection|unable to handle|soft lockup|hard LOCKUP|rcu:.*(stall|detected)|refcount_t:|list_(add|del) corruption|bad page|Bad page|Bad rss-counter|page_table_check|scheduling while atomic|sleeping function called|ODEBUG:|stack-protector|Call Trace:)'
REPORT_HARMLESS='(kmemleak: Kernel memory leak detector initialized|WARNING: Spectre|WARNING: Retpoline)'

# report_log LOG: prints it without what is expected: where a test injects failures, and
# says so in the log, the kernel shows a stack for each, and for the memory that it did
# not get. Everything else is as much of a report there as anywhere. And the kernel has
# data races of its own: those in which no function of a module takes part. All modules
# are ours in a kernel that looks for races.
report_log()
{
	awk '/=========================$/ && others { others = 0; next }
		others && !/(BUG|WARNING):|Oops|Kernel panic/ { next }
		/BUG: KCSAN:/ && !/KCSAN:.*\[[a-z]/ { others = 1; next }
		/memclass-check: failures are injected/ { injected = 1 }
		/memclass-check: (no more failures are injected|[^ ]+ begins)/ { injected = 0 }
		!(injected && /Call Trace:/)' "$1"
}

# report_find LOG: prints the reports in it, with the lines after each.
report_find()
{
	# The second one stops early, and then the first one fails.
	{ report_log "$1" | grep -a -v -E "$REPORT_HARMLESS" || true; } |
		grep -a -E -A 40 -m 3 "$REPORT_PATTERN"
}

# report_what_hangs LOG FROM: what the processors did, and who waited, without registers.
report_what_hangs()
{
	tail -c "+$(($2 + 1))" "$1" |
		grep -aE ' (RIP: |CPU: |task:|NMI backtrace)|\]  ( |\? )?[a-z_.0-9]+\+0x' |
		head -n 60 || true
}

# Taint that loading an unsigned module from outside the tree brings: O and E.
TAINT_EXPECTED=$((4096 + 8192))

# report WORK KERNEL LOG TIMEOUT: its status is the command's, or the ground's own
# when the kernel or the guest is not well. LOG is where the kernel's log will be.
report()
{
	local dmesg=$1/dmesg control=$1/control log=${3#"$PWD"/} found status before after
	local booted until

	# What came after that is the answer to our own question.
	until=$(sed -n 's/^timeout //p' "$control")
	head -c "${until:-$(stat -c %s "$dmesg")}" "$dmesg" >"$1/unasked"
	if found=$(report_find "$1/unasked"); then
		printf '%s\n' "$found" >&2
		say "kernel $2 reported a fault; its log is in $log"
		return "$STATUS_REPORT"
	fi
	if [ -n "$until" ]; then
		tail -n 5 "$1/unasked" >&2
		report_what_hangs "$dmesg" "$until" >&2
		say "kernel $2: no end after $4 s; its log is in $log"
		return "$STATUS_TIMEOUT"
	fi
	if grep '^fail' "$control" >"$1/fail"; then
		tail -n 5 "$dmesg" >&2
		die "kernel $2: $(sed 's/^fail //' "$1/fail")"
	fi
	booted=$(sed -n 's/^booted //p' "$control")
	status=$(sed -n 's/^status //p' "$control")
	read -r _ before after < <(grep '^tainted' "$control") || true
	if [ -z "$booted" ] || [ -z "$status" ]; then
		tail -n 5 "$dmesg" >&2
		cat "$1/qemu" >&2 2>/dev/null || true
		die "kernel $2: the guest ended before its command did"
	fi
	if [ $(((after & ~before) & ~TAINT_EXPECTED)) != 0 ]; then
		say "kernel $2 is tainted: $before before, $after after"
		return "$STATUS_REPORT"
	fi
	return "$status"
}
