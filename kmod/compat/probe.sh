#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The shell half of compat/Kbuild.
#
# probe.sh symbols LIST MODULE.SYMVERS   which listed symbols are exported
# probe.sh table ANSWER... SYMBOLS.TXT   all answers in one table, controls checked
# probe.sh config TABLE                  the table as a C header
set -eu

fail()
{
	echo "memclass: error: $*" >&2
	exit 1
}

# Columns of Module.symvers, divided by tabs: CRC, symbol, where, how, namespace.
# A symbol in a namespace is not for us: that module would have to be one of those
# that it was exported for.
symbols()
{
	[ -s "$2" ] ||
		fail "$2 is missing or empty: build the kernel, or install its headers, with Module.symvers"
	sed -e 's/#.*//' "$1" | tr -s '[:space:]' '\n' | sed '/^$/d' |
	awk -F '\t' -v symvers="$2" '
		BEGIN { while ((getline < symvers) > 0) if ($5 == "") have[$2] = 1 }
		{ print "MC_HAVE_SYM_" $1, $1 in have ? "yes" : "no" }'
}

table()
{
	for answer; do
		case $answer in
		*.answer)
			name=${answer##*/}
			name=$(echo "${name%.answer}" | tr '[:lower:]' '[:upper:]')
			echo "MC_HAVE_$name $(head -n 1 "$answer")"
			;;
		*)
			cat "$answer"
			;;
		esac
	done | LC_ALL=C sort | awk '
		{ answer[$1] = $2; row[NR] = $0 }
		function control(name, right, why) {
			if (answer[name] == right)
				delete answer[name]
			else
				wrong = wrong "\n  " name " says \"" answer[name] "\": " why
		}
		END {
			control("MC_HAVE_CONTROL_PASS", "yes", "correct code does not compile")
			control("MC_HAVE_CONTROL_ARGUMENT", "no", "a wrong argument is not noticed")
			control("MC_HAVE_CONTROL_UNKNOWN", "no", "an unknown function is not noticed")
			control("MC_HAVE_SYM_init_task", "yes", "Module.symvers is not this kernel'\''s")
			control("MC_HAVE_SYM_memclass_control", "no", "Module.symvers is not read rightly")
			if (wrong != "") {
				print "memclass: error: the probes cannot be trusted:" wrong >"/dev/stderr"
				exit 1
			}
			for (i = 1; i <= NR; i++) {
				split(row[i], field, " ")
				if (field[1] in answer)
					printf "%-40s %s\n", field[1], field[2]
			}
		}'
}

config()
{
	echo '/* Made by compat/probe.sh from probes.txt. */'
	awk '$2 == "yes" { print "#define", $1, 1 }' "$1"
}

"$@"
