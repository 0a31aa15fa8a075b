/* SPDX-License-Identifier: GPL-2.0-only */
/* Dentries: default operations, parallel lookup, names. */
#ifndef _FPT_COMPAT_DENTRY_H
#define _FPT_COMPAT_DENTRY_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/wait.h>

#ifndef FPT_HAVE_SET_DEFAULT_D_OP
static inline void set_default_d_op(struct super_block *sb,
				    const struct dentry_operations *ops)
{
	sb->s_d_op = ops;
}
#endif

/*
 * Older kernels want a wait queue that lives until d_lookup_done():
 *
 *	FPT_LOOKUP_WQ(wq);
 *	alias = fpt_compat_alloc_parallel(parent, &name, &wq);
 */
#ifdef FPT_HAVE_D_ALLOC_PARALLEL_NO_WQ
struct fpt_compat_lookup_wq { };

#define FPT_LOOKUP_WQ(wq)	struct fpt_compat_lookup_wq wq

static inline struct dentry *
fpt_compat_alloc_parallel(struct dentry *parent, const struct qstr *name,
			  struct fpt_compat_lookup_wq *wq)
{
	return d_alloc_parallel(parent, name);
}
#else
#define FPT_LOOKUP_WQ(wq)	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(wq)

static inline struct dentry *
fpt_compat_alloc_parallel(struct dentry *parent, const struct qstr *name,
			  wait_queue_head_t *wq)
{
	return d_alloc_parallel(parent, name, wq);
}
#endif

#ifndef QSTR_LEN
#define QSTR_LEN(n, l)	((struct qstr)QSTR_INIT(n, l))
#endif

#ifndef QSTR
static inline struct qstr fpt_compat_qstr(const char *name)
{
	return QSTR_LEN(name, strlen(name));
}

#define QSTR(n)		fpt_compat_qstr(n)
#endif

#endif /* _FPT_COMPAT_DENTRY_H */
