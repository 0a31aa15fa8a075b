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
	rm -f /usr/local/bin/fusept-host-test
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
# shellcheck disable=SC2046 # flags
${CC:-cc} -O2 -Wall -o "$work/probe" "$here/probe.c" "$build/libfusept.a" $(pkg-config --cflags --libs fuse3) -pthread \
	-DFUSE_USE_VERSION=314 || exit 1
mkdir "$work/fs" "$work/m"
mount -t tmpfs tmpfs "$work/fs" || exit 1
chmod 755 "$work"
mkdir "$work/fs/src" "$work/fs/local"
m=$work/m

check library-asks "$work/probe"

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
# An answer it is, what its errno may be.
# shellcheck disable=SC2046 # flags
${CC:-cc} -O2 -o "$work/refusing" "$progs/fuse_refusing.c" $(pkg-config --cflags --libs fuse3) || exit 1
for e in 5 103 107 111; do # EIO ECONNABORTED ENOTCONN ECONNREFUSED
	check "answer-$e" "$helper" "$work/refusing#$e" "$m" -o background
	check "answer-$e-umount" "$build/umount.fusept" "$m"
done
# It fails, and what it started keeps its standard error.
cat >"$work/failing-server" <<'SERVER'
#!/bin/bash
fd=${2##*/}
(exec {fd}>&-; exec sleep 30) &
echo no luck >&2
exit 3
SERVER
chmod 755 "$work/failing-server"
started=$SECONDS
check background-fails-says says "no luck" "$helper" "$work/failing-server#x" "$m" -o background
equal background-fails 32 "$(status_of "$helper" "$work/failing-server#x" "$m" -o background)"
check background-fails-soon test $((SECONDS - started)) -lt 15

# Longer than fsconfig(2) takes.
long=$work/fs/$(printf %0200d 1)/$(printf %0200d 2)
mkdir -p "$long"
echo long >"$long/file"
check long-source "$helper" "$long" "$m" -t fuse.fusept-loopback
equal long-source-reads long "$(cat "$m/file")"
equal long-source-shown "$long" "$(awk -v m="$m" '$2 == m { print $1 }' /proc/self/mounts)"
check long-source-umount "$build/umount.fusept" "$m"
equal long-source-fails 32 "$(status_of "$helper" "fusept-loopback#$long/none" "$m")"
check long-source-leaves-nothing nothing_there
check long-option-says says "context is longer than 255 bytes" "$helper" "$src" "$m" -o "context=$long"
unshare -m sleep 60 &
ns=$!
sleep 1
cp "$build/fusept-loopback" "$work/server"
by_relative() { (cd "$work" && "$helper" ./server#fs/src "$1" -N $ns -o fsname=x); }
in_ns() { nsenter -t $ns -m "$@"; }
check elsewhere by_relative "$m"
equal elsewhere-reads data "$(in_ns cat "$m/file")"
equal elsewhere-unknown-to-server "" "$(tr '\0' '\n' <"/proc/$(pgrep -f '^./server fs/src')/environ" | grep FUSEPT_MOUNTPOINT)"
check elsewhere-only nothing_there
check elsewhere-umount "$build/umount.fusept" "$m" -N $ns
check elsewhere-relative-says says "mount point m: in another namespace an absolute path" by_relative m
check elsewhere-umount-says says "mount point m: in another namespace an absolute path" "$build/umount.fusept" m -N $ns
check long-elsewhere-says says "source (fsname=) is longer than 255 bytes" "$helper" "fusept-loopback#$long" "$m" -N $ns
kill $ns

printf '#!/bin/sh\nexec fusept-loopback %s/fs/src "$1"\n' "$work" >"$work/sourceless"
chmod 755 "$work/sourceless"
sourceless() { PATH=$work:$PATH "$helper" '' "$m" -t fuse.sourceless; }
check empty-source sourceless
equal empty-source-shown sourceless "$(awk -v m="$m" '$2 == m { print $1 }' /proc/self/mounts)"
check empty-source-umount "$build/umount.fusept" "$m"

check ignored-child env --ignore-signal=CHLD "$helper" "$src" "$m"
check ignored-child-umount "$build/umount.fusept" "$m"

# As mount(8) starts it: without PATH, and with what else its caller has.
cat >/usr/local/bin/fusept-host-test <<SERVER
#!/bin/sh
env >$work/env
exec $build/fusept-loopback "\$@"
SERVER
chmod 755 /usr/local/bin/fusept-host-test
by_mount() { env -i "$@" "$helper" "$work/fs/src" "$m" -t fuse.fusept-host-test -o rw; }
check no-path by_mount
check no-path-umount "$build/umount.fusept" "$m"
check posix-option by_mount POSIXLY_CORRECT=1
check posix-umount env POSIXLY_CORRECT=1 "$build/umount.fusept" "$m" -v
rm /usr/local/bin/fusept-host-test
equal no-path-for-server 1 "$(grep -c '^PATH=.*/usr/local/bin:' "$work/env")"
equal no-home-for-server "$(getent passwd root | cut -d: -f6)" "$(sed -n 's/^HOME=//p' "$work/env")"

# What a server leaves behind beside its daemon, as sshfs does with ssh: known by
# its name, or by being without the device.
mkdir "$work/bin"
for s in leaving fusept-loopback; do
	cat >"$work/bin/$s" <<-SERVER
	#!/bin/bash
	fd=\${2##*/}
	([ $s = fusept-loopback ] || exec {fd}>&-; exec sleep 4 >/dev/null 2>&1 &)
	sleep 0.5 # until that is sleep by name
	exec $build/fusept-loopback "\$@"
	SERVER
	chmod 755 "$work/bin/$s"
	check "$s-mounts" "$helper" "$work/bin/$s#$work/fs/src" "$m"
	equal "$s-record" fusept-loopback "$(cat "/proc/$(cut -d ' ' -f 1 "/run/fusept/$(mountpoint -d "$m")")/comm")"
	check "$s-umount" "$build/umount.fusept" "$m"
done

"$helper" "$work/bin/leaving#$work/fs/src" "$m" -o foreground &
fg=$!
for _ in $(seq 50); do mountpoint -q "$m" && break; sleep 0.1; done
sleep 5
equal foreground-no-zombies "" "$(pgrep -r Z -P $fg)"
check foreground-umount umount "$m"
wait $fg

# fusept-run's library, by hand: without the module fusept-run starts nothing.
other=$(ldconfig -p | awk '/libfuse3.so/ { print $NF; exit }')
run() { LD_PRELOAD=$build/libfusept-run.so "$@"; }
env_of() { run sh -c "$1" sh "$other" | sed -n 's/^LD_PRELOAD=//p' | sed 's,[^ :]*/libfusept-run.so,OURS,g'; }
# shellcheck disable=SC2016 # of the inner shell
{
	equal script-preloads "OURS:$other" "$(env_of 'LD_PRELOAD=$1 exec env')"
	equal script-preloads-none OURS: "$(env_of 'LD_PRELOAD= exec env')"
	equal script-adds-preload "$other:OURS" "$(env_of 'LD_PRELOAD=$1:$LD_PRELOAD exec env')"
}
equal cleaned-preload OURS "$(env_of 'exec env -i /usr/bin/env')"
equal cleaned-path "$PATH" "$(run env -i /usr/bin/env | sed -n 's/^PATH=//p')"
equal given-path /nowhere "$(run env -i PATH=/nowhere /usr/bin/env | sed -n 's/^PATH=//p')"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
