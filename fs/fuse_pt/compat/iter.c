// SPDX-License-Identifier: GPL-2.0-only
/* Iterators: taking pages out of them, on kernels that only hand out references. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/uio.h>

#ifndef FPT_HAVE_IOV_ITER_EXTRACT_PAGES
/* The memory at the head of a user's iterator that lies in one piece. */
static unsigned long fpt_iter_user_head(const struct iov_iter *iter,
					size_t *len)
{
	const struct iovec *seg = iter->iov;
	size_t skip = iter->iov_offset;

	*len = min_t(size_t, *len, iter->count);
	if (iter_is_ubuf(iter))
		return (unsigned long)iter->ubuf + skip;

	/* empty segments may come first */
	for (; skip == seg->iov_len; seg++)
		skip = 0;
	*len = min_t(size_t, *len, seg->iov_len - skip);
	return (unsigned long)seg->iov_base + skip;
}

static ssize_t fpt_iter_pin_user(struct iov_iter *iter, struct page **pages,
				 size_t len, unsigned int max_pages,
				 size_t *offset)
{
	unsigned long addr = fpt_iter_user_head(iter, &len);
	unsigned int flags = 0;
	unsigned int nr;
	int got;

	*offset = offset_in_page(addr);
	nr = min_t(size_t, max_pages, DIV_ROUND_UP(*offset + len, PAGE_SIZE));
	if (iov_iter_rw(iter) == READ)
		flags |= FOLL_WRITE;
	if (iter->nofault)
		flags |= FOLL_NOFAULT;
	got = pin_user_pages_fast(addr - *offset, nr, flags, pages);
	if (got <= 0)
		return got;

	len = min_t(size_t, len, got * PAGE_SIZE - *offset);
	iov_iter_advance(iter, len);
	return len;
}

/**
 * iov_iter_extract_pages() - the next pages of an iterator
 * @iter: iterator; is advanced
 * @pages: array of at least @max_pages
 * @max_len: bytes at most
 * @max_pages: pages at most
 * @flags: none is known
 * @offset: where the first byte lies in the first page
 *
 * A user's pages are pinned. Others stay where they are as long as who made
 * the iterator has not finished.
 *
 * Return: bytes, or a negative errno
 */
ssize_t iov_iter_extract_pages(struct iov_iter *iter, struct page ***pages,
			       size_t max_len, unsigned int max_pages,
			       iov_iter_extraction_t flags, size_t *offset)
{
	unsigned int i;
	ssize_t len;

	if (!iov_iter_count(iter))
		return 0;
	if (user_backed_iter(iter))
		return fpt_iter_pin_user(iter, *pages, max_len, max_pages,
					 offset);

	len = iov_iter_get_pages2(iter, *pages, max_len, max_pages, offset);
	for (i = 0; len > 0 && i < DIV_ROUND_UP(*offset + len, PAGE_SIZE); i++)
		put_page((*pages)[i]);
	return len;
}
#endif
