/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory and work queues. */
#ifndef _FPT_COMPAT_ALLOC_H
#define _FPT_COMPAT_ALLOC_H

#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

/* Allocation by type; the flags may be left out and are GFP_KERNEL then. */
#ifndef kmalloc_obj
#define FPT_GFP(...)		FPT_GFP_OF(, ##__VA_ARGS__, GFP_KERNEL)
#define FPT_GFP_OF(...)		FPT_SECOND(__VA_ARGS__)
#define FPT_SECOND(none, gfp, ...)	(none gfp)

#define FPT_TYPED(type, mem)	((typeof(type) *)(mem))
#define FPT_FLEX_SIZE(type, member, count) \
	struct_size((typeof(type) *)NULL, member, count)

#define kmalloc_obj(type, ...) \
	FPT_TYPED(type, kmalloc(sizeof(type), FPT_GFP(__VA_ARGS__)))
#define kzalloc_obj(type, ...) \
	FPT_TYPED(type, kzalloc(sizeof(type), FPT_GFP(__VA_ARGS__)))
#define kzalloc_flex(type, member, count, ...) \
	FPT_TYPED(type, kzalloc(FPT_FLEX_SIZE(type, member, count), \
				FPT_GFP(__VA_ARGS__)))
#define kvmalloc_objs(type, count, ...) \
	FPT_TYPED(type, kvmalloc_array(count, sizeof(type), \
				       FPT_GFP(__VA_ARGS__)))
#define kvzalloc_objs(type, count, ...) \
	FPT_TYPED(type, kvcalloc(count, sizeof(type), FPT_GFP(__VA_ARGS__)))
#endif

#ifndef FPT_HAVE_WQ_PERCPU
/* Without WQ_UNBOUND, every work queue is per cpu. */
#define WQ_PERCPU	0
#endif

#endif /* _FPT_COMPAT_ALLOC_H */
