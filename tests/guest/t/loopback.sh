#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A directory served by fusept-loopback is the directory: random calls of several
# users, times, long listings and racing threads give what they give on the file
# system below, with every data path and on several file systems. It fails when
# any result, attribute, byte or errno differs, or when the server keeps
# descriptors of what the kernel has forgotten.
# timeout: 900
. "$FUSEPT_TESTS/lib.sh"

# random calls of a case, and entries of a directory; suite-loopback.sh has more
calls=${CALLS:-600}
entries=${ENTRIES:-2500}

same() { # CASE FILESYSTEM OPTIONS [CALLS]
	local dir=$T/$1 skip=none seed=$((RANDOM * 32768 + RANDOM))
	mkdir -p "$dir"
	check "$1-lower" lower "$2" "$dir" || return
	mkdir "$dir/src" "$dir/local" "$dir/m"
	tmpfile_works || skip=tmpfile
	check "$1-mounts" loopback "$dir/src" "$dir/m" "allow_other,$3" || return
	check "$1-calls" within $((300 + calls / 10)) fsdiff --seed $seed --ops "${4:-$calls}" --skip $skip "$dir/local" "$dir/m"
	rm -rf "$dir"/m/* "$dir"/local/*
	check "$1-times" within 60 fstimes "$dir/local" "$dir/m"
	check "$1-unmounts" umount "$dir/m"
	check "$1-lower-unmounts" wait_for 10 umount "$dir"
}

# libfuse before 3.17 does not know O_TMPFILE.
tmpfile_works() { [ "$(printf '%s\n' 3.17 "$(fusept-loopback -V | sed -n 's/.*libfuse //p')" | sort -V | head -n 1)" = 3.17 ]; }

same served tmpfs passthrough=off
same through tmpfs passthrough=on $((calls * 3))
same bound tmpfs passthrough=on,bound=on
same through-clones tmpfs passthrough=on,clone_fd,kernel=none
same direct tmpfs passthrough=off,cache=never
same writeback tmpfs writeback=on
same always tmpfs passthrough=off,cache=always,readdirplus=on
same through-ext4 ext4 passthrough=on
same served-ext4 ext4 passthrough=off,splice=off,readdirplus=off
# Over a stacked file system: its inode numbers are not persistent everywhere.
same through-overlay overlay passthrough=on

lower tmpfs "$T/src"
mkdir "$T/src/list" "$T/src/race" "$T/m"
for path in off on; do
	loopback "$T/src" "$T/m" "allow_other,passthrough=$path"
	check listing-$path within 400 dirlist --entries "$entries" "$T/m/list"
	check race-$path within 60 fsrace --seconds 5 "$T/m/race"
	descriptors() { find "/proc/$(servers)/fd" -lname "$T/src/*" | wc -l; }
	few() { echo 2 >/proc/sys/vm/drop_caches; [ "$(descriptors)" -le 4 ]; }
	check no-descriptors-left-$path wait_for 10 few
	umount "$T/m"
done

# No way out of the source.
mkdir "$T/src/in"
echo outside >"$T/outside"
ln -s "$T/outside" "$T/src/in/absolute"
ln -s ../../outside "$T/src/in/relative"
loopback "$T/src" "$T/m" allow_other
equal links-are-the-callers "$T/outside" "$(readlink "$T/m/in/absolute")"
equal dot-dot-stays-in "$(stat -c %d:%i "$T/m")" "$(stat -c %d:%i "$T/m/in/..")"
umount "$T/m"

# What cannot pass through is served with auto, and refused with on.
lower overlay "$T/over"
mkdir -p "$T/over/src"
echo stacked >"$T/over/src/file"
loopback "$T/over/src" "$T/m" allow_other,stack_depth=1,passthrough=auto
equal fallback-reads stacked "$(cat "$T/m/file")"
fallback_writes() { echo more >>"$T/m/file" && [ "$(cat "$T/over/src/file")" = "$(printf 'stacked\nmore')" ]; }
check fallback-writes fallback_writes
umount "$T/m"
loopback "$T/over/src" "$T/m" allow_other,stack_depth=1,passthrough=on
fails on-refuses ELOOP cat "$T/m/file"
fails on-refuses-to-create ELOOP dd if=/dev/null "of=$T/m/new" status=none
check on-refused-makes-nothing [ ! -e "$T/over/src/new" ]
fails on-refuses-to-truncate ELOOP dd if=/dev/null "of=$T/m/file" status=none
fails on-refuses-to-truncate-unwritten ELOOP perl -e 'use Fcntl; sysopen(my $f, $ARGV[0], O_RDONLY | O_TRUNC) or die $!' "$T/m/file"
equal refused-is-untouched "stacked more" "$(xargs <"$T/over/src/file")"
umount "$T/m"
# What passes through at such a depth takes nothing on top; what is served does.
stacks() { mount -t overlay -o "lowerdir=$T/m:$T/src" overlay "$T/top" && umount "$T/top"; }
stacks_not() { ! stacks; }
mkdir "$T/top"
loopback "$T/over/src" "$T/m" allow_other,passthrough=on
check through-takes-nothing-on-top stacks_not
umount "$T/m"
loopback "$T/over/src" "$T/m" allow_other,passthrough=off
check served-takes-overlayfs-on-top stacks
umount "$T/m"
# By itself it sees that the source is stacked.
loopback "$T/over/src" "$T/m" allow_other,passthrough=on
check stacked-source grep -q stacked "$T/m/file"
umount "$T/m"

# A file that is open to be read has no writer below, which would keep it from
# running there; nor with the kernel's own fuse.
runs_below() { "$T/src/prog" 3<"$T/m/prog"; }
cp "$(type -P true)" "$T/src/prog"
loopback "$T/src" "$T/m" allow_other,passthrough=on
check runs-below runs_below
umount "$T/m"
if kernel_at_least 6.9; then
	kernel_loopback "$T/src" "$T/m" allow_other,passthrough=on
	check runs-below-fuse runs_below
	umount "$T/m"
fi

# Collected writes are read for, by handles that were opened to write only.
if tmpfile_works; then
	kernel_loopback "$T/src" "$T/m" allow_other,writeback=on
	check writeback-tmpfile namecall tmpfile-w "$T/m"
	umount "$T/m"
else
	skip writeback-tmpfile "this libfuse does not know O_TMPFILE"
fi

# Who may not read trusted.* does not see the names, as below.
mkdir "$T/ext4"
touch "$T/ext4/file"
for n in user.a trusted.a trusted.b user.b; do setfattr -n $n -v 1 "$T/ext4/file"; done
names() { "${@:2}" getfattr -m - --absolute-names "$T/$1/file" | grep -v '^#' | sort | xargs; }
admin() { setpriv --reuid user1 --inh-caps=+sys_admin --ambient-caps=+sys_admin "$@"; }
elsewhere() { as user1 unshare -Ur "$@"; }
chmod 755 "$T"
sysctl -q -w kernel.unprivileged_userns_clone=1 2>/dev/null
loopback "$T/ext4" "$T/m" allow_other,passthrough=off
for who in env "as user1" admin elsewhere; do
	# shellcheck disable=SC2086
	equal "names-as-${who// /-}" "$(names ext4 $who)" "$(names m $who)"
done
equal names-hidden "user.a user.b" "$(names m as user1)"
equal names-shown "trusted.a trusted.b user.a user.b" "$(names m admin)"
umount "$T/m"

# Bad options are refused with their name.
for o in passthrough=maybe cache=some timeout=soon xattr=auto stack_depth=3 kernel=fsync+sync; do
	refused() { ! out=$(fusept-loopback -o "$o" "$T/src" "$T/m" 2>&1) && [[ $out == *"option $o"* ]]; }
	check "refuses-$o" refused
done
finish
