// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device and pipes: requests by splice(2) out of it, with page-cache
 * payload by reference, and replies by splice(2) into it.
 */
#include "compat/compat.h"

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "conn.h"
#include "devcopy.h"
#include "queue.h"

/**
 * struct fill - what will go into the pipe, each page with a reference
 * @bv: a pipe buffer each
 * @nr: buffers filled
 * @spare: a fresh page, so that a message never lacks one
 */
struct fill {
	struct bio_vec	*bv;
	unsigned int	nr;
	struct page	*spare;
};

static void fill_add(struct fill *f, struct page *page, unsigned int offset,
		     unsigned int len)
{
	f->bv[f->nr++] = (struct bio_vec) {
		.bv_page = page, .bv_offset = offset, .bv_len = len,
	};
}

static void fill_drop(struct fill *f, unsigned int from)
{
	for (; from < f->nr; from++)
		put_page(f->bv[from].bv_page);
	f->nr = 0;
}

/* Fresh pages for @len bytes, and an iterator to fill them. */
static int fill_fresh(struct fill *f, size_t len, struct iov_iter *iter)
{
	unsigned int first = f->nr;
	size_t left = len;

	while (left) {
		size_t n = min_t(size_t, left, PAGE_SIZE);
		struct page *page = f->spare ?: alloc_page(GFP_KERNEL);

		f->spare = NULL;
		if (!page)
			return -ENOMEM;
		fill_add(f, page, 0, n);
		left -= n;
	}
	iov_iter_bvec(iter, ITER_DEST, f->bv + first, f->nr - first, len);
	return 0;
}

/* References on the pages of a request's payload. */
static void fill_by_reference(struct fill *f, const struct fpt_pages *pages)
{
	size_t left = pages->len;
	unsigned int i;

	for (i = 0; i < pages->nr && left; i++) {
		const struct bio_vec *bv = &pages->bv[i];
		size_t offset = bv->bv_offset;
		size_t seg = min_t(size_t, left, bv->bv_len);

		left -= seg;
		while (seg) {
			size_t n = min_t(size_t, seg,
					 PAGE_SIZE - offset_in_page(offset));
			struct page *page = bv->bv_page + (offset >> PAGE_SHIFT);

			get_page(page);
			fill_add(f, page, offset_in_page(offset), n);
			offset += n;
			seg -= n;
		}
	}
}

/*
 * Into the pipe, which has been seen to have readers and room, and is locked
 * since.
 */
static ssize_t fill_pipe(struct fill *f, struct pipe_inode_info *pipe)
{
	ssize_t total = 0;
	ssize_t ret = 0;
	unsigned int i;

	for (i = 0; i < f->nr && ret >= 0; i++) {
		struct pipe_buffer buf = {
			.page = f->bv[i].bv_page,
			.offset = f->bv[i].bv_offset,
			.len = f->bv[i].bv_len,
			/* The kernel's own: the pipe may outlive the module. */
			.ops = &nosteal_pipe_buf_ops,
		};

		ret = add_to_pipe(pipe, &buf);
		if (ret > 0)
			total += ret;
	}
	fill_drop(f, i);
	return total ?: ret;
}

/*
 * All of a request that can be had without sleeping, or with the request
 * parked. Return: 0; -ENOENT if it is gone, else an error and it is TAKEN.
 */
static int fill_request(struct fill *f, struct fpt_dev *dev,
			struct fpt_req *req)
{
	struct fpt_call *call = req->call;
	bool paged = call->flags & FPT_CALL_IN_PAGES;
	bool user = paged && (call->flags & FPT_CALL_USER_PAGES);
	size_t payload = paged ? call->pages.len : 0;
	size_t head = req->in.len - payload;
	struct iov_iter args, data;
	struct fpt_park park;
	int err;

	/* One page is there; more may take reclaim, and that may take time. */
	if (head > PAGE_SIZE || user) {
		if (!fpt_dev_park(dev, req, &park))
			return -ENODEV;
		err = fill_fresh(f, head, &args);
		if (!err && user)
			err = fill_fresh(f, payload, &data);
		if (!fpt_dev_unpark(dev, &park))
			return -ENOENT;
		if (!err && !req->call)
			err = -EINTR;
	} else {
		err = fill_fresh(f, head, &args);
	}
	if (err)
		return err;

	fpt_send_args(req, &args);
	/*
	 * Pages of the page cache keep their content as long as the call lasts,
	 * and a server that looks later sees no more than it could read. User
	 * memory may be anything by then: copied.
	 */
	if (user)
		fpt_send_payload(req, &data);
	else if (paged)
		fill_by_reference(f, &call->pages);
	return 0;
}

/* Return: bytes; 0 if the request was given up; or an error. */
static ssize_t splice_request(struct fill *f, struct fpt_dev *dev,
			      struct fpt_req *req, struct pipe_inode_info *pipe)
{
	int err;

	err = fill_request(f, dev, req);
	switch (err) {
	case 0:
		err = fpt_dev_sent(dev, req);
		if (!err)
			return fill_pipe(f, pipe);
		break;
	case -ENOENT:
		err = 0;
		break;
	case -EINTR:
		fpt_req_finish(dev->conn, req, err);
		err = 0;
		break;
	case -ENODEV:
		fpt_req_finish(dev->conn, req, -ECONNABORTED);
		err = fpt_conn_gone(dev->conn);
		break;
	default:
		fpt_req_finish(dev->conn, req, -EIO);
	}
	fill_drop(f, 0);
	return err;
}

static ssize_t splice_message(struct fpt_conn *conn, struct fill *f,
			      struct fpt_next *next,
			      struct pipe_inode_info *pipe)
{
	struct iov_iter iter;
	ssize_t ret;
	int err;

	/* The spare page is enough: fpt_room said so. */
	err = fill_fresh(f, next->head.len, &iter);
	ret = fpt_send_message(conn, next, &iter);
	if (err || ret < 0) {
		fill_drop(f, 0);
		return err ?: ret;
	}
	return fill_pipe(f, pipe);
}

/* splice(2) holds the pipe's lock; internal pipes have no other user. */
ssize_t fpt_dev_splice_read(struct file *file, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn = fpt_dev_served(dev);
	unsigned int used = pipe_occupancy(pipe->head, pipe->tail);
	struct fpt_room room = {
		.bytes = len,
		.nonblock = file->f_flags & O_NONBLOCK,
	};
	struct fill fill = { };
	struct fpt_next next;
	ssize_t ret;

	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (len < fpt_dev_min_read(conn))
		return -EINVAL;
	/* Before a request is taken that then could not be delivered. */
	if (!pipe->readers) {
		send_sig(SIGPIPE, current, 0);
		return -EPIPE;
	}
	if (used >= pipe->max_usage)
		return -EAGAIN;
	room.slots = pipe->max_usage - used;

	fill.bv = kvmalloc_objs(struct bio_vec, room.slots);
	if (!fill.bv)
		return -ENOMEM;
	do {
		ret = -ENOMEM;
		if (!fill.spare)
			fill.spare = alloc_page(GFP_KERNEL);
		if (!fill.spare)
			break;
		ret = fpt_queue_next(conn, dev, &room, &next);
		if (ret)
			break;
		if (next.req)
			ret = splice_request(&fill, dev, next.req, pipe);
		else
			ret = splice_message(conn, &fill, &next, pipe);
	} while (!ret);

	if (fill.spare)
		put_page(fill.spare);
	kvfree(fill.bv);
	return ret;
}

/* -------- replies -------- */

static struct pipe_buffer *pipe_slot(struct pipe_inode_info *pipe,
				     unsigned int slot)
{
	return &pipe->bufs[slot & (pipe->ring_size - 1)];
}

/* The first @len bytes of the pipe. Return: number of segments, or an error. */
static int pipe_map(struct pipe_inode_info *pipe, struct bio_vec *bv,
		    unsigned int count, size_t len)
{
	unsigned int i;
	int err;

	for (i = 0; i < count && len; i++) {
		struct pipe_buffer *buf = pipe_slot(pipe, pipe->tail + i);
		size_t n = min_t(size_t, len, buf->len);

		err = pipe_buf_confirm(pipe, buf);
		if (err)
			return err;
		bv[i] = (struct bio_vec) {
			.bv_page = buf->page, .bv_offset = buf->offset,
			.bv_len = n,
		};
		len -= n;
	}
	/* A reply is one write: all of it has to be there. */
	return len ? -EINVAL : i;
}

static void pipe_consume(struct pipe_inode_info *pipe, size_t len)
{
	while (len) {
		struct pipe_buffer *buf = pipe_slot(pipe, pipe->tail);
		size_t n = min_t(size_t, len, buf->len);

		buf->offset += n;
		buf->len -= n;
		len -= n;
		if (!buf->len) {
			pipe_buf_release(pipe, buf);
			pipe->tail++;
		}
	}
}

/*
 * Is it a page as it comes from the allocator? A user's page that is mapped
 * somewhere, part of a larger one or known to a file system is not.
 */
static bool page_is_plain(struct folio *folio)
{
	return !folio_test_large(folio) && !folio_mapped(folio) &&
	       !folio->mapping && !folio_test_dirty(folio) &&
	       !folio_test_writeback(folio) && !folio_test_private(folio) &&
	       !folio_test_private_2(folio) && !folio_test_swapbacked(folio) &&
	       !folio_test_unevictable(folio) && !folio_test_reserved(folio);
}

/* The whole page in @buf, if nobody else has it. */
static void gift_find(struct fpt_gift *gift, struct pipe_inode_info *pipe,
		      struct pipe_buffer *buf)
{
	struct folio *folio;

	if (buf->offset || buf->len != PAGE_SIZE ||
	    !pipe_buf_try_steal(pipe, buf))
		return;

	/* From here on it is locked, and in no page cache any more. */
	folio = page_folio(buf->page);
	if (!page_is_plain(folio)) {
		folio_unlock(folio);
		return;
	}
	folio_clear_uptodate(folio);
	folio_clear_mappedtodisk(folio);
	/* The pipe lets go of it while it has a second reference. */
	folio_get(folio);
	gift->page = buf->page;
	gift->lru = buf->flags & PIPE_BUF_FLAG_LRU;
}

/*
 * Pages behind a header that has a buffer of its own, where the request can do
 * with them, up to the first buffer that is no whole page: what is behind that
 * lies across the pages of the request. That is looked at before the request is
 * claimed, for to steal a page may wait. Return: NULL, also for want of memory:
 * then all is copied.
 */
static struct fpt_gift *gifts_find(struct fpt_dev *dev,
				   struct pipe_inode_info *pipe,
				   const struct bio_vec *bv, unsigned int nr)
{
	struct fuse_out_header head;
	struct fpt_gift *gifts;
	unsigned int i;

	if (nr < 2 || bv[0].bv_len != sizeof(head))
		return NULL;
	memcpy_from_page((char *)&head, bv[0].bv_page, bv[0].bv_offset,
			 sizeof(head));
	if (head.error || !fpt_dev_takes_pages(dev, head.unique))
		return NULL;

	gifts = kvzalloc_objs(struct fpt_gift, nr - 1);
	if (!gifts)
		return NULL;
	for (i = 0; i < nr - 1 && bv[i + 1].bv_len == PAGE_SIZE; i++)
		gift_find(&gifts[i], pipe,
			  pipe_slot(pipe, pipe->tail + 1 + i));
	return gifts;
}

/* The pipe has let go of them; a file that took one lets go of its lock. */
static void gifts_end(struct fpt_gift *gifts, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!gifts[i].page)
			continue;
		if (!gifts[i].taken)
			unlock_page(gifts[i].page);
		put_page(gifts[i].page);
	}
	kvfree(gifts);
}

/*
 * The pipe stays locked while the reply is copied: nothing in it can fault,
 * and no buffer has to be taken out and held meanwhile.
 */
ssize_t fpt_dev_splice_write(struct pipe_inode_info *pipe, struct file *file,
			     loff_t *ppos, size_t len, unsigned int flags)
{
	struct fpt_dev *dev = file->private_data;
	struct fpt_conn *conn = fpt_dev_served(dev);
	struct fpt_gift *gifts = NULL;
	struct bio_vec *bv = NULL;
	struct iov_iter iter;
	unsigned int count;
	ssize_t ret;
	int nr;

	if (IS_ERR(conn))
		return PTR_ERR(conn);

	pipe_lock(pipe);
	count = pipe_occupancy(pipe->head, pipe->tail);
	ret = -EINVAL;
	if (!count)
		goto out;
	ret = -ENOMEM;
	bv = kvmalloc_objs(struct bio_vec, count);
	if (!bv)
		goto out;
	nr = pipe_map(pipe, bv, count, len);
	ret = nr;
	if (nr < 0)
		goto out;

	if (flags & SPLICE_F_MOVE)
		gifts = gifts_find(dev, pipe, bv, nr);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, nr, len);
	ret = fpt_receive(dev, &iter, gifts, gifts ? nr - 1 : 0);
	pipe_consume(pipe, len);
	if (gifts)
		gifts_end(gifts, nr - 1);
	if (wq_has_sleeper(&pipe->wr_wait))
		wake_up_interruptible(&pipe->wr_wait);
	kill_fasync(&pipe->fasync_writers, SIGIO, POLL_OUT);
out:
	pipe_unlock(pipe);
	kvfree(bv);
	return ret;
}
