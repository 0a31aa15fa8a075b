#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opens, direct I/O and ranges against a server made by hand: how often OPEN,
# FLUSH and RELEASE come and with what, what each FOPEN flag does, direct reads
# and writes (alone, side by side, asynchronous), lseek, fallocate, copies. It
# fails when a request is missing, sent twice or too early, when a killed
# process leaves a handle open at the server, or when nonsense is believed.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
for scene in opening no-open keep-cache positions emptying emptying-twice killed \
	direct direct-mmap o-direct parallel aio kill-priv seeking allocating copying; do
	timeout 120 rawopen "$T/m" $scene >"$T/out" 2>&1
	status=$?
	sed -E "s/^(ok|not ok) /\1 $scene-/" "$T/out"
	if [ $status -ne 0 ] || grep -q '^not ok' "$T/out"; then
		failures=$((failures + 1))
	fi
	[ $status -eq 0 ] || echo "not ok $scene: ended with $status"
done
finish
