#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fio writes blocks with checksums and reads them back, at random and in order,
# through the page cache, mappings, O_DIRECT, Linux AIO and io_uring, by two jobs
# in files of their own and in one file, on every data path. It fails when a
# block does not read as it was written, or when fio meets an error.
# where: suites
# timeout: 3600
. "$FUSEPT_TESTS/lib.sh"

PATHS=${PATHS:-served direct passthrough writeback}
SIZE=${SIZE:-12M}
ROUNDS=${ROUNDS:-2}

# verified CASE DIR OPTION ...
verified() {
	local name=$1 dir=$2
	shift 2
	check "$name" within 900 fio --name="$name" --directory="$dir" --size="$SIZE" --thread --minimal --output="$T/fio.out" \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 --loops="$ROUNDS" --exitall_on_error=1 "$@"
	rm -f "$dir"/*
}

if kernel_at_least 6.6; then direct=1; else direct=0; fi # tmpfs with O_DIRECT
libfuse=$(fusept-loopback -V | sed -n 's/.*libfuse //p')
old_libfuse=$(printf '%s\n' 3.17 "$libfuse" | sort -VC && echo 0 || echo 1)
for path in $PATHS; do
	lower tmpfs "$T/src" 600M
	check "$path-mounts" loopback "$T/src" "$T/m" "allow_other,default_permissions,$(data_path "$path")" || continue
	verified "$path-psync-random" "$T/m" --ioengine=psync --rw=randwrite --bsrange=512-64k --numjobs=2
	verified "$path-psync-order" "$T/m" --ioengine=psync --rw=write --bs=128k --numjobs=2 --fsync=16
	if [ "$path$old_libfuse" = direct1 ]; then
		skip "$path-mmap" "a server on libfuse before 3.17 cannot allow shared mappings of direct files"
	else
		verified "$path-mmap" "$T/m" --ioengine=mmap --rw=randwrite --bs=4k --numjobs=2
	fi
	verified "$path-libaio" "$T/m" --ioengine=libaio --iodepth=8 --rw=randwrite --bs=16k --direct=$direct
	verified "$path-io_uring" "$T/m" --ioengine=io_uring --iodepth=8 --rw=randwrite --bs=8k
	# Two jobs, a half each of one file.
	verified "$path-one-file" "$T/m" --ioengine=psync --rw=randwrite --bs=4k --numjobs=2 --filename=shared \
		--offset_increment="$SIZE"
	check "$path-umount" umount "$T/m"
	check "$path-lower-umount" wait_for 10 umount "$T/src"
done
finish
