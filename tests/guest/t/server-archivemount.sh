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
# It keeps a temporary file open for each one that was written, and then its unmount
# never ends if there was one too many.
ulimit -n 8192
patience=300
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
