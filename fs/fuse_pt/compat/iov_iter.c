// SPDX-License-Identifier: GPL-2.0-only
/* Pages behind an iov_iter, on kernels that only hand out references. */
#include "compat.h"

#ifndef FPT_HAVE_IOV_ITER_EXTRACT_PAGES
/* The first piece of user memory that is not empty; its length in @len. */
static unsigned long first_user_piece(const struct iov_iter *iter, size_t *len)
{
	const struct iovec *seg = iter->iov;
	size_t skip = iter->iov_offset;

	if (iter_is_ubuf(iter)) {
		*len = iov_iter_count(iter);
		return (unsigned long)iter->ubuf + skip;
	}

	for (; skip == seg->iov_len; seg++)
		skip = 0;
	*len = min(seg->iov_len - skip, iov_iter_count(iter));
	return (unsigned long)seg->iov_base + skip;
}

static ssize_t pin_user_piece(struct iov_iter *iter, struct page **pages,
			      size_t max, unsigned int max_pages,
			      size_t *offset)
{
	unsigned int gup = iov_iter_rw(iter) == READ ? FOLL_WRITE : 0;
	unsigned long addr;
	unsigned int nr;
	size_t len;
	int pinned;

	if (iter->nofault)
		gup |= FOLL_NOFAULT;

	addr = first_user_piece(iter, &len);
	len = min(len, max);
	*offset = offset_in_page(addr);
	nr = min_t(size_t, DIV_ROUND_UP(*offset + len, PAGE_SIZE), max_pages);

	pinned = pin_user_pages_fast(addr & PAGE_MASK, nr, gup, pages);
	if (pinned <= 0)
		return pinned;
	return min(len, pinned * PAGE_SIZE - *offset);
}

static ssize_t take_bvec_page(const struct iov_iter *iter, struct page **pages,
			      size_t max, size_t *offset)
{
	const struct bio_vec *seg = iter->bvec;
	size_t skip = iter->iov_offset;
	size_t at;

	for (; skip == seg->bv_len; seg++)
		skip = 0;
	at = seg->bv_offset + skip;
	*pages = nth_page(seg->bv_page, at / PAGE_SIZE);
	*offset = offset_in_page(at);
	return min3(max, seg->bv_len - skip, PAGE_SIZE - *offset);
}

/**
 * iov_iter_extract_pages() - take the next pages of an iterator
 * @iter: user memory or bio_vecs; moved on
 * @pages: array to be filled, not NULL here
 * @max: most bytes
 * @max_pages: room in the array
 * @flags: none is known here
 * @offset: where the data begins in the first page
 *
 * User pages are pinned and to be given back by unpin_user_page(), see
 * iov_iter_extract_will_pin(). Others are neither pinned nor referenced.
 *
 * Return: bytes, less than asked for where the memory is in pieces; or an error
 */
ssize_t iov_iter_extract_pages(struct iov_iter *iter, struct page ***pages,
			       size_t max, unsigned int max_pages,
			       iov_iter_extraction_t flags, size_t *offset)
{
	ssize_t got;

	max = min3(max, iov_iter_count(iter), (size_t)MAX_RW_COUNT);
	if (!max || !max_pages)
		return 0;

	if (user_backed_iter(iter))
		got = pin_user_piece(iter, *pages, max, max_pages, offset);
	else if (iov_iter_is_bvec(iter))
		got = take_bvec_page(iter, *pages, max, offset);
	else
		return -EFAULT;

	if (got > 0)
		iov_iter_advance(iter, got);
	return got;
}
#endif
