#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# Servers with cloned devices, by read and by splice, that answer right and
# wrong; clients interrupted and killed at any moment; abort and unmount in the
# middle. Fails when a client reads bytes that no server sent, when something
# still waits after the end, and (by the runner) on a leak or a kernel warning.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
within 250 rawstorm "$T/m"
status=$?
[ $status -le 1 ] || equal storm-ended 0 $status
[ $status -eq 0 ] || failures=$((failures + 1))
finish
