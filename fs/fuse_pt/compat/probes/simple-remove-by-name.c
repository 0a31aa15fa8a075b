// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: simple_remove_by_name(). */
#include <linux/fs.h>

static inline void probe(struct dentry *parent)
{
	simple_remove_by_name(parent, "x", NULL);
}
