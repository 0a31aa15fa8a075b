#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The long form of loopback.sh, which says what it proves and how it fails.
# where: suites
# timeout: 9000
# shellcheck disable=SC2034 # loopback.sh reads it
CALLS=20000 ENTRIES=10000
# shellcheck source=tests/guest/t/loopback.sh
. "$FUSEPT_TESTS/t/loopback.sh"
