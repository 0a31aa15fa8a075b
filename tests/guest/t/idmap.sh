#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Idmapped mounts: only where the server agreed and the kernel checks modes; the
# server is told the ids of what is made, below the map, and no others; callers
# see and are checked by those above it. It fails when an id crosses the map in
# the wrong direction, when a request that makes something (CREATE, TMPFILE and a
# whiteout too) has none or one that only moves or adds a name has any, or when a
# mount is mapped that its server knows nothing of.
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m" "$T/m2"
value() { sed -n "s/^$1=//p" <<<"$out" | tail -n 1; }
is() { equal "$how-$1" "$2" "$(value "$1")" || printf '%s\n' "$out"; }
run() { out=$(timeout 60 rawidmap "$T/m" "$T/m2" "$how"); }

if ! kernel_at_least 6.12; then
	how=agree
	run
	is offered no
	is idmap EINVAL
	is mkdir_ids 3000:3000
	finish
fi

how=agree
run
is offered yes
is idmap OK
is seen 2000:2000
is lookup_ids -1:-1
for call in mkdir mknod symlink create tmpfile link rename rename2 whiteout open chown \
	plain_open; do
	is $call OK
done
for made in mknod symlink create tmpfile whiteout; do is ${made}_ids 1000:1000; done
for moved in link rename rename2; do is ${moved}_ids -1:-1; done
equal agree-mkdir_ids-mapped 1000:1000 "$(sed -n 's/^mkdir_ids=//p' <<<"$out" | head -n 1)"
is open_by_low EACCES
is mkdir_unmapped EOVERFLOW
is chown_to 1000:1000
is chown_unmapped EOVERFLOW
is plain_mkdir OK
is mkdir_ids 3000:3000

how=refuse
run
is idmap EINVAL
is mkdir_ids 3000:3000

how=modeless
mark=$(log_mark)
run
is idmap EINVAL
is mkdir_ids 3000:3000
check modeless-says-why grep -q "FUSE_ALLOW_IDMAP needs the mount option default_permissions" <(log_since "$mark")
finish
