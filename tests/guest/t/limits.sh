#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module's limits: pages of a request, and what a server without
# CAP_SYS_ADMIN gets of the asynchronous requests that it asks for. It fails when
# a server gets more than the parameter says, or less than it may, or when a
# parameter takes a value that makes no sense.
. "$FUSEPT_TESTS/lib.sh"

p=/sys/module/fuse_pt/parameters
mountpoint -q /sys/fs/fusept/connections || mount -t fuseptctl none /sys/fs/fusept/connections
mkdir "$T/m"
# granted WHO NAME: what of NAME that server gets.
granted() { rawlimit "$T/m" "$1" | sed -n "s/^$2=//p"; }

equal pages-default 256 "$(cat $p/max_pages_limit)"
equal pages-256 $((256 * 4096)) "$(granted proud largest)"
echo 512 >$p/max_pages_limit
equal pages-512 $((512 * 4096)) "$(granted proud largest)"
echo 3 >$p/max_pages_limit
equal pages-3 $((3 * 4096)) "$(granted humble largest)"
for bad in 0 65536 x -1; do
	mark=$(log_mark)
	check pages-refuses-$bad sh -c "! echo $bad >$p/max_pages_limit"
	check pages-refuses-$bad-why grep -q "max_pages_limit=$bad: a number within 1 and 65535" <(log_since "$mark")
done
equal pages-kept 3 "$(cat $p/max_pages_limit)"
echo 256 >$p/max_pages_limit

equal user-default 0,0 "$(cat $p/max_user_bgreq),$(cat $p/max_user_congthresh)"
equal user-by-memory 12 "$(granted humble max_background)"
echo 5 >$p/max_user_bgreq
echo 4 >$p/max_user_congthresh
equal user-background 5 "$(granted humble max_background)"
equal user-congestion 4 "$(granted humble congestion_threshold)"
equal root-background 12 "$(granted proud max_background)"
equal root-congestion 9 "$(granted proud congestion_threshold)"
check user-refuses sh -c "! echo 65536 >$p/max_user_bgreq"
echo 0 >$p/max_user_bgreq
echo 0 >$p/max_user_congthresh
finish
