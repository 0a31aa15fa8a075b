#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# INIT: what is offered, what becomes of the server's limits, and what a reply
# that makes no sense does: the mount ends with an error, the log names the
# member, the server reads ENODEV. It fails when a limit is not kept, a feature
# is offered that is not there, or nonsense is believed.
# timeout: 240
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
out=

# talk ARGS: one mount; what came of it in $out.
talk() { out=$(timeout 60 rawinit "$T/m" "$@" 2>&1); }
# Without another program: there are hundreds of these.
value() {
	local line found=
	while IFS= read -r line; do
		case $line in "$1="*) found=${line#*=} ;; esac
	done <<<"$out"
	printf '%s\n' "$found"
}

# is CASE NAME WANT
is() {
	local got
	got=$(value "$2")
	[ "$got" = "$3" ] || printf '%s\n' "$out"
	equal "$1" "$3" "$got"
}

bit() { echo $(($(value in_flags) >> $1 & 1)); }

# -------- the offer --------
talk
is major in_major 7
is minor in_minor 46
for f in 0:ASYNC_READ 1:POSIX_LOCKS 3:ATOMIC_O_TRUNC 4:EXPORT_SUPPORT 5:BIG_WRITES 6:DONT_MASK 7:SPLICE_WRITE \
	8:SPLICE_MOVE 9:SPLICE_READ 10:FLOCK_LOCKS 11:HAS_IOCTL_DIR 12:AUTO_INVAL_DATA 13:DO_READDIRPLUS 14:READDIRPLUS_AUTO \
	15:ASYNC_DIO 16:WRITEBACK_CACHE 17:NO_OPEN_SUPPORT 18:PARALLEL_DIROPS 19:HANDLE_KILLPRIV 20:POSIX_ACL \
	21:ABORT_ERROR 22:MAX_PAGES 23:CACHE_SYMLINKS 24:NO_OPENDIR_SUPPORT 25:EXPLICIT_INVAL_DATA \
	27:SUBMOUNTS 28:HANDLE_KILLPRIV_V2 29:SETXATTR_EXT 30:INIT_EXT 32:SECURITY_CTX 34:CREATE_SUPP_GROUP 35:HAS_EXPIRE_ONLY \
	36:DIRECT_IO_ALLOW_MMAP 37:PASSTHROUGH 38:NO_EXPORT_SUPPORT 39:HAS_RESEND 42:REQUEST_TIMEOUT; do
	equal "offered-${f#*:}" 1 "$(bit "${f%:*}")"
done
# Linux has idmapped fuse mounts since 6.12.
equal offered-ALLOW_IDMAP "$(kernel_at_least 6.12 && echo 1 || echo 0)" "$(bit 40)"
for f in 26:MAP_ALIGNMENT 31:RESERVED 33:HAS_INODE_DAX 41:OVER_IO_URING; do
	equal "not-offered-${f#*:}" 0 "$(bit "${f%:*}")"
done
is plain-works statfs OK
is is-a-fuse-mount statfs_type 0x65735546

# -------- limits --------
K=1024
MAX_PAGES=$((1 << 22)) BIG_WRITES=$((1 << 5)) INIT_EXT=$((1 << 30)) WRITEBACK=$((1 << 16)) PASSTHROUGH=$((1 << 37))
talk flags=$BIG_WRITES max_write=$((1024 * K))
is pages-by-default max_write_seen $((128 * K))
talk flags=$((MAX_PAGES | BIG_WRITES)) max_write=$((1024 * K)) max_pages=256
is max_pages max_write_seen $((1024 * K))
is max_pages-reads max_read_seen $((1024 * K))
talk flags=$((MAX_PAGES | BIG_WRITES)) max_write=$((4096 * K)) max_pages=65535
is max_pages-limit max_write_seen $((1024 * K))
talk flags=$((MAX_PAGES | BIG_WRITES)) max_write=$((64 * K)) max_pages=256
is max_write max_write_seen $((64 * K))
talk flags=$BIG_WRITES max_write=1
is max_write-least max_write_seen 4096
talk flags=$BIG_WRITES max_write=4294967295
is max_write-huge max_write_seen $((128 * K))
talk flags=$((MAX_PAGES | BIG_WRITES)) max_pages=0
is max_pages-none max_write_seen 4096
talk flags=$BIG_WRITES options=max_read=16384
is max_read max_read_seen $((16 * K))
is max_read-works read $((2048 * K))

talk time_gran=1
is time-exact nsec 123456789
talk time_gran=1000000
is time_gran nsec 123000000
talk time_gran=1000000000
is time_gran-second nsec 0
mark=$(log_mark)
talk time_gran=7
is time_gran-odd nsec 123456789
check time_gran-odd-named grep -q 'fusept: .*INIT: time_gran=7 is ignored' <(log_since "$mark")
talk time_gran=4294967295
is time_gran-huge nsec 123456789

# -------- replies of older servers --------
for m in 0:8 4:8 5:24 8:24 9:24 12:24 13:24 18:24 22:24 23:64 31:64; do
	talk minor="${m%:*}" len="${m#*:}" flags=$BIG_WRITES
	is "minor-${m%:*}-statfs" statfs OK
	is "minor-${m%:*}-writes" write $((2048 * K))
	is "minor-${m%:*}-reads" read $((2048 * K))
	is "minor-${m%:*}-write" write_layout OK
	is "minor-${m%:*}-mknod" mknod_layout OK
	is "minor-${m%:*}-create" create_layout OK
	if [ "${m%:*}" -lt 23 ]; then
		is "minor-${m%:*}-noreplace" noreplace EINVAL
		is "minor-${m%:*}-rename2" rename2 0
	else
		is "minor-${m%:*}-rename2" rename2 1
	fi
done
talk minor=4 len=8
is minor-4-max_write max_write_seen 4096
talk minor=46 len=24 flags=$BIG_WRITES
is short-reply-of-new-minor statfs OK
talk minor=99 flags=$BIG_WRITES
is newer-minor statfs OK

# -------- passthrough --------
pt="$((PASSTHROUGH | INIT_EXT))"
talk flags=$pt max_stack_depth=1
is passthrough backing OK
talk flags=$pt max_stack_depth=2
is passthrough-depth-2 backing OK
talk
is passthrough-not-taken backing EPERM
talk flags=$PASSTHROUGH max_stack_depth=1
is passthrough-without-init-ext backing EPERM
mark=$(log_mark)
talk flags=$pt max_stack_depth=0
is passthrough-depth-0 backing EPERM
check passthrough-depth-0-named grep -q 'passthrough is off: max_stack_depth=0 is not within 1 and 2' <(log_since "$mark")
mark=$(log_mark)
talk flags=$pt max_stack_depth=3
is passthrough-depth-3 backing EPERM
check passthrough-depth-3-named grep -q 'passthrough is off: max_stack_depth=3 is not within 1 and 2' <(log_since "$mark")
mark=$(log_mark)
talk flags=$((pt | WRITEBACK)) max_stack_depth=1
is passthrough-or-writeback backing EPERM
is passthrough-or-writeback-mount statfs OK
check passthrough-or-writeback-named grep -q 'passthrough is off: it does not combine with FUSE_WRITEBACK_CACHE' <(log_since "$mark")

# -------- refusals and nonsense --------
# dies CASE ERRNO MESSAGE ARGS
dies() {
	local name=$1 errno=$2 want=$3
	shift 3
	mark=$(log_mark)
	talk "$@"
	is "$name" statfs "$errno"
	is "$name-device" device ENODEV
	check "$name-named" grep -qF "INIT: $want" <(log_since "$mark")
}
dies error-reply ECONNREFUSED "answered with error -13" error=13
dies major-6 EIO "major=6: only 7 is spoken here" major=6
dies major-0 EIO "major=0: only 7 is spoken here" major=0
dies reply-of-0 EIO "reply of 0 bytes: major is missing" len=0
dies reply-of-2 EIO "reply of 2 bytes: major is missing" len=2
dies reply-of-4 EIO "reply of 4 bytes: minor is missing" len=4
dies reply-of-22 EIO "reply of 22 bytes ends inside a member" len=22
dies reply-of-63 EIO "reply of 63 bytes ends inside a member" len=63
dies major-8-twice EIO "major=8: only 7 is spoken here" major=8 again=8
is major-8-asked-twice inits 2
talk major=8
is major-8-then-7 statfs OK
is major-8-then-7-asked inits 2
talk len=72
is reply-too-long reply EINVAL

finish
