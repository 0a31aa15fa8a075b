/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of names: what clients do with the name that is wanted. */
#ifndef RAWNAMES_H
#define RAWNAMES_H

#include "rawtree.h"

static inline int stat_wanted(const char *dir)
{
	struct stat st;

	if (lstat(client_path(dir, wanted), &st))
		return errno;
	shared->value[0] = st.st_ino;
	shared->value[1] = st.st_mode;
	shared->value[2] = st.st_size;
	return 0;
}

static inline int open_wanted(const char *dir, int flags)
{
	int fd = open(client_path(dir, wanted), flags, 0666);

	return fd < 0 ? errno : (close(fd), 0);
}

static inline int create_wanted(const char *dir)
{
	return open_wanted(dir, O_CREAT | O_RDWR);
}

static inline int unlink_wanted(const char *dir)
{
	return unlink(client_path(dir, wanted)) ? errno : 0;
}

static inline int mkdir_wanted(const char *dir)
{
	return mkdir(client_path(dir, wanted), 0777) ? errno : 0;
}

static inline int link_file(const char *dir)
{
	char old[512];

	snprintf(old, sizeof(old), "%s/file", dir);
	return link(old, client_path(dir, wanted)) ? errno : 0;
}

static inline int rename_flags(const char *dir, unsigned int flags)
{
	char from[512], to[512];

	snprintf(from, sizeof(from), "%s/file", dir);
	snprintf(to, sizeof(to), "%s/moved", dir);
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) ?
	       errno : 0;
}

static inline int rename_plain(const char *dir)
{
	return rename_flags(dir, 0);
}

#endif
