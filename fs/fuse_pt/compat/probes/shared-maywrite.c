// SPDX-License-Identifier: GPL-2.0-only
/* by 6.7: a shared mapping that may not be written does not count as one. */
#include <linux/mm.h>

static inline bool probe(struct vm_area_struct *vma)
{
	return vma_is_shared_maywrite(vma);
}
