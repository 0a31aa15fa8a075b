#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test suite of llfuse, Python on the low-level interface of libfuse 2, on the
# kernel's own fuse and on fusept. It fails when a test fails that passes on the
# kernel's own fuse.
# where: suites
# packages: orig:python-llfuse/trixie
# timeout: 3600
. "$FUSEPT_TESTS/suite.sh"

cd /usr/src/python-llfuse || exit 1
export TMPDIR=$T # it has attributes
pytest_suite test

compare
finish
