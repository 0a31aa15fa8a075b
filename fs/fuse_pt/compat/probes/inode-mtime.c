// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: accessors for an inode's atime and mtime. */
#include <linux/fs.h>

static inline struct timespec64 probe(struct inode *inode)
{
	inode_set_atime_to_ts(inode, inode_get_atime(inode));
	return inode_set_mtime_to_ts(inode, inode_get_mtime(inode));
}
