// SPDX-License-Identifier: GPL-2.0-only
/* Control: compiles on every kernel. */
#include <linux/fs.h>

static inline loff_t probe(struct inode *inode)
{
	return i_size_read(inode);
}
