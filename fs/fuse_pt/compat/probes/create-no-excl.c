// SPDX-License-Identifier: GPL-2.0-only
/* 7.3: ->create() lost its bool excl. */
#include <linux/fs.h>

static int probe(struct mnt_idmap *idmap, struct inode *dir,
		 struct dentry *dentry, umode_t mode)
{
	return 0;
}

const struct inode_operations probe_ops = { .create = probe };
