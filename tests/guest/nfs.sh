# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# An NFS server on this guest: version 4 only, which needs no portmapper.

# nfs_start: nobody has state to reclaim, so it waits for nobody.
nfs_start() {
	ip link set lo up
	modprobe -a nfsd nfsv4
	mkdir -p /run/rpc_pipefs /var/lib/nfs/v4recovery
	mount -t nfsd nfsd /proc/fs/nfsd || return
	: >/var/lib/nfs/etab
	echo 1048576 >/proc/fs/nfsd/max_block_size # a write is one request
	rpc.mountd --no-nfs-version 3 || return
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	rpc.nfsd --no-nfs-version 3 4 || return
	# Some kernels refuse; then opens wait for the end of it.
	echo Y >/proc/fs/nfsd/v4_end_grace || true
}

# nfs_stop: nothing may be mounted from it any more.
nfs_stop() {
	rpc.nfsd 0
	umount /proc/fs/nfsd
	pkill -x rpc.mountd
}

# nfs_export DIR CLIENT FSID [subtree_check]
nfs_export() { exportfs -o "rw,no_root_squash,${4:-no_subtree_check},insecure,fsid=$3" "$2:$1"; }
