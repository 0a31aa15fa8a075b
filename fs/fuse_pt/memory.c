// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: a caller's, or the kernel's, as the segments of a request.
 */
#include "compat/compat.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>
#include "memory.h"

/* Pages taken out of an iterator at a time. */
#define TAKE_PAGES	16

int fpt_memory_init(struct fpt_memory *mem, unsigned int room)
{
	mem->len = 0;
	mem->pinned = false;
	mem->dirty = false;
	mem->nr = 0;
	mem->room = room;
	mem->bv = mem->few;
	if (room > FPT_MEMORY_INLINE) {
		mem->bv = kvmalloc_objs(struct bio_vec, room);
		if (!mem->bv)
			return -ENOMEM;
	}
	return 0;
}

void fpt_memory_exit(struct fpt_memory *mem)
{
	if (mem->bv != mem->few)
		kvfree(mem->bv);
}

static void memory_add(struct fpt_memory *mem, struct page *page,
		       unsigned int offset, unsigned int len)
{
	mem->bv[mem->nr++] = (struct bio_vec){
		.bv_page = page,
		.bv_len = len,
		.bv_offset = offset,
	};
	mem->len += len;
}

/* Kernel memory stays where it is; no page needs a reference. */
static void memory_take_kernel(struct fpt_memory *mem, struct iov_iter *iter,
			       size_t max)
{
	const struct kvec *seg = iter->kvec;
	size_t skip = iter->iov_offset;
	const void *at;
	size_t len;

	/* empty segments may come first */
	for (; skip == seg->iov_len; seg++)
		skip = 0;
	at = seg->iov_base + skip;
	/* The iterator may have been cut off within the segment. */
	max = min(max, iov_iter_count(iter));
	len = min3(max, seg->iov_len - skip,
		   (size_t)(PAGE_SIZE - offset_in_page(at)));
	memory_add(mem, virt_addr_valid(at) ? virt_to_page(at) :
		   vmalloc_to_page(at), offset_in_page(at), len);
	iov_iter_advance(iter, len);
}

static ssize_t memory_take_pages(struct fpt_memory *mem, struct iov_iter *iter,
				 size_t max)
{
	struct page *pages[TAKE_PAGES], **into = pages;
	unsigned int i, n;
	size_t offset;
	ssize_t got, left;

	got = iov_iter_extract_pages(iter, &into, max,
				     min_t(unsigned int, mem->room - mem->nr,
					   TAKE_PAGES), 0, &offset);
	for (i = 0, left = got; left > 0; i++, left -= n, offset = 0) {
		n = min_t(size_t, left, PAGE_SIZE - offset);
		memory_add(mem, pages[i], offset, n);
	}
	return got;
}

int fpt_memory_take(struct fpt_memory *mem, struct iov_iter *iter, size_t max)
{
	ssize_t got;

	mem->len = 0;
	mem->nr = 0;
	mem->pinned = iov_iter_extract_will_pin(iter);
	mem->dirty = user_backed_iter(iter) && iov_iter_rw(iter) == READ;
	while (mem->len < max && mem->nr < mem->room && iov_iter_count(iter)) {
		if (iov_iter_is_kvec(iter)) {
			memory_take_kernel(mem, iter, max - mem->len);
			continue;
		}
		got = memory_take_pages(mem, iter, max - mem->len);
		if (got <= 0)
			return mem->len ? 0 : got ?: -EFAULT;
	}
	return 0;
}

void fpt_memory_give_back(struct fpt_memory *mem)
{
	unsigned int i;

	if (!mem->pinned)
		return;
	for (i = 0; i < mem->nr; i++) {
		struct page *page = mem->bv[i].bv_page;

		if (mem->dirty)
			set_page_dirty_lock(page);
		unpin_user_page(page);
	}
}
