// SPDX-License-Identifier: GPL-2.0-only
/* 6.6: fgf_t; by then __filemap_get_folio() fails with an ERR_PTR. */
#include <linux/pagemap.h>

static inline struct folio *probe(struct address_space *mapping, fgf_t flags)
{
	return __filemap_get_folio(mapping, 0, flags, GFP_KERNEL);
}
