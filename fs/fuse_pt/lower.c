// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lower files: all that a file can be asked for but its data.
 */
#include "compat/compat.h"

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <linux/xattr.h>
#include "lower.h"
#include "stack.h"

int fpt_lower_fsync(struct file *lower, loff_t start, loff_t end, int datasync)
{
	const struct cred *old = override_creds(lower->f_cred);
	int err;

	err = vfs_fsync_range(lower, start, end, datasync);
	revert_creds(old);
	return err;
}

int fpt_lower_flush(struct file *lower, fl_owner_t owner)
{
	const struct cred *old;
	int err;

	if (!lower->f_op->flush)
		return 0;

	old = override_creds(lower->f_cred);
	err = lower->f_op->flush(lower, owner);
	revert_creds(old);
	return err;
}

loff_t fpt_lower_llseek(struct file *lower, loff_t offset, int whence)
{
	const struct cred *old = override_creds(lower->f_cred);
	loff_t found;

	found = vfs_llseek(lower, offset, whence);
	revert_creds(old);
	return found;
}

int fpt_lower_fallocate(struct file *lower, int mode, loff_t offset, loff_t len)
{
	const struct cred *old = override_creds(lower->f_cred);
	int err;

	err = vfs_fallocate(lower, mode, offset, len);
	revert_creds(old);
	return err;
}

int fpt_lower_fadvise(struct file *lower, loff_t offset, loff_t len, int advice)
{
	const struct cred *old = override_creds(lower->f_cred);
	int err;

	err = vfs_fadvise(lower, offset, len, advice);
	revert_creds(old);
	return err;
}

/* What is read is read by the right of who registered that file, too. */
static int source_allowed(struct file *in, loff_t pos, size_t len,
			  const struct file *out)
{
	const struct cred *old;
	int err;

	/* Mostly one server registered both, and the VFS asks for @out's. */
	if (in->f_cred == out->f_cred)
		return 0;
	old = override_creds(in->f_cred);
	err = rw_verify_area(READ, in, &pos, len);
	revert_creds(old);
	return err;
}

ssize_t fpt_lower_copy(struct file *in, loff_t pos_in, struct file *out,
		       struct file *upper_out, loff_t pos_out, size_t len)
{
	const struct cred *old;
	ssize_t done;

	done = fpt_stack_may_write(out, upper_out);
	if (!done)
		done = source_allowed(in, pos_in, len, out);
	if (done)
		return done;

	/*
	 * Copying through a pipe is the caller's: older kernels do it with
	 * freeze protection held, while permission hooks run.
	 */
	old = override_creds(out->f_cred);
	if (out->f_op->copy_file_range)
		done = vfs_copy_file_range(in, pos_in, out, pos_out, len, 0);
	else if (in->f_op->remap_file_range)
		done = vfs_clone_file_range(in, pos_in, out, pos_out, len,
					    REMAP_FILE_CAN_SHORTEN);
	revert_creds(old);
	return done > 0 || out->f_op->copy_file_range ? done : -EOPNOTSUPP;
}

loff_t fpt_lower_remap(struct file *in, loff_t pos_in, struct file *out,
		       struct file *upper_out, loff_t pos_out, loff_t len,
		       unsigned int remap_flags)
{
	const struct cred *old;
	loff_t done;

	done = fpt_stack_may_write(out, upper_out);
	if (!done)
		done = source_allowed(in, pos_in, len, out);
	if (done)
		return done;
	if (!in->f_op->remap_file_range || !out->f_op->remap_file_range)
		return -EOPNOTSUPP;

	old = override_creds(out->f_cred);
	if (remap_flags & REMAP_FILE_DEDUP)
		done = vfs_dedupe_file_range_one(in, pos_in, out, pos_out, len,
						 remap_flags & ~REMAP_FILE_DEDUP);
	else
		done = vfs_clone_file_range(in, pos_in, out, pos_out, len,
					    remap_flags);
	revert_creds(old);
	return done;
}

int fpt_lower_getattr(const struct file *file, const struct cred *cred,
		      struct kstat *stat, u32 mask, unsigned int flags)
{
	const struct cred *old = override_creds(cred);
	int err;

	err = vfs_getattr_nosec(&file->f_path, stat, mask, flags);
	revert_creds(old);
	return err;
}

int fpt_lower_fsync_dir(const struct file *file, const struct cred *cred,
			int datasync)
{
	const struct cred *old = override_creds(cred);
	struct file *dir;
	int err;

	dir = dentry_open(&file->f_path, O_RDONLY | O_DIRECTORY | O_LARGEFILE,
			  cred);
	err = PTR_ERR_OR_ZERO(dir);
	if (!err) {
		err = vfs_fsync(dir, datasync);
		fput(dir);
	}
	revert_creds(old);
	return err;
}

static int change_once(struct mnt_idmap *idmap, struct dentry *dentry,
		       struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err;

	inode_lock(inode);
	err = notify_change(idmap, dentry, attr, NULL);
	inode_unlock(inode);
	return err;
}

/* An NFS client may hold a delegation: it is asked to give it back, once. */
static int change_below(struct mnt_idmap *idmap, struct dentry *dentry,
			struct iattr *attr)
{
	struct iattr again = *attr;
	int err;

	err = change_once(idmap, dentry, attr);
	if (likely(err != -EWOULDBLOCK))
		return err;
	err = break_lease(d_inode(dentry), O_WRONLY);
	return err ? err : change_once(idmap, dentry, &again);
}

static int resize_below(struct mnt_idmap *idmap, struct dentry *dentry,
			struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err;

	if (IS_IMMUTABLE(inode) || IS_APPEND(inode))
		return -EPERM;
	err = get_write_access(inode);
	if (err)
		return err;
	err = break_lease(inode, O_WRONLY);
	if (!err)
		err = change_below(idmap, dentry, attr);
	put_write_access(inode);
	return err;
}

int fpt_lower_setattr(struct file *file, const struct cred *cred,
		      struct iattr *attr)
{
	struct mnt_idmap *idmap = file_mnt_idmap(file);
	struct dentry *dentry = file->f_path.dentry;
	const struct cred *old;
	int err;

	err = mnt_want_write(file->f_path.mnt);
	if (err)
		return err;
	old = override_creds(cred);
	if (attr->ia_valid & ATTR_SIZE)
		err = resize_below(idmap, dentry, attr);
	else
		err = change_below(idmap, dentry, attr);
	revert_creds(old);
	mnt_drop_write(file->f_path.mnt);
	return err;
}

ssize_t fpt_lower_getxattr(struct file *file, const struct cred *cred,
			   const char *name, void *value, size_t size)
{
	const struct cred *old = override_creds(cred);
	ssize_t ret;

	ret = vfs_getxattr(file_mnt_idmap(file), file->f_path.dentry, name,
			   value, size);
	revert_creds(old);
	return ret;
}

ssize_t fpt_lower_listxattr(struct file *file, const struct cred *cred,
			    char *list, size_t size)
{
	const struct cred *old = override_creds(cred);
	ssize_t ret;

	ret = vfs_listxattr(file->f_path.dentry, list, size);
	revert_creds(old);
	return ret;
}
