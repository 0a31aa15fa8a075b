#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fusept-bench where the kernel's fuse offers no passthrough: the set-up is left
# out, those behind it are measured, and nothing stays. It fails when the mount
# point of the set-up that was left out is in the way of the next, or when the bare
# directory is measured for a mount whose server has left.
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/tmp"

# server STATUS: one that leaves with STATUS, but for fusept.
server() {
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\ncase "$*" in */dev/fd/*) exec fusept-loopback "$@" ;; esac\nexit %s\n' "$1" >"$T/server"
	chmod 755 "$T/server"
}

# bench SETUP ...
bench() {
	local setups=() s
	for s; do setups+=(--setup "$s"); done
	TMPDIR=$T/tmp fusept-bench --server "$T/server" --mode cost --rounds 1 --scale 0.01 --rows fstat "${setups[@]}" 2>&1
}

left_out="fusept-bench: fuse-passthrough: not offered by this kernel's fuse, left out"
nothing_left() { [ -z "$(ls -A "$T/tmp")" ] && ! grep -q "$T/tmp" /proc/self/mounts; }

not() { ! "$@"; }
for status in 1 0; do
	server $status
	check "ends-$status" bench fuse-passthrough fusept fusept-passthrough
	out=$(bench fuse-passthrough fusept fusept-passthrough)
	equal "says-$status" "$left_out" "$(grep ^fusept-bench: <<<"$out")"
	check "measures-$status" grep -qw fusept-passthrough <<<"$out"
	equal "column-$status" 0 "$(grep -v ^fusept-bench: <<<"$out" | grep -cw fuse-passthrough)"
	check "leaves-nothing-$status" nothing_left
	check "must-be-there-$status" not bench fuse fusept
	check "leaves-nothing-of-it-$status" nothing_left
done
finish
