#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random operations on two files through the page cache: reads with readahead,
# buffered writes, mappings, truncation, holes, copies, splice, O_DIRECT beside it.
# It fails when a byte, a size or the order of the times differs from a model
# in memory, or after an fsync in the file that the server keeps. The seed of
# each run is printed; fsmodel -s repeats it.
# timeout: 1200
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
lower tmpfs "$T/src"
loopback "$T/src" "$T/m" "allow_other,default_permissions,${OPTIONS:-passthrough=off}"
fsmodel -n "${CALLS:-4000}" -l "$T/src" "$T/m" >"$T/out" 2>&1
status=$?
cat "$T/out"
equal model 0 "$status"
check umount umount "$T/m"
finish
