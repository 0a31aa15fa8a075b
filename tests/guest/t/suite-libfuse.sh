#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libfuse's own test suite, of the distribution's source package, on the kernel's
# own fuse and on fusept: as a drop-in (replace_fuse=1) where the kernel lets it,
# else under fusept-run. It fails when a test fails that passes on the kernel's
# own fuse.
# where: suites
# packages: src:fuse3
# timeout: 7200
. "$FUSEPT_TESTS/lib.sh"

cd /usr/src/fuse3/build || exit 1

# suite FILE CMD ...: runs it; FILE gets "NAME RESULT" lines
suite() {
	local file=$1
	shift
	timeout 3000 "$@" python3 -m pytest -v -p no:cacheprovider test/ >"$file.log" 2>&1
	sed -n 's/^test\/\([^ ]*\) \(PASSED\|FAILED\|SKIPPED\|ERROR\|XFAIL\|XPASS\).*/\1 \2/p' "$file.log" >"$file"
	[ -s "$file" ] || { tail -n 40 "$file.log"; return 1; }
}

rmmod fuse_pt
modprobe fuse
check kernels-own suite "$T/own"
while read -r m; do umount -l "$m"; done < <(awk '$3 ~ /^fuse/ && $3 != "fusectl" { print $2 }' /proc/self/mounts)

umount /sys/fs/fuse/connections 2>/dev/null
if rmmod fuse 2>/dev/null && modprobe fuse_pt replace_fuse=1 2>/dev/null; then
	echo "# as a drop-in"
	check fusept suite "$T/ours"
else
	echo "# under fusept-run"
	modprobe fuse_pt
	modprobe fuse
	check fusept suite "$T/ours" fusept-run
fi

while read -r name own; do
	ours=$(awk -v n="$name" '$1 == n { print $2 }' "$T/ours")
	case $own/$ours in
	PASSED/PASSED) echo "ok $name" ;;
	PASSED/*)
		awk -v n="${name#*::}" 'index($0, "___ " n " ___") { on = 1 } on && /^____/ && !index($0, n) { exit } on' "$T/ours.log" | tail -n 25
		echo "not ok $name: passes on the kernel's own fuse, here: ${ours:-not run}"
		failures=$((failures + 1))
		;;
	*) skip "$name" "on the kernel's own fuse $own, here $ours" ;;
	esac
done <"$T/own"
rm -rf "$T"/own* "$T"/ours*
finish
