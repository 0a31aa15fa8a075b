#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bound inodes: opens and closes that the server does not hear of, whose rights
# are checked all the same, attributes that come from below, handles that are
# asked for when something needs one, and bindings that end with the inode, the
# server's word or the connection, not with a name, or with a notification that
# leaves the inode. It fails when the server is asked for what it need not be, is
# not asked for what it must be, is not told once more what it refused, or told that
# without an end, or when the file system below stays busy. Attributes that are set
# below: when somebody may what he could not do there, or a mode keeps what the change
# takes away. Bound directories.
. "$FUSEPT_TESTS/lib.sh"

cases_over tmpfs "ptbind ptunbind ptbindset"
# What the file system below has a part in, on a second one.
cases_over ext4 ptbind open-flags data-attributes all-attributes tells
PREFIX=set- cases_over ext4 ptbindset
finish
