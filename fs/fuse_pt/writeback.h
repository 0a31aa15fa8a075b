/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writeback: dirty pages of shared mappings on their way to the server.
 *
 * Pages are copied to private memory before they are sent and leave the
 * writeback state at once, so that neither sync(2) nor reclaim ever waits for
 * a server. What is in flight is remembered per node as a span of bytes:
 * readers of the range, fsync, truncate and direct I/O wait for it.
 *
 * Spans are listed in the order of their data. A span is sent once no earlier
 * one overlaps it, and grows only over bytes that no other span has; so two
 * WRITEs of one byte reach the server one after the other, the older first.
 * Buffered writes send the page cache itself, and list a span for it.
 *
 * A span is put on the list, and grown, with the folio locked that it is about:
 * who has the lock sees all spans over the folio. Nobody waits for a span with
 * a folio locked; but a folio is locked as long as a READ of it is unanswered, so
 * buffered writes, once they have a span, only try locks.
 */
#ifndef FPT_WRITEBACK_H
#define FPT_WRITEBACK_H

#include <linux/list.h>
#include <linux/types.h>

struct folio;
struct address_space;
struct inode;
struct fpt_conn;
struct fpt_file;
struct writeback_control;

enum fpt_wb_state {
	FPT_WB_FILLING,		/* may grow, must not be sent */
	FPT_WB_QUEUED,		/* complete, waits for its turn */
	FPT_WB_SENT,		/* the server has it or is about to */
};

/**
 * struct fpt_wb_span - bytes of a file that are being written
 * @link: on fpt_wb.spans; all fields are under the node's lock
 * @start: first byte
 * @end: last byte
 * @limit: what the file has been cut off at since; nothing is written behind
 * @state: enum fpt_wb_state
 * @copied: dirty pages, copied, or of a caller that was killed; else a buffered
 *	write's, whose caller has the inode lock
 */
struct fpt_wb_span {
	struct list_head	link;
	loff_t			start;
	loff_t			end;
	loff_t			limit;
	u8			state;
	bool			copied;
};

/**
 * struct fpt_wb - writeback state of a regular file; under the node's lock
 * @handles: opens that may carry the WRITE of a dirty page, whoever made it so
 *	(struct fpt_file.write_link): with FUSE_WRITEBACK_CACHE all that can
 *	write; else those that are mapped for it, for no others make pages dirty
 * @spans: struct fpt_wb_span, oldest data first; and, of no byte, the marks of
 *	who waits for all before them
 * @owners: cached opens that can write, and what of them is in flight; see
 *	fpt_wb_owns()
 * @copies: pages of the copies that did not end yet: the first of each, and all
 *	once it was submitted
 * @held: > 0 while fpt_wb_hold() keeps new WRITEs from being sent
 * @pumping: a task looks for queued spans to send
 * @closing: tasks in fpt_wb_write_last()
 */
struct fpt_wb {
	struct hlist_head	handles;
	struct list_head	spans;
	unsigned int		owners;
	unsigned int		copies;
	int			held;
	bool			pumping;
	u16			closing;
};

void fpt_wb_init(struct fpt_wb *wb);

/* -------- writers.c -------- */

/* @ff may carry WRITEs from now on, if it may not already; until it is closed. */
void fpt_wb_add_handle(struct inode *inode, struct fpt_file *ff);
void fpt_wb_del_handle(struct inode *inode, struct fpt_file *ff);

/* Is there an open for whose sake the times are ours? */
bool fpt_wb_has_owner(struct inode *inode);

/*
 * One of fpt_wb.handles, referenced, or NULL. If there is one, it is one whose
 * file the server can write anywhere in: see struct fpt_file.anywhere.
 */
struct fpt_file *fpt_wb_handle(struct inode *inode);

/**
 * fpt_wb_own() - one more open or request for which fpt_wb_owns() is true
 * fpt_wb_disown() - one less; after the last, the server is asked again
 */
void fpt_wb_own(struct inode *inode);
void fpt_wb_disown(struct inode *inode);

/**
 * fpt_wb_begin() - a request of our own begins that umount has to wait for
 * @ff: the handle that it names, referenced until fpt_wb_end(), which may be
 *	the last to keep the inode
 * Return: its round of fpt_conn.writes, for fpt_wb_end().
 */
u32 fpt_wb_begin(struct inode *inode, struct fpt_file *ff);
void fpt_wb_end(struct inode *inode, struct fpt_file *ff, u32 round);

/**
 * fpt_wb_admit() - before pages are made dirty
 *
 * What a killed task leaves, a last close and a laundered page are copied however
 * much the server owes. As copies are no dirty memory, who makes pages dirty
 * waits here for a server that is too far behind. No folio is locked, and nothing
 * held that WRITEs wait for, fpt_wb_hold() among it. A task that dies does not
 * wait: the little that it still stores counts for others.
 * Return: 0, or -EINTR if the task is killed first.
 */
int fpt_wb_admit(struct inode *inode);

/* Pages that one WRITE may have. */
unsigned int fpt_wb_max_pages(const struct fpt_conn *conn);
/* Does the server owe answers for more than @times as many as it may at all? */
bool fpt_wb_owes(const struct fpt_conn *conn, u64 times);

/* -------- writeback.c -------- */

/* Is no WRITE to bytes [start, end] in flight? */
bool fpt_wb_quiet(struct inode *inode, loff_t start, loff_t end);
/**
 * fpt_wb_wait_killable() - wait for those that are in flight now
 *
 * Not for later ones, of which there may always be some. No folio is locked.
 * Return: 0, or -EINTR if the task is killed first.
 */
int fpt_wb_wait_killable(struct inode *inode, loff_t start, loff_t end);
/*
 * The same for dirty pages alone: not for a write whose caller still waits. For
 * regular files.
 */
int fpt_wb_wait_copies(struct inode *inode, loff_t start, loff_t end);

/**
 * fpt_wb_wait_a_bit() - wait, but not for long
 *
 * For readers, which the page cache has hold its invalidate lock. A truncate
 * needs that before it lets a held WRITE go, so who waits must come back.
 * Return: 0, or -EINTR if the task was killed.
 */
int fpt_wb_wait_a_bit(struct inode *inode, loff_t start, loff_t end);

/**
 * fpt_wb_flush() - write out and wait until the server has it
 *
 * Must not be called between fpt_wb_hold() and fpt_wb_unhold().
 * Return: 0, -EINTR if the task was killed, or the error of a WRITE since the
 * mapping's errors were last looked at.
 */
int fpt_wb_flush(struct inode *inode, loff_t start, loff_t end);
/* The same, but leaves the errors for fsync and close to report. */
int fpt_wb_settle(struct inode *inode, loff_t start, loff_t end);
/* Write out, and wait for no answer, not even for room to copy to. */
void fpt_wb_write_last(struct inode *inode);

/**
 * fpt_wb_settle_read() - before the server reads or copies from @start on
 *
 * fpt_wb_settle() to @end; where the size is ours, to the end of the file, for
 * the server's file may be shorter until then.
 */
int fpt_wb_settle_read(struct inode *inode, loff_t start, loff_t end);

/**
 * fpt_wb_hold() - around truncate: no WRITE is in flight or sent in between
 * fpt_wb_unhold() - its end: what is listed is written no further than to the size
 *	as it is; and, unless an orphan was @left to do it, fpt_wb_release()
 * fpt_wb_release() - WRITEs are sent again
 *
 * Inode locked, but for fpt_wb_release(). fpt_wb_hold() returns -EINTR, and
 * nothing is held, if the task is killed while it waits; else 0.
 */
int fpt_wb_hold(struct inode *inode);
void fpt_wb_unhold(struct inode *inode, bool left);
void fpt_wb_release(struct inode *inode);

/* -------- spans of buffered writes; cached.c -------- */

/**
 * fpt_wb_span_begin() - list a span of one folio, which is locked
 * fpt_wb_span_grow() - let it reach to @end, the folio there is locked
 * fpt_wb_span_turn() - wait until it may be sent; no folio is locked
 * fpt_wb_span_end() - the WRITE ended, or was given up
 *
 * fpt_wb_span_grow() returns false if others write there, or the file was cut off
 * before.
 * fpt_wb_span_turn() returns -EINTR if the task is killed first.
 */
void fpt_wb_span_begin(struct inode *inode, struct fpt_wb_span *span,
		       loff_t start, loff_t end);
bool fpt_wb_span_grow(struct inode *inode, struct fpt_wb_span *span,
		      loff_t end);
int fpt_wb_span_turn(struct inode *inode, struct fpt_wb_span *span);
void fpt_wb_span_end(struct inode *inode, struct fpt_wb_span *span);

/* -------- spans of callers that were killed; orphan.c -------- */

/* List a span of what the server has already. */
void fpt_wb_span_sent(struct inode *inode, struct fpt_wb_span *span,
		      loff_t start, loff_t end);
/* @to takes the place of @from, which is SENT, on the list; @copied is its. */
void fpt_wb_span_move(struct inode *inode, struct fpt_wb_span *from,
		      struct fpt_wb_span *to, bool copied);

/* -------- address space operations -------- */

int fpt_writepages(struct address_space *mapping,
		   struct writeback_control *wbc);
int fpt_launder_folio(struct folio *folio);

#endif
