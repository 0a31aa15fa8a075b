#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The control file system: a directory per connection, there for as long as the
# connection is, whichever came first; waiting counts, abort aborts, limits limit,
# all belong to the mounter. It fails when a directory is missing or stays behind,
# when abort leaves a caller waiting, when a limit that is written changes nothing
# of what the server is sent or a user writes more than the parameters allow, or
# when a file that is held open outlives what it looks at.
# timeout: 180
. "$FUSEPT_TESTS/lib.sh"

at=/sys/fs/fusept/connections
mkdir -p "$T/src" "$T/a" "$T/b"
umount $at 2>/dev/null

# One connection before the control fs is mounted, one after.
loopback "$T/src" "$T/a"
check mounts mount -t fuseptctl none $at
# A name is not remembered to be missing once it is there.
fails no-such-connection-yet ENOENT ls $at/{20..99}
equal magic 65735543 "$(stat -f -c %t $at)"
loopback "$T/src" "$T/b"
a=$(connection "$T/a") b=$(connection "$T/b")
check older-connection test -d "$a"
check newer-connection test -d "$b"
equal names "abort backing congestion_threshold max_background statistics waiting" "$(find "$a" -mindepth 1 -printf '%f\n' | sort | xargs)"
equal listing "$(printf '%s\n' "${a##*/}" "${b##*/}" | sort -n | xargs)" "$(find $at -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | xargs)"
equal links 4 "$(stat -c %h $at)"
equal dir-mode "500 0 0" "$(stat -c '%a %u %g' "$a")"
equal waiting-mode "400 0" "$(stat -c '%a %u' "$a/waiting")"
equal abort-mode "200 0" "$(stat -c '%a %u' "$a/abort")"
equal background-mode "600 0" "$(stat -c '%a %u' "$a/max_background")"
equal congestion-mode "600 0" "$(stat -c '%a %u' "$a/congestion_threshold")"
for file in max_background congestion_threshold; do
	for good in 1 20 0x40 65535; do
		check $file-takes-$good sh -c "echo $good >'$a/$file'"
		equal $file-is-$good $((good)) "$(cat "$a/$file")"
	done
	for bad in 0 65536 -1 x "" 12x; do
		fails "$file-refuses-'$bad'" EINVAL dd status=none of="$a/$file" <<<"$bad"
	done
	equal $file-kept 65535 "$(cat "$a/$file")"
	echo 12 >"$a/$file"
done
equal waiting-none 0 "$(cat "$a/waiting")"
fails no-such-file ENOENT cat "$a/nothing"
fails no-such-connection ENOENT ls "$at/0$(basename "$a")"
fails no-new-directory EPERM mkdir "$at/x"
fails no-new-file EACCES touch "$a/x"
fails no-removal EPERM rmdir "$a"
check seen-in-a-second-mount sh -c "mount -t fuseptctl none '$T/src' && test -d '$T/src/${a##*/}'; e=\$?; umount '$T/src'; exit \$e"

# A call that waits is counted.
waiting_is() { test "$(cat "$a/waiting")" "$@"; }
mapfile -t pids < <(servers)
kill -STOP "${pids[@]}"
stat "$T/a/x" >/dev/null 2>&1 &
job=$!
check waiting-counts wait_for 10 waiting_is -ge 1
kill -CONT "${pids[@]}"
wait $job
check waiting-falls wait_for 10 waiting_is -eq 0

# abort: the waiting caller gets an error, the mount stays, its calls fail.
kill -STOP "${pids[@]}"
stat "$T/a/y" >"$T/stat" 2>&1 &
job=$!
wait_for 10 waiting_is -ge 1
check abort-takes-any-write sh -c "echo x >'$a/abort'"
check abort-wakes wait_for 10 ended $job
check abort-error grep -q "Software caused connection abort" "$T/stat"
fails after-abort ENOTCONN ls "$T/a"
check abort-twice sh -c "echo x >'$a/abort'"
equal other-mount-waits 0 "$(cat "$b/waiting")"
kill -CONT "${pids[@]}"
check other-mount-works ls "$T/b"
check aborted-still-shown test -d "$a"

# Gone with the mount, with a file and a folder of it still in use.
exec 5<"$a/waiting" 6>"$a/abort"
(cd "$a" && exec sleep 30) &
inside=$!
check umount umount "$T/a"
fails gone ENOENT ls "$a"
equal gone-from-listing "${b##*/}" "$(ls $at)"
equal links-fall 3 "$(stat -c %h $at)"
equal held-file-reads 0 "$(cat <&5)"
check held-file-writes sh -c "echo x >&6"
exec 5<&- 6>&-
kill $inside

# Its minor is free again: a new connection under an old name is the new one.
loopback "$T/src" "$T/a"
a=$(connection "$T/a")
check same-name-again test -f "$a/waiting"
check same-name-again-aborts sh -c "echo 1 >'$a/abort'"
fails same-name-again-aborted ENOTCONN ls "$T/a"
umount "$T/a"

# The files belong to user_id: that user may abort, others may not.
mkfifo "$T/held"
rawmount -w "$T/a" fd=dev rootmode=40755 "user_id=$(id -u user1)" "group_id=$(id -g user1)" <"$T/held" &
exec 9>"$T/held"
mounted() { grep -q " $T/a " /proc/self/mountinfo; }
check user-mount wait_for 10 mounted
a=$(connection "$T/a")
equal user-owner "$(id -u user1) $(id -g user1)" "$(stat -c '%u %g' "$a")"
fails other-user-may-not-look EACCES as user2 ls "$a"
fails other-user-may-not-abort EACCES as user2 sh -c "echo x >$a/abort"
equal waiting-init 1 "$(as user1 cat "$a/waiting")"
p=/sys/module/fuse_pt/parameters
echo 5 >$p/max_user_bgreq
echo 4 >$p/max_user_congthresh
# may_write FILE MOST: no more than that, but for who has CAP_SYS_ADMIN.
may_write() {
	check "user-$1-$2" as user1 sh -c "echo $2 >'$a/$1'"
	fails "user-$1-$(($2 + 1))" EINVAL as user1 dd status=none of="$a/$1" <<<$(($2 + 1))
	equal "user-$1-kept" "$2" "$(as user1 cat "$a/$1")"
	check "root-$1-$(($2 + 1))" sh -c "echo $(($2 + 1)) >'$a/$1'"
}
may_write max_background 5
may_write congestion_threshold 4
echo 0 >$p/max_user_bgreq
echo 0 >$p/max_user_congthresh
check user-aborts as user1 sh -c "echo x >$a/abort"
equal waiting-aborted 0 "$(as user1 cat "$a/waiting")"
exec 9>&-
wait

mkdir "$T/m"
scenes rawctl

# The control fs goes first, or the module's last mount does.
check ctl-umount umount $at
umount "$T/b"
check ctl-mount-again mount -t fuseptctl none $at
equal ctl-empty "" "$(ls $at)"
finish
