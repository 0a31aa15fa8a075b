// SPDX-License-Identifier: GPL-2.0-only
/* Walking a file's dirty folios, by what the kernel has for it. */
#include "compat.h"

#if !defined(FPT_HAVE_WRITEBACK_ITER) && !defined(FPT_HAVE_WRITE_CACHE_FOLIO)
struct fpt_page_walk {
	fpt_compat_write_fn	write;
	void			*data;
};

static int fpt_write_page(struct page *page, struct writeback_control *wbc,
			  void *data)
{
	struct fpt_page_walk *walk = data;

	return walk->write(page_folio(page), wbc, walk->data);
}
#endif

/**
 * fpt_compat_write_folios() - write a file's dirty folios
 * @mapping: of the file
 * @wbc: range and mode
 * @write: writes one
 * @data: passed on to @write
 *
 * Return: 0 or the first error
 */
int fpt_compat_write_folios(struct address_space *mapping,
			    struct writeback_control *wbc,
			    fpt_compat_write_fn write, void *data)
{
#if defined(FPT_HAVE_WRITEBACK_ITER)
	struct folio *folio = NULL;
	int error = 0;

	while ((folio = writeback_iter(mapping, wbc, folio, &error)))
		error = write(folio, wbc, data);
	return error;
#elif defined(FPT_HAVE_WRITE_CACHE_FOLIO)
	return write_cache_pages(mapping, wbc, write, data);
#else
	struct fpt_page_walk walk = { .write = write, .data = data };

	return write_cache_pages(mapping, wbc, fpt_write_page, &walk);
#endif
}
