// SPDX-License-Identifier: GPL-2.0-only
/* Control: calls a function that no kernel has. */
#include <linux/fs.h>

static inline loff_t probe(struct inode *inode)
{
	return fpt_no_kernel_has_this(inode);
}
