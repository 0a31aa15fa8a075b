#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bindfs's own test suite, on the kernel's own fuse and on fusept. It fails when a
# test fails that passes on the kernel's own fuse.
# where: suites
# packages: orig:bindfs/trixie
# timeout: 3600
. "$FUSEPT_TESTS/suite.sh"

cd /usr/src/bindfs/tests || exit 1
tests() {
	local test=$1
	shift
	[ -z "$test" ] || export ONLY=$test
	exec "$@" ruby -r"$FUSEPT_TESTS/bindfs.rb" test_bindfs.rb
}
results() { sed -n 's/^=== \(.* [A-Z]*\)$/\1/p' "$1"; }
why() { awk -v n="$1" '/^=== / { if ($2 == n) last = text; text = ""; next } { text = text $0 "\n" } END { printf "%s", last }' "$2" | tail -n 25; }

compare
finish
