#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The device by hand: sizes, pieces and errors of reads and writes, poll, SIGIO,
# clones, forgets and what they wait for; signals, killed callers and their late
# replies, aborts, a server that faults on its own mount; splice both ways. It
# fails when a read or write of the device is answered otherwise than expected,
# which its lines name, when a pipe has copies of the page cache or refers to a
# caller's memory, or when a caller stays behind.
# timeout: 400
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for program in rawdev rawkill rawwaited rawforget rawpipe; do
	within 180 "$program" "$T/m"
	status=$?
	[ $status -le 1 ] || equal "$program-ended" 0 $status
	[ $status -eq 0 ] || failures=$((failures + 1))
done
finish
