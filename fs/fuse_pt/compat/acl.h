/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACLs. Where the VFS asks for an ACL as such, ->get_acl() and ->set_acl() are
 * told the dentry, and permission checks have ->get_inode_acl(). Before that
 * an ACL reaches the file system as an attribute, and one ->get_acl() serves
 * both.
 */
#ifndef _FPT_COMPAT_ACL_H
#define _FPT_COMPAT_ACL_H

#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/slab.h>
#include <linux/xattr.h>

/* FPT_ACL_OPS: the lines for ACLs of a table of inode operations, see ../acl.h */
#ifdef FPT_HAVE_GET_INODE_ACL
#define FPT_ACL_OPS							\
	.get_inode_acl	= fpt_get_inode_acl,				\
	.get_acl	= fpt_get_acl,					\
	.set_acl	= fpt_set_acl
#else
#define FPT_ACL_OPS							\
	.get_acl	= fpt_get_inode_acl,				\
	.set_acl	= fpt_acl_store
#endif

/**
 * fpt_compat_acl_handler() - who makes an ACL of the attribute @name, and calls
 * the operations above; %NULL where the VFS has done so before
 */
static inline const struct xattr_handler *
fpt_compat_acl_handler(const char *name)
{
#ifndef FPT_HAVE_GET_INODE_ACL
	if (!strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS))
		return &posix_acl_access_xattr_handler;
	if (!strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT))
		return &posix_acl_default_xattr_handler;
#endif
	return NULL;
}

#ifndef FPT_HAVE_ACL_TO_XATTR_ALLOC
static inline void *fpt_compat_acl_to_xattr(struct user_namespace *user_ns,
					    const struct posix_acl *acl,
					    size_t *size, gfp_t gfp)
{
	void *value;

	*size = posix_acl_xattr_size(acl->a_count);
	value = kmalloc(*size, gfp);
	if (value && posix_acl_to_xattr(user_ns, acl, value, *size) < 0) {
		kfree(value);
		value = NULL;
	}
	return value;
}

#define posix_acl_to_xattr	fpt_compat_acl_to_xattr
#endif

#endif /* _FPT_COMPAT_ACL_H */
