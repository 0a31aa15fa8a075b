#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Attributes over a real directory, on the data path through the server and on
# passthrough: times, owners and sizes as below, and setuid, setgid and
# capabilities gone with the first write, truncate or chown. It fails when a
# privilege outlives a change of the file, or when stat and the file below differ.
# timeout: 200
. "$FUSEPT_TESTS/lib.sh"

mode() { stat -c %a "$1"; }
caps() { getcap "$1" | grep -c cap_net_raw; }
same() { [ "$(stat -c '%s %a %u %g %h %b %Y %y' "$m/$1")" = "$(stat -c '%s %a %u %g %h %b %Y %y' "$low/$1")" ]; }
append_as() { as "$1" sh -c "echo more >>'$2'"; }

# privileged NAME: a file of root's that others may write, setuid, setgid and
# with capabilities
privileged() {
	rm -f "$1"
	printf data >"$1"
	chown 0:0 "$1"
	setcap cap_net_raw+ep "$1"
	chmod 6777 "$1"
}

for path in off on; do
	low=$T/low-$path m=$T/m-$path
	mkdir "$low"
	chmod 755 "$low"
	check "mount-$path" loopback "$low" "$m" "allow_other,default_permissions,passthrough=$path" || continue
	cd "$m" || exit 1

	privileged f
	equal "given-mode-$path" 6777 "$(mode f)"
	equal "given-caps-$path" 1 "$(caps f)"
	check "write-$path" append_as 1 f
	equal "write-strips-mode-$path" 777 "$(mode f)"
	equal "write-strips-mode-below-$path" 777 "$(mode "$low/f")"
	equal "write-strips-caps-$path" 0 "$(caps f)"
	equal "write-strips-caps-below-$path" 0 "$(caps "$low/f")"
	check "write-again-$path" append_as 1 f

	privileged f
	check "root-write-$path" sh -c 'echo more >>f'
	equal "root-keeps-mode-$path" 6777 "$(mode f)"
	equal "root-loses-caps-$path" 0 "$(caps "$low/f")"

	privileged f
	check "truncate-$path" as 1 truncate -s 2 f
	equal "truncate-strips-mode-$path" 777 "$(mode "$low/f")"
	equal "truncate-strips-caps-$path" 0 "$(caps "$low/f")"

	privileged f
	check "open-trunc-$path" as 1 sh -c ': >f'
	equal "open-trunc-strips-mode-$path" 777 "$(mode "$low/f")"

	privileged f
	check "chown-$path" chown 3:4 f
	equal "chown-strips-mode-$path" 777 "$(mode "$low/f")"
	equal "chown-strips-caps-$path" 0 "$(caps "$low/f")"
	check "chown-same-$path" same f

	# capabilities given later count, however often was written before
	printf x >g
	chmod 666 g
	for _ in 1 2 3; do append_as 1 g; done
	setcap cap_net_raw+ep g
	equal "late-caps-$path" 1 "$(caps g)"
	append_as 1 g
	equal "late-caps-stripped-$path" 0 "$(caps "$low/g")"

	check "touch-$path" touch -d '1965-01-02 03:04:05.678901234' g
	check "touch-same-$path" same g
	check "grow-$path" truncate -s 1234567 g
	check "grow-same-$path" same g
	check "shrink-$path" truncate -s 3 g
	equal "shrink-data-$path" xmo "$(head -c 10 g | tr -d '\n')"
	check "shrink-same-$path" same g
	check "append-$path" append_as 1 g
	check "append-same-$path" same g
	fails "chmod-of-others-$path" EPERM as 1 chmod 777 g
	fails "chown-of-others-$path" EPERM as 1 chown 1 g
	fails "touch-of-others-$path" EPERM as 1 touch -d 2001-01-01 g
	chmod 600 g
	fails "truncate-of-others-$path" EACCES as 1 truncate -s 0 g
	check "directory-times-$path" touch -d '2001-02-03 00:00:00 UTC' .
	equal "directory-time-$path" 981158400 "$(stat -c %Y "$low")"
	cd /
	check "unmount-$path" umount "$m"
done
finish
