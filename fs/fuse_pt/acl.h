/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POSIX ACLs: attributes of the server's that the kernel takes part in.
 *
 * With FUSE_POSIX_ACL the kernel decides by them (the server gets
 * default_permissions) and keeps them in the inode for as long as attributes.
 * Without it they are values like any other: the server alone knows what they
 * mean, and nothing of them is kept.
 */
#ifndef FPT_ACL_H
#define FPT_ACL_H

#include <linux/fs.h>

struct posix_acl;

/* Attribute names that stand for an ACL. */
bool fpt_acl_is_name(const char *name);

/**
 * fpt_acl_refused() - are ACLs not even values here?
 * Their ids would have to be translated for a mount of another user namespace,
 * which only a server that knows of ACLs agreed to. Waits for INIT.
 */
bool fpt_acl_refused(const struct inode *inode);

/**
 * fpt_acl_start() - what a new inode remembers of ACLs; also once the feature
 * is agreed on, for an inode that is older than that
 */
void fpt_acl_start(struct inode *inode);

/* The ACLs may be others now. */
void fpt_acl_forget(struct inode *inode);

/**
 * fpt_acl_store() - have the server set an ACL, or with %NULL remove it
 * @type: ACL_TYPE_ACCESS or ACL_TYPE_DEFAULT
 * Return: 0, or a negative errno.
 */
int fpt_acl_store(struct mnt_idmap *idmap, struct inode *inode,
		  struct posix_acl *acl, int type);

/* Inode operations; 7.3 signatures. */
struct posix_acl *fpt_get_inode_acl(struct inode *inode, int type, bool rcu);
struct posix_acl *fpt_get_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			      int type);
int fpt_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
		struct posix_acl *acl, int type);

#endif
