// SPDX-License-Identifier: GPL-2.0-only
/* Dentries: what the older ->d_revalidate() did not tell. */
#include <linux/namei.h>
#include "compat.h"

#ifndef FPT_HAVE_D_REVALIDATE_NAME
/**
 * fpt_compat_d_revalidate() - call a newer ->d_revalidate() from an older one
 * @dentry: as the VFS passes it
 * @flags: LOOKUP_*
 * @body: is given the parent and a name that stays as it is meanwhile; with
 *	LOOKUP_RCU the name may change under it, and is to be used only after
 *	-ECHILD brought the walk back without
 *
 * Return: what @body returned; -ECHILD if the parent went away in an RCU walk
 */
int fpt_compat_d_revalidate(struct dentry *dentry, unsigned int flags,
			    int (*body)(struct inode *dir,
					const struct qstr *name,
					struct dentry *dentry,
					unsigned int flags))
{
	struct name_snapshot name;
	struct dentry *parent;
	struct inode *dir;
	int ret;

	if (flags & LOOKUP_RCU) {
		parent = READ_ONCE(dentry->d_parent);
		dir = d_inode_rcu(parent);
		if (!dir)
			return -ECHILD;
		return body(dir, &dentry->d_name, dentry, flags);
	}

	parent = dget_parent(dentry);
	take_dentry_name_snapshot(&name, dentry);
	ret = body(d_inode(parent), &name.name, dentry, flags);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return ret;
}
#endif
