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
echo -1 >$params/backing_gid
finish
