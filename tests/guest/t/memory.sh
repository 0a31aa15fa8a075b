#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a known inode and an open file take in the kernel's slab caches: no more
# than on the kernel's own fuse, the server and its files being the same. It fails
# when struct fpt_node or struct fpt_file outgrows the kernel's own, or when
# something is allocated beside them.
# timeout: 400
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

FILES=${FILES:-2000}
ulimit -n $((FILES * 2 + 1000))
declare -A bytes

# figure WHAT: of the last measurement
figure() { sed -n "s/^$1 //p" "$T/out"; }

measure() { memuse "$1" "$2" "$FILES" >"$T/out" 2>"$T/caches"; }

for path in served passthrough; do
	[ "$path" = served ] || kernel_at_least 6.9 || { skip "$path" "the kernel's own fuse has it from 6.9 on"; continue; }
	options=allow_other,default_permissions,$(data_path $path)
	for whose in own ours; do
		lower tmpfs "$T/src"
		case $whose in
		own) kernel_loopback "$T/src" "$T/m" "$options" ;;
		ours) loopback "$T/src" "$T/m" "$options" ;;
		esac
		check "$path-$whose-measured" measure "$T/src" "$T/m"
		cat "$T/caches"
		for what in inode open; do
			bytes[$whose-$what]=$(figure $what)
		done
		umount "$T/m"
		check "$path-$whose-unmounts" wait_for 10 umount "$T/src"
	done
	for what in inode open; do
		own=${bytes[own-$what]} ours=${bytes[ours-$what]}
		echo "# $path, bytes of slab for an $what: $ours; the kernel's own $own"
		check "$path-$what" [ "$ours" -gt 0 -a "$ours" -le "$own" ]
	done
done
finish
