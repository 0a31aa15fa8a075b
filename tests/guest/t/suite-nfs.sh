#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A client in a network of its own mounts fusept-loopback by NFSv4 and does what
# clients do, on every data path, while the server's caches are dropped all the
# time: random I/O against a model in memory, a tree copied in and compared, files
# and directories that it keeps hold of. It fails when the client meets an error
# or other bytes than it wrote, as when a handle is lost with the server's cache.
# where: suites
# timeout: 3600
. "$FUSEPT_TESTS/lib.sh"

OPS=${OPS:-3000}
PATHS=${PATHS:-none served direct passthrough writeback}
TREE=${TREE:-/usr/include/linux}
there=10.77.0.1
# What a client of Linux does not do right on any file system: it sends home what
# it has of the range it copies from, but not the size (copy); replies of writes
# that it sent at the same time are put in order by the change attribute, which is
# a time where the file system counts no changes (aio); and a direct write goes
# out before the pages of its range that were stored to through a mapping, which
# then overwrite it. So stores and direct I/O have a model each.
STORES=copy,aio,dread,dwrite,self
DIRECT=copy,aio,mapwrite,kept

# The client's calls go through $net; its mounts are ours.
net=(nsenter --net=/run/netns/fusept-client)
network() {
	ip netns add fusept-client
	ip link add fusept-s type veth peer name fusept-c netns fusept-client
	ip address add $there/24 dev fusept-s
	ip link set fusept-s up
	"${net[@]}" ip link set lo up
	"${net[@]}" ip address add 10.77.0.2/24 dev fusept-c
	"${net[@]}" ip link set fusept-c up
}

drop_server() { while sleep 0.5; do echo 2 >/proc/sys/vm/drop_caches; done; }

tree() {
	local d
	cp -a "$TREE" "$T/n/tree" || return
	cd "$T/n/tree" || return
	for d in "$TREE" "$T/fs/src/tree"; do
		diff -r --no-dereference "$d" . || return
	done
	find . -type f | sort | sed -n '1~3p' | xargs rm
	cd "$T/n" || return
	diff -r --no-dereference "$T/fs/src/tree" tree || return
	cd "$T" && rm -r "$T/n/tree"
}

# What the client has hold of, longer than the server's inodes live.
held() {
	local i
	mkdir -p "$T/n/a/b/c"
	cd "$T/n/a/b/c" || return
	exec 5>open
	exec 6<open
	for i in $(seq "$1"); do
		echo "$i" >"$i"
		echo "line $i" >&5
		echo 2 >/proc/sys/vm/drop_caches
		[ "$(cat "$T/n/a/b/c/$i")" = "$i" ] || return
		[ "$(find . -type f | wc -l)" = $((i + 1)) ] || return
	done
	mv "$T/n/a/b" "$T/n/a/moved"
	echo 2 >/proc/sys/vm/drop_caches
	echo last >>open
	[ "$(tail -n 1 <&6)" = last ] || return
	exec 5>&- 6<&-
	cd "$T" && rm -r "$T/n/a"
}

# model LEFT_OUT: random I/O
model() {
	local status
	within 600 fsmodel -n "$OPS" -x "$1" -l "$T/fs/src" "$T/n"
	status=$?
	[ $status -eq 0 ] || levels
	rm -f "$T"/n/*
	return $status
}

# levels: where what the client sees begins to differ from the file below.
levels() {
	local f name
	for f in "$T"/fs/src/*; do
		name=${f##*/}
		cmp "$f" "$T/m/$name" && cmp "$f" "$T/n/$name"
	done 2>&1 | sed "s,$T/,,g"
}

network
check nfsd nfs_start
mkdir -p "$T/n"
for path in $PATHS; do
	lower ext4 "$T/fs" 600M
	mkdir "$T/fs/src"
	mkdir -p "$T/m"
	case $path in
	none) mount --bind "$T/fs/src" "$T/m" ;;
	*) loopback "$T/fs/src" "$T/m" "allow_other,default_permissions,export=100000,$(data_path "$path")" ;;
	esac
	check "$path-export" nfs_export "$T/m" '*' 77
	if check "$path-mount" within 60 "${net[@]}" mount.nfs -o vers=4.2,sec=sys "$there:$T/m" "$T/n"; then
		drop_server &
		check "$path-stores" model "$STORES"
		check "$path-direct" model "$DIRECT"
		check "$path-held" held "${HELD:-20}"
		check "$path-tree" tree
		kill $!
		check "$path-client-umount" umount "$T/n"
	fi
	exportfs -u "*:$T/m"
	check "$path-umount" wait_for 30 umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/fs"
done
nfs_stop
ip link del fusept-s
ip netns del fusept-client
finish
