#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What creations carry beside a name, against a server made by hand: the group of
# the directory, and that there is no label. It fails when a server that wants them
# is not told, one that does not is, or the layout is another. Labels: labels.sh.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
for t in nothing group group-not no-label both; do
	cases rawextend "$T/m" $t
done
finish
