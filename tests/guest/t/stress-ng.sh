#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-stress-ng.sh, which says what it proves and how it fails.
# timeout: 300
# shellcheck disable=SC2034 # suite-stress-ng.sh reads them
# kernels: 6.1 7.3
PATHS=passthrough
STRESSORS="access chdir copy-file dentry dir fallocate flock hdd lockofd open rename seek utime xattr"
# shellcheck source=tests/guest/t/suite-stress-ng.sh
. "$FUSEPT_TESTS/t/suite-stress-ng.sh"
