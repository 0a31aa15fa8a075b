// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: folio_end_read() ends a read in one atomic operation. */
#include <linux/pagemap.h>

static inline void probe(struct folio *folio)
{
	folio_end_read(folio, true);
}
