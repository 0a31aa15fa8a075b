#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-dbench.sh, which says what it proves and how it fails.
# timeout: 240
# shellcheck disable=SC2034 # suite-dbench.sh reads them
# kernels: 6.1 7.3
SECONDS_EACH=2 CLIENTS=3 PATHS="served passthrough writeback"
# shellcheck source=tests/guest/t/suite-dbench.sh
. "$FUSEPT_TESTS/t/suite-dbench.sh"
