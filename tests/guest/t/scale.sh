#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With 100,000 backing files registered, and with 10,000 opens on top, opening,
# reading and closing cost what they cost with ten, within 5 %; and 10,000 small
# files of bound inodes, names and attributes known, are read at 1.5 of the file
# system below. It fails when anything on their way grows with the number of the
# others, or an open takes more than 1,400 bytes of memory (docs/passthrough.md).
# where: icount
# timeout: 1200
# kernels: 6.1 6.12 7.3
. "$FUSEPT_TESTS/lib.sh"

check lower-mounts mount -t tmpfs -o size=1G,nr_inodes=0 tmpfs "$T"
mkdir "$T/low" "$T/mnt"
check measured within 1000 sh -c "ptscale $T/low $T/mnt ${FILES:-100000} ${OPENS:-10000} >$T/out"

# limit WHAT FIGURE MOST
limit() {
	if awk -v f="$2" -v l="$3" 'BEGIN { exit !(f > 0 && f <= l) }'; then
		echo "ok $1 $2, <= $3 required"
	else
		echo "not ok $1: $2, <= $3 required"
		failures=$((failures + 1))
	fi
}

while read -r what figure; do
	case $what in
	memory) limit "$what" "$figure" 1400 ;;
	*) limit "$what" "$figure" 1.05 ;;
	esac
done <"$T/out"
equal all-figures 5 "$(wc -l <"$T/out")"

files=${TREE:-10000}
mkdir "$T/tree"
check tree-made readtree make "$T/tree" "$files"
# a day: of a second, how much is over when the reading begins is chance
check tree-mounts loopback "$T/tree" "$T/m" allow_other,default_permissions,passthrough=on,bound=on,timeout=86400
# the first time, what is looked up is still unknown above
readtree read "$T/m" "$files" >"$T/first"
for _ in 1 2 3; do
	readtree read "$T/m" "$files" >>"$T/above"
	readtree read "$T/tree" "$files" >>"$T/below"
done
middle() { sort -n "$1" | sed -n 2p; }
above=$(middle "$T/above")
below=$(middle "$T/below")
echo "# a file: $below below, $above above, $(cat "$T/first") at first"
limit tree-bound "$(awk -v a="$above" -v b="$below" 'BEGIN { printf "%.3f", a / b }')" 1.5
check tree-unmounts umount "$T/m"
finish
