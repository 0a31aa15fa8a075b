#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fuse2fs, ext4 in a file, on libfuse 2 or 3 as the suite has it; it fails when a
# step ends other than on the kernel's own fuse, or when the file system is not
# in order after the unmount.
# where: servers
# packages: fuse2fs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=fuse2fs
prepare() {
	rm -f "$W/image"
	truncate -s 400M "$W/image"
	mkfs.ext4 -q -F "$W/image"
}
source=$W/image
options=allow_other
own=(fuse2fs -o "$options" "$source")
kept() { e2fsck -f -n "$W/image" 2>&1 | grep -v '^e2fsck '; }
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

compare
finish
