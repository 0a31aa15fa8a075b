#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mergerfs, which shows two folders as one, on a libfuse of its own, with the
# page cache and a policy of its own; it fails when a step ends other than on the
# kernel's own fuse.
# where: servers
# packages: mergerfs
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=mergerfs
prepare() {
	rm -rf "$W/other"
	mkdir "$W/other"
	echo other >"$W/other/of other"
}
options=allow_other,use_ino,category.create=ff,cache.files=partial,dropcacheonclose=true,moveonenospc=true
own=(mergerfs -o "$options" "$W/back:$W/other")

compare
finish
