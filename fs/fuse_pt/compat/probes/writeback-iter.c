// SPDX-License-Identifier: GPL-2.0-only
/* 6.9: writeback_iter() walks the dirty folios. */
#include <linux/writeback.h>

static inline struct folio *probe(struct address_space *mapping,
				  struct writeback_control *wbc, int *error)
{
	return writeback_iter(mapping, wbc, NULL, error);
}
