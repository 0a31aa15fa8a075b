#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bindfs, which shows a folder elsewhere, on libfuse 2 or 3 as the suite has it;
# it fails when a step ends other than on the kernel's own fuse.
# where: servers
# packages: bindfs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=bindfs
source=$W/back
options=allow_other
own=(bindfs -o "$options" "$source")

compare
finish
