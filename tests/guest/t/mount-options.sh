#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every mount option: what it is good for, what it refuses, and that the
# refusal names the option, its value and the rule. It fails when an option is
# taken that must not be, is lost on its way to /proc/self/mountinfo, or when
# an error leaves the user guessing.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m" "$T/m2"
touch "$T/file"
at=$T/m
base=(rootmode=40755 user_id=0 group_id=0)

# good CASE PATTERN OPTION ...: mounts, and its mountinfo line matches.
good() {
	local name=$1 want=$2 out
	shift 2
	out=$(rawmount "${how[@]}" "$at" "$@")
	if grep -qx error=OK <<<"$out" && grep -q "^mounted=.*$want" <<<"$out"; then
		echo "ok $name"
	else
		echo "not ok $name: no line like '$want' in: ${out//$'\n'/ | }"
		failures=$((failures + 1))
	fi
}

# bad CASE ERRNO MESSAGE OPTION ...: refused, and the message is among those
# of the kernel.
bad() {
	local name=$1 errno=$2 want=$3 out
	shift 3
	out=$(rawmount "$T/m" "$@")
	if grep -qx "error=$errno" <<<"$out" && grep -qF "message=e fusept: $want" <<<"$out"; then
		echo "ok $name"
	else
		echo "not ok $name: expected $errno and '$want', got: ${out//$'\n'/ | }"
		failures=$((failures + 1))
	fi
}

fd_rule="must be a descriptor of an open /dev/fusept"
mode_rule="must be the root's type and permissions in octal"
uid_rule="must be a user id of the mount's user namespace"
gid_rule="must be a group id of the mount's user namespace"

for api in new old; do
	how=()
	[ $api = new ] || how=(-l)
	good "$api-plain" ' - fusept .*user_id=0,group_id=0$' fd=dev "${base[@]}"
	good "$api-allow_other" 'allow_other' fd=dev "${base[@]}" allow_other
	good "$api-default_permissions" 'default_permissions' fd=dev "${base[@]}" default_permissions
	good "$api-ids" 'user_id=1001,group_id=1002' fd=dev rootmode=40755 user_id=1001 group_id=1002
	good "$api-max_read" 'max_read=8192' fd=dev "${base[@]}" max_read=8192
	good "$api-max_read-small" 'max_read=4096' fd=dev "${base[@]}" max_read=17
	good "$api-subtype" ' - fusept\.tee ' fd=dev "${base[@]}" subtype=tee
	at=$T/file
	good "$api-root-is-a-file" ' - fusept ' fd=dev rootmode=100644 user_id=0 group_id=0
	at=$T/m
done
how=()
good source ' - fusept this-one ' fd=dev "${base[@]}" source=this-one
good descriptor-itself ' - fusept ' fd=DEV "${base[@]}"
how=(-l -t fusept.cup)
good subtype-in-the-type ' - fusept\.cup ' fd=dev "${base[@]}"
how=()

bad fd-missing EINVAL "option fd is required: it $fd_rule" "${base[@]}"
bad rootmode-missing EINVAL "option rootmode is required: it $mode_rule" fd=dev user_id=0 group_id=0
bad user_id-missing EINVAL "option user_id is required: it $uid_rule" fd=dev rootmode=40755 group_id=0
bad group_id-missing EINVAL "option group_id is required: it $gid_rule" fd=dev rootmode=40755 user_id=0

bad fd-not-open EBADF "option fd=777: $fd_rule" fd=777 "${base[@]}"
bad fd-of-another EINVAL "option fd=" fd=null "${base[@]}"
bad fd-no-number EINVAL "option fd=seven: $fd_rule" fd=seven "${base[@]}"
bad fd-negative EINVAL "option fd=-1: $fd_rule" fd=-1 "${base[@]}"
bad fd-twice EINVAL "option fd=9: is given twice" fd=dev fd=9 "${base[@]}"
bad rootmode-no-octal EINVAL "option rootmode=40789: $mode_rule" fd=dev rootmode=40789
bad rootmode-no-type EINVAL "option rootmode=755: $mode_rule" fd=dev rootmode=755
bad rootmode-two-types EINVAL "option rootmode=170644: $mode_rule" fd=dev rootmode=170644
bad rootmode-too-large EINVAL "option rootmode=1040755: $mode_rule" fd=dev rootmode=1040755
bad user_id-no-number EINVAL "option user_id=root: $uid_rule" fd=dev user_id=root
bad user_id-invalid EINVAL "option user_id=4294967295: $uid_rule" fd=dev user_id=4294967295
bad group_id-no-number EINVAL "option group_id=x: $gid_rule" fd=dev group_id=x
bad group_id-invalid EINVAL "option group_id=4294967295: $gid_rule" fd=dev group_id=4294967295
bad allow_other-value EINVAL "option allow_other=1: takes no value" fd=dev allow_other=1
bad default_permissions-value EINVAL "option default_permissions=no: takes no value" fd=dev default_permissions=no
bad max_read-no-number EINVAL "option max_read=4k: must be a number of bytes" fd=dev max_read=4k
bad subtype-twice EINVAL "option subtype=b: is given twice" fd=dev subtype=a subtype=b
bad source-twice EINVAL "option source=b: is given twice" fd=dev source=a source=b
bad unknown EINVAL "Unknown parameter 'blocksize'" fd=dev blocksize=512
bad blksize-without-device EINVAL "option blksize=512: is for block devices only" fd=dev blksize=512

# Without the newer interface, the same text is in the kernel log.
mark=$(log_mark)
equal old-refusal error=EINVAL "$(rawmount -l "$T/m" fd=dev rootmode=755 user_id=0 group_id=0)"
check old-refusal-in-the-log grep -qF "fusept: option rootmode=755: $mode_rule" <(log_since "$mark")
equal old-fd-refused error=EINVAL "$(rawmount -l "$T/m" fd=null "${base[@]}")"

# One descriptor serves one mount, however often it is mounted.
device_of() { sed -n "s,^mounted=[0-9]* [0-9]* \([0-9:]*\) / $1 .*,\1,p"; }
for api in new old; do
	how=()
	[ $api = new ] || how=(-l)
	out=$(rawmount "${how[@]}" -s "$T/m2" "$T/m" fd=dev "${base[@]}")
	check "$api-same-descriptor-again" grep -qx second_error=OK <<<"$out"
	equal "$api-same-descriptor-same-mount" "$(device_of "$T/m" <<<"$out")" "$(device_of "$T/m2" <<<"$out")"
done

# A remount changes what belongs to the mount, not what was agreed with it.
out=$(rawmount -r ro "$T/m" fd=dev "${base[@]}")
check remount-ro grep -qx change_error=OK <<<"$out"
check remount-ro-shown grep -q '^mounted=.* - fusept [^ ]* ro,' <<<"$out"
out=$(rawmount -r max_read=8192 "$T/m" fd=dev "${base[@]}")
check remount-option-refused grep -qx change_error=EINVAL <<<"$out"
check remount-option-named grep -qF "message=e fusept: option max_read=8192: cannot be changed by a remount" <<<"$out"

# The device is everybody's; mount(2) is not.
equal no-user-mounts "error=EPERM" "$(as user1 rawmount -l "$T/m" fd=dev "${base[@]}" 2>&1 | grep ^error)"

finish
