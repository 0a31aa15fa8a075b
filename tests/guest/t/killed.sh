#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Callers that are killed while a server made by hand has their request. It fails
# when one does not leave at once, when the server hears of the end of a handle
# that it is still asked to use, or when a change that begins later overtakes the
# one that was left behind.
# timeout: 400
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for scene in $(rawleft -l); do
	timeout 120 rawleft "$T/m" "$scene" >"$T/out" 2>&1
	status=$?
	sed -E "s/^(ok|not ok) /\1 $scene-/" "$T/out"
	if [ $status -ne 0 ] || grep -q '^not ok' "$T/out"; then
		failures=$((failures + 1))
	fi
	[ $status -eq 0 ] || echo "not ok $scene: ended with $status"
done
finish
