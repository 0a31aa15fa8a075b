// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writeback: copies of dirty pages, and the order in which bytes are written.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/writeback.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "writeback.h"

/**
 * struct fpt_wb_copy - a WRITE of copied pages
 *
 * Lifetime: from its first page until its WRITE ended. The handle's reference
 * keeps the inode, too: an open file has it, or its RELEASE to come.
 *
 * @span: what it writes
 * @inode: of the pages
 * @ff: handle to write with, referenced
 * @call: the request, once it is sent
 * @in: its argument
 * @out: its reply
 * @round: of fpt_conn.writes
 * @nr: pages in @bv
 * @room: pages that @bv has room for
 * @first: pages of @bv that were written already
 * @bv: the copies
 */
struct fpt_wb_copy {
	struct fpt_wb_span	span;
	struct inode		*inode;
	struct fpt_file		*ff;
	struct fpt_call		call;
	struct fuse_write_in	in;
	struct fuse_write_out	out;
	u32			round;
	unsigned int		nr;
	unsigned int		room;
	unsigned int		first;
	struct bio_vec		bv[];
};

void fpt_wb_init(struct fpt_wb *wb)
{
	INIT_HLIST_HEAD(&wb->handles);
	INIT_LIST_HEAD(&wb->spans);
	wb->owners = 0;
	wb->copies = 0;
	wb->held = 0;
	wb->pumping = false;
	wb->closing = 0;
}

/* -------- spans -------- */

static bool span_meets(const struct fpt_wb_span *span, loff_t start, loff_t end)
{
	return span->start <= end && start <= span->end;
}

/* Does a span other than @self, listed before @before, have some of the bytes? */
static bool wb_taken(const struct fpt_wb *wb, const struct fpt_wb_span *self,
		     const struct fpt_wb_span *before, loff_t start, loff_t end)
{
	const struct fpt_wb_span *span;

	list_for_each_entry(span, &wb->spans, link) {
		if (span == before)
			break;
		if (span != self && span_meets(span, start, end))
			return true;
	}
	return false;
}

static bool span_blocked(const struct fpt_wb *wb,
			 const struct fpt_wb_span *span)
{
	return wb_taken(wb, span, span, span->start, span->end);
}

static void span_list(struct fpt_wb *wb, struct fpt_wb_span *span, loff_t start,
		      loff_t end, bool copied)
{
	span->start = start;
	span->end = end;
	span->limit = LLONG_MAX;
	span->state = FPT_WB_FILLING;
	span->copied = copied;
	list_add_tail(&span->link, &wb->spans);
}

void fpt_wb_span_begin(struct inode *inode, struct fpt_wb_span *span,
		       loff_t start, loff_t end)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	span_list(&fn->wb, span, start, end, false);
	spin_unlock(&fn->lock);
}

bool fpt_wb_span_grow(struct inode *inode, struct fpt_wb_span *span, loff_t end)
{
	struct fpt_node *fn = fpt_node(inode);
	bool grown;

	spin_lock(&fn->lock);
	/* What is written behind a cut later than it must not be lost with it. */
	grown = end < span->limit &&
		!wb_taken(&fn->wb, span, NULL, span->end + 1, end);
	if (grown)
		span->end = end;
	spin_unlock(&fn->lock);
	return grown;
}

void fpt_wb_span_sent(struct inode *inode, struct fpt_wb_span *span,
		      loff_t start, loff_t end)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	span_list(&fn->wb, span, start, end, true);
	span->state = FPT_WB_SENT;
	spin_unlock(&fn->lock);
}

void fpt_wb_span_move(struct inode *inode, struct fpt_wb_span *from,
		      struct fpt_wb_span *to, bool copied)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	*to = *from;
	to->copied = copied;
	list_replace(&from->link, &to->link);
	spin_unlock(&fn->lock);
}

static bool wb_my_turn(struct fpt_node *fn, struct fpt_wb_span *span)
{
	bool free;

	spin_lock(&fn->lock);
	free = !span_blocked(&fn->wb, span);
	if (free)
		span->state = FPT_WB_SENT;
	spin_unlock(&fn->lock);
	return free;
}

int fpt_wb_span_turn(struct inode *inode, struct fpt_wb_span *span)
{
	struct fpt_node *fn = fpt_node(inode);

	return wait_event_state(*fpt_node_wait(fn), wb_my_turn(fn, span),
				FPT_KILLABLE) ? -EINTR : 0;
}

bool fpt_wb_quiet(struct inode *inode, loff_t start, loff_t end)
{
	struct fpt_node *fn = fpt_node(inode);
	bool quiet;

	if (list_empty_careful(&fn->wb.spans))
		return true;

	spin_lock(&fn->lock);
	quiet = !wb_taken(&fn->wb, NULL, NULL, start, end);
	spin_unlock(&fn->lock);
	return quiet;
}

/*
 * Did all that was listed before @mark and has some of the bytes end? With
 * @copied, all that no caller waits for.
 */
static bool wb_passed(struct fpt_node *fn, const struct fpt_wb_span *mark,
		      loff_t start, loff_t end, bool copied)
{
	const struct fpt_wb_span *span;
	bool passed = true;

	spin_lock(&fn->lock);
	list_for_each_entry(span, &fn->wb.spans, link) {
		if (span == mark)
			break;
		if ((span->copied || !copied) && span_meets(span, start, end)) {
			passed = false;
			break;
		}
	}
	spin_unlock(&fn->lock);
	return passed;
}

static int wb_wait_killable(struct inode *inode, loff_t start, loff_t end,
			    bool copied)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_wb_span mark;
	int err;

	if (fpt_task_killed())
		return -EINTR;

	/* Of no byte: it is in nobody's way. */
	fpt_wb_span_begin(inode, &mark, LLONG_MAX, -1);
	err = wait_event_state(*fpt_node_wait(fn),
			       wb_passed(fn, &mark, start, end, copied),
			       FPT_KILLABLE);
	fpt_wb_span_end(inode, &mark);
	return err ? -EINTR : 0;
}

int fpt_wb_wait_killable(struct inode *inode, loff_t start, loff_t end)
{
	if (fpt_wb_quiet(inode, start, end))
		return 0;
	return wb_wait_killable(inode, start, end, false);
}

int fpt_wb_wait_copies(struct inode *inode, loff_t start, loff_t end)
{
	if (!READ_ONCE(fpt_node(inode)->wb.copies))
		return 0;
	return wb_wait_killable(inode, start, end, true);
}

int fpt_wb_wait_a_bit(struct inode *inode, loff_t start, loff_t end)
{
	struct wait_queue_head *wait = fpt_node_wait(fpt_node(inode));
	struct wait_queue_entry entry;

	/* A suspend finds it asleep, sooner or later. */
	init_wait_entry(&entry, 0);
	if (!prepare_to_wait_event(wait, &entry, FPT_KILLABLE) &&
	    !fpt_wb_quiet(inode, start, end))
		schedule_timeout(1);
	finish_wait(wait, &entry);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int fpt_wb_settle(struct inode *inode, loff_t start, loff_t end)
{
	struct address_space *mapping = inode->i_mapping;

	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY)) {
		int err = filemap_fdatawrite_range(mapping, start, end);

		if (err)
			return err;
	}
	return fpt_wb_wait_killable(inode, start, end);
}

int fpt_wb_settle_read(struct inode *inode, loff_t start, loff_t end)
{
	return fpt_wb_settle(inode, start,
			     fpt_wb_owns(inode) ? LLONG_MAX : end);
}

int fpt_wb_flush(struct inode *inode, loff_t start, loff_t end)
{
	int err = fpt_wb_settle(inode, start, end);
	int lost = filemap_check_errors(inode->i_mapping);

	return err ? err : lost;
}

/* -------- sending -------- */

static void copy_send(struct fpt_wb_copy *copy);

/* The next copy whose turn it is, from now on counted as sent. */
static struct fpt_wb_copy *wb_next_to_send(struct fpt_wb *wb)
{
	struct fpt_wb_span *span;

	if (wb->held)
		return NULL;

	list_for_each_entry(span, &wb->spans, link) {
		if (span->state != FPT_WB_QUEUED || span_blocked(wb, span))
			continue;
		span->state = FPT_WB_SENT;
		return container_of(span, struct fpt_wb_copy, span);
	}
	return NULL;
}

/*
 * Send what can be sent. A WRITE that fails at once comes back here from
 * within: the task that pumps already finds what that left.
 */
static void wb_pump(struct fpt_node *fn)
{
	struct fpt_wb_copy *copy;

	spin_lock(&fn->lock);
	if (fn->wb.pumping) {
		spin_unlock(&fn->lock);
		return;
	}
	fn->wb.pumping = true;
	while ((copy = wb_next_to_send(&fn->wb))) {
		spin_unlock(&fn->lock);
		copy_send(copy);
		spin_lock(&fn->lock);
	}
	fn->wb.pumping = false;
	spin_unlock(&fn->lock);
}

void fpt_wb_span_end(struct inode *inode, struct fpt_wb_span *span)
{
	struct fpt_node *fn = fpt_node(inode);
	bool others;

	spin_lock(&fn->lock);
	list_del(&span->link);
	others = !list_empty(&fn->wb.spans);
	spin_unlock(&fn->lock);

	fpt_node_wake(fn);
	if (others)
		wb_pump(fn);
}

/*
 * The times follow the data. Where the file is still open for writing, the
 * flusher or a close sends them.
 */
static void wb_times_next(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);

	if (!test_bit(FPT_N_TIMES_DIRTY, &fn->bits) ||
	    !fpt_wb_quiet(inode, 0, LLONG_MAX))
		return;
	if (fpt_wb_has_owner(inode))
		mark_inode_dirty_sync(inode);
	else
		fpt_times_send(inode, ff);
}

/* The last that is heard of a copy: its bytes are written, or lost. */
static void copy_end(struct fpt_wb_copy *copy, int err)
{
	struct inode *inode = copy->inode;
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_file *ff = copy->ff;
	u32 round = copy->round;
	unsigned int i;

	if (err)
		mapping_set_error(inode->i_mapping, err);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.copies, fn->wb.copies - copy->nr);
	spin_unlock(&fn->lock);
	atomic_sub(copy->nr, &ff->conn->copy_pages);
	/* The barrier is between the change and the look who waits. */
	if (wq_has_sleeper(&ff->conn->copy_wait))
		wake_up_all(&ff->conn->copy_wait);

	fpt_wb_span_end(inode, &copy->span);
	for (i = 0; i < copy->nr; i++)
		__free_page(copy->bv[i].bv_page);
	kvfree(copy);
	wb_times_next(inode, ff);
	fpt_wb_end(inode, ff, round);
}

/* Strike off the first @n bytes, which the server has. */
static void copy_advance(struct fpt_wb_copy *copy, size_t n)
{
	struct bio_vec *bv = &copy->bv[copy->first];

	copy->in.offset += n;
	copy->in.size -= n;
	while (n >= bv->bv_len) {
		n -= bv->bv_len;
		copy->first++;
		bv++;
	}
	bv->bv_offset += n;
	bv->bv_len -= n;
}

static void copy_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct fpt_wb_copy *copy = container_of(call, struct fpt_wb_copy, call);
	u32 done = copy->out.size;

	if (call->error) {
		copy_end(copy, call->error);
		return;
	}
	if (!done || done > copy->in.size) {
		copy_end(copy, -EIO);
		return;
	}

	if (fpt_wb_owns(copy->inode))
		fpt_attr_stale(copy->inode, STATX_BLOCKS);
	else
		fpt_node_wrote(copy->inode, copy->in.offset + done);
	if (done == copy->in.size) {
		copy_end(copy, 0);
		return;
	}
	copy_advance(copy, done);
	copy_send(copy);
}

/* Send what is left of a copy and still inside of the file. */
static void copy_send(struct fpt_wb_copy *copy)
{
	struct fpt_conn *conn = copy->ff->conn;
	loff_t size = min(i_size_read(copy->inode),
			  READ_ONCE(copy->span.limit));
	int err;

	if (copy->in.offset >= size) {
		copy_end(copy, 0);
		return;
	}
	copy->in.size = min_t(loff_t, copy->in.size, size - copy->in.offset);
	if (!fpt_file_reaches(copy->ff, copy->inode)) {
		copy_end(copy, -EIO);
		return;
	}

	memset(&copy->call, 0, sizeof(copy->call));
	copy->call.op = FUSE_WRITE;
	copy->call.node = copy->ff->node;
	copy->call.flags = FPT_CALL_FORCE | FPT_CALL_NOCREDS | FPT_CALL_IN_PAGES;
	copy->call.done = copy_done;
	copy->call.pages.bv = &copy->bv[copy->first];
	copy->call.pages.nr = copy->nr - copy->first;
	copy->call.pages.len = copy->in.size;
	fpt_call_in(&copy->call, &copy->in, fpt_write_in_len(conn));
	fpt_call_out(&copy->call, &copy->out, sizeof(copy->out));

	err = fpt_call_async(conn, &copy->call, GFP_NOFS | __GFP_NOFAIL);
	if (err)
		copy_end(copy, err);
}

/* No more pages: queue a copy, and send it if it is its turn. */
static void copy_submit(struct fpt_wb_copy *copy)
{
	struct fpt_node *fn = fpt_node(copy->inode);
	bool now;

	copy->in.offset = copy->span.start;
	copy->in.size = copy->span.end + 1 - copy->span.start;
	copy->in.fh = copy->ff->fh;
	copy->in.write_flags = FUSE_WRITE_CACHE;
	atomic_add(copy->nr, &copy->ff->conn->copy_pages);

	spin_lock(&fn->lock);
	/* The first was counted when it was listed. */
	WRITE_ONCE(fn->wb.copies, fn->wb.copies + copy->nr - 1);
	now = !fn->wb.held && !span_blocked(&fn->wb, &copy->span);
	copy->span.state = now ? FPT_WB_SENT : FPT_WB_QUEUED;
	spin_unlock(&fn->lock);

	if (now)
		copy_send(copy);
}

static bool wb_none_sent(struct fpt_node *fn)
{
	const struct fpt_wb_span *span;
	bool none = true;

	spin_lock(&fn->lock);
	list_for_each_entry(span, &fn->wb.spans, link) {
		if (span->copied && span->state == FPT_WB_SENT) {
			none = false;
			break;
		}
	}
	spin_unlock(&fn->lock);
	return none;
}

int fpt_wb_hold(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.held, fn->wb.held + 1);
	spin_unlock(&fn->lock);
	fpt_node_wake(fn);
	if (!wait_event_state(*fpt_node_wait(fn), wb_none_sent(fn), FPT_KILLABLE))
		return 0;
	fpt_wb_release(inode);
	return -EINTR;
}

void fpt_wb_release(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.held, fn->wb.held - 1);
	spin_unlock(&fn->lock);
	wb_pump(fn);
}

void fpt_wb_unhold(struct inode *inode, bool left)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_wb_span *span;
	loff_t size;

	spin_lock(&fn->lock);
	/* The file may have grown again when its turn comes. */
	size = i_size_read(inode);
	list_for_each_entry(span, &fn->wb.spans, link)
		WRITE_ONCE(span->limit, min(span->limit, size));
	spin_unlock(&fn->lock);
	if (!left)
		fpt_wb_release(inode);
}

/* -------- copying -------- */

static struct fpt_wb_copy *copy_new(struct inode *inode, unsigned int room)
{
	struct fpt_wb_copy *copy;

	copy = kvmalloc(struct_size(copy, bv, room), GFP_NOFS);
	if (!copy)
		return ERR_PTR(-ENOMEM);

	copy->ff = fpt_wb_handle(inode);
	if (!copy->ff || !fpt_file_reaches(copy->ff, inode)) {
		if (copy->ff)
			fpt_file_put(copy->ff);
		kvfree(copy);
		return ERR_PTR(-EIO);
	}
	copy->round = fpt_wb_begin(inode, copy->ff);
	copy->inode = inode;
	memset(&copy->in, 0, sizeof(copy->in));
	copy->nr = 0;
	copy->room = room;
	copy->first = 0;
	return copy;
}

/**
 * struct wb_walk - a pass over dirty folios
 * @inode: of the mapping
 * @copy: takes further pages, or NULL
 * @room: pages that a copy is made for
 * @refused: of what -EAGAIN was for, its index
 */
struct wb_walk {
	struct inode		*inode;
	struct fpt_wb_copy	*copy;
	unsigned int		room;
	pgoff_t			refused;
};

static void wb_walk_end(struct wb_walk *walk)
{
	if (walk->copy)
		copy_submit(walk->copy);
	walk->copy = NULL;
}

/* Take the copied bytes [start, end] in @page along with those before them. */
static bool wb_walk_append(struct wb_walk *walk, struct page *page,
			   loff_t start, loff_t end)
{
	struct fpt_wb_copy *copy = walk->copy;

	if (!copy || copy->nr == copy->room || copy->span.end + 1 != start ||
	    !fpt_wb_span_grow(walk->inode, &copy->span, end))
		return false;

	copy->bv[copy->nr++] = (struct bio_vec){
		.bv_page = page,
		.bv_len = end + 1 - start,
	};
	return true;
}

static int wb_walk_take(struct wb_walk *walk, struct page *page, loff_t start,
			loff_t end)
{
	struct fpt_node *fn = fpt_node(walk->inode);
	struct fpt_wb_copy *copy;

	if (!wb_walk_append(walk, page, start, end)) {
		copy = copy_new(walk->inode, walk->room);
		if (IS_ERR(copy))
			return PTR_ERR(copy);

		copy->bv[copy->nr++] = (struct bio_vec){
			.bv_page = page,
			.bv_len = end + 1 - start,
		};
		spin_lock(&fn->lock);
		span_list(&fn->wb, &copy->span, start, end, true);
		WRITE_ONCE(fn->wb.copies, fn->wb.copies + 1);
		spin_unlock(&fn->lock);

		/* Its span is listed first: this one may wait for it. */
		wb_walk_end(walk);
		walk->copy = copy;
	}
	return 0;
}

/* Copy one folio, locked and no longer dirty; it stays locked. */
static int wb_copy_folio(struct wb_walk *walk, struct folio *folio)
{
	struct inode *inode = walk->inode;
	loff_t start = folio_pos(folio);
	loff_t size = i_size_read(inode);
	struct page *page;
	int err = 0;

	if (start < size) {
		page = alloc_page(GFP_NOFS);
		if (!page)
			return -ENOMEM;
		copy_highpage(page, folio_page(folio, 0));
		err = wb_walk_take(walk, page, start,
				   min_t(loff_t, size, start + PAGE_SIZE) - 1);
		if (err)
			__free_page(page);
		if (err == -ENOMEM)
			return err;
		if (err)
			mapping_set_error(inode->i_mapping, err);
	}

	/* The dirty tag goes only this way. */
	folio_start_writeback(folio);
	folio_end_writeback(folio);
	return 0;
}

/*
 * While WRITEs are held, who waits would wait for who holds them; and who closes
 * the file may be who is to answer.
 */
static bool wb_has_room(struct fpt_node *fn)
{
	const struct fpt_conn *conn = fpt_inode_conn(&fn->vfs);

	return READ_ONCE(fn->wb.copies) <=
		READ_ONCE(conn->max_background) * fpt_wb_max_pages(conn) ||
		READ_ONCE(fn->wb.held) || READ_ONCE(fn->wb.closing) ||
		fpt_conn_dead(conn);
}

/*
 * A server that does not keep up must not cost memory without limit. Who waits
 * for this very file waits; sync(2) and the flusher leave the page dirty, where
 * it counts against the limit of dirty memory that holds up its writers; but not
 * where sync(2) asks the server in the end.
 */
static bool wb_lazy(const struct fpt_conn *conn,
		    const struct writeback_control *wbc)
{
	return wbc->sync_mode == WB_SYNC_NONE ||
		(wbc->for_sync && !fpt_conn_syncs(conn));
}

/*
 * No folio is locked: its server may need it to go on. A killed task's pages are
 * written even so: nobody may be left to do it. See fpt_wb_admit().
 */
static void wb_wait_for_room(struct wb_walk *walk)
{
	struct fpt_node *fn = fpt_node(walk->inode);

	wb_walk_end(walk);
	if (!fpt_task_killed())
		wait_event_state(*fpt_node_wait(fn), wb_has_room(fn), FPT_KILLABLE);
}

static int wb_write_folio(struct folio *folio, struct writeback_control *wbc,
			  void *data)
{
	struct wb_walk *walk = data;
	const struct fpt_conn *conn = fpt_inode_conn(walk->inode);
	struct fpt_node *fn = fpt_node(walk->inode);
	bool lazy = wb_lazy(conn, wbc);
	int err;

	if (lazy && (fpt_wb_owes(conn, 1) || !wb_has_room(fn)))
		err = -EAGAIN;
	else
		err = wb_copy_folio(walk, folio);
	if (err)
		folio_redirty_for_writepage(wbc, folio);
	folio_unlock(folio);
	if (err == -EAGAIN)
		walk->refused = folio->index;
	else if (unlikely(!lazy && !wb_has_room(fn)))
		wb_wait_for_room(walk);
	return err;
}

int fpt_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	struct wb_walk walk = {
		.inode = mapping->host,
		.room = fpt_wb_max_pages(fpt_inode_conn(mapping->host)),
	};
	int err;

	err = fpt_compat_write_folios(mapping, wbc, wb_write_folio, &walk);
	wb_walk_end(&walk);
	/* No error, and no progress either: the next pass begins there. */
	if (err == -EAGAIN) {
		if (wbc->range_cyclic)
			mapping->writeback_index = walk.refused;
		err = 0;
	}
	return err;
}

static void wb_count_closing(struct fpt_node *fn, int n)
{
	spin_lock(&fn->lock);
	WRITE_ONCE(fn->wb.closing, fn->wb.closing + n);
	spin_unlock(&fn->lock);
}

void fpt_wb_write_last(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	wb_count_closing(fn, 1);
	filemap_fdatawrite(inode->i_mapping);
	wb_count_closing(fn, -1);
}

int fpt_launder_folio(struct folio *folio)
{
	struct wb_walk walk = { .inode = folio->mapping->host, .room = 1 };
	int err;

	if (!folio_clear_dirty_for_io(folio))
		return 0;

	err = wb_copy_folio(&walk, folio);
	if (err) {
		folio_mark_dirty(folio);
		return err;
	}
	wb_walk_end(&walk);
	return 0;
}
