/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Passthrough: read, write, splice and mmap of an open file go to its backing
 * file, and what else the server lets the kernel do to it. Uses stack.h and
 * lower.h; knows nothing of the transport.
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
void fpt_passthrough_detach(const struct inode *inode, struct fpt_file *ff);

ssize_t fpt_passthrough_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t fpt_passthrough_write(struct kiocb *iocb, struct iov_iter *from);
ssize_t fpt_passthrough_splice_read(struct file *in, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags);
ssize_t fpt_passthrough_splice_write(struct pipe_inode_info *pipe,
				     struct file *out, loff_t *pos, size_t len,
				     unsigned int flags);
int fpt_passthrough_mmap(struct file *file, struct vm_area_struct *vma);

/*
 * What the server may let the kernel do unasked; for who checked that it does,
 * with fpt_file_lets(). Privileges go before data changes, and size and
 * attributes are up to date afterwards. As the f_op of the same name.
 */
int fpt_passthrough_fsync(struct file *file, loff_t start, loff_t end,
			  int datasync);
int fpt_passthrough_flush(struct file *file, fl_owner_t owner);
loff_t fpt_passthrough_llseek(struct file *file, loff_t offset, int whence);
int fpt_passthrough_fallocate(struct file *file, int mode, loff_t offset,
			      loff_t len);
int fpt_passthrough_fadvise(struct file *file, loff_t offset, loff_t len,
			    int advice);
/* -EOPNOTSUPP or -EXDEV: data has to be moved */
ssize_t fpt_passthrough_copy(struct file *in, loff_t pos_in, struct file *out,
			     loff_t pos_out, size_t len);
loff_t fpt_passthrough_remap(struct file *in, loff_t pos_in, struct file *out,
			     loff_t pos_out, loff_t len,
			     unsigned int remap_flags);

#endif
