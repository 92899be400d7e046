# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Roots. Those named for a Debian release have its own kernel, headers and compiler:
# modules and packages are built in them, and they can be booted whole. Those named for a
# kernel beside it have that kernel, and what builds modules for it. In the workshop
# all else is built, and the toolbox has what checks it, so that no version depends on
# the machine, and what is booted is as small as it can be.

# root_suite ROOT: the Debian release that it is made of.
root_suite()
{
	case $1 in
	workshop | toolbox | rt | arm64) echo trixie ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# mirror SUITE: the Debian mirror that this machine's own apt uses; for a suite
# SUITE-security the security mirror. Prints nothing when there is none.
mirror()
{
	local pattern='/debian/?$'

	case $1 in
	*-security) pattern='-security/?$' ;;
	esac
	if [ -n "${MEMCLASS_MIRROR:-}" ]; then
		case $1 in
		*-security) ;;
		*) printf '%s\n' "$MEMCLASS_MIRROR" ;;
		esac
		return
	fi
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' |
		grep -E -m 1 -- "$pattern" || true
}

# root_packages ROOT: names from roots/ROOT and, for a release, roots/release.
root_packages()
{
	local -a lists=("$VM/roots/$1")

	[ "$(root_suite "$1")" != "$1" ] || lists+=("$VM/roots/release")
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "${lists[@]}" |
		tr -s '[:space:]' '\n' | sort -u
}

root_key()
{
	{
		root_suite "$1"
		root_packages "$1"
		# shellcheck disable=SC2046 # words
		declare -f $(root_maker "$1")
	} | digest
}

# root_maker ROOT: the functions that make it.
root_maker()
{
	case $1 in
	arm64) echo root_arm64_make root_arm64_kernels ;;
	*) echo root_make ;;
	esac
}

# root_get ROOT: prints the directory of the root. Read-only.
root_get()
{
	local -a maker

	read -r -a maker < <(root_maker "$1")
	cache_get "root-$1" "$(root_key "$1")" 4000 "${maker[0]}" "$1"
}

# The sid Release file may be past its Valid-Until, and old releases' always are.
root_make()
{
	local name=$1 release dir=$2 suite uri log=$CACHE/root-$1.log
	local -a sources=()

	release=$(root_suite "$name")
	need mmdebstrap mmdebstrap
	[ "$(id -u)" = 0 ] || die "release roots can only be made by root"
	for suite in "$release" "$release-security"; do
		case $suite in
		sid-security) continue ;;
		esac
		uri=$(mirror "$suite")
		[ -z "$uri" ] || sources+=("deb $uri $suite main")
	done
	[ ${#sources[@]} -gt 0 ] ||
		die "no Debian mirror in this machine's apt sources; set MEMCLASS_MIRROR"

	say "root-$name: installing $(root_packages "$name" | wc -l) packages with what they need (1 to 3 minutes, log in $log)"
	# INITRD=No: the ground brings its own initramfs.
	# shellcheck disable=SC2016 # mmdebstrap's shell expands it
	INITRD=No mmdebstrap --variant=apt --mode=root --format=directory \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt='force-unsafe-io' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(root_packages "$name" | paste -sd,)" \
		--customize-hook='echo memclass-vm >"$1/etc/hostname"' \
		--customize-hook='chroot "$1" passwd -d root' \
		"$release" "$dir" "${sources[@]}" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
}

# root_run ROOT [--bind FROM TO]... -- COMMAND...: runs COMMAND in the root, in a mount namespace of its own, so that nothing stays mounted whatever
# ends it. What it writes outside the bound folders is gone afterwards.
root_run()
{
	local root
	local -a binds=()

	root=$(root_get "$1") || exit
	shift
	while [ "$1" = --bind ]; do
		binds+=("$2" "$3")
		shift 3
	done
	shift
	unshare --mount --propagation private \
		"$VM/lib/in-root" "$root" ${#binds[@]} "${binds[@]}" "$@"
}
