#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Lifetimes: whatever keeps a backing file (a registration, a bound inode, an open,
# a mapping and AIO in flight of either, a write that is blocked below), crossed
# with whatever may end (the id, the binding, names above and below, what is cached
# of the inode, the inode, the server, the connection, the mounts, the module). It fails when what must go on
# does not, something else goes on, or the file system below stays busy after the
# last user.
# timeout: 450
. "$FUSEPT_TESTS/lib.sh"

modprobe -q dm-mod
mkdir -p "$T/mnt" "$T/top"
truncate -s 64M "$T/disk"
mkfs.ext4 -q -F "$T/disk"
LIVES_DEV=$(losetup --find --show "$T/disk")
export LIVES_DEV
cases ptlives "$T/top" "$T/mnt"
losetup -d "$LIVES_DEV"
# An ext4 that something still holds keeps its device.
let_go() { [ -z "$(losetup -j "$T/disk")" ]; }
check device-is-let-go wait_for 10 let_go
finish
