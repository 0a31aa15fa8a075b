#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fuse-overlayfs, layers of folders, on libfuse 3; it fails when a step ends other
# than on the kernel's own fuse.
# where: servers
# packages: fuse-overlayfs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=fuse-overlayfs
prepare() {
	rm -rf "$W/lower" "$W/work"
	mkdir -p "$W/lower/below" "$W/work"
	echo lower >"$W/lower/old"
}
source=overlay
options=allow_other,lowerdir=$W/lower,upperdir=$W/back,workdir=$W/work
own=(fuse-overlayfs -o "$options")

compare
finish
