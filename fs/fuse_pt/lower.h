/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lower files: all that a file can be asked for but its data (that is stack.h).
 * Each call runs with the credentials that the lower file was opened with, and
 * what the VFS does around the same call of a user, it does here for the lower
 * file: hooks once, before freeze protection; checks of flags; notification.
 *
 * Nothing of the upper file is locked or changed.
 */
#ifndef FPT_LOWER_H
#define FPT_LOWER_H

#include <linux/fs.h>

struct iattr;
struct kstat;

int fpt_lower_fsync(struct file *lower, loff_t start, loff_t end, int datasync);

/* What a close(2) of the upper file means below; @owner: of its POSIX locks */
int fpt_lower_flush(struct file *lower, fl_owner_t owner);

loff_t fpt_lower_llseek(struct file *lower, loff_t offset, int whence);
int fpt_lower_fallocate(struct file *lower, int mode, loff_t offset,
			loff_t len);
int fpt_lower_fadvise(struct file *lower, loff_t offset, loff_t len,
		      int advice);

/**
 * fpt_lower_copy() - copy_file_range between two lower files
 * @upper_out: the upper file of @out, whose flags @out follows
 *
 * Return: bytes; -EPERM or -ETXTBSY as for a write; -EOPNOTSUPP or -EXDEV where
 * data has to be moved; or what came of it.
 */
ssize_t fpt_lower_copy(struct file *in, loff_t pos_in, struct file *out,
		       struct file *upper_out, loff_t pos_out, size_t len);

/**
 * fpt_lower_remap() - let two lower files share blocks
 * @remap_flags: REMAP_FILE_*, with REMAP_FILE_DEDUP only what is equal
 *
 * Return: bytes; -EPERM or -ETXTBSY as for a write; -EOPNOTSUPP if the file
 * system cannot; -EXDEV between two; or what came of it.
 */
loff_t fpt_lower_remap(struct file *in, loff_t pos_in, struct file *out,
		       struct file *upper_out, loff_t pos_out, loff_t len,
		       unsigned int remap_flags);

/*
 * For who has no open file: of what is at the path of @file, as @cred. @flags:
 * AT_STATX_SYNC_TYPE.
 */
int fpt_lower_getattr(const struct file *file, const struct cred *cred,
		      struct kstat *stat, u32 mask, unsigned int flags);
/* What fsync(2) of a directory does, which is opened for it. */
int fpt_lower_fsync_dir(const struct file *file, const struct cred *cred,
			int datasync);

/**
 * fpt_lower_setattr() - notify_change() below
 * @attr: owner and group as fpt_lower_getattr() would show them; changed
 *
 * With a size, who may write to the file was checked; the rest is checked here,
 * as of @cred. Waits for who has a lease to give it back.
 *
 * Return: 0; -EROFS; -EPERM for a file that is immutable or only grows;
 * -ETXTBSY; or what the file system says.
 */
int fpt_lower_setattr(struct file *file, const struct cred *cred,
		      struct iattr *attr);
ssize_t fpt_lower_getxattr(struct file *file, const struct cred *cred,
			   const char *name, void *value, size_t size);
ssize_t fpt_lower_listxattr(struct file *file, const struct cred *cred,
			    char *list, size_t size);

#endif
