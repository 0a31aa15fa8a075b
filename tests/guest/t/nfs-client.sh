#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-nfs.sh, which says what it proves and how it fails.
# timeout: 300
# shellcheck disable=SC2034 # suite-nfs.sh reads them
# kernels: 6.1 7.3
OPS=200 HELD=3 PATHS=passthrough TREE=/usr/include/linux/netfilter
# shellcheck source=tests/guest/t/suite-nfs.sh
. "$FUSEPT_TESTS/t/suite-nfs.sh"
