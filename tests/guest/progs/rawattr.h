/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of attributes: what clients ask and change of the file that is wanted,
 * and what SETATTR said.
 */
#ifndef RAWATTR_H
#define RAWATTR_H

#include <grp.h>
#include "rawtree.h"

#define STRANGER 1234

static inline int stat_wanted(const char *dir)
{
	struct stat st;

	if (stat(client_path(dir, wanted), &st))
		return errno;
	shared->value[0] = st.st_size;
	shared->value[1] = st.st_mode;
	shared->value[2] = st.st_mtim.tv_nsec;
	shared->value[3] = st.st_blksize;
	return 0;
}

static inline int statx_how(const char *dir, int flags)
{
	struct statx stx;

	if (statx(AT_FDCWD, client_path(dir, wanted), flags, STATX_BASIC_STATS,
		  &stx))
		return errno;
	shared->value[0] = stx.stx_size;
	return 0;
}

static inline int stat_force(const char *dir)
{
	return statx_how(dir, AT_STATX_FORCE_SYNC);
}

static inline int chmod_wanted(const char *dir)
{
	return chmod(client_path(dir, wanted), 0600) ? errno : 0;
}

static inline int chown_wanted(const char *dir)
{
	return chown(client_path(dir, wanted), 11, 12) ? errno : 0;
}

static inline int truncate_path(const char *dir)
{
	return truncate(client_path(dir, wanted), 1000) ? errno : 0;
}

/* Of the last SETATTR, where a test hooks it. */
static struct fuse_setattr_in sent;

static inline bool hook_look_setattr(struct raw *r)
{
	memcpy(&sent, r->arg, sizeof(sent));
	return false;
}

static inline void become_stranger(void)
{
	if (setgroups(0, NULL) || setgid(STRANGER) || setuid(STRANGER))
		_exit(99);
}

#endif
