// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes that are set in the backing inode of a bound one, without asking
 * the server, which said so with FUSE_PT_BIND_SETATTR.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "lower.h"
#include "node.h"

/* What a caller can ask for; the rest of ia_valid is about this side. */
#define SET_BELOW	(ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE | \
			 ATTR_ATIME | ATTR_MTIME | ATTR_CTIME | \
			 ATTR_ATIME_SET | ATTR_MTIME_SET | ATTR_TIMES_SET | \
			 ATTR_TOUCH | ATTR_KILL_SUID | ATTR_KILL_SGID)

/* By a grant the size is what the registered descriptor could set itself. */
static bool may_resize(const struct fpt_backing *fb)
{
	return !fb->grant || ((fb->file->f_mode & FMODE_WRITE) && !fb->append);
}

/* The same change as it is to be made below. */
static struct iattr attr_below(struct mnt_idmap *idmap,
			       const struct inode *inode,
			       const struct iattr *iattr)
{
	struct user_namespace *ns = inode->i_sb->s_user_ns;
	struct iattr below = *iattr;

	below.ia_valid &= SET_BELOW;
	/* By the mode that the inode below has, which may be another. */
	if (below.ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		below.ia_valid &= ~ATTR_MODE;
	if (below.ia_valid & ATTR_UID)
		below.ia_vfsuid = VFSUIDT_INIT(from_vfsuid(idmap, ns,
							   iattr->ia_vfsuid));
	if (below.ia_valid & ATTR_GID)
		below.ia_vfsgid = VFSGIDT_INIT(from_vfsgid(idmap, ns,
							   iattr->ia_vfsgid));
	if (below.ia_valid & (ATTR_UID | ATTR_GID | ATTR_SIZE))
		below.ia_valid |= ATTR_KILL_PRIV;
	/* Who may write strips privileges by that, whosever the file is. */
	if ((below.ia_valid & (ATTR_SIZE | ATTR_KILL_SUID | ATTR_KILL_SGID)) &&
	    !(below.ia_valid & (ATTR_UID | ATTR_GID | ATTR_MODE | ATTR_TIMES_SET)))
		below.ia_valid |= ATTR_FORCE;
	return below;
}

/* A new size strips by the mode that the file has, as one who writes does. */
static void strip_below(const struct inode *lower, struct iattr *below)
{
	if (!(below->ia_valid & ATTR_SIZE) || capable(CAP_FSETID))
		return;
	below->ia_valid &= ~ATTR_MODE;
	below->ia_valid |= ATTR_KILL_SUID;
	if (lower->i_mode & 0010)
		below->ia_valid |= ATTR_KILL_SGID;
}

int fpt_bind_setattr(struct mnt_idmap *idmap, struct inode *inode,
		     const struct iattr *iattr)
{
	struct iattr below = attr_below(idmap, inode, iattr);
	struct fpt_backing *fb;
	u32 bound;
	int err;

	fb = fpt_bind_backing(inode, &bound);
	if (!fb)
		return -ENODATA;
	strip_below(file_inode(fb->file), &below);
	if (!(bound & FUSE_PT_BIND_SETATTR))
		err = -ENODATA;
	else if ((below.ia_valid & ATTR_SIZE) && !may_resize(fb))
		err = -EPERM;
	else
		err = fpt_lower_setattr(fb->file, fb->cred, &below);
	fpt_backing_put(fb);
	if (err == -ENODATA)
		return err;

	if (!err && (iattr->ia_valid & ATTR_SIZE)) {
		fpt_node_resized(inode, iattr->ia_size);
		truncate_pagecache(inode, iattr->ia_size);
	}
	if (!err && (bound & FUSE_PT_BIND_WRITE_ATTR))
		set_bit(FPT_N_ATTR_DIRTY, &fpt_node(inode)->bits);
	/* Without the answer, who wants to know asks for it. */
	if (fpt_bind_pull(inode, 0))
		fpt_attr_stale(inode, FPT_STAT_ALL);
	return err;
}
