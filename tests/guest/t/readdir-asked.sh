#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Listings against a server made by hand: READDIR and READDIRPLUS with replies
# that are right, cut short, or nonsense. It fails when nonsense reaches the
# caller, when a lookup that came with an entry is not given back, or when more
# is asked for than needed.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawlist "$T/m"
finish
