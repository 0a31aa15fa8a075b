// SPDX-License-Identifier: GPL-2.0-only
/* 6.6: memcpy_from_folio() and memcpy_to_folio(). */
#include <linux/highmem.h>

static inline void probe(struct folio *folio, char *buf)
{
	memcpy_from_folio(buf, folio, 0, 1);
	memcpy_to_folio(folio, 0, buf, 1);
}
