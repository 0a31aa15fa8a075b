#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Extended attributes against a server made by hand: sizes, limits, lists that
# are none, servers without. It fails when a reply is believed that cannot be, or
# a server is asked again for what it does not have.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawxattr "$T/m"
finish
