#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fusept-bench where the kernel's fuse offers no passthrough: the set-up is left
# out, those behind it are measured, and nothing stays. A run that ends early shows
# what it has, and nothing of it stays. It fails when the mount
# point of the set-up that was left out is in the way of the next, when the bare
# directory is measured for a mount whose server has left, when figures are lost
# with a row that fails, when a signal leaves mounts or directories behind, or when
# a misspelt row is left out without a word.
# timeout: 300
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

# only ROWS [OPTION ...]: of the directory below.
only() { TMPDIR=$T/tmp fusept-bench --setup below --rounds 1 --scale 0.01 --rows "$@" 2>&1; }

# A row that fails.
mkdir "$T/bin"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/fio"
chmod 755 "$T/bin/fio"
out=$(PATH=$T/bin:$PATH only fstat,fio-read4k --json "$T/early.json")
equal fio-fails 1 $?
check fio-fails-shows grep -q '^fstat ' <<<"$out"
check fio-fails-says grep -qF "fusept-bench: ended early; " <<<"$out"
check fio-fails-json grep -q '"name": *"fstat"' "$T/early.json"
check fio-fails-json-says grep -q '"complete": *false' "$T/early.json"
check fio-fails-leaves-nothing nothing_left
# No fio at all: before anything is measured.
mkdir "$T/empty"
program=$(command -v fusept-bench)
without_fio() { env PATH="$T/empty" TMPDIR="$T/tmp" "$program" --setup below --rounds 1 --scale 0.01 --rows "$1" 2>&1; }
out=$(without_fio 'fstat,fio-*')
equal no-fio 2 $?
equal no-fio-says "fusept-bench: fio: not found in PATH; --mode cost leaves out what needs it" "$out"
check no-fio-no-need without_fio fstat

# Rows that there are none of, or not in this mode.
no_row() {
	local want=$1 name=${1//[*]/-any} out
	shift
	out=$(only "$@")
	equal "no-row-$name" 2 $?
	check "no-row-$name-says" grep -qF "fusept-bench: --rows $want: mode " <<<"$out"
}
no_row fsat fsat
no_row fsta fstat,fsta
no_row 'x*' 'fstat,x*' --mode cost
no_row fio-read4k fio-read4k --mode cost
no_row fstat fstat --mode fio
no_row none none --mode app --app /bin/true
equal no-row-at-all 2 "$(only '' >/dev/null 2>&1; echo $?)"

# A signal.
mkdir "$T/below"
of_nothing_left() { nothing_left && [ -z "$(servers)$(ls -A "$T/below")" ]; }
for sig in INT TERM HUP; do
	# a shell has SIGINT ignored for what it puts behind
	TMPDIR=$T/tmp env --default-signal=INT fusept-bench --setup below --setup fusept --mode cost --rounds 64 \
		--rows fstat --lower "$T/below" --json "$T/early.json" >"$T/out" 2>"$T/err" &
	check "$sig-begins" wait_for 60 grep -q '^round 2/' "$T/err"
	kill -s $sig $!
	wait $!
	status=$?
	equal "$sig-ends" $((128 + $(kill -l $sig))) $status
	check "$sig-shows" grep -q '^fstat ' "$T/out"
	check "$sig-says" grep -q "^fusept-bench: ended early: " "$T/err"
	check "$sig-leaves-nothing" of_nothing_left
done
finish
