#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Many threads at one file at once, on each data path: writes, reads, mappings,
# truncation, holes, O_DIRECT, opens that empty it. It fails when a call fails
# or hangs, or when in the end the file does not read as what the server has.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for path in cached writeback direct passthrough; do
	case $path in
	cached) options=passthrough=off ;;
	writeback) options=writeback=on ;;
	direct) options=passthrough=off,cache=never ;;
	passthrough) options=passthrough=on ;;
	esac
	lower tmpfs "$T/src"
	loopback "$T/src" "$T/m" allow_other,default_permissions,$options
	check $path within 90 fsstorm -t 8 "$T/m/f" "$T/src/f"
	check $path-umount umount "$T/m"
	check $path-lower-umount wait_for 10 umount "$T/src"
done
finish
