# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Disk images of whole release roots, for those of --root.

# image_get RELEASE: prints the path of an ext4 image of the release's root.
image_get()
{
	local root

	root=$(root_get "$1") || exit
	cache_get "image-$1" "$(root_key "$1")" 3000 image_make "$root"
}

# image_make ROOT FILE: sparse, with 1 GiB of room.
image_make()
{
	local mib

	mib=$(($(du -sm "$1" | cut -f1) * 5 / 4 + 1024))
	mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 \
		-d "$1" "$2" "${mib}M" >&2
}
