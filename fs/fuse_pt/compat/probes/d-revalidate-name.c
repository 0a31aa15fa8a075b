// SPDX-License-Identifier: GPL-2.0-only
/* 6.14: ->d_revalidate() is told the parent and a stable name. */
#include <linux/dcache.h>

static int probe(struct inode *dir, const struct qstr *name,
		 struct dentry *dentry, unsigned int flags)
{
	return 1;
}

const struct dentry_operations probe_ops = { .d_revalidate = probe };
