#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# POSIX ACLs, against a server made by hand and through the loopback server over
# three file systems: who gets in, what a new file inherits, what chmod, setgid
# and the umask do to them. It fails when an ACL is not obeyed, is obeyed after it
# changed, or when what is below differs from what was set above.
# timeout: 300
. "$FUSEPT_TESTS/lib.sh"

mkdir "$T/m"
cases rawacl "$T/m"

user1_id=$(id -u user1)

# same CASE PATH: the ACL above is that below.
same() {
	equal "$1" "$(cd "$low" && getfacl -cpE "$2")" "$(cd "$top" && getfacl -cpE "$2")"
}

for fs in tmpfs ext4 xfs; do
	low=$T/$fs.low top=$T/$fs.top
	lower $fs "$low" || { skip "$fs" "no such file system here"; continue; }
	chmod 755 "$low"
	loopback "$low" "$top" allow_other,default_permissions,acl=on
	cd "$top" || exit 1
	echo data >f
	chmod 600 f
	fails $fs-before EACCES as user1 cat f
	check $fs-set setfacl -m u:user1:r f
	check $fs-after as user1 cat f
	fails $fs-others EACCES as user2 cat f
	same $fs-below f
	equal $fs-mode 640 "$(stat -c %a f)"
	check $fs-chmod chmod 600 f
	fails $fs-masked EACCES as user1 cat f
	same $fs-below-chmod f
	check $fs-changed-back chmod 640 f
	check $fs-again as user1 cat f
	check $fs-removed setfacl -b f
	fails $fs-after-removal EACCES as user1 cat f
	same $fs-below-removal f

	# A default ACL takes the place of the umask.
	mkdir d
	check $fs-default setfacl -d -m "u::rwx,u:$user1_id:rwx,g::rx,o::-" d
	(umask 077; echo data >d/f; mkdir d/d; mkfifo d/p; echo data >plain)
	equal $fs-inherited 660 "$(stat -c %a d/f)"
	equal $fs-inherited-dir 770 "$(stat -c %a d/d)"
	equal $fs-umask 600 "$(stat -c %a plain)"
	same $fs-below-file d/f
	same $fs-below-dir d/d
	same $fs-below-fifo d/p
	chmod 755 d
	check $fs-inherited-use as user1 cat d/f
	fails $fs-inherited-others EACCES as user2 cat d/f

	# Only the owner sets, and does not keep setgid of a group not his own.
	echo >s
	chown user1:root s
	chmod 2755 s
	fails $fs-not-owner EPERM as user2 setfacl -m u:user2:rw s
	check $fs-owner as user1 setfacl -m u:user2:rw s
	equal $fs-setgid-gone 775 "$(stat -c %a s)"
	cd "$T" || exit 1
	umount "$top"
	wait_for 10 umount "$low"
done
finish
