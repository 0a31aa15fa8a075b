#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# collect.sh ANSWERS SYMVERS EXPORTS: prints probed.h from the answers of the
# probes in directory ANSWERS and from the symbols of file EXPORTS that file
# SYMVERS has. Fails where a control probe answered wrong.
set -eu

answers=$1
symvers=$2
exports=$3

control() {
	for a in "$answers"/$1.answer; do
		[ -f "$a" ] || {
			echo >&2 "fuse_pt: no control probe $1 in $answers"
			exit 1
		}
		read -r got <"$a"
		[ "$got" = "$2" ] && continue
		echo >&2 "fuse_pt: control probe $(basename "$a" .answer)" \
			"answers $got instead of $2: the compiler or the kernel" \
			"headers do not work; see $a.log"
		exit 1
	done
}

# A probe has to fail for what it says itself. An error in a header, other than
# by a macro that the probe uses, says nothing about the kernel.
own_failure() {
	awk -v probe="/$1.c:" '
		/: (fatal )?error: / {
			if (foreign)
				exit
			foreign = index($0, probe) ? "" : $0
		}
		/: note: / && index($0, probe) { foreign = "" }
		END {
			if (foreign) {
				print foreign
				exit 1
			}
		}' "$2" >&2 && return 0
	echo >&2 "fuse_pt: probe $1 fails in a header that it includes," \
		"which says nothing about the kernel; see $2"
	exit 1
}

control control-pass yes
control 'control-fail-*' no

if ! [ -s "$symvers" ]; then
	echo >&2 "fuse_pt: $symvers is missing or empty: it says what the" \
		"kernel exports; build the kernel first, or install its headers"
	exit 1
fi

echo "/* SPDX-License-Identifier: GPL-2.0-only */"
echo "/* Written by collect.sh from the answers of the probes. */"
for a in "$answers"/*.answer; do
	name=$(basename "$a" .answer)
	case $name in control-*) continue ;; esac
	read -r got <"$a"
	macro=FPT_HAVE_$(echo "$name" | tr '[:lower:]-' '[:upper:]_')
	case $got in
	yes) echo "#define $macro 1" ;;
	no)
		own_failure "$name" "$a.log"
		echo "/* no $macro */"
		;;
	*)
		echo >&2 "fuse_pt: $a holds neither yes nor no"
		exit 1
		;;
	esac
done

# Module.symvers: checksum, symbol, module, kind of export, name space. What
# is exported into a name space is not for us.
awk -F '\t' '
	FNR == NR {
		if ($1 != "" && $1 !~ /^#/)
			want[$1] = order[++n] = $1
		next
	}
	($2 in want) && $4 ~ /^EXPORT_SYMBOL/ && $5 == "" { have[$2] = 1 }
	END {
		for (i = 1; i <= n; i++) {
			s = order[i]
			m = "FPT_HAVE_EXPORT_" toupper(s)
			print (s in have) ? "#define " m " 1" : "/* no " m " */"
		}
	}' "$exports" "$symvers"
