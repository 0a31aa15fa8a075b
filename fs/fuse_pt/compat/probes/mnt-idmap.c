// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: struct mnt_idmap took the place of user_namespace in the VFS. */
#include <linux/fs.h>

static inline struct mnt_idmap *probe(struct file *file)
{
	return file_mnt_idmap(file);
}
