// SPDX-License-Identifier: GPL-2.0-only
/* by 6.12.117: security_mmap_backing_file() judges a backing file's mapping. */
#include <linux/security.h>

static inline int probe(struct vm_area_struct *vma, struct file *lower,
			struct file *upper)
{
	return security_mmap_backing_file(vma, lower, upper);
}
