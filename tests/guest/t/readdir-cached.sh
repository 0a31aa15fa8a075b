#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cached listings, against a server made by hand. It fails when the server is
# asked for what is known, is not asked after a change, or when a reader misses a
# name, sees one twice, or one that is gone.
# timeout: 180
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawdircache "$T/m"
finish
