#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# archivemount, on libfuse 2 or 3 as the suite has it: an archive that it writes
# anew when it is unmounted. It fails when a step, or what is in the archive
# then, is other than on the kernel's own fuse.
# where: servers
# packages: archivemount libarchive-tools
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=archivemount
patience=300
prepare() {
	rm -rf "$W"/archive.tar* "$W/unpacked"
	(cd "$W/tree/0" && bsdtar -cf "$W/archive.tar" -- *)
}
source=$W/archive.tar
options=allow_other
own=(archivemount -o "$options" "$source")
kept() {
	mkdir "$W/unpacked"
	bsdtar -xf "$W/archive.tar" -C "$W/unpacked" && diff -r --no-dereference "$W/tree" "$W/unpacked/in"
	(cd "$W/unpacked" && find . -path ./in -prune -o -path './[0-9]*' -prune -o -printf '%P %y %m %s\n' | sort)
}
steps=(copy_in describe copy_out find rename rename_over append truncate unlink_open hard_link exclusive
	chmod chown times attribute lock fifo verify mapped)

compare
finish
