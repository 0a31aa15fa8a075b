#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-libfuse.sh, which says what it proves and how it fails.
# packages: src:fuse3
# kernels: 6.1
# timeout: 600
# shellcheck disable=SC2034 # suite-libfuse.sh reads it
CHOSEN="hello_uds or (test_hello and options1) or test_fsel or test_null or (test_notify and not expire) or test_write_cache"
# shellcheck source=tests/guest/t/suite-libfuse.sh
. "$FUSEPT_TESTS/t/suite-libfuse.sh"
