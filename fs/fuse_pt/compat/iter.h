/* SPDX-License-Identifier: GPL-2.0-only */
/* Iterators: the pages behind them. */
#ifndef _FPT_COMPAT_ITER_H
#define _FPT_COMPAT_ITER_H

#include <linux/types.h>
#include <linux/uio.h>

struct page;

#ifndef FPT_HAVE_IOV_ITER_EXTRACT_PAGES
#define iov_iter_extraction_t	unsigned int

static inline bool iov_iter_extract_will_pin(const struct iov_iter *iter)
{
	return user_backed_iter(iter);
}

ssize_t iov_iter_extract_pages(struct iov_iter *iter, struct page ***pages,
			       size_t max_len, unsigned int max_pages,
			       iov_iter_extraction_t flags, size_t *offset);
#endif

#endif /* _FPT_COMPAT_ITER_H */
