// SPDX-License-Identifier: GPL-2.0-only
/* by 6.3: vm_flags is written by functions. */
#include <linux/mm.h>

static inline void probe(struct vm_area_struct *vma)
{
	vm_flags_clear(vma, VM_MAYWRITE);
}
