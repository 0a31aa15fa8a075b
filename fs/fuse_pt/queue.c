// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: requests, interrupts and forgets that wait for a server to read
 * them.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/list_sort.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "conn.h"
#include "devcopy.h"
#include "queue.h"
#include "stats.h"
#include "trace.h"

#define QUEUE_POLL_IN	(EPOLLIN | EPOLLRDNORM)

void fpt_queue_init(struct fpt_queue *q)
{
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->pending);
	INIT_LIST_HEAD(&q->interrupts);
	INIT_LIST_HEAD(&q->background);
	q->forgets_end = &q->forgets;
	init_waitqueue_head(&q->wait);
	init_waitqueue_head(&q->room);
	init_waitqueue_head(&q->idle);
}

/*
 * Unlock after something to read was added, and wake one server for it. Those
 * who wait add themselves to q->wait before they look at the queue, under the
 * lock: so a look at q->wait under the lock misses nobody.
 */
static void queue_unlock_wake(struct fpt_queue *q, bool caller_waits)
	__releases(&q->lock)
{
	/* Not racy: under the lock, see above. */
	bool wake = waitqueue_active(&q->wait);
	bool signal = q->fasync;

	spin_unlock(&q->lock);
	if (wake) {
		if (caller_waits)
			wake_up_interruptible_sync_poll(&q->wait, QUEUE_POLL_IN);
		else
			wake_up_interruptible_poll(&q->wait, QUEUE_POLL_IN);
	}
	if (unlikely(signal))
		kill_fasync(&q->fasync, SIGIO, POLL_IN);
}

static void queue_append(struct fpt_conn *conn, struct fpt_req *req)
	__must_hold(&conn->queue.lock)
{
	struct fpt_queue *q = &conn->queue;

	if (unlikely(req->call->flags & FPT_CALL_UNIQUE)) {
		req->in.unique = req->call->unique;
	} else {
		q->unique += 2;
		req->in.unique = q->unique;
	}
	list_add_tail(&req->link, &q->pending);
	trace_fpt_request_start(conn, req);
}

bool fpt_queue_add(struct fpt_conn *conn, struct fpt_req *req)
{
	struct fpt_queue *q = &conn->queue;

	spin_lock(&q->lock);
	if (unlikely(fpt_conn_dead(conn))) {
		spin_unlock(&q->lock);
		return false;
	}
	queue_append(conn, req);
	queue_unlock_wake(q, true);
	return true;
}

/* -------- background -------- */

static bool queue_full(const struct fpt_conn *conn)
{
	return READ_ONCE(conn->queue.nr_background) >=
	       READ_ONCE(conn->max_background);
}

/* Until there may be room: one of those who wait is woken for each place. */
static int queue_wait_room(struct fpt_conn *conn)
{
	struct fpt_queue *q = &conn->queue;
	DEFINE_WAIT(wait);
	int err = 0;

	prepare_to_wait_exclusive(&q->room, &wait, FPT_KILLABLE);
	if (queue_full(conn) && !fpt_conn_dead(conn)) {
		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			schedule();
	}
	finish_wait(&q->room, &wait);
	/* Whoever woke this one on its way out meant one that stays. */
	if (err && wq_has_sleeper(&q->room))
		wake_up(&q->room);
	return err;
}

int fpt_queue_add_background(struct fpt_conn *conn, struct fpt_req *req)
{
	/*
	 * INIT agrees on the limit, so the limit is not for INIT. Nor is it for
	 * what ends when it is read: a server may read on for it before it
	 * answers any other.
	 */
	const u32 at_once = FPT_CALL_EARLY | FPT_CALL_NOREPLY;
	const u32 unlimited = FPT_CALL_FORCE | at_once;
	struct fpt_queue *q = &conn->queue;
	u32 flags = req->call->flags;

	for (;;) {
		spin_lock(&q->lock);
		if (fpt_conn_dead(conn)) {
			spin_unlock(&q->lock);
			return -ENOTCONN;
		}
		if ((flags & unlimited) || !queue_full(conn))
			break;
		spin_unlock(&q->lock);
		if (queue_wait_room(conn))
			return -EINTR;
	}

	/* How long there was no room is nobody's being late with this one. */
	req->born = (u32)jiffies;
	WRITE_ONCE(q->nr_background, q->nr_background + 1);
	if (q->nr_active >= conn->max_background && !(flags & at_once)) {
		list_add_tail(&req->link, &q->background);
		/* None yet, and none ever if an abort comes first: for tracing. */
		req->in.unique = 0;
		spin_unlock(&q->lock);
		return 0;
	}
	q->nr_active++;
	queue_append(conn, req);
	queue_unlock_wake(q, false);
	return 0;
}

/* The limit allows for more: let the server and waiting callers know. */
static void queue_unlock_move(struct fpt_conn *conn)
	__releases(&conn->queue.lock)
{
	struct fpt_queue *q = &conn->queue;
	bool room = !queue_full(conn);
	struct fpt_req *req;
	int moved = 0;

	while (q->nr_active < conn->max_background) {
		req = list_first_entry_or_null(&q->background, struct fpt_req,
					       link);
		if (!req)
			break;
		list_del(&req->link);
		q->nr_active++;
		queue_append(conn, req);
		moved++;
	}
	if (moved)
		queue_unlock_wake(q, false);
	else
		spin_unlock(&q->lock);
	/* A server for each: one may take long over the first. */
	if (unlikely(moved > 1))
		wake_up_interruptible_nr(&q->wait, moved - 1);

	if (room && wq_has_sleeper(&q->room))
		wake_up(&q->room);
}

void fpt_queue_background_end(struct fpt_conn *conn)
{
	struct fpt_queue *q = &conn->queue;

	spin_lock(&q->lock);
	WRITE_ONCE(q->nr_background, q->nr_background - 1);
	q->nr_active--;
	queue_unlock_move(conn);
}

void fpt_queue_set_background(struct fpt_conn *conn, unsigned int max)
{
	spin_lock(&conn->queue.lock);
	WRITE_ONCE(conn->max_background, max);
	queue_unlock_move(conn);
	/* Each end wakes one; a higher limit has room for more. */
	wake_up_all(&conn->queue.room);
	wake_up_all(&conn->copy_wait);
}

static bool queue_first_overdue(struct list_head *list, u32 since)
{
	const struct fpt_req *req;

	/* Behind one that is never late may be others that are. */
	list_for_each_entry(req, list, link)
		if (req->in.opcode != FUSE_SETLKW)
			return !fpt_req_in_time(req, since);
	return false;
}

bool fpt_queue_overdue(struct fpt_conn *conn, u32 since)
{
	struct fpt_queue *q = &conn->queue;
	bool overdue;

	spin_lock(&q->lock);
	overdue = queue_first_overdue(&q->pending, since) ||
		  queue_first_overdue(&q->background, since);
	spin_unlock(&q->lock);
	return overdue;
}

bool fpt_queue_congested(const struct fpt_conn *conn)
{
	return READ_ONCE(conn->queue.nr_background) >=
	       READ_ONCE(conn->congestion_threshold);
}

/* -------- callers that change their mind -------- */

bool fpt_queue_remove(struct fpt_queue *q, struct fpt_req *req)
{
	bool queued;

	spin_lock(&q->lock);
	queued = req->state == FPT_REQ_QUEUED;
	if (queued) {
		list_del(&req->link);
		req->state = FPT_REQ_DONE;
	}
	spin_unlock(&q->lock);
	return queued;
}

bool fpt_queue_mark(struct fpt_queue *q, struct fpt_req *req)
{
	bool queued;

	spin_lock(&q->lock);
	queued = req->state == FPT_REQ_QUEUED;
	if (queued) {
		INIT_LIST_HEAD(&req->intr_link);
		req->interrupted = true;
	}
	spin_unlock(&q->lock);
	return queued;
}

void fpt_queue_interrupt(struct fpt_queue *q, struct fpt_req *req)
{
	spin_lock(&q->lock);
	if (q->no_interrupt || !list_empty(&req->intr_link)) {
		spin_unlock(&q->lock);
		return;
	}
	list_add_tail(&req->intr_link, &q->interrupts);
	queue_unlock_wake(q, false);
}

void fpt_queue_uninterrupt(struct fpt_queue *q, struct fpt_req *req)
{
	spin_lock(&q->lock);
	list_del_init(&req->intr_link);
	spin_unlock(&q->lock);
}

/* -------- once more -------- */

void fpt_queue_unsend(struct fpt_queue *q, struct fpt_req *req,
		      struct list_head *again)
{
	spin_lock(&q->lock);
	if (req->interrupted)
		list_del_init(&req->intr_link);
	req->in.unique |= FUSE_UNIQUE_RESEND;
	WRITE_ONCE(req->dev, NULL);
	WRITE_ONCE(req->state, FPT_REQ_QUEUED);
	list_add_tail(&req->link, again);
	spin_unlock(&q->lock);
}

static int queue_older(void *priv, const struct list_head *a,
		       const struct list_head *b)
{
	u64 one = list_entry(a, struct fpt_req, link)->in.unique;
	u64 other = list_entry(b, struct fpt_req, link)->in.unique;

	return one > other ? 1 : -1;
}

void fpt_queue_again(struct fpt_conn *conn, struct list_head *again)
{
	struct fpt_queue *q = &conn->queue;
	struct fpt_req *req;

	spin_lock(&q->lock);
	if (fpt_conn_dead(conn)) {
		/* Who aborted could not see them. */
		list_for_each_entry(req, again, link)
			req->state = FPT_REQ_TAKEN;
		spin_unlock(&q->lock);
		fpt_req_finish_all(conn, again, -ECONNABORTED);
		return;
	}
	list_sort(NULL, again, queue_older);
	list_splice(again, &q->pending);
	spin_unlock(&q->lock);
	wake_up_all(&q->wait);
	kill_fasync(&q->fasync, SIGIO, POLL_IN);
}

/* -------- forgets -------- */

struct fpt_forget *fpt_forget_alloc(gfp_t gfp)
{
	struct fpt_forget *forget;

	forget = kmalloc_obj(struct fpt_forget, gfp | __GFP_ACCOUNT);
	if (forget)
		forget->one.nlookup = 0;
	return forget;
}

u64 *fpt_forget_owed(struct fpt_forget *forget)
{
	return &forget->one.nlookup;
}

void fpt_forget_free(struct fpt_forget *forget)
{
	kfree(forget);
}

static struct hlist_head *named_bucket(struct fpt_queue *q, u64 node)
{
	return &q->named[hash_64(node, FPT_NAMED_BITS)];
}

static struct fpt_named *queue_find_named(struct fpt_queue *q, u64 node)
	__must_hold(&q->lock)
{
	struct fpt_named *named;

	hlist_for_each_entry(named, named_bucket(q, node), link)
		if (named->node == node)
			return named;
	return NULL;
}

static void named_begin(struct fpt_queue *q, struct fpt_named *named, u64 node)
	__must_hold(&q->lock)
{
	INIT_HLIST_NODE(&named->link);
	named->node = node;
	named->forgets = NULL;
	if (node)
		hlist_add_head(&named->link, named_bucket(q, node));
}

/* Return: its forgets, and @more behind them. */
static struct fpt_forget *named_end(struct fpt_named *named,
				    struct fpt_forget *more)
{
	struct fpt_forget *forget, *next;

	hlist_del_init(&named->link);
	for (forget = named->forgets; forget; forget = next) {
		next = forget->next;
		forget->next = more;
		more = forget;
	}
	named->forgets = NULL;
	return more;
}

void fpt_queue_name(struct fpt_queue *q, struct fpt_req *req, u64 other)
{
	spin_lock(&q->lock);
	named_begin(q, &req->named[0], req->in.nodeid);
	named_begin(q, &req->named[1], other);
	spin_unlock(&q->lock);
}

struct fpt_forget *fpt_queue_unname(struct fpt_queue *q, struct fpt_req *req,
				    struct fpt_forget *more)
{
	spin_lock(&q->lock);
	more = named_end(&req->named[0], more);
	more = named_end(&req->named[1], more);
	spin_unlock(&q->lock);
	return more;
}

void fpt_queue_forget_all(struct fpt_conn *conn, struct fpt_forget *forgets)
{
	struct fpt_forget *next;

	for (; forgets; forgets = next) {
		next = forgets->next;
		fpt_forget_queue(conn, forgets, forgets->one.nodeid,
				 forgets->one.nlookup);
	}
}

void fpt_forget_queue(struct fpt_conn *conn, struct fpt_forget *forget,
		      u64 node, u64 nlookup)
{
	struct fpt_queue *q = &conn->queue;
	struct fpt_named *named;
	bool first;

	forget->next = NULL;
	forget->one.nodeid = node;
	forget->one.nlookup = nlookup;

	spin_lock(&q->lock);
	if (fpt_conn_dead(conn)) {
		spin_unlock(&q->lock);
		kfree(forget);
		return;
	}
	named = queue_find_named(q, node);
	if (unlikely(named)) {
		forget->next = named->forgets;
		named->forgets = forget;
		spin_unlock(&q->lock);
		return;
	}
	first = !q->forgets;
	*q->forgets_end = forget;
	q->forgets_end = &forget->next;
	/* One server takes them all, and one was woken for the first. */
	if (first)
		queue_unlock_wake(q, false);
	else
		spin_unlock(&q->lock);
}

static struct fpt_forget *queue_cut_forgets(struct fpt_queue *q, u32 max,
					    u32 *nr)
	__must_hold(&q->lock)
{
	struct fpt_forget *first = q->forgets;
	struct fpt_forget **end = &q->forgets;
	u32 n;

	for (n = 0; n < max && *end; n++)
		end = &(*end)->next;
	q->forgets = *end;
	*end = NULL;
	if (!q->forgets)
		q->forgets_end = &q->forgets;
	*nr = n;
	return first;
}

/* -------- what a server reads next -------- */

static unsigned int span_pages(size_t offset, size_t len)
{
	return len ? DIV_ROUND_UP(offset_in_page(offset) + len, PAGE_SIZE) : 0;
}

unsigned int fpt_req_slots(const struct fpt_req *req)
{
	const struct fpt_call *call = req->call;
	unsigned int slots, i;
	size_t left;

	if (!(call->flags & FPT_CALL_IN_PAGES))
		return span_pages(0, req->in.len);

	left = call->pages.len;
	slots = span_pages(0, req->in.len - left);
	if (call->flags & FPT_CALL_USER_PAGES)
		return slots + span_pages(0, left);

	for (i = 0; i < call->pages.nr && left; i++) {
		const struct bio_vec *bv = &call->pages.bv[i];
		size_t n = min_t(size_t, left, bv->bv_len);

		slots += span_pages(bv->bv_offset, n);
		left -= n;
	}
	return slots;
}

static bool queue_has_any(const struct fpt_queue *q)
	__must_hold(&q->lock)
{
	return !list_empty(&q->pending) || q->forgets ||
	       !list_empty(&q->interrupts);
}

bool fpt_queue_readable(struct fpt_queue *q)
{
	bool any;

	spin_lock(&q->lock);
	any = queue_has_any(q);
	spin_unlock(&q->lock);
	return any;
}

static void queue_next_interrupt(struct fpt_queue *q, struct fpt_next *next)
	__must_hold(&q->lock)
{
	struct fpt_req *req = list_first_entry(&q->interrupts, struct fpt_req,
					       intr_link);

	list_del_init(&req->intr_link);
	next->head.opcode = FUSE_INTERRUPT;
	next->head.unique = req->in.unique | 1;
	next->head.len = sizeof(next->head) + sizeof(next->intr);
	next->intr.unique = req->in.unique;
}

static void queue_next_forgets(struct fpt_conn *conn, size_t bytes,
			       struct fpt_next *next)
	__must_hold(&conn->queue.lock)
{
	struct fpt_queue *q = &conn->queue;
	u32 fit = 1;
	u32 nr;

	q->unique += 2;
	next->head.unique = q->unique;
	if (conn->minor >= 16 && q->forgets->next) {
		next->head.opcode = FUSE_BATCH_FORGET;
		next->head.len = sizeof(next->head) + sizeof(next->batch);
		fit = min_t(size_t, bytes - next->head.len, INT_MAX) /
		      sizeof(struct fuse_forget_one);
		next->forgets = queue_cut_forgets(q, fit, &nr);
		next->head.len += nr * sizeof(struct fuse_forget_one);
		next->batch.count = nr;
	} else {
		next->forgets = queue_cut_forgets(q, fit, &nr);
		next->head.opcode = FUSE_FORGET;
		next->head.nodeid = next->forgets->one.nodeid;
		next->head.len = sizeof(next->head) +
				 sizeof(struct fuse_forget_in);
	}
}

static bool queue_fits(const struct fpt_req *req, const struct fpt_room *room)
{
	return req->in.len <= room->bytes &&
	       (!room->slots || fpt_req_slots(req) <= room->slots);
}

static void queue_take(struct fpt_req *req, struct fpt_dev *dev)
{
	list_del(&req->link);
	req->dev = dev;
	WRITE_ONCE(req->state, FPT_REQ_TAKEN);
}

/* Sleep until something was added. Called with the lock held, drops it. */
static int queue_sleep(struct fpt_queue *q)
	__releases(&q->lock)
{
	DEFINE_WAIT(wait);

	if (signal_pending(current)) {
		spin_unlock(&q->lock);
		return -ERESTARTSYS;
	}
	prepare_to_wait_exclusive(&q->wait, &wait, TASK_INTERRUPTIBLE);
	spin_unlock(&q->lock);
	/* A signal is noticed next time round, after a look at the queue. */
	schedule();
	finish_wait(&q->wait, &wait);
	return 0;
}

int fpt_queue_next(struct fpt_conn *conn, struct fpt_dev *dev,
		   const struct fpt_room *room, struct fpt_next *next)
{
	struct fpt_queue *q = &conn->queue;
	struct fpt_req *req;
	bool fits;
	int err;

again:
	spin_lock(&q->lock);
	while (!queue_has_any(q) || fpt_conn_dead(conn)) {
		if (fpt_conn_dead(conn) || room->nonblock) {
			err = fpt_conn_dead(conn) ? fpt_conn_gone(conn) :
						    -EAGAIN;
			spin_unlock(&q->lock);
			return err;
		}
		err = queue_sleep(q);
		if (err)
			return err;
		spin_lock(&q->lock);
	}

	next->req = NULL;
	if (unlikely(!list_empty(&q->interrupts))) {
		memset(&next->head, 0, sizeof(next->head));
		next->forgets = NULL;
		queue_next_interrupt(q, next);
		goto took_message;
	}

	/*
	 * Turn by turn while both wait: every forget was a request before, so
	 * neither can outrun the other.
	 */
	if (q->forgets && (list_empty(&q->pending) || q->forgets_turn)) {
		memset(next, 0, sizeof(*next));
		q->forgets_turn = false;
		queue_next_forgets(conn, room->slots ? PAGE_SIZE : room->bytes,
				   next);
		goto took_message;
	}

	q->forgets_turn = true;
	req = list_first_entry(&q->pending, struct fpt_req, link);
	fits = queue_fits(req, room);
	queue_take(req, dev);
	/* Nobody else may have been woken for forgets that still wait. */
	if (unlikely(q->forgets))
		queue_unlock_wake(q, false);
	else
		spin_unlock(&q->lock);

	if (unlikely(!fits)) {
		fpt_req_finish(conn, req, req->in.opcode == FUSE_SETXATTR ?
			       -E2BIG : -EIO);
		goto again;
	}
	fpt_stat_request(conn, req->in.opcode);
	next->req = req;
	return 0;

took_message:
	fpt_stat_request(conn, next->head.opcode);
	if (q->forgets)
		queue_unlock_wake(q, false);
	else
		spin_unlock(&q->lock);
	return 0;
}

/* -------- life and death -------- */

bool fpt_queue_live(struct fpt_conn *conn)
{
	struct fpt_queue *q = &conn->queue;
	bool live;

	spin_lock(&q->lock);
	live = conn->state == FPT_CONN_NEW;
	if (live)
		/* Pairs with the acquire of who may send without waiting. */
		smp_store_release(&conn->state, FPT_CONN_LIVE);
	spin_unlock(&q->lock);
	wake_up_all(&conn->init_wait);
	return live;
}

bool fpt_queue_abort(struct fpt_conn *conn, bool tell)
{
	struct fpt_queue *q = &conn->queue;
	struct fpt_forget *forgets, *next;
	struct fpt_req *req;
	LIST_HEAD(ended);
	u32 nr;

	spin_lock(&q->lock);
	if (fpt_conn_dead(conn)) {
		spin_unlock(&q->lock);
		return false;
	}
	WRITE_ONCE(conn->tell_abort, tell);
	/* Pairs with the barrier in fpt_conn_gone(). */
	smp_wmb();
	WRITE_ONCE(conn->state, FPT_CONN_DEAD);
	/* Those that never became active end as if they had. */
	q->nr_active = q->nr_background;
	list_splice_tail_init(&q->pending, &ended);
	list_splice_tail_init(&q->background, &ended);
	list_for_each_entry(req, &ended, link)
		req->state = FPT_REQ_TAKEN;
	forgets = queue_cut_forgets(q, U32_MAX, &nr);
	spin_unlock(&q->lock);

	wake_up_all(&q->wait);
	wake_up_all(&q->room);
	wake_up_all(&conn->init_wait);
	kill_fasync(&q->fasync, SIGIO, POLL_IN);

	for (; forgets; forgets = next) {
		next = forgets->next;
		kfree(forgets);
	}

	fpt_dev_collect_all(conn, &ended);
	fpt_req_finish_all(conn, &ended, -ECONNABORTED);
	return true;
}

long fpt_queue_settle(struct fpt_conn *conn, long most)
{
	int count = atomic_read(&conn->nr_waiting), before;
	struct fpt_queue *q = &conn->queue;
	long left = most;
	DEFINE_WAIT(wait);

	/* A signal is there, or it is too late. */
	while (count && left > 0 &&
	       !prepare_to_wait_event(&q->idle, &wait, FPT_KILLABLE)) {
		before = count;
		if (atomic_read(&conn->nr_waiting))
			left -= HZ - schedule_timeout(HZ);
		count = atomic_read(&conn->nr_waiting);
		if (count < before)
			left = most;
	}
	finish_wait(&q->idle, &wait);
	return max(left, 0L);
}

void fpt_queue_drain(struct fpt_conn *conn)
{
	wait_event(conn->queue.idle, !atomic_read(&conn->nr_waiting));
}
