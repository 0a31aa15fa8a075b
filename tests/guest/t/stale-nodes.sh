#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A server that uses a node id for another file: the name leads to the new one,
# what is open of the old one gives EIO, and every lookup is given back. It
# fails when the two are mixed up, or a lookup is lost or given back twice.
. "$FUSEPT_TESTS/lib.sh"

mkdir -p "$T/m"
value() { sed -n "s/^$1=//p" <<<"$out" | tail -n 1; }
is() { equal "$how-$1" "$2" "$(value "$1")" || printf '%s\n' "$out"; }
run() { out=$(timeout 60 rawnode "$T/m" "$how"); }

how=same
run
for v in open stat old_fstat old_read new_open new_fstat root; do is $v OK; done
is stat_type 100000
is owed 0

how=generation
run
for v in open stat new_open new_fstat root; do is $v OK; done
for v in old_fstat old_read; do is $v EIO; done
is stat_type 100000
is owed 0

how='type'
run
for v in open stat new_open new_fstat root; do is $v OK; done
for v in old_fstat old_read; do is $v EIO; done
is stat_type 40000
is owed 0

# The root has its id from the mount on; an entry may not claim it.
how=root
run
is open EIO
is stat EIO
is root OK
equal root-not-forgotten "" "$(value forgot_node)"

finish
