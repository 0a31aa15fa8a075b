#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fuseptblk, for servers of a block device: the device belongs to the mount, its
# block size is checked, umount waits until the server is done with it, and its
# connection has a name of its own. It fails when two servers get one device, when
# a block size is taken that the device cannot have, when umount returns while the
# server still writes, when DESTROY overtakes a RELEASE, when the device stays taken
# after umount -f or its writers hang, or when the control file system takes one for another.
# timeout: 240
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m" "$T/src"
truncate -s 16M "$T/img"
dev=$(losetup -f --show "$T/img")
base=(fd=dev rootmode=40755 user_id=0 group_id=0)
value() { sed -n "s/^$1=//p" <<<"$out" | tail -n 1; }
is() { equal "$how-$1" "$2" "$(value "$1")" || printf '%s\n' "$out"; }

# Of another mount with the same minor, one of the two has to be found.
loopback "$T/src" "$T/other"
other=$(connection "$T/other")
same=/dev/loop${other##*/}
check same-minor losetup "$same" "$T/img"
for how in answers dies same; do
	if [ $how = dies ]; then last=dies; else last=''; fi
	if [ $how = same ]; then on=$same; else on=$dev; fi
	# shellcheck disable=SC2086
	out=$(timeout 60 rawblk "$T/m" "$on" $last)
	is control OK
	is submounts no
	is stat OK
	is stat_blksize 512
	is exclusive EBUSY
	is second EBUSY
	is bmap OK
	is bmap_blocksize 512
	is bmap_block 103
	is destroy yes
	is asks_after 0
	is umount_waits yes
	is device_is_free OK
done
how=alone
out=$(timeout 60 rawblk "$T/m" "$dev" alone)
is ends yes
is device_is_free OK
# Twelve RELEASEs at a time are read. Who is silent is given 10 s.
for how in closes silent; do
	out=$(timeout 60 rawblk "$T/m" "$dev" $how)
	is destroy yes
	if [ $how = closes ]; then
		is released 40
		is answered 40
	else
		is released 12
		is answered 0
		check silent-is-waited-for test "$(value seconds)" -ge 9
	fi
	is device_is_free OK
done
# From 6.6 on the block layer gives a device to one superblock at a time.
how=forced
out=$(timeout 60 rawblk "$T/m" "$dev" forced)
is holds yes
is forced EBUSY
is detached OK
if kernel_at_least 6.6; then
	is again EBUSY
else
	is again OK
	is again_stat OK
	is again_aborted ENOTCONN
fi
is device_is_free OK
# Whom the flusher's absence would hold up for good gets an error.
for how in writes stores; do
	out=$(timeout 120 rawblk "$T/m" "$dev" $how)
	is held_up yes
	if [ $how = writes ]; then is writer ENOTCONN; else is writer "Bus error"; fi
	is device_is_free OK
done
check other-is-there test -e "$other/waiting"
losetup -d "$same"
umount "$T/other"

# try CASE ERROR MESSAGE OPTION ...
try() {
	local name=$1 want=$2 message=$3
	shift 3
	out=$(rawmount -t fuseptblk "$T/m" "${base[@]}" "$@")
	equal "$name" "$want" "$(value error)" || printf '%s\n' "$out"
	[ -z "$message" ] || check "$name-shown" grep -qF -- "$message" <<<"$out"
}
rule="must be a power of two, from the device's block size to a page"
try blksize OK "blksize=1024" source="$dev" blksize=1024
try blksize-of-a-page OK "blksize=4096" source="$dev" blksize=4096
try blksize-small EINVAL "option blksize=256: $rule" source="$dev" blksize=256
try blksize-odd EINVAL "option blksize=1000: $rule" source="$dev" blksize=1000
try blksize-zero EINVAL "option blksize=0: $rule" source="$dev" blksize=0
try blksize-huge EINVAL "option blksize=4294967295: $rule" source="$dev" blksize=4294967295
try no-source EINVAL "No source specified"
try no-device ENOTBLK "" source="$T/img"
try nothing-there ENOENT "" source="$T/none"
try subtype OK " - fuseptblk.x " source="$dev" subtype=x
losetup -d "$dev"

big=$(losetup -f --show -b 4096 "$T/img")
try larger-blocks OK "blksize=4096" source="$big"
try larger-blocks-refuse EINVAL "option blksize=512: $rule" source="$big" blksize=512
losetup -d "$big"
finish
