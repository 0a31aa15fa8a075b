// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: filemap_alloc_folio() takes a memory policy. */
#include <linux/pagemap.h>

static inline struct folio *probe(void)
{
	return filemap_alloc_folio(GFP_KERNEL, 0, NULL);
}
