#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The rules of passthrough that must never bend: who may register a file,
# whose credentials count, what flags, mounts, freezes, leases and permission
# events of the file below mean, and how long any of it lives. It fails when
# one bends, and when the file system below stays busy after the last user.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

modprobe -q overlay
for kind in $(kinds_below tmpfs ext4); do
	cases_over "$kind" "ptregister ptrules ptevents pthooks"
done
finish
