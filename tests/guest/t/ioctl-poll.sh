#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Commands, file attributes and polling against a server by hand: what is asked,
# how much memory goes there and comes back, of 32-bit callers too, and that a
# server gets no other memory. It fails when a poller is not woken in the end.
# timeout: 150
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawioctl "$T/m"
finish
