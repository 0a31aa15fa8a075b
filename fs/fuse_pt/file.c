// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: from OPEN to RELEASE, and the way to a file's data path.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/fuse_pt.h>
#include "acl.h"
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "dir.h"
#include "file.h"
#include "ioctl.h"
#include "iomode.h"
#include "lock.h"
#include "node.h"
#include "orphan.h"
#include "passthrough.h"
#include "poll.h"
#include "request.h"
#include "stats.h"
#include "submount.h"
#include "writeback.h"

/* What is no business of OPEN: the VFS has dealt with it. */
#define OPEN_NOT_SENT	(O_CREAT | O_EXCL | O_NOCTTY)

static struct kmem_cache *file_cache;

/* -------- handles -------- */

static struct fpt_file *file_alloc(struct fpt_conn *conn, gfp_t gfp)
{
	struct fpt_file *ff = kmem_cache_zalloc(file_cache, gfp);

	if (!ff)
		return NULL;
	refcount_set(&ff->refs, 1);
	ff->conn = fpt_conn_get(conn);
	INIT_HLIST_NODE(&ff->write_link);
	return ff;
}

struct fpt_file *fpt_file_new(struct fpt_conn *conn)
{
	return file_alloc(conn, GFP_KERNEL_ACCOUNT);
}

void fpt_file_discard(struct fpt_file *ff)
{
	if (ff->forget)
		fpt_forget_free(ff->forget);
	fpt_conn_put(ff->conn);
	kmem_cache_free(file_cache, ff);
}

struct fpt_file *fpt_file_get(struct fpt_file *ff)
{
	refcount_inc(&ff->refs);
	return ff;
}

/* For RELEASE, which comes after the last use of the file. */
static void file_hold_inode(struct inode *inode, struct fpt_file *ff)
{
	ff->holds_sb = fpt_submount_hold(inode);
	ff->inode = inode;
}

static void file_end_work(struct work_struct *work)
{
	struct fpt_file *ff = container_of(work, struct fpt_file, end);
	struct inode *inode = ff->inode;
	struct super_block *sb = inode->i_sb;

	fpt_file_discard(ff);
	iput(inode);
	fpt_submount_let_go(sb);
}

/* The server answered RELEASE, or never will. */
static void file_released(struct fpt_conn *conn, struct fpt_call *call)
{
	struct fpt_file *ff = container_of(call, struct fpt_file, release.call);
	struct inode *inode = ff->inode;

	if (ff->forget) {
		fpt_forget_queue(conn, ff->forget, ff->node, 1);
		ff->forget = NULL;
	}
	/* This may be the server that the end of a superblock waits for. */
	if (ff->holds_sb) {
		INIT_WORK(&ff->end, file_end_work);
		fpt_submount_queue(&ff->end);
		return;
	}
	fpt_file_discard(ff);
	iput(inode);
}

void fpt_file_put(struct fpt_file *ff)
{
	struct fpt_call *call = &ff->release.call;

	if (!refcount_dec_and_test(&ff->refs))
		return;

	if (ff->no_release) {
		file_released(ff->conn, call);
		return;
	}

	call->node = ff->node;
	call->flags = FPT_CALL_FORCE | FPT_CALL_NOCREDS;
	if (!ff->inode)
		call->flags |= FPT_CALL_NAMES;
	call->done = file_released;
	ff->release.in.fh = ff->fh;
	fpt_call_in(call, &ff->release.in, sizeof(ff->release.in));
	if (fpt_call_async(ff->conn, call, GFP_KERNEL | __GFP_NOFAIL))
		file_released(ff->conn, call);
}

/* Give up what the server opened and nobody will use. */
static void file_end(struct fpt_file *ff, u32 op, unsigned int flags)
{
	ff->release.call.op = op;
	ff->release.in.flags = flags;
	fpt_file_put(ff);
}

/*
 * The last use of a file may end in whatever context, also the server's, whose
 * answer to an asynchronous write it was: nothing here waits for an answer. What
 * close(2) has to wait for, FLUSH did.
 */
void fpt_file_close(struct inode *inode, struct file *file, u32 op)
{
	struct fpt_file *ff = fpt_file(file);

	fpt_poll_close(ff);
	fpt_lock_close(file);
	if (S_ISREG(inode->i_mode)) {
		/* Who dirtied pages through this open may have no other. */
		if (!hlist_unhashed(&ff->write_link) &&
		    mapping_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY))
			fpt_wb_write_last(inode);
		fpt_wb_del_handle(inode, ff);
		if (ff->owns) {
			/*
			 * Nobody called close(2) since it was written, as when it
			 * is mapped? What is in flight still sends the times when
			 * it ends, and sees that this handle is gone; but for what
			 * a killed caller left.
			 */
			if (fpt_wb_quiet(inode, 0, LLONG_MAX))
				fpt_times_send(inode, ff);
			fpt_wb_disown(inode);
		}
		fpt_iomode_close(inode, ff);
	}
	file_hold_inode(inode, ff);
	file_end(ff, op, file->f_flags);
}

/* -------- late replies -------- */

/* Send RELEASE for a handle that no file of ours stands for. */
static void file_give_back(struct fpt_conn *conn, u32 op, u64 node,
			   const struct fuse_open_out *reply,
			   struct fpt_forget *forget)
{
	struct fpt_file *ff = file_alloc(conn, GFP_KERNEL | __GFP_NOFAIL);

	ff->node = node;
	ff->fh = reply->fh;
	ff->forget = forget;
	file_end(ff, op, 0);
}

void fpt_late_open(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		   const void *reply, size_t len)
{
	if (len < sizeof(struct fuse_open_out))
		return;
	file_give_back(conn, op == FUSE_OPENDIR ? FUSE_RELEASEDIR : FUSE_RELEASE,
		       node, reply, NULL);
}

void fpt_create_give_back(struct fpt_conn *conn, u64 node,
			  const struct fuse_open_out *open)
{
	if (!node)
		return;
	if (unlikely(fpt_bind_no_handle(conn, node))) {
		fpt_entry_give_back(conn, node);
		return;
	}
	file_give_back(conn, FUSE_RELEASE, node, open,
		       node == FUSE_ROOT_ID ? NULL :
		       fpt_forget_alloc(GFP_KERNEL | __GFP_NOFAIL));
}

void fpt_late_create(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		     const void *reply, size_t len)
{
	const struct fuse_entry_out *entry = reply;
	u32 entry_len = fpt_entry_out_len(conn);
	struct fuse_open_out open;

	if (len < entry_len + sizeof(open))
		return;
	memcpy(&open, reply + entry_len, sizeof(open));
	fpt_create_give_back(conn, entry->nodeid, &open);
}

/* -------- open -------- */

static void open_without_server(struct fpt_file *ff, u32 op,
				struct fuse_open_out *reply)
{
	ff->no_release = true;
	*reply = (struct fuse_open_out){ .open_flags = FOPEN_KEEP_CACHE };
	if (op == FUSE_OPENDIR)
		reply->open_flags |= FOPEN_CACHE_DIR;
}

int fpt_file_open_ask(struct inode *inode, unsigned int flags, u32 op,
		      struct fuse_open_out *reply, struct fpt_keep *keep)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_open_in in = { .flags = flags & ~OPEN_NOT_SENT };
	struct fpt_call call = {
		.op = op,
		.node = fpt_inode_id(inode),
		.late = fpt_late_open,
	};
	int err;

	if (fpt_op_missing(conn, op))
		return -ENOSYS;

	if (!fpt_has(conn, FPT_F_ATOMIC_O_TRUNC))
		in.flags &= ~O_TRUNC;
	if ((in.flags & O_TRUNC) && fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2) &&
	    !capable(CAP_FSETID))
		in.open_flags |= FUSE_OPEN_KILL_SUIDGID;
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, reply, sizeof(*reply));

	err = keep ? fpt_call_keep(conn, &call, keep) : fpt_call(conn, &call);
	fpt_op_unknown(conn, op, err);
	return err;
}

static int open_call(struct inode *inode, unsigned int flags,
		     struct fpt_file *ff, u32 op, struct fuse_open_out *reply,
		     struct fpt_keep *keep)
{
	int err;

	ff->node = fpt_inode_id(inode);
	err = fpt_file_open_ask(inode, flags, op, reply, keep);
	if (err != -ENOSYS)
		return err;
	open_without_server(ff, op, reply);
	return 0;
}

int fpt_file_open_call(struct inode *inode, struct file *file,
		       struct fpt_file *ff, u32 op, struct fuse_open_out *reply)
{
	return open_call(inode, file->f_flags, ff, op, reply, NULL);
}

struct fpt_file *fpt_file_open_own(struct inode *inode, unsigned int flags,
				   u32 op)
{
	struct fpt_file *ff = fpt_file_new(fpt_inode_conn(inode));
	struct fuse_open_out reply;
	int err;

	if (!ff)
		return ERR_PTR(-ENOMEM);
	err = open_call(inode, flags, ff, op, &reply, NULL);
	if (err) {
		fpt_file_discard(ff);
		return ERR_PTR(err);
	}
	ff->fh = reply.fh;
	return ff;
}

void fpt_file_close_own(struct inode *inode, struct fpt_file *ff,
			unsigned int flags, u32 op)
{
	file_hold_inode(inode, ff);
	file_end(ff, op, flags);
}

static void open_set_position(struct inode *inode, struct file *file,
			      u32 open_flags)
{
	if (open_flags & FOPEN_STREAM)
		stream_open(inode, file);
	else if (open_flags & FOPEN_NONSEEKABLE)
		nonseekable_open(inode, file);
}

/* Will the server empty the file with OPEN, or has it? */
static bool open_empties(const struct inode *inode, const struct file *file)
{
	return (file->f_flags & O_TRUNC) &&
		fpt_has(fpt_inode_conn(inode), FPT_F_ATOMIC_O_TRUNC);
}

/*
 * With FUSE_WRITEBACK_CACHE, size and times are ours from here on; so they must
 * be the server's first, unless they came with this very open.
 */
static int open_own(struct inode *inode, struct file *file, struct fpt_file *ff)
{
	bool emptied = open_empties(inode, file) && fpt_file_has_handle(ff);
	int err;

	if (ff->path != FPT_PATH_CACHED || !(file->f_mode & FMODE_WRITE) ||
	    !fpt_has(ff->conn, FPT_F_WRITEBACK))
		return 0;

	if (!emptied && !(file->f_mode & FMODE_CREATED)) {
		err = fpt_attr_refresh(inode, NULL, FPT_STAT_OWNED);
		if (err)
			return err;
	}
	fpt_wb_own(inode);
	ff->owns = true;
	if (emptied)
		fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	return 0;
}

static const struct file_operations *through_ops(struct file *file,
						 const struct fpt_file *ff);

int fpt_file_take(struct inode *inode, struct file *file, struct fpt_file *ff,
		  const struct fuse_open_out *reply, struct fpt_backing *fb)
{
	int err;

	ff->node = fpt_inode_id(inode);
	ff->fh = reply->fh;
	ff->open_flags = reply->open_flags;

	if (fb)
		err = fpt_iomode_open_on(inode, file, ff, fb);
	else
		err = fpt_iomode_open(inode, file, ff, reply->backing_id);
	if (!err) {
		err = open_own(inode, file, ff);
		if (err)
			fpt_iomode_close(inode, ff);
	}
	if (err) {
		file_hold_inode(inode, ff);
		file_end(ff, FUSE_RELEASE, file->f_flags);
		return err;
	}

	file->private_data = ff;
	if (ff->path == FPT_PATH_THROUGH)
		file->f_op = through_ops(file, ff);
	file->f_mode |= FMODE_CAN_ODIRECT;
	open_set_position(inode, file, ff->open_flags);
	ff->anywhere = ff->path == FPT_PATH_CACHED &&
		       !(file->f_flags & (O_APPEND | O_DIRECT));
	if (ff->path != FPT_PATH_THROUGH && (file->f_mode & FMODE_WRITE) &&
	    fpt_has(ff->conn, FPT_F_WRITEBACK))
		fpt_wb_add_handle(inode, ff);
	return 0;
}

void fpt_file_create_emptied(struct inode *inode, const struct file *file)
{
	struct address_space *mapping = inode->i_mapping;

	if (!open_empties(inode, file) || !i_size_read(inode))
		return;
	inode_lock(inode);
	filemap_invalidate_lock(mapping);
	fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	fpt_node_resized(inode, 0);
	fpt_attr_stale(inode, FPT_STAT_DATA | STATX_MODE);
	truncate_pagecache(inode, 0);
	filemap_invalidate_unlock(mapping);
	inode_unlock(inode);
}

/*
 * OPEN empties the file: nothing of what it held may be written afterwards, or
 * its size be remembered. Neither RELEASE nor a WRITE that is under way needs
 * the inode lock.
 */
static int open_emptying(struct inode *inode, struct file *file,
			 struct fpt_file *ff, struct fuse_open_out *reply)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_keep keep = {
		.inode = inode,
		.end = LLONG_MAX,
		.held = true,
	};
	bool emptied;
	int err;

	inode_lock(inode);
	err = fpt_wb_hold(inode);
	if (err)
		goto unlock;
	set_bit(FPT_N_SIZE_CHANGING, &fn->bits);

	err = open_call(inode, file->f_flags, ff, FUSE_OPEN, reply, &keep);
	/*
	 * If the opener was killed, what follows comes behind all the same. A
	 * server without OPEN has emptied nothing: SETATTR does.
	 */
	ff->emptied = !err && fpt_file_has_handle(ff);
	emptied = ff->emptied || keep.left;
	if (emptied) {
		/* Where an earlier open owns them, whatever this one is. */
		fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
		fpt_node_resized(inode, 0);
	}
	/* setuid and setgid went with the data */
	fpt_attr_stale(inode, FPT_STAT_DATA | STATX_MODE);

	/* Before it may grow again: this waits for who copies a page just now. */
	if (emptied)
		truncate_pagecache(inode, 0);
	fpt_wb_unhold(inode, keep.left);
	clear_bit(FPT_N_SIZE_CHANGING, &fn->bits);
unlock:
	inode_unlock(inode);
	return err;
}

/*
 * Another open may have read what this one must not see. Nor is there anything to
 * be kept of what was read, as by a private mapping of a direct open, while
 * others were in passthrough and wrote past it.
 */
static void open_drop_pages(struct inode *inode, const struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);
	bool past = ff->path == FPT_PATH_CACHED &&
		    test_bit(FPT_N_WENT_THROUGH, &fn->bits);

	if ((past || !(ff->open_flags & FOPEN_KEEP_CACHE)) &&
	    inode->i_mapping->nrpages)
		invalidate_inode_pages2(inode->i_mapping);
	/* Behind it: the next cached open must not be faster. */
	if (past)
		clear_bit(FPT_N_WENT_THROUGH, &fn->bits);
}

/* What a file is to be opened on that was made without a handle; or NULL. */
static struct fpt_backing *made_bound(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_backing *fb;
	u32 bound;

	fb = fpt_bind_backing(inode, &bound);
	if (!fb)
		return NULL;
	if (!(bound & FUSE_PT_BIND_NO_HANDLE)) {
		fpt_backing_put(fb);
		return NULL;
	}
	ff->bound = true;
	ff->no_release = true;
	return fb;
}

int fpt_file_opened(struct inode *inode, struct file *file, struct fpt_file *ff,
		    const struct fuse_open_out *reply)
{
	const struct fuse_open_out none = {};
	struct fpt_backing *fb = NULL;
	int err;

	if ((file->f_mode & FMODE_CREATED) && unlikely(fpt_bound(inode)))
		fb = made_bound(inode, ff);
	err = fpt_file_take(inode, file, ff, fb ? &none : reply, fb);
	if (err)
		return err;

	open_drop_pages(inode, ff);
	return 0;
}

static int file_open(struct inode *inode, struct file *file)
{
	struct fuse_open_out reply;
	struct fpt_file *ff;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;

	err = generic_file_open(inode, file);
	if (err)
		return err;

	if (fpt_bound(inode)) {
		err = fpt_bind_open(inode, file);
		if (err != -ENOSYS)
			return err;
	}

	/* Who empties it, INIT says. */
	fpt_conn_settle(fpt_inode_conn(inode));
	ff = fpt_file_new(fpt_inode_conn(inode));
	if (!ff)
		return -ENOMEM;
	if (open_empties(inode, file))
		err = open_emptying(inode, file, ff, &reply);
	else
		err = fpt_file_open_call(inode, file, ff, FUSE_OPEN, &reply);
	if (err) {
		fpt_file_discard(ff);
		return err;
	}
	return fpt_file_opened(inode, file, ff, &reply);
}

static int file_release(struct inode *inode, struct file *file)
{
	fpt_file_close(inode, file, FUSE_RELEASE);
	return 0;
}

/* -------- sizes -------- */

void fpt_file_lost_size(struct inode *inode, loff_t end, u64 epoch)
{
	struct fpt_node *fn = fpt_node(inode);

	/* The rest of the file may be here alone. */
	if (fpt_wb_owns(inode))
		return;

	/* The last page of a file always comes short. */
	if (end == i_size_read(inode))
		return;

	spin_lock(&fn->lock);
	/* Somebody may have opened it for writing since. */
	if (fn->attr_epoch < epoch && end < i_size_read(inode) &&
	    !fpt_wb_owns(inode) &&
	    !test_bit(FPT_N_SIZE_CHANGING, &fn->bits))
		fpt_node_sized(fn, end, FPT_STAT_DATA);
	spin_unlock(&fn->lock);
	fpt_attr_stale(inode, FPT_STAT_DATA);
}

void fpt_file_zero_tail(struct inode *inode, loff_t size)
{
	if (inode->i_mapping->nrpages)
		truncate_pagecache(inode, size);
}

/* -------- the choice of path -------- */

/* Direct I/O on a cached file goes past the cache. */
static bool file_goes_direct(const struct kiocb *iocb)
{
	return fpt_file(iocb->ki_filp)->path == FPT_PATH_DIRECT ||
		(iocb->ki_flags & IOCB_DIRECT);
}

static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	const struct fpt_file *ff = fpt_file(iocb->ki_filp);
	ssize_t ret;
	bool direct;

	if (unlikely(fpt_inode_stale(file_inode(iocb->ki_filp))))
		return -EIO;
	direct = file_goes_direct(iocb);
	if (ff->path == FPT_PATH_DIRECT)
		ret = fpt_direct_read(iocb, to);
	else
		ret = fpt_cached_read(iocb, to);
	/* A splice counts itself. */
	if (!fpt_compat_iter_is_pipe(to))
		fpt_stat_io(ff->conn, direct ? FPT_IO_DIRECT_READ :
			    FPT_IO_CACHED_READ, ret);
	return ret;
}

static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	const struct fpt_file *ff = fpt_file(iocb->ki_filp);
	ssize_t ret;
	bool direct;

	if (unlikely(fpt_inode_stale(file_inode(iocb->ki_filp))))
		return -EIO;
	direct = file_goes_direct(iocb);
	if (ff->path == FPT_PATH_DIRECT)
		ret = fpt_direct_write(iocb, from);
	else
		ret = fpt_cached_write(iocb, from);
	fpt_stat_io(ff->conn, direct ? FPT_IO_DIRECT_WRITE : FPT_IO_CACHED_WRITE,
		    ret);
	return ret;
}

static ssize_t file_splice_read(struct file *in, loff_t *pos,
				struct pipe_inode_info *pipe, size_t len,
				unsigned int flags)
{
	struct fpt_file *ff = fpt_file(in);
	ssize_t ret;

	if (fpt_inode_stale(file_inode(in)))
		return -EIO;
	if (ff->path == FPT_PATH_DIRECT || (in->f_flags & O_DIRECT))
		return copy_splice_read(in, pos, pipe, len, flags);

	ret = fpt_cached_check(in, *pos, len);
	if (!ret)
		ret = filemap_splice_read(in, pos, pipe, len, flags);
	fpt_stat_io(ff->conn, FPT_IO_CACHED_SPLICE_READ, ret);
	return ret;
}

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct fpt_file *ff = fpt_file(file);
	enum fpt_stat_io what = FPT_IO_CACHED_MMAP;
	ssize_t len = vma->vm_end - vma->vm_start;
	int err;

	if (fpt_inode_stale(file_inode(file)))
		return -EIO;
	if (ff->back)
		return fpt_passthrough_mmap(file, vma);
	if (ff->path == FPT_PATH_DIRECT) {
		what = FPT_IO_DIRECT_MMAP;
		err = fpt_direct_mmap(file, vma);
	} else {
		err = fpt_cached_mmap(file, vma);
	}
	fpt_stat_io(ff->conn, what, err ? err : len);
	return err;
}

static int file_fadvise(struct file *file, loff_t offset, loff_t len,
			int advice)
{
	if (fpt_file_lets(file, FUSE_PT_BACKING_FADVISE))
		return fpt_passthrough_fadvise(file, offset, len, advice);
	return generic_fadvise(file, offset, len, advice);
}

#define FILE_FOPS							\
	.owner		= THIS_MODULE,					\
	.llseek		= fpt_file_llseek,				\
	.mmap		= file_mmap,					\
	.open		= file_open,					\
	.flush		= fpt_file_flush,				\
	.release	= file_release,					\
	.fsync		= fpt_file_fsync,				\
	.lock		= fpt_lock,					\
	.flock		= fpt_flock,					\
	.setlease	= generic_setlease,				\
	.unlocked_ioctl	= fpt_ioctl,					\
	.compat_ioctl	= fpt_compat_ioctl,				\
	.fallocate	= fpt_file_fallocate,				\
	.copy_file_range = fpt_file_copy

static const struct file_operations file_fops = {
	FILE_FOPS,
	.read_iter	= file_read_iter,
	.write_iter	= file_write_iter,
	.splice_read	= file_splice_read,
	.splice_write	= iter_file_splice_write,
	.poll		= fpt_poll,
};

/*
 * A file that was opened in passthrough stays so: its I/O need not look. Nor is
 * the server polled for it: it is ready when the backing file is.
 */
#define THROUGH_FOPS							\
	FILE_FOPS,							\
	.read_iter	= fpt_passthrough_read,				\
	.write_iter	= fpt_passthrough_write,			\
	.splice_read	= fpt_passthrough_splice_read,			\
	.splice_write	= fpt_passthrough_splice_write

/* More than Linux's fuse can at all. */
#define LETS_FOPS							\
	THROUGH_FOPS,							\
	.fadvise	= file_fadvise,					\
	.remap_file_range = fpt_file_remap

/* Of a backing file that has to be polled. */
#define THROUGH_POLLED	((FPT_ASYNC_READ | FPT_ASYNC_WRITE) + 1)

/* By FPT_ASYNC_* of the backing file, and whether the server lets more be done. */
static const struct file_operations through_fops[][2] = {
	{
		{ THROUGH_FOPS },
		{ LETS_FOPS },
	},
	[FPT_ASYNC_READ] = {
		{ FPT_FOP_RASYNC THROUGH_FOPS },
		{ FPT_FOP_RASYNC LETS_FOPS },
	},
	[FPT_ASYNC_WRITE] = {
		{ FPT_FOP_WASYNC THROUGH_FOPS },
		{ FPT_FOP_WASYNC LETS_FOPS },
	},
	[FPT_ASYNC_READ | FPT_ASYNC_WRITE] = {
		{ FPT_FOP_ASYNC THROUGH_FOPS },
		{ FPT_FOP_ASYNC LETS_FOPS },
	},
	[THROUGH_POLLED] = {
		{ THROUGH_FOPS, .poll = fpt_poll },
		{ LETS_FOPS, .poll = fpt_poll },
	},
};

static const struct file_operations *through_ops(struct file *file,
						 const struct fpt_file *ff)
{
	unsigned int how = fpt_compat_async_like(file, ff->back);

	if (ff->back->f_op->poll)
		how = THROUGH_POLLED;
	return &through_fops[how][!!ff->lets];
}

static const struct inode_operations file_iops = {
	.setattr	= fpt_setattr,
	.getattr	= fpt_getattr,
	.permission	= fpt_permission,
	.listxattr	= fpt_listxattr,
	.fileattr_get	= fpt_fileattr_get,
	.fileattr_set	= fpt_fileattr_set,
	FPT_ACL_OPS,
};

void fpt_file_set_ops(struct inode *inode)
{
	inode->i_op = &file_iops;
	inode->i_fop = &file_fops;
	inode->i_mapping->a_ops = &fpt_aops;
}

int fpt_file_cache_init(void)
{
	int err;

	file_cache = kmem_cache_create("fpt_file", sizeof(struct fpt_file), 0,
				       SLAB_ACCOUNT, NULL);
	if (!file_cache)
		return -ENOMEM;
	err = fpt_direct_init();
	if (err)
		kmem_cache_destroy(file_cache);
	return err;
}

void fpt_file_cache_exit(void)
{
	fpt_direct_exit();
	kmem_cache_destroy(file_cache);
}
