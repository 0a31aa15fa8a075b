#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The name space over a real directory: every way to make, move and remove a
# name, what each must refuse, and that the directory below shows the same. It
# fails when a flag is ignored, a link count or time is wrong, or an error is
# not that of a local file system.
# timeout: 200
. "$FUSEPT_TESTS/lib.sh"

low=$T/low m=$T/m
mkdir "$low"
check mount loopback "$low" "$m" || finish
cd "$m" || exit 1

# namecall: what no command does by itself
call() { namecall "$@"; }
links() { stat -c %h "$1"; }
ino() { stat -c %i "$1"; }
below() { [ -e "$low/$1" ]; }
absent() { [ ! -e "$1" ] && [ ! -L "$1" ] && [ ! -e "$low/$1" ]; }

# creation
check create-excl call create-excl a
fails create-excl-again EEXIST call create-excl a
check create-below below a
printf 12345 >a
check create-again call create a
equal create-keeps-data 5 "$(stat -c %s a)"
check create-trunc call create-trunc a
equal create-trunc-empties 0 "$(stat -c %s a)"
fails create-in-file ENOTDIR call create a/b
fails create-nowhere ENOENT call create nowhere/b
(umask 077 && call create-excl private)
equal create-umask 600 "$(stat -c %a private)"
mkdir d
fails create-over-directory EISDIR call create d
fails mkdir-again EEXIST mkdir d
check mknod-fifo mkfifo fifo
equal mknod-type fifo "$(stat -c %F fifo)"
check mknod-device mknod null c 1 3
equal mknod-device-number 1:3 "$(stat -c %t:%T null)"
check device-works dd if=null of=/dev/null status=none
check symlink ln -s a/../a "sym"
equal readlink a/../a "$(readlink sym)"
fails symlink-again EEXIST ln -s b sym
ln -s loop loop
fails symlink-loop ELOOP cat loop

# links
printf linked >one
check link ln one two
equal link-count-first 2 "$(links one)"
equal link-count-second 2 "$(links two)"
equal link-same-inode "$(ino one)" "$(ino two)"
fails link-again EEXIST ln one two
fails link-directory EPERM call link d dd
rm one
equal link-count-after 1 "$(links two)"
equal link-data linked "$(cat two)"

# renames
check rename mv two three
check rename-gone absent two
printf old >over
check rename-over mv three over
equal rename-over-data linked "$(cat over)"
printf x >other
fails noreplace-refused EEXIST call rename-noreplace other over
check noreplace call rename-noreplace other fresh
check exchange call rename-exchange over fresh
equal exchange-first x "$(cat over)"
equal exchange-second linked "$(cat fresh)"
equal exchange-below x "$(cat "$low/over")"
fails exchange-absent ENOENT call rename-exchange over absent
mkdir full && : >full/x
fails rename-over-full ENOTEMPTY call rename d full
fails rename-file-over-directory EISDIR call rename fresh d
fails rename-directory-over-file ENOTDIR call rename d fresh
mkdir d/below
fails rename-into-itself EINVAL call rename d d/below/d
n=$(links .)
check rename-across mv d/below moved
equal rename-parent-count $((n + 1)) "$(links .)"
if call rename-whiteout fresh hidden 2>/dev/null; then
	equal whiteout-left 0:0 "$(stat -c %t:%T "$low/fresh")"
	equal whiteout-moved linked "$(cat hidden)"
	rm -f fresh
	mv hidden fresh
else
	skip whiteout "the server or the directory below has none"
fi

# files without a name
if call tmpfile . t 2>/dev/null; then
	check tmpfile-linked below t
	equal tmpfile-links 1 "$(links t)"
	equal tmpfile-data temporary "$(cat t)"
	before=$(find . | wc -l)
	check tmpfile-dropped call tmpfile-drop .
	equal tmpfile-leaves-nothing "$before" "$(find . | wc -l)"
else
	fails tmpfile-refused EOPNOTSUPP call tmpfile . t
fi

# removal
fails rmdir-full ENOTEMPTY rmdir full
fails rmdir-file ENOTDIR rmdir fresh
fails unlink-directory EISDIR call unlink full
fails unlink-absent ENOENT call unlink absent
exec 7<fresh
rm fresh
equal open-after-unlink linked "$(cat <&7)"
equal links-after-unlink 0 "$(stat -L -c %h /proc/self/fd/7)"
exec 7<&-
rm -r full
check removed absent full
mkdir gone && cd gone && rmdir ../gone
fails create-in-removed ENOENT call create x
cd ..

# who may: sticky directories and read-only ones
mkdir -m 1777 sticky && : >sticky/theirs && chown 1 sticky/theirs
fails sticky-unlink EPERM as 2 "$BIN/namecall" unlink sticky/theirs
check sticky-owner as 1 "$BIN/namecall" unlink sticky/theirs
mkdir -m 755 closed
fails closed-create EACCES as 2 "$BIN/namecall" create closed/x
mkdir -m 700 secret && : >secret/x
fails secret-lookup EACCES as 2 stat secret/x

# what others do below is seen when the server says so, at the latest
: >"$low/new-below"
check appears-below wait_for 10 test -e new-below
rm "$low/new-below"
check vanishes-below wait_for 10 test ! -e new-below

# long names
long=$(printf 'n%.0s' $(seq 255))
check name-255 touch "$long"
check name-255-there below "$long"
fails name-256 ENAMETOOLONG touch "${long}n"

cd /
check unmount umount "$m"
finish
