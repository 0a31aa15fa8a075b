#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file system stressor of stress-ng, with its own verification, on every
# data path; one that fails, on the file system below and on the same path of the
# kernel's own fuse, too. It fails when a stressor fails that fails on neither.
# where: suites
# packages: stress-ng
# timeout: 7200
. "$FUSEPT_TESTS/lib.sh"

PATHS=${PATHS:-served direct passthrough writeback}
EACH=${EACH:-1} # seconds

# What stress-ng's exit status means: 0 passed, 3 and 4 not here (not
# implemented, not enough of something), anything else failed; 137 took too long.
stress() {
	local status
	within $((EACH + 240)) stress-ng --"$1" 2 --timeout "$EACH" --temp-path "$2" --verify --quiet >"$T/out" 2>&1
	status=$?
	rm -rf "${2:?}"/*
	return $status
}

mapfile -t all < <(stress-ng --class 'filesystem?' 2>&1 | sed 's/.*stressors: *//' | tr -s ' ' '\n' | grep -v '^$')
[ ${#all[@]} -gt 20 ] || { echo "not ok stressors: only ${#all[@]} known"; exit 1; }
if [ -n "${STRESSORS-}" ]; then
	# shellcheck disable=SC2086 # a word each
	mapfile -t all < <(printf '%s\n' "${all[@]}" | grep -xF -f <(printf '%s\n' $STRESSORS))
	check stressors [ ${#all[@]} -gt 10 ]
fi

# reference STRESSOR PATH: sets $own to what it ends with on the file system below and
# on the kernel's own fuse, which has no passthrough everywhere. Some race with
# themselves, and fail now and then; fpunch finds, if it gets so far in its second,
# that tmpfs zeroes no ranges.
reference() {
	local path=${2/passthrough/served}
	own=''
	lower tmpfs "$T/own-src" 1G
	for _ in 1 2 3; do
		stress "$1" "$T/own-src"
		own+="$? "
	done
	check "reference-$2-$1-mounts" kernel_loopback "$T/own-src" "$T/own" "allow_other,default_permissions,$(data_path "$path")"
	own+=/
	for _ in 1 2 3; do
		stress "$1" "$T/own"
		own+=" $?"
	done
	wait_for 10 umount "$T/own"
	wait_for 10 umount "$T/own-src"
}

for path in $PATHS; do
	lower tmpfs "$T/src" 1G
	check "$path-mounts" loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")" || continue
	for s in "${all[@]}"; do
		stress "$s" "$T/m"
		status=$?
		if [ $status = 0 ]; then
			echo "ok $path-$s"
			continue
		fi
		tail -n 5 "$T/out"
		reference "$s" "$path"
		case $status/" $own " in
		*/*" $status "*) skip "$path-$s" "ends with $status, below and on the kernel's own fuse: $own" ;;
		[34]/*" "[34]" "*) skip "$path-$s" "stress-ng says it cannot run here ($status), below and on the kernel's own fuse: $own" ;;
		*)
			echo "not ok $path-$s: status $status; below and on the kernel's own fuse: $own"
			failures=$((failures + 1))
			;;
		esac
	done
	check "$path-umount" umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/src"
done
finish
