# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# All parts of the ground, for a script that has set VM to selftests/vm and TOP to
# the repository, and has still all its arguments.
. "$VM/lib/say.sh"
. "$VM/lib/privilege.sh"
become_root "$@"
. "$VM/lib/cache.sh"
. "$VM/lib/root.sh"
. "$VM/lib/arm64.sh"
. "$VM/lib/debug-kernel.sh"
. "$VM/lib/kernel.sh"
. "$VM/lib/ksft.sh"
. "$VM/lib/build.sh"
. "$VM/lib/image.sh"
. "$VM/lib/accel.sh"
. "$VM/lib/report.sh"
