#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of go-fuse, a library in Go that speaks the protocol itself, on the
# kernel's own fuse and on fusept. It fails when a test fails that passes on the
# kernel's own fuse.
# where: suites
# packages: golang-1.24-go/trixie orig:golang-github-hanwen-go-fuse/trixie
# timeout: 7200
. "$FUSEPT_TESTS/suite.sh"

go_suite /usr/src/go/src/github.com/hanwen/go-fuse/v2 fs posixtest fuse/test fuse fuse/nodefs fuse/pathfs splice zipfs newunionfs
# shellcheck disable=SC2154 # suite.sh sets it
reason() {
	case $way/$1 in
	run/*/TestDirectMount) echo "a static program that calls mount(2) itself needs the drop-in (docs/administrators.md)" ;;
	esac
}

compare
finish
