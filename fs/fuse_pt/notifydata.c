// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications about data: what a server puts into the page cache, and what it
 * takes from there.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "conn.h"
#include "iomode.h"
#include "node.h"
#include "notify.h"
#include "request.h"
#include "writeback.h"

/*
 * The folio at @index, locked; NULL if there is none and none is to be made.
 * Who has it locked may wait for the server that waits here: killable.
 */
static struct folio *folio_get_locked(struct address_space *mapping,
				      pgoff_t index, bool make)
{
	/* A new one comes unlocked with it, and so is like one that was found. */
	fgf_t flags = make ? FGP_CREAT | FGP_FOR_MMAP : 0;
	gfp_t gfp = mapping_gfp_constraint(mapping, ~__GFP_FS);
	struct folio *folio;

	for (;;) {
		folio = __filemap_get_folio(mapping, index, flags, gfp);
		if (IS_ERR(folio))
			return make ? folio : NULL;
		if (folio_lock_killable(folio)) {
			folio_put(folio);
			return ERR_PTR(-EINTR);
		}
		if (folio->mapping == mapping)
			return folio;
		folio_unlock(folio);
		folio_put(folio);
	}
}

static void folio_let_go(struct folio *folio)
{
	folio_unlock(folio);
	folio_put(folio);
}

/* -------- STORE -------- */

/* Inode locked. What a mapping left behind the end is not data. */
static int grow_locked(struct inode *inode, loff_t end)
{
	loff_t size = i_size_read(inode);
	struct folio *folio;

	if (offset_in_page(size)) {
		folio = folio_get_locked(inode->i_mapping, size >> PAGE_SHIFT,
					 false);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		if (folio) {
			folio_zero_segment(folio, offset_in_folio(folio, size),
					   folio_size(folio));
			folio_let_go(folio);
		}
	}
	fpt_node_stored(inode, end);
	return 0;
}

/*
 * Who changes the size on this side holds the inode's lock and may wait for the
 * server: then the server's word about the size can wait.
 */
static int store_grow(struct inode *inode, loff_t end)
{
	int err;

	if (end <= i_size_read(inode))
		return 0;
	if (!inode_trylock(inode)) {
		fpt_attr_stale(inode, FPT_STAT_DATA);
		return 0;
	}
	err = grow_locked(inode, end);
	inode_unlock(inode);
	return err;
}

/* Does what is stored make the folio whole: up to its end, or the file's? */
static bool store_completes(struct folio *folio, size_t at, size_t len,
			    loff_t size)
{
	return !at && (len == folio_size(folio) ||
		       folio_pos(folio) + (loff_t)len >= size);
}

/*
 * The folio is locked. Nothing may fault: the memory may be a mapping of this
 * very folio. Return: 0, or -EAGAIN if some of it was not there.
 */
static int store_copy(struct folio *folio, loff_t pos, size_t len, loff_t size,
		      struct iov_iter *from)
{
	size_t at = offset_in_folio(folio, pos);
	bool completes = store_completes(folio, at, len, size);
	size_t copied;

	/* The rest of it is not known: READ will bring it all. */
	if (!folio_test_uptodate(folio) && !completes) {
		iov_iter_advance(from, len);
		return 0;
	}

	copied = copy_folio_from_iter_atomic(folio, at, len, from);
	if (copied < len) {
		iov_iter_revert(from, copied);
		flush_dcache_folio(folio);
		return -EAGAIN;
	}
	if (!folio_test_uptodate(folio)) {
		folio_zero_segment(folio, len, folio_size(folio));
		folio_mark_uptodate(folio);
	}
	flush_dcache_folio(folio);
	return 0;
}

/* Up to the end of a page. Return: bytes of @from that are done with, or 0. */
static ssize_t store_page(struct inode *inode, loff_t pos, struct iov_iter *from)
{
	struct address_space *mapping = inode->i_mapping;
	pgoff_t index = pos >> PAGE_SHIFT;
	size_t len = min_t(size_t, iov_iter_count(from),
			   PAGE_SIZE - offset_in_page(pos));
	loff_t first = round_down(pos, PAGE_SIZE);
	loff_t size = i_size_read(inode);
	size_t inside = 0;
	struct folio *folio;
	int err = 0;

	folio = folio_get_locked(mapping, index, pos == first && pos < size &&
				 (len == PAGE_SIZE || pos + len >= size));
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	if (!folio) {
		iov_iter_advance(from, len);
		return len;
	}

	/*
	 * Looked at with the folio locked: a truncate and an open in
	 * passthrough that come now find it, and who writes has listed that.
	 */
	size = i_size_read(inode);
	if (pos < size && !fpt_iomode_through(inode))
		inside = min_t(loff_t, len, size - pos);
	if (inside && !fpt_wb_quiet(inode, first, first + PAGE_SIZE - 1)) {
		folio_let_go(folio);
		iov_iter_advance(from, len);
		err = invalidate_inode_pages2_range(mapping, index, index);
		return err ? err : len;
	}
	if (inside)
		err = store_copy(folio, pos, inside, size, from);
	folio_let_go(folio);
	if (err)
		return 0;
	iov_iter_advance(from, len - inside);
	return len;
}

ssize_t fpt_store(struct inode *inode, loff_t pos, loff_t end,
		  struct iov_iter *from)
{
	size_t total = 0;
	ssize_t done;
	int err;

	if (fpt_inode_stale(inode))
		return -ENOENT;
	/* One that gets there from here on is found so below. */
	if (fpt_iomode_through(inode))
		return iov_iter_count(from);
	err = store_grow(inode, end);
	if (err)
		return err;

	for (; iov_iter_count(from); total += done) {
		done = store_page(inode, pos + total, from);
		if (done < 0)
			return done;
		if (!done)
			break;
	}
	return total;
}

/* -------- RETRIEVE -------- */

/**
 * struct retrieval - cached data on its way to the server
 * @call: the request, which has no reply
 * @in: its argument
 * @nr: folios, referenced
 * @bv: a segment of each
 *
 * Owned by the transport until the server has read it.
 */
struct retrieval {
	struct fpt_call			call;
	struct fuse_notify_retrieve_in	in;
	unsigned int			nr;
	struct bio_vec			bv[];
};

static void retrieval_free(struct retrieval *r)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		folio_put(page_folio(r->bv[i].bv_page));
	kfree(r);
}

static void retrieval_done(struct fpt_conn *conn, struct fpt_call *call)
{
	retrieval_free(container_of(call, struct retrieval, call));
}

/* Up to @len bytes, as far as they are cached. Takes no lock of a folio. */
static u32 retrieval_fill(struct retrieval *r, struct inode *inode, loff_t pos,
			  u32 len)
{
	u32 total = 0;

	while (total < len) {
		struct folio *folio;
		size_t at, n;

		folio = filemap_get_folio(inode->i_mapping, pos >> PAGE_SHIFT);
		if (IS_ERR(folio))
			break;
		if (!folio_test_uptodate(folio)) {
			folio_put(folio);
			break;
		}
		at = offset_in_folio(folio, pos);
		n = min_t(size_t, len - total,
			  PAGE_SIZE - offset_in_page(pos));
		r->bv[r->nr++] = (struct bio_vec){
			.bv_page = folio_page(folio, at >> PAGE_SHIFT),
			.bv_len = n,
			.bv_offset = offset_in_page(at),
		};
		total += n;
		pos += n;
	}
	return total;
}

int fpt_retrieve(struct fpt_conn *conn, struct inode *inode,
		 const struct fuse_notify_retrieve_out *out)
{
	loff_t size = i_size_read(inode);
	loff_t pos = out->offset;
	size_t lead = offset_in_page(pos);
	struct retrieval *r;
	u32 len = 0;
	int err;

	if (pos < size)
		len = min_t(loff_t, min(out->size, conn->max_write),
			    size - pos);
	len = min_t(size_t, len, ((size_t)conn->max_pages << PAGE_SHIFT) - lead);

	/* Whoever does not read what it asked for pays for it. */
	r = kzalloc_flex(struct retrieval, bv,
			 DIV_ROUND_UP(lead + len, PAGE_SIZE),
			 GFP_KERNEL_ACCOUNT);
	if (!r)
		return -ENOMEM;

	r->in.offset = pos;
	r->in.size = retrieval_fill(r, inode, pos, len);
	r->call = (struct fpt_call){
		.op = FUSE_NOTIFY_REPLY,
		.node = out->nodeid,
		.flags = FPT_CALL_FORCE | FPT_CALL_NOREPLY | FPT_CALL_NOCREDS |
			 FPT_CALL_UNIQUE | FPT_CALL_IN_PAGES,
		.pages = { .bv = r->bv, .nr = r->nr, .len = r->in.size },
		.done = retrieval_done,
		.unique = out->notify_unique,
	};
	fpt_call_in(&r->call, &r->in, sizeof(r->in));

	err = fpt_call_async(conn, &r->call, GFP_KERNEL);
	if (err)
		retrieval_free(r);
	return err;
}
