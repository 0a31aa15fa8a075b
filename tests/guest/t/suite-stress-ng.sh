#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file system stressor of stress-ng, with its own verification, on every
# data path and on the kernel's own fuse through the same server. It fails when
# a stressor fails that does not fail on the kernel's own.
# where: suites
# packages: stress-ng
# timeout: 7200
. "$FUSEPT_TESTS/lib.sh"

PATHS=${PATHS:-served direct passthrough writeback}
EACH=${EACH:-1} # seconds

# What stress-ng's exit status means: 0 passed, 3 and 4 not here (not
# implemented, not enough of something), anything else failed.
stress() {
	local status
	within $((EACH + 90)) stress-ng --"$1" 2 --timeout "$EACH" --temp-path "$2" --verify --quiet >"$T/out" 2>&1
	status=$?
	rm -rf "${2:?}"/*
	return $status
}

mapfile -t all < <(stress-ng --class 'filesystem?' 2>&1 | sed 's/.*stressors: *//' | tr -s ' ' '\n' | grep -v '^$')
[ ${#all[@]} -gt 20 ] || { echo "not ok stressors: only ${#all[@]} known"; exit 1; }

declare -A reference
lower tmpfs "$T/src" 1G
check reference-mounts kernel_loopback "$T/src" "$T/m" "allow_other,default_permissions,passthrough=off"
for s in "${all[@]}"; do
	stress "$s" "$T/m"
	reference[$s]=$?
done
umount "$T/m"
umount "$T/src"

for path in $PATHS; do
	lower tmpfs "$T/src" 1G
	check "$path-mounts" loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")" || continue
	for s in "${all[@]}"; do
		stress "$s" "$T/m"
		status=$?
		case $status in
		0) echo "ok $path-$s" ;;
		3 | 4) skip "$path-$s" "stress-ng says it cannot run here ($status; on the kernel's fuse: ${reference[$s]})" ;;
		*)
			tail -n 5 "$T/out"
			if [ "${reference[$s]}" = "$status" ]; then
				skip "$path-$s" "ends with $status, as on the kernel's own fuse"
			else
				echo "not ok $path-$s: status $status; on the kernel's own fuse ${reference[$s]}"
				failures=$((failures + 1))
			fi
			;;
		esac
	done
	check "$path-umount" umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/src"
done
finish
