// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes: all names go to the server as they are.
 *
 * Only security.capability is remembered, and of it only that a file has none
 * (privs.c): the kernel wants to know that at every write.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xattr.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "acl.h"
#include "backing.h"
#include "dir.h"
#include "lower.h"
#include "node.h"
#include "request.h"
#include "xattr.h"

/* What a server without the request as such is taken to mean. */
static ssize_t call_xattr(struct fpt_conn *conn, struct fpt_call *call)
{
	ssize_t ret;

	if (fpt_op_missing(conn, call->op))
		return -EOPNOTSUPP;
	ret = fpt_call(conn, call);
	return fpt_op_unknown(conn, call->op, ret) ? -EOPNOTSUPP : ret;
}

/*
 * GETXATTR and LISTXATTR: with @size 0 the server says how much there is, else
 * it sends as much, or ERANGE. @name: for GETXATTR.
 */
static ssize_t fetch(struct inode *inode, u32 op, const char *name, void *buf,
		     size_t size, size_t most)
{
	struct fuse_getxattr_in in = { .size = min(size, most) };
	struct fuse_getxattr_out out;
	struct fpt_call call = {
		.op = op,
		.node = fpt_inode_id(inode),
	};
	ssize_t ret;

	fpt_call_in(&call, &in, sizeof(in));
	if (name)
		fpt_call_in(&call, name, strlen(name) + 1);
	if (size) {
		call.flags |= FPT_CALL_OUT_VAR;
		fpt_call_out(&call, buf, in.size);
	} else {
		fpt_call_out(&call, &out, sizeof(out));
	}

	ret = call_xattr(fpt_inode_conn(inode), &call);
	if (ret || size)
		return ret;
	if (out.size > most)
		return -E2BIG;
	return out.size;
}

ssize_t fpt_xattr_fetch(struct inode *inode, const char *name, void *buf,
			size_t size)
{
	return fetch(inode, FUSE_GETXATTR, name, buf, size, XATTR_SIZE_MAX);
}

/*
 * With the feature, an ACL is more than a value: @handler is who knows, or
 * %NULL. Without it, it is one like any other, if it may be passed on.
 */
static int check_acl_name(const struct inode *inode, const char *name,
			  const struct xattr_handler **handler)
{
	*handler = NULL;
	if (!fpt_acl_is_name(name))
		return 0;
	if (fpt_acl_refused(inode))
		return -EOPNOTSUPP;
	if (fpt_has(fpt_inode_conn(inode), FPT_F_POSIX_ACL))
		*handler = fpt_compat_acl_handler(name);
	return 0;
}

/*
 * The backing file that has the attributes of @inode (@name NULL: the list), if
 * the server said so, and need not be asked whether the caller may see them: the
 * kernel checked that, or it is its own question. Referenced.
 */
static struct fpt_backing *backing_of(struct inode *inode, const char *name)
{
	if (!S_ISREG(inode->i_mode))
		return NULL;
	if (name && fpt_acl_is_name(name))
		return NULL;
	if (!fpt_inode_conn(inode)->default_permissions &&
	    (!name || strcmp(name, XATTR_NAME_CAPS)))
		return NULL;
	return fpt_iomode_backing(inode, FUSE_PT_BACKING_XATTR);
}

static int fpt_xattr_get(const struct xattr_handler *handler,
			 struct dentry *dentry, struct inode *inode,
			 const char *name, void *value, size_t size)
{
	bool caps = !strcmp(name, XATTR_NAME_CAPS);
	const struct xattr_handler *acl;
	struct fpt_backing *fb;
	ssize_t ret;
	u64 epoch;

	if (fpt_inode_stale(inode))
		return -EIO;
	/* Capabilities are the kernel's own question, on anybody's behalf. */
	if (caps && fpt_no_caps(inode))
		return -ENODATA;
	if (!caps && !fpt_conn_may_use(fpt_inode_conn(inode)))
		return -EACCES;
	ret = check_acl_name(inode, name, &acl);
	if (ret)
		return ret;
	if (acl)
		return acl->get(acl, dentry, inode, name, value, size);

	fb = backing_of(inode, name);
	if (fb) {
		ret = fpt_lower_getxattr(fb->file, fb->cred, name, value, size);
		fpt_backing_put(fb);
		return ret;
	}
	epoch = fpt_attr_epoch(fpt_inode_conn(inode));
	ret = fpt_xattr_fetch(inode, name, value, size);
	if (caps && (ret == -ENODATA || ret == -EOPNOTSUPP))
		fpt_learn_no_caps(inode, epoch);
	return ret;
}

static void changed(struct inode *inode, const char *name)
{
	fpt_attr_stale(inode, STATX_CTIME | STATX_BLOCKS);
	if (!strcmp(name, XATTR_NAME_CAPS))
		fpt_forget_caps(inode);
}

static int send_change(struct inode *inode, struct fpt_call *call,
		       const char *name)
{
	int err;

	call->late = fpt_late_attr;
	err = call_xattr(fpt_inode_conn(inode), call);
	/* After a signal the server may have done it. */
	if (!err || err == -EINTR)
		changed(inode, name);
	return err;
}

int fpt_xattr_send(struct inode *inode, const char *name, const void *value,
		   size_t size, int flags, u32 more)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_setxattr_in in = { .size = size, .flags = flags };
	struct fpt_call call = {
		.op = FUSE_SETXATTR,
		.node = fpt_inode_id(inode),
	};

	fpt_conn_settle(conn);
	if (fpt_has(conn, FPT_F_SETXATTR_EXT)) {
		in.setxattr_flags = more;
		fpt_call_in(&call, &in, sizeof(in));
	} else {
		fpt_call_in(&call, &in, FUSE_COMPAT_SETXATTR_IN_SIZE);
	}
	fpt_call_in(&call, name, strlen(name) + 1);
	fpt_call_in(&call, value, size);
	return send_change(inode, &call, name);
}

int fpt_xattr_send_remove(struct inode *inode, const char *name)
{
	struct fpt_call call = {
		.op = FUSE_REMOVEXATTR,
		.node = fpt_inode_id(inode),
	};

	fpt_call_in(&call, name, strlen(name) + 1);
	return send_change(inode, &call, name);
}

static int fpt_xattr_set(const struct xattr_handler *handler,
			 struct mnt_idmap *idmap, struct dentry *dentry,
			 struct inode *inode, const char *name,
			 const void *value, size_t size, int flags)
{
	const struct xattr_handler *acl;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_conn_may_use(fpt_inode_conn(inode)))
		return -EACCES;
	err = check_acl_name(inode, name, &acl);
	if (err)
		return err;
	if (acl)
		return acl->set(acl, idmap, dentry, inode, name, value, size,
				flags);

	if (value)
		return fpt_xattr_send(inode, name, value, size, flags, 0);
	return fpt_xattr_send_remove(inode, name);
}

/* Names, each with its NUL, and nothing behind the last. */
static bool list_sane(const char *list, size_t len)
{
	size_t used;

	for (; len; list += used, len -= used) {
		used = strnlen(list, len) + 1;
		if (used == 1 || used > len)
			return false;
	}
	return true;
}

/* Take the names out that only the administrator sees. Return: bytes left. */
static size_t hide_trusted(char *list, size_t len)
{
	size_t at, used, kept = 0;

	for (at = 0; at < len; at += used) {
		used = strnlen(list + at, len - at - 1) + 1;
		if (!strncmp(list + at, XATTR_TRUSTED_PREFIX,
			     XATTR_TRUSTED_PREFIX_LEN))
			continue;
		memmove(list + kept, list + at, used);
		kept += used;
	}
	return kept;
}

/* The list is made for who registered the file, who may see more. */
static ssize_t list_below(struct fpt_backing *fb, char *list, size_t size)
{
	ssize_t ret;
	char *all;

	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN))
		return fpt_lower_listxattr(fb->file, fb->cred, list, size);

	/* What is hidden does not count for the size either. */
	all = kvmalloc(XATTR_LIST_MAX, GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	ret = fpt_lower_listxattr(fb->file, fb->cred, all, XATTR_LIST_MAX);
	if (ret > 0)
		ret = hide_trusted(all, ret);
	if (ret > 0 && size) {
		if (ret <= size)
			memcpy(list, all, ret);
		else
			ret = -ERANGE;
	}
	kvfree(all);
	return ret;
}

ssize_t fpt_listxattr(struct dentry *dentry, char *list, size_t size)
{
	struct inode *inode = d_inode(dentry);
	struct fpt_backing *fb;
	ssize_t ret;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_conn_may_use(fpt_inode_conn(inode)))
		return -EACCES;

	fb = backing_of(inode, NULL);
	if (fb) {
		ret = list_below(fb, list, size);
		fpt_backing_put(fb);
		return ret;
	}
	ret = fetch(inode, FUSE_LISTXATTR, NULL, list, size, XATTR_LIST_MAX);
	if (ret > 0 && size && !list_sane(list, ret))
		return -EIO;
	return ret;
}

static const struct xattr_handler fpt_xattr_any = {
	.prefix	= "",
	.get	= fpt_xattr_get,
	.set	= fpt_xattr_set,
};

const struct xattr_handler *const fpt_xattr_handlers[] = {
	&fpt_xattr_any,
	NULL
};
