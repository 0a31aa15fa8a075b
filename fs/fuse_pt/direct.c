// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct I/O: READ and WRITE on the caller's own memory, for FOPEN_DIRECT_IO
 * and O_DIRECT.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_io_accounting_ops.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include "conn.h"
#include "file.h"
#include "iomode.h"
#include "memory.h"
#include "node.h"
#include "orphan.h"
#include "request.h"
#include "stats.h"
#include "writeback.h"

/**
 * struct direct_io - a read or write, and how much of it came to pass
 *
 * Lifetime: on the stack of a caller that sends one part after the other; else
 * on the heap until its last part ended and who waits for it left. The kiocb
 * keeps the open file, and that the inode; a caller that was killed took both
 * away, then only @users and what a part has of its own are looked at.
 *
 * @iocb: whose it is
 * @inode: of the file
 * @ff: its handle
 * @write: direction
 * @sharing: counts as a parallel write until it ended
 * @asked: bytes that were sent for
 * @lock: outside of struct fpt_node.lock
 * @good: bytes without a gap, as far as is known
 * @error: why it ends at @good, or 0
 * @parts: parts in flight, and one for who sends them
 * @waited: a caller waits for @ended
 * @ended: completed by the last part
 * @users: with @waited: the caller, and the parts together
 * @span: of a write whose caller was killed, on the list of @inode, which @ff
 *	keeps; not before, or who takes its memory from a mapping of these very
 *	bytes would wait for himself
 * @over: the last part ended
 * @left: @span is listed
 * @work: the end of a write that must not be in the server's context
 */
struct direct_io {
	struct kiocb		*iocb;
	struct inode		*inode;
	struct fpt_file		*ff;
	bool			write;
	bool			sharing;
	size_t			asked;
	spinlock_t		lock;	/* @good, @error, @asked, @over, @left */
	size_t			good;
	int			error;
	refcount_t		parts;
	bool			waited;
	refcount_t		users;
	struct completion	ended;
	struct fpt_wb_span	span;
	bool			over;
	bool			left;
	struct work_struct	work;
};

/**
 * struct direct_part - one READ or WRITE
 * @call: the request
 * @in: its argument
 * @wrote: reply of a WRITE
 * @io: what it is a part of
 * @at: its offset in that
 * @mem: its bytes
 */
struct direct_part {
	struct fpt_call			call;
	union {
		struct fuse_read_in	read;
		struct fuse_write_in	write;
	} in;
	struct fuse_write_out		wrote;
	struct direct_io		*io;
	size_t				at;
	struct fpt_memory		mem;
};

static struct workqueue_struct *direct_wq;

/* -------- parts -------- */

/* Bytes and pages that one request may have. */
static size_t direct_max_len(const struct direct_io *io)
{
	const struct fpt_conn *conn = io->ff->conn;

	return io->write ? conn->max_write : conn->max_read;
}

static unsigned int direct_room(const struct direct_io *io,
				const struct iov_iter *iter)
{
	return max(iov_iter_npages(iter, io->ff->conn->max_pages), 1);
}

static void part_prepare_read(struct direct_part *part, loff_t pos)
{
	const struct direct_io *io = part->io;
	struct fpt_call *call = &part->call;

	part->in.read = (struct fuse_read_in){
		.fh = io->ff->fh,
		.offset = pos,
		.size = part->mem.len,
		.read_flags = FUSE_READ_LOCKOWNER,
		.lock_owner = fpt_lock_owner(io->ff->conn, current->files),
		.flags = io->iocb->ki_filp->f_flags,
	};
	call->op = FUSE_READ;
	call->flags = FPT_CALL_OUT_PAGES | FPT_CALL_OUT_VAR |
		FPT_CALL_USER_PAGES;
	fpt_call_in(call, &part->in.read, sizeof(part->in.read));
}

static void part_prepare_write(struct direct_part *part, loff_t pos)
{
	const struct direct_io *io = part->io;
	struct fpt_call *call = &part->call;

	part->in.write = (struct fuse_write_in){
		.fh = io->ff->fh,
		.offset = pos,
		.size = part->mem.len,
		.write_flags = FUSE_WRITE_LOCKOWNER,
		.lock_owner = fpt_lock_owner(io->ff->conn, current->files),
		.flags = fpt_write_flags(io->iocb),
	};
	if (!capable(CAP_FSETID))
		part->in.write.write_flags |= FUSE_WRITE_KILL_SUIDGID;
	call->op = FUSE_WRITE;
	call->flags = FPT_CALL_IN_PAGES | FPT_CALL_USER_PAGES;
	fpt_call_in(call, &part->in.write, fpt_write_in_len(io->ff->conn));
	fpt_call_out(call, &part->wrote, sizeof(part->wrote));
}

/* Take memory for the part that begins at @at, and describe its request. */
static int part_prepare(struct direct_part *part, size_t at,
			struct iov_iter *iter)
{
	struct direct_io *io = part->io;
	struct fpt_call *call = &part->call;
	int err;

	memset(call, 0, sizeof(*call));
	part->at = at;
	err = fpt_memory_take(&part->mem, iter, direct_max_len(io));
	if (err)
		return err;

	call->node = io->ff->node;
	call->pages = (struct fpt_pages){
		.bv = part->mem.bv,
		.nr = part->mem.nr,
		.len = part->mem.len,
	};
	if (io->write)
		part_prepare_write(part, io->iocb->ki_pos + at);
	else
		part_prepare_read(part, io->iocb->ki_pos + at);
	return 0;
}

/* Bytes that the server read or wrote, from @res of the call. */
static ssize_t part_result(const struct direct_part *part, ssize_t res)
{
	if (res < 0 || !part->io->write)
		return res;
	if (part->wrote.size > part->mem.len)
		return -EIO;
	/* With FOPEN_DIRECT_IO the caller gets what the server says. */
	if (!part->wrote.size && (part->io->ff->path != FPT_PATH_DIRECT ||
				  !is_sync_kiocb(part->io->iocb)))
		return -EIO;
	return part->wrote.size;
}

/* -------- whole reads and writes -------- */

/* What the page cache took meanwhile of the range. Waits for the server. */
static void direct_drop(const struct direct_io *io, loff_t pos, ssize_t len)
{
	struct address_space *mapping = io->inode->i_mapping;

	if (len > 0 && mapping->nrpages)
		invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT,
					      (pos + len - 1) >> PAGE_SHIFT);
}

/* One part after the other, until one comes short. */
static ssize_t direct_wait(struct direct_io *io, struct iov_iter *iter)
{
	struct fpt_keep keep = {
		.ff = io->ff,
		.inode = io->write ? io->inode : NULL,
	};
	struct direct_part part;
	size_t total = 0;
	ssize_t got;

	part.io = io;
	got = fpt_memory_init(&part.mem, direct_room(io, iter));
	if (got)
		return got;

	do {
		got = part_prepare(&part, total, iter);
		if (got)
			break;
		keep.start = io->iocb->ki_pos + total;
		keep.end = keep.start + part.mem.len - 1;
		got = part_result(&part, fpt_call_keep(io->ff->conn, &part.call,
						       &keep));
		fpt_memory_give_back(&part.mem);
		iov_iter_revert(iter, part.mem.len - max_t(ssize_t, got, 0));
		if (got < 0)
			break;
		total += got;
	} while (got == part.mem.len && iov_iter_count(iter));

	fpt_memory_exit(&part.mem);
	return total ? total : got;
}

/* The bytes from @at on are not what was asked for. */
static void direct_cut(struct direct_io *io, size_t at, int error)
{
	spin_lock(&io->lock);
	if (at < io->good) {
		io->good = at;
		io->error = error;
	}
	spin_unlock(&io->lock);
}

/* What a write changed of the attributes. */
static void direct_wrote(struct direct_io *io, ssize_t done)
{
	if (done > 0)
		fpt_node_wrote(io->inode, io->iocb->ki_pos + done);
	else
		fpt_attr_stale(io->inode, FPT_STAT_DATA);
}

static ssize_t direct_total(const struct direct_io *io)
{
	return io->good ? io->good : io->error;
}

/* FOPEN_DIRECT_IO: WRITE tells the server that it is to be O_SYNC or O_DSYNC. */
static bool direct_needs_sync(const struct direct_io *io)
{
	return io->ff->path != FPT_PATH_DIRECT && iocb_is_dsync(io->iocb);
}

/* In a worker, for who opened the file. */
static ssize_t direct_sync(struct kiocb *iocb, ssize_t done)
{
	const struct cred *own = override_creds(iocb->ki_filp->f_cred);

	done = generic_write_sync(iocb, done);
	revert_creds(own);
	return done;
}

/* All parts of an asynchronous read or write ended. */
static void direct_complete(struct direct_io *io)
{
	struct kiocb *iocb = io->iocb;
	ssize_t res = direct_total(io);

	if (!io->write && !IS_RDONLY(io->inode))
		fpt_attr_stale(io->inode, STATX_ATIME);
	if (io->sharing)
		fpt_iomode_share_end(io->inode);
	if (res > 0) {
		iocb->ki_pos += res;
		if (io->write && direct_needs_sync(io))
			res = direct_sync(iocb, res);
	}
	fpt_stat_bytes(io->ff->conn, io->write ? FPT_IO_DIRECT_WRITE :
		       FPT_IO_DIRECT_READ, res);
	kfree(io);
	iocb->ki_complete(iocb, res);
}

static void direct_complete_work(struct work_struct *work)
{
	struct direct_io *io = container_of(work, struct direct_io, work);

	direct_drop(io, io->iocb->ki_pos, io->asked);
	direct_complete(io);
}

static void direct_leave(struct direct_io *io)
{
	if (refcount_dec_and_test(&io->users))
		kfree(io);
}

/* All parts ended that a caller waits for, or waited for. */
static void direct_over(struct direct_io *io)
{
	bool left;

	spin_lock(&io->lock);
	io->over = true;
	left = io->left;
	spin_unlock(&io->lock);
	if (left) {
		/* Somebody may have asked too early. */
		fpt_attr_stale(io->inode, FPT_STAT_DATA);
		fpt_cached_forget(io->inode, io->span.start, io->span.end);
		fpt_wb_span_end(io->inode, &io->span);
	}
	fpt_file_put(io->ff);
	complete(&io->ended);
	direct_leave(io);
}

/* The caller was killed, and has the inode lock for a moment still. */
static void direct_left(struct direct_io *io)
{
	loff_t pos = io->iocb->ki_pos;

	spin_lock(&io->lock);
	io->left = io->write && !io->over;
	if (io->left)
		fpt_wb_span_sent(io->inode, &io->span, pos, pos + io->asked - 1);
	spin_unlock(&io->lock);
	if (io->write)
		fpt_cached_forget(io->inode, pos, pos + io->asked - 1);
}

static void direct_put(struct direct_io *io)
{
	if (!refcount_dec_and_test(&io->parts))
		return;

	if (io->waited) {
		direct_over(io);
		return;
	}

	if (io->write) {
		direct_wrote(io, direct_total(io));
		/*
		 * Here the server itself may be about to answer: wait for
		 * nothing. A page that comes from now on has the new data.
		 */
		if (io->inode->i_mapping->nrpages || direct_needs_sync(io)) {
			INIT_WORK(&io->work, direct_complete_work);
			queue_work(direct_wq, &io->work);
			return;
		}
	}
	direct_complete(io);
}

static void part_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct direct_part *part = container_of(call, struct direct_part, call);
	struct direct_io *io = part->io;
	ssize_t got;

	got = part_result(part, fpt_call_result(call));
	if (got < 0)
		direct_cut(io, part->at, got);
	else if (got < part->mem.len)
		direct_cut(io, part->at + got, 0);

	fpt_memory_give_back(&part->mem);
	fpt_memory_exit(&part->mem);
	kfree(part);
	direct_put(io);
}

static int direct_send_part(struct direct_io *io, struct iov_iter *iter)
{
	struct direct_part *part;
	int err;

	part = kmalloc_obj(struct direct_part);
	if (!part)
		return -ENOMEM;
	part->io = io;
	err = fpt_memory_init(&part->mem, direct_room(io, iter));
	if (err)
		goto free;
	err = part_prepare(part, io->asked, iter);
	if (err)
		goto exit;

	spin_lock(&io->lock);
	/* a gap before it stays one */
	if (io->good == io->asked)
		io->good += part->mem.len;
	io->asked += part->mem.len;
	spin_unlock(&io->lock);

	refcount_inc(&io->parts);
	part->call.done = part_done;
	err = fpt_call_async(io->ff->conn, &part->call, GFP_KERNEL);
	if (!err)
		return 0;

	direct_cut(io, part->at, err);
	refcount_dec(&io->parts);
	fpt_memory_give_back(&part->mem);
exit:
	fpt_memory_exit(&part->mem);
free:
	kfree(part);
	return err;
}

/* All parts at once. Return: what is in flight, or an error if nothing is. */
static struct direct_io *direct_send(const struct direct_io *from,
				     struct iov_iter *iter, bool waited)
{
	struct direct_io *io;
	int err;

	io = kmalloc_obj(struct direct_io);
	if (!io)
		return ERR_PTR(-ENOMEM);
	*io = *from;
	spin_lock_init(&io->lock);
	refcount_set(&io->parts, 1);
	io->waited = waited;
	refcount_set(&io->users, 2);
	init_completion(&io->ended);
	/* Who waits may be killed, and then has neither file nor inode lock. */
	if (waited)
		fpt_file_get(io->ff);

	do {
		err = direct_send_part(io, iter);
	} while (!err && iov_iter_count(iter));

	if (!io->asked) {
		if (waited)
			fpt_file_put(io->ff);
		kfree(io);
		return ERR_PTR(err);
	}
	return io;
}

/* Ends with ki_complete(), also if it fails half-way. */
static ssize_t direct_start(const struct direct_io *from, struct iov_iter *iter)
{
	struct direct_io *io = direct_send(from, iter, false);

	if (IS_ERR(io))
		return PTR_ERR(io);
	direct_put(io);
	return -EIOCBQUEUED;
}

/* The same for a caller that waits, until it is killed. */
static ssize_t direct_wait_all(const struct direct_io *from,
			       struct iov_iter *iter)
{
	struct direct_io *io = direct_send(from, iter, true);
	ssize_t done;

	if (IS_ERR(io))
		return PTR_ERR(io);
	direct_put(io);
	if (wait_for_completion_state(&io->ended, FPT_KILLABLE)) {
		direct_left(io);
		done = -EINTR;
	} else {
		done = direct_total(io);
		iov_iter_revert(iter, io->asked - io->good);
		/* What is behind the part that failed was written, too. */
		if (io->write && io->good < io->asked)
			direct_drop(io, io->iocb->ki_pos, io->asked);
	}
	direct_leave(io);
	return done;
}

/* Does one request take all of it? */
static bool direct_is_one(const struct direct_io *io,
			  const struct iov_iter *iter)
{
	unsigned int max_pages = io->ff->conn->max_pages;

	return iov_iter_count(iter) <= direct_max_len(io) &&
		iov_iter_npages(iter, max_pages + 1) <= max_pages;
}

/*
 * Are several requests in flight for one caller that waits? Only of a file: what
 * the server has read directly may be a stream, where what is asked for behind a
 * short answer is lost. Not for a write that extends the file: if one fails, the
 * later ones must not have been there. And only from memory that stays when the
 * caller is killed.
 */
static bool direct_may_split(const struct direct_io *io,
			     const struct iov_iter *iter)
{
	if (io->ff->path != FPT_PATH_CACHED || direct_is_one(io, iter) ||
	    !fpt_has(io->ff->conn, FPT_F_ASYNC_DIO) || !user_backed_iter(iter))
		return false;
	return !io->write ||
	       io->iocb->ki_pos + iov_iter_count(iter) <=
			i_size_read(io->inode);
}

/*
 * May it end behind its caller's back? Who wants several requests in flight of
 * what the server has read and written directly says so with O_DIRECT.
 */
static bool direct_may_start(const struct direct_io *io,
			     const struct iov_iter *iter)
{
	if (is_sync_kiocb(io->iocb) ||
	    !fpt_has(io->ff->conn, FPT_F_ASYNC_DIO))
		return false;
	if (io->iocb->ki_flags & IOCB_DIRECT)
		return true;
	return (!io->write || io->sharing) && direct_is_one(io, iter);
}

/* @wait: until it ended, in any case */
static ssize_t direct_run(struct direct_io *io, struct iov_iter *iter,
			  bool wait)
{
	ssize_t done;

	if (!wait && direct_may_start(io, iter))
		return direct_start(io, iter);

	if (direct_may_split(io, iter))
		done = direct_wait_all(io, iter);
	else
		done = direct_wait(io, iter);
	if (io->write) {
		direct_wrote(io, done);
		direct_drop(io, io->iocb->ki_pos, done);
	}
	if (done > 0)
		io->iocb->ki_pos += done;
	return done;
}

/* -------- the page cache beside it -------- */

/* A write must not leave a page either that says otherwise. */
static int direct_settle_write(struct inode *inode, loff_t pos, size_t len)
{
	struct address_space *mapping = inode->i_mapping;
	int err = fpt_wb_settle(inode, pos, pos + len - 1);

	if (err || !mapping->nrpages)
		return err;
	return invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT,
					     (pos + len - 1) >> PAGE_SHIFT);
}

/* -------- reading -------- */

ssize_t fpt_direct_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct direct_io io = {
		.iocb = iocb,
		.inode = file_inode(iocb->ki_filp),
		.ff = fpt_file(iocb->ki_filp),
	};
	ssize_t done;

	if (!iov_iter_count(to))
		return 0;

	/* What the page cache or a WRITE under way has of the range goes first. */
	done = fpt_wb_settle_read(io.inode, iocb->ki_pos,
				  iocb->ki_pos + iov_iter_count(to) - 1);
	if (done)
		return done;

	done = direct_run(&io, to, false);
	if (done != -EIOCBQUEUED && !IS_RDONLY(io.inode))
		fpt_attr_stale(io.inode, STATX_ATIME);
	return done;
}

/* -------- writing -------- */

/* With FOPEN_DIRECT_IO, whatever the server writes to drops capabilities. */
static bool direct_must_strip(struct file *file)
{
	if (fpt_file(file)->path == FPT_PATH_DIRECT &&
	    !(file_inode(file)->i_mode & (S_ISUID | S_ISGID)))
		return false;
	return fpt_must_strip_privs(file);
}

/* May a write run beside others, as far as can be told without a lock? */
static bool direct_may_share(const struct kiocb *iocb,
			     const struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct fpt_file *ff = fpt_file(file);

	return ff->path == FPT_PATH_DIRECT &&
		(ff->open_flags & FOPEN_PARALLEL_DIRECT_WRITES) &&
		!(iocb->ki_flags & IOCB_APPEND) &&
		iocb->ki_pos + iov_iter_count(from) <=
			i_size_read(file_inode(file)) &&
		!direct_must_strip(file);
}

/* Lock the inode shared if the write may be, else exclusively. */
static bool direct_lock(const struct kiocb *iocb, const struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);

	if (direct_may_share(iocb, from)) {
		inode_lock_shared(inode);
		/* A truncate may have been faster. */
		if (direct_may_share(iocb, from) &&
		    fpt_iomode_share_begin(inode))
			return true;
		inode_unlock_shared(inode);
	}
	inode_lock(inode);
	return false;
}

/* Inode locked. */
static ssize_t direct_write_locked(struct direct_io *io, struct iov_iter *from)
{
	struct kiocb *iocb = io->iocb;
	struct fpt_node *fn = fpt_node(io->inode);
	ssize_t done;
	loff_t size;
	bool grows;

	done = generic_write_checks(iocb, from);
	if (done <= 0)
		return done;
	task_io_account_write(iov_iter_count(from));
	if (!io->sharing && direct_must_strip(iocb->ki_filp)) {
		done = fpt_strip_privs(iocb->ki_filp);
		if (done)
			return done;
	}

	size = i_size_read(io->inode);
	if (iocb->ki_pos > size)
		fpt_file_zero_tail(io->inode, size);
	done = direct_settle_write(io->inode, iocb->ki_pos,
				   iov_iter_count(from));
	if (done)
		return done;

	/* The size must be right when the next one looks at it. */
	grows = iocb->ki_pos + iov_iter_count(from) > size;
	if (grows)
		set_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	done = direct_run(io, from, grows);
	if (grows)
		clear_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	return done;
}

ssize_t fpt_direct_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct direct_io io = {
		.iocb = iocb,
		.inode = file_inode(iocb->ki_filp),
		.ff = fpt_file(iocb->ki_filp),
		.write = true,
	};
	ssize_t done;

	io.sharing = direct_lock(iocb, from);
	done = direct_write_locked(&io, from);
	if (io.sharing) {
		if (done != -EIOCBQUEUED)
			fpt_iomode_share_end(io.inode);
		inode_unlock_shared(io.inode);
	} else {
		inode_unlock(io.inode);
	}
	if (done > 0 && direct_needs_sync(&io))
		done = generic_write_sync(iocb, done);
	return done;
}

ssize_t fpt_direct_io(struct kiocb *iocb, struct iov_iter *iter)
{
	if (iov_iter_rw(iter) == READ)
		return fpt_direct_read(iocb, iter);
	return fpt_direct_write(iocb, iter);
}

/* -------- mappings -------- */

/*
 * A private mapping takes what the server has now. A shared one is coherent
 * with reads and writes only as long as they respect the page cache, which the
 * inode's mode sees to from here on.
 */
int fpt_direct_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct inode *inode = file_inode(file);
	struct fpt_file *ff = fpt_file(file);
	int err;

	if ((vma->vm_flags & VM_MAYSHARE) &&
	    !fpt_has(ff->conn, FPT_F_DIRECT_IO_ALLOW_MMAP))
		return -ENODEV;

	invalidate_inode_pages2(inode->i_mapping);
	if (vma->vm_flags & VM_MAYSHARE) {
		err = fpt_iomode_mmap_direct(inode, ff);
		if (err)
			return err;
	}
	return fpt_cached_mmap(file, vma);
}

int fpt_direct_init(void)
{
	direct_wq = alloc_workqueue("fpt_direct", WQ_UNBOUND | WQ_MEM_RECLAIM,
				    0);
	return direct_wq ? 0 : -ENOMEM;
}

void fpt_direct_exit(void)
{
	destroy_workqueue(direct_wq);
}
