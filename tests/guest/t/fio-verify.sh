#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of suite-fio.sh, which says what it proves and how it fails.
# timeout: 180
# shellcheck disable=SC2034 # suite-fio.sh reads them
# kernels: 6.1 7.3
SIZE=1M ROUNDS=1 PATHS="served direct passthrough"
# shellcheck source=tests/guest/t/suite-fio.sh
. "$FUSEPT_TESTS/t/suite-fio.sh"
