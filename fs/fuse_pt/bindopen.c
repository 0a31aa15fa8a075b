// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens of bound inodes: nobody is asked but for whether the caller may, and
 * that only where the mode does not say it. The server hears of such an open
 * when a request needs a handle first.
 */
#include "compat/compat.h"

#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "dircache.h"
#include "file.h"
#include "node.h"

int fpt_bind_admit(struct inode *inode, const struct file *file)
{
	int mask = 0;

	/* By the mode, and may_open() did; or whoever made it, may. */
	if (fpt_inode_conn(inode)->default_permissions ||
	    (file->f_mode & FMODE_CREATED))
		return 0;

	if (file->f_flags & __FMODE_EXEC)
		mask |= MAY_EXEC;
	else if (file->f_mode & FMODE_READ)
		mask |= MAY_READ;
	if ((file->f_mode & FMODE_WRITE) || (file->f_flags & O_TRUNC))
		mask |= MAY_WRITE;
	return fpt_access_ask(inode, mask);
}

int fpt_bind_open(struct inode *inode, struct file *file)
{
	const struct fuse_open_out reply = {};
	struct fpt_backing *fb;
	struct fpt_file *ff;
	int err;

	err = fpt_bind_admit(inode, file);
	if (err)
		return err;
	ff = fpt_file_new(fpt_inode_conn(inode));
	if (!ff)
		return -ENOMEM;
	fb = fpt_bind_backing(inode, NULL);
	if (!fb) {
		fpt_file_discard(ff);
		return -ENOSYS;
	}
	ff->bound = true;
	ff->no_release = true;
	return fpt_file_take(inode, file, ff, &reply, fb);
}

/* The listing is as good for this open as the server says now. */
static void late_listing(struct inode *dir, struct fpt_file *ff, u32 open_flags)
{
	WRITE_ONCE(ff->open_flags, open_flags);
	if (!(open_flags & FOPEN_KEEP_CACHE))
		fpt_dircache_drop(dir);
}

int fpt_bind_open_late(struct file *file)
{
	u32 op = S_ISDIR(file_inode(file)->i_mode) ? FUSE_OPENDIR : FUSE_OPEN;
	struct inode *inode = file_inode(file);
	struct fpt_file *ff = fpt_file(file);
	struct fuse_open_out reply;
	const struct cred *old;
	bool first;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	old = override_creds(file->f_cred);
	err = fpt_file_open_ask(inode, file->f_flags & ~O_TRUNC, op, &reply,
				NULL);
	revert_creds(old);
	if (err == -ENOSYS) {
		if (op == FUSE_OPENDIR)
			late_listing(inode, ff,
				     FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR);
		return 0;
	}
	if (err)
		return err;
	if (op == FUSE_OPENDIR)
		late_listing(inode, ff, reply.open_flags);

	spin_lock(&file->f_lock);
	first = ff->no_release;
	if (first) {
		ff->fh = reply.fh;
		/* Pairs with the acquire in fpt_file_has_handle(). */
		smp_store_release(&ff->no_release, false);
	}
	spin_unlock(&file->f_lock);
	/* Another thread was first: its handle counts, this one is given back. */
	if (!first)
		fpt_late_open(ff->conn, op, ff->node, 0, &reply,
			      sizeof(reply));
	return 0;
}
