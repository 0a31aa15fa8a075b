// SPDX-License-Identifier: GPL-2.0-only
/* 6.14: security_dentry_init_security() fills in a struct lsm_context. */
#include <linux/security.h>

static inline int probe(struct dentry *dentry, const struct qstr *name,
			const char **xattr, struct lsm_context *ctx)
{
	return security_dentry_init_security(dentry, 0, name, xattr, ctx);
}
