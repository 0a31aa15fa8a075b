#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# gocryptfs, in Go, which encrypts files; it fails when a step ends other than on
# the kernel's own fuse.
# where: servers
# packages: gocryptfs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=gocryptfs
prepare() {
	echo secret >"$W/password"
	gocryptfs -init -q -scryptn 10 -passfile "$W/password" "$W/back"
}
own=(gocryptfs -q -allow_other -passfile "$W/password" "$W/back")
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped remove)

compare
finish
