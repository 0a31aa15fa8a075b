// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a killed caller leaves behind: handles, and the order of changes.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "request.h"
#include "submount.h"
#include "writeback.h"

/**
 * struct fpt_left - in the place of a caller that left, until its request ends
 * @orphan: tells when
 * @ff: handle, referenced, or NULL
 * @other: a second one, or NULL
 * @inode: referenced, or NULL
 * @holds_sb: and so is its superblock, a submount's
 * @held: fpt_wb_unhold() is still to come
 * @listed: @span is on the list
 * @span: bytes that the request may change
 * @end: lets go of @inode where that may wait
 */
struct fpt_left {
	struct fpt_orphan	orphan;
	struct fpt_file		*ff;
	struct fpt_file		*other;
	struct inode		*inode;
	bool			holds_sb;
	bool			held;
	bool			listed;
	struct fpt_wb_span	span;
	struct work_struct	end;
};

static void left_free(struct fpt_left *left)
{
	struct inode *inode = left->inode;
	bool holds_sb = left->holds_sb;

	if (left->ff)
		fpt_file_put(left->ff);
	if (left->other)
		fpt_file_put(left->other);
	kfree(left);
	if (inode) {
		struct super_block *sb = inode->i_sb;

		iput(inode);
		if (holds_sb)
			fpt_submount_let_go(sb);
	}
}

static void left_free_work(struct work_struct *work)
{
	left_free(container_of(work, struct fpt_left, end));
}

/* The request ended, in the server's context. */
static void left_end(struct fpt_conn *conn, struct fpt_orphan *orphan,
		     int error)
{
	struct fpt_left *left = container_of(orphan, struct fpt_left, orphan);

	if (left->inode) {
		/* What was asked for meanwhile may be from before. */
		fpt_attr_stale(left->inode, FPT_STAT_ALL);
		if (left->listed) {
			fpt_cached_forget(left->inode, left->span.start,
					  left->span.end);
			fpt_wb_span_end(left->inode, &left->span);
		}
		if (left->held)
			fpt_wb_release(left->inode);
	}
	/* This may be the server that the end of a superblock waits for. */
	if (left->holds_sb) {
		INIT_WORK(&left->end, left_free_work);
		fpt_submount_queue(&left->end);
		return;
	}
	left_free(left);
}

/* The caller is about to leave. Its locks are those of the call. */
static struct fpt_orphan *keep_leave(const struct fpt_heir *heir)
{
	const struct fpt_keep *keep = container_of(heir, struct fpt_keep, heir);
	struct fpt_left *left;

	left = kzalloc_obj(struct fpt_left, GFP_NOFS | __GFP_NOFAIL);
	left->orphan.end = left_end;
	if (keep->ff)
		left->ff = fpt_file_get(keep->ff);
	if (keep->other)
		left->other = fpt_file_get(keep->other);
	if (keep->inode) {
		left->inode = keep->inode;
		left->holds_sb = fpt_submount_hold(keep->inode);
		left->held = keep->held;
		left->listed = true;
		if (keep->span)
			fpt_wb_span_move(keep->inode, keep->span, &left->span,
					 true);
		else
			fpt_wb_span_sent(keep->inode, &left->span, keep->start,
					 keep->end);
		fpt_cached_forget(keep->inode, left->span.start,
				  left->span.end);
	}
	return &left->orphan;
}

/* The answer came in time after all. */
static void keep_stay(struct fpt_keep *keep, struct fpt_orphan *orphan)
{
	struct fpt_left *left = container_of(orphan, struct fpt_left, orphan);

	if (left->listed && keep->span)
		fpt_wb_span_move(keep->inode, &left->span, keep->span, false);
	else if (left->listed)
		fpt_wb_span_end(keep->inode, &left->span);
	left_free(left);
}

ssize_t fpt_call_keep(struct fpt_conn *conn, struct fpt_call *call,
		      struct fpt_keep *keep)
{
	ssize_t ret;

	keep->heir.leave = keep_leave;
	call->heir = &keep->heir;
	ret = fpt_call(conn, call);
	keep->left = call->flags & FPT_CALL_LEFT;
	if (unlikely(call->orphan))
		keep_stay(keep, call->orphan);
	return ret;
}

ssize_t fpt_call_file(struct fpt_file *ff, struct fpt_call *call)
{
	struct fpt_keep keep = { .ff = ff };

	return fpt_call_keep(ff->conn, call, &keep);
}
