// SPDX-License-Identifier: GPL-2.0-only
/* 6.8 to 6.12.94: backing_file_open() takes the path that the user opened. */
#include <linux/backing-file.h>

static inline struct file *probe(const struct path *user,
				 const struct path *path,
				 const struct cred *cred)
{
	return backing_file_open(user, O_RDONLY, path, cred);
}
