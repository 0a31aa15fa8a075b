// SPDX-License-Identifier: GPL-2.0-only
/* 6.5 to 6.12.94: backing_file_open() takes the path that the user opened. */
#if __has_include(<linux/backing-file.h>)
#include <linux/backing-file.h>
#endif
#include <linux/fs.h>

static inline struct file *probe(const struct path *user,
				 const struct path *path,
				 const struct cred *cred)
{
	return backing_file_open(user, O_RDONLY, path, cred);
}
