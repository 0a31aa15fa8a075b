// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: write_cache_pages() calls back with folios. */
#include <linux/writeback.h>

static int probe_one(struct folio *folio, struct writeback_control *wbc,
		     void *data)
{
	return 0;
}

static inline int probe(struct address_space *mapping,
			struct writeback_control *wbc)
{
	return write_cache_pages(mapping, wbc, probe_one, NULL);
}
