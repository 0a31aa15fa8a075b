/* SPDX-License-Identifier: GPL-2.0-only */
/* Superblock flags that older kernels lack. */
#ifndef _FPT_COMPAT_SB_FLAGS_H
#define _FPT_COMPAT_SB_FLAGS_H

#include <linux/fs.h>

/*
 * Without it, idmapped mounts are for a whole type or not at all: not for one
 * that has to ask its server.
 */
#ifdef SB_I_NOIDMAP
#define FPT_COMPAT_IDMAP	true
#define FPT_COMPAT_ALLOW_IDMAP	FS_ALLOW_IDMAP
#else
#define FPT_COMPAT_IDMAP	false
#define FPT_COMPAT_ALLOW_IDMAP	0
#define SB_I_NOIDMAP		0
#endif

/* Without it, sync(2) waits for pages under writeback, of which we have none. */
#ifndef SB_I_NO_DATA_INTEGRITY
#define SB_I_NO_DATA_INTEGRITY	0
#endif

#endif /* _FPT_COMPAT_SB_FLAGS_H */
