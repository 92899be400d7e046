# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Release roots are made and entered by root. Who is not root becomes it in a user
# namespace: root over nothing but what is theirs.

# chroot, mke2fs and the like are in folders that only root's PATH has.
PATH=$PATH:/usr/sbin:/sbin

# become_root ARG...: starts the script anew, with these arguments, if need be.
become_root()
{
	local namespace=(unshare --user --map-root-user --map-auto --mount --)

	[ "$(id -u)" != 0 ] || return 0
	need newuidmap uidmap
	"${namespace[@]}" true ||
		die "no user namespace for $(id -un) (see above); please run this as root"
	exec "${namespace[@]}" "$0" "$@"
}
