/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests: what the file-system rooms hand to the transport.
 *
 * A caller describes one exchange with the server in a struct fpt_call
 * (usually on its stack) and either waits for the answer, fpt_call(), or has a
 * function called with it, fpt_call_async(). The transport never sees an
 * inode, a file or a page-cache folio: bytes in @in/@out, page ranges in
 * @pages.
 *
 * Rule of ownership: whatever a call points to belongs to the caller and is
 * not touched by the transport after fpt_call() returned or @done was called.
 */
#ifndef FPT_REQUEST_H
#define FPT_REQUEST_H

#include <linux/bvec.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct completion;
struct fpt_conn;
struct fpt_call;
struct fpt_req;

/*
 * How a task waits for a server: until it is killed, and a suspend may freeze
 * it, with the locks that it has; the server may be frozen before.
 */
#define FPT_KILLABLE	(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE)

#define FPT_CALL_MAX_IN		4
#define FPT_CALL_MAX_OUT	3
/* The most of a reply that a @late function is shown: entry + open. */
#define FPT_LATE_MAX		144

/**
 * struct fpt_orphan - what a killed caller leaves to the end of its request
 * @end: called once when the request ended, without locks, in the context of
 *	the server or of an abort; must not wait for the server. @error: 0 if
 *	the server did what was asked, else a negative errno
 * @next: the transport's, before @end is called
 *
 * Part of something that outlives the caller, as struct fpt_call itself does
 * not: who leaves looks at that last. As long as @end did not return,
 * fpt_queue_drain() waits.
 */
struct fpt_orphan {
	void	(*end)(struct fpt_conn *conn, struct fpt_orphan *orphan,
		       int error);
	struct fpt_orphan *next;
};

/**
 * struct fpt_heir - makes an orphan for a caller that is about to leave
 * @leave: in the caller's context; may sleep
 */
struct fpt_heir {
	struct fpt_orphan *(*leave)(const struct fpt_heir *heir);
};

/**
 * struct fpt_arg - one piece of a request or a reply
 * @data: kernel memory of the caller
 * @len: bytes; for the last @out piece of a FPT_CALL_OUT_VAR call, the most
 *       that fits, and after the call what the server sent
 */
struct fpt_arg {
	union {
		void		*data;
		const void	*cdata;
	};
	u32	len;
};

/**
 * struct fpt_pages - a page range that follows the last argument of one side
 * @bv: segments; for FPT_CALL_IN_PAGES read from, for FPT_CALL_OUT_PAGES
 *      written to. Pages stay pinned or locked by the caller for the call.
 * @nr: number of segments in @bv
 * @len: bytes in all (not more than the segments hold); after an OUT_PAGES
 *       call, what the server sent
 */
struct fpt_pages {
	struct bio_vec	*bv;
	unsigned int	nr;
	u32		len;
};

/**
 * enum fpt_call_flags - how a call is queued and answered
 * @FPT_CALL_FORCE: sent even while the connection is blocked by the
 *	background limit, and waited for uninterruptibly; only for calls that
 *	must reach the server
 * @FPT_CALL_NOREPLY: the server sends no answer; complete once it was read
 * @FPT_CALL_NOCREDS: uid, gid and pid are 0 in the header (the kernel's own
 *	doing: writeback, release, init)
 * @FPT_CALL_OUT_VAR: the last @out piece (or @pages) may be shorter than asked
 * @FPT_CALL_IN_PAGES: @pages follows the last @in piece
 * @FPT_CALL_OUT_PAGES: @pages follows the last @out piece
 * @FPT_CALL_OUT_ZERO: with OUT_PAGES, what a short reply leaves is zeroed
 * @FPT_CALL_USER_PAGES: @pages is user memory: pages are dirtied by nobody
 *	but the caller, and never handed to a pipe by reference
 * @FPT_CALL_EARLY: allowed before INIT was answered (INIT itself)
 * @FPT_CALL_OWNER: the header says @owner_uid and @owner_gid, whose the object
 *	will be that the call makes, instead of who asks
 * @FPT_CALL_NOINTR: a signal does not send INTERRUPT (a fatal one still ends
 *	the wait)
 * @FPT_CALL_OUT_MOVE: with OUT_PAGES and no @out piece: @pages are whole pages
 *	of the page cache, locked and not yet up to date, that are nobody's
 *	business but by their place: the transport may put others there that a
 *	server gave away, locked too, and then has them in @pages.bv
 * @FPT_CALL_UNIQUE: the header carries @unique, which the server chose; for
 *	asynchronous calls without a reply
 * @FPT_CALL_AT_ONCE: an asynchronous call that somebody waits for: the background
 *	limit is none of its business, nor does it count against it
 * @FPT_CALL_NAMES: an asynchronous call for a node whose inode the caller does not
 *	hold: no FORGET of the node is read before the answer came
 * @FPT_CALL_WAITED: with FPT_CALL_AT_ONCE: fpt_call_wait() follows
 * @FPT_CALL_LEFT: set by the transport: the caller was killed and left, and the
 *	orphan goes on in its place
 */
enum fpt_call_flags {
	FPT_CALL_FORCE		= 1u << 0,
	FPT_CALL_NOREPLY	= 1u << 1,
	FPT_CALL_NOCREDS	= 1u << 2,
	FPT_CALL_OUT_VAR	= 1u << 3,
	FPT_CALL_IN_PAGES	= 1u << 4,
	FPT_CALL_OUT_PAGES	= 1u << 5,
	FPT_CALL_OUT_ZERO	= 1u << 6,
	FPT_CALL_USER_PAGES	= 1u << 7,
	FPT_CALL_EARLY		= 1u << 8,
	FPT_CALL_NOINTR		= 1u << 9,
	FPT_CALL_OWNER		= 1u << 10,
	FPT_CALL_UNIQUE		= 1u << 11,
	FPT_CALL_OUT_MOVE	= 1u << 12,
	FPT_CALL_LEFT		= 1u << 13,
	FPT_CALL_AT_ONCE	= 1u << 14,
	FPT_CALL_NAMES		= 1u << 15,
	FPT_CALL_WAITED		= 1u << 16,
};

/**
 * struct fpt_call - one exchange with the server
 * @op: FUSE opcode
 * @flags: enum fpt_call_flags
 * @node: node id the request is about (0 if about none)
 * @nr_in: pieces in @in, sent after the header in this order
 * @nr_out: pieces in @out, in the order of the reply; must be matched exactly
 *	but for FPT_CALL_OUT_VAR
 * @error: result once @done runs: 0 or a negative errno
 * @ext_len: bytes of the last @in piece if that holds extensions, else 0; a
 *	multiple of 8, see extend.h
 * @in: request pieces
 * @out: reply pieces
 * @pages: page range of one side, see the PAGES flags
 * @other: of a call without: a second node that it names, or 0
 * @owner_uid, @owner_gid: see FPT_CALL_OWNER
 * @done: for fpt_call_async(): called exactly once, in process context, with
 *	no transport lock held; owns @call from then on
 * @heir: for fpt_call(), or NULL. Makes @orphan if the caller is killed; that is
 *	still there after the call if the caller did not leave
 * @late: or NULL. When a killed caller left before the answer came, called
 *	with the first FPT_LATE_MAX bytes of a successful reply, @node and
 *	@other, so that what the server handed out (lookup counts, file
 *	handles) is given back. Runs in the server's context; must not wait for
 *	the server
 * @unique: in its place with FPT_CALL_UNIQUE
 * @orphan: for fpt_call(), or NULL. If it is NULL after the call, the caller
 *	was killed and left, and @orphan->end will be called
 * @req: the transport's, with FPT_CALL_WAITED: what fpt_call_wait() waits for,
 *	or NULL if it was not sent
 */
struct fpt_call {
	u32		op;
	u32		flags;
	u64		node;
	u8		nr_in;
	u8		nr_out;
	int		error;
	u32		ext_len;
	struct fpt_arg	in[FPT_CALL_MAX_IN];
	struct fpt_arg	out[FPT_CALL_MAX_OUT];
	union {
		struct fpt_pages pages;
		u64	other;
	};
	kuid_t		owner_uid;
	kgid_t		owner_gid;
	union {
		void	(*done)(struct fpt_conn *conn, struct fpt_call *call);
		const struct fpt_heir *heir;
	};
	union {
		void	(*late)(struct fpt_conn *conn, u32 op, u64 node,
				u64 other, const void *reply, size_t len);
		u64	unique;
	};
	union {
		struct fpt_orphan *orphan;
		struct fpt_req	*req;
	};
};

static inline void fpt_call_in(struct fpt_call *c, const void *data, u32 len)
{
	c->in[c->nr_in++] = (struct fpt_arg){ .cdata = data, .len = len };
}

static inline void fpt_call_out(struct fpt_call *c, void *data, u32 len)
{
	c->out[c->nr_out++] = (struct fpt_arg){ .data = data, .len = len };
}

/**
 * fpt_call_result() - for @done: what fpt_call() would have returned
 * Not to be had by "error ?: len": that is unsigned, and an error a length.
 */
static inline ssize_t fpt_call_result(const struct fpt_call *c)
{
	if (c->error)
		return c->error;
	if (!(c->flags & FPT_CALL_OUT_VAR))
		return 0;
	if (c->flags & FPT_CALL_OUT_PAGES)
		return c->pages.len;
	return c->nr_out ? c->out[c->nr_out - 1].len : 0;
}

/**
 * fpt_call() - send a request and wait for its answer
 * @conn: connection
 * @call: the exchange
 *
 * Sleeps interruptibly: a signal sends FUSE_INTERRUPT once the server has the
 * request, a fatal signal returns at once (an answer that comes later goes to
 * @late). FPT_CALL_FORCE sleeps uninterruptibly.
 *
 * Return: bytes in the variable part of the reply with FPT_CALL_OUT_VAR, else
 * 0; or a negative errno: the server's, -EINTR, -ENOTCONN (not or no longer
 * connected), -ECONNABORTED (aborted while waiting), -EIO (malformed answer),
 * -ENOMEM, -E2BIG.
 */
ssize_t fpt_call(struct fpt_conn *conn, struct fpt_call *call);

/**
 * fpt_call_async() - send a request and have @call->done called
 * @conn: connection
 * @call: the exchange; must live until @done runs
 * @gfp: for the transport's own memory; with __GFP_NOFAIL never fails for
 *	want of it
 *
 * Counts against the connection's background limit; FPT_CALL_FORCE calls are
 * queued behind the limit but never refused while the connection lives, and
 * with FPT_CALL_NOREPLY not behind it either. Not so FPT_CALL_AT_ONCE.
 *
 * Return: 0, then @done runs exactly once (also on abort); or a negative
 * errno, then it does not run. With FPT_CALL_FORCE on a dead connection @done
 * runs with -ENOTCONN and 0 is returned.
 */
int fpt_call_async(struct fpt_conn *conn, struct fpt_call *call, gfp_t gfp);

/**
 * fpt_call_wait() - wait for an asynchronous call as fpt_call() does
 * @conn: connection
 * @call: with FPT_CALL_WAITED, and fpt_call_async() returned 0; must live until
 *	this returns, even if @done runs before
 * @ended: what @call->done completes
 *
 * To be called once, by the task that sent it, without locks of the transport.
 * Sleeps interruptibly: a signal sends FUSE_INTERRUPT once the server has the
 * request, a fatal signal returns at once. The request stays where it is in any
 * case: it is read, and @done runs.
 *
 * Return: 0, or -EINTR for a fatal signal; then @done may still have to run.
 */
int fpt_call_wait(struct fpt_conn *conn, struct fpt_call *call,
		  struct completion *ended);

struct fpt_forget;

/**
 * fpt_forget_alloc() - memory for one later FORGET, so that giving up a node
 * never needs any
 */
struct fpt_forget *fpt_forget_alloc(gfp_t gfp);
void fpt_forget_free(struct fpt_forget *forget);

/**
 * fpt_forget_owed() - where a lookup count can be kept until it is sent
 *
 * 0 at first; whose @forget is, until it is queued, counts there under a lock of
 * his own.
 */
u64 *fpt_forget_owed(struct fpt_forget *forget);

/**
 * fpt_forget_queue() - tell the server that @nlookup lookups of @node are gone
 * @forget: from fpt_forget_alloc(); owned by the transport from here on
 *
 * Never sleeps, never fails; dropped on a dead connection.
 */
void fpt_forget_queue(struct fpt_conn *conn, struct fpt_forget *forget,
		      u64 node, u64 nlookup);

int fpt_request_init(void);
void fpt_request_exit(void);

#endif
