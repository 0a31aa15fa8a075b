#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What creations carry beside a name, against a server made by hand: the group of
# the directory, that there is no label, and the mode of nodes and directories. It
# fails when a server that wants them is not told, one that does not is, the layout
# is another, or a mode is masked by both sides or by none. Labels: labels.sh.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
for t in masked not-masked nothing group group-not no-label both; do
	cases rawextend "$T/m" $t
done
finish
