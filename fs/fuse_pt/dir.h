/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names: directories, their entries, extended attributes.
 */
#ifndef FPT_DIR_H
#define FPT_DIR_H

#include <linux/fs.h>
#include <linux/xattr.h>
#include <linux/fuse_pt_protocol.h>

/* readdir.c */
extern const struct file_operations fpt_dir_fops;

/**
 * fpt_entry_life() - set how long a dentry may be trusted
 * @life: jiffies from fpt_life(); 0 means ask at every use
 */
void fpt_entry_life(struct dentry *dentry, u64 life);

/* The parent's attributes and listing changed by an operation of ours. */
void fpt_dir_changed(struct inode *dir);

/* dir.c: a late answer that introduced a node: give the lookup back. */
struct fpt_conn;
void fpt_late_entry(struct fpt_conn *conn, u32 op, u64 node, const void *reply,
		    size_t len);

/* xattr.c */
extern const struct xattr_handler *const fpt_xattr_handlers[];
ssize_t fpt_listxattr(struct dentry *dentry, char *list, size_t size);

#endif
