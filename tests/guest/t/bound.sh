#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bound inodes: opens and closes that the server does not hear of, whose rights
# are checked all the same, attributes that come from below, handles that are
# asked for when something needs one, and bindings that end with the inode, the
# server's word or the connection. It fails when the server is asked for what it
# need not be, is not asked for what it must be, or when the file system below
# stays busy.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/mnt"
# What the file system below has a part in, on a second one.
ext4=(open-flags data-attributes all-attributes tells)
for kind in tmpfs ext4; do
	check "$kind-mounts" lower "$kind" "$T/$kind" || continue
	some=()
	[ "$kind" = tmpfs ] || some=("${ext4[@]}")
	cases ptbind "$T/$kind" "$T/mnt" "${some[@]}" >"$T/out"
	sed -E "s/^(ok|not ok|skip) /&$kind-/" "$T/out"
	check "$kind-unmounts" wait_for 5 umount "$T/$kind"
done
finish
