// SPDX-License-Identifier: GPL-2.0-only
/* 6.2: ->get_inode_acl() beside a ->get_acl() that takes a dentry. */
#include <linux/fs.h>

static struct posix_acl *probe(struct inode *inode, int type, bool rcu)
{
	return NULL;
}

const struct inode_operations probe_ops = { .get_inode_acl = probe };
