#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every way to read, write, splice and map a passthrough file, on each file
# system below. It fails when data or attributes differ from those of the
# backing file, when the server is sent a READ or WRITE, or is asked for
# security.capability more than once in an attribute lifetime.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

for kind in $(kinds_below tmpfs ext4 xfs btrfs); do
	cases_over "$kind" "ptio ptaio ptmap"
done
finish
