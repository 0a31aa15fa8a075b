/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O modes: which data path the opens and users of one regular file share.
 * The table of transitions is at the head of iomode.c.
 */
#ifndef FPT_IOMODE_H
#define FPT_IOMODE_H

#include <linux/bits.h>
#include <linux/types.h>

struct inode;
struct file;
struct fpt_file;
struct fpt_backing;

/* What one open holds in its inode's mode; struct fpt_file.io_held. */
enum fpt_io_hold {
	FPT_HOLD_NONE,
	FPT_HOLD_CACHED,	/* a cached open, or a direct one that was mapped */
	FPT_HOLD_THROUGH,	/* one of the passthrough opens */
	FPT_HOLD_MAPPED,	/* same, and it made a shared writable mapping */
};

/* Stores into a shared mapping of a backing file that no open stands for. */
enum fpt_io_stray {
	FPT_STRAY_NONE,
	FPT_STRAY_ONCE,		/* there were some, the mapping is gone */
	FPT_STRAY_LIVE,		/* the mapping outlived its open */
};

/**
 * struct fpt_iomode - mode of one inode; all under the node's lock
 * @cached: opens that hold FPT_HOLD_CACHED
 * @through: opens that hold FPT_HOLD_THROUGH or FPT_HOLD_MAPPED
 * @writers: those of them that can write
 * @mappers: those of them that hold FPT_HOLD_MAPPED
 * @sharing: parallel direct writes in flight
 * @waiting: cached opens waiting for @sharing to fall to 0; while
 *	there are any, new direct writes run alone, so that they do fall
 * @bound: FPT_BOUND and FUSE_PT_BIND_* of a bound inode, else 0; counts in
 *	@through
 * @stray: enum fpt_io_stray
 * @backing: what the first passthrough open used, referenced while @through
 * @bound_to: with @bound, the binding's backing file, which it references
 * @pulled: epoch of the newest attributes taken from the backing inode
 */
struct fpt_iomode {
	unsigned int		cached;
	unsigned int		through;
	unsigned int		sharing;
	unsigned int		waiting;
	unsigned int		writers;
	unsigned int		mappers;
	u32			bound;
	u8			stray;
	struct fpt_backing	*backing;
	struct fpt_backing	*bound_to;
	u64			pulled;
};

/* Beside FUSE_PT_BIND_* in fpt_iomode.bound */
#define FPT_BOUND	BIT(31)

void fpt_iomode_init(struct fpt_iomode *io);

/**
 * fpt_iomode_open() - choose the data path of a new open and enter its mode
 * @inode: regular file
 * @file: upper file
 * @ff: sets path, io_held, back; ff->open_flags as the server sent
 * @backing_id: from the reply, meaningful with FOPEN_PASSTHROUGH
 *
 * Waits (killably) for parallel direct writes where the new open is cached.
 * Return: 0, -EIO for a forbidden mix (the reason is logged at debug level),
 * -EINTR, or what opening the backing file gave. Nothing is held on failure.
 */
int fpt_iomode_open(struct inode *inode, struct file *file, struct fpt_file *ff,
		    int backing_id);

/**
 * fpt_iomode_open_on() - the same on a backing file that is known
 * @fb: what the inode is bound to; takes over the reference
 */
int fpt_iomode_open_on(struct inode *inode, struct file *file,
		       struct fpt_file *ff, struct fpt_backing *fb);

/* Give up what the open holds; from release, any context that may sleep. */
void fpt_iomode_close(struct inode *inode, struct fpt_file *ff);

/**
 * fpt_iomode_bind() - hold the inode in passthrough on a backing file
 * @inode: regular file
 * @fb: backing file, referenced by the caller until fpt_iomode_unbind()
 * @bound: fpt_iomode.bound from here on
 * Return: NULL, or the rule that forbids it.
 */
const char *fpt_iomode_bind(struct inode *inode, struct fpt_backing *fb,
			    u32 bound);
/* Atomic context will do. */
void fpt_iomode_unbind(struct inode *inode);

/**
 * fpt_iomode_mmap_direct() - a direct file is about to be mapped shared
 * @inode: regular file
 * @ff: its open; holds FPT_HOLD_CACHED from here on
 *
 * Waits for nothing: mmap(2) has the process's memory locked.
 *
 * Return: 0; -ENODEV if the inode is in passthrough mode.
 */
int fpt_iomode_mmap_direct(struct inode *inode, struct fpt_file *ff);

/**
 * fpt_iomode_share_begin() - may this direct write run beside others?
 * @inode: locked shared
 *
 * Return: true: counted, end with fpt_iomode_share_end(). False: take the
 * inode lock exclusively.
 */
bool fpt_iomode_share_begin(struct inode *inode);
void fpt_iomode_share_end(struct inode *inode);

/**
 * fpt_iomode_through() - is the inode in passthrough?
 * @inode: regular file
 *
 * For who put a locked folio into its page cache: who goes to passthrough later
 * than this says no finds the folio, and waits for it.
 */
bool fpt_iomode_through(struct inode *inode);

/**
 * fpt_iomode_backing() - may an inode's backing file be used unasked?
 * @inode: regular file
 * @bit: FUSE_PT_BACKING_*, what for
 *
 * Return: what the inode is in passthrough on, referenced, if the server lets
 * the kernel do @bit; or NULL.
 */
struct fpt_backing *fpt_iomode_backing(struct inode *inode, u32 bit);

/**
 * fpt_iomode_mapped() - this open is about to make a shared mapping of its
 * backing file that may be written through
 * @inode: regular file
 * @ff: passthrough open; holds FPT_HOLD_MAPPED from here on
 *
 * Return: 0; -EPERM if the backing file is sealed against it. No such seal can
 * be added from here on, until the open ends.
 */
int fpt_iomode_mapped(struct inode *inode, struct fpt_file *ff);

/**
 * fpt_iomode_unseen() - can data have changed without a trace on this side?
 * @inode: regular file
 *
 * Stores into a shared mapping of the backing file pass us by, and the mapping
 * may outlive the open that made it. True while an open that made such a
 * mapping lives, or the mapping, and once after: FPT_STAT_DATA then has to be
 * asked for, whatever its lifetime. The answer counts from the call on: ask
 * the server after it. What is said once is stale from then on, should nobody
 * be answered.
 *
 * Where no open is in passthrough any more, the backing file is out of sight:
 * a mapping that lived on counts as living until there is such an open again
 * or the inode is evicted.
 */
bool fpt_iomode_unseen(struct inode *inode);

#endif
