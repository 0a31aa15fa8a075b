# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What guest tests share. A test begins with: . "$FUSEPT_TESTS/lib.sh"
# and ends with: finish
#
# $T is an empty folder of this test on the guest's ext4 root; $BIN holds the
# programs of tests/guest/progs. The runner kills, unmounts and removes what a
# test leaves, so tests need not clean up behind failures.

set -u
: "${FUSEPT_SLOW:=1}"
BIN=$FUSEPT_TESTS/bin
export PATH=$BIN:$PATH
failures=0
# shellcheck source=tests/guest/nfs.sh
. "$FUSEPT_TESTS/nfs.sh"

# check CASE CMD ...: the case passes when CMD does.
check() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		echo "ok $name"
		return 0
	fi
	printf '%s\n' "${out:-(no output)}" | tail -n 20
	echo "not ok $name: '$*' ended with $status"
	failures=$((failures + 1))
	return 1
}

# equal CASE WANT GOT
equal() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
		return 0
	fi
	echo "not ok $1: expected '$2', got '$3'"
	failures=$((failures + 1))
	return 1
}

# fails CASE ERRNO CMD ...: the case passes when CMD fails and says why in the
# words of that errno (as EACCES).
fails() {
	local name=$1 text out
	text=$(errno_text "$2")
	shift 2
	if out=$("$@" 2>&1); then
		echo "not ok $name: it succeeded"
	elif printf '%s' "$out" | grep -qF "$text"; then
		echo "ok $name"
		return 0
	else
		echo "not ok $name: expected '$text', got: $(printf '%s' "$out" | tail -n 1)"
	fi
	failures=$((failures + 1))
	return 1
}

errno_text() {
	case $1 in
	EPERM) echo "Operation not permitted" ;;
	ENOENT) echo "No such file or directory" ;;
	EINTR) echo "Interrupted system call" ;;
	EIO) echo "Input/output error" ;;
	EBADF) echo "Bad file descriptor" ;;
	EAGAIN) echo "Resource temporarily unavailable" ;;
	EACCES) echo "Permission denied" ;;
	EBUSY) echo "Device or resource busy" ;;
	EEXIST) echo "File exists" ;;
	EXDEV) echo "Invalid cross-device link" ;;
	ENODEV) echo "No such device" ;;
	ENOTDIR) echo "Not a directory" ;;
	EISDIR) echo "Is a directory" ;;
	EINVAL) echo "Invalid argument" ;;
	ETXTBSY) echo "Text file busy" ;;
	EFBIG) echo "File too large" ;;
	ENOSPC) echo "No space left on device" ;;
	ESPIPE) echo "Illegal seek" ;;
	EROFS) echo "Read-only file system" ;;
	EMLINK) echo "Too many links" ;;
	ERANGE) echo "Numerical result out of range" ;;
	ENAMETOOLONG) echo "File name too long" ;;
	ENOSYS) echo "Function not implemented" ;;
	ENOTEMPTY) echo "Directory not empty" ;;
	ELOOP) echo "Too many levels of symbolic links" ;;
	ENODATA) echo "No data available" ;;
	EOPNOTSUPP) echo "Operation not supported" ;;
	ENOTCONN) echo "Transport endpoint is not connected" ;;
	ECONNABORTED) echo "Software caused connection abort" ;;
	ESTALE) echo "Stale file handle" ;;
	ETIMEDOUT) echo "Connection timed out" ;;
	*) echo "unknown errno name $1" ;;
	esac
}

# cases CMD ...: a program that prints case lines itself, and fails if one failed.
cases() { "$@" || failures=$((failures + 1)); }

# scenes PROGRAM: the cases of all its scenes, named SCENE-CASE, on the mount point $T/m.
scenes() {
	local program=$1 scene status
	check scenes-known test -n "$("$program" -l)" || return
	for scene in $("$program" -l); do
		within 120 "$program" "$T/m" "$scene" >"$T/out" 2>&1
		status=$?
		sed -E "s/^(ok|not ok) /\1 $scene-/" "$T/out"
		if [ $status -ne 0 ] || grep -q '^not ok' "$T/out"; then
			failures=$((failures + 1))
		fi
		[ $status -eq 0 ] || echo "not ok $scene: ended with $status"
	done
}

# cases_over FILESYSTEM PROGRAMS [TEST ...]: their cases, named FILESYSTEM-CASE behind
# $PREFIX, on such a file system at $T/FILESYSTEM, with the mount point $T/mnt.
PREFIX=
cases_over() {
	local kind=$1 programs=$2 program lines reader
	shift 2
	mkdir -p "$T/mnt"
	check "$PREFIX$kind-mounts" lower "$kind" "$T/$kind" || return
	# Line by line: what was seen is not to be lost with the guest.
	exec {lines}> >(sed -uE "s/^(ok|not ok|skip) /&$PREFIX$kind-/")
	reader=$!
	for program in $programs; do
		cases "$program" "$T/$kind" "$T/mnt" "$@" >&"$lines" {lines}>&-
	done
	exec {lines}>&-
	wait_for 20 ended "$reader" || kill "$reader"
	check "$PREFIX$kind-unmounts" lower_end "$kind" "$T/$kind"
}

# The file systems of passthrough's rows, which lower makes.
all_kinds=(tmpfs ext4 xfs btrfs overlay nfs)

# kinds_below KIND ...: the file systems to go over: all on the newest kernel,
# elsewhere these, for the time that it takes; suite-passthrough.sh has the rest.
kinds_below() { if kernel_at_least 7.3; then echo "${all_kinds[@]}"; else echo "$@"; fi; }

# skip CASE REASON
skip() { echo "skip $1: $2"; }

# skip_all REASON: the whole file does not apply here.
skip_all() { echo "$1"; exit 77; }

# finish: ends a test file.
finish() { exit "$((failures > 0))"; }

# kernel_at_least 6.6
kernel_at_least() { printf '%s\n%s\n' "$1" "$(uname -r | sed 's/[^0-9.].*//')" | sort -VC; }

# wait_for SECONDS CMD ...: 0 as soon as CMD succeeds, 1 when the time is up.
wait_for() {
	local until=$((SECONDS + $1 * FUSEPT_SLOW))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.1
	done
}

# ended PID: also if nobody has waited for it, as a shell at times does not at once.
ended() {
	local stat
	stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
	[ -z "$stat" ] || [ "${stat%% *}" = Z ]
}

# within SECONDS CMD ...: CMD's status; 124 if it takes longer.
within() {
	local limit=$(($1 * FUSEPT_SLOW))
	shift
	timeout -k 2 "$limit" "$@"
}

# as USER CMD ...: user1, user2 or a number, with that user's groups.
as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$(id -g "$user" 2>/dev/null || echo "$user")" --clear-groups --inh-caps=-all -- "$@"
}

# loopback SOURCE DIR [OPTIONS]: mounts SOURCE at DIR through our loopback server.
loopback() {
	mkdir -p "$2"
	mount -t fusept -o "${3:-allow_other,default_permissions}" "fusept-loopback#$1" "$2"
}

# data_path NAME: fusept-loopback's options of a data path.
data_path() {
	case $1 in
	served) echo passthrough=off ;;
	direct) echo passthrough=off,cache=never ;;
	passthrough) echo passthrough=on ;;
	writeback) echo writeback=on ;;
	esac
}

# kernel_loopback SOURCE DIR [OPTIONS]: the same through the kernel's own fuse.
kernel_loopback() {
	mkdir -p "$2"
	modprobe -q fuse
	fusept-loopback -o "${3:-allow_other,default_permissions}" "$1" "$2"
}

# servers: process ids that hold /dev/fusept open.
servers() { find /proc/[0-9]*/fd -maxdepth 1 -lname /dev/fusept 2>/dev/null | cut -d/ -f3 | sort -un; }

# connection DIR: folder of DIR's mount in the control file system.
connection() {
	local at=/sys/fs/fusept/connections
	mountpoint -q $at || mount -t fuseptctl fuseptctl $at || return 1
	# The mount table gives the device without asking the server.
	echo "$at/$(awk -v d="$1" '$5 == d { split($3, n, ":"); dev = n[1] * 1048576 + n[2] } END { print dev }' /proc/self/mountinfo)"
}

# lower KIND DIR [SIZE]: mounts a fresh file system at DIR:
# tmpfs, ext4, xfs, btrfs, overlay (over ext4), or nfs (4.2, of an ext4 that this
# guest exports; one at a time). lower_end KIND DIR unmounts it.
lower() {
	local kind=$1 dir=$2 size=${3:-512M} img
	mkdir -p "$dir"
	case $kind in
	tmpfs)
		mount -t tmpfs -o "size=$size" tmpfs "$dir"
		;;
	ext4 | xfs | btrfs)
		img=$(mktemp "$T/lower.XXXXXX")
		truncate -s "$size" "$img"
		case $kind in
		ext4) mkfs.ext4 -q -F "$img" ;;
		xfs) mkfs.xfs -q -f "$img" ;;
		btrfs) mkfs.btrfs -q -f "$img" ;;
		esac && mount -o loop "$img" "$dir"
		;;
	overlay)
		img=$(mktemp -d "$T/overlay.XXXXXX")
		mkdir "$img/lower" "$img/upper" "$img/work"
		mount -t overlay -o "lowerdir=$img/lower,upperdir=$img/upper,workdir=$img/work" overlay "$dir"
		;;
	nfs)
		lower ext4 "$dir.exported" "$size" && nfs_start && nfs_export "$dir.exported" 127.0.0.1 78 &&
			mount -t nfs -o vers=4.2,sec=sys "127.0.0.1:$dir.exported" "$dir"
		;;
	*)
		echo "lower: unknown kind $kind" >&2
		return 1
		;;
	esac
}

lower_end() {
	wait_for 5 umount "$2" || return
	[ "$1" = nfs ] || return 0
	exportfs -ua
	nfs_stop
	umount "$2.exported"
}

# log_since MARK: kernel log lines since log_mark printed MARK.
log_mark() {
	local m="fusept-tests: mark $RANDOM$RANDOM"
	echo "$m" >/dev/kmsg
	echo "$m"
}
log_since() { dmesg | awk -v s="$1" 'on; index($0, s) { on = 1 }'; }
