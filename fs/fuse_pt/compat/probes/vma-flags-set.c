// SPDX-License-Identifier: GPL-2.0-only
/* 6.3: vma->vm_flags is changed by accessors. */
#include <linux/mm.h>

static inline void probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
}
