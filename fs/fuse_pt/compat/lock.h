/* SPDX-License-Identifier: GPL-2.0-only */
/* File locks: the part that all kinds have in common. */
#ifndef _FPT_COMPAT_LOCK_H
#define _FPT_COMPAT_LOCK_H

#include <linux/fs.h>
#ifdef FPT_HAVE_FILELOCK_H
#include <linux/filelock.h>
#endif

/*
 * FPT_LOCK(fl, type): that member (type, flags, owner, pid) of a struct
 * file_lock, wherever it is.
 */
#ifdef FPT_HAVE_FILE_LOCK_CORE
#define FPT_LOCK(fl, member)	((fl)->c.flc_##member)
#else
#define FPT_LOCK(fl, member)	((fl)->fl_##member)
#endif

#endif /* _FPT_COMPAT_LOCK_H */
