#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sshfs, on libfuse 3, with OpenSSH's sshd on this guest; it fails when a step ends
# other than on the kernel's own fuse.
# where: servers
# packages: sshfs openssh-server openssh-client iproute2
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=sshfs
port=2022
# A daemon with keys of its own, which ends with the test.
daemon() {
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$T/host" && ssh-keygen -q -t ed25519 -N '' -f "$T/user" || return
	cp "$T/user.pub" "$T/authorized"
	/usr/sbin/sshd -f /dev/null -h "$T/host" -p "$port" -E "$T/sshd.log" -o ListenAddress=127.0.0.1 \
		-o AuthorizedKeysFile="$T/authorized" -o StrictModes=no -o UsePAM=no -o PidFile=none \
		-o PermitRootLogin=prohibit-password -o Subsystem="sftp /usr/lib/openssh/sftp-server"
}
at=127.0.0.1:$port
prepare() { listens "$at" 2>/dev/null || { daemon && wait_for 30 listens "$at"; } || cat "$T/sshd.log"; }
source=root@127.0.0.1:$W/back
options=allow_other,port=$port,IdentityFile=$T/user,StrictHostKeyChecking=no,UserKnownHostsFile=$T/known
own=(sshfs -o "$options" "$source")

compare
finish
