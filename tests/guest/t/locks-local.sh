#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# POSIX, open-file and flock locks between processes on a server that keeps none
# (fusept-loopback), cached and passthrough: conflicts, waiting, signals, what a
# close gives up, directories. It fails where a local file system does otherwise.
# The first pass is over the file system below: it shows that the cases are right.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/src" "$T/below"
cases lockpair "$T/below" below
for path in off on; do
	if check "mount-passthrough-$path" loopback "$T/src" "$T/m" "allow_other,default_permissions,passthrough=$path"; then
		cases lockpair "$T/m" "passthrough-$path"
		check "umount-passthrough-$path" umount "$T/m"
	fi
done
finish
