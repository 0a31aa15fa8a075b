#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squashfuse, on libfuse 3, read-only; it fails when a step ends other than on the
# kernel's own fuse.
# where: servers
# packages: squashfuse squashfs-tools
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=squashfuse
prepare() {
	mkdir "$W/back/in"
	cp -a "$W/tree/." "$W/back/in"
	rm -f "$W/image"
	mksquashfs "$W/back" "$W/image" -quiet -no-progress
}
source=$W/image
options=allow_other
own=(squashfuse -o "$options" "$source")
steps=(compare describe copy_out find back exclusive chmod lock statfs)

compare
finish
