// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbolic links, and the types that have no operations of their own here.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "acl.h"
#include "dir.h"
#include "node.h"
#include "request.h"

/* The target, NUL-terminated; or an ERR_PTR. */
static char *read_target(struct inode *inode)
{
	/* The NUL is ours: servers send the bytes alone. */
	const u32 longest = PATH_MAX - 1;
	struct fpt_call call = {
		.op = FUSE_READLINK,
		.flags = FPT_CALL_OUT_VAR,
		.node = fpt_inode_id(inode),
	};
	char *target;
	ssize_t len;

	target = kmalloc(longest + 1, GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);

	fpt_call_out(&call, target, longest);
	len = fpt_call(fpt_inode_conn(inode), &call);
	/* Nothing, or a name that ends early, leads nowhere. */
	if (!len || (len > 0 && memchr(target, '\0', len)))
		len = -EIO;
	if (len < 0) {
		kfree(target);
		return ERR_PTR(len);
	}
	target[len] = '\0';
	return target;
}

static const char *fpt_get_link(struct dentry *dentry, struct inode *inode,
				struct delayed_call *done)
{
	char *target;

	/* Without a dentry: in a walk that must not sleep. */
	if (!dentry)
		return ERR_PTR(-ECHILD);
	if (fpt_inode_stale(inode))
		return ERR_PTR(-EIO);

	target = read_target(inode);
	fpt_attr_stale(inode, STATX_ATIME);
	if (!IS_ERR(target))
		set_delayed_call(done, kfree_link, target);
	return target;
}

static const struct inode_operations fpt_link_iops = {
	.get_link	= fpt_get_link,
	.getattr	= fpt_getattr,
	.setattr	= fpt_setattr,
	.listxattr	= fpt_listxattr,
};

static const struct inode_operations fpt_special_iops = {
	.permission	= fpt_permission,
	.getattr	= fpt_getattr,
	.setattr	= fpt_setattr,
	.listxattr	= fpt_listxattr,
	FPT_ACL_OPS,
};

void fpt_link_set_ops(struct inode *inode)
{
	inode->i_op = &fpt_link_iops;
	inode_nohighmem(inode);
}

void fpt_special_set_ops(struct inode *inode)
{
	inode->i_op = &fpt_special_iops;
	init_special_inode(inode, inode->i_mode, inode->i_rdev);
}
