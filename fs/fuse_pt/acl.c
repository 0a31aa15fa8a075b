// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX ACLs, fetched and stored as the attributes that carry them.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/string.h>
#include <linux/xattr.h>
#include "acl.h"
#include "node.h"
#include "xattr.h"

static const char *const acl_names[] = {
	[ACL_TYPE_ACCESS]	= XATTR_NAME_POSIX_ACL_ACCESS,
	[ACL_TYPE_DEFAULT]	= XATTR_NAME_POSIX_ACL_DEFAULT,
};

bool fpt_acl_is_name(const char *name)
{
	return !strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS) ||
	       !strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT);
}

bool fpt_acl_refused(const struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);

	fpt_conn_settle(conn);
	return conn->user_ns != &init_user_ns &&
	       !fpt_has(conn, FPT_F_POSIX_ACL);
}

void fpt_acl_start(struct inode *inode)
{
	struct posix_acl *none = ACL_DONT_CACHE;

	if (fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL))
		none = ACL_NOT_CACHED;
	WRITE_ONCE(inode->i_acl, none);
	WRITE_ONCE(inode->i_default_acl, none);
}

void fpt_acl_forget(struct inode *inode)
{
	/* Else it would be said that there is something to keep. */
	if (fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL))
		forget_all_cached_acls(inode);
}

/* The attribute's value, in a buffer that grows if need be: its length. */
static ssize_t fetch_value(struct inode *inode, const char *name, void **value)
{
	size_t size = PAGE_SIZE;
	ssize_t len;

	for (;;) {
		*value = kvmalloc(size, GFP_KERNEL);
		if (!*value)
			return -ENOMEM;
		len = fpt_xattr_fetch(inode, name, *value, size);
		if (len >= 0)
			return len;
		kvfree(*value);
		if (len != -ERANGE)
			return len;
		if (size >= XATTR_SIZE_MAX)
			return -E2BIG;
		size = XATTR_SIZE_MAX;
	}
}

static struct posix_acl *ask_acl(struct inode *inode, int type)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct posix_acl *acl = NULL;
	void *value;
	ssize_t len;

	if (fpt_inode_stale(inode))
		return ERR_PTR(-EIO);
	if (fpt_op_missing(conn, FUSE_GETXATTR))
		return NULL;

	len = fetch_value(inode, acl_names[type], &value);
	if (len < 0) {
		if (len == -ENODATA || fpt_op_missing(conn, FUSE_GETXATTR))
			return NULL;
		return ERR_PTR(len);
	}
	if (len)
		acl = posix_acl_from_xattr(conn->user_ns, value, len);
	kvfree(value);
	return acl;
}

struct posix_acl *fpt_get_inode_acl(struct inode *inode, int type, bool rcu)
{
	/* Nobody here decides by them. */
	if (!fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL))
		return NULL;
	if (rcu)
		return ERR_PTR(-ECHILD);
	return ask_acl(inode, type);
}

struct posix_acl *fpt_get_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			      int type)
{
	struct inode *inode = d_inode(dentry);

	if (!fpt_conn_may_use(fpt_inode_conn(inode)))
		return ERR_PTR(-EACCES);
	if (fpt_acl_refused(inode))
		return ERR_PTR(-EOPNOTSUPP);
	return ask_acl(inode, type);
}

/*
 * As chmod(2) does, an ACL takes setgid from a file of a group that the caller
 * is not in. Only a server that knows what an ACL is knows what to do.
 */
static bool kills_setgid(struct mnt_idmap *idmap, const struct inode *inode)
{
	return fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL) &&
	       !vfsgid_in_group_p(i_gid_into_vfsgid(idmap, inode)) &&
	       !capable_wrt_inode_uidgid(idmap, inode, CAP_FSETID);
}

static int send_acl(struct mnt_idmap *idmap, struct inode *inode,
		    const struct posix_acl *acl, const char *name)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	u32 more = 0;
	size_t size;
	void *value;
	int err;

	value = posix_acl_to_xattr(conn->user_ns, acl, &size, GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	if (kills_setgid(idmap, inode))
		more = FUSE_SETXATTR_ACL_KILL_SGID;
	if (size > XATTR_SIZE_MAX)
		err = -E2BIG;
	else
		err = fpt_xattr_send(inode, name, value, size, 0, more);
	kfree(value);
	return err;
}

int fpt_acl_store(struct mnt_idmap *idmap, struct inode *inode,
		  struct posix_acl *acl, int type)
{
	const char *name = acl_names[type];
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_conn_may_use(fpt_inode_conn(inode)))
		return -EACCES;
	if (fpt_acl_refused(inode))
		return -EOPNOTSUPP;

	if (acl)
		err = send_acl(idmap, inode, acl, name);
	else
		err = fpt_xattr_send_remove(inode, name);
	/* The mode shows the ACL, and may be another even after an error. */
	if (fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL))
		fpt_attr_stale(inode, FPT_STAT_ALL);
	return err;
}

int fpt_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
		struct posix_acl *acl, int type)
{
	return fpt_acl_store(idmap, d_inode(dentry), acl, type);
}
