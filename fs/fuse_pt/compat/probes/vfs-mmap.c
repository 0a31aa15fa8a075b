// SPDX-License-Identifier: GPL-2.0-only
/* by 7.2: vfs_mmap() serves files with ->mmap_prepare() too. */
#include <linux/fs.h>

static inline int probe(struct file *file, struct vm_area_struct *vma)
{
	return vfs_mmap(file, vma);
}
