// SPDX-License-Identifier: GPL-2.0-only
/* 6.5 to 6.7: backing_file_open() takes a path and is declared in fs.h. */
#include <linux/fs.h>

static inline struct file *probe(const struct path *user,
				 const struct path *path,
				 const struct cred *cred)
{
	return backing_file_open(user, O_RDONLY, path, cred);
}
