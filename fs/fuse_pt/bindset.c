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
			 ATTR_TOUCH | ATTR_KILL_SUIDGID)

/* By a grant only what the registered descriptor could do itself. */
static bool may_write(const struct fpt_backing *fb)
{
	return !fb->grant || (fb->file->f_mode & FMODE_WRITE);
}

static bool may_resize(const struct fpt_backing *fb)
{
	return may_write(fb) && !fb->append;
}

/* The same change as it is to be made below. */
static struct iattr attr_below(struct mnt_idmap *idmap,
			       const struct inode *inode,
			       const struct iattr *iattr)
{
	struct user_namespace *ns = inode->i_sb->s_user_ns;
	struct iattr below = *iattr;

	below.ia_valid &= SET_BELOW;
	if (below.ia_valid & ATTR_UID)
		below.ia_vfsuid = VFSUIDT_INIT(from_vfsuid(idmap, ns,
							   iattr->ia_vfsuid));
	if (below.ia_valid & ATTR_GID)
		below.ia_vfsgid = VFSGIDT_INIT(from_vfsgid(idmap, ns,
							   iattr->ia_vfsgid));
	if (below.ia_valid & (ATTR_UID | ATTR_GID | ATTR_SIZE))
		below.ia_valid |= ATTR_KILL_PRIV;
	return below;
}

/*
 * What is stripped is so by the mode that the file below has, which may be
 * another than the one that was checked.
 */
static void strip_below(const struct fpt_backing *fb, const struct iattr *iattr,
			struct iattr *below)
{
	unsigned int valid = below->ia_valid;
	bool writes = (iattr->ia_valid & ATTR_FORCE) || (valid & ATTR_SIZE);

	/* A new size strips, as one who writes does. */
	if ((valid & ATTR_SIZE) && !capable(CAP_FSETID))
		valid |= ATTR_KILL_SUID;
	if (valid & ATTR_KILL_SUIDGID) {
		/* Nothing was there to strip, so nobody checked who may. */
		if (!writes && !(valid & (ATTR_MODE | ATTR_UID | ATTR_GID)))
			valid &= ~ATTR_KILL_SUIDGID;
		else if (file_inode(fb->file)->i_mode & 0010)
			valid |= ATTR_KILL_SUIDGID;
		else
			valid |= ATTR_KILL_SUID;
		valid &= ~ATTR_MODE;
	}
	/* Who may write strips by that, whosever the file is. */
	if (writes && may_write(fb) &&
	    !(valid & (ATTR_UID | ATTR_GID | ATTR_MODE | ATTR_TIMES_SET)))
		valid |= ATTR_FORCE;
	below->ia_valid = valid;
}

struct fpt_backing *fpt_bind_judge(struct inode *inode)
{
	struct fpt_backing *fb;
	u32 bound;
	int err;

	/* Does the kernel by itself what its own check allows? */
	if (likely(!(fpt_bound(inode) & FUSE_PT_BIND_SETATTR)) ||
	    !fpt_inode_conn(inode)->default_permissions)
		return NULL;

	for (;;) {
		fb = fpt_bind_backing(inode, &bound);
		if (!fb)
			return NULL;
		if (!(bound & FUSE_PT_BIND_SETATTR)) {
			fpt_backing_put(fb);
			return NULL;
		}
		/* Nobody else judges, so by what is so now. */
		err = fpt_bind_pull_from(inode, fb, 0, NULL);
		if (!err)
			return fb;
		fpt_backing_put(fb);
		/* Bound otherwise meanwhile: by what it is bound to now. */
		if (err != -ENODATA)
			return ERR_PTR(err);
	}
}

int fpt_bind_setattr(struct mnt_idmap *idmap, struct inode *inode,
		     struct fpt_backing *fb, const struct iattr *iattr)
{
	struct iattr below = attr_below(idmap, inode, iattr);
	int err;

	strip_below(fb, iattr, &below);
	if ((below.ia_valid & ATTR_SIZE) && !may_resize(fb))
		err = -EPERM;
	else
		err = fpt_lower_setattr(fb->file, fb->cred, &below);

	if (!err && (iattr->ia_valid & ATTR_SIZE)) {
		fpt_node_resized(inode, iattr->ia_size);
		truncate_pagecache(inode, iattr->ia_size);
	}
	if (!err && (fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR))
		set_bit(FPT_N_ATTR_DIRTY, &fpt_node(inode)->bits);
	/* Without the answer, who wants to know asks for it. */
	if (fpt_bind_pull_from(inode, fb, 0, NULL))
		fpt_attr_stale(inode, FPT_STAT_ALL);
	return err;
}
