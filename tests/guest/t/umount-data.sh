#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What was written through a mapping that outlived its descriptor is at the
# server when umount returns, however slow the server is; and a server that
# never answers keeps umount, and sync(2) behind it, only until it is aborted or
# killed, or for 10 s. It fails when umount ends the connection under data in
# flight, or waits for ever.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/src" "$T/m"
text=$(seq 2000 | tr '\n' ' ')
sum() { md5sum | cut -d' ' -f1; }
mount_it() { loopback "$T/src" "$T/m" "allow_other,default_permissions,passthrough=off"; }

alive() { ! ended "$1"; }

# A signal is only sent when kill returns; a thread may do some work yet.
stopped() {
	local p
	for p in "${pids[@]}"; do
		[ -z "$(grep -L $'^State:\tT' "/proc/$p/task/"*/status)" ] || return 1
	done
}

# begin FILE: a mapping of FILE is written and goes while the server is stopped.
begin() {
	coproc map { exec mapwrite "$T/m/$1" "$text"; }
	# shellcheck disable=SC2154 # coproc sets it
	map_pid=$map_PID
	read -r _ <&"${map[0]}"
	mapfile -t pids < <(pgrep -f fusept-loopback)
	kill -STOP "${pids[@]}"
	wait_for 20 stopped
	echo >&"${map[1]}"
	wait_for 20 ended "$map_pid"
	umount2 "$T/m" &
	job=$!
}

check mount mount_it
begin slow
sleep 1
check umount-waits alive $job
equal not-there-yet 0 "$(tr -d '\0' <"$T/src/slow" | wc -c)"
kill -CONT "${pids[@]}"
check umount-ends wait_for 20 ended $job
check umount-status wait $job
equal data "$(printf %s "$text" | sum)" "$(sum <"$T/src/slow")"

mount_it
dir=$(connection "$T/m")
begin aborted
sleep 1
check waits-for-abort alive $job
check abort sh -c "echo 1 >'$dir/abort'"
check abort-ends-umount wait_for 20 ended $job
kill -CONT "${pids[@]}"
wait $job

mount_it
begin killed
sleep 1
kill -KILL "${pids[@]}"
check dead-server-ends-umount wait_for 20 ended $job
wait $job

mount_it
begin interrupted
sleep 1
kill -KILL $job
check killed-umount-ends wait_for 20 ended $job
kill -CONT "${pids[@]}"
check unmounted sh -c "! grep -q ' $T/m ' /proc/self/mountinfo"

mount_it
begin bounded
sleep 1
check waits-at-first alive $job
sync &
sync=$!
check umount-ends-unanswered wait_for 30 ended $job
check sync-ends wait_for 30 ended $sync
check umount-status-unanswered wait $job
kill -CONT "${pids[@]}"
check unmounted-unanswered sh -c "! grep -q ' $T/m ' /proc/self/mountinfo"

finish
