/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mount id maps. Before struct mnt_idmap the VFS passed a user namespace in its
 * place, and every function that takes the one took the other: the new names
 * stand for the old type.
 */
#ifndef _FPT_COMPAT_IDMAP_H
#define _FPT_COMPAT_IDMAP_H

#include <linux/fs.h>
#include <linux/mount.h>

#ifndef FPT_HAVE_MNT_IDMAP
#define mnt_idmap	user_namespace
#define nop_mnt_idmap	init_user_ns

static inline struct mnt_idmap *file_mnt_idmap(struct file *file)
{
	return file_mnt_user_ns(file);
}
#endif

#ifndef FPT_HAVE_FILLATTR_MASK
/* Older kernels fill in all that they know, whatever is asked for. */
static inline void fpt_compat_fillattr(struct mnt_idmap *idmap, u32 mask,
				       struct inode *inode, struct kstat *stat)
{
	generic_fillattr(idmap, inode, stat);
}

#define generic_fillattr	fpt_compat_fillattr
#endif

#endif /* _FPT_COMPAT_IDMAP_H */
