#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Notifications by a server made by hand, requests sent once more, and what a new
# time or size of a file drops. It fails when one that is malformed is taken or
# changes anything, when what was told to be out of date is used once more, when
# anything else is dropped, when RETRIEVE sends more than the server takes, when of
# a long PRUNE a part is not done, or when a server that notifies waits for its
# callers.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
at=/sys/fs/fusept/connections
mountpoint -q $at || mount -t fuseptctl fuseptctl $at
cases rawnotify "$T/m"
cases rawstore "$T/m"
# The same said by libfuse, whose server reads and notifies in two threads.
within 60 fuse_notify "$T/m" | sed "s,^\\(not \\)\\?ok ,&libfuse-,"
[ "${PIPESTATUS[0]}" -eq 0 ] || failures=$((failures + 1))
finish
