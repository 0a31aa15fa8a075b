#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random operations on two files with FOPEN_DIRECT_IO and parallel direct
# writes: nothing may come from or stay in the page cache but what is mapped.
# It fails when a byte, a size or the order of the times differs from a model
# in memory, or after an fsync in the file that the server keeps. The seed of
# each run is printed; fsmodel -s repeats it.
# timeout: 1200
# shellcheck disable=SC2034 # integrity-cached.sh reads it
OPTIONS=passthrough=off,cache=never
# shellcheck source=tests/guest/t/integrity-cached.sh
. "$FUSEPT_TESTS/t/integrity-cached.sh"
