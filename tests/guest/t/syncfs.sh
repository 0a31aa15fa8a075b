#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SYNCFS: syncfs(2) asks the server of a block device, once all that was written
# before is there and without waiting for what is written meanwhile; ENOSYS is
# remembered, errors are passed on, who waits can be killed; other servers are
# not asked. It fails when SYNCFS overtakes a WRITE, or never comes.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
truncate -s 16M "$T/img"
dev=$(losetup -f --show "$T/img")
cases within 100 rawsyncfs "$T/m" "$dev"
cases within 60 rawsyncfs "$T/m" none
losetup -d "$dev"
finish
