// SPDX-License-Identifier: GPL-2.0-only
/* Control: passes a pointer of a type that no kernel takes there. */
#include <linux/fs.h>

static inline loff_t probe(struct dentry *dentry)
{
	return i_size_read(dentry);
}
