#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# encfs, which encrypts files, on libfuse 2; it fails when a step ends other than
# on the kernel's own fuse.
# where: servers
# packages: encfs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=encfs
prepare() { echo secret >"$W/password"; }
own=(encfs --public --standard --extpass="cat $W/password" "$W/back")
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped remove)

compare
finish
