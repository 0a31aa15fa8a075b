/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Passthrough: read, write, splice and mmap of an open file go to its backing
 * file. Uses stack.h; knows nothing of the transport.
 */
#ifndef FPT_PASSTHROUGH_H
#define FPT_PASSTHROUGH_H

#include <linux/fs.h>

struct fpt_backing;
struct fpt_file;
struct pipe_inode_info;

/**
 * fpt_passthrough_attach() - open @fb's file for this upper open
 * Sets ff->back, which keeps @fb's credentials, and ff->backing. Takes over the
 * caller's reference on @fb, on failure too. fpt_passthrough_detach() undoes it.
 */
int fpt_passthrough_attach(struct file *file, struct fpt_file *ff,
			   struct fpt_backing *fb);
void fpt_passthrough_detach(struct fpt_file *ff);

ssize_t fpt_passthrough_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t fpt_passthrough_write(struct kiocb *iocb, struct iov_iter *from);
ssize_t fpt_passthrough_splice_read(struct file *in, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags);
ssize_t fpt_passthrough_splice_write(struct pipe_inode_info *pipe,
				     struct file *out, loff_t *pos, size_t len,
				     unsigned int flags);
int fpt_passthrough_mmap(struct file *file, struct vm_area_struct *vma);

#endif
