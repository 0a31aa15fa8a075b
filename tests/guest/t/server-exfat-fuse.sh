#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# exfat-fuse, a block device's server on libfuse 2 or 3 as the suite has it; it
# fails when a step ends other than on the kernel's own fuse, or when exFAT on
# the device is not in order after the unmount.
# where: servers
# packages: exfat-fuse exfatprogs
# timeout: 3000
# shellcheck disable=SC2034,SC2154 # servers.sh reads them, and sets device
. "$FUSEPT_TESTS/servers.sh"

program=mount.exfat-fuse package=exfat-fuse
ways='run replace'
prepare() {
	fresh_disk 400M
	mkfs.exfat "$device" >/dev/null
	own=(mount.exfat-fuse "$device")
}
kept() { fsck.exfat -n "$device" | grep -v "$device"; }
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

compare
finish
