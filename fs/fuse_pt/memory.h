/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory: a caller's, or the kernel's, as the segments of a request.
 */
#ifndef _FPT_MEMORY_H
#define _FPT_MEMORY_H

#include <linux/bvec.h>
#include <linux/types.h>

struct iov_iter;

/* Segments that need no memory of their own. */
#define FPT_MEMORY_INLINE	8

/**
 * struct fpt_memory - the next bytes of an iterator, a page or less a segment
 *
 * Lifetime: its user's, from fpt_memory_init() to fpt_memory_exit(); the pages
 * from fpt_memory_take() to fpt_memory_give_back().
 *
 * @len: bytes
 * @pinned: pages have to be given back
 * @dirty: pages of the caller's that are read into
 * @nr: segments
 * @room: segments that @bv has room for
 * @bv: the segments
 * @few: @bv where these are enough
 */
struct fpt_memory {
	size_t		len;
	bool		pinned;
	bool		dirty;
	unsigned int	nr;
	unsigned int	room;
	struct bio_vec	*bv;
	struct bio_vec	few[FPT_MEMORY_INLINE];
};

/**
 * fpt_memory_init() - with room for @room segments
 * Return: 0 or -ENOMEM.
 */
int fpt_memory_init(struct fpt_memory *mem, unsigned int room);
void fpt_memory_exit(struct fpt_memory *mem);

/**
 * fpt_memory_take() - take and advance over up to @max bytes of @iter
 *
 * May fault pages in. Can be called once more after fpt_memory_give_back().
 * Return: 0 with one byte at least, or a negative errno.
 */
int fpt_memory_take(struct fpt_memory *mem, struct iov_iter *iter, size_t max);

/* The request ended: unpin, and say that the pages changed if they did. */
void fpt_memory_give_back(struct fpt_memory *mem);

#endif
