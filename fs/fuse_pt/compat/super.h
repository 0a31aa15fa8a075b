/* SPDX-License-Identifier: GPL-2.0-only */
/* Superblocks and their mount parameters. */
#ifndef _FPT_COMPAT_SUPER_H
#define _FPT_COMPAT_SUPER_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/xattr.h>

static inline void
fpt_compat_set_xattr(struct super_block *sb,
		     const struct xattr_handler *const *handlers)
{
#ifdef FPT_HAVE_S_XATTR_CONST
	sb->s_xattr = handlers;
#else
	/* never written through, but typed as if it might be */
	sb->s_xattr = (const struct xattr_handler **)handlers;
#endif
}

/*
 * Parameters of type uid and gid: parsed as numbers by older kernels. The
 * result is invalid where the caller's name space has no such id; newer
 * kernels refuse those while they parse.
 */
#ifndef FPT_HAVE_FSPARAM_UID
#define fsparam_uid(name, opt)	fsparam_u32(name, opt)
#define fsparam_gid(name, opt)	fsparam_u32(name, opt)
#endif

static inline kuid_t fpt_compat_param_uid(const struct fs_parse_result *result)
{
#ifdef FPT_HAVE_FSPARAM_UID
	return result->uid;
#else
	return make_kuid(current_user_ns(), result->uint_32);
#endif
}

static inline kgid_t fpt_compat_param_gid(const struct fs_parse_result *result)
{
#ifdef FPT_HAVE_FSPARAM_UID
	return result->gid;
#else
	return make_kgid(current_user_ns(), result->uint_32);
#endif
}

#endif /* _FPT_COMPAT_SUPER_H */
