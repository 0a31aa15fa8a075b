#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The integrity tests with many times their operations, on every data path. It
# fails when a byte, a size or the order of the times differs from a model in
# memory, or after an fsync in the file that the server keeps. The seed of each
# run is printed; fsmodel -s repeats it.
# where: suites
# timeout: 9000
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for path in served direct passthrough writeback; do
	lower tmpfs "$T/src"
	loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")"
	check "$path" within 2000 fsmodel -n 120000 -l "$T/src" "$T/m"
	check "$path-umount" umount "$T/m"
	umount "$T/src"
done
finish
