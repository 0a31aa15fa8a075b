// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access: who may do what with a node.
 *
 * With default_permissions the kernel decides by the mode that the server
 * shows. Without it the server decides, at each request; it is asked in advance
 * only where a caller wants to know (access(2), chdir(2)), and the mode matters
 * only for executing files.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include "node.h"
#include "request.h"

#define STAT_ACCESS	(STATX_MODE | STATX_UID | STATX_GID)
/* Of all three classes; who may execute files may search directories. */
#define EXEC_BITS	0111

int fpt_access_ask(struct inode *inode, int mask)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_access_in in = {
		.mask = mask & (MAY_READ | MAY_WRITE | MAY_EXEC),
	};
	struct fpt_call call = {
		.op = FUSE_ACCESS,
		.node = fpt_inode_id(inode),
	};
	ssize_t err;

	if (fpt_op_missing(conn, FUSE_ACCESS))
		return -ENOSYS;
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;

	fpt_call_in(&call, &in, sizeof(in));
	err = fpt_call(conn, &call);
	fpt_op_unknown(conn, call.op, err);
	return err;
}

/* What a server does not judge, it allows. */
static int ask_server(struct inode *inode, int mask)
{
	int err = fpt_access_ask(inode, mask);

	return err == -ENOSYS ? 0 : err;
}

/* The mode is trusted at least as long as the server said. */
static int mode_known(struct inode *inode, int mask, bool *asked)
{
	if (!fpt_attr_expired(inode, STAT_ACCESS))
		return 0;
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	*asked = true;
	return fpt_attr_ask(inode, NULL);
}

static int by_mode(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	bool asked = false;
	int err;

	err = mode_known(inode, mask, &asked);
	if (err)
		return err;
	err = generic_permission(idmap, inode, mask);
	if (err != -EACCES || asked)
		return err;

	/* The lifetime is the server's promise; a refusal is worth asking. */
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	err = fpt_attr_ask(inode, NULL);
	if (err)
		return err;
	return generic_permission(idmap, inode, mask);
}

static int may_execute(struct inode *inode, int mask)
{
	bool asked = false;
	int err;

	err = mode_known(inode, mask, &asked);
	if (err)
		return err;
	if (inode->i_mode & EXEC_BITS)
		return 0;
	if (asked)
		return -EACCES;
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	err = fpt_attr_ask(inode, NULL);
	if (err)
		return err;
	return inode->i_mode & EXEC_BITS ? 0 : -EACCES;
}

static noinline int permission_slow(struct mnt_idmap *idmap,
				    struct inode *inode, int mask)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_conn_may_use(conn))
		return -EACCES;

	/* ACLs, which INIT agrees on, bring the check of modes along. */
	if (unlikely(fpt_conn_unsettled(conn))) {
		if (mask & MAY_NOT_BLOCK)
			return -ECHILD;
		fpt_conn_settle(conn);
	}
	if (conn->default_permissions)
		return by_mode(idmap, inode, mask);
	if (mask & (MAY_ACCESS | MAY_CHDIR))
		return ask_server(inode, mask);
	if ((mask & MAY_EXEC) && S_ISREG(inode->i_mode))
		return may_execute(inode, mask);
	return 0;
}

/*
 * Does the mode alone decide, if it grants something to all classes? An ACL has no
 * say about the owner, and a cached one of NULL is one that is not there.
 */
static bool mode_decides(struct mnt_idmap *idmap, const struct fpt_conn *conn,
			 const struct inode *inode)
{
	return conn->default_permissions &&
	       (!READ_ONCE(inode->i_acl) ||
		(idmap == &nop_mnt_idmap &&
		 uid_eq(inode->i_uid, current_fsuid())) ||
		!fpt_has(conn, FPT_F_POSIX_ACL));
}

int fpt_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	const struct fpt_conn *conn = fpt_inode_conn(inode);

	/*
	 * Nearly every step of a path walk: a directory that all may search. That
	 * it is known comes first, for what is judged must not be older.
	 */
	if (likely((mask & ~MAY_NOT_BLOCK) == MAY_EXEC &&
		   fpt_attr_fresh(inode, STAT_ACCESS) &&
		   (READ_ONCE(inode->i_mode) & (S_IFMT | EXEC_BITS)) ==
		   (S_IFDIR | EXEC_BITS) &&
		   !fpt_inode_stale(inode) && !fpt_conn_unsettled(conn) &&
		   fpt_conn_may_use_surely(conn) &&
		   mode_decides(idmap, conn, inode)))
		return 0;
	return permission_slow(idmap, inode, mask);
}
