# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Other people's test suites, on the kernel's own fuse and on fusept: as a drop-in
# (replace_fuse=1) where the kernel lets it, else under fusept-run. A test
# t/suite-NAME.sh begins with:
#
#	. "$FUSEPT_TESTS/suite.sh"
#	tests() { ... }		tests TEST CMD ...: runs TEST, all of them if it is "",
#				to the end and with a line for each, CMD in front
#	results() { ... }	results LOG: of what that printed, "NAME RESULT" lines:
#				PASSED, FAILED or ERROR, or another word
# (pytest_suite and go_suite make both) and, where it needs them:
#	reason() { ... }	reason NAME: why that one is not compared, if it is not; $way is
#				"replace" or "run" then
#	why() { ... }		why NAME LOG: what the log has of that failure
#	fresh() { ... }		before the suite runs, each time
# and ends with: compare; finish
#
# A case for each test; it fails when the test passes on the kernel's own fuse only.
. "$FUSEPT_TESTS/lib.sh"

fresh() { :; }
reason() { :; }
why() { :; }

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
		echo "# $p $(tr '\0' ' ' <"/proc/$p/cmdline"): $(ps -L -o stat=,wchan= -p "$p" | tr '\n' ' ')"
		cat "/proc/$p/task/"*/stack | grep -vE 'futex|do_syscall_64|entry_SYSCALL_64' | sed 's/^/#   /'
	done
	# shellcheck disable=SC2046
	kill -9 $(descendants "$1")
}

# attend LOG TEST CMD ...: tests, into LOG. One that does not go on for two minutes
# is ended.
attend() {
	local log=$1 pid still=0 size last=0
	shift
	tests "$@" >"$log" 2>&1 &
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

# suite FILE CMD ...: FILE gets "NAME RESULT" lines. Some tests give a server a
# fixed time to start, which can be too short here: a second try tells.
suite() {
	local file=$1 name
	shift
	fresh
	attend "$file.log" "" "$@"
	results "$file.log" >"$file"
	[ -s "$file" ] || tail -n 40 "$file.log"
	while read -r -u 3 name; do
		attend "$file.again" "$name" "$@"
		cat "$file.again" >>"$file.log"
		results "$file.again" | grep -qxF -e "$name PASSED" || continue
		echo "# passes at the second try: $name"
		awk -v n="$name" '$1 == n { $2 = "PASSED" } { print }' "$file" >"$file.new"
		mv "$file.new" "$file"
	done 3< <(sed -n 's/ \(FAILED\|ERROR\)$//p' "$file")
}

passed() { grep -c ' PASSED$' "$1"; }

compare() {
	local m name own ours text
	rmmod fuse_pt
	modprobe fuse
	suite "$T/own"
	check kernels-own [ -s "$T/own" ]
	while read -r m; do umount -l "$m"; done < <(awk '$3 ~ /^fuse/ && $3 != "fusectl" { print $2 }' /proc/self/mounts)

	umount /sys/fs/fuse/connections 2>/dev/null
	rmmod cuse 2>/dev/null # of a test, and it holds fuse
	way=run
	# shellcheck disable=SC2034 # reason() reads it
	if rmmod fuse 2>/dev/null && modprobe fuse_pt replace_fuse=1 2>/dev/null; then
		way=replace
		echo "# as a drop-in"
		suite "$T/ours"
	else
		echo "# under fusept-run"
		modprobe fuse_pt
		modprobe fuse
		suite "$T/ours" fusept-run
	fi
	check fusept [ -s "$T/ours" ]
	echo "# passed: $(passed "$T/own") on the kernel's own fuse, $(passed "$T/ours") on fusept"

	while read -r name own; do
		ours=$(awk -v n="$name" '$1 == n { print $2 }' "$T/ours")
		text=$(reason "$name")
		if [ -n "$text" ]; then
			skip "$name" "$text, here $ours"
			continue
		fi
		case $own/$ours in
		PASSED/PASSED) echo "ok $name" ;;
		PASSED/*)
			why "$name" "$T/ours.log"
			echo "not ok $name: passes on the kernel's own fuse, here: ${ours:-not run}"
			failures=$((failures + 1))
			;;
		*)
			[ "$ours" != PASSED ] || why "$name" "$T/own.log"
			skip "$name" "on the kernel's own fuse $own, here $ours"
			;;
		esac
	done <"$T/own"
	rm -rf "$T"/own* "$T"/ours*
}

# pytest_suite FOLDER [OPTION ...]: what pytest finds in a folder of this one. (A suite's
# own settings stop at the first that fails, and log in between.)
# environment: CHOSEN   pytest's expression for the tests to run (all)
pytest_suite() {
	pytest_folder=$1
	shift
	pytest_options=("$@")
	tests() {
		local test=$1
		shift
		exec "$@" python3 -m pytest -v --tb=native -o addopts= -o log_cli=false -p no:cacheprovider \
			"${pytest_options[@]}" ${CHOSEN:+-k "$CHOSEN"} "$pytest_folder/$test"
	}
	# One that fails can be an ERROR as well, where it clears up.
	results() {
		sed -n "s/^$pytest_folder\/\([^ ]*\) \(PASSED\|FAILED\|SKIPPED\|ERROR\|XFAIL\|XPASS\).*/\1 \2/p" "$1" |
			awk '!($1 in r) { names[++n] = $1 } r[$1] !~ /FAILED|ERROR/ { r[$1] = $2 }
				END { for (i = 1; i <= n; i++) print names[i], r[names[i]] }'
	}
	why() {
		awk -v n="${1#*::}" 'index($0, "___ " n " ___") { on = 1 } on && /^____/ && !index($0, n) { exit } on' "$2" | tail -n 25
	}
}

# whole_test PACKAGE/TEST/PART: without the part.
whole_test() { sed -E 's|(/Test[^/]*).*|\1|' <<<"$1"; }

# go_suite DIR PACKAGE ...: of each package of Go below DIR its suite.test, compiled by
# the script in tests/suites. Every test is a process of its own: one that dies takes
# no other along. Names are PACKAGE/TEST, and PACKAGE/TEST/PART of its parts.
# environment: CHOSEN   -test.list's expression for the tests to run (all)
go_suite() {
	go_dir=$1
	shift
	go_packages=("$@")
	# With -v alone, some suites print every request.
	tests() {
		local test package name status
		test=$(whole_test "$1")
		shift
		for package in "${go_packages[@]}"; do
			[ -z "$test" ] || [ "${test#"$package"/Test}" != "$test" ] || continue
			cd "$go_dir/$package" || exit 1
			for name in $(./suite.test -test.list "${CHOSEN:-.}" | grep '^Test'); do
				[ -z "$test" ] || [ "$package/$name" = "$test" ] || continue
				echo "=== $package/$name"
				TMPDIR=$T "$@" ./suite.test -test.v=test2json -test.timeout 300s -test.run "^$name\$" </dev/null | tr '\026' '\n'
				status=${PIPESTATUS[0]}
				echo
				echo "=== ended $status"
			done
		done
	}
	results() {
		awk '
		function result(name, how) { if (!(name in r)) { names[++n] = name } r[name] = how }
		/^=== [^ ]+\/Test[^ ]*$/ { whole = $2; package = whole; sub(/\/[^\/]*$/, "", package) }
		/^ *--- (PASS|FAIL|SKIP): / { result(package "/" $3, $2 == "SKIP:" ? "SKIPPED" : $2 == "PASS:" ? "PASSED" : "FAILED") }
		/^=== ended / && $3 != 0 { result(whole, "FAILED") }
		END { for (i = 1; i <= n; i++) print names[i], r[names[i]] }' "$1"
	}
	why() {
		awk -v n="$(whole_test "$1")" '$0 == "=== " n { text = ""; on = 1 }
			on { text = text $0 "\n" } /^=== ended/ { on = 0 } END { printf "%s", text }' "$2" | tail -n 40
	}
}
