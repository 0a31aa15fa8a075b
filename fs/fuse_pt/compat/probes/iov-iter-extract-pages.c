// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: iov_iter_extract_pages() pins user memory. */
#include <linux/uio.h>

static inline ssize_t probe(struct iov_iter *iter, struct page ***pages,
			    size_t *offset)
{
	return iov_iter_extract_pages(iter, pages, 1, 1, 0, offset);
}
