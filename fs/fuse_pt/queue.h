/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The queue: what a connection's server has yet to read, and the state that a
 * request goes through.
 *
 *              fpt_call          server reads          server answers
 *   (caller) ----------> QUEUED -------------> TAKEN -> SENT ------> TAKEN -> DONE
 *                          |  ^ <- - - - - - - |- - - - - |  RESEND    |  ^
 *                          |                   |   ^      |            |  ^
 *                          | killed            v   |      | killed     v  |
 *                          +---> DONE         PARKED      +-> orphan  PARKED
 *
 * QUEUED	on the queue; under fpt_queue.lock. A SENT request comes back to
 *		it with FUSE_NOTIFY_RESEND, under both locks
 * TAKEN	one task (a server's read or write, an abort) owns it and copies;
 *		page faults are off, so that it is short. Nobody else touches it.
 * PARKED	as TAKEN, but the owner sleeps (page fault, memory) and does not
 *		look at the caller's memory; under fpt_dev.lock. An abort may take
 *		it away, a killed caller may leave it.
 * SENT		in a device's table, waits for the answer; under fpt_dev.lock
 * DONE		the caller's again, and the transport is done with it
 *
 * A SENT or PARKED request whose caller was killed stays behind as an orphan:
 * it points to nothing of the caller's any more (fpt_req.call is NULL) and
 * belongs to whoever takes it out of the table next.
 *
 * Locks, outermost first:
 *	pipe->mutex (splice)
 *	fpt_conn.dev_lock	mutex: which devices there are
 *	fpt_dev.lock		spinlock: the table of sent requests
 *	fpt_queue.lock		spinlock: the queue
 *	wait queue heads' locks
 * No function of a caller (done, late) runs under any but the first.
 */
#ifndef FPT_QUEUE_H
#define FPT_QUEUE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/fuse_pt_protocol.h>
#include "request.h"

struct fasync_struct;
struct fpt_conn;
struct fpt_dev;
struct fpt_park;
struct task_struct;

enum fpt_req_state {
	FPT_REQ_QUEUED,
	FPT_REQ_TAKEN,
	FPT_REQ_PARKED,
	FPT_REQ_SENT,
	FPT_REQ_DONE,
};

/**
 * struct fpt_named - a node that a request names, and whose inode nobody holds
 * @link: in fpt_queue.named, under its lock
 * @node: its id
 * @forgets: FORGETs of it that wait until the server is done with the request
 */
struct fpt_named {
	struct hlist_node	link;
	u64			node;
	struct fpt_forget	*forgets;
};

/**
 * struct fpt_req - a request on its way
 *
 * Lifetime: it has one owner at any time and no reference count. A waiting
 * caller frees it once it is DONE; orphans and asynchronous requests are freed
 * by the task that took them out of the table or the queue. The store of DONE
 * is the last access by anybody but the caller. With FPT_CALL_WAITED two have
 * it, that task and who waits, and the second to let go of it frees it.
 *
 * @link: on fpt_queue.pending or fpt_queue.background while QUEUED
 * @node: in fpt_dev.table while SENT
 * @call: the caller's description and memory; NULL for an orphan
 * @state: enum fpt_req_state
 * @interrupted: caller had a signal: INTERRUPT is sent along once SENT.
 *	Set under the lock of the state that it is in
 * @leaving: caller was killed while it was TAKEN: wake it when that ends
 * @lost: of orphans: the server said RESEND since, so nobody waits for the answer
 * @born: when it was made, or there was room for it, in jiffies
 * @waiter: the caller, for a synchronous request; else NULL
 * @dev: device it was taken by, NULL while QUEUED; set under fpt_queue.lock.
 *	A caller that looks at it holds the RCU read lock, devices are freed by
 *	RCU, and looks again under the device's lock
 * @park: while PARKED, record on the owner's stack
 * @intr_link: on fpt_queue.interrupts, under fpt_queue.lock
 * @late: copy of the call's, for orphans
 * @refs: with FPT_CALL_WAITED, which leaves no orphans
 * @orphan: taken over from the call, for orphans; else NULL
 * @named: of orphans, whose callers held the inodes, and with FPT_CALL_NAMES; of
 *	most there is only the first
 * @in: header as sent
 */
struct fpt_req {
	union {
		struct list_head	link;
		struct hlist_node	node;
	};
	struct fpt_call		*call;
	u8			state;
	bool			interrupted;
	bool			leaving;
	bool			lost;
	u32			born;
	struct task_struct	*waiter;
	struct fpt_dev		*dev;
	struct fpt_park		*park;
	struct list_head	intr_link;
	union {
		void		(*late)(struct fpt_conn *conn, u32 op, u64 node,
					u64 other, const void *reply, size_t len);
		refcount_t	refs;
	};
	struct fpt_orphan	*orphan;
	struct fpt_named	named[2];
	struct fuse_in_header	in;
};

#define FPT_NAMED_BITS	6

/**
 * struct fpt_queue - what a server has yet to read (fpt_conn.queue)
 * @lock: guards everything here, and fpt_conn.state's changes
 * @unique: last request id given; ids are even, the odd ones name INTERRUPTs
 * @pending: requests to be read
 * @interrupts: sent requests (intr_link) for which INTERRUPT is to be read
 * @forgets: forgets to be read, oldest first; @forgets_end: its last link
 * @named: nodes that the server works on for nobody, hashed by id
 * @forgets_turn: while both requests and forgets wait, who is next
 * @no_interrupt: server answered ENOSYS to INTERRUPT
 * @wait: servers that wait for something to read, exclusively, and pollers
 * @fasync: who asked for SIGIO
 * @background: asynchronous requests beyond the limit, oldest first
 * @nr_background: asynchronous requests unanswered, but for FPT_CALL_AT_ONCE
 * @nr_active: those of them that are not on @background
 * @room: callers that wait for @nr_background to fall below the limit
 * @idle: umount waiting for fpt_conn.nr_waiting to fall to 0
 */
struct fpt_queue {
	spinlock_t		lock;		/* all of it */
	u64			unique;
	struct list_head	pending;
	struct list_head	interrupts;
	struct fpt_forget	*forgets;
	struct fpt_forget	**forgets_end;
	struct hlist_head	named[1 << FPT_NAMED_BITS];
	bool			forgets_turn;
	bool			no_interrupt;
	wait_queue_head_t	wait;
	struct fasync_struct	*fasync;

	struct list_head	background;
	unsigned int		nr_background;
	unsigned int		nr_active;
	wait_queue_head_t	room;
	wait_queue_head_t	idle;
};

void fpt_queue_init(struct fpt_queue *q);

/**
 * fpt_queue_live() - INIT was answered well: let ordinary calls through
 * All that INIT agreed on must have been stored in @conn before.
 * Return: false if the connection is dead already.
 */
bool fpt_queue_live(struct fpt_conn *conn);

/**
 * fpt_queue_abort() - make the connection dead and finish every request
 * @tell: see fpt_conn.tell_abort
 *
 * The transport's part of fpt_conn_abort(): changes fpt_conn.state, wakes
 * fpt_conn.init_wait, servers and pollers. Return: true for the call that did
 * it, false if it was dead before.
 */
bool fpt_queue_abort(struct fpt_conn *conn, bool tell);

/**
 * fpt_queue_settle() - wait until all that was asked is answered
 * @most: jiffies to wait for the next answer
 *
 * For umount, before it asks its last: nobody else asks any more, but for what
 * an answer entails, as RELEASE of a file that a killed caller left. A fatal
 * signal ends the wait. Called without locks of the transport.
 *
 * Return: how much of @most is left, 0 if the server is silent.
 */
long fpt_queue_settle(struct fpt_conn *conn, long most);

/**
 * fpt_queue_drain() - wait until the last call has ended
 *
 * For umount, after fpt_conn_abort(): no @done function runs any more when it
 * returns. Ends soon on a dead connection, whatever its server does.
 */
void fpt_queue_drain(struct fpt_conn *conn);

/* Another limit of asynchronous calls, from now on. */
void fpt_queue_set_background(struct fpt_conn *conn, unsigned int max);

/* Is nobody late with it: was it made after @since, or is it meant to wait? */
static inline bool fpt_req_in_time(const struct fpt_req *req, u32 since)
{
	return (s32)(req->born - since) > 0 || req->in.opcode == FUSE_SETLKW;
}

/**
 * fpt_queue_overdue() - does a request wait that was made at or before @since?
 * The oldest of each kind that can be late is looked at: behind it is nothing
 * that waits longer.
 */
bool fpt_queue_overdue(struct fpt_conn *conn, u32 since);

/* Are so many asynchronous calls unanswered that readahead should hold back? */
bool fpt_queue_congested(const struct fpt_conn *conn);

/* -------- for request.c, dev.c, devcopy.c and devsplice.c only -------- */

/**
 * struct fpt_forget - nodes to be forgotten, on fpt_queue.forgets
 * @next: link
 * @one: what the server is told
 */
struct fpt_forget {
	struct fpt_forget	*next;
	struct fuse_forget_one	one;
};

/**
 * struct fpt_room - what a server's read can take
 * @bytes: size of its buffer
 * @slots: for a pipe: buffers it has free; else 0
 * @nonblock: do not wait
 */
struct fpt_room {
	size_t		bytes;
	unsigned int	slots;
	bool		nonblock;
};

/**
 * struct fpt_next - what a server reads next
 * @req: a request, TAKEN for the reader; or NULL
 * @head: header of a message that is no request
 * @intr: if @head.opcode is FUSE_INTERRUPT
 * @batch: if it is FUSE_BATCH_FORGET
 * @forgets: what the forget message is about; the reader frees them
 */
struct fpt_next {
	struct fpt_req			*req;
	struct fuse_in_header		head;
	union {
		struct fuse_interrupt_in	intr;
		struct fuse_batch_forget_in	batch;
	};
	struct fpt_forget		*forgets;
};

/**
 * fpt_queue_next() - wait for something to read and take it off the queue
 *
 * Requests that do not fit @room are finished with an error. Return: 0;
 * -EAGAIN, -ERESTARTSYS; fpt_conn_gone() on a dead connection.
 */
int fpt_queue_next(struct fpt_conn *conn, struct fpt_dev *dev,
		   const struct fpt_room *room, struct fpt_next *next);

/* Is there something to read? Exact only for the caller that reads it. */
bool fpt_queue_readable(struct fpt_queue *q);

/* Give a new request its id and queue it; false on a dead connection. */
bool fpt_queue_add(struct fpt_conn *conn, struct fpt_req *req);

/**
 * fpt_queue_add_background() - queue an asynchronous request within the limit
 * Waits while the limit is reached, unless FPT_CALL_FORCE; that one is read
 * behind the limit, but for FPT_CALL_NOREPLY. Return: 0, -ENOTCONN, -EINTR
 * (fatal signal).
 */
int fpt_queue_add_background(struct fpt_conn *conn, struct fpt_req *req);

/* One that fpt_queue_add_background() queued ended: the next may be sent. */
void fpt_queue_background_end(struct fpt_conn *conn);

/* Take a QUEUED request off again; false if it is not QUEUED any more. */
bool fpt_queue_remove(struct fpt_queue *q, struct fpt_req *req);

/**
 * fpt_queue_mark() - a QUEUED request is to be interrupted once it is sent
 * Return: false if it is not QUEUED any more.
 */
bool fpt_queue_mark(struct fpt_queue *q, struct fpt_req *req);

/* Have INTERRUPT read for a SENT request. Called under fpt_dev.lock. */
void fpt_queue_interrupt(struct fpt_queue *q, struct fpt_req *req);

/* An interrupted request ended: nobody needs to read INTERRUPT for it. */
void fpt_queue_uninterrupt(struct fpt_queue *q, struct fpt_req *req);

/**
 * fpt_queue_unsend() - a SENT request goes to the server once more
 * @req: just taken out of the table; QUEUED from here on
 * @again: its list until fpt_queue_again(), guarded by @q's lock
 *
 * Called under fpt_dev.lock. What INTERRUPT was to be read is read after it.
 */
void fpt_queue_unsend(struct fpt_queue *q, struct fpt_req *req,
		      struct list_head *again);

/* Put them before all that is pending, the oldest first. */
void fpt_queue_again(struct fpt_conn *conn, struct list_head *again);

/**
 * fpt_queue_name() - FORGETs of nodes wait from here on
 * @req: names its node, and @other if that is not 0; not named yet
 *
 * Called by who still holds their inodes, or before the server knows of the
 * request. May be called under fpt_dev.lock.
 */
void fpt_queue_name(struct fpt_queue *q, struct fpt_req *req, u64 other);

/**
 * fpt_queue_unname() - the server is done with what fpt_queue_name() was for
 * @more: other FORGETs, or NULL
 *
 * May be called once more, and under fpt_dev.lock. Return: the FORGETs that
 * waited, with @more behind them, for fpt_queue_forget_all().
 */
struct fpt_forget *fpt_queue_unname(struct fpt_queue *q, struct fpt_req *req,
				    struct fpt_forget *more);

/* Those may wait again: for another request. */
void fpt_queue_forget_all(struct fpt_conn *conn, struct fpt_forget *forgets);

/* Number of pipe buffers that a request fills, its payload by reference. */
unsigned int fpt_req_slots(const struct fpt_req *req);

/* -------- request.c -------- */

/**
 * fpt_req_finish() - the owner of a TAKEN request ends it
 * Wakes the caller, or runs @done, or frees an orphan. @req is gone after.
 * Called without locks. @error: 0 or a negative errno.
 */
void fpt_req_finish(struct fpt_conn *conn, struct fpt_req *req, int error);

/* The same for a list (by fpt_req.link). */
void fpt_req_finish_all(struct fpt_conn *conn, struct list_head *reqs,
			int error);

/* An orphan's request is over, as far as others are concerned. No locks. */
void fpt_orphan_end(struct fpt_conn *conn, struct fpt_orphan *orphan, int error);

#endif
