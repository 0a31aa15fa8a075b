/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels of security modules: before struct lsm_context, pointer and length. */
#ifndef _FPT_COMPAT_SECURITY_H
#define _FPT_COMPAT_SECURITY_H

#include <linux/security.h>

#ifndef FPT_HAVE_LSM_CONTEXT
struct lsm_context {
	char	*context;
	u32	len;
};

static inline int fpt_compat_label(struct dentry *dentry, int mode,
				   const struct qstr *name,
				   const char **xattr, struct lsm_context *ctx)
{
	return security_dentry_init_security(dentry, mode, name, xattr,
					     (void **)&ctx->context, &ctx->len);
}

static inline void fpt_compat_release_label(struct lsm_context *ctx)
{
	security_release_secctx(ctx->context, ctx->len);
}

#define security_dentry_init_security	fpt_compat_label
#define security_release_secctx		fpt_compat_release_label
#endif

#endif /* _FPT_COMPAT_SECURITY_H */
