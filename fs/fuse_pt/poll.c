// SPDX-License-Identifier: GPL-2.0-only
/*
 * Polling: a key for each open file that is ever polled, by which the server
 * names it when it has news.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "poll.h"
#include "request.h"

/**
 * struct fpt_poll - an open file that was polled (fpt_file.poll)
 * @wait: who polls it now
 * @kh: key, in fpt_conn.polls
 *
 * Made when the file is polled first, freed when it is closed: nobody waits any
 * more then, and nobody is found by the key once the lock of fpt_conn.polls,
 * which wakers hold, was taken to remove it.
 */
struct fpt_poll {
	wait_queue_head_t	wait;
	u32			kh;
};

static void poll_free(struct fpt_conn *conn, struct fpt_poll *poll)
{
	xa_erase(&conn->polls, poll->kh);
	kfree(poll);
}

/* Keys go round, so that news of a file that is gone finds nobody else. */
static struct fpt_poll *poll_new(struct fpt_conn *conn)
{
	struct fpt_poll *poll = kmalloc_obj(struct fpt_poll,
					    GFP_KERNEL_ACCOUNT);

	if (!poll)
		return NULL;
	init_waitqueue_head(&poll->wait);
	if (xa_alloc_cyclic(&conn->polls, &poll->kh, poll,
			    XA_LIMIT(1, U32_MAX), &conn->polls_next,
			    GFP_KERNEL_ACCOUNT) < 0) {
		kfree(poll);
		return NULL;
	}
	return poll;
}

static struct fpt_poll *poll_get(struct fpt_file *ff)
{
	/* Pairs with the cmpxchg() below. */
	struct fpt_poll *poll = smp_load_acquire(&ff->poll);
	struct fpt_poll *other;

	if (poll)
		return poll;
	poll = poll_new(ff->conn);
	if (!poll)
		return NULL;
	other = cmpxchg(&ff->poll, NULL, poll);
	if (!other)
		return poll;
	poll_free(ff->conn, poll);
	return other;
}

__poll_t fpt_poll(struct file *file, poll_table *wait)
{
	struct fpt_file *ff = fpt_file(file);
	struct fuse_poll_in in = {
		.events = mangle_poll(poll_requested_events(wait)),
	};
	struct fuse_poll_out out;
	struct fpt_call call = { .op = FUSE_POLL, .node = ff->node };
	struct fpt_poll *poll;
	int err;

	if (fpt_inode_stale(file_inode(file)))
		return EPOLLERR;
	if (fpt_op_missing(ff->conn, FUSE_POLL))
		return DEFAULT_POLLMASK;
	if (fpt_file_need_handle(file))
		return EPOLLERR;
	poll = poll_get(ff);
	if (!poll)
		return EPOLLERR;

	/* Before the question: news must not fall between it and the wait. */
	poll_wait(file, &poll->wait, wait);
	in.fh = ff->fh;
	in.kh = poll->kh;
	/* Only who is on it already counts: ourselves, or one who asked. */
	if (waitqueue_active(&poll->wait))
		in.flags = FUSE_POLL_SCHEDULE_NOTIFY;
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, sizeof(out));

	err = fpt_call_file(ff, &call);
	if (fpt_op_unknown(ff->conn, FUSE_POLL, err))
		return DEFAULT_POLLMASK;
	return err ? EPOLLERR : demangle_poll(out.revents);
}

void fpt_poll_wake(struct fpt_conn *conn, u64 kh)
{
	struct fpt_poll *poll = NULL;

	xa_lock(&conn->polls);
	if (kh <= U32_MAX)
		poll = xa_load(&conn->polls, kh);
	if (poll)
		wake_up_interruptible(&poll->wait);
	xa_unlock(&conn->polls);
}

void fpt_poll_wake_all(struct fpt_conn *conn)
{
	struct fpt_poll *poll;
	unsigned long kh;

	xa_lock(&conn->polls);
	xa_for_each(&conn->polls, kh, poll)
		wake_up_interruptible(&poll->wait);
	xa_unlock(&conn->polls);
}

void fpt_poll_close(struct fpt_file *ff)
{
	if (ff->poll)
		poll_free(ff->conn, ff->poll);
}
