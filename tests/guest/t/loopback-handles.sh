#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Handles of files on fusept-loopback -o export=N: good after the kernel forgot
# the inodes, for as many as asked for; ESTALE for what was removed, replaced or
# moved away, and for another server. Handles with a parent in them, as NFS takes
# under subtree_check, lead to the path again. It fails when a handle is lost or
# opens another file, when the parent in it is not found, or when descriptors of
# forgotten inodes are kept.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/src" "$T/m"
lower ext4 "$T/fs" 64M
mkdir -p "$T/fs/src/d/e" "$T/fs/away"
touch "$T"/fs/src/d/e/f{1..60}
ln -s nowhere "$T/fs/src/d/link"
mkfifo "$T/fs/src/d/pipe"

descriptors() { find "/proc/$(servers)/fd" -lname "$T/fs/*" | wc -l; }
few() { echo 2 >/proc/sys/vm/drop_caches; [ "$(descriptors)" -le 4 ]; }
forgotten() { wait_for 10 few; }
take() { find "$T/m" | fshandle take "$T/store" "$@"; }
path_of() { awk -v p="$1" '$1 == p { print $3 }' "$T/out"; }
open() { fshandle open "$T/m" "$T/store" >"$T/out"; }
how_many() { awk -v r="$1" '$2 == r' "$T/out" | wc -l; }
start() { loopback "$T/fs/src" "$T/m" "allow_other,passthrough=off,$1"; }

all=$(find "$T/fs/src" | wc -l)
start export=1000
check take take
check forgotten forgotten
open
equal found "$all" "$(how_many ok)"
equal way-up "$T/m/d/e" "$(path_of "$T/m/d/e")"
# Found by name meanwhile, it is what it was; replaced, it is not.
check forgotten-again forgotten
ls -l "$T/m/d/e" >"$T/list"
open
equal found-by-name "$all" "$(how_many ok)"
check forgotten-once-more forgotten
rm "$T/fs/src/d/e/f1" "$T/fs/src/d/e/f2"
touch "$T/fs/src/d/e/n1" "$T/fs/src/d/e/n2"
ls -l "$T/m/d/e" >"$T/list"
open
equal replaced "2 ESTALE" "$(grep -v ' ok ' "$T/out" | cut -d' ' -f2 | uniq -c | xargs)"
# A directory outside has no way up that is the server's to tell.
check forgotten-last forgotten
mv "$T/fs/src/d" "$T/fs/away/d"
open
equal moved-away ESTALE "$(awk -v p="$T/m/d/e" '$1 == p { print $2 }' "$T/out")"
mv "$T/fs/away/d" "$T/fs/src/d"

# With the parent.
if kernel_at_least 6.13; then
	check take-connectable take connectable
	check forgotten-connectable forgotten
	open
	equal connectable "$all" "$(how_many ok)"
	equal connectable-path "$T/m/d/e/f7" "$(path_of "$T/m/d/e/f7")"
fi
mkdir "$T/n"
export_subtree() { nfs_start && nfs_export "$T/m/d" 127.0.0.1 79 subtree_check; }
mount_subtree() { mount -t nfs -o vers=4.2,sec=sys,actimeo=0 "127.0.0.1:$T/m/d" "$T/n"; }
check subtree-export export_subtree
check subtree-mount mount_subtree
exec 9<"$T/n/e" # its handle is kept
equal subtree-lists "$(ls "$T/fs/src/d/e")" "$(ls "$T/n/e")"
coproc HOLD { exec fshandle hold "$T/n/e/f9"; }
holder=$HOLD_PID
read -r said <&"${HOLD[0]}"
equal subtree-held held "$said"
check forgotten-subtree forgotten
echo >&"${HOLD[1]}"
read -r said <&"${HOLD[0]}"
equal subtree-asked "$(stat -c %i "$T/fs/src/d/e/f9")" "$said"
kill "$holder"
wait_for 10 ended "$holder"
exec 9<&-
check subtree-umount umount "$T/n"
exportfs -u "127.0.0.1:$T/m/d"
nfs_stop
umount "$T/m"

# Another server: its ids are its own, though files and mount are the same.
start export=1000
ls -lR "$T/m" >"$T/list"
open
equal another-server 1 "$(how_many ok)"
umount "$T/m"

# Fewer than there are: those forgotten last.
start export=10
check take-many take
check forgotten-many forgotten
open
equal bounded 11 "$(how_many ok)" # and the root
umount "$T/m"
start export=0
check take-none take
check forgotten-none forgotten
open
equal none 1 "$(how_many ok)"
umount "$T/m"

refused() { ! out=$(fusept-loopback -o "$1" "$2" "$T/m" 2>&1) && [[ $out == *"option $1"* ]]; }
for o in export=many export=-1 export=1x; do check "refuses-$o" refused $o "$T/fs/src"; done
# /proc has no handles.
check refuses-source refused export=5 /proc
finish
