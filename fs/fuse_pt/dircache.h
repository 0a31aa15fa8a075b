/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cached listings (FOPEN_CACHE_DIR): what READDIR answered, in the directory's
 * page cache, for the next who lists it.
 */
#ifndef FPT_DIRCACHE_H
#define FPT_DIRCACHE_H

#include <linux/mutex.h>
#include <linux/types.h>

struct dir_context;
struct file;
struct folio;
struct fuse_dirent;
struct inode;

/**
 * struct fpt_dircache - the listing of a directory, part of its node
 * @fill: held while entries are appended, never while a server is asked;
 *	outside the node's lock
 * @version: of the listing; another one once it was dropped
 * @size: bytes of entries
 * @next: directory offset behind the last of them
 * @mtime: of the directory when the first was asked for
 * @epoch: the connection's names_epoch at that time
 * @complete: nothing comes behind the last
 *
 * All but @fill are guarded by the node's lock.
 */
struct fpt_dircache {
	struct mutex		fill;	/* see above */
	u64			version;
	u64			size;
	loff_t			next;
	struct timespec64	mtime;
	int			epoch;
	bool			complete;
};

/**
 * struct fpt_dirpos - where an open directory is in the listing
 * @version: of the listing, or of one that is gone
 * @pos: directory offset
 * @at: byte in the listing where that is
 */
struct fpt_dirpos {
	u64	version;
	loff_t	pos;
	u64	at;
};

/**
 * struct fpt_dirfill - entries being appended
 * @dir: directory
 * @version: that they belong to
 * @at: bytes in the listing, those appended included
 * @next: directory offset behind the last
 * @folio: locked, the one that @at is in; or %NULL
 */
struct fpt_dirfill {
	struct inode	*dir;
	u64		version;
	u64		at;
	loff_t		next;
	struct folio	*folio;
};

void fpt_dircache_init(struct fpt_dircache *cache);
void fpt_dircache_destroy(struct fpt_dircache *cache);

/**
 * fpt_dircache_drop() - the names may be others now
 * May be called wherever the server may be waited for, also by itself.
 */
void fpt_dircache_drop(struct inode *dir);

/**
 * fpt_dircache_read() - list as much as is known
 * @version: set for fpt_dircache_begin(), should the server be asked next
 *
 * Return: 1 if that is all there is or that the caller takes, 0 if the server
 * has to be asked for what is at @ctx->pos; or a negative errno.
 */
int fpt_dircache_read(struct file *file, struct dir_context *ctx, u64 *version);

/**
 * fpt_dircache_begin() - append what the server listed from @pos on
 * @version: from fpt_dircache_read(), before it was asked
 * Return: true, then fpt_dircache_end() has to come; false if it does not belong
 * behind what there is.
 */
bool fpt_dircache_begin(struct fpt_dirfill *fill, struct inode *dir,
			u64 version, loff_t pos);

/*
 * One more, with the first @namelen bytes of its name; false if it cannot be
 * kept, or the listing is gone.
 */
bool fpt_dircache_add(struct fpt_dirfill *fill, const struct fuse_dirent *d,
		      u32 namelen);

/* @complete: that was the last of all. */
void fpt_dircache_end(struct fpt_dirfill *fill, bool complete);

#endif
