#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# rclone mount, in Go, of a folder as its remote, with files cached whole; it fails
# when a step ends other than on the kernel's own fuse.
# where: servers
# packages: rclone/sid
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=rclone
prepare() { rm -rf "$W/cache"; }
own=(rclone --config= --cache-dir "$W/cache" mount --daemon --allow-other --vfs-cache-mode full --vfs-write-back 0 --links
	":local:$W/back")

compare
finish
