#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# FUSE_WRITEBACK_CACHE against a server made by hand: what is written when, who
# owns size and times, what becomes of errors; and FUSE_ASYNC_DIO. It fails when
# a write is sent at once or never, when the server's size or times are believed
# while the page cache knows better, when an error is not reported once to each
# who asks, when a server that does not answer costs memory without limit, or
# when direct I/O has more or fewer parts in flight than agreed on, or waits for
# itself where its memory is a mapping of the same bytes. A WRITE names O_DSYNC
# and O_SYNC also where one write asks for them. An older server is sent no ctime.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
scenes rawback

# The share of dirty memory that a server may hold up, and it counts always.
mkdir -p "$T/src"
loopback "$T/src" "$T/m" allow_other,default_permissions,writeback=on
bdi=/sys/class/bdi/$(awk -v d="$T/m" '$5 == d { print $3 }' /proc/self/mountinfo)
equal dirty-share 1 "$(cat "$bdi/max_ratio")"
[ ! -e "$bdi/strict_limit" ] || equal dirty-limit-is-strict 1 "$(cat "$bdi/strict_limit")"

# What does not go together is refused.
umount "$T/m"
for with in passthrough=on cache=never; do
	if out=$(loopback "$T/src" "$T/m" "writeback=on,$with" 2>&1); then
		echo "not ok refuses-$with: it mounted"
		failures=$((failures + 1))
	else
		check refuses-$with grep -q "writeback=on: it does not go with $with" <<<"$out"
	fi
done
finish
