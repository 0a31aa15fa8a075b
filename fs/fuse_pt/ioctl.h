/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands (ioctl) and the file attributes that are made of them: always of the
 * restricted kind, which moves what the command's number says and no more.
 */
#ifndef FPT_IOCTL_H
#define FPT_IOCTL_H

#include <linux/types.h>
#include "compat/idmap.h"

struct dentry;
struct file;

/* f_op->unlocked_ioctl and f_op->compat_ioctl of files and directories */
long fpt_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long fpt_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* i_op of files and directories */
int fpt_fileattr_get(struct dentry *dentry, struct file_kattr *fa);
int fpt_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct file_kattr *fa);

#endif
