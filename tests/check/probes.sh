#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probes.sh: does the build ask the kernel well, and stop when it cannot?
# KDIR=DIR names the headers to ask (default: those of the running kernel).
# Prints one line per check; exits 1 if one failed, 77 where there are no
# headers to work with.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
kdir=${KDIR:-/lib/modules/$(uname -r)/build}
[ -f "$kdir/Makefile" ] || {
	echo "skip: no kernel headers in $kdir"
	exit 77
}
kdir=$(cd "$kdir" && pwd -P)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# fresh [few]: a copy of what the build reads, without earlier answers; few: of
# all probes only the controls and one, where the others are of no interest
fresh() {
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree/fs/fuse_pt"
	cp "$top/Kbuild" "$top/module.mk" "$dir/tree/"
	cp -R "$top/fs/fuse_pt/compat" "$dir/tree/fs/fuse_pt/"
	probes=$dir/tree/fs/fuse_pt/compat/probes
	find "$probes" -name '*.answer*' -exec rm -f {} +
	[ $# -eq 0 ] || find "$probes" -name '*.c' ! -name 'control-*' \
		! -name mnt-idmap.c -exec rm -f {} +
	rm -f "$dir/tree/fs/fuse_pt/compat/probed.h"
}

# ask [VAR=VALUE...]: run the probes; output in $dir/out
ask() {
	make -C "$dir/tree" -f module.mk probes KDIR="$kdir" "$@" >"$dir/out" 2>&1
}

asked() {
	grep -c '^  PROBE ' "$dir/out"
}

# check WHAT COMMAND...
check() {
	what=$1
	shift
	if "$@"; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		sed 's/^/	/' "$dir/out" | tail -20
		failed=1
	fi
}

# stops MESSAGE [VAR=VALUE...]: the probes must fail and say so
stops() {
	message=$1
	shift
	if ask "$@"; then
		echo "	built, although it had to stop" >>"$dir/out"
		return 1
	fi
	grep -q "$message" "$dir/out"
}

# compiler WORD STATUS: one that ends with STATUS where WORD is an argument
compiler() {
	cat >"$dir/cc" <<-END
		#!/bin/sh
		for a; do
			case \$a in $1) exit $2 ;; esac
		done
		exec ${CC:-gcc} "\$@"
	END
	chmod +x "$dir/cc"
}

fresh
check "the probes answer" ask
check "one answer for each probe and each export" \
	test "$(grep -c FPT_HAVE_ "$dir/tree/fs/fuse_pt/compat/probed.h")" -eq \
	"$(($(find "$probes" -name '*.c' ! -name 'control-*' | wc -l) +
		$(grep -c '^[a-z_]' "$probes/exports")))"
ask
check "nothing is asked twice" test "$(asked)" -eq 0
touch "$probes/mnt-idmap.c"
ask
check "a changed probe is asked again, alone" test "$(asked)" -eq 1
ask KCFLAGS=-DFPT_OTHER_FLAGS
check "other flags ask again" test "$(asked)" -gt 1

fresh few
compiler -fsyntax-only 1
check "a compiler that takes nothing stops the build" \
	stops "control-pass answers no" CC="$dir/cc"
fresh few
compiler -fsyntax-only 0
check "a compiler that takes everything stops the build" \
	stops "control-fail-.* answers yes" CC="$dir/cc"
fresh few
check "a compiler that lets wrong pointers pass stops the build" \
	stops "control-fail-.* answers yes" \
	fpt-probe-flags="-fsyntax-only -Wno-error=incompatible-pointer-types"
fresh few
rm "$probes"/control-fail-*.c
check "missing controls stop the build" stops "no control probe"

fresh few
echo 'fpt_unknown_type x;' >"$probes/broken.h"
printf '/* test */\n#include "broken.h"\n' >"$probes/in-header.c"
check "a probe that fails in a header stops the build" \
	stops "probe in-header fails in a header"

fresh few
echo 'this is no C;' >"$probes/never.c"
ask
check "a probe that fails by itself is a no" \
	grep -q '/\* no FPT_HAVE_NEVER \*/' "$dir/tree/fs/fuse_pt/compat/probed.h"

# exports: plain and GPL ones count, those into a name space do not
printf '0x0\tfpt_plain\tvmlinux\tEXPORT_SYMBOL\t\n' >"$dir/symvers"
printf '0x0\tfpt_gpl\tvmlinux\tEXPORT_SYMBOL_GPL\t\n' >>"$dir/symvers"
printf '0x0\tfpt_spaced\tvmlinux\tEXPORT_SYMBOL_GPL\tSPACE\n' >>"$dir/symvers"
printf '# a comment\nfpt_plain\nfpt_gpl\nfpt_spaced\nfpt_none\n' >"$dir/exports"
mkdir "$dir/answers"
echo yes >"$dir/answers/control-pass.answer"
echo no >"$dir/answers/control-fail-x.answer"
sh "$probes/collect.sh" "$dir/answers" "$dir/symvers" "$dir/exports" \
	>"$dir/out" 2>&1
check "exports are found, name spaces left alone" test "$(
	grep -c '^#define FPT_HAVE_EXPORT_FPT_\(PLAIN\|GPL\) 1$' "$dir/out") $(
	grep -c '^/\* no FPT_HAVE_EXPORT_FPT_\(SPACED\|NONE\) \*/$' "$dir/out")" = "2 2"

no_symvers() {
	! sh "$probes/collect.sh" "$dir/answers" "$dir/none" "$dir/exports" \
		>"$dir/out" 2>&1 && grep -q 'is missing or empty' "$dir/out"
}
check "a kernel without Module.symvers stops the build" no_symvers

exit $failed
