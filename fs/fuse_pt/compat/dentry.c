// SPDX-License-Identifier: GPL-2.0-only
/* Dentries: what the older ->d_revalidate() did not tell. */
#include <linux/namei.h>
#include "compat.h"

#ifndef FPT_HAVE_D_REVALIDATE_NAME
/**
 * fpt_compat_d_revalidate_ref() - call a newer ->d_revalidate() from an older one
 * @dentry: as the VFS passes it
 * @flags: LOOKUP_*
 * @body: is given the parent and a name that stays as it is meanwhile
 *
 * Not for LOOKUP_RCU: there the name may change under @body, and is to be used
 * only after -ECHILD brought the walk back without.
 *
 * Return: what @body returned
 */
int fpt_compat_d_revalidate_ref(struct dentry *dentry, unsigned int flags,
				int (*body)(struct inode *dir,
					    const struct qstr *name,
					    struct dentry *dentry,
					    unsigned int flags))
{
	struct name_snapshot name;
	struct dentry *parent;
	int ret;

	parent = dget_parent(dentry);
	take_dentry_name_snapshot(&name, dentry);
	ret = body(d_inode(parent), &name.name, dentry, flags);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return ret;
}
#endif
