#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What our packages bring to a stock system: the module that DKMS built for
# this kernel, loaded beside the kernel's own fuse, with its device open to
# every user and its own names in /sys and /proc/filesystems. It fails when a
# file is missing, goes to the wrong place, or clashes with the kernel's fuse.
. "$FUSEPT_TESTS/lib.sh"

built() { dkms status | grep -q "^fuse_pt/.*$(uname -r).*: installed"; }
device_mode() { [ "$(stat -c %a /dev/fusept)" = 666 ]; }
same_version() { [ "$(dpkg-query -W -f '${Version}' fuse-pt-dkms)" = "$(dkms status | sed -n 's|^fuse_pt/\([^,]*\),.*|\1|p')" ]; }
beside_fuse() { modprobe fuse && grep -qw fusept /proc/filesystems && grep -qw fuse /proc/filesystems; }
reload() { rmmod fuse_pt && modprobe fuse_pt && test -c /dev/fusept; }
clean_exports() { ! grep '\[fuse_pt\]' /proc/kallsyms | grep -q __ksymtab; }

check dkms-built built
check module-version same_version
check device-for-all device_mode
check registered grep -qw fusept /proc/filesystems
check sysfs test -d /sys/fs/fusept
check beside-the-kernels-fuse beside_fuse
check exports-nothing clean_exports
check reload reload
for f in /usr/sbin/mount.fusept /usr/sbin/umount.fusept /usr/bin/fusept-loopback /usr/bin/fusept-bench /usr/bin/fusept-run /usr/sbin/fusept-stat; do
	check "installed-$(basename $f)" test -x $f
done
finish
