// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: from a caller's struct fpt_call to the queue, and its wait for the
 * answer.
 */
#include "compat/compat.h"

#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "conn.h"
#include "devcopy.h"
#include "queue.h"
#include "request.h"
#include "trace.h"

static struct kmem_cache *fpt_req_cache;

/* May a call go ahead? Waits for INIT's answer. */
static int call_admit(struct fpt_conn *conn, u32 flags)
{
	/* Pairs with the release in fpt_queue_live(): what INIT agreed on. */
	int state = smp_load_acquire(&conn->state);

	if (likely(state == FPT_CONN_LIVE))
		return 0;

	if (state == FPT_CONN_NEW) {
		if (flags & (FPT_CALL_EARLY | FPT_CALL_FORCE))
			return 0;
		if (wait_event_state(conn->init_wait, READ_ONCE(conn->state) !=
				     FPT_CONN_NEW, FPT_KILLABLE))
			return -EINTR;
		/* Pairs as above. */
		state = smp_load_acquire(&conn->state);
		if (state == FPT_CONN_LIVE)
			return 0;
	}
	return READ_ONCE(conn->init_error) ?: -ENOTCONN;
}

/*
 * With idmapped mounts the ids of who asks say nothing to the server: it is
 * told those of what is made, and of nobody else.
 */
static int req_set_owner(struct fpt_conn *conn, struct fuse_in_header *in,
			 const struct fpt_call *call)
{
	if (!(call->flags & FPT_CALL_OWNER)) {
		in->uid = FUSE_INVALID_UIDGID;
		in->gid = FUSE_INVALID_UIDGID;
		return 0;
	}
	in->uid = from_kuid(conn->user_ns, call->owner_uid);
	in->gid = from_kgid(conn->user_ns, call->owner_gid);
	if (in->uid == FUSE_INVALID_UIDGID || in->gid == FUSE_INVALID_UIDGID)
		return -EOVERFLOW;
	return 0;
}

/* Who asks, in the ids of the mounter's namespaces. */
static int req_set_creds(struct fpt_conn *conn, struct fpt_req *req,
			 const struct fpt_call *call)
{
	struct fuse_in_header *in = &req->in;
	u32 flags = call->flags;

	if (flags & FPT_CALL_NOCREDS) {
		in->uid = 0;
		in->gid = 0;
		in->pid = 0;
		return 0;
	}

	in->pid = pid_nr_ns(task_pid(current), conn->pid_ns);
	if (unlikely(fpt_has(conn, FPT_F_ALLOW_IDMAP)))
		return req_set_owner(conn, in, call);
	if (flags & FPT_CALL_FORCE) {
		in->uid = from_kuid_munged(conn->user_ns, current_fsuid());
		in->gid = from_kgid_munged(conn->user_ns, current_fsgid());
		return 0;
	}
	in->uid = from_kuid(conn->user_ns, current_fsuid());
	in->gid = from_kgid(conn->user_ns, current_fsgid());
	if (unlikely(in->uid == (uid_t)-1 || in->gid == (gid_t)-1))
		return -EOVERFLOW;
	return 0;
}

static u32 call_in_len(const struct fpt_call *call)
{
	u32 len = sizeof(struct fuse_in_header);
	unsigned int i;

	for (i = 0; i < call->nr_in; i++)
		len += call->in[i].len;
	if (call->flags & FPT_CALL_IN_PAGES)
		len += call->pages.len;
	return len;
}

static struct fpt_req *req_new(struct fpt_conn *conn, struct fpt_call *call,
			       struct task_struct *waiter, gfp_t gfp)
{
	struct fpt_req *req;
	int err;

	req = kmem_cache_alloc(fpt_req_cache, gfp);
	if (unlikely(!req))
		return ERR_PTR(-ENOMEM);

	err = req_set_creds(conn, req, call);
	if (unlikely(err)) {
		kmem_cache_free(fpt_req_cache, req);
		return ERR_PTR(err);
	}
	req->call = call;
	req->state = FPT_REQ_QUEUED;
	req->interrupted = false;
	req->leaving = false;
	req->born = (u32)jiffies;
	req->waiter = waiter;
	req->dev = NULL;
	req->orphan = NULL;
	req->in.len = call_in_len(call);
	req->in.opcode = call->op;
	req->in.nodeid = call->node;
	req->in.total_extlen = call->ext_len / sizeof(u64);
	req->in.padding = 0;
	return req;
}

static void req_free(struct fpt_conn *conn, struct fpt_req *req)
{
	if (unlikely(req->interrupted))
		fpt_queue_uninterrupt(&conn->queue, req);
	kmem_cache_free(fpt_req_cache, req);
}

/* Called by both who have it, see FPT_CALL_WAITED. */
static void req_put(struct fpt_conn *conn, struct fpt_req *req)
{
	if (refcount_dec_and_test(&req->refs))
		req_free(conn, req);
}

/* The caller of a call is gone, or will be told next: fpt_queue_drain(). */
static void call_count_out(struct fpt_conn *conn)
{
	if (!atomic_dec_and_test(&conn->nr_waiting))
		return;
	/* Not racy: behind the barrier of the count. */
	if (unlikely(waitqueue_active(&conn->queue.idle)))
		wake_up_all(&conn->queue.idle);
}

void fpt_orphan_end(struct fpt_conn *conn, struct fpt_orphan *orphan, int error)
{
	orphan->end(conn, orphan, error);
	call_count_out(conn);
}

static void req_finish_orphan(struct fpt_conn *conn, struct fpt_req *req,
			      int error)
{
	struct fpt_forget *forgets = fpt_queue_unname(&conn->queue, req, NULL);
	struct fpt_orphan *orphan = req->orphan;

	req_free(conn, req);
	/* What it sends of handles goes first. */
	if (orphan)
		fpt_orphan_end(conn, orphan, error);
	fpt_queue_forget_all(conn, forgets);
}

void fpt_req_finish(struct fpt_conn *conn, struct fpt_req *req, int error)
{
	struct fpt_call *call = req->call;
	struct task_struct *waiter = req->waiter;
	struct fpt_forget *forgets = NULL;

	trace_fpt_request_end(conn, req, error);
	if (unlikely(!call)) {
		req_finish_orphan(conn, req, error);
		return;
	}

	call->error = error;
	if (waiter) {
		/*
		 * Once the caller sees DONE, it frees the request and may exit;
		 * RCU keeps its task_struct.
		 */
		rcu_read_lock();
		/* Pairs with the acquire of a caller that looks for DONE. */
		smp_store_release(&req->state, FPT_REQ_DONE);
		wake_up_process(waiter);
		rcu_read_unlock();
		return;
	}

	if (unlikely(call->flags & FPT_CALL_NAMES))
		forgets = fpt_queue_unname(&conn->queue, req, NULL);
	if (call->flags & FPT_CALL_WAITED) {
		/* Pairs with the acquire of who waits and has a signal. */
		smp_store_release(&req->state, FPT_REQ_DONE);
		req_put(conn, req);
	} else {
		req_free(conn, req);
	}
	if (!(call->flags & FPT_CALL_AT_ONCE))
		fpt_queue_background_end(conn);
	call->done(conn, call);
	fpt_queue_forget_all(conn, forgets);
	call_count_out(conn);
}

void fpt_req_finish_all(struct fpt_conn *conn, struct list_head *reqs,
			int error)
{
	struct fpt_req *req, *next;

	list_for_each_entry_safe(req, next, reqs, link)
		fpt_req_finish(conn, req, error);
}

/* Somebody copies to or from the caller's memory: short, see queue.h. */
static void req_wait_taken(struct fpt_req *req)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		/* Pairs with the release of who gives it up. */
		if (smp_load_acquire(&req->state) != FPT_REQ_TAKEN)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* A fatal signal. Return: true if the request is not ours any more. */
static bool req_leave(struct fpt_conn *conn, struct fpt_req *req)
{
	struct fpt_call *call = req->call;
	int err;

	for (;;) {
		if (fpt_queue_remove(&conn->queue, req)) {
			call->error = -EINTR;
			trace_fpt_request_end(conn, req, -EINTR);
			return false;
		}
		if (call->heir && !call->orphan)
			call->orphan = call->heir->leave(call->heir);
		err = fpt_dev_leave(conn, req);
		if (err == -EAGAIN)
			continue;
		if (!err) {
			call->error = -EINTR;
			return true;
		}
		req_wait_taken(req);
		/* Pairs with the release in fpt_req_finish(). */
		if (smp_load_acquire(&req->state) == FPT_REQ_DONE)
			return false;
	}
}

/*
 * A suspend uses signals, too; it is no reason to interrupt, and behind it a
 * signal still is one. The caller may hold locks: not try_to_freeze(), which
 * minds. Return: true if there was no other signal.
 */
static bool req_signal_was_freezer(void)
{
	/* Nobody but its task takes it away. */
	struct sighand_struct *own = rcu_dereference_protected(current->sighand,
							       true);

	if (freezing(current))
		__refrigerator(false);
	spin_lock_irq(&own->siglock);
	recalc_sigpending();
	spin_unlock_irq(&own->siglock);
	return !signal_pending(current);
}

/* How to wait for an answer: a signal is of use if it is passed on. */
static unsigned int call_wait_state(const struct fpt_conn *conn)
{
	return READ_ONCE(conn->queue.no_interrupt) ? FPT_KILLABLE :
		TASK_INTERRUPTIBLE | TASK_FREEZABLE_UNSAFE;
}

/* Have INTERRUPT read behind it, if it is not over. Called once at most. */
static void req_interrupt(struct fpt_conn *conn, struct fpt_req *req)
{
	while (!fpt_queue_mark(&conn->queue, req) &&
	       !fpt_dev_interrupt(conn, req))
		;
}

/*
 * Wait until the request is DONE. Return: true, or false if the caller was
 * killed and the request stays behind.
 */
static bool req_wait(struct fpt_conn *conn, struct fpt_req *req, u32 flags)
{
	unsigned int mode;

	/* How long it takes is the server's business: neither load nor hung. */
	if (flags & FPT_CALL_FORCE)
		mode = TASK_IDLE | TASK_FREEZABLE_UNSAFE;
	else if (flags & FPT_CALL_NOINTR)
		mode = FPT_KILLABLE;
	else
		mode = call_wait_state(conn);

	for (;;) {
		set_current_state(mode);
		/* Pairs with the release in fpt_req_finish(): the reply. */
		if (smp_load_acquire(&req->state) == FPT_REQ_DONE)
			break;
		if (likely(!signal_pending_state(mode, current))) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (mode == FPT_KILLABLE)
			return !req_leave(conn, req);
		if (req_signal_was_freezer())
			continue;
		req_interrupt(conn, req);
		mode = FPT_KILLABLE;
	}
	__set_current_state(TASK_RUNNING);
	return true;
}

ssize_t fpt_call(struct fpt_conn *conn, struct fpt_call *call)
{
	u32 flags = call->flags;
	gfp_t gfp = GFP_KERNEL;
	struct fpt_req *req;
	int err;

	err = call_admit(conn, flags);
	if (unlikely(err))
		return err;

	if (flags & FPT_CALL_FORCE)
		gfp |= __GFP_NOFAIL;
	req = req_new(conn, call, current, gfp);
	if (IS_ERR(req))
		return PTR_ERR(req);

	atomic_inc(&conn->nr_waiting);
	if (unlikely(!fpt_queue_add(conn, req))) {
		call->error = -ENOTCONN;
		req_free(conn, req);
	} else if (likely(req_wait(conn, req, flags))) {
		req_free(conn, req);
	}
	/* Else the orphan counts in its place. */
	if (likely(!(call->flags & FPT_CALL_LEFT)))
		call_count_out(conn);

	return fpt_call_result(call);
}

int fpt_call_async(struct fpt_conn *conn, struct fpt_call *call, gfp_t gfp)
{
	struct fpt_req *req;
	int err;

	err = call_admit(conn, call->flags);
	if (unlikely(err))
		goto dead;

	req = req_new(conn, call, NULL, gfp);
	if (IS_ERR(req))
		return PTR_ERR(req);

	if (call->flags & FPT_CALL_NAMES)
		fpt_queue_name(&conn->queue, req, 0);
	if (call->flags & FPT_CALL_WAITED) {
		refcount_set(&req->refs, 2);
		call->req = req;
	}
	atomic_inc(&conn->nr_waiting);
	if (call->flags & FPT_CALL_AT_ONCE)
		err = fpt_queue_add(conn, req) ? 0 : -ENOTCONN;
	else
		err = fpt_queue_add_background(conn, req);
	if (likely(!err))
		return 0;
	if (call->flags & FPT_CALL_NAMES)
		fpt_queue_forget_all(conn, fpt_queue_unname(&conn->queue, req,
							    NULL));
	req_free(conn, req);
	call_count_out(conn);
dead:
	if (!(call->flags & FPT_CALL_FORCE))
		return err;
	call->error = -ENOTCONN;
	call->req = NULL;
	call->done(conn, call);
	return 0;
}

int fpt_call_wait(struct fpt_conn *conn, struct fpt_call *call,
		  struct completion *ended)
{
	unsigned int state = call_wait_state(conn);
	struct fpt_req *req = call->req;
	int err;

	if (!req)
		return 0;

	for (;;) {
		err = wait_for_completion_state(ended, state);
		if (!err || state == FPT_KILLABLE)
			break;
		if (req_signal_was_freezer())
			continue;
		req_interrupt(conn, req);
		state = FPT_KILLABLE;
	}
	req_put(conn, req);
	return err ? -EINTR : 0;
}

int fpt_request_init(void)
{
	/* Whoever has killed callers leave orphans behind pays for them. */
	fpt_req_cache = kmem_cache_create("fpt_req", sizeof(struct fpt_req), 0,
					  SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT,
					  NULL);
	return fpt_req_cache ? 0 : -ENOMEM;
}

void fpt_request_exit(void)
{
	kmem_cache_destroy(fpt_req_cache);
}
