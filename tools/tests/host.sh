#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tools on this machine, through the kernel's own fuse, as root: what needs
# no module. `make -C tools test` runs it.
#
#   host.sh BUILD    where make put the programs

set -u
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
build=$(readlink -f "$1")
progs=$here/../../tests/guest/progs
work=$(mktemp -d)
passed=0 failed=0 skipped=0

if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
	echo "skip host: root and /dev/fuse are needed"
	exit 0
fi

cleanup() {
	umount "$work/m" 2>/dev/null
	umount "$work/fs" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

ok() { echo "ok $1"; passed=$((passed + 1)); }
not_ok() { echo "not ok $1: $2"; failed=$((failed + 1)); }
skip() { echo "skip $1: $2"; skipped=$((skipped + 1)); }

check() { # CASE CMD ...
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		printf '%s\n' "$out" | tail -n 5
		not_ok "$name" "$(printf '%s' "$out" | tail -n 1)"
	fi
}

equal() { # CASE WANT GOT
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', got '$3'"; fi
}

for p in fsdiff fstimes dirlist fsrace; do
	${CC:-cc} -O2 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread -o "$work/$p" "$progs/$p.c" || exit 1
done
mkdir "$work/fs" "$work/m"
mount -t tmpfs tmpfs "$work/fs" || exit 1
chmod 755 "$work"
mkdir "$work/fs/src" "$work/fs/local"
m=$work/m

serve() { "$build/fusept-loopback" -o "allow_other,$1" "$work/fs/src" "$m"; }
unserve() { "$build/umount.fusept" "$m"; }

# Wait for the server as well: it is not one that mount.fusept recorded.
gone() {
	for _ in $(seq 200); do
		pgrep -f "fusept-loopback.*$work" >/dev/null || return 0
		sleep 0.1
	done
	return 1
}

through=on
serve passthrough=on 2>/dev/null && sleep 0.3
mountpoint -q "$m" && stat "$m" >/dev/null 2>&1 || through=
umount "$m" 2>/dev/null
[ -n "$through" ] || skip passthrough "this kernel's fuse has none"

# O_TMPFILE comes with libfuse 3.17. This fuse keeps O_APPEND on backing files.
skips=setfl
[ "$(printf '%s\n' 3.17 "$("$build/fusept-loopback" -V | sed -n 's/.*libfuse //p')" | sort -V | head -n 1)" = 3.17 ] || skips=setfl,tmpfile

for o in passthrough=off ${through:+passthrough=on passthrough=on,clone_fd} \
	passthrough=off,cache=never passthrough=off,cache=always,readdirplus=on \
	passthrough=off,splice=off,readdirplus=off,acl=off; do
	rm -rf "$work"/fs/src/* "$work"/fs/local/*
	serve "$o" || { not_ok "mount-$o" "see above"; continue; }
	check "calls-$o" timeout 300 "$work/fsdiff" --skip $skips "$work/fs/local" "$m"
	rm -rf "${m:?}"/* "${work:?}"/fs/local/*
	check "times-$o" timeout 60 "$work/fstimes" "$work/fs/local" "$m"
	rm -rf "${m:?}"/* "${work:?}"/fs/local/*
	mkdir "$m/list" "$m/race"
	check "listing-$o" timeout 300 "$work/dirlist" --entries 3000 "$m/list"
	check "race-$o" timeout 60 "$work/fsrace" --seconds 3 "$m/race"
	check "umount-$o" unserve
	check "server-ends-$o" gone
done

# mount.fusept, built to mount the kernel's fuse.
make -s -C "$here/.." O="$work/alt" "$work/alt/mount.fusept" "$work/alt/umount.fusept" \
	CPPFLAGS='-DFUSEPT_TYPE=\"fuse\" -DFUSEPT_DEVICE=\"/dev/fuse\" -DFUSEPT_MODULE=\"fuse\"' || exit 1
helper=$work/alt/mount.fusept
export PATH=$build:$PATH
src=fusept-loopback#$work/fs/src
echo data >"$work/fs/src/file"
says() { local want=$1; shift; "$@" 2>&1 | grep -qF -- "$want"; }
status_of() { "$@" >/dev/null 2>&1; echo $?; }

check helper-mounts "$helper" "$src" "$m" -o rw,noatime,allow_other,cache=auto
equal helper-reads data "$(cat "$m/file")"
equal helper-flags "rw,noatime,user_id=0,group_id=0,default_permissions,allow_other" \
	"$(awk -v m="$m" '$2 == m { print $4 }' /proc/self/mounts)"
check helper-umount "$build/umount.fusept" "$m"
equal helper-umount-waits 0 "$(pgrep -rR,S,D -fc "fusept-loopback $work" || true)"
check type-names-server "$helper" "$work/fs/src" "$m" -t fuse.fusept-loopback
equal type-shown fuse.fusept-loopback "$(awk -v m="$m" '$2 == m { print $3 }' /proc/self/mounts)"
check type-umount "$build/umount.fusept" "$m"
equal no-server 1 "$(status_of "$helper" "none-such#x" "$m")"
check no-server-says says "in PATH" "$helper" "none-such#x" "$m"
equal no-source 32 "$(status_of "$helper" "fusept-loopback#$work/none" "$m")"
equal server-option 32 "$(status_of "$helper" "$src" "$m" -o nonsense)"
equal kernel-option 32 "$(status_of "$helper" "$src" "$m" -o max_read=x)"
equal server-leaves 32 "$(status_of "$helper" "true#x" "$m")"
equal refused-option 1 "$(status_of "$helper" "$src" "$m" -o rootmode=40000)"
equal one-argument 1 "$(status_of "$helper" "$src")"
nothing_there() { ! mountpoint -q "$m"; }
check nothing-mounted nothing_there
check fake "$helper" "$src" "$m" -f
check fake-mounts-nothing nothing_there
"$helper" "$src" "$m" -o foreground &
fg=$!
for _ in $(seq 50); do mountpoint -q "$m" && break; sleep 0.1; done
kill -TERM $fg
wait $fg
check foreground-ends-clean nothing_there

printf '#!/bin/sh\nexec fusept-loopback -f "$@"\n' >"$work/staying-server"
chmod 755 "$work/staying-server"
# Run through $(...): it must not wait for what the server may still say.
check background timeout 20 "$helper" "$work/staying-server#$work/fs/src" "$m" -o background
equal background-reads data "$(cat "$m/file")"
check background-umount "$build/umount.fusept" "$m"
check background-nothing-left nothing_there

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
