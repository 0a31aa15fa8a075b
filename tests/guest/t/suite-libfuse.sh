#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libfuse's own test suite, of the distribution's source package, on the kernel's
# own fuse and on fusept. It fails when a test fails that passes on the kernel's
# own fuse.
# where: suites
# packages: src:fuse3
# timeout: 7200
. "$FUSEPT_TESTS/suite.sh"

cd /usr/src/fuse3/build || exit 1
pytest_suite test
reason() { case $1 in *::test_cuse) echo "CUSE is the kernel's own fuse's alone" ;; esac }

compare
finish
