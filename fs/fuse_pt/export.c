// SPDX-License-Identifier: GPL-2.0-only
/*
 * Export: handles that find an inode again, for NFS and open_by_handle_at(2).
 *
 * A handle is the node id and the generation, twice where the parent is in it.
 * Ids belong to the server: with FUSE_EXPORT_SUPPORT it finds a node that was
 * forgotten, asked for "." in it, and its parent by ".."; else a handle is good
 * for as long as the inode stays in the cache. With FUSE_NO_EXPORT_SUPPORT an id
 * may be used for another file without a new generation, so none is opened.
 */
#include "compat/compat.h"

#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include "conn.h"
#include "dir.h"
#include "node.h"
#include "super.h"

/* Types that the kernel's own fuse gives its handles, of the same content. */
#define EXPORT_NODE		0x81
#define EXPORT_NODE_PARENT	0x82

/**
 * struct export_node - what names a node in a handle
 * @id_high: upper half of the node id
 * @id_low: its lower half
 * @generation: of the id
 *
 * A handle goes out and comes back as 32-bit words of this machine.
 */
struct export_node {
	u32	id_high;
	u32	id_low;
	u32	generation;
};

#define EXPORT_WORDS	(sizeof(struct export_node) / sizeof(u32))

static void export_fill(struct export_node *node, const struct inode *inode)
{
	u64 id = fpt_inode_id(inode);

	node->id_high = upper_32_bits(id);
	node->id_low = lower_32_bits(id);
	node->generation = inode->i_generation;
}

static int fpt_encode_fh(struct inode *inode, u32 *fh, int *max_len,
			 struct inode *parent)
{
	struct export_node *node = (struct export_node *)fh;
	int most = *max_len;

	*max_len = parent ? 2 * EXPORT_WORDS : EXPORT_WORDS;
	if (most < *max_len)
		return FILEID_INVALID;
	export_fill(&node[0], inode);
	if (!parent)
		return EXPORT_NODE;
	export_fill(&node[1], parent);
	return EXPORT_NODE_PARENT;
}

/* LOOKUP of "." or ".." in a node that need not have an inode. */
static struct inode *export_ask(struct super_block *sb, u64 id,
				const char *name)
{
	struct fpt_conn *conn = sb->s_fs_info;
	const struct qstr dots = QSTR(name);
	struct inode *root = d_inode(sb->s_root);
	struct fuse_entry_out entry;
	u64 epoch;
	int err;

	fpt_conn_settle(conn);
	if (!fpt_has(conn, FPT_F_EXPORT_SUPPORT))
		return ERR_PTR(-ESTALE);

	err = fpt_ask_entry(conn, id, &dots, &entry, &epoch);
	if (err == -ENOENT || (!err && !entry.nodeid))
		return ERR_PTR(-ESTALE);
	if (err)
		return ERR_PTR(err);
	/* No lookup leads to the root: it is there as long as the mount. */
	if (entry.nodeid == FUSE_ROOT_ID)
		return fpt_inode_id(root) == FUSE_ROOT_ID ? igrab(root) :
		       ERR_PTR(-ESTALE);
	/* Seen from below, where a submount begins is no mountpoint. */
	if (entry.nodeid == fpt_inode_id(root))
		entry.attr.flags &= ~FUSE_ATTR_SUBMOUNT;
	return fpt_entry_inode(sb, &entry, epoch);
}

static struct dentry *export_dentry(struct inode *inode)
{
	struct dentry *dentry = d_obtain_alias(inode);

	/* Found by no name so far: one that gets there is to be looked up. */
	if (!IS_ERR(dentry) && IS_ROOT(dentry))
		fpt_entry_expire(dentry);
	return dentry;
}

static struct dentry *export_find(struct super_block *sb,
				  const struct export_node *node)
{
	u64 id = (u64)node->id_high << 32 | node->id_low;
	struct inode *inode;

	if (!id)
		return ERR_PTR(-ESTALE);
	inode = fpt_node_known(sb, id);
	if (!inode)
		inode = export_ask(sb, id, ".");
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	/* Behind a submount's mountpoint is another superblock's root. */
	if (fpt_inode_id(inode) != id || IS_AUTOMOUNT(inode) ||
	    inode->i_generation != node->generation) {
		iput(inode);
		return ERR_PTR(-ESTALE);
	}
	return export_dentry(inode);
}

static struct dentry *fpt_fh_to_dentry(struct super_block *sb, struct fid *fid,
				       int words, int type)
{
	const struct export_node *node = (const struct export_node *)fid->raw;

	if ((type != EXPORT_NODE && type != EXPORT_NODE_PARENT) ||
	    words < EXPORT_WORDS)
		return NULL;
	return export_find(sb, &node[0]);
}

static struct dentry *fpt_fh_to_parent(struct super_block *sb, struct fid *fid,
				       int words, int type)
{
	const struct export_node *node = (const struct export_node *)fid->raw;

	if (type != EXPORT_NODE_PARENT || words < 2 * EXPORT_WORDS)
		return NULL;
	return export_find(sb, &node[1]);
}

static struct dentry *fpt_get_parent(struct dentry *child)
{
	struct inode *inode = d_inode(child);

	if (fpt_inode_stale(inode))
		return ERR_PTR(-ESTALE);
	inode = export_ask(inode->i_sb, fpt_inode_id(inode), "..");
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	return export_dentry(inode);
}

const struct export_operations fpt_export_ops = {
	.encode_fh	= fpt_encode_fh,
	.fh_to_dentry	= fpt_fh_to_dentry,
	.fh_to_parent	= fpt_fh_to_parent,
	.get_parent	= fpt_get_parent,
};

/* Handles still tell inodes apart, as fanotify(7) wants to. */
const struct export_operations fpt_export_names_only = {
	.encode_fh	= fpt_encode_fh,
};
