# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# in_toolbox COMMAND...: in the toolbox root, with a network and processes of its own: all
# that is started there ends with the command, and nobody else is there. The repository is at
# /memclass, and $work at /scratch.
# shellcheck disable=SC2154 # the caller sets work
in_toolbox()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	TOP=$TOP VM=$VM work=$work unshare --net --pid --fork --kill-child \
		bash -c '. "$VM/lib/all.sh"
			ip link set lo up
			root_run toolbox --bind "$TOP" /memclass --bind "$work" /scratch -- "$@"' \
		in_toolbox "$@"
}
