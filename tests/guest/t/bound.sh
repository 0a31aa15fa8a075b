#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bound inodes: opens and closes that the server does not hear of, whose rights
# are checked all the same, attributes that come from below, handles that are
# asked for when something needs one, and bindings that end with the inode, the
# server's word or the connection, not with a name, or with a notification that
# leaves the inode. It fails when the server is asked for what it need not be, is
# not asked for what it must be, is not told once more what it refused, or told that
# without an end, or when the file system below stays busy. Attributes that are set
# below: when somebody may what he could not do there, or a mode keeps what the change
# takes away. Bound directories: also when a name that is to be made is looked up,
# what is there already is harmed, or hidden from who may not make anything, or what
# was removed is asked for all the same, or longer believed to be gone than it may be, or
# what others put there meanwhile is harmed.
. "$FUSEPT_TESTS/lib.sh"

cases_over tmpfs "ptbind ptunbind ptbindset"
# What the file system below has a part in, on a second one.
cases_over ext4 ptbind open-flags data-attributes all-attributes tells
PREFIX=set- cases_over ext4 ptbindset

# asked OP ...: how many of these requests were sent through $T/m.
asked() {
	local op sum=0
	for op; do
		sum=$((sum + $(awk -v n="request_$op" '$1 == n { print $2 }' "$(connection "$T/m")/statistics")))
	done
	echo "$sum"
}
# A server that gives its kernel all of a directory that it can.
mkdir -p "$T/src/old"
echo kept >"$T/src/file"
check excl-mounts loopback "$T/src" "$T/m" allow_other,default_permissions,passthrough=on,bound=on,timeout=3600
cd "$T/m" || exit 1
check excl-root test -d old # and the root is bound
looked=$(asked lookup)
check excl-mkdir mkdir dir
check excl-mknod mknod fifo p
check excl-symlink ln -sT nowhere symlink
check excl-tree mkdir dir/sub
check excl-in-it touch dir/sub/x
# and they are what they are
equal excl-kinds "directory fifo symbolic link directory regular empty file" \
	"$(stat -c %F dir fifo symlink dir/sub dir/sub/x | xargs)"
equal excl-not-looked-up 0 "$(($(asked lookup) - looked))"
equal excl-below "$(stat -c '%n %F' ./*)" "$(cd "$T/src" && stat -c '%n %F' ./*)"
cd / || exit 1
check excl-unmounts umount "$T/m"

check there-mounts loopback "$T/src" "$T/m" allow_other,default_permissions,passthrough=on,bound=on,timeout=3600
cd "$T/m" || exit 1
check there-root test -d dir
looked=$(asked lookup)
fails there-mkdir EEXIST mkdir old
fails there-mknod EEXIST mknod file p
fails there-symlink EEXIST ln -sT a symlink
equal there-not-looked-up 0 "$(($(asked lookup) - looked))"
equal there-kept kept "$(cat file)"
check there-through-link bash -c ': >symlink' # dangles: made behind it
check there-made test -f nowhere
check gone-rmdir rmdir old
check gone-unlink rm file
looked=$(asked lookup)
check gone-dir test ! -e old
check gone-file test ! -e file
equal gone-not-looked-up 0 "$(($(asked lookup) - looked))"
echo new >"$T/src/file" # by others, and nobody told the kernel
check gone-not-harmed bash -c 'echo more >>file'
equal gone-both "new more" "$(xargs <"$T/src/file")"
cd / || exit 1
check gone-unmounts umount "$T/m"
finish
