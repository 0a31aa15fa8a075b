// SPDX-License-Identifier: GPL-2.0-only
/* 6.6: accessors for an inode's ctime. */
#include <linux/fs.h>

static inline struct timespec64 probe(struct inode *inode)
{
	inode_set_ctime_current(inode);
	return inode_set_ctime_to_ts(inode, inode_get_ctime(inode));
}
