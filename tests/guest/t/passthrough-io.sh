#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every way to read, write, splice and map a passthrough file, on each file
# system below. It fails when data or attributes differ from those of the
# backing file, when the server is sent a READ or WRITE, or is asked for
# security.capability more than once in an attribute lifetime.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/mnt"
for kind in tmpfs ext4 xfs btrfs; do
	check "$kind-mounts" lower "$kind" "$T/$kind" || continue
	mkdir "$T/$kind/files"
	cases ptio "$T/$kind/files" "$T/mnt" >"$T/out"
	sed -E "s/^(ok|not ok|skip) /&$kind-/" "$T/out"
	check "$kind-unmounts" wait_for 5 umount "$T/$kind"
done
finish
