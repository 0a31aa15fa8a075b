#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libfusept in a server other than ours: the example of libfusept(3) as it stands
# there, and the library's defaults. It fails when opens at the same time do not
# share a registration, when one is left behind, when the library wants a
# configuration, or when a thread cannot serve one session after another.
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
echo data >"$T/file"

example() { # HOW: mounts $T/file at $T/m/file
	printf '#!/bin/sh\nexec %s/fuse_example "$1" "$2" %s\n' "$BIN" "$1" >"$T/server"
	chmod 755 "$T/server"
	mount -t fusept -o background "$T/server#$T/file" "$T/m"
}
count() { awk -v k="$1" '$1 == k { print $2 }' "$(connection "$T/m")/statistics"; }

for how in configured defaults; do
	check "$how-mounts" example "$how" || continue
	equal "$how-two-opens" "data data" "$( (cat "$T/m/file" && cat <&3) 3<"$T/m/file" | xargs)"
	check "$how-passes-through" test "$(count passthrough_read_calls)" -gt 0
	equal "$how-reads-asked" 0 "$(count request_read)"
	none_left() { [ "$(wc -l <"$(connection "$T/m")/backing")" = 0 ]; }
	check "$how-registers-no-more" wait_for 5 none_left
	check "$how-once-more" grep -qx data "$T/m/file"
	check "$how-unmounts" umount "$T/m"
done

# Through the kernel's own fuse, as MNT is a directory. What a thread's own
# descriptor of a session is must not be taken for that of the next one.
modprobe -q fuse
fuse_example "$T/file" "$T/m" clone-twice &
server=$!
for n in first second; do
	check "$n-session-mounts" wait_for 5 mountpoint -q "$T/m"
	equal "$n-session-reads" data "$(within 10 cat "$T/m/file")"
	umount "$T/m"
done
wait $server
equal sessions-end 0 $?
finish
