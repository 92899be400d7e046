# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash

SOAK=$(dirname "${BASH_SOURCE[0]}")

# stress_ng_in DIR: puts stress-ng there, with the libraries that it was linked with, for
# whatever root the guest has, a command "stress" that runs it, and the campaigns: a name
# and options for it in each line.
stress_ng_in()
{
	local workshop library

	workshop=$(root_get workshop) || return
	chroot "$workshop" ldd /usr/bin/stress-ng | grep -o '/[^ ]*' | while read -r library; do
		cp -L "$workshop$library" "$1/"
	done
	cp "$workshop/usr/bin/stress-ng" "$1/"
	cat >"$1/stress" <<-'SCRIPT'
		#!/bin/sh
		cd "$(dirname "$0")" || exit
		exec ./ld-linux-x86-64.so.2 --library-path . ./stress-ng --quiet --temp-path /tmp --oomable "$@"
	SCRIPT
	chmod +x "$1/stress"
	grep -v '^#' "$SOAK/campaigns" >"$1/campaigns"
}
