# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels for arm64, with pages of 4 KiB and of 16, and what goes into their guests: all
# of it is compiled and unpacked on this machine, in a root that is none of arm64's.

# root_arm64_make ROOT DIR: as root_make(), which cannot mix architectures.
root_arm64_make()
{
	local dir=$2 uri suite log=$CACHE/root-arm64.log
	local -a sources=()

	need mmdebstrap mmdebstrap
	for suite in trixie trixie-security; do
		uri=$(mirror "$suite")
		[ -z "$uri" ] || sources+=("deb $uri $suite main")
	done
	[ ${#sources[@]} -gt 0 ] ||
		die "no Debian mirror in this machine's apt sources; set MEMCLASS_MIRROR"
	say "root-arm64: installing a compiler and kernels (1 to 3 minutes, log in $log)"
	# shellcheck disable=SC2016 # mmdebstrap's shell expands it
	mmdebstrap --variant=apt --mode=root --format=directory --architectures=amd64,arm64 \
		--aptopt='Acquire::Languages "none"' --dpkgopt='force-unsafe-io' \
		--include="$(root_packages "$1" | paste -sd,)" \
		--customize-hook="$(declare -f root_arm64_kernels); root_arm64_kernels"' "$1"' \
		trixie "$dir" "${sources[@]}" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
}

# root_arm64_kernels DIR: unpacks them and their headers. To install these would take a
# compiler that is arm64's own. Runs in mmdebstrap's shell.
root_arm64_kernels()
{
	set -e
	export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
	version=$(apt-cache depends linux-headers-arm64:arm64 |
		sed -n 's/^ *Depends: linux-headers-\(.*\)-arm64:arm64$/\1/p')
	mkdir "$1/packages"
	for package in "linux-headers-$version-common" "linux-kbuild-$version" \
		"linux-image-$version-arm64:arm64" "linux-headers-$version-arm64:arm64" \
		"linux-image-$version-arm64-16k:arm64" \
		"linux-headers-$version-arm64-16k:arm64"; do
		(cd "$1/packages" && apt-get download "$package")
	done
	for package in "$1"/packages/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$1"
	done
	rm -r "$1/packages"
	for flavour in arm64 arm64-16k; do
		chroot "$1" depmod "$version-$flavour"
	done
}
