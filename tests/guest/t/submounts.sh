#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# FUSE_SUBMOUNTS: a directory that the server marks is mounted when it is walked
# into, with an st_dev of its own; umount of it alone, of all and by force;
# RELEASE and SETATTR in flight, notifications, handles, a mark that goes. It fails when a
# superblock outlives its connection or the other way round, or when a lookup is
# given back too early or never.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
cases within 100 rawsub "$T/m"
finish
