#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# GlusterFS, with FUSE code of its own: a volume distributed over two bricks on
# this guest. It fails when a step ends other than on the kernel's own fuse, or
# when the files do not lie on both bricks.
# where: servers
# packages: glusterfs-server glusterfs-client iproute2
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=glusterfs package=glusterfs-client
ways='run replace'

# GlusterFS wants a host that is not called localhost.
cluster() {
	grep -q ' brick$' /etc/hosts || echo '127.0.0.1 brick' >>/etc/hosts
	rm -rf /var/lib/glusterd/*
	glusterd -p "$W/glusterd.pid"
	wait_for 30 gluster --mode=script volume list
}
prepare() {
	[ -e "$W/glusterd.pid" ] || cluster
	if [ -d "$W/bricks" ]; then
		gluster --mode=script volume stop two force
		gluster --mode=script volume delete two
	fi
	rm -rf "$W/bricks"
	mkdir -p "$W/bricks"
	gluster --mode=script volume create two brick:"$W/bricks/"{a,b} force && gluster --mode=script volume start two
}
own=(mount -t glusterfs brick:/two)
step_spread() { for b in a b; do [ "$(find "$W/bricks/$b/in" -type f -size +0 | wc -l)" -gt 0 ] || echo "none on $b"; done; }
step_locks() { lockpair "$1" lock later | grep -v "^ok"; }
kept() { (cd "$W/bricks" && find . -path '*/.glusterfs*' -prune -o -type f -printf '%P %s\n' | sort); }
steps=(copy_in describe copy_out find spread rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock locks fifo verify mapped statfs remove)

compare
finish
