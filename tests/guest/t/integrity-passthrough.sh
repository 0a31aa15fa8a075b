#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random operations on two files in passthrough, on tmpfs and on ext4.
# It fails when a byte, a size or the order of the times differs from a model
# in memory, or after an fsync in the file that the server keeps. The seed of
# each run is printed; fsmodel -s repeats it.
# timeout: 1200
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for kind in tmpfs ext4; do
	lower $kind "$T/$kind"
	loopback "$T/$kind" "$T/m" allow_other,default_permissions,passthrough=on
	fsmodel -n "${CALLS:-5000}" -l "$T/$kind" "$T/m" >"$T/out" 2>&1
	status=$?
	cat "$T/out"
	equal $kind 0 "$status"
	check $kind-umount umount "$T/m"
	check $kind-lower-umount wait_for 10 umount "$T/$kind"
done
finish
