#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# unionfs-fuse, a writable folder above a read-only one, on libfuse 2; newer
# suites have it no more. It fails when a step ends other than on the kernel's own
# fuse.
# where: servers
# packages: unionfs-fuse/bookworm
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=unionfs
package=unionfs-fuse
prepare() {
	rm -rf "$W/lower"
	mkdir -p "$W/lower/below"
	echo lower >"$W/lower/old"
}
options=allow_other,cow
own=(unionfs -o "$options" "$W/back=RW:$W/lower=RO")

compare
finish
