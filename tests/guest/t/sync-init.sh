#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# FUSE_DEV_IOC_SYNC_INIT: mount(2) returns once the server agreed to INIT, fails
# if it did not, and can be killed; a read before the mount waits for it. It
# fails when a mount is there that its server refused, or when one hangs, or the
# last close of a device that never was mounted.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
cases within 60 rawsync "$T/m"
finish
