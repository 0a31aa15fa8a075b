// SPDX-License-Identifier: GPL-2.0-only
/*
 * Privileges of a file that a write takes away: setuid, setgid, and the
 * attribute security.capability.
 *
 * Whether a file has capabilities only the server knows. Its "none" is kept
 * for as long as the attributes it granted last, from the moment it was given,
 * so that writes do not ask again and again; what may give a file capabilities
 * drops it. A change of data cannot, and drops nothing. Of a file that was made
 * just now it is known without asking.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include "file.h"
#include "node.h"
#include "queue.h"

bool fpt_no_caps(const struct inode *inode)
{
	struct fpt_node *node = fpt_node(inode);

	return !fpt_node_past(node, &node->caps_until) ||
	       fpt_op_missing(fpt_inode_conn(inode), FUSE_GETXATTR);
}

/* Under the node's lock. */
static void caps_learn_none(struct fpt_node *node, u64 epoch)
{
	if (epoch > node->caps_epoch)
		node->caps_until = fpt_until(node->attr_life);
}

void fpt_learn_no_caps(struct inode *inode, u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	caps_learn_none(node, epoch);
	spin_unlock(&node->lock);
}

void fpt_made_no_caps(struct inode *inode, const struct fuse_attr *attr,
		      u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);

	if (attr->size || attr->nlink > 1)
		return;
	spin_lock(&node->lock);
	if (*fpt_forget_owed(node->forget) == 1)
		caps_learn_none(node, epoch);
	spin_unlock(&node->lock);
}

void fpt_forget_caps(struct inode *inode)
{
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	node->caps_until = 0;
	node->caps_epoch = fpt_attr_now(fpt_inode_conn(inode));
	spin_unlock(&node->lock);
}

bool fpt_must_strip_privs(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!(inode->i_mode & (S_ISUID | S_ISGID)) &&
	    /* the file system below drops those that are its own */
	    (fpt_file_lets(file, FUSE_PT_BACKING_XATTR) || fpt_no_caps(inode)))
		return false;
	/* A write that the server never sees it cannot strip at either. */
	return fpt_file(file)->path == FPT_PATH_THROUGH ||
	       !fpt_server_strips(fpt_inode_conn(inode));
}

int fpt_strip_privs(struct file *file)
{
	if (likely(!fpt_must_strip_privs(file)))
		return 0;
	return file_remove_privs(file);
}
