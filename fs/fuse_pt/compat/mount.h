/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts that ->d_automount() makes. */
#ifndef _FPT_COMPAT_MOUNT_H
#define _FPT_COMPAT_MOUNT_H

#include <linux/err.h>
#include <linux/mount.h>

/*
 * The kernels that have vfs_submount() want one reference more, which keeps the
 * mount from expiring before it is attached.
 */
static inline struct vfsmount *fpt_compat_automounted(struct vfsmount *mnt)
{
#ifdef FPT_HAVE_VFS_SUBMOUNT
	if (!IS_ERR(mnt))
		mntget(mnt);
#endif
	return mnt;
}

#endif /* _FPT_COMPAT_MOUNT_H */
