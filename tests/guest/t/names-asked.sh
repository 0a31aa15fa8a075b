#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The name space against a server made by hand: what is looked up and when, for
# how long answers hold, what creations send, what a server that lacks a request
# or answers nonsense leads to, and calls that are killed or crossed on their way,
# by changes or by notifications. It fails when a request too many or too few is
# sent, a wrong error is given, an old answer undoes a newer one or is kept after
# it was taken back, or a lookup or handle does not come back.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawnames "$T/m"
cases rawflight "$T/m"
cases rawcross "$T/m"
finish
