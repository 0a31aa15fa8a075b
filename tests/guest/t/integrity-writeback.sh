#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random operations on two files with FUSE_WRITEBACK_CACHE: reads with readahead,
# buffered writes, mappings, truncation, holes, copies, splice, O_DIRECT beside it.
# It fails when a byte, a size or the order of the times differs from a model
# in memory, or after an fsync in the file that the server keeps. The seed of
# each run is printed; fsmodel -s repeats it.
# timeout: 1200
# shellcheck disable=SC2034 # integrity-cached.sh reads it
OPTIONS=writeback=on
# shellcheck source=tests/guest/t/integrity-cached.sh
. "$FUSEPT_TESTS/t/integrity-cached.sh"
