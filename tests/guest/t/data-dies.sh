#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A server that goes away, or never answers again, in the middle of reads,
# writes, mappings and direct I/O: killed, stopped and aborted, stopped and
# unmounted by force. It fails when a process that used the mount does not end,
# or when something is left that keeps a mount or the module busy.
# timeout: 600
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
control=/sys/fs/fusept/connections
mountpoint -q $control || mount -t fuseptctl none $control

# Work for three processes that goes on until it fails.
start_work() {
	local n
	work=()
	for n in 1 2 3; do
		mkdir -p "$T/m/$n"
		fsmodel -n 1000000 "$T/m/$n" >/dev/null 2>&1 &
		work+=($!)
	done
	sleep 2
}

all_ended() {
	local p
	for p in "${work[@]}"; do
		ended "$p" || return 1
	done
}

# What the processes that did not end wait for.
stacks() {
	local p
	for p in "${work[@]}"; do
		ended "$p" || echo "# $p: $(tr '\n' ' ' <"/proc/$p/stack")"
	done
}

for path in cached direct passthrough; do
	case $path in
	cached) options=passthrough=off ;;
	direct) options=passthrough=off,cache=never ;;
	passthrough) options=passthrough=on ;;
	esac
	for end in killed aborted forced; do
		lower tmpfs "$T/src"
		loopback "$T/src" "$T/m" allow_other,default_permissions,$options
		mapfile -t pids < <(servers)
		start_work
		case $end in
		killed)
			kill -KILL "${pids[@]}"
			;;
		aborted)
			kill -STOP "${pids[@]}"
			sleep 1
			echo 1 >"$(connection "$T/m")/abort"
			;;
		forced)
			kill -STOP "${pids[@]}"
			sleep 1
			umount -f "$T/m" 2>/dev/null
			;;
		esac
		# Passthrough may go on without a server; what it cannot do ends it.
		check $path-$end-ends wait_for 60 all_ended || stacks
		kill -KILL "${work[@]}" 2>/dev/null
		wait "${work[@]}" 2>/dev/null
		kill -KILL "${pids[@]}" 2>/dev/null
		grep -q " $T/m " /proc/self/mountinfo && check $path-$end-umount umount "$T/m"
		check $path-$end-lower-free wait_for 20 umount "$T/src"
	done
done
finish
