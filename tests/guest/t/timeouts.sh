#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A server that does not answer in time, and a suspend while one does not. It
# fails when the connection of such a server lives on, when that of one that
# answers, or takes its time for a lock, does not, when a parameter is not minded,
# or when tasks that wait for a frozen server, for whatever it was, keep the machine
# from going to sleep.
# timeout: 240
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

p=/sys/module/fuse_pt/parameters
mkdir -p "$T/m" "$T/src"

# after NAME LEAST MOST SECONDS [lock]: a server that asks for SECONDS is cut off then.
after() {
	local out error took
	out=$(rawtimeout "$T/m" "$4" 20 "${@:5}")
	read -r error took <<<"$out"
	equal "$1" ECONNABORTED "$error"
	check "$1-in-time" test "${took:-0}" -ge "$2" -a "${took:-99}" -le "$3"
}

# Long enough for a guest that stalls a second while something is outstanding.
mark=$(log_mark)
after asked 3 15 3
check said grep -q "no answer for 3 s, connection aborted" <(log_since "$mark")
after unread-behind-a-lock 3 15 3 lock
equal lock-takes-its-time "OK OK" "$(rawtimeout "$T/m" 3 9 granted)"
equal not-asked waits "$(rawtimeout "$T/m" 0 5)"
echo 3 >$p/default_request_timeout
after default 3 15 0
echo 3 >$p/max_request_timeout
after most 3 15 600
echo 0 >$p/default_request_timeout
echo 0 >$p/max_request_timeout
check refuses sh -c "! echo 65536 >$p/max_request_timeout"

# The freezer alone: it wakes everybody again after 5 s.
if [ -e /sys/power/pm_test ] && grep -qw freeze /sys/power/state; then
	# Not with writeback=on: who is over the kernel's own dirty limit does not
	# freeze. Nor does who waits for the folio of another's READ, in any kernel.
	# Files of another file system: a close there waits for FLUSH.
	mkdir "$T/src/t"
	mount -t tmpfs tmpfs "$T/src/t"
	loopback "$T/src" "$T/m" allow_other,default_permissions,passthrough=off
	echo data >"$T/m/f"
	dd if=/dev/urandom of="$T/src/in" bs=64k count=50 status=none
	at=$(connection "$T/m")
	# Open before the server stops, in processes that go on behind a gate.
	mkfifo "$T/gate"
	exec 6<>"$T/gate"
	declare -A calls
	opened() { : >"$T/opened.$1"; read -r <&6; }
	(exec 7>"$T/m/big"; opened 1; exec dd if=/dev/zero bs=64k count=500 status=none >&7) &
	calls[writer]=$!
	(exec 7<"$T/m/in"; opened 2; exec dd bs=64k iflag=direct status=none <&7 >"$T/read") &
	calls[reader]=$!
	(exec 7>"$T/m/t/closed"; opened 3; exec 7>&-) &
	calls[closer]=$!
	check all-open wait_for 20 ls "$T"/opened.{1,2,3}
	mapfile -t pids < <(servers)
	kill -STOP "${pids[@]}"
	all_stopped() {
		local pid
		for pid in "${pids[@]}"; do
			! grep -hs '^State:' /proc/"$pid"/task/*/status | grep -qv T || return 1
		done
	}
	check servers-stop wait_for 10 all_stopped
	printf '\n\n\n' >&6
	stat --cached=never "$T/m/f" >/dev/null &
	calls[asker]=$!
	stat "$T/m/g" >/dev/null 2>&1 &
	caller=$!
	waiting_is() { test "$(cat "$at/waiting")" "$@"; }
	check calls-wait wait_for 20 waiting_is -ge 5
	echo freezer >/sys/power/pm_test
	check suspend sh -c "echo freeze >/sys/power/state"
	echo none >/sys/power/pm_test
	check still-wait waiting_is -ge 5
	kill -CONT "${pids[@]}"
	wait $caller
	equal caller-answered 1 $?
	for call in "${!calls[@]}"; do
		wait "${calls[$call]}"
		equal "$call-goes-on" 0 $?
	done
	equal writer-data $((500 * 65536)) "$(stat -c %s "$T/src/big")"
	check reader-data cmp "$T/src/in" "$T/read"
	check umount umount "$T/m"
else
	skip suspend "the kernel cannot test its freezer"
fi
finish
