#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mount(8) and umount(8) for type fusept: the three ways to name a server, the
# split of options, whom the mount lets in, foreground and background, and that a
# server's failure is the mount's. It fails when mount.fusept gives an option to
# the wrong receiver, loses an error, leaves a dead mount or a server behind, or
# when umount returns while the server still holds the file system below.
# timeout: 600
# kernels: 6.1 7.3
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/src" "$T/m"
lower tmpfs "$T/src"
chmod 755 "$T" "$T/src"
echo data >"$T/src/file"
echo secret >"$T/src/secret"
chmod 600 "$T/src/secret"
m=$T/m
src=fusept-loopback#$T/src

on() { mount -t fusept "$@"; }
shown() { findmnt -no "$1" "$m"; }
nothing_left() { ! mountpoint -q "$m" && [ -z "$(servers)" ]; }
status_of() { "$@" >/dev/null 2>&1; echo $?; }
says() { local want=$1; shift; "$@" 2>&1 | grep -qF -- "$want"; }

# Plain, and what the mount table shows.
check mounts on "$src" "$m"
equal reads data "$(cat "$m/file")"
equal type fusept "$(shown FSTYPE)"
equal source "$src" "$(shown SOURCE)"
# After umount the server is gone, and what it exported is free at once.
free_at_once() { umount "$m" && umount "$T/src"; }
check umount-waits-for-the-server free_at_once
check nothing-left nothing_left
lower tmpfs "$T/src"
echo data >"$T/src/file"
echo secret >"$T/src/secret"
chmod 600 "$T/src/secret"
chmod 755 "$T/src"

# The server in the type.
check server-in-type mount -t fusept.fusept-loopback "$T/src" "$m"
equal subtype fusept.fusept-loopback "$(shown FSTYPE)"
equal subtype-source "$T/src" "$(shown SOURCE)"
check umount-subtype umount "$m"

# fstab; mount -a knows what is mounted.
cp /etc/fstab "$T/fstab"
echo "$src $m fusept defaults,allow_other,noatime,x-systemd.automount,nofail,_netdev 0 0" >>/etc/fstab
check from-fstab mount "$m"
all_once() { mount -a && [ "$(findmnt -no TARGET "$m" | wc -l)" = 1 ]; }
check mount-a-mounts-once all_once
equal fstab-noatime 1 "$(shown OPTIONS | grep -c noatime)"
check umount-fstab umount "$m"
cp "$T/fstab" /etc/fstab

# The server in fstab's type; each option to its receiver.
echo "$T/src $m fusept.fusept-loopback allow_other,ro,cache=always,timeout=7,x-systemd.idle-timeout=60,_netdev 0 0" >>/etc/fstab
check type-from-fstab mount "$m"
equal type-fstab-shown fusept.fusept-loopback "$(awk -v m="$m" '$2 == m { print $3 }' /proc/self/mounts)"
equal type-fstab-ro 1 "$(shown OPTIONS | tr , '\n' | grep -cx ro)"
equal type-fstab-server "$T/src -o cache=always,timeout=7,ro" \
	"$(tr '\0' ' ' <"/proc/$(servers)/cmdline" | sed 's,^[^ ]* ,,; s,/dev/fd/[0-9]* ,,; s, $,,')"
check type-fstab-once all_once
check umount-type-fstab umount "$m"
cp "$T/fstab" /etc/fstab
equal type-without-server 1 "$(status_of mount -t fusept.no-such-server "$T/src" "$m")"

# umount finds its helper by a type with one dot; of a server with another in its name
# the source says it, and the type nothing.
cp "$(command -v fusept-loopback)" "$T/server.py"
no_dot() { /usr/sbin/mount.fusept "$T/src" "$m" "$@"; }
equal dot-in-subtype 1 "$(status_of on -o subtype=server.py "$src" "$m")"
check dot-in-subtype-says says "option subtype=server.py: a subtype has no dot" on -o subtype=server.py "$src" "$m"
equal dot-in-type 1 "$(status_of no_dot -t "fusept.$T/server.py")"
check dot-in-type-says says "server.py: a server whose name has a dot is named in the source" no_dot -t "fusept.$T/server.py"
check dot-in-server on "$T/server.py#$T/src" "$m"
equal dot-in-server-shown fusept "$(shown FSTYPE)"
dot_waits() { umount "$m" && [ -z "$(servers)" ]; }
check dot-in-server-umount-waits dot_waits

# Flags.
check mount-ro on -o ro,nosuid,nodev,noexec,nosymfollow "$src" "$m"
for f in ro nosuid nodev noexec nosymfollow; do
	equal "flag-$f" 1 "$(shown OPTIONS | tr , '\n' | grep -cx $f)"
done
fails read-only EROFS touch "$m/new"
# Of the flags the server has to know this one: what is read-only it does not open to write.
server_options() { tr '\0' '\n' <"/proc/$(servers)/cmdline" | sed -n '/^-o$/ { n; p }'; }
equal ro-to-the-server ro "$(server_options)"
check remount-rw mount -o remount,rw "$m"
check writes-after-remount touch "$m/new"
check remount-ro mount -o remount,ro "$m"
fails read-only-again EROFS touch "$m/newer"
umount "$m"
check mount-ro-taken-back /usr/sbin/mount.fusept "$src" "$m" -o ro,rw
equal rw-nothing-to-the-server "" "$(server_options)"
umount "$m"

# Who may come in.
check owner-only on "$src" "$m"
fails others-stay-out EACCES as user1 cat "$m/file"
umount "$m"
check allow-other on -o allow_other "$src" "$m"
equal others-read data "$(as user1 cat "$m/file")"
fails modes-are-checked EACCES as user1 cat "$m/secret"
umount "$m"
# ACLs that the kernel checks bring the check of modes along.
check server-permissions on -o allow_other,server_permissions,acl=off "$src" "$m"
equal no-default-permissions 0 "$(shown OPTIONS | grep -c default_permissions)"
umount "$m"

# Who owns the mount has the rights of its server only where somebody says so.
# ACLs that the kernel checks would bring the check of modes along.
shown_of() { shown OPTIONS | tr , '\n' | grep -xE "$1" | sort | xargs; }
# lent FORMAT [OPTIONS]: user1's id so written.
lent() {
	local id
	# shellcheck disable=SC2059 # a format it is
	id=$(printf "$1" "$(id -u user1)")
	/usr/sbin/mount.fusept "$src" "$m" -o "acl=off,user_id=$id,group_id=$(id -g user1)${2:-}"
}
for f in %d 0x%x; do
	check "lent-${f//%/}" lent $f
	equal "lent-${f//%/}-reads" data "$(as user1 cat "$m/file")"
	fails "lent-${f//%/}-modes-are-checked" EACCES as user1 cat "$m/secret"
	equal "lent-${f//%/}-protects" "nodev nosuid" "$(shown_of 'nosuid|nodev')"
	umount "$m"
done
check lent-overridden lent %d ,server_permissions,suid,dev
equal lent-overridden-reads secret "$(as user1 cat "$m/secret")"
equal lent-overridden-protects "" "$(shown_of 'nosuid|nodev')"
umount "$m"
check not-lent on -o user_id=0,group_id=0,acl=off "$src" "$m"
equal not-lent-as-ever "" "$(shown_of 'nosuid|nodev|default_permissions')"
umount "$m"

# A server that is another user.
chown -R user1 "$T/src"
check setuid on -o setuid=user1 "$src" "$m"
equal setuid-runs-as user1 "$(stat -c %U "/proc/$(servers)")"
equal setuid-owner-reads data "$(as user1 cat "$m/file")"
equal setuid-nosuid 1 "$(shown OPTIONS | tr , '\n' | grep -cx nosuid)"
umount "$m"

# A server without rights, as its user and as root; and nothing it starts has any.
rights() { sed -nE 's/^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs):\s*0*([0-9a-f])$/\2/p' "/proc/$(servers)/status" | xargs; }
check rights-dropped on -o setuid=user1,drop_privileges "$src" "$m"
equal rights-dropped-none "0 0 0 0 0 1" "$(rights)"
equal rights-dropped-user user1 "$(stat -c %U "/proc/$(servers)")"
equal rights-dropped-reads data "$(as user1 cat "$m/file")"
umount "$m"
check rights-of-root-dropped on -o drop_privileges,nousers "$src" "$m"
equal rights-of-root-none "0 0 0 0 0 1" "$(rights)"
equal rights-of-root-protects 2 "$(shown OPTIONS | tr , '\n' | grep -cxE 'nosuid|nodev')"
umount "$m"

# A remount names all flags anew, those of fstab only: what protects from such a
# server stays, and so does what else nobody spoke of. "suid" is somebody's word.
has() { shown VFS-OPTIONS | tr , '\n' | grep -Fx "$@" | sort | xargs; }
protects() { has -e nosuid -e nodev -e noexec -e noatime -e nodiratime; }
echo "$src $m fusept allow_other,setuid=user1 0 0" >>/etc/fstab
check remount-fstab-mounts mount "$m"
check remount-fstab-ro mount -o remount,ro "$m"
equal remount-fstab-is-ro ro "$(has ro)"
equal remount-fstab-protects "nodev nosuid" "$(protects)"
check remount-fstab-rw mount -o remount,rw "$m"
equal remount-fstab-rw-protects "nodev nosuid" "$(protects)"
cp "$T/fstab" /etc/fstab
umount "$m"
helper() { /usr/sbin/mount.fusept "$src" "$m" -o "$@"; }
check remount-mounts helper setuid=user1,noexec,noatime,nodiratime
check remount-bare helper remount,ro
equal remount-bare-keeps "noatime nodev nodiratime noexec nosuid" "$(protects)"
check remount-exec helper remount,exec,atime
equal remount-exec-only "nodev nodiratime nosuid" "$(protects)"
equal remount-atime relatime "$(has relatime)"
equal remount-stays-ro ro "$(has ro)"
check remount-suid helper remount,suid
equal remount-suid-only "nodev nodiratime" "$(protects)"
check remount-setuid helper remount,setuid=user1,strictatime
equal remount-setuid-protects "nodev nodiratime nosuid" "$(protects)"
equal remount-strictatime "" "$(has -e relatime -e noatime)"
check remount-keeps-strictatime helper remount,noexec
equal remount-kept-strictatime "" "$(has -e relatime -e noatime)"
ln -s "$m" "$T/link"
check remount-by-link /usr/sbin/mount.fusept "$src" "$T/link" -o remount,rw,dev
equal remount-by-link-done "nodiratime noexec nosuid" "$(protects)"
equal remount-fake 0 "$(status_of /usr/sbin/mount.fusept -f "$src" "$m" -o remount,ro)"
equal remount-fake-does-nothing "" "$(has ro)"
umount "$m"
equal remount-of-nothing 32 "$(status_of helper remount,ro)"

# umount -r of a busy mount takes away writing, nothing else. By the helper itself:
# the umount of Debian 12 does nothing for -r.
helper allow_other,setuid=user1,noexec,noatime
exec 7<"$m"
check umount-readonly /usr/sbin/umount.fusept -r "$m"
equal umount-readonly-is-ro ro "$(has ro)"
equal umount-readonly-keeps "noatime nodev noexec nosuid" "$(protects)"
exec 7<&-
umount "$m"
equal unknown-user 1 "$(status_of on -o setuid=nobody-such "$src" "$m")"
chown -R root "$T/src"

# Failures are mount's, say why, and leave nothing.
equal no-such-server 1 "$(status_of on "no-such-server#$T/src" "$m")"
check no-such-server-says says "no-such-server: No such file or directory in PATH" on "no-such-server#$T/src" "$m"
equal no-such-source 32 "$(status_of on "fusept-loopback#$T/none" "$m")"
check no-such-source-says says "$T/none: No such file or directory" on "fusept-loopback#$T/none" "$m"
equal no-such-option 32 "$(status_of on -o nonsense=1 "$src" "$m")"
check no-such-option-says says nonsense on -o nonsense=1 "$src" "$m"
equal bad-kernel-option 32 "$(status_of on -o max_read=many "$src" "$m")"
check bad-kernel-option-says says max_read on -o max_read=many "$src" "$m"
equal server-that-fails 32 "$(status_of on "false#x" "$m")"
equal server-that-leaves 32 "$(status_of on "true#x" "$m")"
equal refused-option 1 "$(status_of on -o fd=3 "$src" "$m")"
equal no-server-named 1 "$(status_of on "#$T/src" "$m")"
equal inside-itself 32 "$(status_of on "fusept-loopback#$T" "$m")"
check failures-leave-nothing nothing_left

# -f mounts nothing.
check fake on -f "$src" "$m"
check fake-leaves-nothing nothing_left
equal fake-no-server 1 "$(status_of on -f "no-such-server#$T/src" "$m")"
touch "$T/not-to-be-run"
equal fake-server-not-to-be-run 1 "$(status_of on -f "$T/not-to-be-run#$T/src" "$m")"
equal fake-no-user 1 "$(status_of on -f -o setuid=nobody-such "$src" "$m")"

# Who wants programs to be strict about their command line.
check posix-mounts env POSIXLY_CORRECT=1 mount -t fusept -o ro "$src" "$m"
equal posix-ro ro "$(shown OPTIONS | tr , '\n' | grep -x ro)"
check posix-umount env POSIXLY_CORRECT=1 /usr/sbin/umount.fusept "$m" -v

# Who is not told of its children's end; mount(8) cannot do without that.
check ignored-child env --ignore-signal=CHLD /usr/sbin/mount.fusept "$src" "$m"
umount "$m"

# A server by its name, wherever programs are; mount(8) keeps PATH and HOME back.
for dir in /usr/local/sbin /usr/local/bin /usr/sbin; do
	printf '#!/bin/sh\nenv >%s/env\nexec fusept-loopback "$@"\n' "$T" >$dir/server-in-path
	chmod 755 $dir/server-in-path
	check "server-in${dir//\//-}" env -u HOME mount -t fusept.server-in-path "$T/src" "$m"
	umount "$m"
	rm $dir/server-in-path
done
equal server-gets-path 1 "$(grep -c '^PATH=.*/usr/local/bin:' "$T/env")"
equal server-gets-home "$(getent passwd root | cut -d: -f6)" "$(sed -n 's/^HOME=//p' "$T/env")"

# A server that has no source.
printf '#!/bin/sh\nexec fusept-loopback %s/src "$1"\n' "$T" >"$T/sourceless"
chmod 755 "$T/sourceless"
check empty-source env PATH="$T:$PATH" /usr/sbin/mount.fusept '' "$m" -t fusept.sourceless
equal empty-source-shown "sourceless fusept.sourceless" "$(awk -v m="$m" '$2 == m { print $1, $3 }' /proc/self/mounts)"
umount "$m"

# Names with spaces and commas.
mkdir -p "$T/odd, name"
echo odd >"$T/odd, name/file"
check odd-source on -o allow_other "fusept-loopback#$T/odd, name" "$m"
equal odd-reads odd "$(cat "$m/file")"
umount "$m"
# Longer than fsconfig(2) takes; to another namespace there is no way but that.
long=$T/$(printf %0200d 1)/$(printf %0200d 2)
mkdir -p "$long"
echo long >"$long/file"
check long-source mount -t fusept.fusept-loopback "$long" "$m"
equal long-reads long "$(cat "$m/file")"
equal long-shown "$long" "$(awk -v m="$m" '$2 == m { print $1 }' /proc/self/mounts)"
check long-umount umount "$m"
equal long-fails 32 "$(status_of on "fusept-loopback#$long/none" "$m")"
check long-fails-leaves-nothing nothing_left
# It is visible from the start, and gone with a mount.fusept that does not get further.
printf '#!/bin/sh\nexec sleep 60\n' >"$T/waiting"
chmod 755 "$T/waiting"
visible() { grep -qF " $m fusept " /proc/self/mounts; }
invisible() { ! visible; }
for sig in INT TERM HUP; do
	# a shell has SIGINT ignored for what it puts behind
	env --default-signal=INT /usr/sbin/mount.fusept "$T/waiting#$long" "$m" &
	check "long-$sig-visible" wait_for 10 visible
	kill -s $sig $!
	wait $!
	status=$?
	equal "long-$sig-ends" $((128 + $(kill -l $sig))) $status
	check "long-$sig-leaves-nothing" invisible
	kill "$(servers)"
	umount -l "$m" 2>/dev/null
done
no_descriptors() { (ulimit -n 7; exec /usr/sbin/mount.fusept "fusept-loopback#$long" "$m" -o background); }
check long-dies-says says "pipe: Too many open files" no_descriptors
check long-dies-leaves-nothing invisible
# mount(8) drops this one where there is no SELinux.
check long-option-says says "context is longer than 255 bytes" helper "context=$long"
check quoted-option on -o 'fsname="a,b"' "$src" "$m"
equal quoted-fsname a,b "$(shown SOURCE)"
umount "$m"

# Foreground: mount stays until the unmount, or until the server ends.
mount -t fusept -o foreground "$src" "$m" &
fg=$!
check foreground-mounts wait_for 10 mountpoint -q "$m"
check foreground-stays kill -0 $fg
umount "$m"
wait $fg
equal foreground-ends 0 $?
mount -t fusept -o foreground "$src" "$m" &
fg=$!
wait_for 10 mountpoint -q "$m"
kill -TERM "$(servers)"
wait $fg
check foreground-takes-the-mount-away wait_for 5 nothing_left
# The same by a link to the mount point.
ln -sfn "$m" "$T/link"
/usr/sbin/mount.fusept "$src" "$T/link" -o foreground &
fg=$!
wait_for 10 mountpoint -q "$m"
kill -TERM "$(servers)"
wait $fg
check foreground-takes-the-linked-away wait_for 5 nothing_left
check linked-mounts /usr/sbin/mount.fusept "$src" "$T/link"
equal linked-is-recorded "$(servers)" "$(cut -d ' ' -f 1 "/run/fusept/$(mountpoint -d "$m")")"
umount "$m"

# A server that never goes into the background by itself.
printf '#!/bin/sh\nexec fusept-loopback -f "$@"\n' >"$T/staying-server"
chmod 755 "$T/staying-server"
check background within 10 mount -t fusept -o background "$T/staying-server#$T/src" "$m"
equal background-reads data "$(cat "$m/file")"
check background-umount umount "$m"
check background-nothing-left nothing_left
# An answer it is, what its errno may be.
for e in 5 103 107 111; do # EIO ECONNABORTED ENOTCONN ECONNREFUSED
	check "answer-$e" mount -t fusept -o background "$BIN/fuse_refusing#$e" "$m"
	check "answer-$e-umount" umount "$m"
done
# It fails, and what it started keeps its standard error.
cat >"$T/failing-server" <<'SERVER'
#!/bin/bash
fd=${2##*/}
(exec {fd}>&-; exec sleep 30) &
echo no luck >&2
exit 3
SERVER
chmod 755 "$T/failing-server"
check background-fails-says says "no luck" within 20 mount -t fusept -o background "$T/failing-server#x" "$m"
equal background-fails 32 "$(status_of on -o background "$T/failing-server#x" "$m")"
check background-fails-leaves-nothing wait_for 5 nothing_left

# What a server leaves behind beside its daemon, as sshfs does with ssh: known by
# its name, or by being without the device.
mkdir "$T/bin"
for s in leaving fusept-loopback; do
	cat >"$T/bin/$s" <<-SERVER
	#!/bin/bash
	fd=\${2##*/}
	([ $s = fusept-loopback ] || exec {fd}>&-; exec sleep 4 >/dev/null 2>&1 &)
	sleep 0.5 # until that is sleep by name
	exec fusept-loopback "\$@"
	SERVER
	chmod 755 "$T/bin/$s"
	check "$s-mounts" on "$T/bin/$s#$T/src" "$m"
	equal "$s-recorded" fusept-loopback "$(cat "/proc/$(cut -d ' ' -f 1 "/run/fusept/$(mountpoint -d "$m")")/comm")"
	check "$s-umount" umount "$m"
	check "$s-nothing-left" wait_for 10 nothing_left
done

mount -t fusept -o foreground "$T/bin/leaving#$T/src" "$m" &
wait_for 10 mountpoint -q "$m"
helper=$(pgrep -x mount.fusept)
check foreground-helper test -n "$helper"
sleep 5
equal foreground-no-zombies "" "$(pgrep -r Z -P "${helper:-$$}")"
umount "$m"
wait

# Another mount namespace.
unshare -m sleep 60 &
ns=$!
wait_for 10 grep -qx sleep /proc/$ns/comm
check other-namespace mount -N $ns -t fusept "$src" "$m"
equal other-namespace-reads data "$(nsenter -t $ns -m cat "$m/file")"
fails not-in-ours ENOENT cat "$m/file"
# Server and source are ours, so relative to where we are; the mount point is not.
install -D "$(command -v fusept-loopback)" "$T/here/server"
by_relative() { (cd "$T" && /usr/sbin/mount.fusept here/server#src "$1" -N $ns); }
check other-namespace-unmounts umount -N $ns "$m"
check other-namespace-relative by_relative "$m"
equal other-namespace-relative-reads data "$(nsenter -t $ns -m cat "$m/file")"
equal other-namespace-place-unknown 0 "$(tr '\0' '\n' <"/proc/$(servers)/environ" | grep -c FUSEPT_MOUNTPOINT)"
for c in "by_relative m" "/usr/sbin/umount.fusept m -N $ns"; do
	# shellcheck disable=SC2086 # words
	check "other-namespace-says-$(basename "${c%% *}")" says "mount point m: in another namespace an absolute path is needed" $c
done
check long-elsewhere-says says "source (fsname=) is longer than 255 bytes" /usr/sbin/mount.fusept "fusept-loopback#$long" "$m" -N $ns
check other-namespace-umount umount -N $ns "$m"
kill $ns

# A container: its /proc does not know us, and its /run is not to be believed.
mkdir -p "$T/run"
unshare -m -p -f --mount-proc sh -c 'mount -t tmpfs run /run && ln -s "$1" /run/fusept && exec sleep 120' - "$T/run" &
unshared=$!
container() { grep -qx sleep "/proc/$(pgrep -P $unshared)/comm"; }
check container wait_for 10 container
ns=$(pgrep -P $unshared)
inside() { nsenter -t "$ns" -m "$@"; }
inside_device() { awk -v m="$m" '$5 == m { print $3 }' "/proc/$ns/mountinfo"; }
into() { /usr/sbin/mount.fusept "$src" "$m" -N "$ns" "$@"; }
check container-mounts into
equal container-reads data "$(inside cat "$m/file")"
equal container-recorded "$(servers)" "$(cut -d ' ' -f 1 "/run/fusept/$(inside_device)")"
equal container-has-no-record "" "$(ls -A "$T/run")"
check container-remounts into -o remount,ro
equal container-remounted ro "$(awk -v m="$m" '$5 == m { print $6 }' "/proc/$ns/mountinfo" | tr , '\n' | grep -x ro)"
umount_waits() { /usr/sbin/umount.fusept "$m" -N "$ns" && [ -z "$(servers)" ]; }
check container-umount-waits umount_waits
into -o foreground &
fg=$!
container_mounted() { [ -n "$(inside_device)" ]; }
container_free() { ! container_mounted; }
check container-foreground wait_for 10 container_mounted
kill -TERM "$(servers)"
wait $fg
check container-foreground-takes-the-mount-away wait_for 5 container_free
kill "$ns"
wait $unshared

# A server that is killed: calls fail, umount works.
on "$src" "$m"
kill -9 "$(servers)"
fails after-kill ENOTCONN ls "$m"
check umount-after-kill umount "$m"

# A bind of the mount keeps the server; umount of the other does not wait for it.
mkdir -p "$T/bind"
on "$src" "$m"
mount --bind "$m" "$T/bind"
check umount-first within 10 umount "$m"
equal bind-reads data "$(cat "$T/bind/file")"
check umount-last umount "$T/bind"
check all-gone nothing_left

# An ordinary user has no business here, and is told so.
as user1 mkdir -p /tmp/user-mnt
fails user-cannot EPERM as user1 /usr/sbin/mount.fusept "$src" /tmp/user-mnt
rmdir /tmp/user-mnt
finish
