// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of files that this side owns (FUSE_WRITEBACK_CACHE): set here when data
 * change, for the server sees them late, and sent after the data. The server's
 * clock would say when they were written back.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include <linux/writeback.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "request.h"
#include "writeback.h"

/**
 * struct times_talk - SETATTR of a file's times
 * @call: the request
 * @in: its argument
 * @out: its reply, which says nothing new
 * @inode: whose times
 * @ff: handle, referenced; or NULL
 * @round: of fpt_conn.writes, where nobody waits for it
 */
struct times_talk {
	struct fpt_call		call;
	struct fuse_setattr_in	in;
	struct fuse_attr_out	out;
	struct inode		*inode;
	struct fpt_file		*ff;
	u32			round;
};

void fpt_times_dirty(struct inode *inode)
{
	set_bit(FPT_N_TIMES_DIRTY, &fpt_node(inode)->bits);
	mark_inode_dirty_sync(inode);
}

void fpt_times_touch(struct inode *inode, u32 mask)
{
	struct fpt_node *fn = fpt_node(inode);
	struct timespec64 now, mtime, ctime;
	bool same;

	if (!fpt_wb_owns(inode))
		return;

	now = current_time(inode);
	spin_lock(&fn->lock);
	mtime = inode_get_mtime(inode);
	ctime = inode_get_ctime(inode);
	if (timespec64_equal(&mtime, &now))
		mask &= ~STATX_MTIME;
	if (timespec64_equal(&ctime, &now))
		mask &= ~STATX_CTIME;
	same = !mask;
	if (!same) {
		write_seqcount_begin(&fn->attr_seq);
		if (mask & STATX_MTIME)
			inode_set_mtime_to_ts(inode, now);
		if (mask & STATX_CTIME)
			inode_set_ctime_to_ts(inode, now);
		write_seqcount_end(&fn->attr_seq);
	}
	spin_unlock(&fn->lock);

	if (!same || !test_bit(FPT_N_TIMES_DIRTY, &fn->bits))
		fpt_times_dirty(inode);
}

/* From here on, a change needs another SETATTR. */
static void times_prepare(struct times_talk *talk, struct inode *inode,
			  struct fpt_file *ff)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);
	struct timespec64 mtime, ctime;

	spin_lock(&fn->lock);
	mtime = inode_get_mtime(inode);
	ctime = inode_get_ctime(inode);
	spin_unlock(&fn->lock);

	talk->inode = inode;
	talk->ff = ff;
	talk->in.valid = FATTR_MTIME;
	talk->in.mtime = mtime.tv_sec;
	talk->in.mtimensec = mtime.tv_nsec;
	if (conn->minor >= FPT_MINOR_CTIME) {
		talk->in.valid |= FATTR_CTIME;
		talk->in.ctime = ctime.tv_sec;
		talk->in.ctimensec = ctime.tv_nsec;
	}
	if (ff && !ff->no_release) {
		talk->in.valid |= FATTR_FH;
		talk->in.fh = ff->fh;
	}
	talk->call.op = FUSE_SETATTR;
	talk->call.node = fpt_inode_id(inode);
	/* Who writes a file need not be who may set its times. */
	talk->call.flags = FPT_CALL_NOCREDS;
	fpt_call_in(&talk->call, &talk->in, sizeof(talk->in));
	fpt_call_out(&talk->call, &talk->out, fpt_attr_out_len(conn));
}

int fpt_times_flush(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct times_talk talk = {};
	struct fpt_file *ff;
	int err = 0;

	if (!test_bit(FPT_N_TIMES_DIRTY, &fn->bits))
		return 0;
	/* Left by whose times they were: the server's count again. */
	if (!fpt_wb_owns(inode)) {
		clear_bit(FPT_N_TIMES_DIRTY, &fn->bits);
		return 0;
	}
	/* A WRITE that others have in flight moves them: its end sends them. */
	if (fpt_wb_quiet(inode, 0, LLONG_MAX) &&
	    !test_and_clear_bit(FPT_N_TIMES_DIRTY, &fn->bits))
		return 0;

	ff = fpt_wb_handle(inode);
	if (fpt_file_reaches(ff, inode)) {
		times_prepare(&talk, inode, ff);
		err = ff ? fpt_call_file(ff, &talk.call) :
			fpt_call(fpt_inode_conn(inode), &talk.call);
	}
	if (err == -EINTR)
		set_bit(FPT_N_TIMES_DIRTY, &fn->bits);
	if (ff)
		fpt_file_put(ff);
	/* A server without settable times keeps its own. */
	return err == -ENOSYS ? 0 : err;
}

static void times_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct times_talk *talk = container_of(call, struct times_talk, call);
	struct inode *inode = talk->inode;
	struct fpt_file *ff = talk->ff;
	u32 round = talk->round;

	kfree(talk);
	fpt_wb_end(inode, ff, round);
}

void fpt_times_send(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);
	struct times_talk *talk;

	if (!test_and_clear_bit(FPT_N_TIMES_DIRTY, &fn->bits) ||
	    !fpt_file_reaches(ff, inode))
		return;

	talk = kzalloc_obj(struct times_talk, GFP_NOFS | __GFP_NOFAIL);
	talk->round = fpt_wb_begin(inode, fpt_file_get(ff));
	times_prepare(talk, inode, ff);
	talk->call.flags |= FPT_CALL_FORCE;
	talk->call.done = times_done;
	if (fpt_call_async(ff->conn, &talk->call, GFP_NOFS | __GFP_NOFAIL))
		times_done(ff->conn, &talk->call);
}

int fpt_write_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct fpt_file *ff;

	/* Or a WRITE in flight would change them again; its end comes back. */
	if (!fpt_wb_owns(inode) || !fpt_wb_quiet(inode, 0, LLONG_MAX))
		return 0;
	ff = fpt_wb_handle(inode);
	if (!ff)
		return 0;
	fpt_times_send(inode, ff);
	fpt_file_put(ff);
	return 0;
}
