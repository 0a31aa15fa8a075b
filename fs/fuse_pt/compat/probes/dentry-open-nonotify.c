// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: dentry_open_nonotify() took the place of __FMODE_NONOTIFY. */
#include <linux/fs.h>

static inline struct file *probe(const struct path *path,
				 const struct cred *cred)
{
	return dentry_open_nonotify(path, O_RDONLY, cred);
}
