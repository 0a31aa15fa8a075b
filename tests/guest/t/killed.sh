#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Callers that are killed while a server made by hand has their request. It fails
# when one does not leave at once, when the server hears of the end of a handle
# that it is still asked to use, or when a change that begins later overtakes the
# one that was left behind, or when a page stays in the cache that it changed.
# timeout: 400
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
scenes rawleft
finish
