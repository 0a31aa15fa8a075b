#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dbench plays the calls of a file server's clients, on every data path. It fails
# when a call fails that should not, or when what it left, as it was stopped in
# the middle, cannot be removed or is still there below.
# where: suites
# packages: dbench
# timeout: 1800
. "$FUSEPT_TESTS/lib.sh"

PATHS=${PATHS:-served direct passthrough writeback}
CLIENTS=${CLIENTS:-1 4}

# clients DIR N
clients() {
	within 400 dbench -D "$1" -t "${SECONDS_EACH:-20}" "$2" >"$T/out" 2>&1 || { tail "$T/out"; return 1; }
	! grep -iE 'fail|error' "$T/out"
}
removed() { rm -r "$1"/clients && ! find "$1" "$2" -mindepth 1 | grep .; }

# dbench takes the id 0 of a semaphore, the first after boot, for a failure.
ipcmk -S 1 >/dev/null

for path in $PATHS; do
	lower tmpfs "$T/src" 1G
	check "$path-mounts" loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")" || continue
	for n in $CLIENTS; do
		check "$path-$n" clients "$T/m" "$n"
	done
	check "$path-removed" removed "$T/m" "$T/src"
	check "$path-umount" umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/src"
done
finish
