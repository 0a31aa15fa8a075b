#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-nfs.sh, which says what it proves and how it fails.
# timeout: 120
# shellcheck disable=SC2034 # suite-nfs.sh reads them
OPS=400 HELD=4 PATHS=passthrough TREE=$FUSEPT_TESTS/t
# shellcheck source=tests/guest/t/suite-nfs.sh
. "$FUSEPT_TESTS/t/suite-nfs.sh"
