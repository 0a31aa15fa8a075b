// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying between requests and a server's memory.
 *
 * A request is copied with page faults off: then the copy is short, and a
 * caller or an abort that wants the request back has only to wait for it.
 * Where memory is not there, the request is parked while it is faulted in, for
 * that may take as long as somebody likes: the server's buffer may be mapped
 * from the very file system that it serves. Nearly always the first pass gets
 * through, and then the request costs one lock and no search.
 */
#include "compat/compat.h"

#include <linux/align.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include "conn.h"
#include "devcopy.h"
#include "notify.h"
#include "queue.h"

/* Error codes from here on are the kernel's own: restarts and the like. */
#define COPY_ERRNO_END		512

/*
 * Passes without progress, although the memory was faulted in before each:
 * it is taken away again as fast by reclaim at times, by a server forever.
 */
#define COPY_IDLE_PASSES	64

/* Small pieces of a request are gathered here and copied at one go. */
#define COPY_GATHER		192

/**
 * struct copy - one message on its way between a request and an iterator
 * @iter: server's side; a pass that stops short leaves it where it stopped
 * @done: bytes moved by all passes
 * @pos: bytes this pass went over
 * @seen: @done of the pass before
 * @idle: passes in a row that moved nothing
 */
struct copy {
	struct iov_iter	*iter;
	size_t		done;
	size_t		pos;
	size_t		seen;
	unsigned int	idle;
};

typedef size_t (*copy_fn)(void *mem, size_t len, struct iov_iter *iter);

/*
 * Not copy_to_iter() and copy_from_iter(): a piece may lie in any slab or on
 * its caller's stack, which they refuse. Lengths are its caller's.
 */
static size_t copy_out(void *mem, size_t len, struct iov_iter *iter)
{
	return _copy_to_iter(mem, len, iter);
}

static size_t copy_in(void *mem, size_t len, struct iov_iter *iter)
{
	return _copy_from_iter(mem, len, iter);
}

/* Move what earlier passes left of a piece of kernel memory. */
static __always_inline bool copy_piece(struct copy *c, void *mem, size_t len,
				       copy_fn fn)
{
	size_t end = c->pos + len;
	size_t n;

	if (c->done < end) {
		mem += c->done - c->pos;
		len = end - c->done;
		n = fn(mem, len, c->iter);
		c->done += n;
		if (unlikely(n < len))
			return false;
	}
	c->pos = end;
	return true;
}

/* The same for a part of a page or of a range of pages. */
static __always_inline bool copy_pages(struct copy *c, struct page *page,
				       size_t offset, size_t len, copy_fn fn)
{
	bool all = true;

	if (!IS_ENABLED(CONFIG_HIGHMEM))
		return copy_piece(c, page_address(page) + offset, len, fn);

	while (all && len) {
		size_t n = min_t(size_t, len, PAGE_SIZE - offset_in_page(offset));
		void *mem = kmap_local_page(page + (offset >> PAGE_SHIFT));

		all = copy_piece(c, mem + offset_in_page(offset), n, fn);
		kunmap_local(mem);
		offset += n;
		len -= n;
	}
	return all;
}

static __always_inline bool copy_payload(struct copy *c,
					 const struct fpt_pages *pages,
					 copy_fn fn)
{
	size_t left = pages->len;
	unsigned int i;

	for (i = 0; i < pages->nr && left; i++) {
		const struct bio_vec *bv = &pages->bv[i];
		size_t n = min_t(size_t, left, bv->bv_len);

		if (!copy_pages(c, bv->bv_page, bv->bv_offset, n, fn))
			return false;
		left -= n;
	}
	return true;
}

/* -------- requests -------- */

/* Header and arguments; small ones together. */
static bool copy_args_out(struct copy *c, const struct fpt_req *req)
{
	const struct fpt_call *call = req->call;
	u8 gather[COPY_GATHER];
	size_t n = sizeof(req->in);
	unsigned int i;

	memcpy(gather, &req->in, sizeof(req->in));
	for (i = 0; i < call->nr_in; i++) {
		const struct fpt_arg *arg = &call->in[i];

		if (arg->len <= sizeof(gather) - n) {
			memcpy(gather + n, arg->data, arg->len);
			n += arg->len;
			continue;
		}
		if (n && !copy_piece(c, gather, n, copy_out))
			return false;
		n = 0;
		if (!copy_piece(c, arg->data, arg->len, copy_out))
			return false;
	}
	return !n || copy_piece(c, gather, n, copy_out);
}

static bool copy_request(struct copy *c, const struct fpt_req *req)
{
	const struct fpt_call *call = req->call;
	bool all;

	c->pos = 0;
	pagefault_disable();
	all = copy_args_out(c, req);
	if (all && (call->flags & FPT_CALL_IN_PAGES))
		all = copy_payload(c, &call->pages, copy_out);
	pagefault_enable();
	return all;
}

void fpt_send_args(const struct fpt_req *req, struct iov_iter *to)
{
	struct copy c = { .iter = to };

	copy_args_out(&c, req);
}

void fpt_send_payload(const struct fpt_req *req, struct iov_iter *to)
{
	struct copy c = { .iter = to };

	copy_payload(&c, &req->call->pages, copy_out);
}

/*
 * After a pass that stopped short: fault the rest of the server's memory in
 * while the request is parked. Return: 0; -EFAULT, the request is still TAKEN;
 * -ENODEV on a dead connection, TAKEN too; -ENOENT if the request is gone.
 */
static int copy_fault_in(struct fpt_dev *dev, struct fpt_req *req,
			 struct copy *c, size_t len, bool out)
{
	struct fpt_park park;
	size_t missing;

	c->idle = c->done == c->seen ? c->idle + 1 : 0;
	c->seen = c->done;
	if (c->idle > COPY_IDLE_PASSES)
		return -EFAULT;
	if (!fpt_dev_park(dev, req, &park))
		return -ENODEV;
	len -= c->done;
	if (out)
		missing = fault_in_iov_iter_writeable(c->iter, len);
	else
		missing = fault_in_iov_iter_readable(c->iter, len);
	if (!fpt_dev_unpark(dev, &park))
		return -ENOENT;
	return missing == len || fatal_signal_pending(current) ? -EFAULT : 0;
}

ssize_t fpt_send_request(struct fpt_dev *dev, struct fpt_req *req,
			 struct iov_iter *to)
{
	struct fpt_conn *conn = dev->conn;
	struct copy c = { .iter = to };
	ssize_t len = req->in.len;
	int err;

	while (unlikely(!copy_request(&c, req))) {
		err = copy_fault_in(dev, req, &c, len, true);
		if (err == -ENOENT || (!err && !req->call)) {
			/* Nobody waits for it any more: read the next one. */
			if (!err)
				fpt_req_finish(conn, req, -EINTR);
			iov_iter_revert(to, c.done);
			return 0;
		}
		if (err) {
			fpt_req_finish(conn, req, err == -ENODEV ?
				       -ECONNABORTED : -EIO);
			return err == -ENODEV ? fpt_conn_gone(conn) : err;
		}
	}
	err = fpt_dev_sent(dev, req);
	return err ?: len;
}

ssize_t fpt_send_message(struct fpt_conn *conn, struct fpt_next *next,
			 struct iov_iter *to)
{
	struct fpt_forget *forget = next->forgets;
	struct fpt_forget *after;
	struct fuse_forget_in one;
	bool all;

	all = copy_to_iter(&next->head, sizeof(next->head), to) ==
	      sizeof(next->head);
	switch (next->head.opcode) {
	case FUSE_INTERRUPT:
		all = all && copy_to_iter(&next->intr, sizeof(next->intr),
					  to) == sizeof(next->intr);
		break;
	case FUSE_FORGET:
		one.nlookup = forget->one.nlookup;
		all = all && copy_to_iter(&one, sizeof(one), to) == sizeof(one);
		break;
	case FUSE_BATCH_FORGET:
		all = all && copy_to_iter(&next->batch, sizeof(next->batch),
					  to) == sizeof(next->batch);
		break;
	}

	for (; forget; forget = after) {
		after = forget->next;
		fpt_bind_forgotten(conn, forget->one.nodeid);
		if (all && next->head.opcode == FUSE_BATCH_FORGET)
			all = copy_to_iter(&forget->one, sizeof(forget->one),
					   to) == sizeof(forget->one);
		fpt_forget_free(forget);
	}
	return all ? next->head.len : -EFAULT;
}

/* -------- replies -------- */

/*
 * Does a reply of this length fit the call? Then note the length of the
 * variable piece; @zero gets what is missing from the payload.
 */
static int reply_set_len(struct fpt_call *call, size_t len, u32 *zero)
{
	bool paged = call->flags & FPT_CALL_OUT_PAGES;
	size_t room = paged ? call->pages.len : 0;
	u32 *var = NULL;
	unsigned int i;

	for (i = 0; i < call->nr_out; i++)
		room += call->out[i].len;
	*zero = 0;
	if (len == room)
		return 0;
	if (len > room || !(call->flags & FPT_CALL_OUT_VAR))
		return -EINVAL;

	if (paged)
		var = &call->pages.len;
	else if (call->nr_out)
		var = &call->out[call->nr_out - 1].len;
	if (!var || room - len > *var)
		return -EINVAL;
	*var -= room - len;
	if (paged)
		*zero = room - len;
	return 0;
}

/* Zero what follows the payload. */
static void reply_zero(const struct fpt_pages *pages, size_t len)
{
	size_t skip = pages->len;
	unsigned int i;

	for (i = 0; i < pages->nr && len; i++) {
		const struct bio_vec *bv = &pages->bv[i];
		size_t offset = bv->bv_offset;
		size_t left = bv->bv_len;

		if (skip >= left) {
			skip -= left;
			continue;
		}
		offset += skip;
		left = min(left - skip, len);
		skip = 0;
		len -= left;
		while (left) {
			size_t n = min_t(size_t, left,
					 PAGE_SIZE - offset_in_page(offset));

			memzero_page(bv->bv_page + (offset >> PAGE_SHIFT),
				     offset_in_page(offset), n);
			offset += n;
			left -= n;
		}
	}
}

/* The page cache may be mapped where caches alias. */
static void reply_flush(const struct fpt_pages *pages)
{
	unsigned int i;
	size_t offset;

	for (i = 0; i < pages->nr; i++) {
		const struct bio_vec *bv = &pages->bv[i];

		for (offset = round_down(bv->bv_offset, PAGE_SIZE);
		     offset < (size_t)bv->bv_offset + bv->bv_len;
		     offset += PAGE_SIZE)
			flush_dcache_page(bv->bv_page + (offset >> PAGE_SHIFT));
	}
}

static bool copy_reply(struct copy *c, struct fpt_call *call)
{
	bool all = true;
	unsigned int i;

	c->pos = 0;
	pagefault_disable();
	for (i = 0; all && i < call->nr_out; i++)
		all = copy_piece(c, call->out[i].data, call->out[i].len,
				 copy_in);
	if (all && (call->flags & FPT_CALL_OUT_PAGES))
		all = copy_payload(c, &call->pages, copy_in);
	pagefault_enable();
	return all;
}

/* Whose place it takes is locked, and nobody has seen any content of it. */
static void gift_take(struct fpt_gift *gift, struct bio_vec *bv)
{
	struct folio *old = page_folio(bv->bv_page);
	struct folio *new = page_folio(gift->page);

	folio_get(old);
	replace_page_cache_folio(old, new);
	if (!gift->lru)
		folio_add_lru(new);
	/* Where the next readahead begins. */
	if (folio_test_readahead(old))
		folio_set_readahead(new);
	bv->bv_page = gift->page;
	gift->taken = true;
	folio_unlock(old);
	folio_put(old);
}

/* All there is to copy is kernel memory. */
static void move_reply(struct fpt_call *call, struct iov_iter *from,
		       struct fpt_gift *gifts, unsigned int nr_gifts)
{
	size_t left = call->pages.len;
	unsigned int i;
	size_t n;

	for (i = 0; i < call->pages.nr && left; i++, left -= n) {
		struct bio_vec *bv = &call->pages.bv[i];

		n = min_t(size_t, left, bv->bv_len);
		if (n == PAGE_SIZE && i < nr_gifts && gifts[i].page) {
			gift_take(&gifts[i], bv);
			iov_iter_advance(from, n);
		} else {
			copy_page_from_iter(bv->bv_page, bv->bv_offset, n,
					    from);
		}
	}
}

static bool copy_late(struct copy *c, void *reply, size_t len)
{
	bool all;

	c->pos = 0;
	pagefault_disable();
	all = copy_piece(c, reply, len, copy_in);
	pagefault_enable();
	return all;
}

/*
 * The reply to a caller that was killed: let @late give back what the server
 * handed out. Ends the request.
 */
static int receive_late(struct fpt_dev *dev, struct fpt_req *req,
			struct iov_iter *from)
{
	u8 reply[FPT_LATE_MAX] __aligned(sizeof(u64));
	size_t len = min(iov_iter_count(from), sizeof(reply));
	struct fpt_conn *conn = dev->conn;
	struct copy c = { .iter = from };
	int err = 0;

	if (!req->late)
		goto end;

	while (unlikely(!copy_late(&c, reply, len))) {
		err = copy_fault_in(dev, req, &c, len, false);
		if (err == -ENOENT)
			return err;
		if (err)
			goto end;
	}
	req->late(conn, req->in.opcode, req->in.nodeid, req->named[1].node,
		  reply, len);
end:
	fpt_req_finish(conn, req, err == -ENODEV ? -ECONNABORTED : 0);
	return err == -ENODEV ? -ENOENT : err;
}

/* A reply without an error: copy it and end the request. */
static int receive_body(struct fpt_dev *dev, struct fpt_req *req,
			struct iov_iter *from, struct fpt_gift *gifts,
			unsigned int nr_gifts)
{
	struct fpt_call *call = req->call;
	struct fpt_conn *conn = dev->conn;
	size_t len = iov_iter_count(from);
	struct copy c = { .iter = from };
	u32 zero;
	int err;

	err = reply_set_len(call, len, &zero);
	if (unlikely(err))
		goto end;

	for (;;) {
		if (nr_gifts && (call->flags & FPT_CALL_OUT_MOVE)) {
			move_reply(call, from, gifts, nr_gifts);
			break;
		}

		if (likely(copy_reply(&c, call)))
			break;
		err = copy_fault_in(dev, req, &c, len, false);
		if (err == -ENOENT)
			return err;
		if (!req->call) {
			iov_iter_revert(from, c.done);
			return receive_late(dev, req, from);
		}
		if (err)
			goto end;
	}

	if (call->flags & FPT_CALL_OUT_PAGES) {
		if (zero && (call->flags & FPT_CALL_OUT_ZERO))
			reply_zero(&call->pages, zero);
		if (!(call->flags & FPT_CALL_USER_PAGES))
			reply_flush(&call->pages);
	}
end:
	/* The server is told what was wrong; its client that it failed. */
	fpt_req_finish(conn, req, err == -ENODEV ? -ECONNABORTED :
		       err ? -EIO : 0);
	return err == -ENODEV ? -ENOENT : err;
}

ssize_t fpt_receive(struct fpt_dev *dev, struct iov_iter *from,
		    struct fpt_gift *gifts, unsigned int nr_gifts)
{
	struct fpt_conn *conn = dev->conn;
	ssize_t len = iov_iter_count(from);
	struct fuse_out_header oh;
	struct fpt_req *req;
	int err;

	if (len < sizeof(oh))
		return -EINVAL;
	if (copy_from_iter(&oh, sizeof(oh), from) != sizeof(oh))
		return -EFAULT;
	if (oh.len != len)
		return -EINVAL;
	if (unlikely(!oh.unique)) {
		err = fpt_notify(conn, oh.error, from);
		return err ?: len;
	}
	if (oh.error > 0 || oh.error <= -COPY_ERRNO_END)
		return -EINVAL;

	if (unlikely(oh.unique & 1)) {
		if (len != sizeof(oh))
			return -EINVAL;
		err = fpt_dev_interrupt_reply(dev, oh.unique & ~1ULL, oh.error);
		return err ?: len;
	}

	req = fpt_dev_claim(dev, oh.unique);
	if (unlikely(!req))
		return -ENOENT;

	if (oh.error) {
		err = len == sizeof(oh) ? 0 : -EINVAL;
		fpt_req_finish(conn, req, err ? -EIO : oh.error);
	} else if (likely(req->call)) {
		err = receive_body(dev, req, from, gifts, nr_gifts);
	} else {
		err = receive_late(dev, req, from);
	}
	return err ?: len;
}
