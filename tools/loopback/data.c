// SPDX-License-Identifier: GPL-2.0-only
/* The contents of open files, where the server does the I/O. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "loopback.h"

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
	     struct fuse_file_info *fi)
{
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(size);

	buf.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	buf.buf[0].fd = handle_of(fi)->fd;
	buf.buf[0].pos = off;
	fuse_reply_data(req, &buf, 0);
}

/* All of @size, or as far as it goes; -errno when that is nothing. */
static ssize_t write_all(int fd, const char *mem, size_t size, off_t off,
			 bool append)
{
	size_t done = 0;

	while (done < size) {
		struct iovec iov = { (char *)mem + done, size - done };
		ssize_t n = pwritev2(fd, &iov, 1, off + done,
				     append ? RWF_APPEND : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return done ? (ssize_t)done : -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

/* Into memory first: neither a pipe nor many pieces can be appended at once. */
static ssize_t gather_and_write(int fd, struct fuse_bufvec *in, off_t off,
				bool append)
{
	struct fuse_bufvec out = FUSE_BUFVEC_INIT(fuse_buf_size(in));
	ssize_t n;

	out.buf[0].mem = malloc(out.buf[0].size);
	if (!out.buf[0].mem)
		return -ENOMEM;
	n = fuse_buf_copy(&out, in, 0);
	if (n > 0)
		n = write_all(fd, out.buf[0].mem, n, off, append);
	free(out.buf[0].mem);
	return n;
}

void op_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in,
		  off_t off, struct fuse_file_info *fi)
{
	struct fuse_bufvec out = FUSE_BUFVEC_INIT(fuse_buf_size(in));
	bool append = fi->flags & O_APPEND;
	int fd = handle_of(fi)->fd;
	ssize_t n;

	if (handle_of(fi)->direct) {
		int err = drop_privileges(req, fd);

		if (err) {
			fuse_reply_err(req, err);
			return;
		}
	}
	if (in->count == 1 && !in->idx && !in->off &&
	    !(in->buf[0].flags & FUSE_BUF_IS_FD)) {
		n = write_all(fd, in->buf[0].mem, in->buf[0].size, off, append);
	} else if (append) {
		n = gather_and_write(fd, in, off, append);
	} else {
		out.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
		out.buf[0].fd = fd;
		out.buf[0].pos = off;
		n = fuse_buf_copy(&out, in, 0);
	}
	if (n < 0)
		fuse_reply_err(req, -n);
	else
		fuse_reply_write(req, n);
}

void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off,
		  off_t len, struct fuse_file_info *fi)
{
	fuse_reply_err(req, fallocate(handle_of(fi)->fd, mode, off, len) ?
		       errno : 0);
}

void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
	      struct fuse_file_info *fi)
{
	off_t at = lseek(handle_of(fi)->fd, off, whence);

	if (at < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_lseek(req, at);
}

void op_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
			struct fuse_file_info *fi_in, fuse_ino_t ino_out,
			off_t off_out, struct fuse_file_info *fi_out,
			size_t len, int flags)
{
	ssize_t n = copy_file_range(handle_of(fi_in)->fd, &off_in,
				    handle_of(fi_out)->fd, &off_out, len, flags);

	if (n < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_write(req, n);
}
