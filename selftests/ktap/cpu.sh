# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash

# cpu_used: sets cpu, the seconds of processors that what this shell waited for has used.
# shellcheck disable=SC2034 # whoever calls it reads it
cpu_used()
{
	local -a stat

	read -r -a stat <"/proc/$BASHPID/stat"
	cpu=$(((stat[15] + stat[16]) / 100))
}
