// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: folios are replaced in the page cache, not pages. */
#include <linux/pagemap.h>

static inline void probe(struct folio *old, struct folio *new)
{
	replace_page_cache_folio(old, new);
}
