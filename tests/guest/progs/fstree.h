/* SPDX-License-Identifier: GPL-2.0-only */
/* Directories as the comparing programs see them: listed in order, emptied. */
#ifndef FSTREE_H
#define FSTREE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * The sorted names of a listing, each with its type, in one text. How many there
 * are, or -errno.
 */
static long list_names(int at, const char *path, char *text, size_t room)
{
	char *all[512];
	struct dirent *d;
	long ret;
	int n = 0, fd;
	DIR *dir;

	*text = '\0';
	fd = openat(at, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	errno = 0;
	while ((d = readdir(dir)) && n < 512)
		if (asprintf(&all[n++], "%s:%d ", d->d_name, d->d_type) < 0)
			exit(2);
	ret = errno ? -errno : n;
	closedir(dir);
	qsort(all, n, sizeof(all[0]), by_name);
	for (int i = 0; i < n; i++) {
		strncat(text, all[i], room - strlen(text) - 1);
		free(all[i]);
	}
	return ret;
}

/* Remove all that is below @path. */
static void clear(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY);
	struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (unlinkat(fd, d->d_name, 0) && errno == EISDIR) {
			clear(fd, d->d_name);
			unlinkat(fd, d->d_name, AT_REMOVEDIR);
		}
	}
	closedir(dir);
}

#endif
