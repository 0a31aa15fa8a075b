// SPDX-License-Identifier: LGPL-2.1-only
/*
 * libfuse 3.17 and later, which has passthrough itself. What is left to do is
 * to clone descriptors of a device other than /dev/fuse.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#if FUSEPT_NATIVE

#define MISC_MAJOR 10
#define FUSE_MINOR 229	/* of /dev/fuse, the only device libfuse clones */

static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	return read(fd, buf, len);
}

static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	return writev(fd, iov, count);
}

static ssize_t splice_either(int in, off_t *in_off, int out, off_t *out_off,
			     size_t len, unsigned int flags, void *userdata)
{
	return splice(in, in_off, out, out_off, len, flags);
}

static bool is_dev_fuse(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(MISC_MAJOR, FUSE_MINOR);
}

int fusept_attach(struct fusept *fp)
{
	static const struct fuse_custom_io io = {
		.writev = write_reply,
		.read = read_request,
		.splice_receive = splice_either,
		.splice_send = splice_either,
		.clone_fd = fusept_clone_device,
	};

	if (!fp->clone_fd || is_dev_fuse(fp->fd))
		return 0;
	/* A libfuse without custom I/O serves as well, without clones. */
	if (fuse_session_custom_io(fp->se, &io, sizeof(io), fp->fd))
		fp->clone_fd = false;
	return 0;
}

void fusept_detach(struct fusept *fp)
{
}

int fusept_loop_clone_fd(const struct fusept *fp)
{
	return fp->clone_fd;
}

enum fusept_state fusept_init(struct fusept *fp, struct fuse_conn_info *conn)
{
	if (!fp->wanted) {
		fusept_decide(fp, FUSEPT_OFF, "passthrough is not asked for");
	} else if ((conn->want | conn->want_ext) & FUSE_CAP_WRITEBACK_CACHE) {
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the writeback cache is on, which excludes passthrough");
	} else if (!fuse_set_feature_flag(conn, FUSE_CAP_PASSTHROUGH)) {
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the kernel does not offer passthrough");
	} else {
		/* libfuse counts the layers below, the kernel ours too. */
		conn->max_backing_stack_depth = fp->depth - 1;
		fp->offered = true;
	}
	return fp->state;
}

static struct fuse_file_info complete(const struct fuse_file_info *fi,
				      const struct fusept_open *how)
{
	struct fuse_file_info full = *fi;

	if (how) {
		full.backing_id = how->backing_id;
		if (how->backing_id)
			full.keep_cache = 0;
		if (how->flags & FUSEPT_OPEN_PARALLEL_DIRECT_WRITES)
			full.parallel_direct_writes = 1;
	}
	return full;
}

int fusept_reply_open(fuse_req_t req, const struct fuse_file_info *fi,
		      const struct fusept_open *how)
{
	struct fuse_file_info full = complete(fi, how);

	return fuse_reply_open(req, &full);
}

int fusept_reply_create(fuse_req_t req, const struct fuse_entry_param *entry,
			const struct fuse_file_info *fi,
			const struct fusept_open *how)
{
	struct fuse_file_info full = complete(fi, how);

	return fuse_reply_create(req, entry, &full);
}

#endif
