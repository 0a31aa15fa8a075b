#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# replace_fuse=1: programs that know only the kernel's own fuse are served by
# fuse_pt, where that is a module and not loaded; elsewhere the module does not
# load and says what is taken. It fails when both get in at once, when a refused
# load leaves something behind, or when a program sees a difference, one without
# shared libraries among them.
. "$FUSEPT_TESTS/lib.sh"

taken="fusept: replace_fuse=1: file system type fuse is taken"
own=/sys/fs/fuse/connections

# refused CASE: loading is, with the name in the log and nothing left.
refused() {
	local mark
	mark=$(log_mark)
	fails "$1" EBUSY modprobe fuse_pt replace_fuse=1
	check "$1-names-what-is-taken" grep -qF "$taken" <(log_since "$mark")
	equal "$1-leaves-nothing" "" "$(ls -d /sys/module/fuse_pt /dev/fusept /sys/fs/fusept 2>/dev/null; grep fusept /proc/filesystems)"
}

check unload rmmod fuse_pt
if ! modinfo -F filename fuse 2>/dev/null | grep -q '\.ko'; then
	refused built-in
	check plain-after-refusal modprobe fuse_pt
	finish
fi

umount $own 2>/dev/null
check fuse-loads modprobe fuse
refused loaded
# The page's command, where umount -t fuse would leave what has a subtype.
mkdir -p "$T/src" "$T/k/a b" "$T/k/c"
check kernel-mounts fusept-loopback -o subtype=some "$T/src" "$T/k/a b"
check kernel-mounts-another fusept-loopback "$T/src" "$T/k/c"
mount -t fusectl none $own
equal kernel-mounts-types "fuse.fusept-loopback fuse.some fusectl" "$(findmnt -rno FSTYPE | grep ^fuse | grep -v ^fusept | sort | xargs)"
umount -a -t "$(findmnt -rno FSTYPE | grep ^fuse | sort -u | tr '\n' ,)fuse"
equal all-unmounted "" "$(findmnt -rno FSTYPE | grep ^fuse)"
check fuse-unloads wait_for 10 rmmod fuse

check loads modprobe fuse_pt replace_fuse=1
equal parameter Y "$(cat /sys/module/fuse_pt/parameters/replace_fuse)"
equal types "fuse fuseblk fusectl fusept fuseptblk fuseptctl" "$(awk '/fuse/ { print $NF }' /proc/filesystems | sort | xargs)"
check control-directory test -d $own
check device test -c /dev/fuse
equal device-number "a:e5" "$(stat -c %t:%T /dev/fuse)"
fails fuse-refused EBUSY modprobe fuse
equal fuse-stays-out "" "$(grep '^fuse ' /proc/modules)"

# A server of libfuse, which mounts by itself, and by fusermount3 for a user.
mkdir -p "$T/src" "$T/m" "$T/u"
echo hello >"$T/src/f"
chmod 755 "$T" "$T/src"
chown user1: "$T/u"
check server-of-root fusept-loopback -o allow_other "$T/src" "$T/m"
equal reads hello "$(cat "$T/m/f")"
check type sh -c "findmnt -no FSTYPE '$T/m' | grep -q '^fuse'"
check user-device chmod 666 /dev/fuse
check server-of-a-user as user1 fusept-loopback "$T/src" "$T/u"
equal user-reads hello "$(as user1 cat "$T/u/f")"
fails not-for-others EACCES ls "$T/u"

# A server that is linked statically, as it is: nothing of ours can lead it.
static=$BIN/fuse_example-static
mkdir "$T/s"
check static-program readelf -lW "$static"
equal static-needs-no-loader 0 "$(readelf -lW "$static" | grep -c INTERP)"
"$static" "$T/src/f" "$T/s" &
server=$!
check static-server-mounts wait_for 10 mountpoint -q "$T/s"
equal static-server-reads hello "$(within 10 cat "$T/s/file")"
equal static-server-type fuse "$(findmnt -no FSTYPE "$T/s" | cut -d. -f1)"
check static-server-passes-through grep -q '^passthrough_read_calls [1-9]' "$(connection "$T/s")/statistics"
check static-server-unmounts umount "$T/s"
wait $server
equal static-server-ends 0 $?

# A block device's has the name of its type where its share of memory is set.
mkdir -p "$T/b"
truncate -s 16M "$T/img"
mkfifo "$T/held"
loop=$(losetup -f --show "$T/img")
mounted() { grep -q " $T/b " /proc/self/mountinfo; }
for type in fuseblk fuseptblk; do
	rawmount -w -t $type "$T/b" fd=dev rootmode=40755 user_id=0 group_id=0 source="$loop" <"$T/held" >"$T/out" &
	exec {held}>"$T/held"
	check $type-mounts wait_for 10 mounted
	equal $type-bdi "7:${loop#/dev/loop}-$type" "$(basename -a /sys/class/bdi/*-$type)"
	exec {held}>&-
	wait $!
done
losetup -d "$loop"

# One list of connections, shown under both names.
check fusectl mount -t fusectl none $own
mountpoint -q /sys/fs/fusept/connections || mount -t fuseptctl none /sys/fs/fusept/connections
equal same-connections "$(ls /sys/fs/fusept/connections)" "$(ls $own)"
equal links 4 "$(stat -c %h $own)"
dev=$(awk -v d="$T/m" '$5 == d { split($3, n, ":"); print n[2] }' /proc/self/mountinfo)
equal waiting 0 "$(cat "$own/$dev/waiting")"
check user-unmounts as user1 fusermount3 -u "$T/u"
equal one-less "$dev" "$(ls $own)"
equal links-one-less 3 "$(stat -c %h $own)"
check aborts sh -c "echo 1 >'$own/$dev/abort'"
fails after-abort ENOTCONN ls "$T/m"
check unmounts umount "$T/m"
check fusectl-unmounts umount $own
umount /sys/fs/fusept/connections

# Back to the kernel's own.
check unloads wait_for 10 rmmod fuse_pt
equal names-are-free "" "$(ls -d $own 2>/dev/null; grep fuse /proc/filesystems)"
check fuse-loads-again modprobe fuse
check fuse-unloads-again rmmod fuse

# What asks for fuse gets it, with the file that the package brings.
conf=/usr/share/doc/fuse-pt-dkms/examples/fuse_pt-replace.conf
check example-is-installed cp $conf /etc/modprobe.d/
for ask in fuse fs-fuse fs-fuseblk char-major-10-229; do
	check "asked-by-$ask" modprobe "$ask"
	check "asked-by-$ask-got" grep -q '^fuse_pt ' /proc/modules
	check "asked-by-$ask-replaces" grep -q '^Y' /sys/module/fuse_pt/parameters/replace_fuse
	equal "asked-by-$ask-no-other" "" "$(grep '^fuse ' /proc/modules)"
	rmmod fuse_pt
done
rm /etc/modprobe.d/fuse_pt-replace.conf
check plain-after-all modprobe fuse_pt
finish
