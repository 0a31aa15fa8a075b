// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: d_make_persistent() pins what a file system of its own makes. */
#include <linux/fs.h>
#include <linux/dcache.h>

static inline struct dentry *probe(struct dentry *dentry, struct inode *inode)
{
	return d_make_persistent(dentry, inode);
}
