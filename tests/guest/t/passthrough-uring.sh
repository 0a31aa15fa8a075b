#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# io_uring on passthrough files, on each file system below: what that does
# without a worker thread needs none through the mount. It fails when io_uring
# hands more calls to workers above than below, as it does when a file says that
# it cannot wait for a page, or be written, without blocking its submitter.
# timeout: 400
. "$FUSEPT_TESTS/lib.sh"

for kind in tmpfs ext4 xfs btrfs; do
	cases_over $kind pturing
done
finish
