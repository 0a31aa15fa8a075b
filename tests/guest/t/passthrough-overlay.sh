#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fusept with passthrough under overlayfs, as its lower and as its upper layer:
# files are read, copied up, written, mapped, renamed, unlinked and listed as on
# an overlay of the file system below itself. It fails when an outcome differs,
# or something stays busy.
# timeout: 240
. "$FUSEPT_TESTS/lib.sh"

modprobe -q overlay
lower tmpfs "$T/base"
mkdir -p "$T"/{f,plain,stacked} "$T"/base/{served,twin}
fill() { # DIR: the layers
	mkdir -p "$1"/{lower,upper,work}/
	mkdir "$1/lower/dir"
	for i in 1 2 3 4 5 6; do
		head -c $((i * 30000)) "$BIN/ptpaths" >"$1/lower/file$i"
		echo "in dir $i" >"$1/lower/dir/file$i"
	done
	chmod 640 "$1/lower/file1"
	ln "$1/lower/file5" "$1/lower/link5"
	setfattr -n user.a -v b "$1/lower/file2"
}
fill "$T/base/served"
fill "$T/base/twin"
loopback "$T/base/served" "$T/f" allow_other,default_permissions,passthrough=on,xattr=on

# use DIR: a life of files; prints what came of each step.
use() {
	cd "$1" || return
	for step in \
		'cat file1 | cksum' 'echo more >>file1 && tail -c 5 file1' 'cat dir/file3' \
		'dd if=/dev/zero of=file2 bs=1000 count=3 seek=5 conv=notrunc status=none && cksum <file2' \
		'getfattr --only-values -n user.a file2' 'truncate -s 12345 file3 && cksum <file3' \
		'mv file4 dir/moved && cksum <dir/moved' 'rm file6 && ls' 'mv dir/file1 file6 && cat file6' \
		'rm -r dir && mkdir dir && ls dir' 'echo new >dir/new && cat dir/new' 'cmp file5 link5 && stat -c %h file5' \
		'exec 5<>file5 && rm file5 && echo x >&5 && cksum </proc/self/fd/5; exec 5>&-' \
		'stat -c "%a %s" file1 file2 file3' 'ln file1 other && echo y >>other && tail -c 2 file1' \
		'cp --reflink=never file1 copy && cmp file1 copy' 'mkfifo pipe && stat -c %F pipe' 'ln -s file1 sym && cksum <sym' 'ls -R'; do
		echo "== $step"
		(eval "$step") 2>&1
	done
	cd /
}

overlay() { # DIR LOWER UPPER WORK
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" "$1"
}

check plain-mounts overlay "$T/plain" "$T/base/twin/lower" "$T/base/twin/upper" "$T/base/twin/work"
use "$T/plain" >"$T/want"

# The lower layer through fusept, the upper below.
check lower-mounts overlay "$T/stacked" "$T/f/lower" "$T/base/served/upper" "$T/base/served/work"
use "$T/stacked" >"$T/got"
check as-lower diff "$T/want" "$T/got"
check as-lower-untouched diff -r "$T/f/lower" "$T/base/served/lower"
check lower-unmounts umount "$T/stacked"
rm -rf "$T"/base/served/{upper,work}
mkdir "$T"/base/served/{upper,work}

# The upper through fusept; overlayfs wants what a server may not have.
mark=$(log_mark)
if overlay "$T/stacked" "$T/base/twin/lower" "$T/f/upper" "$T/f/work" 2>"$T/said"; then
	use "$T/stacked" >"$T/got"
	check as-upper diff "$T/want" "$T/got"
	check as-upper-is-below test -e "$T/base/served/upper/file1"
	check upper-unmounts umount "$T/stacked"
else
	echo "not ok as-upper: $(cat "$T/said") $(log_since "$mark" | tail -n 2)"
	failures=$((failures + 1))
fi
check unmounts umount "$T/f"
umount "$T/plain"
check lower-is-let-go wait_for 10 umount "$T/base"
finish
