#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Attributes against a server made by hand: when they are asked for, which of two
# crossing answers wins, what a change sends, who is let in, and that a write
# asks for security.capability at most once per lifetime of the attributes. It
# fails when one round trip more is made, an old answer undoes a newer one, or
# the server is not told whose writes strip privileges, or of others.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawattr "$T/m"
cases rawprivs "$T/m"
finish
