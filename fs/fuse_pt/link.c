// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbolic links, and the types that have no operations of their own here.
 *
 * With FUSE_CACHE_SYMLINKS the target is kept in the link's page cache until
 * the server takes it back. It gets there when it is known: no folio is locked
 * while the server is asked.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "acl.h"
#include "dir.h"
#include "node.h"
#include "request.h"

/* The target, NUL-terminated; or an ERR_PTR. */
static char *read_target(struct inode *inode)
{
	/* The NUL is ours: most servers send the bytes alone. */
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
	if (len < 0) {
		kfree(target);
		return ERR_PTR(len);
	}
	/* What has a NUL ends there, maybe before it began, as in Linux. */
	target[len] = '\0';
	return target;
}

static void put_target(void *folio)
{
	folio_put(folio);
}

/* The target as kept, or %NULL. */
static const char *kept_target(struct inode *inode, struct delayed_call *done)
{
	struct folio *folio = filemap_get_folio(inode->i_mapping, 0);

	if (IS_ERR(folio))
		return NULL;
	if (!folio_test_uptodate(folio)) {
		folio_put(folio);
		return NULL;
	}
	set_delayed_call(done, put_target, folio);
	return folio_address(folio);
}

/*
 * Keep a target that was asked for at @epoch, unless the server took back what
 * it said since: it does so first, and then looks for folios.
 */
static void keep_target(struct inode *inode, const char *target, u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);
	struct folio *folio = filemap_grab_folio(inode->i_mapping, 0);
	bool current_one;

	BUILD_BUG_ON(PATH_MAX > PAGE_SIZE);
	if (IS_ERR(folio))
		return;
	spin_lock(&node->lock);
	current_one = node->attr_epoch < epoch;
	spin_unlock(&node->lock);

	if (current_one && !folio_test_uptodate(folio)) {
		memcpy(folio_address(folio), target, strlen(target) + 1);
		folio_mark_uptodate(folio);
	}
	folio_unlock(folio);
	folio_put(folio);
}

static const char *fpt_get_link(struct dentry *dentry, struct inode *inode,
				struct delayed_call *done)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	bool keep = fpt_has(conn, FPT_F_CACHE_SYMLINKS);
	const char *kept;
	char *target;
	u64 epoch;

	if (fpt_inode_stale(inode))
		return ERR_PTR(-EIO);
	kept = keep ? kept_target(inode, done) : NULL;
	if (kept)
		return kept;
	/* Without a dentry: in a walk that must not sleep. */
	if (!dentry)
		return ERR_PTR(-ECHILD);

	epoch = fpt_attr_epoch(conn);
	target = read_target(inode);
	if (!IS_RDONLY(inode))
		fpt_attr_stale(inode, STATX_ATIME);
	if (IS_ERR(target))
		return target;
	if (keep)
		keep_target(inode, target, epoch);
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
