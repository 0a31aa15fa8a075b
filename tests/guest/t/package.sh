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
takes() { [[ $1 =~ $(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' /usr/src/fuse_pt-*/dkms.conf) ]]; }
leaves_out() { ! takes "$1"; }
clean_exports() { ! grep '\[fuse_pt\]' /proc/kallsyms | grep -q __ksymtab; }

check dkms-built built
check module-version same_version
for k in 6.1.0-50-amd64 6.6.1 6.12.48+deb13-amd64 7.3.4 10.0.0; do check "dkms-takes-$k" takes $k; done
for k in 4.19.0-6-amd64 5.10.0-33-amd64 5.15.1 6.0.19; do check "dkms-leaves-out-$k" leaves_out $k; done
check device-for-all device_mode
check registered grep -qw fusept /proc/filesystems
check sysfs test -d /sys/fs/fusept
check beside-the-kernels-fuse beside_fuse
check exports-nothing clean_exports
check reload reload
for f in mount.fusept umount.fusept fusept-run fusept-loopback fusept-bench fusept-stat; do
	equal "version-$f" "$f $(dpkg-query -W -f '${Version}' fusept)" "$($f -V | sed 's/,.*//')"
done
for f in /usr/sbin/mount.fusept /usr/sbin/umount.fusept /usr/bin/fusept-loopback /usr/bin/fusept-bench /usr/bin/fusept-run /usr/sbin/fusept-stat; do
	check "installed-$(basename $f)" test -x $f
done

# Completions are found by the command's name.
for f in mount.fusept umount.fusept fusept-run fusept-loopback; do
	# shellcheck disable=SC2016 # of the inner shell
	check "completes-$f" bash -c 'cd /usr/share/bash-completion/completions && . "./$1" && complete -p "$1"' bash $f
done

# completes CASE WANT WORD ...: what the last word of such a command becomes.
completes() {
	local name=$1 want=$2
	shift 2
	# shellcheck disable=SC2016 # of the inner shell
	equal "completes-$name" "$want" "$(bash -c '. /usr/share/bash-completion/completions/fusept-loopback
		COMP_WORDS=(fusept-loopback "$@") COMP_CWORD=$#
		_fusept_loopback; echo "${COMPREPLY[*]}"' bash "$@" 2>/dev/null)"
}
completes option kernel= -o ker
completes option-behind-a-value always,kernel= -o cache = always,ker
completes kernel "all none fsync flush fallocate lseek copy getattr fadvise xattr" -o kernel =
completes kernel-second fsync+flush -o kernel = fsync+fl
completes threads "max_threads= max_idle_threads=" -o max_
finish
