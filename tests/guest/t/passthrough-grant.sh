#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Parameters backing_gid and max_user_backing: a group registers backing files
# without CAP_SYS_ADMIN, so many for each user, and what it registers lends what
# its descriptor can do and no more. It fails when somebody else may register,
# when a limit can be got around, or when any way leads to more access: opening,
# mapping, copying, splicing, other flags, a second id, a user namespace.
. "$FUSEPT_TESTS/lib.sh"

params=/sys/module/fuse_pt/parameters
equal default-off -1 "$(cat $params/backing_gid)"
equal default-limit 4096 "$(cat $params/max_user_backing)"
for bad in -2 4294967295; do
	fails "refuses-gid-$bad" ERANGE dd status=none of=$params/backing_gid <<<"$bad"
done
for bad in x ""; do
	fails "refuses-gid-'$bad'" EINVAL dd status=none of=$params/backing_gid <<<"$bad"
done
fails refuses-limit-0 ERANGE dd status=none of=$params/max_user_backing <<<0
equal still-off -1 "$(cat $params/backing_gid)"
sysctl -q -w kernel.unprivileged_userns_clone=1 2>/dev/null
mkdir "$T/mnt"
check lower-mounts lower tmpfs "$T/low"
cases ptgrant "$T/low" "$T/mnt"
cases ptgrantbound "$T/low" "$T/mnt"
# Where files below share blocks, are copied and lose ranges.
cases_over xfs ptgrant operations
cases_over xfs ptgrantbound bound

# fusept-loopback as one of the group: what its user may write is written through.
groupadd -g 4243 fusept-grant
usermod -aG fusept-grant user1
echo 4243 >$params/backing_gid
install -d -o user1 "$T/src"
as user1 sh -c "echo old >$T/src/both; echo old >$T/src/read; chmod 444 $T/src/read"
check server-mounts mount -t fusept -o setuid=user1,passthrough=on "fusept-loopback#$T/src" "$T/mnt"
equal server-reads old "$(as user1 cat "$T/mnt/both")"
check server-writes as user1 sh -c "echo new >>$T/mnt/both"
equal server-wrote "old new" "$(tr '\n' ' ' <"$T/src/both" | sed 's/ $//')"
# read first, and written while that is open: one registration serves both
check server-reads-and-writes as user1 sh -c "exec 3<$T/mnt/both && echo more >>$T/mnt/both && cat <&3"
equal server-reads-only old "$(as user1 cat "$T/mnt/read")"
# Made for reading, it can be written by who made it, as git and cp do.
for how in readonly readonly-w; do
	check "server-makes-$how" as user1 namecall $how "$T/mnt/$how"
	equal "server-wrote-$how" "444 $T/mnt/$how" "$(stat -c %a "$T/src/$how") $(cat "$T/src/$how")"
	equal "server-reads-$how" "$T/mnt/$how" "$(as user1 cat "$T/mnt/$how")"
done
check server-passes-through grep -q '^passthrough_write_calls [1-9]' "$(connection "$T/mnt")/statistics"
equal server-is-not-asked 0 "$(awk '$1 == "request_write" || $1 == "request_read" { n += $2 } END { print n + 0 }' "$(connection "$T/mnt")/statistics")"
# A session that begins while its user has all he may is not barred for good.
mkdir "$T/mnt2"
none_left() { [ "$(wc -l <"$(connection "$T/mnt")/backing")" = 0 ]; }
check server-holds-none wait_for 5 none_left
echo 1 >$params/max_user_backing
check second-server-mounts mount -t fusept -o setuid=user1 "fusept-loopback#$T/src" "$T/mnt2"
check second-server-serves as user1 sh -c "exec 3<$T/mnt/both && cat $T/mnt2/both"
check first-server-has-it-all grep -qx 'passthrough_read_calls 0' "$(connection "$T/mnt2")/statistics"
reads_through() { as user1 cat "$T/mnt2/both" && grep -q '^passthrough_read_calls [1-9]' "$(connection "$T/mnt2")/statistics"; }
check second-server-gets-its-turn wait_for 5 reads_through
check second-server-unmounts umount "$T/mnt2"
echo 4096 >$params/max_user_backing
check server-unmounts umount "$T/mnt"
echo -1 >$params/backing_gid
finish
