#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libfuse's own test suite, of the distribution's source package, on the kernel's
# own fuse and on fusept: as a drop-in (replace_fuse=1) where the kernel lets it,
# else under fusept-run. It fails when a test fails that passes on the kernel's
# own fuse.
# where: suites
# packages: src:fuse3
# timeout: 7200
# environment: CHOSEN   pytest's expression for the tests to run (all)
. "$FUSEPT_TESTS/lib.sh"

cd /usr/src/fuse3/build || exit 1

# descendants PID: its children and theirs.
descendants() {
	local p
	for p in $(pgrep -P "$1"); do
		echo "$p"
		descendants "$p"
	done
}

# unstick PID: shows what the tests of PID wait for, and ends it.
unstick() {
	local p
	for p in "$1" $(descendants "$1"); do
		echo "# $p $(tr '\0' ' ' <"/proc/$p/cmdline"): $(ps -o stat=,wchan= -p "$p")"
		sed 's/^/#   /' "/proc/$p/stack"
	done
	# shellcheck disable=SC2046
	kill -9 $(descendants "$1")
}

# tests LOG TEST CMD ...: runs TEST, all of them if it is "", to the end and with a
# line for each (the suite's own settings stop at the first that fails, and log in
# between). A test that does not go on for two minutes is ended.
tests() {
	local log=$1 test=$2 pid still=0 size last=0
	shift 2
	"$@" python3 -m pytest -v --tb=native -o addopts= -o log_cli=false -p no:cacheprovider \
		${CHOSEN:+-k "$CHOSEN"} "test/$test" >"$log" 2>&1 &
	pid=$!
	while sleep 2 && kill -0 $pid 2>/dev/null; do
		size=$(stat -c %s "$log")
		if [ "$size" != "$last" ]; then
			still=0
		elif [ $((still += 2)) -ge 120 ]; then
			echo "# stuck in: $(tail -n 1 "$log")"
			unstick $pid
			still=0
		fi
		last=$size
	done
}

results() { sed -n 's/^test\/\([^ ]*\) \(PASSED\|FAILED\|SKIPPED\|ERROR\|XFAIL\|XPASS\).*/\1 \2/p' "$1"; }

# suite FILE CMD ...: FILE gets "NAME RESULT" lines. Some tests give a server a
# fixed time to start, which can be too short here: a second try tells.
suite() {
	local file=$1 name
	shift
	tests "$file.log" "" "$@"
	results "$file.log" >"$file"
	[ -s "$file" ] || tail -n 40 "$file.log"
	while read -r -u 3 name; do
		tests "$file.again" "$name" "$@"
		cat "$file.again" >>"$file.log"
		results "$file.again" | grep -q ' PASSED$' || continue
		echo "# passes at the second try: $name"
		awk -v n="$name" '$1 == n { $2 = "PASSED" } { print }' "$file" >"$file.new"
		mv "$file.new" "$file"
	done 3< <(sed -n 's/ \(FAILED\|ERROR\)$//p' "$file")
}

rmmod fuse_pt
modprobe fuse
suite "$T/own"
check kernels-own [ -s "$T/own" ]
while read -r m; do umount -l "$m"; done < <(awk '$3 ~ /^fuse/ && $3 != "fusectl" { print $2 }' /proc/self/mounts)

umount /sys/fs/fuse/connections 2>/dev/null
rmmod cuse 2>/dev/null # of a test, and it holds fuse
if rmmod fuse 2>/dev/null && modprobe fuse_pt replace_fuse=1 2>/dev/null; then
	echo "# as a drop-in"
	suite "$T/ours"
else
	echo "# under fusept-run"
	modprobe fuse_pt
	modprobe fuse
	suite "$T/ours" fusept-run
fi
check fusept [ -s "$T/ours" ]
passed() { grep -c ' PASSED$' "$1"; }
echo "# passed: $(passed "$T/own") on the kernel's own fuse, $(passed "$T/ours") on fusept"

while read -r name own; do
	ours=$(awk -v n="$name" '$1 == n { print $2 }' "$T/ours")
	case $name in *::test_cuse) skip "$name" "CUSE is the kernel's own fuse's alone, here $ours"; continue ;; esac
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
