// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: inode->i_state is read by accessors. */
#include <linux/fs.h>

static inline bool probe(struct inode *inode)
{
	return inode_state_read_once(inode) & I_NEW;
}
