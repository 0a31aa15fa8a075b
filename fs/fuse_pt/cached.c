// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cached files: the page cache, filled by READ, written through by WRITE, or
 * with FUSE_WRITEBACK_CACHE written to and left dirty.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/task_io_accounting_ops.h>
#include <linux/uio.h>
#include <linux/writeback.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "queue.h"
#include "request.h"
#include "writeback.h"

/* -------- reading -------- */

/**
 * struct cached_fill - a READ into folios that are locked
 * @call: the request
 * @in: its argument
 * @inode: of the folios; a folio that is locked keeps it
 * @ff: handle, referenced while a READ is under way in the background
 * @epoch: fpt_attr_epoch() from before the request
 * @nr: folios
 * @bv: one segment a folio
 */
struct cached_fill {
	struct fpt_call		call;
	struct fuse_read_in	in;
	struct inode		*inode;
	struct fpt_file		*ff;
	u64			epoch;
	unsigned int		nr;
	struct bio_vec		bv[];
};

/* The most that one READ may ask for. */
static unsigned int fill_max_pages(const struct fpt_conn *conn)
{
	return clamp(conn->max_read >> PAGE_SHIFT, 1u, conn->max_pages);
}

static void fill_add(struct cached_fill *fill, struct folio *folio)
{
	fill->bv[fill->nr++] = (struct bio_vec){
		.bv_page = folio_page(folio, 0),
		.bv_len = PAGE_SIZE,
	};
}

static void fill_prepare(struct cached_fill *fill, struct file *file,
			 struct inode *inode, loff_t pos)
{
	struct fpt_call *call = &fill->call;
	size_t len = (size_t)fill->nr << PAGE_SHIFT;

	fill->inode = inode;
	fill->ff = fpt_file(file);
	fill->epoch = fpt_attr_epoch(fill->ff->conn);
	fill->in = (struct fuse_read_in){
		.fh = fill->ff->fh,
		.offset = pos,
		/* The last byte of the last page is none of any file. */
		.size = min_t(u64, len, LLONG_MAX - pos),
		.flags = file->f_flags,
	};
	call->op = FUSE_READ;
	call->node = fill->ff->node;
	call->flags = FPT_CALL_OUT_PAGES | FPT_CALL_OUT_VAR | FPT_CALL_OUT_ZERO;
	call->pages = (struct fpt_pages){
		.bv = fill->bv,
		.nr = fill->nr,
		.len = len,
	};
	fpt_call_in(call, &fill->in, sizeof(fill->in));
}

/* What @got bytes, or an error, mean for the size and the times. */
static void fill_learn(struct cached_fill *fill, ssize_t got)
{
	if (got >= 0 && got < fill->in.size)
		fpt_file_lost_size(fill->inode, fill->in.offset + got,
				   fill->epoch);
	if (!IS_RDONLY(fill->inode))
		fpt_attr_stale(fill->inode, STATX_ATIME);
}

static int fill_folio(struct file *file, struct folio *folio)
{
	struct {
		struct cached_fill fill;
		struct bio_vec bv[1];
	} one = {};
	ssize_t got;

	fill_add(&one.fill, folio);
	fill_prepare(&one.fill, file, folio->mapping->host, folio_pos(folio));
	got = fpt_call_file(one.fill.ff, &one.fill.call);
	fill_learn(&one.fill, got);
	return got < 0 ? got : 0;
}

static int cached_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	loff_t pos = folio_pos(folio);
	int err;

	/* a kernel user without an open file has no handle to read with */
	if (fpt_inode_stale(inode) || !file) {
		folio_unlock(folio);
		return -EIO;
	}
	/* swapon(2), for one; the data is elsewhere, and there may be no handle */
	if (unlikely(fpt_file(file)->back)) {
		folio_unlock(folio);
		return -EINVAL;
	}

	if (!fpt_wb_quiet(inode, pos, pos + PAGE_SIZE - 1)) {
		folio_unlock(folio);
		err = fpt_wb_wait_a_bit(inode, pos, pos + PAGE_SIZE - 1);
		return err ? err : AOP_TRUNCATED_PAGE;
	}

	err = fill_folio(file, folio);
	folio_end_read(folio, !err);
	return err;
}

/* Readahead ended: its folios are good, or for read_folio to try again. */
static void fill_end(struct cached_fill *fill, ssize_t got)
{
	unsigned int i;

	fill_learn(fill, got);
	for (i = 0; i < fill->nr; i++)
		folio_end_read(page_folio(fill->bv[i].bv_page), got >= 0);
}

static void fill_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct cached_fill *fill = container_of(call, struct cached_fill, call);
	struct fpt_file *ff = fill->ff;

	/* The handle keeps the inode that the folios may no longer keep. */
	fill_end(fill, fpt_call_result(call));
	kfree(fill);
	fpt_file_put(ff);
}

static void fill_send(struct cached_fill *fill, bool async)
{
	struct fpt_conn *conn = fill->ff->conn;
	int err;

	if (!async) {
		fill_end(fill, fpt_call_file(fill->ff, &fill->call));
		kfree(fill);
		return;
	}

	fill->call.done = fill_done;
	fpt_file_get(fill->ff);
	err = fpt_call_async(conn, &fill->call, GFP_KERNEL);
	if (err) {
		fill->call.error = err;
		fill_done(conn, &fill->call);
	}
}

static void cached_readahead(struct readahead_control *rac)
{
	struct inode *inode = rac->mapping->host;
	struct fpt_conn *conn = fpt_inode_conn(inode);
	unsigned int max = fill_max_pages(conn);
	bool async = fpt_has(conn, FPT_F_ASYNC_READ);
	unsigned int left = readahead_count(rac);
	loff_t pos = readahead_pos(rac);
	struct cached_fill *fill;
	unsigned int nr;
	size_t len;

	if (fpt_inode_stale(inode) || !rac->file)
		return;
	/* fadvise(2) where the data is elsewhere, and there may be no handle */
	if (fpt_file(rac->file)->back)
		return;

	for (; left; left -= nr, pos += len) {
		/* What nobody waits for yet can wait for the server to catch up. */
		if (rac->ra->async_size >= left && fpt_queue_congested(conn))
			break;

		nr = min(left, max);
		len = (size_t)nr << PAGE_SHIFT;
		/* read_folio waits for what is being written */
		if (!fpt_wb_quiet(inode, pos, pos + len - 1))
			break;

		/* as readahead_gfp_mask(), but what it says of pages */
		fill = kzalloc_flex(struct cached_fill, bv, nr,
				    GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!fill)
			break;
		while (fill->nr < nr)
			fill_add(fill, readahead_folio(rac));
		fill_prepare(fill, rac->file, inode, pos);
		/* Nobody but the page cache has a use for these very folios. */
		fill->call.flags |= FPT_CALL_OUT_MOVE;
		fill_send(fill, async);
	}
}

int fpt_cached_check(struct file *file, loff_t pos, size_t len)
{
	struct inode *inode = file_inode(file);
	u32 mask = 0;

	/* Only a read that reaches behind the end needs to know where it is. */
	if (pos + len > i_size_read(inode))
		mask = STATX_SIZE;
	if (fpt_has(fpt_inode_conn(inode), FPT_F_AUTO_INVAL_DATA))
		mask |= STATX_SIZE | STATX_MTIME;
	return mask ? fpt_attr_refresh(inode, file, mask) : 0;
}

ssize_t fpt_cached_read(struct kiocb *iocb, struct iov_iter *to)
{
	int err;

	if (iocb->ki_flags & IOCB_DIRECT)
		return fpt_direct_io(iocb, to);

	err = fpt_cached_check(iocb->ki_filp, iocb->ki_pos,
			       iov_iter_count(to));
	return err ? err : filemap_read(iocb, to, 0);
}

void fpt_cached_forget(struct inode *inode, loff_t start, loff_t end)
{
	struct address_space *mapping = inode->i_mapping;
	pgoff_t index = start >> PAGE_SHIFT;
	struct folio_batch batch;
	unsigned int i;

	folio_batch_init(&batch);
	while (filemap_get_folios(mapping, &index, end >> PAGE_SHIFT, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++) {
			struct folio *folio = batch.folios[i];

			if (!folio_trylock(folio))
				continue;
			/* A page table may have known that it is dirty. */
			if (folio->mapping == mapping)
				unmap_mapping_pages(mapping, folio->index, 1,
						    false);
			if (!folio_test_dirty(folio))
				folio_clear_uptodate(folio);
			folio_unlock(folio);
		}
		folio_batch_release(&batch);
		cond_resched();
	}
}

/* -------- writing through -------- */

/* Folios that a write may have without memory of its own for them. */
#define THROUGH_INLINE	8

/**
 * struct cached_through - the WRITEs of one buffered write, one by one
 * @call: the request
 * @in: its argument
 * @out: its reply
 * @span: tells the others that the bytes are on their way
 * @left: the caller was killed, and the request has @span
 * @iocb: of the write, with the open that it goes through
 * @inode: of the file
 * @len: bytes in the folios now held
 * @nr: folios now held
 * @max: folios that may be held
 * @bv: their segments
 * @few: @bv for a short write
 */
struct cached_through {
	struct fpt_call		call;
	struct fuse_write_in	in;
	struct fuse_write_out	out;
	struct fpt_wb_span	span;
	bool			left;
	struct kiocb		*iocb;
	struct inode		*inode;
	size_t			len;
	unsigned int		nr;
	unsigned int		max;
	struct bio_vec		*bv;
	struct bio_vec		few[THROUGH_INLINE];
};

static bool through_claim(struct cached_through *t, loff_t start, loff_t end)
{
	if (t->nr)
		return fpt_wb_span_grow(t->inode, &t->span, end);
	fpt_wb_span_begin(t->inode, &t->span, start, end);
	return true;
}

/*
 * Copy up to @want bytes for @pos to one folio and hold that. Nothing here may
 * fault: the memory may be a mapping of this very folio. And once a span is
 * listed the lock is but tried, see writeback.h.
 */
static ssize_t through_copy(struct cached_through *t, loff_t pos, size_t want,
			    struct iov_iter *from)
{
	struct address_space *mapping = t->inode->i_mapping;
	size_t at = offset_in_page(pos);
	struct folio *folio;
	size_t copied;

	folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT,
				    t->nr ? FGP_WRITEBEGIN | FGP_NOWAIT :
				    FGP_WRITEBEGIN, mapping_gfp_mask(mapping));
	if (IS_ERR(folio))
		return PTR_ERR(folio);

	if (!through_claim(t, pos, pos + want - 1)) {
		copied = 0;
		goto out;
	}
	if (mapping_writably_mapped(mapping))
		flush_dcache_folio(folio);
	copied = copy_folio_from_iter_atomic(folio, at, want, from);
	flush_dcache_folio(folio);

	if (copied == PAGE_SIZE)
		folio_mark_uptodate(folio);
	if (copied || !t->nr) {
		t->bv[t->nr++] = (struct bio_vec){
			.bv_page = folio_page(folio, 0),
			.bv_len = copied,
			.bv_offset = at,
		};
		t->len += copied;
		folio_get(folio);
	}
out:
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

/* Fill as many folios as one WRITE takes, or as can be had now. */
static int through_fill(struct cached_through *t, loff_t pos,
			struct iov_iter *from, size_t max)
{
	ssize_t copied = 0;
	size_t want;

	t->nr = 0;
	t->len = 0;
	t->left = false;
	max = min(max, iov_iter_count(from));
	while (t->len < max && t->nr < t->max) {
		want = min(max - t->len,
			   PAGE_SIZE - offset_in_page(pos + t->len));
		copied = through_copy(t, pos + t->len, want, from);
		if (copied < (ssize_t)want)
			break;
	}
	return t->nr ? 0 : copied;
}

static ssize_t through_send(struct cached_through *t, loff_t pos, u32 flags)
{
	struct fpt_file *ff = fpt_file(t->iocb->ki_filp);
	struct fpt_keep keep = {
		.ff = ff,
		.inode = t->inode,
		.span = &t->span,
	};
	ssize_t err;

	err = fpt_wb_span_turn(t->inode, &t->span);
	if (err)
		return err;

	t->in = (struct fuse_write_in){
		.fh = ff->fh,
		.offset = pos,
		.size = t->len,
		.write_flags = flags,
		.flags = fpt_write_flags(t->iocb),
	};
	t->call = (struct fpt_call){
		.op = FUSE_WRITE,
		.node = ff->node,
		.flags = FPT_CALL_IN_PAGES,
		.pages = { .bv = t->bv, .nr = t->nr, .len = t->len },
	};
	fpt_call_in(&t->call, &t->in, fpt_write_in_len(ff->conn));
	fpt_call_out(&t->call, &t->out, sizeof(t->out));

	err = fpt_call_keep(ff->conn, &t->call, &keep);
	t->left = keep.left;
	if (err)
		return err;
	if (!t->out.size || t->out.size > t->len)
		return -EIO;
	fpt_node_wrote(t->inode, pos + t->out.size);
	return t->out.size;
}

/*
 * Let the folios go; what the server did not take must not be read again. What
 * a killed caller leaves behind sees to both itself.
 */
static void through_drop(struct cached_through *t, loff_t pos, size_t written)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		folio_put(page_folio(t->bv[i].bv_page));
	if (unlikely(t->left))
		return;
	fpt_wb_span_end(t->inode, &t->span);

	if (written < t->len) {
		fpt_attr_stale(t->inode, FPT_STAT_DATA);
		invalidate_inode_pages2_range(t->inode->i_mapping,
					      (pos + written) >> PAGE_SHIFT,
					      (pos + t->len - 1) >> PAGE_SHIFT);
	}
}

/* One WRITE. Return: bytes, 0 to try again, or an error. */
static ssize_t through_one(struct cached_through *t, loff_t pos,
			   struct iov_iter *from, size_t max, u32 flags)
{
	size_t ahead = min(max, iov_iter_count(from));
	ssize_t done;
	int err;

	/* Here may fault what must not fault later. */
	if (unlikely(fault_in_iov_iter_readable(from, ahead) == ahead))
		return -EFAULT;

	err = through_fill(t, pos, from, max);
	if (err)
		return err;

	/* A span without a byte: the memory was taken away once more. */
	done = t->len ? through_send(t, pos, flags) : 0;
	through_drop(t, pos, max_t(ssize_t, done, 0));
	iov_iter_revert(from, t->len - max_t(ssize_t, done, 0));
	return done;
}

/* Pages that one WRITE of a buffered write may have. */
static unsigned int through_max_pages(const struct fpt_conn *conn)
{
	return fpt_has(conn, FPT_F_BIG_WRITES) ? conn->max_pages : 1;
}

static ssize_t through_write(struct cached_through *t, struct kiocb *iocb,
			     struct iov_iter *from)
{
	const struct fpt_conn *conn = fpt_inode_conn(t->inode);
	size_t max = conn->max_write;
	size_t total = 0;
	ssize_t done;
	u32 flags = 0;

	if (fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2) && !capable(CAP_FSETID))
		flags |= FUSE_WRITE_KILL_SUIDGID;

	do {
		done = through_one(t, iocb->ki_pos, from, max, flags);
		if (done < 0)
			break;
		total += done;
		iocb->ki_pos += done;
		if (done < t->len)
			break;
		if (!done && fatal_signal_pending(current)) {
			done = -EINTR;
			break;
		}
		cond_resched();
	} while (iov_iter_count(from));

	return total ? total : done;
}

/* -------- writing to the page cache alone -------- */

/*
 * Before bytes are copied to a locked folio: what the copy leaves of it must be
 * known. Return: 0, an error, or -EAGAIN if a WRITE has to end first.
 */
static int back_prepare(struct file *file, struct folio *folio, size_t at,
			size_t len)
{
	struct inode *inode = folio->mapping->host;
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(inode);
	int err;

	if (folio_test_uptodate(folio) || len == PAGE_SIZE)
		return 0;

	if (pos >= size || (!at && pos + len >= size)) {
		folio_zero_segments(folio, 0, at, at + len, PAGE_SIZE);
		return 0;
	}
	if (!fpt_wb_quiet(inode, pos, pos + PAGE_SIZE - 1))
		return -EAGAIN;
	err = fill_folio(file, folio);
	if (!err)
		folio_mark_uptodate(folio);
	return err;
}

/*
 * To a locked folio that is prepared. Half of one that is not known is none; but
 * @good says how much of the memory was there.
 */
static size_t back_copy(struct folio *folio, size_t at, size_t len,
			struct iov_iter *from, size_t *good)
{
	size_t copied;

	if (mapping_writably_mapped(folio->mapping))
		flush_dcache_folio(folio);
	copied = copy_folio_from_iter_atomic(folio, at, len, from);
	flush_dcache_folio(folio);
	*good = copied;
	if (folio_test_uptodate(folio))
		return copied;
	if (copied < len) {
		iov_iter_revert(from, copied);
		return 0;
	}
	folio_mark_uptodate(folio);
	return copied;
}

/*
 * Within one folio, and no more than @max, which a copy that came short lowers:
 * the next is to get to its end. Return: bytes, 0 to try again, or an error.
 */
static ssize_t back_one(struct kiocb *iocb, struct iov_iter *from, size_t *max)
{
	struct file *file = iocb->ki_filp;
	struct address_space *mapping = file->f_mapping;
	struct inode *inode = mapping->host;
	loff_t pos = iocb->ki_pos;
	size_t at = offset_in_page(pos);
	size_t len = min3(iov_iter_count(from), PAGE_SIZE - at, *max);
	size_t copied = 0, good = 0;
	struct folio *folio;
	int err;

	/* Nobody will ever write it. */
	if (unlikely(fpt_conn_dead(fpt_inode_conn(inode))))
		return -ENOTCONN;
	/* Here may fault what must not fault with the folio locked. */
	if (unlikely(fault_in_iov_iter_readable(from, len) == len))
		return -EFAULT;

	folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT, FGP_WRITEBEGIN,
				    mapping_gfp_mask(mapping));
	if (IS_ERR(folio))
		return PTR_ERR(folio);

	err = back_prepare(file, folio, at, len);
	if (!err)
		copied = back_copy(folio, at, len, from, &good);
	*max = good && !copied ? good : SIZE_MAX;
	if (copied) {
		folio_mark_dirty(folio);
		fpt_node_dirtied(inode, pos + copied);
	}
	folio_unlock(folio);
	folio_put(folio);

	if (err == -EAGAIN)
		err = fpt_wb_wait_killable(inode, pos - at,
					   pos - at + PAGE_SIZE - 1);
	return err ? err : copied;
}

static ssize_t back_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t total = 0, max = SIZE_MAX;
	ssize_t done;

	do {
		done = fpt_wb_admit(inode);
		if (!done)
			done = back_one(iocb, from, &max);
		if (done < 0)
			break;
		total += done;
		iocb->ki_pos += done;
		if (fatal_signal_pending(current)) {
			done = -EINTR;
			break;
		}
		balance_dirty_pages_ratelimited(iocb->ki_filp->f_mapping);
		cond_resched();
	} while (iov_iter_count(from));

	return total ? total : done;
}

/*
 * Where privileges go with a write, the server must see whose it is, and when.
 */
static bool back_is_for(const struct inode *inode)
{
	return fpt_wb_owns(inode) && !(inode->i_mode & (S_ISUID | S_ISGID));
}

/*
 * By the mode as it is now: to the page cache, a write goes without a word to
 * the server, which takes privileges away only where it is told to.
 */
static int back_know_mode(struct kiocb *iocb, struct inode *inode)
{
	if (!fpt_wb_owns(inode) ||
	    !fpt_has(fpt_inode_conn(inode), FPT_F_HANDLE_KILLPRIV_V2))
		return 0;
	return fpt_attr_refresh(inode, iocb->ki_filp, STATX_MODE);
}

/* -------- writing -------- */

/* Inode locked, checks passed. */
static ssize_t cached_write_through(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	const struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);
	loff_t size = i_size_read(inode);
	bool grows = iocb->ki_pos + iov_iter_count(from) > size;
	struct cached_through t;
	unsigned int pages;
	ssize_t done;

	task_io_account_write(iov_iter_count(from));
	t.iocb = iocb;
	t.inode = inode;
	t.bv = t.few;
	t.max = THROUGH_INLINE;

	pages = min_t(size_t, through_max_pages(conn),
		      DIV_ROUND_UP(offset_in_page(iocb->ki_pos) +
				   iov_iter_count(from), PAGE_SIZE));
	if (pages > THROUGH_INLINE) {
		t.bv = kvmalloc_objs(struct bio_vec, pages);
		if (!t.bv)
			return -ENOMEM;
		t.max = pages;
	}
	t.max = min(t.max, through_max_pages(conn));

	if (grows)
		set_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	done = through_write(&t, iocb, from);
	if (grows)
		clear_bit(FPT_N_SIZE_CHANGING, &fn->bits);

	if (t.bv != t.few)
		kvfree(t.bv);
	return done;
}

/* Inode locked, checks passed. */
static ssize_t cached_write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size = i_size_read(inode);
	ssize_t done;

	if (iocb->ki_pos > size)
		fpt_file_zero_tail(inode, size);
	if (back_is_for(inode)) {
		done = back_write(iocb, from);
		/* The handle cannot read what the write leaves of a page. */
		if (done != -EBADF)
			return done;
	}
	return cached_write_through(iocb, from);
}

ssize_t fpt_cached_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done;

	if (iocb->ki_flags & IOCB_DIRECT)
		return fpt_direct_io(iocb, from);

	done = back_know_mode(iocb, inode);
	if (done)
		return done;

	inode_lock(inode);
	done = generic_write_checks(iocb, from);
	if (done > 0) {
		int err = fpt_strip_privs(iocb->ki_filp);

		done = err ? err : cached_write_locked(iocb, from);
	}
	inode_unlock(inode);

	return done > 0 ? generic_write_sync(iocb, done) : done;
}

/* -------- mappings -------- */

/*
 * The last mapping may go without a close that would write the pages. They are
 * copied here, while the file is open for sure.
 */
static void cached_vma_close(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY))
		filemap_fdatawrite(mapping);
}

static vm_fault_t cached_page_mkwrite(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);

	/* Of one that was unmounted by force: no flusher makes room for more. */
	if (unlikely(inode->i_sb->s_bdev &&
		     fpt_conn_dead(fpt_inode_conn(inode))))
		return VM_FAULT_SIGBUS;
	/* Killed; a fault of the kernel's own would only come again. */
	if (unlikely(fpt_wb_admit(inode)))
		return VM_FAULT_SIGBUS;
	fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	return filemap_page_mkwrite(vmf);
}

static const struct vm_operations_struct cached_vm_ops = {
	.close		= cached_vma_close,
	.fault		= filemap_fault,
	.map_pages	= filemap_map_pages,
	.page_mkwrite	= cached_page_mkwrite,
};

int fpt_cached_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* Opened for writing, as only that leaves a mapping so. */
	if (vma->vm_flags & VM_SHARED)
		fpt_wb_add_handle(file_inode(file), fpt_file(file));
	file_accessed(file);
	vma->vm_ops = &cached_vm_ops;
	return 0;
}

const struct address_space_operations fpt_aops = {
	.read_folio	= cached_read_folio,
	.readahead	= cached_readahead,
	.writepages	= fpt_writepages,
	.launder_folio	= fpt_launder_folio,
	.dirty_folio	= filemap_dirty_folio,
	.migrate_folio	= filemap_migrate_folio,
	.bmap		= fpt_file_bmap,
};
