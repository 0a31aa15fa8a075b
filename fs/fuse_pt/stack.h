/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacking: I/O on a lower file on behalf of an upper one, the same on every
 * kernel: permission hooks once and without freeze protection held, freeze
 * protection once, the lower file's own operations, notification, all with
 * the credentials that the lower file was opened with.
 *
 * The lower file is the upper one's alone and lives as long: who calls keeps
 * the upper file until the call returned and, for AIO, until its completion
 * was called.
 */
#ifndef FPT_STACK_H
#define FPT_STACK_H

#include <linux/fs.h>

struct pipe_inode_info;

/**
 * fpt_stack_open_flags() - those of @flags that a lower file can have
 * @lower: the file, or another open of it
 * @cred: whose it is or will be; only the owner may have O_NOATIME
 */
unsigned int fpt_stack_open_flags(struct file *lower, const struct cred *cred,
				  unsigned int flags);

/**
 * fpt_stack_read() - read_iter
 * @lower: file that can be read by iterators
 * @to: where to
 * @iocb: the upper file's; sync or not
 * @done: called after -EIOCBQUEUED was returned, in any context, with the
 *	result, once @iocb's position tells the end and before its completion;
 *	never for a call with a page wait queue, which is made anew instead
 *
 * The flags that count are @iocb's, whatever @lower was opened with.
 *
 * Return: bytes or a negative errno, -EIOCBQUEUED among them; -EINVAL for
 * direct I/O that @lower does not support.
 */
ssize_t fpt_stack_read(struct file *lower, struct iov_iter *to,
		       struct kiocb *iocb,
		       void (*done)(struct kiocb *iocb, ssize_t ret));

/**
 * fpt_stack_write() - write_iter
 * @lower: file that can be written by iterators
 * @from: where from
 * @iocb: the upper file's; sync or not
 * @done: as fpt_stack_read()'s, but in process context
 *
 * Takes no lock of the upper inode and needs none: the lower file system
 * orders writes to its inode.
 *
 * Return: as fpt_stack_read(); -EPERM if the lower inode is immutable, or
 * append-only and this is no append; -ETXTBSY for a swap file.
 */
ssize_t fpt_stack_write(struct file *lower, struct iov_iter *from,
			struct kiocb *iocb,
			void (*done)(struct kiocb *iocb, ssize_t ret));

/* As the VFS's f_op->splice_read() and f_op->splice_write() of @upper. */
ssize_t fpt_stack_splice_read(struct file *lower, struct file *upper,
			      loff_t *pos, struct pipe_inode_info *pipe,
			      size_t len, unsigned int flags);
ssize_t fpt_stack_splice_write(struct pipe_inode_info *pipe, struct file *lower,
			       struct file *upper, loff_t *pos, size_t len,
			       unsigned int flags);

/**
 * fpt_stack_mmap() - f_op->mmap
 * @lower: takes the upper file's place in @vma
 * @vma: new mapping
 *
 * Return: 0; -ENODEV if @lower cannot be mapped; for a mapping that may be
 * written through: -EACCES if the lower inode is append-only, -EPERM if it is
 * immutable, -ETXTBSY for a swap file.
 */
int fpt_stack_mmap(struct file *lower, struct vm_area_struct *vma);

/**
 * fpt_stack_may_write() - before any other change of a lower file's data
 * @lower: has the flags of @upper from here on
 * @upper: the file that the user opened
 *
 * Return: 0 or what fpt_stack_write() would give.
 */
int fpt_stack_may_write(struct file *lower, const struct file *upper);

int fpt_stack_init(void);	/* slab and workqueue of AIO */
void fpt_stack_exit(void);

#endif
