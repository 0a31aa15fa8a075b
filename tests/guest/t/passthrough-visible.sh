#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A connection in sight. The control fs and the device's fdinfo name each backing
# file that is registered or in use, its opens, its mount and its path as the
# reader sees it, to the connection's owner alone; statistics count calls and
# bytes where they went and requests as the server gets them; tracepoints tell of
# each. It fails when a file is missing or stays behind, when closing an id hides
# what is in use, when a name can forge a line, when thousands of them do not fit,
# or when something is counted twice, not at all or for another path.
. "$FUSEPT_TESTS/lib.sh"

at=/sys/fs/fusept/connections
mountpoint -q $at || mount -t fuseptctl none $at
chmod 755 "$T"
mkdir "$T/mnt" "$T/src" "$T/m"
check lower-mounts lower tmpfs "$T/low"
cases ptvisible "$T/low" "$T/mnt"
# Where direct AIO is asynchronous.
check ext4-mounts lower ext4 "$T/ext4" 64M
cases ptvisible "$T/ext4" "$T/mnt" statistics >"$T/out"
sed -E "s/^(ok|not ok|skip) /&ext4-/" "$T/out"
# Where files below share blocks.
cases_over xfs ptvisible unasked tracepoints

# Who may look.
echo x >"$T/src/f"
loopback "$T/src" "$T/m"
a=$(connection "$T/m")
exec 5<"$T/m/f"
check loopback-shown grep -q "opens=1 .* path=$T/src/f$" "$a/backing"
equal mode "400 0" "$(stat -c '%a %u' "$a/backing")"
equal statistics-mode "400 0" "$(stat -c '%a %u' "$a/statistics")"
equal statistics-lines "" "$(grep -vE '^[a-z][a-z0-9_]* [0-9]+$' "$a/statistics")"
equal statistics-names "" "$(cut -d' ' -f1 "$a/statistics" | sort | uniq -d)"
fails not-for-others EACCES as user1 cat "$a/backing"
fails not-to-be-written EACCES as user1 sh -c "echo x >'$a/backing'"
# On a file system that a user could enter, were it not for the mode.
check fdinfo-of-the-server sh -c "grep -h '^backing:.*path=$T/src/f$' /proc/$(servers | head -n 1)/fdinfo/*"
fails fdinfo-not-for-others EACCES as user1 sh -c "cat /proc/$(servers | head -n 1)/fdinfo/*"
# The tool: since the mount, and by the second.
head -c 5 <&5 >/dev/null
n=${a##*/}
check tool-by-number grep -q "passthrough_read_calls  *[1-9][0-9]*$" <(fusept-stat "$n")
check tool-by-mount grep -q "^connection $n$" <(fusept-stat "$T/m")
check tool-json grep -qE "^\{\"connection\":$n,\"seconds\":[0-9.]+,.*\"backing_opens\":1,.*\}$" <(fusept-stat --json)
fusept-stat -j -i 1 "$n" >"$T/stat" &
tool=$!
asked() { cat "$T/m/f" && grep -q '"request_open":[1-9]' "$T/stat"; }
check tool-interval wait_for 10 asked
kill $tool
fails tool-no-such-connection ENOENT fusept-stat 999999
fails tool-no-such-mount ENOENT fusept-stat "$T/none"
# What is named must be fusept's, and the caller's; of the others he sees his own.
no_mount() { fusept-stat "$1" 2>&1 | grep -qxF "fusept-stat: $1: not on a mount of fusept"; }
for other in "$T" "$T/low" /proc; do check "tool-no-mount-$(basename "$other")" no_mount "$other"; done
fails tool-not-for-others EACCES as user1 fusept-stat "$n"
shown_to() { as "$1" fusept-stat 2>&1 | grep -v '^ '; }
equal tool-nothing-of-his "" "$(shown_to user1)"
check tool-nothing-is-no-failure as user1 fusept-stat
mkdir "$T/u"
check tool-users-mount mount -t fusept -o setuid=user1 "fusept-loopback#$T/src" "$T/u"
u=$(basename "$(connection "$T/u")")
equal tool-his-own "connection $u" "$(shown_to user1)"
equal tool-his-by-mount "connection $u" "$(as user1 fusept-stat "$T/u" | grep -v '^ ')"
equal tool-all-for-root "$(printf 'connection %s\n' "$n" "$u" | sort)" "$(fusept-stat | grep -v '^ ' | sort)"
umount "$T/u"
check tool-refuses-words sh -c "fusept-stat -i x 2>&1 | grep -q \"interval 'x': a number from 1\""
check tool-refuses-count sh -c "! fusept-stat -n 3 2>/dev/null"
exec 6<"$a/backing"
exec 5<&-
check umount umount "$T/m"
equal held-file-reads "" "$(cat <&6)"
exec 6<&-
finish
