// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush and sync: what close(2) and fsync(2) ask of the server.
 */
#include "compat/compat.h"

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include "bind.h"
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "passthrough.h"
#include "request.h"
#include "writeback.h"

u64 fpt_lock_owner(const struct fpt_conn *conn, fl_owner_t owner)
{
	return siphash_1u64((unsigned long)owner, &conn->owner_key);
}

bool fpt_task_killed(void)
{
	if (fatal_signal_pending(current))
		return true;
	/*
	 * The signal that killed it, whichever, is taken off before it exits,
	 * and from then on none can end a wait.
	 */
	return (current->flags & PF_EXITING) &&
		(current->signal->group_exit_code & 0x7f);
}

/**
 * struct file_flush - a FLUSH that is sent whether or not its caller waits
 * @refs: the caller's and the transport's; freed after the last
 * @call: the request
 * @in: its argument
 * @ended: completed when the server answered
 * @ff: handle, referenced until then
 */
struct file_flush {
	refcount_t		refs;
	struct fpt_call		call;
	struct fuse_flush_in	in;
	struct completion	ended;
	struct fpt_file		*ff;
};

/* What a server does not have is as good as done, and not asked for again. */
static int file_optional(struct fpt_conn *conn, u32 op, int err)
{
	return fpt_op_unknown(conn, op, err) ? 0 : err;
}

static void flush_put(struct file_flush *flush)
{
	if (refcount_dec_and_test(&flush->refs))
		kfree(flush);
}

static void flush_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct file_flush *flush = container_of(call, struct file_flush, call);
	struct fpt_file *ff = flush->ff;

	complete(&flush->ended);
	flush_put(flush);
	fpt_file_put(ff);
}

static int flush_call(struct fpt_file *ff, fl_owner_t owner)
{
	/* Its signal is used up: neither is there a wait nor an INTERRUPT. */
	bool gone = (current->flags & PF_EXITING) && fpt_task_killed();
	struct file_flush *flush;
	int err;

	flush = kzalloc_obj(struct file_flush, GFP_KERNEL | __GFP_NOFAIL);
	refcount_set(&flush->refs, 2);
	init_completion(&flush->ended);
	flush->ff = fpt_file_get(ff);
	flush->in.fh = ff->fh;
	flush->in.lock_owner = fpt_lock_owner(ff->conn, owner);
	flush->call.op = FUSE_FLUSH;
	flush->call.node = ff->node;
	flush->call.flags = FPT_CALL_FORCE | FPT_CALL_AT_ONCE;
	if (!gone)
		flush->call.flags |= FPT_CALL_WAITED;
	flush->call.done = flush_done;
	fpt_call_in(&flush->call, &flush->in, sizeof(flush->in));

	err = fpt_call_async(ff->conn, &flush->call, GFP_KERNEL | __GFP_NOFAIL);
	if (err) {
		flush->call.error = err;
		flush_done(ff->conn, &flush->call);
	} else if (gone) {
		err = -EINTR;
	} else {
		err = fpt_call_wait(ff->conn, &flush->call, &flush->ended);
		if (!err)
			err = flush->call.error;
	}
	flush_put(flush);
	return err;
}

static int flush_ask(struct file *file, fl_owner_t owner)
{
	struct fpt_file *ff = fpt_file(file);
	struct inode *inode = file_inode(file);
	int lost, err;

	/* With dirty pages it is about more than the server's own business. */
	if ((ff->open_flags & FOPEN_NOFLUSH) &&
	    !fpt_has(ff->conn, FPT_F_WRITEBACK))
		return 0;

	lost = fpt_wb_flush(inode, 0, LLONG_MAX);
	if (!lost)
		lost = fpt_times_flush(inode);
	if (lost == -EINTR)
		lost = 0;
	/* Data that is lost is no reason to keep a lock. */
	if (lost && !fpt_has(ff->conn, FPT_F_POSIX_LOCKS))
		return lost;

	if (fpt_op_missing(ff->conn, FUSE_FLUSH))
		return lost;
	err = file_optional(ff->conn, FUSE_FLUSH, flush_call(ff, owner));
	return lost ? lost : err;
}

int fpt_file_flush(struct file *file, fl_owner_t owner)
{
	const struct fpt_node *fn = fpt_node(file_inode(file));
	bool lets = fpt_file_lets(file, FUSE_PT_BACKING_FLUSH);
	int lost, err;

	if (fpt_inode_stale(file_inode(file)))
		return -EIO;
	if (!lets && !fpt_file(file)->bound)
		return flush_ask(file, owner);

	lost = lets ? fpt_passthrough_flush(file, owner) : 0;
	/* Only FLUSH says whose locks are to go. */
	if (!fpt_has(fpt_file(file)->conn, FPT_F_POSIX_LOCKS) ||
	    !test_bit(FPT_N_LOCKED, &fn->bits))
		return lost;
	err = fpt_file_need_handle(file);
	if (!err)
		err = flush_ask(file, owner);
	return lost ? lost : err;
}

int fpt_file_sync_call(struct file *file, int datasync, u32 op)
{
	struct fpt_file *ff = fpt_file(file);
	struct fuse_fsync_in in = {
		.fsync_flags = datasync ? FUSE_FSYNC_FDATASYNC : 0,
	};
	struct fpt_call call = { .op = op, .node = ff->node };
	int err;

	if (fpt_op_missing(ff->conn, op))
		return 0;
	err = fpt_file_need_handle(file);
	if (err)
		return err;

	in.fh = ff->fh;
	fpt_call_in(&call, &in, sizeof(in));
	return file_optional(ff->conn, op, fpt_call_file(ff, &call));
}

static int sync_data(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = file_inode(file);
	int err, lost;

	if (fpt_file_lets(file, FUSE_PT_BACKING_FSYNC))
		return fpt_passthrough_fsync(file, start, end, datasync);

	err = fpt_wb_settle(inode, start, end);
	/* Who was killed reports nothing, and must not take it from others. */
	if (err != -EINTR) {
		lost = file_check_and_advance_wb_err(file);
		if (!err)
			err = lost;
	}
	if (!err && !datasync)
		err = fpt_times_flush(inode);
	return err ? err : fpt_file_sync_call(file, datasync, FUSE_FSYNC);
}

int fpt_file_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = file_inode(file);
	int told, err;

	if (fpt_inode_stale(inode))
		return -EIO;
	told = fpt_bind_sync_attr(inode);
	if (told == -EINTR)
		return told;
	/* A server that takes no attributes keeps no data from the disk. */
	err = sync_data(file, start, end, datasync);
	return err ? err : told;
}
