#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# davfs2, with FUSE code of its own from minor 12's time, of a folder that rclone
# serves as WebDAV on this guest; it fails when a step ends other than on the
# kernel's own fuse, or when other files reach that folder.
# where: servers
# packages: davfs2 rclone/sid iproute2
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=mount.davfs package=davfs2
ways='run replace' patience=300
address=127.0.0.1:9080
cat >"$T/davfs2.conf" <<'CONF'
ask_auth 0
use_locks 0
delay_upload 0
gui_optimize 1
CONF
prepare() {
	rm -rf /var/cache/davfs2/*
	backend 60 "$address" rclone serve webdav --addr "$address" "$W/back"
}
own=(mount.davfs -o "conf=$T/davfs2.conf,uid=root" "http://$address/")
# It sends files after they are closed: the folder is looked at after the unmount.
kept() { (cd "$W/back" && find . -type f -printf '%P %s\n' | sort); }
steps=(copy_in compare copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs)

compare
finish
