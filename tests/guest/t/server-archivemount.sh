#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# archivemount, on libfuse 2 or 3 as the suite has it: an archive that it writes
# anew when it is unmounted. It fails when a step, or what is in the archive
# then, is other than on the kernel's own fuse. Fewer files: it searches a list for
# every call, and after the unmount of 2,000 is at work for more than five minutes.
# where: servers
# packages: archivemount libarchive-tools
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
FILES=${FILES_ARCHIVE:-100}
. "$FUSEPT_TESTS/servers.sh"

program=archivemount
patience=60
prepare() {
	rm -rf "$W"/archive.tar* "$W/unpacked"
	(cd "$W/tree/0" && bsdtar -cf "$W/archive.tar" -- *)
}
source=$W/archive.tar
options=allow_other
own=(archivemount -o "$options" "$source")
kept() { archive_kept; }
steps=("${archive_steps[@]}")

compare
finish
