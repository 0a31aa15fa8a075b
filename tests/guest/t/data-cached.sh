#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cached files against a server made by hand: readahead, writes that go through
# at once, shared mappings written back in order and in time, and answers that
# are short, late or nonsense; how much of that the server has at once. It fails
# when the server is asked too often, too little or too late, when the page cache
# shows what the server does not have, when somebody waits for a server who must
# not, or when more is in flight than agreed on, or less.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
scenes rawdata
scenes rawflow
finish
