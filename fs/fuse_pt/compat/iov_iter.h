/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that an iov_iter describes. */
#ifndef _FPT_COMPAT_IOV_ITER_H
#define _FPT_COMPAT_IOV_ITER_H

#include <linux/mm.h>
#include <linux/uio.h>

#ifndef FPT_HAVE_IOV_ITER_EXTRACT_PAGES
#define iov_iter_extraction_t	unsigned int

ssize_t iov_iter_extract_pages(struct iov_iter *iter, struct page ***pages,
			       size_t max, unsigned int max_pages,
			       iov_iter_extraction_t flags, size_t *offset);

static inline bool iov_iter_extract_will_pin(const struct iov_iter *iter)
{
	return user_backed_iter(iter);
}
#endif

/* Does a splice read by way of read_iter, which is given the pipe? */
static inline bool fpt_compat_iter_is_pipe(const struct iov_iter *iter)
{
#ifdef FPT_HAVE_FILEMAP_SPLICE_READ
	return false;
#else
	return iov_iter_is_pipe(iter);
#endif
}

#endif /* _FPT_COMPAT_IOV_ITER_H */
