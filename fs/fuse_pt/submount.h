/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Submounts: directories that the server marks as the root of another file
 * system of its own. Each gets a superblock, and so an st_dev, beneath the one
 * that was mounted; the connection is the same.
 */
#ifndef FPT_SUBMOUNT_H
#define FPT_SUBMOUNT_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <linux/fuse_pt_protocol.h>
#include "conn.h"

struct fs_context;
struct path;
struct vfsmount;

/**
 * struct fpt_submount - the superblock of a submount
 *
 * Lives as long as the superblock. It keeps the superblock of its mountpoint,
 * and that its own, up to the one that INIT was sent for: so the connection
 * ends with that one as ever, and what all share (the bdi) is there.
 *
 * @link: in fpt_conn.submounts
 * @sb: superblock
 * @mountpoint: the directory that was marked, referenced: the lookups of it
 *	that the server counts are the root's, too
 * @users: notifications that look at @sb; under fpt_conn.submounts_lock
 * @dying: no further ones do; under the same lock
 * @work: lets go of the superblock of a mountpoint in a submount, so that as
 *	deep as they are nested, none of them ends within another one's end
 */
struct fpt_submount {
	struct list_head	link;
	struct super_block	*sb;
	struct inode		*mountpoint;
	unsigned int		users;
	bool			dying;
	struct work_struct	work;
};

/* Does a reply with these attributes mark a submount? */
static inline bool fpt_marks_submount(const struct fpt_conn *conn,
				      const struct fuse_attr *attr)
{
	return unlikely(attr->flags & FUSE_ATTR_SUBMOUNT) &&
	       S_ISDIR(attr->mode) && fpt_has(conn, FPT_F_SUBMOUNTS);
}

/* d_op->d_automount: a mount of the superblock for a marked directory */
struct vfsmount *fpt_automount(struct path *path);

/* init_fs_context() for it */
int fpt_submount_init_context(struct fs_context *fsc);

/**
 * fpt_submount_of() - what @sb is as a submount
 * Return: valid as long as @sb; NULL for one that was mounted.
 */
struct fpt_submount *fpt_submount_of(struct super_block *sb);

/* kill_sb() for it */
void fpt_submount_kill(struct fpt_submount *sub);

/**
 * fpt_submount_next() - one after the other, each kept while it is looked at
 * @sub: the last one, let go here; NULL in the beginning
 * Return: NULL at the end.
 */
struct fpt_submount *fpt_submount_next(struct fpt_conn *conn,
				       struct fpt_submount *sub);

/* Let go of the one that was looked at last. */
void fpt_submount_put(struct fpt_conn *conn, struct fpt_submount *sub);

/**
 * fpt_submount_hold() - @inode outlives the last use of its file
 *
 * Umount of what was mounted ends the connection, and so every request; umount
 * of a submount does not. What is in flight then keeps the superblock.
 * For who is sure of it by an open file. Return: whether it was a submount's,
 * for fpt_submount_let_go(), which may wait for servers, after iput().
 */
bool fpt_submount_hold(struct inode *inode);

/**
 * fpt_submount_try_hold() - the same for who is not sure
 * @holds_sb: what fpt_submount_hold() returns
 * Return: false if the superblock is at its end; nothing is held then.
 */
bool fpt_submount_try_hold(struct inode *inode, bool *holds_sb);
void fpt_submount_let_go(struct super_block *sb);

/* Have work done that may end in fpt_submount_let_go(). */
void fpt_submount_queue(struct work_struct *work);

int fpt_submount_init(void);
void fpt_submount_exit(void);

#endif
