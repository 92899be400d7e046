# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of a check: one line for each on standard output as soon as it is
# there, all of them in build/check/results as "PASSED FAILED SKIPPED SECONDS CPU NAME",
# where CPU is the time of processors, and 0 for what is part of a boot. What failed is
# said once more in the end, where it is looked for.

results_begin()
{
	: >"$CHECK/results"
	: >"$CHECK/failures"
	mkdir "$CHECK/running"
}

# running_file NAME: what is there as long as a result of that name is to come.
running_file()
{
	printf '%s\n' "$CHECK/running/${1//\//_}"
}

# begun NAME LOG
begun()
{
	echo "$2" >"$(running_file "$1")"
}

# words PASSED FAILED SKIPPED: as text, what is not zero.
words()
{
	local text=''

	[ "$1" = 0 ] || text="$1 passed"
	[ "$2" = 0 ] || text+="${text:+, }$2 FAILED"
	[ "$3" = 0 ] || text+="${text:+, }$3 skipped"
	printf '%s\n' "$text"
}

# result NAME LOG SECONDS [CPU] <COUNT: takes what ktap/count says; shows and keeps it. All
# of it is written at once, so that jobs side by side do not mix.
result()
{
	local counts details text line

	read -r -a counts
	details=$(cat)
	rm -f "$(running_file "$1")"
	(
		flock 7
		echo "${counts[*]} $3 ${4:-0} $1" >>"$CHECK/results"
		line="[$(wc -l <"$CHECK/results")/$total] "
		text="$1: $(words "${counts[@]}") ($3 s${4:+, $4 s CPU})"
		if [ -n "$details" ]; then
			text+=$'\n'$(head -n 40 <<<"$details" | sed 's/^/        /')
		fi
		if [ "${counts[1]}" != 0 ]; then
			text+=$'\n'"        see ${2#"$PWD"/}"
			printf '%s\n' "$text" >>"$CHECK/failures"
		fi
		printf '%s\n' "$line$text"
	) 7>"$CHECK/.lock"
}

# result_of STATUS NAME LOG SECONDS [CPU]: of a program that ended with STATUS, said LOG
# and took so long.
result_of()
{
	"$TOP/selftests/ktap/count" "$1" "$3" | result "$2" "$3" "${@:4}"
}

# result_failed NAME LOG REASON
result_failed()
{
	printf '0 1 0\nfail %s\n' "$3" | result "$1" "$2" 0
}

# results_overdue MINUTES: what was not done by then failed, and what never began is missing.
results_overdue()
{
	local running name missing

	for running in "$CHECK"/running/*; do
		[ -e "$running" ] || continue
		name=${running##*/}
		result_failed "$name" "$(cat "$running")" "was not done when $1 minutes were over"
	done
	missing=$((total - $(wc -l <"$CHECK/results")))
	if [ "$missing" -gt 0 ]; then
		total=$((total + 1))
		result_failed 'the rest' "$CHECK/results" "$missing results are missing"
	fi
}

# A selftest that was skipped on each and every kernel tests nothing.
results_never_ran()
{
	local name

	awk 'NF == 7 { passed[$7] += $1 + $2; skipped[$7] += $3 }
		END { for (name in passed)
			if (!passed[name] && skipped[name]) print name }' "$CHECK/results" |
		sort | while read -r name; do
		total=$((total + 1))
		result_failed "$name" "$CHECK/results" "was skipped on all kernels"
	done
}

# results_end: what failed, the last line, and the exit status.
results_end()
{
	cat "$CHECK/failures"
	awk '{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed || !passed
		}' "$CHECK/results"
}
