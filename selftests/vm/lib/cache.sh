# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What takes long to make (release roots, kernels, images) is made once and kept
# outside the repository. An entry is named for what it was made from, appears
# whole or not at all, and is never changed afterwards.

CACHE=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/memclass

# digest: a short name for whatever comes on standard input.
digest()
{
	sha256sum | cut -c1-12
}

# cache_need_space MIB
cache_need_space()
{
	local free

	free=$(($(df -Pk "$CACHE" | awk 'NR == 2 { print $4 }') / 1024))
	[ "$free" -ge "$1" ] ||
		die "$CACHE: $1 MiB of disk space are needed, $free MiB are free"
}

# cache_get NAME KEY MIB MAKE [ARG...]: prints the entry's path.
# When it does not exist, "MAKE ARG... PATH" makes it: a file or a directory. It
# runs under the entry's lock, so that of two runs at once the second one waits
# for the first and then finds the entry. What a killed run left half made is
# thrown away by the next one that holds the lock.
cache_get()
{
	local name=$1 key=$2 mib=$3 entry=$CACHE/$1-$2 new=$CACHE/.new-$1-$2
	shift 3

	if [ ! -e "$entry" ]; then
		mkdir -p "$CACHE" || die "cannot make the cache $CACHE"
		(
			flock -n 9 || {
				say "$name: waiting for another run that makes it"
				flock 9
			}
			[ ! -e "$entry" ] || exit 0
			rm -rf "$new"
			cache_need_space "$mib"
			started=$SECONDS
			# The maker must not hand the lock to what it leaves behind.
			if ! "$@" "$new" 9>&-; then
				rm -rf "$new"
				die "$name could not be made"
			fi
			mv -T "$new" "$entry"
			say "$name: made in $((SECONDS - started)) s"
		) 9>"$CACHE/.lock-$name-$key" >&2 || exit
	fi
	printf '%s\n' "$entry"
}
