// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacking: I/O on a lower file on behalf of an upper one.
 *
 * Each call goes the same way: what forbids it outright; the permission hooks
 * of the lower file, with no freeze protection of its file system held, since
 * they may wait for user space; for a write, freeze protection; the lower
 * file's own operation; notification. All but the first runs with the credentials
 * that the lower file was opened with.
 *
 * The VFS holds freeze protection of the upper superblock around a write from
 * before we are called. That orders nothing: ours cannot be frozen.
 */
#include "compat/compat.h"

#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include "stack.h"

/* Seals of a memfd that forbid stores into new mappings. */
#define SEALS_WRITE	(F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/**
 * struct stack_aio - an asynchronous call on a lower file
 * @down: the lower file's kiocb
 * @orig: the upper file's; its completion ends our right to both files
 * @done: what to call at the end
 * @refs: one for the submitter, whose lower file system may look at @down
 *	after the completion ran, and one for the completion
 * @res: result, between completion and @work
 * @work: end of a write
 */
struct stack_aio {
	struct kiocb		down;
	struct kiocb		*orig;
	void (*done)(struct kiocb *iocb, ssize_t ret);
	refcount_t		refs;
	long			res;
	struct work_struct	work;
};

static struct kmem_cache *aio_cache;
static struct workqueue_struct *aio_wq;

unsigned int fpt_stack_open_flags(struct file *lower, const struct cred *cred,
				  unsigned int flags)
{
	const struct cred *old;

	if (likely(!(flags & O_NOATIME)))
		return flags;
	old = override_creds(cred);
	if (!inode_owner_or_capable(file_mnt_idmap(lower), file_inode(lower)))
		flags &= ~O_NOATIME;
	revert_creds(old);
	return flags;
}

int fpt_stack_follow(struct file *lower, unsigned int flags)
{
	int err;

	flags = fpt_stack_open_flags(lower, lower->f_cred, flags);
	if ((flags & O_DIRECT) && !(lower->f_mode & FMODE_CAN_ODIRECT))
		return -EINVAL;
	if (lower->f_op->check_flags) {
		err = lower->f_op->check_flags(flags);
		if (err)
			return err;
	}

	spin_lock(&lower->f_lock);
	lower->f_flags = (lower->f_flags & ~FPT_O_FOLLOWED) | (flags & FPT_O_FOLLOWED);
	lower->f_iocb_flags = iocb_flags(lower);
	spin_unlock(&lower->f_lock);
	return 0;
}

int fpt_stack_may_write(struct file *lower, const struct file *upper)
{
	int err = fpt_stack_may(file_inode(lower), upper->f_flags & O_APPEND);

	return err ? err : fpt_stack_match(lower, upper);
}

static struct stack_aio *aio_new(struct kiocb *iocb, struct file *lower)
{
	struct stack_aio *aio = kmem_cache_alloc(aio_cache, GFP_KERNEL);

	if (!aio)
		return NULL;

	kiocb_clone(&aio->down, iocb, lower);
	aio->down.ki_flags &= FPT_IOCB_LOWER;
	aio->orig = iocb;
	refcount_set(&aio->refs, 2);
	return aio;
}

static void aio_put(struct stack_aio *aio)
{
	if (refcount_dec_and_test(&aio->refs))
		kmem_cache_free(aio_cache, aio);
}

/* The lower file system was called: give up the submitter's part. */
static void aio_submitted(struct stack_aio *aio, ssize_t ret)
{
	if (ret != -EIOCBQUEUED) {
		/* no completion: its reference is ours too */
		aio->orig->ki_pos = aio->down.ki_pos;
		refcount_dec(&aio->refs);
	}
	aio_put(aio);
}

static void aio_finish(struct stack_aio *aio, long res)
{
	struct kiocb *orig = aio->orig;

	aio_put(aio);
	orig->ki_complete(orig, res);
}

/* Any context. */
static void aio_read_done(struct kiocb *down, long res)
{
	struct stack_aio *aio = container_of(down, struct stack_aio, down);

	aio->orig->ki_pos = down->ki_pos;
	aio->done(aio->orig, res);
	aio_finish(aio, res);
}

static void aio_write_work(struct work_struct *work)
{
	struct stack_aio *aio = container_of(work, struct stack_aio, work);
	struct kiocb *down = &aio->down;

	kiocb_end_write(down);
	/* NFS leaves it where it was; where an append began, nobody knows. */
	if (aio->res > 0 && !(down->ki_flags & IOCB_APPEND) &&
	    down->ki_pos == aio->orig->ki_pos)
		down->ki_pos += aio->res;
	aio->orig->ki_pos = down->ki_pos;
	if (aio->res > 0)
		fsnotify_modify(down->ki_filp);
	aio->done(aio->orig, aio->res);
	aio_finish(aio, aio->res);
}

/* Any context; what follows a write sleeps and takes locks of processes. */
static void aio_write_done(struct kiocb *down, long res)
{
	struct stack_aio *aio = container_of(down, struct stack_aio, down);

	aio->res = res;
	queue_work(aio_wq, &aio->work);
}

/*
 * A buffered read with a page wait queue. After -EIOCBQUEUED nobody completes
 * it: whoever unlocks the page wakes its owner to make the call anew, and may
 * do so before it returned. From then on @iocb is not ours to look at, so the
 * lower file gets a copy, which it forgets when it returns.
 */
static noinline ssize_t read_waiting(struct file *lower, struct iov_iter *to,
				     struct kiocb *iocb)
{
	struct kiocb down = {};
	ssize_t ret;

	kiocb_clone(&down, iocb, lower);
	down.ki_flags &= FPT_IOCB_LOWER;
	down.ki_flags |= IOCB_WAITQ;
	down.ki_waitq = iocb->ki_waitq;
	ret = lower->f_op->read_iter(&down, to);
	if (ret != -EIOCBQUEUED)
		iocb->ki_pos = down.ki_pos;
	return ret;
}

ssize_t fpt_stack_read_async(struct file *lower, struct iov_iter *to,
			     struct kiocb *iocb,
			     void (*done)(struct kiocb *iocb, ssize_t ret))
{
	struct stack_aio *aio;
	ssize_t ret;

	if (iocb->ki_flags & IOCB_WAITQ)
		return read_waiting(lower, to, iocb);
	aio = aio_new(iocb, lower);
	if (!aio)
		return -ENOMEM;

	aio->down.ki_complete = aio_read_done;
	aio->done = done;
	ret = lower->f_op->read_iter(&aio->down, to);
	aio_submitted(aio, ret);
	return ret;
}

ssize_t fpt_stack_write_async(struct file *lower, struct iov_iter *from,
			      struct kiocb *iocb,
			      void (*done)(struct kiocb *iocb, ssize_t ret))
{
	struct super_block *sb = file_inode(lower)->i_sb;
	struct stack_aio *aio = aio_new(iocb, lower);
	ssize_t ret;

	if (!aio)
		return -ENOMEM;

	aio->down.ki_flags |= IOCB_WRITE;
	aio->down.ki_complete = aio_write_done;
	aio->done = done;
	INIT_WORK(&aio->work, aio_write_work);

	/* Whoever completes the write gives the protection back. */
	if (!(iocb->ki_flags & IOCB_NOWAIT)) {
		kiocb_start_write(&aio->down);
	} else if (sb_start_write_trylock(sb)) {
		__sb_writers_release(sb, SB_FREEZE_WRITE);
	} else {
		aio_submitted(aio, -EAGAIN);
		return -EAGAIN;
	}

	ret = lower->f_op->write_iter(&aio->down, from);
	if (ret != -EIOCBQUEUED)
		kiocb_end_write(&aio->down);
	aio_submitted(aio, ret);
	return ret;
}

ssize_t fpt_stack_splice_read(struct file *lower, struct file *upper,
			      loff_t *pos, struct pipe_inode_info *pipe,
			      size_t len, unsigned int flags)
{
	const struct cred *old;
	ssize_t ret;

	ret = fpt_stack_match(lower, upper);
	if (ret)
		return ret;

	old = fpt_stack_borrow(lower);
	/* runs the permission hooks */
	ret = vfs_splice_read(lower, pos, pipe, len, flags);
	if (ret > 0)
		fsnotify_access(lower);
	fpt_stack_return(old);
	return ret;
}

ssize_t fpt_stack_splice_write(struct pipe_inode_info *pipe, struct file *lower,
			       struct file *upper, loff_t *pos, size_t len,
			       unsigned int flags)
{
	const struct cred *old;
	ssize_t ret;

	if (!lower->f_op->splice_write)
		return -EINVAL;
	/* the VFS does not splice into a file in append mode */
	ret = fpt_stack_may(file_inode(lower), false);
	if (!ret)
		ret = fpt_stack_match(lower, upper);
	if (ret)
		return ret;

	old = fpt_stack_borrow(lower);
	ret = rw_verify_area(WRITE, lower, pos, len);
	if (!ret) {
		file_start_write(lower);
		ret = lower->f_op->splice_write(pipe, lower, pos, len, flags);
		file_end_write(lower);
		if (ret > 0)
			fsnotify_modify(lower);
	}
	fpt_stack_return(old);
	return ret;
}

int fpt_stack_may_share(struct file *lower, struct vm_area_struct *vma)
{
	struct inode *inode = file_inode(lower);
	int err;

	if (IS_APPEND(inode))
		return -EACCES;
	err = fpt_stack_may(inode, false);
	if (err || !shmem_mapping(lower->f_mapping) ||
	    !(READ_ONCE(SHMEM_I(inode)->seals) & SEALS_WRITE))
		return err;

	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

int fpt_stack_mmap(struct file *lower, struct vm_area_struct *vma)
{
	struct file *upper = vma->vm_file;
	const struct cred *old;
	int ret;

	if (!can_mmap_file(lower))
		return -ENODEV;

	/* The caller of mmap(2) holds @upper, whatever the mapping holds. */
	vma_set_file(vma, lower);
	old = fpt_stack_borrow(lower);
	ret = fpt_compat_mmap_allowed(vma, lower, upper);
	if (!ret)
		ret = vfs_mmap(lower, vma);
	fpt_stack_return(old);
	return ret;
}

int fpt_stack_init(void)
{
	aio_cache = kmem_cache_create("fpt_aio", sizeof(struct stack_aio), 0,
				      SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	if (!aio_cache)
		return -ENOMEM;

	/* Swap and loop devices write through us when memory is short. */
	aio_wq = alloc_workqueue("fusept-aio", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!aio_wq) {
		kmem_cache_destroy(aio_cache);
		return -ENOMEM;
	}
	return 0;
}

void fpt_stack_exit(void)
{
	destroy_workqueue(aio_wq);
	kmem_cache_destroy(aio_cache);
}
