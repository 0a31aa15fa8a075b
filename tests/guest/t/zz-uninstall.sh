#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Removing the DKMS package takes the module out of memory and off the disk.
# Named to run last: no later test has a module. It fails when the removal
# script fails or leaves the module, its source or its DKMS state behind.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

gone() { ! find /lib/modules -name 'fuse_pt.ko*' | grep .; }
unloaded() { ! test -e /sys/module/fuse_pt; }
forgotten() { ! dkms status | grep fuse_pt && ! test -e /var/lib/dkms/fuse_pt; }
no_source() { ! ls -d /usr/src/fuse_pt-* 2>/dev/null; }

check remove dpkg --remove fuse-pt-dkms
check module-unloaded unloaded
check module-file-gone gone
check dkms-forgets forgotten
check source-gone no_source
finish
