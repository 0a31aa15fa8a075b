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

#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/uio.h>

struct pipe_inode_info;

/**
 * fpt_stack_open_flags() - those of @flags that a lower file can have
 * @lower: the file, or another open of it
 * @cred: whose it is or will be; only the owner may have O_NOATIME
 */
unsigned int fpt_stack_open_flags(struct file *lower, const struct cred *cred,
				  unsigned int flags);

/* As the VFS's f_op->splice_read() and f_op->splice_write() of @upper. */
ssize_t fpt_stack_splice_read(struct file *lower, struct file *upper,
			      loff_t *pos, struct pipe_inode_info *pipe,
			      size_t len, unsigned int flags);
ssize_t fpt_stack_splice_write(struct pipe_inode_info *pipe, struct file *lower,
			       struct file *upper, loff_t *pos, size_t len,
			       unsigned int flags);

/**
 * fpt_stack_may_share() - before fpt_stack_mmap() of a file open for writing
 * @lower: as there
 * @vma: new mapping, shared; seals may leave it for reading alone
 *
 * Return: 0; -EACCES if the lower inode is append-only, -EPERM if it is
 * immutable or sealed, -ETXTBSY for a swap file.
 */
int fpt_stack_may_share(struct file *lower, struct vm_area_struct *vma);

/**
 * fpt_stack_mmap() - f_op->mmap
 * @lower: takes the upper file's place in @vma
 * @vma: new mapping; a shared one that may be written through is counted by the
 *	VFS, and the caller sees to it that it may
 *
 * Return: 0; -ENODEV if @lower cannot be mapped; or what its file system says.
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

/* -------- reads and writes, whose short way is in their callers -------- */

/*
 * What of a call's flags is the lower file's business. Not so: polling, which
 * is the caller's with the file it has; completion in the caller's context,
 * which works on the caller's kiocb; marks of the caller's own.
 */
#define FPT_IOCB_LOWER	(IOCB_APPEND | IOCB_DIRECT | IOCB_DSYNC | IOCB_SYNC | \
			 IOCB_NOWAIT | IOCB_NOIO | IOCB_WRITE)

/* F_SETFL changes these on the upper file. */
#define FPT_O_FOLLOWED	(O_APPEND | O_DIRECT | O_NOATIME | O_NONBLOCK)

/* Make the flags of @lower follow: -EINVAL if it cannot have them. */
int fpt_stack_follow(struct file *lower, unsigned int flags);

/* Those of fpt_stack_read() and fpt_stack_write() that are not synchronous. */
ssize_t fpt_stack_read_async(struct file *lower, struct iov_iter *to,
			     struct kiocb *iocb,
			     void (*done)(struct kiocb *iocb, ssize_t ret));
ssize_t fpt_stack_write_async(struct file *lower, struct iov_iter *from,
			      struct kiocb *iocb,
			      void (*done)(struct kiocb *iocb, ssize_t ret));

/*
 * The credentials that @lower was opened with, which it keeps: no reference is
 * taken for the time of a call.
 */
static inline const struct cred *fpt_stack_borrow(const struct file *lower)
{
	return rcu_replace_pointer(current->cred, lower->f_cred, true);
}

static inline void fpt_stack_return(const struct cred *old)
{
	rcu_assign_pointer(current->cred, old);
}

/*
 * The lower file is this open's alone, so its flags may follow those of the
 * upper one; they count where no kiocb says otherwise (splice, atime).
 */
static inline int fpt_stack_match(struct file *lower, const struct file *upper)
{
	unsigned int flags = READ_ONCE(upper->f_flags);

	if (likely(!((lower->f_flags ^ flags) & FPT_O_FOLLOWED)))
		return 0;
	return fpt_stack_follow(lower, flags);
}

/* Can the lower file do what the flags of this call ask for? */
static inline int fpt_stack_can(struct file *lower, const struct kiocb *iocb)
{
	if (likely(!(iocb->ki_flags & IOCB_DIRECT)))
		return 0;
	return lower->f_mode & FMODE_CAN_ODIRECT ? 0 : -EINVAL;
}

/* Flags of the lower inode can change while files are open. */
static inline int fpt_stack_may(const struct inode *inode, bool append)
{
	if (likely(!(inode->i_flags & (S_IMMUTABLE | S_APPEND | S_SWAPFILE))))
		return 0;
	if (IS_IMMUTABLE(inode) || (IS_APPEND(inode) && !append))
		return -EPERM;
	return IS_SWAPFILE(inode) ? -ETXTBSY : 0;
}

/*
 * The kiocb of a synchronous call is its caller's and ours until we return:
 * the lower file is lent it, with @more of IOCB_*, instead of getting a copy.
 */
static inline ssize_t
fpt_stack_lend(struct file *lower, struct iov_iter *iter, struct kiocb *iocb,
	       ssize_t (*call)(struct kiocb *iocb, struct iov_iter *iter),
	       int more)
{
	struct file *upper = iocb->ki_filp;
	int flags = iocb->ki_flags;
	ssize_t ret;

	iocb->ki_filp = lower;
	iocb->ki_flags = (flags & FPT_IOCB_LOWER) | more;
	ret = call(iocb, iter);
	iocb->ki_filp = upper;
	iocb->ki_flags = flags;
	return ret;
}

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
static inline ssize_t
fpt_stack_read(struct file *lower, struct iov_iter *to, struct kiocb *iocb,
	       void (*done)(struct kiocb *iocb, ssize_t ret))
{
	const struct cred *old;
	ssize_t ret;

	if (!iov_iter_count(to))
		return 0;
	ret = fpt_stack_match(lower, iocb->ki_filp);
	if (!ret)
		ret = fpt_stack_can(lower, iocb);
	if (unlikely(ret))
		return ret;

	old = fpt_stack_borrow(lower);
	ret = rw_verify_area(READ, lower, &iocb->ki_pos, iov_iter_count(to));
	if (likely(!ret)) {
		if (likely(is_sync_kiocb(iocb)))
			ret = fpt_stack_lend(lower, to, iocb,
					     lower->f_op->read_iter, 0);
		else
			ret = fpt_stack_read_async(lower, to, iocb, done);
		if (ret > 0)
			fsnotify_access(lower);
	}
	fpt_stack_return(old);
	return ret;
}

static inline ssize_t fpt_stack_write_sync(struct file *lower,
					   struct iov_iter *from,
					   struct kiocb *iocb)
{
	struct super_block *sb = file_inode(lower)->i_sb;
	ssize_t ret;

	if (likely(!(iocb->ki_flags & IOCB_NOWAIT)))
		sb_start_write(sb);
	else if (!sb_start_write_trylock(sb))
		return -EAGAIN;
	ret = fpt_stack_lend(lower, from, iocb, lower->f_op->write_iter,
			     IOCB_WRITE);
	sb_end_write(sb);
	return ret;
}

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
static inline ssize_t
fpt_stack_write(struct file *lower, struct iov_iter *from, struct kiocb *iocb,
		void (*done)(struct kiocb *iocb, ssize_t ret))
{
	const struct cred *old;
	ssize_t ret;

	if (!iov_iter_count(from))
		return 0;
	ret = fpt_stack_may(file_inode(lower), iocb->ki_flags & IOCB_APPEND);
	if (!ret)
		ret = fpt_stack_match(lower, iocb->ki_filp);
	if (!ret)
		ret = fpt_stack_can(lower, iocb);
	if (unlikely(ret))
		return ret;

	old = fpt_stack_borrow(lower);
	ret = rw_verify_area(WRITE, lower, &iocb->ki_pos, iov_iter_count(from));
	if (likely(!ret)) {
		if (likely(is_sync_kiocb(iocb)))
			ret = fpt_stack_write_sync(lower, from, iocb);
		else
			ret = fpt_stack_write_async(lower, from, iocb, done);
		if (ret > 0)
			fsnotify_modify(lower);
	}
	fpt_stack_return(old);
	return ret;
}

#endif
