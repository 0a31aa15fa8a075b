/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacking: I/O on a lower file on behalf of an upper one, the same on every
 * kernel: permission hooks once and without freeze protection held, freeze
 * protection once, the lower file's own operations, notification, all with
 * the credentials of the task that registered the file.
 */
#ifndef FPT_STACK_H
#define FPT_STACK_H

#include <linux/fs.h>

struct pipe_inode_info;

/**
 * struct fpt_stack - whose I/O it is and what to do around it
 * @cred: credentials for the lower file, which keeps them
 * @upper: upper file. Whoever calls keeps it, and with it the lower file, until
 *	the call returned and, for AIO, until its completion was called
 * @accessed: after a read or mmap: upper's atime follows; may be NULL
 * @wrote: after a write of @written > 0 bytes that ended at @end; process
 *	context, also for AIO; may be NULL
 */
struct fpt_stack {
	const struct cred	*cred;
	struct file		*upper;
	void (*accessed)(struct file *upper);
	void (*wrote)(struct file *upper, loff_t end, ssize_t written);
};

/**
 * fpt_stack_read() - read_iter
 * @lower: file that can be read by iterators
 * @to: where to
 * @iocb: the upper file's; sync or not
 * @st: around it
 *
 * The flags that count are @iocb's, whatever @lower was opened with.
 *
 * Return: bytes or a negative errno, -EIOCBQUEUED among them; -EINVAL for
 * direct I/O that @lower does not support.
 */
ssize_t fpt_stack_read(struct file *lower, struct iov_iter *to,
		       struct kiocb *iocb, const struct fpt_stack *st);

/**
 * fpt_stack_write() - write_iter
 * @lower: file that can be written by iterators
 * @from: where from
 * @iocb: the upper file's; sync or not
 * @st: around it
 *
 * Takes no lock of the upper inode and needs none: the lower file system
 * orders writes to its inode.
 *
 * Return: as fpt_stack_read(); -EPERM if the lower inode is immutable, or
 * append-only and this is no append; -ETXTBSY for a swap file.
 */
ssize_t fpt_stack_write(struct file *lower, struct iov_iter *from,
			struct kiocb *iocb, const struct fpt_stack *st);

/* As the VFS's f_op->splice_read() and f_op->splice_write(). */
ssize_t fpt_stack_splice_read(struct file *lower, loff_t *pos,
			      struct pipe_inode_info *pipe, size_t len,
			      unsigned int flags, const struct fpt_stack *st);
ssize_t fpt_stack_splice_write(struct pipe_inode_info *pipe, struct file *lower,
			       loff_t *pos, size_t len, unsigned int flags,
			       const struct fpt_stack *st);

/**
 * fpt_stack_mmap() - f_op->mmap
 * @lower: takes the upper file's place in @vma
 * @vma: new mapping
 * @st: around it
 *
 * Return: 0; -ENODEV if @lower cannot be mapped; for a mapping that may be
 * written through: -EACCES if the lower inode is append-only, -EPERM if it is
 * immutable, -ETXTBSY for a swap file.
 */
int fpt_stack_mmap(struct file *lower, struct vm_area_struct *vma,
		   const struct fpt_stack *st);

int fpt_stack_init(void);	/* slab and workqueue of AIO */
void fpt_stack_exit(void);

#endif
