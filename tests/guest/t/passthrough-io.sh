#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every way to read, write, splice and map a passthrough file, on each file
# system below. It fails when data or attributes differ from those of the
# backing file, when the server is sent a READ or WRITE, or is asked for
# security.capability more than once in an attribute lifetime; when two writes to
# one file are not below at once, or AIO in flight does not outlive its server, its
# descriptor and who began it; or when stat shows a size and an mtime that were
# never the file's at a time.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

for kind in $(kinds_below tmpfs ext4 xfs btrfs); do
	cases_over "$kind" "ptio ptaio ptmap"
done
check lower-mounts lower tmpfs "$T/low"
cases ptheld "$T/low" "$T/mnt"
# Of memory, so that a look is short and a change, too.
PREFIX=stat- cases_over tmpfs ptstat
finish
