// SPDX-License-Identifier: GPL-2.0-only
/* 6.14: file_set_fsnotify_mode() took the place of __FMODE_NONOTIFY. */
#include <linux/fs.h>

static inline void probe(struct file *file)
{
	file_set_fsnotify_mode(file, FMODE_NONOTIFY);
}
