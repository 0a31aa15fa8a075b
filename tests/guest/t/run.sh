#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fusept-run: a server's own command line ends up on fusept, whichever way its
# library asks for the kernel's fuse, as root and as a user in a namespace of
# his own; what it cannot lead there is refused with the reason. It fails when
# a mount goes to the kernel's fuse after all, a status or an environment is
# lost, a helper outlives its server, or a program is run that it has no hold on.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

# A build that is not installed keeps its files together.
[ ! -x /add/tools/fusept-run ] || PATH=/add/tools:$PATH
mkdir -p "$T/src" "$T/m"
chmod 755 "$T"
echo data >"$T/src/file"
m=$T/m
type_at() { awk -v m="$1" '$2 == m { print $3 }' /proc/self/mounts; }
nothing_left() { [ -z "$(type_at "$m")" ] && [ -z "$(servers)" ]; }
gone() { wait_for 10 nothing_left; }
status_of() { "$@" >/dev/null 2>&1; echo $?; }
# says CASE TEXT CMD ...: it fails, and says TEXT.
says() {
	local name=$1 want=$2 out
	shift 2
	out=$("$@" 2>&1) && out="it succeeded: $out"
	check "$name" grep -qF -- "$want" <<<"$out"
}

# As root, a server that daemonises.
check mounts within 20 fusept-run fusept-loopback -o allow_other "$T/src" "$m"
equal type fusept.fusept-loopback "$(type_at "$m")"
equal reads data "$(cat "$m/file")"
check writes cp "$m/file" "$m/copy"
equal written data "$(cat "$T/src/copy")"
check umount umount "$m"
check server-ends gone

# A source that is longer than fsconfig(2) takes, by our fusermount.
long=$T/$(printf %0200d 1)/$(printf %0200d 2)
mkdir -p "$long"
check long-source within 20 fusept-run fusept-loopback -o "auto_unmount,fsname=$long" "$T/src" "$m"
equal long-source-shown "$long fusept.fusept-loopback" "$(awk -v m="$m" '$2 == m { print $1, $3 }' /proc/self/mounts)"
umount "$m"
check long-source-ends gone

# In the foreground; its status is ours.
fusept-run fusept-loopback -f "$T/src" "$m" &
pid=$!
check foreground wait_for 10 mountpoint -q "$m"
equal foreground-type fusept.fusept-loopback "$(type_at "$m")"
umount "$m"
wait $pid
equal foreground-status 0 $?
fusept-run fusept-loopback -f "$T/none" "$m" 2>/dev/null
equal failure-status 1 $?
fusept-run sh -c 'exit 42'
equal status 42 $?
fusept-run sh -c 'kill -9 $$'
equal signal-status 137 $?

# A script, mount(8) included; fusermount3 on what it has mounted.
cat >"$T/script" <<SCRIPT
#!/bin/bash
mount -t fuse.fusept-loopback "$T/src" "$m" && cat "$m/file" && awk '\$2 == "$m" { print \$3 }' /proc/self/mounts
fusermount3 -u "$m"
SCRIPT
chmod 755 "$T/script"
if command -v mount.fuse3 >/dev/null; then
	equal script "data fusept.fusept-loopback" "$(within 20 fusept-run "$T/script" | xargs)"
	check script-unmounts gone
else
	skip script "no mount.fuse3"
fi

# auto_unmount goes through fusermount: who kills the server unmounts.
check auto-unmount within 20 fusept-run fusept-loopback -o auto_unmount "$T/src" "$m"
equal auto-unmount-type fusept.fusept-loopback "$(type_at "$m")"
equal auto-unmount-reads data "$(cat "$m/file")"
kill -9 "$(servers)"
check auto-unmount-gone gone
check auto-unmount-helper wait_for 10 sh -c '! pgrep -x fusept-fusermou'

# The helper in fusermount's place.
says helper-no-socket "is not set" fusept-run fusermount3 "$m"
says helper-no-dir "mount point is needed" fusept-run fusermount3 -o ro
says helper-fd-not-open "--comm-fd=77: not an open descriptor" fusept-run fusermount3 --comm-fd 77 --options ro "$m"
says helper-old-option "is not set" fusept-run fusermount3 -o large_read "$m"
says helper-quotation-mark "is not set" fusept-run fusermount3 -o 'fsname=a"b\,c,ro' "$m"
says helper-bad-option "unknown option 'nonsense'" fusept-run fusermount3 -o nonsense "$m"
says helper-posix "unknown option 'nonsense'" env POSIXLY_CORRECT=1 fusept-run fusermount3 "$m" -o nonsense
says helper-no-mount-point "fusermount3: failed to access mountpoint $T/none: No such file or directory" \
	env _FUSE_COMMFD=0 fusept-run fusermount3 "$T/none"
fails helper-not-mounted EINVAL fusept-run fusermount3 -u "$T/src"
equal helper-quiet "" "$(fusept-run fusermount3 -u -q "$T/src" 2>&1)"

# Every call, one by one.
modprobe -q fuse
cases within 60 fusept-run runcalls "$m"
equal verbose-says 1 "$(fusept-run -v fusept-loopback "$T/src" "$m" 2>&1 | grep -c "device /dev/fuse is /dev/fusept")"
umount "$m"
other=$(ldconfig -p | awk '/libfuse3.so/ { print $NF; exit }')
equal other-preloads "$other" "$(LD_PRELOAD=$other fusept-run sh -c 'echo "${LD_PRELOAD#*:}"')"
env_of() { fusept-run sh -c "$1" sh "$other" | sed -n 's/^LD_PRELOAD=//p' | sed 's,[^ :]*/libfusept-run.so,OURS,g'; }
equal script-preloads "OURS:$other" "$(env_of 'LD_PRELOAD=$1 exec env')"
equal script-preloads-none OURS: "$(env_of 'LD_PRELOAD= exec env')"
equal script-adds-preload "$other:OURS" "$(env_of 'LD_PRELOAD=$1:$LD_PRELOAD exec env')"

equal cleaned-environment 1 "$(fusept-run env -i /bin/sh -c 'echo $LD_PRELOAD' | grep -c libfusept-run.so)"
# By PATH a Go program finds our fusermount, not the set-user-ID one.
equal cleaned-path fusept-fusermount "$(basename "$(readlink -f "$(fusept-run env -i /bin/sh -c 'command -v fusermount3')")")"
equal given-path /nowhere "$(fusept-run env -i PATH=/nowhere /usr/bin/env | sed -n 's/^PATH=//p')"

# What cannot be led to fusept is refused.
refused() {
	local name=$1 want=$2 out status
	shift 2
	out=$(fusept-run "$@" 2>&1)
	status=$?
	equal "$name-status" 126 $status
	check "$name-says" grep -qF -- "$want" <<<"$out"
	check "$name-says-what-else" grep -qF replace_fuse=1 <<<"$out"
}
copy_of() { cp "$(command -v env)" "$T/$1"; }
refused static "ldconfig: it is linked statically" /usr/sbin/ldconfig -p
copy_of setuid
chown user2 "$T/setuid"
chmod 4755 "$T/setuid"
refused setuid "$T/setuid: it is set-user-ID" "$T/setuid"
copy_of foreign
printf '\1' | dd of="$T/foreign" bs=1 seek=4 conv=notrunc status=none
refused foreign "$T/foreign: it is built for another processor" "$T/foreign"
printf '#!%s\n' "$T/foreign" >"$T/foreign-script"
chmod 755 "$T/foreign-script"
refused script-of-those "$T/foreign: it is built for another processor" "$T/foreign-script"
equal forced 0 "$(fusept-run -f /usr/sbin/ldconfig -p >/dev/null; echo $?)"
# A Go program is led by the fusermount that it finds in PATH, and does not mount
# by itself. It is known by its note: here, the one of the build id made its.
at=$(readelf -SW "$(command -v env)" | sed -n 's/.*\.note\.gnu\.build-id *NOTE *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
copy_of go
printf '\4\0\0\0Go\0\0' | dd of="$T/go" bs=1 seek=$((0x$at + 8)) conv=notrunc status=none
by_itself=(rawmount -l "$m" fd=dev rootmode=40755 user_id=0 group_id=0)
equal go-may-not-mount error=EPERM "$(fusept-run "$T/go" "${by_itself[@]}" | grep error=)"
equal others-may-mount error=OK "$(fusept-run "${by_itself[@]}" | grep error=)"
equal go-forced-may-mount error=OK "$(fusept-run -f "$T/go" "${by_itself[@]}" | grep error=)"
equal go-finds-helper fusept-fusermount "$(basename "$(readlink -f "$(fusept-run "$T/go" sh -c 'command -v fusermount3')")")"
equal go-finds-old-name fusept-fusermount "$(basename "$(readlink -f "$(fusept-run "$T/go" sh -c 'command -v fusermount')")")"
equal go-sees-path "$PATH" "$(fusept-run "$T/go" sh -c 'echo "${PATH#*:}"')"
check go-mounts within 20 fusept-run "$T/go" fusept-loopback -o auto_unmount "$T/src" "$m"
equal go-type fusept.fusept-loopback "$(type_at "$m")"
umount "$m"
check go-server-ends gone
equal no-command 127 "$(status_of fusept-run no-such-command)"
equal not-executable 126 "$(status_of fusept-run "$T/src/file")"
equal no-arguments 125 "$(status_of fusept-run)"
equal bad-option 125 "$(status_of fusept-run --nonsense true)"

# A user, in namespaces of his own: nobody else sees the mount.
u=/tmp/run-user
mkdir -p $u/src $u/m
echo mine >$u/src/file
chown -R user1: $u
cat >$u/session <<'SCRIPT'
id -un
fusept-loopback /tmp/run-user/src /tmp/run-user/m && cat /tmp/run-user/m/file
awk '$2 == "/tmp/run-user/m" { print $3 }' /proc/self/mounts
echo more >/tmp/run-user/m/new
fusermount3 -u /tmp/run-user/m || echo busy
exit 3
SCRIPT
by_user() { as user1 env PATH="$PATH" "$@"; }
# A switch of Debian's own, which suites before 13 have off.
sysctl -q -w kernel.unprivileged_userns_clone=1 2>/dev/null
out=$(by_user fusept-run sh $u/session)
equal user-status 3 $?
equal user-session "user1 mine fusept.fusept-loopback" "$(xargs <<<"$out")"
equal user-writes more "$(cat $u/src/new)"
equal user-owns user1 "$(stat -c %U $u/src/new)"
equal user-mounts-stay-private "" "$(type_at $u/m)"
check user-server-ends gone
calls_by_user() { by_user fusept-run runcalls $u/m | sed -E 's/^(ok|not ok) /&user-/'; return "${PIPESTATUS[0]}"; }
cases calls_by_user
# Without namespaces to be had, that is said.
most=$(sysctl -n user.max_user_namespaces)
sysctl -q user.max_user_namespaces=0
says no-namespace "no user namespace to mount in" by_user fusept-run true
sysctl -q user.max_user_namespaces="$most"
rm -rf $u
finish
