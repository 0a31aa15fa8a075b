#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Mounts by a user, in a user namespace: a server of libfuse works there, ids are
# those of the namespace, and who is outside stays out, root included. It fails
# when an outsider gets in, when an id of the outside is believed, when an ACL goes
# by a kernel that does not read it, or when what is for the administrator only can
# be had inside.
. "$FUSEPT_TESTS/lib.sh"

param=/sys/module/fuse_pt/parameters/allow_sys_admin_access
sysctl -q -w kernel.unprivileged_userns_clone=1 2>/dev/null
chmod 755 "$T"
chmod 666 /dev/fusept
mkdir -p "$T/src/d" "$T/m" "$T/m2"
echo hello >"$T/src/f"
chown -R user1: "$T/src" "$T/m" "$T/m2"
chmod 755 "$T/src"

# inside CMD ...: as user1, who is root in a user namespace of its own.
inside() { as user1 unshare -Urm -- "$@"; }

# hold OPTIONS: a mount at $T/m in a namespace of user1's that lasts.
hold() {
	rm -f "$T/m2/up"
	# shellcheck disable=SC2016
	inside bash -c 'mount.fusept "fusept-loopback#$1/src" "$1/m" -o "$2" && >"$1/m2/up" && exec sleep 1000' - "$T" "$1" &
	holder=$!
	check "holds-$1" wait_for 20 test -e "$T/m2/up"
	at=/proc/$(pgrep -u user1 -x sleep)
}
drop() {
	pkill -u user1 -x sleep
	wait $holder 2>/dev/null
}
there() { nsenter -t "${at#/proc/}" "$@"; }

hold default_permissions
equal type fusept "$(awk -v d="$T/m" '$2 == d { print $3 }' "$at/mounts")"
equal reads hello "$(there -U -m -- cat "$T/m/f")"
equal owner-inside 0:0 "$(there -U -m -- stat -c %u:%g "$T/m/f")"
check writes there -U -m -- sh -c "echo more >>'$T/m/f'"
equal written "hello more" "$(xargs <"$T/src/f")"
check makes there -U -m -- sh -c "echo x >'$T/m/new'"
equal made-by-user1 1000:1000 "$(stat -c %u:%g "$T/src/new")"
# Who is in the mount namespace alone is a stranger.
fails root-outside EACCES there -m -- ls "$T/m"
fails user-outside EACCES there -m -- setpriv --reuid 1001 --regid 1001 --clear-groups ls "$T/m"
fails root-outside-file EACCES cat "$at/root$T/m/f"
drop

hold allow_other,default_permissions
fails allow_other-root-outside EACCES ls "$at/root$T/m"
check allow_other-inside there -U -m -- cat "$T/m/f"
check allow_other-below there -U -m -- unshare -U cat "$T/m/f"
drop

# What a mount may be told in there.
value() { sed -n "s/^$1=//p" <<<"$out" | tail -n 1; }
try() {
	local name=$1 want=$2 message=$3
	shift 3
	out=$(inside rawmount "$T/m" "$@" 2>&1)
	equal "$name" "$want" "$(value error)" || printf '%s\n' "$out"
	[ -z "$message" ] || check "$name-shown" grep -qF -- "$message" <<<"$out"
}
try plain OK "user_id=0,group_id=0" fd=dev rootmode=40755 user_id=0 group_id=0
try user_id-of-the-outside EINVAL "option user_id=1000: must be a user id of the mount's user namespace" fd=dev rootmode=40755 user_id=1000 group_id=0
try group_id-of-the-outside EINVAL "option group_id=1000: must be a group id of the mount's user namespace" fd=dev rootmode=40755 user_id=0 group_id=1000
exec 9<>/dev/fusept
try device-of-the-outside EINVAL "option fd=9: was opened in another user namespace" fd=9 rootmode=40755 user_id=0 group_id=0
exec 9>&-
equal block-device error=EPERM "$(inside rawmount -l -t fuseptblk "$T/m" fd=dev rootmode=40755 user_id=0 group_id=0 2>&1 | grep ^error)"
equal control-fs error=EPERM "$(inside rawmount -l -t fuseptctl "$T/m" 2>&1 | grep ^error)"

cases inside rawacl "$T/m" userns

# The administrator of the machine, if the parameter says so: here root with a
# group that is not the mount's.
mkdir "$T/r"
loopback "$T/src" "$T/r" default_permissions
stranger() { setpriv --regid 1000 --clear-groups -- "$@"; }
fails sys-admin EACCES stranger ls "$T/r"
echo Y >$param
check sys-admin-with-parameter stranger ls "$T/r"
fails user-with-parameter EACCES as user2 ls "$T/r"
echo N >$param
fails sys-admin-again EACCES stranger ls "$T/r"
umount "$T/r"
finish
