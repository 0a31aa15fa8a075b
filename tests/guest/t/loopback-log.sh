#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where fusept-loopback's messages go: to standard error in the foreground and
# until it is in the background, to the system log from then on. It fails when
# one is lost, or comes twice.
. "$FUSEPT_TESTS/lib.sh"

logsink >"$T/log" &
check log-listens wait_for 5 test -S /dev/log
mkdir "$T/m"
lower tmpfs "$T/src"
chmod 755 "$T" "$T/src"
echo data >"$T/src/file"

# An open tells that this user may register nothing.
refusal='the kernel lets this process register no backing files'
logged() { grep -c "fusept-loopback\[[0-9]*\]: $1" "$T/log"; }
check mounts mount -t fusept -o setuid=user1 "fusept-loopback#$T/src" "$T/m"
equal reads "data data" "$(as user1 cat "$T/m/file" "$T/m/file" | xargs)"
check background-logs wait_for 5 grep -q "$refusal" "$T/log"
equal background-logs-once 1 "$(logged "$refusal")"
umount "$T/m"

mount -t fusept -o setuid=user1,foreground "fusept-loopback#$T/src" "$T/m" 2>"$T/said" &
check foreground-mounts wait_for 10 as user1 mountpoint -q "$T/m"
equal foreground-reads data "$(as user1 cat "$T/m/file")"
check foreground-says wait_for 5 grep -q "^fusept-loopback: $refusal" "$T/said"
equal foreground-does-not-log 1 "$(logged "$refusal")"
umount "$T/m"

# What is known before it goes into the background is said to who started it.
modprobe -q fuse
setpriv --bounding-set=-setpcap fusept-loopback -o allow_other "$T/src" "$T/m" 2>"$T/said"
check start-says grep -q "^fusept-loopback: CAP_SETPCAP is missing" "$T/said"
umount "$T/m"
rm /dev/log
finish
