# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A second kernel for each release, as packages that can be installed without a
# network: Debian's kernel for virtual machines, and its headers.

SECOND_KERNEL=(linux-image-cloud-amd64 linux-headers-cloud-amd64)

# second_kernel_get RELEASE: prints a folder of packages, those that they depend on
# and the release's root lacks among them.
second_kernel_get()
{
	local key

	key=$({
		root_key "$1"
		declare -f second_kernel_make second_kernel_download
	} | digest) || exit
	cache_get "second-kernel-$1" "$key" 1000 second_kernel_make "$1"
}

second_kernel_make()
{
	local root log=$CACHE/second-kernel-$1.log

	root=$(root_get "$1") || return
	mkdir -p "$2/partial"
	say "second-kernel-$1: downloading ${SECOND_KERNEL[*]} (log in $log)"
	unshare --mount --propagation private bash -c \
		"$(declare -f second_kernel_download); second_kernel_download \"\$@\"" \
		bash "$root" "$2" "${SECOND_KERNEL[@]}" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
	rm -rf "$2/partial" "$2/lock"
}

# second_kernel_download ROOT DIR PACKAGE...: the host's apt does it, since it knows
# the way out, with the root's sources and what is installed there.
second_kernel_download()
{
	local root=$1 dir=$2
	shift 2

	set -e
	# The lists are needed for this only.
	mount -t tmpfs lists "$root/var/lib/apt/lists"
	mkdir "$root/var/lib/apt/lists/partial"
	local apt=(apt-get -q -o "Dir=$root" -o "Dir::State::status=$root/var/lib/dpkg/status"
		-o "Dir::Cache::archives=$dir" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o APT::Sandbox::User=root -o 'Acquire::Check-Valid-Until=false'
		-o Acquire::Languages=none)
	"${apt[@]}" update
	# The packages themselves, not those that only name the latest of them.
	local names
	mapfile -t names < <(apt-cache "${apt[@]:2}" depends --important "$@" |
		sed -n 's/^ *Depends: \(linux-[^ ]*-cloud-amd64\)$/\1/p')
	"${apt[@]}" install -y --no-install-recommends --download-only "${names[@]}"
}
