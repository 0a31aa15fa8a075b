#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What creations carry beside a name, against a server made by hand: the group of
# the directory and the security module's label. It fails when a server that wants
# them is not told, one that does not is, or the layout is another.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawextend "$T/m"
finish
