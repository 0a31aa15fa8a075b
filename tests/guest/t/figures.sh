#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The figures that the project promises, in instructions per call, from the
# same program that users run. It fails when a call costs more than its share
# of the file system below, or than the kernel's own fuse with the same server:
# one more round trip in a path shows at once.
# where: icount
# timeout: 1500
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

limits=(
	-L 'seqread4k:fusept-passthrough/below<=1.15'
	-L 'randread4k:fusept-passthrough/below<=1.15'
	-L 'seqwrite4k:fusept-passthrough/below<=1.20'
	-L 'randwrite4k:fusept-passthrough/below<=1.20'
	-L 'seqread128k:fusept-passthrough/below<=1.02'
	-L 'randread128k:fusept-passthrough/below<=1.02'
	-L 'seqwrite128k:fusept-passthrough/below<=1.02'
	-L 'randwrite128k:fusept-passthrough/below<=1.02'
	-L 'append100:fusept-passthrough/below<=1.25'
	-L 'write_fstat:fusept-passthrough/below<=1.35'
	-L 'fsync:fusept-passthrough/below<=3'
	-L 'fdatasync:fusept-passthrough/below<=3'
	-L 'fault64:fusept-passthrough/below<=1.01'
	-L 'seqwrite4k:fusept/fusept-passthrough>=5.6'
	-L 'randwrite4k:fusept/fusept-passthrough>=5.6'
	-L 'coldread4k:fusept/fusept-passthrough>=2'
	-L 'coldread128k:fusept/fusept-passthrough>=2'
	-L 'fstat:fusept-passthrough/below<=1.05'
	-L '*:fusept/fuse<=1.02'
	-L '*write4k:fusept/fuse<=0.60'
	-L '*write128k:fusept/fuse<=0.85'
	-L 'create_write:fusept/fuse<=0.95'
)
# From 6.19 on a path walk asks no file system that has nothing to say about access.
if kernel_at_least 6.19; then
	limits+=(-L 'stat:fusept-passthrough/below<=1.08')
else
	limits+=(-L 'stat:fusept-passthrough/below<=1.05')
fi
# From 6.9 on the kernel's own fuse has passthrough, too.
kernel_at_least 6.9 &&
	limits+=(-L 'open_close:fusept-passthrough/fuse-passthrough<=1.02')

# Of bound inodes: their set-up is measured for these alone.
bound=(
	-s below -s fusept-bound --rows 'open_close,read_small'
	-L 'open_close:fusept-bound/below<=2.5'
	-L 'read_small:fusept-bound/below<=1.5'
)

# measure ROUNDS OPTION ...: verdicts in $T/out. Which thread of a server takes a
# call is chance, and some cost a third more: it gets one, and what it has of
# several is looked at below.
measure() {
	fusept-bench --instructions --mode cost --server-opts "max_threads=${threads:-1}" --rounds "$1" \
		--json "$T/figures-$1.json" "${@:2}" >"$T/out" 2>"$T/err"
	status=$?
	grep -vE '^(held|BROKEN) ' "$T/out"
}

# verdicts WORD: "ROW: FIGURE" of each limit that was so
verdicts() { sed -n "s/^$1 *//p" "$T/out"; }

modprobe -q fuse
measure 1 "${limits[@]}"
verdicts held | sed 's/^\([^ :]*\):*/ok \1/'
mapfile -t broken < <(verdicts BROKEN | sed 's/[ :].*//' | sort -u)

# What one round says of a row five more have to confirm, by their median: at times
# the server's thread and the caller take turns another way, which is a tenth.
if [ ${#broken[@]} -gt 0 ]; then
	echo "# once more: ${broken[*]}"
	again=()
	for row in "${broken[@]}"; do
		for ((i = 1; i < ${#limits[@]}; i += 2)); do
			case ${limits[i]} in
			"$row":*) again+=(-L "${limits[i]}") ;;
			'*':*) again+=(-L "$row:${limits[i]#*:}") ;;
			esac
		done
	done
	measure 5 --rows "$(IFS=,; echo "${broken[*]}")" "${again[@]}"
	verdicts held | sed 's/^\([^ :]*\):*/ok \1/'
	while read -r row figure; do
		echo "not ok ${row%:} $figure"
		failures=$((failures + 1))
	done < <(verdicts BROKEN)
fi

# Status 1 without a broken limit: something was not measured at all.
if [ "$status" -ne 0 ] && [ "$failures" -eq 0 ]; then
	tail -n 5 "$T/err"
	echo "not ok measured: fusept-bench ended with $status"
	failures=1
fi
[ ! -d /out ] || cp "$T/figures-1.json" "/out/figures.json"

# Of many threads no more than one is to be woken for a call.
threads=10 measure 3 -s fuse -s fusept --rows open_close,create_unlink -L '*:fusept/fuse<=1.5'
verdicts held | sed 's/^\([^ :]*\):*/ok threads-\1/'
verdicts BROKEN | sed 's/^\([^ :]*\):*/not ok threads-\1/'
[ "$status" -eq 0 ] || failures=$((failures + 1))

measure 1 "${bound[@]}"
[ "$status" -eq 0 ] || measure 3 "${bound[@]}"
verdicts held | sed 's/^\([^ :]*\):*/ok bound-\1/'
verdicts BROKEN | sed 's/^\([^ :]*\):*/not ok bound-\1/'
if [ "$status" -ne 0 ]; then
	tail -n 5 "$T/err"
	failures=$((failures + 1))
fi
finish
