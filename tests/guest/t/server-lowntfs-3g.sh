#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lowntfs-3g, ntfs-3g's sister on the low-level interface: as server-ntfs-3g.sh.
# where: servers
# packages: ntfs-3g
# timeout: 3000
export LOW=low
# shellcheck source=tests/guest/t/server-ntfs-3g.sh
. "$FUSEPT_TESTS/t/server-ntfs-3g.sh"
