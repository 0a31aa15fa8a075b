#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Birth times, against a server made by hand. It fails when STATX is sent for
# what GETATTR would do, is sent twice, or when a reply is believed that cannot be.
# timeout: 120
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawstatx "$T/m"
finish
