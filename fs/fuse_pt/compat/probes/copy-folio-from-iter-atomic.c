// SPDX-License-Identifier: GPL-2.0-only
/* 6.10: copy_folio_from_iter_atomic(). */
#include <linux/uio.h>

static inline size_t probe(struct folio *folio, struct iov_iter *iter)
{
	return copy_folio_from_iter_atomic(folio, 0, 1, iter);
}
