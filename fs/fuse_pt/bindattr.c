// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of bound inodes that I/O changed on their way to the server, which
 * asked for that with FUSE_PT_BIND_WRITE_ATTR: it never saw the I/O.
 *
 * Whoever changes data marks the inode afterwards; whoever tells the server
 * takes the mark away before he looks at the backing inode. So nothing that was
 * marked is missed. Of each inode one SETATTR is on its way at a time, or a
 * server of several threads might take an older one last; its end looks at the
 * mark again. An fsync(2) that is in that place does so if somebody else found it
 * taken and left it at that. What the server refuses is marked again, for whoever
 * tells it next: an fsync(2) that waited for the place does so, and has that
 * answer. Stores into mappings leave no mark: as long as there is such a mapping,
 * the inode counts as changed.
 */
#include "compat/compat.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "iomode.h"
#include "lower.h"
#include "node.h"
#include "request.h"
#include "submount.h"

/**
 * struct attr_talk - a SETATTR of what a backing inode has
 * @call: the request
 * @in: its argument
 * @out: its reply, which says nothing new
 * @inode: referenced; NULL for one that is gone
 * @fb: referenced, what was asked: should the binding end meanwhile, the next one
 *	is about it all the same; NULL with @inode
 * @holds_sb: and so is its superblock, a submount's
 * @end: lets go of both
 * @forget: with a FORGET that has to come after it, or NULL
 * @round: of fpt_conn.writes, so that umount and syncfs wait for it
 */
struct attr_talk {
	struct fpt_call		call;
	struct fuse_setattr_in	in;
	struct fuse_attr_out	out;
	struct inode		*inode;
	struct fpt_backing	*fb;
	bool			holds_sb;
	struct work_struct	end;
	struct fpt_forget	*forget;
	u32			round;
};

/* May something have changed that the server was not told? Unmarks it. */
static bool attr_changed(struct inode *inode)
{
	if (fpt_iomode_unseen(inode))
		set_bit(FPT_N_ATTR_DIRTY, &fpt_node(inode)->bits);
	return test_and_clear_bit(FPT_N_ATTR_DIRTY, &fpt_node(inode)->bits);
}

/* What to ask: what the inode is bound to, else what it @was bound to. */
static struct fpt_backing *told_backing(struct inode *inode,
					struct fpt_backing *was)
{
	struct fpt_backing *fb = fpt_bind_backing(inode, NULL);

	return fb || !was ? fb : fpt_backing_get(was);
}

static bool write_attr(struct inode *inode, struct fpt_backing *was);

static void talk_fill(struct attr_talk *talk, struct fpt_conn *conn, u64 node,
		      const struct kstat *stat)
{
	talk->in.valid = FATTR_SIZE | FATTR_MTIME | FATTR_CTIME;
	talk->in.size = stat->size;
	talk->in.mtime = stat->mtime.tv_sec;
	talk->in.mtimensec = stat->mtime.tv_nsec;
	talk->in.ctime = stat->ctime.tv_sec;
	talk->in.ctimensec = stat->ctime.tv_nsec;
	talk->call = (struct fpt_call){
		.op = FUSE_SETATTR,
		.node = node,
		.flags = FPT_CALL_NOCREDS,
	};
	fpt_call_in(&talk->call, &talk->in, sizeof(talk->in));
	fpt_call_out(&talk->call, &talk->out, fpt_attr_out_len(conn));
}

/* Ask the file system below, which may take its time. */
static int stat_below(struct fpt_backing *fb, struct kstat *stat)
{
	return fpt_lower_getattr(fb->file, fb->cred, stat,
				 STATX_SIZE | STATX_MTIME | STATX_CTIME,
				 AT_STATX_SYNC_AS_STAT);
}

/* What is known without asking: memory may be short. */
static void stat_known(const struct fpt_backing *fb, struct kstat *stat)
{
	const struct inode *below = file_inode(fb->file);

	stat->size = i_size_read(below);
	stat->mtime = inode_get_mtime(below);
	stat->ctime = inode_get_ctime(below);
}

/* The next one may be sent. */
static void talk_over(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	clear_bit(FPT_N_ATTR_SENDING, &fn->bits);
	/* A barrier also before it is looked what was marked meanwhile. */
	fpt_node_wake(fn);
}

static void talk_end_work(struct work_struct *work)
{
	struct attr_talk *talk = container_of(work, struct attr_talk, end);
	struct inode *inode = talk->inode;
	struct super_block *sb = inode->i_sb;

	kfree(talk);
	iput(inode);
	fpt_submount_let_go(sb);
}

static void talk_end(struct attr_talk *talk)
{
	struct inode *inode = talk->inode;

	if (talk->fb)
		fpt_backing_put(talk->fb);
	/* This may be the server that the end of a superblock waits for. */
	if (talk->holds_sb) {
		INIT_WORK(&talk->end, talk_end_work);
		fpt_submount_queue(&talk->end);
		return;
	}
	kfree(talk);
	iput(inode);
}

/* A server that sets no attributes, or is gone, is not told again. */
static bool talk_failed(const struct fpt_call *call)
{
	return call->error && call->error != -ENOSYS &&
	       call->error != -ENOTCONN;
}

/*
 * Is another one due? What the server refused waits for the next occasion, or
 * one that refuses all would be told without an end; but not who came meanwhile
 * and left it at that.
 */
static bool talk_again(struct inode *inode, const struct fpt_call *call)
{
	struct fpt_node *fn = fpt_node(inode);
	bool failed = talk_failed(call) &&
		      fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR;

	/* Before an fsync that waits for the place looks at it. */
	if (failed)
		set_bit(FPT_N_ATTR_DIRTY, &fn->bits);
	talk_over(inode);
	return failed ? test_and_clear_bit(FPT_N_ATTR_LEFT, &fn->bits) :
			test_bit(FPT_N_ATTR_DIRTY, &fn->bits);
}

static void talk_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct attr_talk *talk = container_of(call, struct attr_talk, call);
	struct inode *inode = talk->inode;
	u32 round = talk->round;

	if (talk->forget)
		fpt_forget_queue(conn, talk->forget, call->node,
				 *fpt_forget_owed(talk->forget));
	if (inode && talk_again(inode, call))
		write_attr(inode, talk->fb);
	talk_end(talk);
	fpt_flight_end(&conn->writes, round);
}

static void talk_send(struct fpt_conn *conn, struct attr_talk *talk)
{
	talk->round = fpt_flight_begin(&conn->writes);
	talk->call.flags |= FPT_CALL_FORCE;
	talk->call.done = talk_done;
	if (fpt_call_async(conn, &talk->call, GFP_NOFS | __GFP_NOFAIL))
		talk_done(conn, &talk->call);
}

/* fpt_bind_write_attr() of an inode that @was bound, or NULL. */
static bool write_attr(struct inode *inode, struct fpt_backing *was)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *fb;
	struct attr_talk *talk;
	bool stays = true, again = false, holds_sb;
	struct kstat stat;

	if (fpt_inode_stale(inode) || fpt_conn_dead(conn) ||
	    !attr_changed(inode))
		return true;
	/* In case it has to wait: for the end of who is first. */
	set_bit(FPT_N_ATTR_DIRTY, &fn->bits);
	set_bit(FPT_N_ATTR_LEFT, &fn->bits);
	if (test_and_set_bit(FPT_N_ATTR_SENDING, &fn->bits))
		return true;
	clear_bit(FPT_N_ATTR_LEFT, &fn->bits);
	fb = told_backing(inode, was);
	if (!fb || !test_and_clear_bit(FPT_N_ATTR_DIRTY, &fn->bits))
		goto over;
	if (stat_below(fb, &stat))
		goto later;
	stays = fpt_submount_try_hold(inode, &holds_sb);
	if (!stays)
		goto later;

	talk = kzalloc_obj(*talk, GFP_NOFS | __GFP_NOFAIL);
	talk->inode = inode;
	talk->fb = fpt_backing_get(fb);
	talk->holds_sb = holds_sb;
	talk_fill(talk, conn, fpt_inode_id(inode), &stat);
	talk_send(conn, talk);
	goto out;

later:
	set_bit(FPT_N_ATTR_DIRTY, &fn->bits);
	talk_over(inode);
	goto out;
over:
	talk_over(inode);
	/* Marked by who found that one is on its way, which is not so. */
	again = fb && test_bit(FPT_N_ATTR_DIRTY, &fn->bits);
out:
	if (fb)
		fpt_backing_put(fb);
	return again ? write_attr(inode, was) : stays;
}

bool fpt_bind_write_attr(struct inode *inode)
{
	return write_attr(inode, NULL);
}

/* FPT_N_ATTR_SENDING is ours. */
static int write_attr_now(struct inode *inode, struct fpt_backing *was)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);
	struct attr_talk talk = {};
	struct fpt_backing *fb;
	struct kstat stat;
	int err;

	fb = told_backing(inode, was);
	err = stat_below(fb, &stat);
	fpt_backing_put(fb);
	if (!err) {
		talk_fill(&talk, conn, fpt_inode_id(inode), &stat);
		err = fpt_call(conn, &talk.call);
	}
	if (err && err != -ENOSYS)
		set_bit(FPT_N_ATTR_DIRTY, &fn->bits);
	return err == -ENOSYS ? 0 : err;
}

int fpt_bind_sync_attr(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *was;
	int err;

	if (likely(!(fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR)))
		return 0;
	was = fpt_bind_backing(inode, NULL);
	if (!was)
		return 0;

	/* What is under way already has to have arrived, too. */
	err = wait_event_state(*fpt_node_wait(fn),
			       !test_and_set_bit(FPT_N_ATTR_SENDING, &fn->bits),
			       FPT_KILLABLE);
	if (err) {
		err = -EINTR;
		goto put;
	}
	if (attr_changed(inode))
		err = write_attr_now(inode, was);
	talk_over(inode);
	if (test_and_clear_bit(FPT_N_ATTR_LEFT, &fn->bits))
		write_attr(inode, was);
put:
	fpt_backing_put(was);
	return err;
}

void fpt_bind_last_attr(struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *fb;
	struct attr_talk *talk;
	struct kstat stat;

	if (likely(!(fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR)) ||
	    fpt_conn_dead(conn) || !attr_changed(inode))
		return;
	fb = fpt_bind_backing(inode, NULL);
	if (!fb)
		return;

	talk = kzalloc_obj(*talk, GFP_NOFS | __GFP_NOFAIL);
	stat_known(fb, &stat);
	fpt_backing_put(fb);
	talk_fill(talk, conn, fn->id, &stat);
	if (*fpt_forget_owed(fn->forget)) {
		talk->forget = fn->forget;
		fn->forget = NULL;
	}
	talk_send(conn, talk);
}
