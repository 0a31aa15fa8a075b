#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fuse-zip, on libfuse 2: an archive that it writes when it is unmounted. It fails
# when a step, or what is in the archive then, is other than on the kernel's own
# fuse.
# where: servers
# packages: fuse-zip libarchive-tools
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=fuse-zip
patience=120
prepare() {
	rm -rf "$W/archive.zip" "$W/unpacked"
	(cd "$W/tree/0" && bsdtar -c --format zip -f "$W/archive.zip" -- *)
}
source=$W/archive.zip
options=allow_other
own=(fuse-zip -o "$options" "$source")
kept() { archive_kept; }
steps=("${archive_steps[@]}")

compare
finish
