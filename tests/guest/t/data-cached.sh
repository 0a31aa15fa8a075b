#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cached files against a server made by hand: readahead, writes that go through
# at once, shared mappings written back in order and in time, and answers that
# are short, late or nonsense. It fails when the server is asked too often, too
# little or too late, when the page cache shows what the server does not have,
# or when somebody waits for a server who must not.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for scene in reading reading-sync max-read short-read writing append bad-writes \
	half-memory half-memory-cached vectors at-the-end \
	sync-writes mapping mapping-errors mapping-held; do
	timeout 120 rawdata "$T/m" $scene >"$T/out" 2>&1
	status=$?
	sed -E "s/^(ok|not ok) /\1 $scene-/" "$T/out"
	if [ $status -ne 0 ] || grep -q '^not ok' "$T/out"; then
		failures=$((failures + 1))
	fi
	[ $status -eq 0 ] || echo "not ok $scene: ended with $status"
done
finish
