#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ntfs-3g, a block device's server with a library of its own, from the time of
# libfuse 2; it fails when a step ends other than on the kernel's own fuse, or
# when NTFS on the device is not in order after the unmount.
# where: servers
# packages: ntfs-3g
# timeout: 3000
# environment: LOW	"low": lowntfs-3g, the same on the low-level interface
# shellcheck disable=SC2034,SC2154 # servers.sh reads them, and sets device
. "$FUSEPT_TESTS/servers.sh"

program=${LOW-}ntfs-3g package=ntfs-3g
ways='run replace'
prepare() {
	fresh_disk 400M
	mkntfs -q -Q -p 2048 -H 255 -S 63 "$device" >/dev/null
	own=("$program" -o permissions "$device")
}
kept() { ntfsfix -n "$device" | grep -v "$device"; }
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

compare
finish
