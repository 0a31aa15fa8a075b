#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two files of a server by hand at a time: one copy learns that a request is
# missing while another is done by it; one is longer than 32 bits can tell; a node
# id is given to another file while the first has data that is not written. It
# fails when bytes are copied twice, when a length loses its upper half or more is
# asked for than the older answer has room for, or when data or times of the first
# file are sent for the second.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawpair "$T/m"
finish
