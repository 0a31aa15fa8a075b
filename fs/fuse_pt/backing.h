/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backing files: the table of files a server registered for passthrough.
 */
#ifndef FPT_BACKING_H
#define FPT_BACKING_H

#include <linux/idr.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

struct cred;
struct file;
struct fpt_conn;
struct fuse_backing_map;

/**
 * struct fpt_backing - a registered backing file
 * @refs: one for the table entry, one per inode in passthrough on it; freed by
 *	RCU after the last
 * @file: what was registered, referenced
 * @cred: credentials of the task that registered it, referenced; all I/O runs
 *	with them
 */
struct fpt_backing {
	refcount_t		refs;
	struct file		*file;
	const struct cred	*cred;
	struct rcu_head		rcu;
};

/**
 * struct fpt_backings - a connection's table
 * @ids: id to struct fpt_backing; look-ups under RCU, changes under @lock
 */
struct fpt_backings {
	struct idr	ids;
	spinlock_t	lock;
};

void fpt_backings_init(struct fpt_backings *b);
/* Drops every entry; from the connection's end. */
void fpt_backings_destroy(struct fpt_backings *b);

/**
 * fpt_backing_open() - FUSE_DEV_IOC_BACKING_OPEN
 * Return: id > 0; -EPERM without CAP_SYS_ADMIN or without the negotiated
 * feature; -EINVAL for a non-zero reserved field or unknown flag; -EBADF;
 * -EOPNOTSUPP for a file that cannot be read or written by iterators or is
 * not a regular file; -ELOOP for too deep stacking.
 */
int fpt_backing_open(struct fpt_conn *conn, const struct fuse_backing_map *map);
/* FUSE_DEV_IOC_BACKING_CLOSE. Return: 0, -ENOENT, -EPERM, -EINVAL. */
int fpt_backing_close(struct fpt_conn *conn, int id);

/* Reference on what @id names, or NULL. */
struct fpt_backing *fpt_backing_find(struct fpt_conn *conn, int id);
struct fpt_backing *fpt_backing_get(struct fpt_backing *fb);
void fpt_backing_put(struct fpt_backing *fb);

#endif
