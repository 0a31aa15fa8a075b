// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that lives, and answers a question for attributes with an error:
 *
 *	fuse_refusing ERRNO MNT
 *
 * ERRNO is a number; MNT as libfuse takes it, /dev/fd/N included. One thread, in
 * the foreground.
 */
#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>

static int answer;

static void refuse(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fuse_reply_err(req, answer);
}

static const struct fuse_lowlevel_ops ops = {
	.getattr = refuse,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *se;
	int err;

	if (argc != 3) {
		fprintf(stderr, "Usage: fuse_refusing ERRNO MNT\n");
		return 2;
	}
	answer = atoi(argv[1]);
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_session_mount(se, argv[2]))
		return 1;
	err = fuse_session_loop(se);
	fuse_session_unmount(se);
	fuse_session_destroy(se);
	return !!err;
}
