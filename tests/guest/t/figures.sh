#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The figures that the project promises, in instructions per call, from the
# same program that users run. It fails when a call costs more than its share
# of the file system below, or than the kernel's own fuse with the same server:
# one more round trip in a path shows at once.
# where: icount
# timeout: 1500
. "$FUSEPT_TESTS/lib.sh"

limits=(
	-L 'seqread4k:fusept-passthrough/below<=1.20'
	-L 'randread4k:fusept-passthrough/below<=1.20'
	-L 'seqwrite4k:fusept-passthrough/below<=1.35'
	-L 'randwrite4k:fusept-passthrough/below<=1.35'
	-L 'seqwrite4k:fusept/fusept-passthrough>=5.6'
	-L 'randwrite4k:fusept/fusept-passthrough>=5.6'
	-L 'coldread4k:fusept/fusept-passthrough>=2'
	-L 'coldread128k:fusept/fusept-passthrough>=2'
	-L '*:fusept/fuse<=1.05'
)

modprobe -q fuse
fusept-bench --instructions --mode cost --rounds 1 --json "$T/figures.json" \
	"${limits[@]}" >"$T/out" 2>"$T/err"
status=$?
grep -vE '^(held|BROKEN) ' "$T/out"
while read -r verdict row figure; do
	case $verdict in
	held) echo "ok ${row%:} $figure" ;;
	BROKEN)
		echo "not ok ${row%:} $figure"
		failures=$((failures + 1))
		;;
	esac
done < <(grep -E '^(held|BROKEN) ' "$T/out")

# Status 1 without a broken limit: something was not measured at all.
if [ "$status" -ne 0 ] && [ "$failures" -eq 0 ]; then
	tail -n 5 "$T/err"
	echo "not ok measured: fusept-bench ended with $status"
	failures=1
fi
[ ! -d /out ] || cp "$T/figures.json" "/out/figures.json"
finish
