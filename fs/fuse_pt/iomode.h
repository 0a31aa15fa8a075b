/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O modes: which data path the opens and users of one regular file share.
 * The table of transitions is at the head of iomode.c.
 */
#ifndef FPT_IOMODE_H
#define FPT_IOMODE_H

#include <linux/types.h>
#include <linux/wait.h>

struct inode;
struct file;
struct fpt_file;
struct fpt_backing;

/* What one open holds in its inode's mode; struct fpt_file.io_held. */
enum fpt_io_hold {
	FPT_HOLD_NONE,
	FPT_HOLD_CACHED,	/* one of the cached opens (or an mmap of a direct file) */
	FPT_HOLD_THROUGH,	/* one of the passthrough opens */
};

/**
 * struct fpt_iomode - mode of one inode; all under the node's lock
 * @count: > 0 cached opens (or mmapped direct ones); < 0 parallel direct
 *	writes in flight, or -1 per passthrough open while @backing is set
 * @backing: the one backing file of all passthrough opens, referenced while
 *	there is one
 * @wait: cached opens waiting for parallel direct writes to end
 */
struct fpt_iomode {
	int			count;
	struct fpt_backing	*backing;
	wait_queue_head_t	wait;
};

void fpt_iomode_init(struct fpt_iomode *io);

/**
 * fpt_iomode_open() - choose the data path of a new open and enter its mode
 * @inode: regular file
 * @file: upper file
 * @ff: sets path, io_held, back, back_cred; ff->open_flags as the server sent
 * @backing_id: from the reply, meaningful with FOPEN_PASSTHROUGH
 *
 * Waits (killably) for parallel direct writes where the new open is cached.
 * Return: 0, -EIO for a forbidden mix (the reason is logged at debug level),
 * -EINTR, or what opening the backing file gave. Nothing is held on failure.
 */
int fpt_iomode_open(struct inode *inode, struct file *file, struct fpt_file *ff,
		    int backing_id);
/* Give up what the open holds; from release, any context that may sleep. */
void fpt_iomode_close(struct inode *inode, struct fpt_file *ff);

/**
 * fpt_iomode_mmap_direct() - a direct file is about to be mmapped: cached now
 * Waits for parallel direct writes. @ff then holds FPT_HOLD_CACHED.
 * Return: 0; -ENODEV if the inode is in passthrough mode through others; -EINTR.
 */
int fpt_iomode_mmap_direct(struct inode *inode, struct fpt_file *ff);

/**
 * fpt_iomode_share_begin() - may this direct write run beside others?
 * True: counted; end with fpt_iomode_share_end(). False: take the inode lock
 * exclusively. Called with the inode lock held shared.
 */
bool fpt_iomode_share_begin(struct inode *inode);
void fpt_iomode_share_end(struct inode *inode);

/* Is the inode in caching mode: a direct write must invalidate and be alone. */
bool fpt_iomode_cached(struct inode *inode);

#endif
