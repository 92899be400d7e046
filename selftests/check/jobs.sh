# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What there is to check, and how each kind of it runs. A job is a function that
# runs beside others and reports with result*(), as often as jobs_add() says.

# jobs_add: all jobs, in the order in which they start: those first that tell soon
# what is wrong, the long ones before the short ones. Packages wait for the disk half of
# the time, so they come beside the longest guests, which never do.
jobs_add()
{
	local kernel
	local -a built=() released=() debian=()

	for kernel in "${chosen[@]}"; do
		! released "$kernel" || released+=("$kernel")
		if kernel_is_built "$kernel"; then
			built+=("$kernel")
		else
			debian+=("$kernel")
		fi
	done

	add_job ktap 1 job_ktap ktap 60 "$TOP/selftests/ktap/test"
	add_job static 1 job_ktap 'static style' 900 "$TOP/selftests/static/style"
	add_job static 1 job_ktap 'static completion' 300 "$TOP/selftests/static/completion"
	add_job fuzz 1 job_ktap fuzz 600 "$TOP/selftests/fuzz/run"
	add_guests "${built[@]}"
	for kernel in "${released[@]}"; do
		add_job package 1 job_ktap "package $kernel" 1200 "$TOP/selftests/package/test" "$kernel"
	done
	! chosen 6.12 || add_job package 1 job_ktap 'package artifacts' 1200 \
		"$TOP/selftests/package/artifacts"
	[ ${#released[@]} = 0 ] || add_job metrics 1 job_ktap metrics 600 \
		"$TOP/selftests/metrics/run" "${released[@]}"
	! chosen 6.12 || add_job ground 1 job_ktap 'ground guest' 1200 "$TOP/selftests/ground/guest"
	add_guests "${debian[@]}"
	for kernel in "${chosen[@]}"; do
		add_job static 1 job_ktap "static $kernel" 300 \
			"$TOP/selftests/static/build" "$kernel"
	done
	if chosen kcsan; then
		add_job stress 1 job_ktap 'stress kcsan' 1800 \
			"$TOP/selftests/soak/stress" kcsan 120
	fi
	for kernel in "${chosen[@]}"; do
		[[ " ${KERNELS[*]} " != *" $kernel "* ]] || add_job stress 1 job_ktap "stress $kernel" 900 \
			"$TOP/selftests/soak/stress" "$kernel" 5
	done
	for kernel in debug kcsan; do
		! chosen "$kernel" || add_job ground 1 job_ktap "ground faults $kernel" 1200 \
			"$TOP/selftests/ground/faults" "$kernel"
	done
	add_job ground 1 job_ktap 'ground preparing' 300 "$TOP/selftests/ground/preparing"
}

# chosen KERNEL
chosen()
{
	[[ " ${chosen[*]} " = *" $1 "* ]]
}

# released KERNEL: whether it is the kernel of a Debian release.
released()
{
	[ "${KERNEL_RELEASE[$1]}" = "$(root_suite "${KERNEL_RELEASE[$1]}")" ] &&
		! kernel_is_built "$1"
}

# needs_of PROGRAM KERNEL: its timeout in the table and the options of its boot; nothing
# where it is not to run there, for which $everywhere counts as well.
needs_of()
{
	awk -v program="$1" -v kernel="$2" -v everywhere="$everywhere" \
		-v built="$(kernel_is_built "$2" && echo 1)" '
		function serves(kernels) {
			return kernels == "all" || (kernels == "debian" && !built) ||
				index("," kernels ",", "," kernel ",")
		}
		$1 == "boot" {
			name = $2
			sub(/^boot[ \t]+[^ \t]+[ \t]+/, "")
			options[name] = $0
			next
		}
		$1 == program { named = 1 }
		$1 == "*" || ($1 == program && (serves($2) || (everywhere && serves($5)))) {
			seconds = $3
			boot = $4
			found = $1 == program
		}
		END {
			if (boot "@" kernel in options)
				boot = boot "@" kernel
			if (found || !named)
				print seconds, options[boot]
		}' "$HERE/needs"
}

# needs_check PROGRAM...: every name in the table is one of them, or of a boot.
needs_check()
{
	local name boot

	sed -e 's/#.*//' -e '/^boot/d' -e '/^$/d' "$HERE/needs" | while read -r name _ _ boot _; do
		[ "$name" = '*' ] || [[ " $* " = *" $name "* ]] ||
			die "selftests/check/needs: there is no program $name"
		grep -q "^boot ${boot}[[:space:]]" "$HERE/needs" ||
			die "selftests/check/needs: there is no boot $boot"
	done || exit
}

# add_guests KERNEL...: the programs, divided by kernel and options: a boot for each.
add_guests()
{
	local kernel program seconds options key
	local -A boots
	local -a keys words

	for kernel; do
		boots=() keys=()
		for program in "${programs[@]}"; do
			wants "$program" || continue
			read -r seconds options <<<"$(needs_of "$program" "$kernel")"
			[ -n "$seconds" ] || continue
			! kernel_is_built "$kernel" || seconds=$((seconds * 5))
			[ -n "${boots[-$options]:-}" ] || keys+=("-$options")
			boots[-$options]+=" $program:$seconds"
		done
		for key in "${keys[@]}"; do
			read -r -a words <<<"${boots[$key]}"
			JOBS+=("$(printf '%q ' job_guest "$kernel" "${key#-}" "${words[@]}")")
			# Each program, and the kernel's log.
			total=$((total + ${#words[@]} + 1))
		done
	done
}

# prepare_kernel KERNEL: what it takes to boot it.
prepare_kernel()
{
	"$VM/run" --dry --kernel "$1" || say "kernel $1 could not be prepared"
}

# job_ktap NAME SECONDS COMMAND...: a program on the host that says KTAP.
job_ktap()
{
	local name=$1 seconds=$2 log=$CHECK/${1// /-}.ktap status=0 started=$SECONDS program cpu
	shift 2

	begun "$name" "$log"
	# It makes a process group of its own, which end_jobs() does not reach.
	timeout -k 10 "$seconds" "$@" >"$log" 2>"${log%.ktap}.err" &
	program=$!
	trap 'kill "$program"; exit' TERM
	wait "$program" || status=$?
	[ $status != 124 ] || status=timeout
	cpu_used
	result_of "$status" "$name" "$log" $((SECONDS - started)) "$cpu"
}

# How long a guest may take until its first program begins, and more than a program may.
BOOT_PATIENCE=300

# job_guest KERNEL OPTIONS PROGRAM:SECONDS...: boots and runs the programs. When the
# guest ends early, those that did not have their turn get another boot.
job_guest()
{
	local kernel=$1 options=$2 dir=$CHECK/$1 boot status started seconds item cpu guest
	local name="$kernel${options:+ $options} boot"
	local -a words left
	shift 2

	mkdir -p "$dir"
	read -r -a words <<<"$options"
	while [ $# -gt 0 ]; do
		boot=$(mktemp -d "$dir/boot-XXXXXX")
		# For the programs, one by one, and for the boot itself.
		seconds=120
		! kernel_is_built "$kernel" || seconds=600
		for item; do
			seconds=$((seconds + ${item##*:}))
		done
		status=0 started=$SECONDS
		begun "$name" "$boot/err"
		mkfifo "$boot/said"
		"$VM/run" --kernel "$kernel" "${words[@]}" --timeout "$seconds" --log "$boot" \
			--tests "${*%%:*}" -- sh -c "$(cat "$HERE/guest")" guest "$@" \
			>"$boot/said" 2>"$boot/err" &
		guest=$!
		take_results "$kernel" "$boot" "$guest" "$@" <"$boot/said"
		wait "$guest" || status=$?
		rm "$boot/said"
		cpu_used
		result_of_boot "$name" "$boot" "$status" $((SECONDS - started)) "$cpu"

		left=()
		for item; do
			grep -qxF "${item%:*}" "$boot/started" || left+=("$item")
		done
		if [ ${#left[@]} = $# ]; then
			for item; do
				result_failed "$kernel ${item%:*}" "$boot/err" "never began"
			done
			break
		fi
		# More results than were planned for.
		total=$((total + 1))
		set -- "${left[@]}"
	done
}

# take_results KERNEL BOOT GUEST PROGRAM:SECONDS...: reads what ./guest says. That
# ends a program which takes too long; when not even that comes, the guest hangs.
take_results()
{
	local kernel=$1 boot=$2 guest=$3 line name='' log status seconds item
	local patience=$BOOT_PATIENCE ended=0
	local -A allowed
	shift 3

	for item; do
		allowed[${item%:*}]=${item##*:}
	done
	: >"$boot/started"
	while IFS= read -r -t "$patience" line || { ended=$? && false; }; do
		case $line in
		'# start '*)
			name=${line#'# start '}
			log=$CHECK/$kernel/$name.ktap
			echo "$name" >>"$boot/started"
			: >"$log"
			begun "$kernel $name" "$log"
			patience=$((allowed[$name] + BOOT_PATIENCE))
			;;
		'  '*) printf '%s\n' "${line:2}" >>"$log" ;;
		'# end '*)
			read -r _ _ _ status seconds <<<"$line"
			result_of "$status" "$kernel $name" "$log" "$seconds"
			name=''
			;;
		*) printf '%s\n' "$line" >>"$boot/err" ;;
		esac
	done
	# Past 128 it is no end of the file.
	if [ "$ended" -gt 128 ]; then
		echo "memclass: the guest hangs: no word for $patience s" >>"$boot/err"
		kill -USR1 "$guest"
	fi
	if [ -n "$name" ]; then
		echo "Bail out! the guest ended meanwhile" >>"$log"
		result_of 0 "$kernel $name" "$log" 0
	fi
}

# result_of_boot NAME BOOT STATUS SECONDS CPU: whether the guest and its kernel were well.
result_of_boot()
{
	if [ "$3" = 0 ]; then
		echo '1 0 0' | result "$1" "$2/dmesg" "${@:4}"
	else
		{
			echo '0 1 0'
			echo "fail exit status $3"
			tail -n 15 "$2/err"
		} | result "$1" "$2/err" "${@:4}"
	fi
}
