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
 * @cred: credentials for the lower file; outlives the I/O (referenced by AIO)
 * @upper: upper file
 * @accessed: after a read: upper's atime follows; may be NULL
 * @wrote: after a write of @written > 0 bytes that ended at @end; process
 *	context, also for AIO; may be NULL
 */
struct fpt_stack {
	const struct cred	*cred;
	struct file		*upper;
	void (*accessed)(struct file *upper);
	void (*wrote)(struct file *upper, loff_t end, ssize_t written);
};

ssize_t fpt_stack_read(struct file *lower, struct iov_iter *to,
		       struct kiocb *iocb, const struct fpt_stack *st);
ssize_t fpt_stack_write(struct file *lower, struct iov_iter *from,
			struct kiocb *iocb, const struct fpt_stack *st);
ssize_t fpt_stack_splice_read(struct file *lower, struct kiocb *iocb,
			      struct pipe_inode_info *pipe, size_t len,
			      unsigned int flags, const struct fpt_stack *st);
ssize_t fpt_stack_splice_write(struct pipe_inode_info *pipe, struct file *lower,
			       struct kiocb *iocb, size_t len,
			       unsigned int flags, const struct fpt_stack *st);
int fpt_stack_mmap(struct file *lower, struct vm_area_struct *vma,
		   const struct fpt_stack *st);

int fpt_stack_init(void);	/* slab and workqueue of AIO */
void fpt_stack_exit(void);

#endif
