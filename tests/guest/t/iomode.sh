#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The I/O modes of an inode: every transition of the table in iomode.c, by a
# server that asks for allowed and forbidden mixes. It fails when a forbidden
# open succeeds, an allowed one does not, a failed one is not released, direct
# writes overlap where they must not (or do not where they may), or a count
# goes wrong in a race.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/mnt"
lower tmpfs "$T/lower"
cases ptmodes "$T/lower" "$T/mnt"
cases ptparallel "$T/lower" "$T/mnt"
finish
