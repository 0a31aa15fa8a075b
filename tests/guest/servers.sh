# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Other people's servers on fusept, each step compared with the same on the
# kernel's own fuse. A test t/server-NAME.sh begins with:
#
#	. "$FUSEPT_TESTS/servers.sh"
#	program=NAME		the server, in PATH, and in package=NAME
#	source=... options=...	for mount -t fusept.NAME
#	own=(...)		its own command line, without the mount point
#	prepare() { ... }	makes what it needs in the empty folder $W; what it
#				shows lies in the empty folder $W/back
# and, where it needs them:
#	ways="run replace"	those of the ways below that the server has (all but user)
#	kept() { ... }		after the unmount: prints what the back end holds
#	patience=SECONDS	it may take to end after the unmount (20)
# and ends with: compare; finish
#
# environment: FILES   files in the tree that is copied (2000)
#              SKIP    steps to leave out
#              WAYS    of these, those that this server and kernel have; by
#                      default replace where it is to be had, else the first:
#	type	mount -t fusept.NAME, servers on libfuse 3
#	run	fusept-run and the server's own command line
#	replace	that command line, with replace_fuse=1, where the kernel's fuse is
#		a module
#	user	fusept-run by a user without rights, against the kernel's own fuse in
#		a user namespace that is made by hand
#
# A case for each way: "WAY, NAME VERSION, LIBRARY, N files". It passes when every step
# had the same outcome as on the kernel's own fuse.
. "$FUSEPT_TESTS/lib.sh"
[ ! -x /add/tools/fusept-run ] || PATH=/add/tools:$PATH # not installed

FILES=${FILES:-2000}
replaceable() { modinfo -p fuse_pt 2>/dev/null | grep -q '^replace_fuse:' && [ "$(modinfo -n fuse)" != "(builtin)" ]; }
one_way=${WAYS:+no}
WAYS=${WAYS:-$(replaceable && echo replace || echo type run)}
W=$T/server
rm -rf "$W"
mkdir -p "$W"
chmod 755 "$T" "$W"
program='' source='' options='' own=()
ways='type run replace' patience=20
prepare() { :; }
kept() { :; }

type_at() { awk -v m="$1" '$2 == m { print $3 }' /proc/self/mounts; }

# make_tree DIR: folders of files of many sizes, links, modes, times.
make_tree() {
	local i text dirs=() LC_ALL=C
	for ((i = 0; i < FILES && i < 7 * 31; i++)); do
		dirs+=("$1/$((i % 7))/$((i % 31))")
	done
	mkdir -p "${dirs[@]}"
	# No program for each file: an emulated processor starts few in a second.
	text=$(base64 -w 76 "$FUSEPT_TESTS/bin/fsdiff" | head -c 9000)
	for ((i = 0; i < FILES; i++)); do
		printf '%s' "${text:i % 70:i * 37 % 8900}" >"$1/$((i % 7))/$((i % 31))/file $i"
	done
	head -c 1500000 "$(readlink -f "$BASH")" >"$1/large"
	ln -s large "$1/to-large"
	ln -s nowhere "$1/to-nothing"
	chmod 640 "$1/0/0/"*
	chmod 755 "$1/large"
	find "$1" -exec touch -h -d '2001-02-03 04:05:06' {} +
}

# What a name is, but for what differs from one file system to the next.
described() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %l' \( -type f -printf ' %s %TY%Tm%Td%TH%TM%TS\n' -o -printf '\n' \) | sort); }

# The steps: each prints what is worth comparing. Some servers cannot do some
# of it; then the words of the error are the outcome.
step_copy_in() { cp -a "$W/tree" "$1/in"; }
step_compare() { diff -r --no-dereference "$W/tree" "$1/in"; }
step_describe() { diff <(described "$W/tree") <(described "$1/in"); }
step_copy_out() { cp -a "$1/in" "$W/out" && diff -r --no-dereference "$W/tree" "$W/out"; }
step_find() { find "$1/in" -name 'file *' | wc -l; }
# Without the marks of deleted files that layers keep.
step_back() { diff -r --no-dereference -x '.wh.*' "$W/tree" "$W/back/in"; }
step_rename() { mv "$1/in/0" "$1/in/moved" && test -d "$1/in/moved/0" && test ! -e "$1/in/0" && mv "$1/in/moved" "$1/in/0"; }
step_rename_over() { echo new >"$1/new" && cp "$1/new" "$1/old" && echo newer >"$1/new" && mv "$1/new" "$1/old" && cat "$1/old"; }
step_append() { for i in 1 2 3; do echo "line $i" >>"$1/log" || return; done; cat "$1/log"; }
step_truncate() { truncate -s 5000 "$1/log" && stat -c %s "$1/log" && truncate -s 6 "$1/log" && cat "$1/log"; }
# libfuse keeps such a file under a name with numbers of its own.
step_unlink_open() {
	exec 5>"$1/doomed" 6<"$1/doomed" && echo data >&5 && rm "$1/doomed" && echo more >&5 && cat <&6 &&
		{ cat /proc/self/fd/6 || true; } && exec 5>&- 6<&- && ls -A "$1" | sed 's/^\(\.fuse_hidden\).*/\1/'
}
step_hard_link() { ln "$1/old" "$1/second" && stat -c %h "$1/second" && cat "$1/second"; }
step_exclusive() { (set -C; echo x >"$1/old"); }
step_chmod() { chmod 4711 "$1/old" && stat -c %a "$1/old"; }
step_chown() { chown 1000:1001 "$1/old" && stat -c %u:%g "$1/old"; }
step_times() { touch -d '2010-11-12 13:14:15' "$1/old" && stat -c %Y "$1/old"; }
step_attribute() { setfattr -n user.x -v y "$1/old" && getfattr --absolute-names --only-values -n user.x "$1/old"; }
step_lock() { flock -n "$1/old" sh -c 'flock -n "$0" true && echo both || echo one' "$1/old"; }
step_fifo() { mkfifo "$1/fifo" && stat -c %F "$1/fifo"; }
step_verify() {
	fio --name=verify --directory="$1" --rw=randwrite --bs=4k --size=1m --ioengine=psync --verify=crc32c --do_verify=1 --randseed=7 --output=/dev/null
}
step_mapped() { cmp <(dd if="$1/in/large" bs=64k status=none) "$W/tree/large" && sort "$1/log" >/dev/null && grep -c . "$1/log"; }
step_statfs() { stat -f -c '%l %s' "$1"; }
step_remove() { rm -rf "$1"/in "$1"/verify* && ls -A "$1"; }
# A server's file may leave some out.
steps=(copy_in describe copy_out find back rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped statfs remove)

# Of servers that write the archive $source anew when they are unmounted: what
# is in it then, and the steps that they may be asked for.
archive_kept() {
	mkdir "$W/unpacked"
	bsdtar -xf "$source" -C "$W/unpacked" && diff -r --no-dereference "$W/tree" "$W/unpacked/in"
	(cd "$W/unpacked" && find . -path ./in -prune -o -path './[0-9]*' -prune -o -printf '%P %y %m %s\n' | sort)
}
# shellcheck disable=SC2034 # their tests take them
archive_steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped)

# outcome DIR: a line for each step.
outcome() {
	local s out status since
	for s in "${steps[@]}"; do
		case " ${SKIP-} " in *" $s "*) continue ;; esac
		since=$SECONDS
		out=$("step_$s" "$1" 2>&1)
		status=$?
		[ $((SECONDS - since)) -lt 5 ] || took+=" $s $((SECONDS - since))"
		out=${out//"$1"/DIR}
		out=${out//"$W"/W}
		printf '%s (%s) %s\n' "$s" $status "$(printf '%s' "$out" | head -c 400 | tr '\n' ' ')"
	done
	rm -rf "$W/out"
}

# on WAY DIR: mounts; $want is the type that must be there then.
on() {
	case $1 in
	kernel) want=fuse; "${own[@]}" "$2" ;;
	replace) want=fuse; "${own[@]}" "$2" ;;
	run) want=fusept; fusept-run "${own[@]}" "$2" ;;
	type) want=fusept; mount -t "fusept.$program" -o "$options" "$source" "$2" ;;
	esac
}

# used DIR: the steps, and that the unmount ended the server; outcome as above.
used() {
	local status
	outcome "$1"
	umount "$1" >/dev/null 2>&1
	status=$?
	wait_for "$patience" gone || { status="the server stays" && pkill -9 -x "${program:0:15}"; }
	echo "umount ($status)"
}

# in_namespace CMD ...: as user1, mounts, uses and unmounts what the server shows.
# CMD makes the namespace, with the right to mount in it.
in_namespace() {
	chown -R user1: "$W"
	# shellcheck disable=SC2016
	as user1 env PATH="$PATH" "$@" bash -c "$(declare -f)
		$(declare -p T W FILES SKIP program own steps patience FUSEPT_SLOW 2>/dev/null)
		\"\${own[@]}\" \"\$W/m\" && echo \"type \$(type_at \"\$W/m\" | sed 's/^fusept/fuse/')\" && used \"\$W/m\"" 2>&1
}

# The kernel keeps 15 letters of a program's name.
gone() { ! pgrep -x "${program:0:15}"; }

# by WAY: a fresh back end, the steps, the unmount; the outcome is in $W/WAY.
by() {
	local m=$W/m status want type
	rm -rf "$W/back"
	mkdir -p "$W/back" "$m"
	prepare
	took=
	case $1 in
	kernel-user) in_namespace unshare --user --map-current-user --keep-caps --mount >"$W/$1"; return ;;
	user) in_namespace fusept-run >"$W/$1"; return ;;
	esac
	on "$1" "$m" >"$W/said" 2>&1
	status=$?
	type=$(type_at "$m")
	case $type in
	"$want" | "$want".* | "${want}blk" | "${want}blk".*)
		used "$m" >"$W/$1"
		echo "seconds, $1:${took:- few}"
		case $type in *blk*) echo "a block device's" ;; esac >>"$W/$1"
		kept >>"$W/$1" 2>&1
		;;
	*)
		echo "mount ($status) type '$type' $(tr '\n' ' ' <"$W/said")" >"$W/$1"
		[ -z "$type" ] || umount "$m"
		;;
	esac
}

library() { ldd "$(command -v "$program")" | sed -n 's/.*libfuse3\.so.*/libfuse 3/p; s/.*libfuse\.so\.2.*/libfuse 2/p' | head -n 1; }

# fresh_disk SIZE: an empty block device of that size, named in $device.
device=''
fresh_disk() {
	[ -z "$device" ] || losetup -d "$device"
	rm -f "$W/disk"
	truncate -s "$1" "$W/disk"
	device=$(losetup -f --show "$W/disk")
}

# Back ends are on this guest's own network.
ip link set lo up

# listens HOST:PORT: does anybody there?
listens() { : <"/dev/tcp/${1%:*}/${1#*:}"; }

# backend SECONDS HOST:PORT CMD ...: CMD in place of the one before; it listens there
# within that time.
backend_pid=''
backend() {
	local limit=$1 at=$2
	shift 2
	[ -z "$backend_pid" ] || { kill "$backend_pid"; wait "$backend_pid"; }
	"$@" >"$T/backend.log" 2>&1 &
	backend_pid=$!
	wait_for "$limit" listens "$at"
}

# has WAY: do this server and this kernel have it?
has() {
	case $1 in
	type) [ "$lib" = "libfuse 3" ] ;;
	run) ;;
	replace) replaceable ;;
	user) chmod 666 /dev/fuse ;;
	esac
}

# reload PARAMETER ...: the module anew, the kernel's own fuse out of its way.
reload() {
	rmmod fuse_pt
	modprobe -q -r fuse
	modprobe fuse_pt "$@"
}

compare() {
	local way name lib own_fuse
	command -v "$program" >/dev/null || skip_all "package ${package:-$program} is not installed"
	lib=$(library)
	lib=${lib:-its own}
	make_tree "$W/tree"
	WAYS=$(printf '%s\n' $WAYS | grep -xF -f <(printf '%s\n' $ways user))
	for way in $WAYS; do
		has "$way" || continue
		case $way in user) own_fuse=kernel-user ;; *) own_fuse=kernel ;; esac
		if [ ! -e "$W/$own_fuse" ]; then
			modprobe -q fuse
			by "$own_fuse"
			grep '(' "$W/$own_fuse"
		fi
		if ! grep -q '^umount' "$W/$own_fuse"; then
			echo "not ok $program: it does not come up on the kernel's own fuse"
			failures=$((failures + 1))
			return
		fi
		name="$way, $program $(dpkg-query -W -f '${Version}' "${package:-$program}"), $lib, $FILES files"
		[ "$way" != replace ] || reload replace_fuse=1
		by "$way"
		[ "$way" != replace ] || reload
		if diff "$W/$own_fuse" "$W/$way" >"$W/diff"; then
			echo "ok $name"
		else
			sed "s/^</kernel:/; s/^>/$way:/" "$W/diff"
			echo "not ok $name: $(sed -n 's/^> //p' "$W/diff" | head -n 1)"
			failures=$((failures + 1))
		fi
		[ -n "$one_way" ] || break
	done
}
