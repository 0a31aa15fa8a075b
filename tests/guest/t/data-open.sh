#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opens, direct I/O and ranges against a server made by hand: how often OPEN,
# FLUSH and RELEASE come and with what, what each FOPEN flag does, direct reads
# and writes (alone, side by side, asynchronous), lseek, fallocate, copies. It
# fails when a request is missing, sent twice or too early, when a killed
# process leaves a handle open at the server, when more is asked for before a
# short answer than the server agreed to, or when nonsense is believed.
# timeout: 600
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
scenes rawopen
scenes rawaio
finish
