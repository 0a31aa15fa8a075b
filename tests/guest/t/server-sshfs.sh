#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sshfs, on libfuse 3, with OpenSSH's SFTP server as a child in place of a
# connection; it fails when a step ends other than on the kernel's own fuse.
# where: servers
# packages: sshfs openssh-sftp-server
# timeout: 3000
# shellcheck disable=SC2034 # servers.sh reads them
. "$FUSEPT_TESTS/servers.sh"

program=sshfs
prepare() {
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >"$W/connect"
	chmod 755 "$W/connect"
}
source=nowhere:$W/back
options=allow_other,ssh_command=$W/connect
own=(sshfs -o "$options" "$source")

compare
finish
