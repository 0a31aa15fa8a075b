/* SPDX-License-Identifier: GPL-2.0-only */
/* The page cache: finding, filling and copying folios. */
#ifndef _FPT_COMPAT_PAGE_CACHE_H
#define _FPT_COMPAT_PAGE_CACHE_H

#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

#ifdef FPT_HAVE_FOLIO_BATCH_H
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

#ifndef FPT_HAVE_FGF_T
#define fgf_t	int

#ifndef FGP_WRITEBEGIN
#define FGP_WRITEBEGIN	(FGP_LOCK | FGP_WRITE | FGP_CREAT | FGP_STABLE)
#endif

/* Failure is an ERR_PTR since 6.4; before, NULL said nothing of the reason. */
static inline struct folio *
fpt_compat_get_folio(struct address_space *mapping, pgoff_t index, fgf_t flags,
		     gfp_t gfp)
{
	struct folio *folio = __filemap_get_folio(mapping, index, flags, gfp);

	if (folio)
		return folio;
	if (flags & FGP_NOWAIT)
		return ERR_PTR(-EAGAIN);
	return ERR_PTR(flags & FGP_CREAT ? -ENOMEM : -ENOENT);
}

static inline struct folio *fpt_compat_grab_folio(struct address_space *mapping,
						  pgoff_t index)
{
	return fpt_compat_get_folio(mapping, index,
				    FGP_LOCK | FGP_ACCESSED | FGP_CREAT,
				    mapping_gfp_mask(mapping));
}

#define __filemap_get_folio	fpt_compat_get_folio
#define filemap_get_folio(mapping, index)				\
	fpt_compat_get_folio(mapping, index, 0, 0)
#define filemap_lock_folio(mapping, index)				\
	fpt_compat_get_folio(mapping, index, FGP_LOCK, 0)
#define filemap_grab_folio	fpt_compat_grab_folio
#endif

#ifndef FPT_HAVE_REPLACE_PAGE_CACHE_FOLIO
static inline void replace_page_cache_folio(struct folio *old,
					    struct folio *new)
{
	replace_page_cache_page(&old->page, &new->page);
}
#endif

#ifndef FPT_HAVE_FOLIO_END_READ
static inline void folio_end_read(struct folio *folio, bool success)
{
	if (success)
		folio_mark_uptodate(folio);
	folio_unlock(folio);
}
#endif

#ifndef FPT_HAVE_COPY_FOLIO_FROM_ITER_ATOMIC
static inline size_t copy_folio_from_iter_atomic(struct folio *folio,
						 size_t offset, size_t len,
						 struct iov_iter *iter)
{
	size_t done = 0;

	while (done < len) {
		size_t in = offset_in_page(offset + done);
		size_t n = min_t(size_t, len - done, PAGE_SIZE - in);
		struct page *page;
		size_t got;

		page = folio_page(folio, (offset + done) / PAGE_SIZE);
		got = copy_page_from_iter_atomic(page, in, n, iter);
		done += got;
		if (got < n)
			break;
	}
	return done;
}
#endif

#endif /* _FPT_COMPAT_PAGE_CACHE_H */
