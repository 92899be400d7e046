# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of a check: one line for each on standard output as soon as it is
# there, all of them in build/check/results as "PASSED FAILED SKIPPED NAME".

results_begin()
{
	: >"$CHECK/results"
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

# result NAME LOG <COUNT: takes what ktap/count says; shows and keeps it. All of it
# is written at once, so that jobs side by side do not mix.
result()
{
	local counts details text

	read -r -a counts
	details=$(cat)
	(
		flock 7
		echo "${counts[*]} $1" >>"$CHECK/results"
		text="[$(wc -l <"$CHECK/results")/$total] $1: $(words "${counts[@]}")"
		if [ -n "$details" ]; then
			text+=$'\n'$(head -n 20 <<<"$details" | sed 's/^/        /')
		fi
		if [ "${counts[1]}" != 0 ]; then
			text+=$'\n'"        see ${2#"$PWD"/}"
		fi
		printf '%s\n' "$text"
	) 7>"$CHECK/.lock"
}

# result_of STATUS NAME LOG: of a program that ended with STATUS and said LOG.
result_of()
{
	"$TOP/selftests/ktap/count" "$1" "$3" | result "$2" "$3"
}

# result_failed NAME LOG REASON
result_failed()
{
	printf '0 1 0\nfail %s\n' "$3" | result "$1" "$2"
}

# A selftest that was skipped on each and every kernel tests nothing.
results_never_ran()
{
	local name

	awk 'NF == 5 { passed[$5] += $1 + $2; skipped[$5] += $3 }
		END { for (name in passed)
			if (!passed[name] && skipped[name]) print name }' "$CHECK/results" |
		sort | while read -r name; do
		total=$((total + 1))
		result_failed "$name" "$CHECK/results" "was skipped on all kernels"
	done
}

# results_end: the last line, and the exit status.
results_end()
{
	awk '{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed || !passed
		}' "$CHECK/results"
}
