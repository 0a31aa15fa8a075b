/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backing files: the table of files a server registered for passthrough.
 */
#ifndef FPT_BACKING_H
#define FPT_BACKING_H

#include <linux/fs.h>
#include <linux/refcount.h>
#include <linux/xarray.h>

struct cred;
struct file;
struct fpt_backings;
struct fpt_conn;
struct fpt_grant;
struct fuse_backing_map;
struct seq_file;

/**
 * struct fpt_backing - a registered backing file
 * @refs: one until its id is closed, one per inode in passthrough on it, one per
 *	open through it; out of the table and freed by RCU after the last. Who
 *	holds one holds one on the connection
 * @opens: live opens through it
 * @id: its place in the table
 * @closed: its id names nothing any more, but it is still in use; under the
 *	table's lock, read locklessly
 * @table: the connection's
 * @file: what was registered, referenced
 * @grant: by what right it was registered: NULL for CAP_SYS_ADMIN, else an open
 *	gets no more access than @file has
 * @append: with @grant, @file was open for appending
 * @cred: credentials of the task that registered it, referenced; all I/O runs
 *	with them
 * @flags: FUSE_PT_BACKING_*, what else may be done to it unasked
 * @rcu: for the look-up under RCU
 */
struct fpt_backing {
	refcount_t		refs;
	atomic_t		opens;
	u32			id;
	bool			closed;
	struct fpt_backings	*table;
	struct file		*file;
	struct fpt_grant	*grant;
	bool			append;
	const struct cred	*cred;
	u32			flags;
	struct rcu_head		rcu;
};

/**
 * struct fpt_backings - a connection's table
 * @ids: id to struct fpt_backing, for as long as that is in use: whatever keeps
 *	a lower file busy can be seen. The ids there are (INT_MAX) are the limit;
 *	the memory behind an entry is charged to who registered it
 * @next: where to look for a free id: they go round, so that one just closed
 *	is not soon mistaken for another
 * @nr: entries
 */
struct fpt_backings {
	struct xarray	ids;
	u32		next;
	atomic_t	nr;
};

void fpt_backings_init(struct fpt_backings *b);

/**
 * fpt_backings_destroy() - close every id
 *
 * For the end of a connection. It may be called any number of times; once the
 * connection is dead no entry can be added. Inodes keep the backing file that
 * they are in passthrough on.
 */
void fpt_backings_destroy(struct fpt_backings *b);

/**
 * fpt_backing_open() - FUSE_DEV_IOC_BACKING_OPEN
 * @conn: connection
 * @map: what the server sent
 *
 * Refusals are as those of Linux, but for a file without iterator operations,
 * which Linux finds out at the first read. The log says why, at debug level.
 *
 * Return: id > 0; -EPERM without the right (CAP_SYS_ADMIN, or see grant.h) or
 * without the negotiated feature; -EMFILE for a user that has too many; -EINVAL
 * for a non-zero reserved field, an unknown flag or something that is neither
 * file nor directory; -EBADF, for O_PATH too by a grant; -EISDIR, but with
 * FUSE_PT_BACKING_FSYNC and nothing else, for binding a directory; -EOPNOTSUPP
 * for a file that cannot be read by iterators, or of hugetlbfs; -ELOOP for too
 * deep stacking, this mount itself included; -ENOSPC when all ids are taken;
 * -ENOTCONN; -ENOMEM.
 */
int fpt_backing_open(struct fpt_conn *conn, const struct fuse_backing_map *map);

/**
 * fpt_backing_close() - FUSE_DEV_IOC_BACKING_CLOSE
 * @conn: connection
 * @id: from fpt_backing_open()
 *
 * May be called as soon as the replies that name @id were written: opens keep
 * what they need.
 *
 * Return: 0, -EPERM as above, -EINVAL for an @id <= 0, -ENOENT.
 */
int fpt_backing_close(struct fpt_conn *conn, int id);

/**
 * fpt_backing_find() - what an id names
 * Return: referenced, or NULL.
 */
struct fpt_backing *fpt_backing_find(struct fpt_conn *conn, int id);
struct fpt_backing *fpt_backing_get(struct fpt_backing *fb);

/* Do both name the same file? */
static inline bool fpt_backing_same(const struct fpt_backing *a,
				    const struct fpt_backing *b)
{
	return a == b || file_inode(a->file) == file_inode(b->file);
}

void fpt_backing_put(struct fpt_backing *fb);

/**
 * fpt_backing_from() - the first backing file whose id is at least @id
 * Those of closed ids are found too. Return: referenced, or NULL.
 */
struct fpt_backing *fpt_backing_from(struct fpt_backings *b, unsigned long id);

/**
 * fpt_backing_show() - one line about @fb, ids and paths as the reader has them
 *
 * Words "name=value": id; state (open, or closed when only what is in use is
 * left of it); opens; uid of who registered it; access that opens get: any, or
 * letters of r, w and a, the last for appending only; dev and ino of the file;
 * mount, where its mount is, and path, where it is. Blanks, tabs, newlines and
 * backslashes of paths are octal escapes.
 */
void fpt_backing_show(struct seq_file *m, const struct fpt_backing *fb);

/* For /proc/PID/fdinfo of a device: their number, and lines of the first. */
void fpt_backings_fdinfo(struct seq_file *m, struct fpt_backings *b);

#endif
