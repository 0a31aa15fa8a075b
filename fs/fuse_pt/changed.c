// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls change in a node's attributes: noted here, so that a reply that
 * crosses it (attr.c) is not taken for newer.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/fuse_pt.h>
#include "bind.h"
#include "node.h"

/* Node's lock held. Return: did it grow? */
static inline bool note_wrote(struct inode *inode, loff_t end)
{
	struct fpt_node *node = fpt_node(inode);
	u32 mask = FPT_STAT_DATA;
	bool grew;

	/* The write may have cost them, at the server. */
	if (unlikely(inode->i_mode & (S_ISUID | S_ISGID)))
		mask |= STATX_MODE;

	grew = end > inode->i_size;
	if (grew)
		fpt_node_sized(node, end, mask & ~fpt_attr_owned(inode));
	else
		node->stale_mask |= mask & ~fpt_attr_owned(inode);
	node->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
	return grew;
}

bool fpt_node_wrote(struct inode *inode, loff_t end)
{
	struct fpt_node *node = fpt_node(inode);
	bool grew;

	/* First, as in any file system: no size is to be seen without its time. */
	fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	spin_lock(&node->lock);
	grew = note_wrote(inode, end);
	spin_unlock(&node->lock);
	/* Last: who takes the mark away finds what it is about. */
	if (fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR)
		set_bit(FPT_N_ATTR_DIRTY, &node->bits);
	return grew;
}

void fpt_node_stored(struct inode *inode, loff_t end)
{
	struct fpt_node *node = fpt_node(inode);
	bool through;

	if (!READ_ONCE(node->io.through))
		fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	/* One step, or the file goes to passthrough in between. */
	spin_lock(&node->lock);
	through = node->io.through;
	if (!through)
		note_wrote(inode, end);
	spin_unlock(&node->lock);
}

void fpt_node_dirtied(struct inode *inode, loff_t end)
{
	struct fpt_node *node = fpt_node(inode);

	fpt_times_touch(inode, STATX_MTIME | STATX_CTIME);
	if (end > i_size_read(inode)) {
		spin_lock(&node->lock);
		if (end > inode->i_size)
			fpt_node_sized(node, end, 0);
		spin_unlock(&node->lock);
	}
}

void fpt_node_resized(struct inode *inode, loff_t size)
{
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	node->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
	fpt_node_sized(node, size, FPT_STAT_DATA & ~fpt_attr_owned(inode));
	spin_unlock(&node->lock);
}

void fpt_node_unlinked(struct inode *inode)
{
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	/* The server's count is not to be relied on: it may be 0 already. */
	if (S_ISDIR(inode->i_mode))
		clear_nlink(inode);
	else if (inode->i_nlink)
		set_nlink(inode, inode->i_nlink - 1);
	node->stale_mask |= STATX_NLINK | (STATX_CTIME & ~fpt_attr_owned(inode));
	node->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
	spin_unlock(&node->lock);
	fpt_times_touch(inode, STATX_CTIME);
}
