#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a server lets the kernel do to a backing file unasked
# (fuse_backing_map.flags): with a bit the request is not sent and the result is
# right, below and above; without it, it is sent. It fails when the server is
# asked for what it gave away, when it is not asked for what it kept, or when
# size, attributes or privileges are wrong after any of it.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

for kind in $(kinds_below tmpfs); do
	cases_over "$kind" ptlets
done
# what a tmpfs cannot, or does in another way
kernel_at_least 7.3 || cases_over xfs ptlets fsync fallocate lseek copy clone fadvise
finish
