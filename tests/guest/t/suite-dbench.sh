#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dbench plays the calls of a file server's clients and removes what it made; on
# every data path. It fails when a call fails that should not, or when files
# are left.
# where: suites
# packages: dbench
# timeout: 1800
. "$FUSEPT_TESTS/lib.sh"

PATHS=${PATHS:-served direct passthrough writeback}

# clients DIR N
clients() {
	within 400 dbench -D "$1" -t "${SECONDS_EACH:-20}" "$2" >"$T/out" 2>&1 || { tail "$T/out"; return 1; }
	! grep -iE 'fail|error' "$T/out"
}
nothing_in() { [ -z "$(find "$1" -mindepth 1 ! -name 'client*' -print -quit)" ] || { find "$1" | head; return 1; }; }

for path in $PATHS; do
	lower tmpfs "$T/src" 1G
	loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")"
	check "$path-1" clients "$T/m" 1
	check "$path-4" clients "$T/m" 4
	check "$path-clean" nothing_in "$T/m"
	umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/src"
done
finish
