// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server of libfusept(3)'s example, with what it leaves out for brevity: a
 * directory with one file, "file", which is FILE. One thread, in the foreground.
 *
 *	fuse_example FILE MNT [defaults | clone-twice]
 *
 * MNT as libfuse takes it, /dev/fd/N included. defaults: no configuration is given
 * to the library. clone-twice: after the unmount it mounts and serves once more,
 * in the same thread, with clone_fd.
 */
#define FUSE_USE_VERSION 314

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <fusept.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_INO	2

static struct fusept *fp;
static const char *path;
static int backing, opens;

static int attributes(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (ino != FUSE_ROOT_ID && stat(path, st))
		return errno;
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	}
	st->st_ino = ino;
	return 0;
}

static void my_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .ino = FILE_INO };
	int err = strcmp(name, "file") ? ENOENT : attributes(FILE_INO, &e.attr);

	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_entry(req, &e);
}

static void my_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	int err = attributes(ino, &st);

	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, 0);
}

static void my_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(size);

	buf.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	buf.buf[0].fd = fi->fh;
	buf.buf[0].pos = off;
	fuse_reply_data(req, &buf, 0);
}

static void my_init(void *data, struct fuse_conn_info *conn)
{
	fusept_init(fp, conn);
}

static void let_go(int fd)
{
	if (!--opens && backing)
		fusept_backing_close(fp, backing);
	close(fd);
}

static void my_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fusept_open how = { 0 };
	int fd = open(path, O_RDONLY), id;

	if (fd < 0) {
		fuse_reply_err(req, errno);
		return;
	}
	if (!opens++) {
		id = fusept_backing_open(fp, fd);
		backing = id > 0 ? id : 0;
	}
	how.backing_id = backing;
	fi->fh = fd;
	if (fusept_reply_open(req, fi, &how))
		let_go(fd);
}

static void my_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	let_go(fi->fh);
	fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops ops = {
	.init = my_init,
	.lookup = my_lookup,
	.getattr = my_getattr,
	.read = my_read,
	.open = my_open,
	.release = my_release,
};

static int serve(char *program, const char *mnt,
		 const struct fusept_config *config)
{
	char *argv[] = { program, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	int res = -1;

	fuse_opt_free_args(&args);
	if (!se)
		return -1;
	if (!fuse_session_mount(se, mnt)) {
		fp = fusept_new(se, config);
		if (fp)
			res = fuse_session_loop(se);
		fuse_session_unmount(se);
		fusept_destroy(fp);
	}
	fuse_session_destroy(se);
	return res;
}

int main(int argc, char **argv)
{
	struct fusept_config config = { .max_stack_depth = 1 };
	const char *how = argc > 3 ? argv[3] : "";
	bool twice = !strcmp(how, "clone-twice");

	if (argc < 3) {
		fprintf(stderr, "usage: fuse_example FILE MNT [defaults | clone-twice]\n");
		return 2;
	}
	path = argv[1];
	config.clone_fd = twice;
	if (serve(argv[0], argv[2], strcmp(how, "defaults") ? &config : NULL))
		return 1;
	return twice && serve(argv[0], argv[2], &config);
}
