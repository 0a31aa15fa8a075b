#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of bazil.org/fuse, a library in Go that speaks the protocol itself, on
# the kernel's own fuse and on fusept. It fails when a test fails that passes on the
# kernel's own fuse.
# where: suites
# packages: golang-1.24-go/trixie deb:golang-bazil-fuse-dev/sid
# timeout: 7200
. "$FUSEPT_TESTS/suite.sh"

# shellcheck disable=SC2154 # suite.sh sets it
reason() {
	case $way/$1 in
	*/fs/TestInterrupt) echo "it hangs on the kernel's own fuse, too, in 4 of 10 runs" ;;
	run/./TestMountOptionSubtype) echo "mounts have a type of their own, fusept (docs/administrators.md)" ;;
	esac
}
go_suite /usr/share/gocode/src/bazil.org/fuse . fs

compare
finish
