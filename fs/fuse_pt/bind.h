/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bindings: node ids that a server tied to backing files, so that opening and
 * closing those inodes is nobody's business but the kernel's. What a server may
 * rely on is in <linux/fuse_pt.h>.
 */
#ifndef FPT_BIND_H
#define FPT_BIND_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct file;
struct fpt_backing;
struct fpt_bind;
struct fpt_conn;
struct fuse_pt_bind;
struct iattr;
struct inode;
struct kstat;
struct mnt_idmap;

/**
 * struct fpt_binds - a connection's bindings
 * @lock: guards the tree and what hangs in it; outside a node's lock
 * @tree: struct fpt_bind by node id
 * @waiting: those among them whose inode is not there yet
 */
struct fpt_binds {
	spinlock_t	lock;	/* see above */
	struct rb_root	tree;
	unsigned int	waiting;
};

void fpt_binds_init(struct fpt_binds *binds);

/**
 * fpt_binds_destroy() - end every binding
 *
 * For the end of a connection; as fpt_backings_destroy().
 */
void fpt_binds_destroy(struct fpt_conn *conn);

/**
 * fpt_bind() - FUSE_PT_DEV_IOC_BIND
 * @conn: connection
 * @args: what the server sent
 *
 * Does not wait for the server. Return: 0, or an error as <linux/fuse_pt.h>
 * says; the log says why, at debug level.
 */
int fpt_bind(struct fpt_conn *conn, const struct fuse_pt_bind *args);

/* fpt_unbind() - FUSE_PT_DEV_IOC_UNBIND. Return: 0, -EPERM or -ENOENT. */
int fpt_unbind(struct fpt_conn *conn, u64 node);

/* The inode was born: take the binding that waits for it, if there is one. */
void fpt_bind_born(struct inode *inode);

/* The inode goes, or is of no use any more: so does its binding. */
void fpt_bind_end(struct inode *inode);

/* The server is about to read that @node is forgotten. Knows no inode. */
void fpt_bind_forgotten(struct fpt_conn *conn, u64 node);

/**
 * fpt_bind_backing() - what a bound inode is bound to
 * @inode: regular file or directory
 * @flags: set to what fpt_bound() says of it, 0 for directories; or NULL
 * Return: referenced; or NULL, if it is not or no longer bound.
 */
struct fpt_backing *fpt_bind_backing(struct inode *inode, u32 *flags);

/* Is @node bound with FUSE_PT_BIND_NO_HANDLE, its inode there or not? */
bool fpt_bind_no_handle(struct fpt_conn *conn, u64 node);

/**
 * fpt_bind_pull() - ask the backing inode for its attributes
 * @inode: bound inode
 * @flags: AT_STATX_SYNC_TYPE of the caller
 * @told: set to what it says; or NULL
 *
 * Takes those that fpt_bound_stat() names. Return: 0; -ENODATA if the inode is
 * no longer bound; or the error of the file system below.
 */
int fpt_bind_pull(struct inode *inode, unsigned int flags, struct kstat *told);
/* The same of @fb: -ENODATA if the inode is not or no longer bound to that. */
int fpt_bind_pull_from(struct inode *inode, const struct fpt_backing *fb,
		       unsigned int flags, struct kstat *told);

/* -------- bindopen.c -------- */

/**
 * fpt_bind_open() - f_op->open of a bound inode
 *
 * O_TRUNC is yet to come, as SETATTR. Return: 0; -ENOSYS if OPEN has to be sent
 * after all, for the inode is no longer bound, or nothing else will tell whether
 * the caller may; or an error.
 */
int fpt_bind_open(struct inode *inode, struct file *file);

/**
 * fpt_bind_admit() - may the caller open a bound inode?
 * Return: 0; -ENOSYS if only OPEN or OPENDIR will tell; or an error.
 */
int fpt_bind_admit(struct inode *inode, const struct file *file);

/* -------- bindset.c: with FUSE_PT_BIND_SETATTR -------- */

/**
 * fpt_bind_judge() - what attributes are to be set in, if the kernel does it
 *
 * The inode has its attributes, which the caller's right is to be judged by.
 * Return: referenced; NULL if the server has to be asked; or an ERR_PTR.
 */
struct fpt_backing *fpt_bind_judge(struct inode *inode);

/**
 * fpt_bind_setattr() - set attributes of the backing inode, and take them over
 * @idmap: of the mount that @iattr came through
 * @inode: regular file, locked
 * @fb: from fpt_bind_judge()
 * @iattr: as setattr_prepare() left it
 *
 * Who may, was checked. Return: 0 or what the file system below says.
 */
int fpt_bind_setattr(struct mnt_idmap *idmap, struct inode *inode,
		     struct fpt_backing *fb, const struct iattr *iattr);

/* -------- binddir.c: directories -------- */

/**
 * fpt_bind_opendir() - f_op->open of a directory that may be bound
 * Return: 0; -ENODATA if it is not, -ENOSYS if only OPENDIR will tell whether the
 * caller may: then OPENDIR has to be sent; or an error.
 */
int fpt_bind_opendir(struct inode *dir, struct file *file);

/* fsync of a directory. Return: what came of it; -ENODATA if it is not bound. */
int fpt_bind_fsyncdir(struct inode *dir, int datasync);

/* -------- bindattr.c: with FUSE_PT_BIND_WRITE_ATTR -------- */

/*
 * fpt_bind_write_attr() - tell the server what I/O changed, without waiting;
 *	false: the superblock is at its end, and so fpt_bind_last_attr() will
 * fpt_bind_sync_attr() - the same, and wait; nothing if not asked for
 * fpt_bind_last_attr() - the same for an inode that is being evicted; takes
 *	over its FORGET, which may not come first
 */
bool fpt_bind_write_attr(struct inode *inode);
int fpt_bind_sync_attr(struct inode *inode);
void fpt_bind_last_attr(struct inode *inode);

/* fpt_bind_write_attr() of all inodes of @conn: before it ends. */
void fpt_binds_write_attr(struct fpt_conn *conn);

#endif
