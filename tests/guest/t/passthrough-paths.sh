#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Passthrough is not seen in names: mappings, descriptors and events are of the
# file that the user opened, and fuser finds them there. It fails when one shows
# the file below, on a kernel that can tell them apart.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/mnt"
lower tmpfs "$T/lower"
cases ptpaths "$T/lower" "$T/mnt"

# fuser, of the mount above: who has a file open or mapped there.
mkdir "$T/lower/src"
echo data >"$T/lower/src/f"
loopback "$T/lower/src" "$T/mnt" allow_other,passthrough=on
exec 5<"$T/mnt/f"
sees_user() { fuser -m "$T/mnt" 2>/dev/null | grep -qw $$; }
check fuser-of-the-mount sees_user
exec 5<&-
check unmounts umount "$T/mnt"
finish
