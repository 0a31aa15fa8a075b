/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking a file's dirty folios. */
#ifndef _FPT_COMPAT_WRITEBACK_H
#define _FPT_COMPAT_WRITEBACK_H

#include <linux/pagemap.h>
#include <linux/writeback.h>

/**
 * typedef fpt_compat_write_fn - write one dirty folio
 *
 * Called with the folio locked and no longer dirty; unlocks it. An error ends
 * the walk, but for one that is made for the integrity of data.
 */
typedef int (*fpt_compat_write_fn)(struct folio *folio,
				   struct writeback_control *wbc, void *data);

int fpt_compat_write_folios(struct address_space *mapping,
			    struct writeback_control *wbc,
			    fpt_compat_write_fn write, void *data);

#endif /* _FPT_COMPAT_WRITEBACK_H */
