#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of bazil.org/fuse, a library in Go that speaks the protocol itself, on
# the kernel's own fuse and on fusept. It fails when a test fails that passes on the
# kernel's own fuse.
# where: suites
# packages: golang-1.24-go/trixie golang-bazil-fuse-dev/sid
# timeout: 7200
. "$FUSEPT_TESTS/suite.sh"

go_suite /usr/share/gocode/src/bazil.org/fuse . fs

compare
finish
