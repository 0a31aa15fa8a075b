#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other people's servers, one for each way to put a server on fusept, GlusterFS with
# a volume of two bricks among them: a tree is copied in and compared with what the
# server's back end then holds, names move, open files are unlinked, and each step
# must end as it does on the kernel's own fuse.
# It fails when a distribution's server does not come up on fusept, or meets a
# difference. `make test-servers` is the long form.
# timeout: 900
# kernels: 6.1 7.3
. "$FUSEPT_TESTS/lib.sh"

export FILES=20
export SKIP="describe copy_out find append truncate hard_link exclusive chmod chown times attribute lock fifo verify mapped statfs"
cases env WAYS=type bash "$FUSEPT_TESTS/t/server-sshfs.sh"
cases env WAYS=run bash "$FUSEPT_TESTS/t/server-fuse-overlayfs.sh"
cases env WAYS=user bash "$FUSEPT_TESTS/t/server-bindfs.sh"
if command -v glusterd >/dev/null; then
	cases bash "$FUSEPT_TESTS/t/server-glusterfs.sh"
else
	skip glusterfs "it is installed where the kernel's fuse can be replaced"
fi
finish
