#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With SELinux at work, creations carry the label that it gives what is made, for
# servers that want it, and the mount is one like any other: files go through the
# loopback server. It fails when a server is told another label, a label is cut or
# in another layout, or one that did not ask is told. No policy is loaded: until
# then SELinux gives everything one label, and forbids nothing.
# where: selinux
# kernels: 6.1 7.3
. "$FUSEPT_TESTS/lib.sh"

check at-work grep -qw selinux /sys/kernel/security/lsm
mkdir "$T/m" "$T/src"
for t in nothing group labels both; do
	cases rawextend "$T/m" $t
done
check loopback-mounts loopback "$T/src" "$T/m" default_permissions
check loopback-creates cp -r "$FUSEPT_TESTS/t" "$T/m/t"
check loopback-same diff -r "$FUSEPT_TESTS/t" "$T/src/t"
check loopback-unmounts umount "$T/m"
finish
