/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations whose signature changed. A body is written once, to the newest
 * signature; behind it stands FPT_*_SHIM(body), and the table of operations
 * names FPT_*_OP(body):
 *
 *	static struct dentry *fpt_mkdir(struct mnt_idmap *idmap, ...)
 *	{
 *		...
 *	}
 *	FPT_MKDIR_SHIM(fpt_mkdir)
 *	...
 *		.mkdir = FPT_MKDIR_OP(fpt_mkdir),
 *
 * Where the kernel calls the newest signature, the first expands to nothing and
 * the second to the body.
 */
#ifndef _FPT_COMPAT_INODE_OPS_H
#define _FPT_COMPAT_INODE_OPS_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include "idmap.h"

#ifndef FPT_HAVE_FILE_KATTR
#define file_kattr	fileattr
#endif

#ifdef FPT_HAVE_CREATE_NO_EXCL
#define FPT_CREATE_OP(body)	body
#define FPT_CREATE_SHIM(body)
#else
/* Every ->create() excludes: the VFS looked the name up under the lock. */
#define FPT_CREATE_OP(body)	body##_shim
#define FPT_CREATE_SHIM(body)						\
static int body##_shim(struct mnt_idmap *idmap, struct inode *dir,	\
		       struct dentry *dentry, umode_t mode, bool excl)	\
{									\
	return body(idmap, dir, dentry, mode);				\
}
#endif

#ifdef FPT_HAVE_MKDIR_DENTRY
#define FPT_MKDIR_OP(body)	body
#define FPT_MKDIR_SHIM(body)
#else
/*
 * A dentry other than the one passed in means that the directory was spliced in
 * elsewhere. Older callers cannot be told; they find it by the next lookup.
 */
#define FPT_MKDIR_OP(body)	body##_shim
#define FPT_MKDIR_SHIM(body)						\
static int body##_shim(struct mnt_idmap *idmap, struct inode *dir,	\
		       struct dentry *dentry, umode_t mode)		\
{									\
	struct dentry *made = body(idmap, dir, dentry, mode);		\
									\
	if (IS_ERR(made))						\
		return PTR_ERR(made);					\
	dput(made);							\
	return 0;							\
}
#endif

#ifdef FPT_HAVE_D_REVALIDATE_NAME
#define FPT_D_REVALIDATE_OP(body)	body
#define FPT_D_REVALIDATE_SHIM(body)
#else
int fpt_compat_d_revalidate_ref(struct dentry *dentry, unsigned int flags,
				int (*body)(struct inode *dir,
					    const struct qstr *name,
					    struct dentry *dentry,
					    unsigned int flags));

/*
 * In an RCU walk the name may change under @body: it is to be used only after
 * -ECHILD brought the walk back without.
 */
static __always_inline int
fpt_compat_d_revalidate(struct dentry *dentry, unsigned int flags,
			int (*body)(struct inode *dir, const struct qstr *name,
				    struct dentry *dentry, unsigned int flags))
{
	struct inode *dir;

	if (unlikely(!(flags & LOOKUP_RCU)))
		return fpt_compat_d_revalidate_ref(dentry, flags, body);
	dir = d_inode_rcu(READ_ONCE(dentry->d_parent));
	return dir ? body(dir, &dentry->d_name, dentry, flags) : -ECHILD;
}

#define FPT_D_REVALIDATE_OP(body)	body##_shim
#define FPT_D_REVALIDATE_SHIM(body)					\
static int body##_shim(struct dentry *dentry, unsigned int flags)	\
{									\
	return fpt_compat_d_revalidate(dentry, flags, body);		\
}
#endif

#endif /* _FPT_COMPAT_INODE_OPS_H */
