#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Handles of inodes (name_to_handle_at, open_by_handle_at), as NFS uses them:
# found in the cache, and with FUSE_EXPORT_SUPPORT also after it was dropped,
# directories with their way up; ESTALE for what the server lost or uses for
# another file. It fails when a handle opens the wrong file, when one is lost
# that the server still knows, or when a lookup is not given back.
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
value() { sed -n "s/^$1=//p" <<<"$out" | tail -n 1; }
is() { equal "$how-$1" "$2" "$(value "$1")" || printf '%s\n' "$out"; }
run() { out=$(timeout 90 rawexport "$T/m" "$how"); }

for how in "export" plain; do
	run
	is handle_f 81:12
	is handle_e 81:12
	is take_root OK
	for v in short foreign zero; do is ${v}_f ESTALE; done
	is cached_f OK
	is cached_f_ino 4
	is cached_e_path "$T/m/d/e"
	is cached_dots 0
	is cached_dotdots 0
	is dropped_root OK
	is dropped_root_path "$T/m"
	is owed 0
	if [ $how = plain ]; then
		is dropped_f ESTALE
		is dropped_e ESTALE
		is dropped_dots 0
	else
		is dropped_f OK
		is dropped_f_ino 4
		is dropped_e OK
		is dropped_e_ino 3
		is dropped_e_path "$T/m/d/e"
		is dropped_dotdots 2
		for v in stranger gone reused; do is ${v}_f ESTALE; done
		is again_f OK
	fi
done

how=none
run
is take_f EOPNOTSUPP
is owed 0

finish
