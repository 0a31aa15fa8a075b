#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Locks that a server by hand keeps: what GETLK, SETLK, SETLKW, FLUSH and RELEASE
# ask, signals and killed callers while one is waited for, ENOSYS. It fails when
# a lock is asked for in another's name or stays behind at the server, or when a
# signal ends a wait that it must not end.
# timeout: 150
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawlock "$T/m"
# The same cases as of local locks, and an empty table at the end.
cases rawlockd "$T/m" lockpair "$T/m" kept
finish
