// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: can_mmap_file() knows ->mmap_prepare() too. */
#include <linux/fs.h>

static inline bool probe(struct file *file)
{
	return can_mmap_file(file);
}
