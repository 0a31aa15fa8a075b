// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "namespace.h"
#include "proc.h"
#include "record.h"
#include "say.h"

int namespace_open(const char *which, const char *dir)
{
	char path[64];
	int fd;

	if (*dir != '/')
		die(EX_USAGE_, "mount point %s: in another namespace an absolute path is needed",
		    dir);
	if (*which && strspn(which, "0123456789") == strlen(which)) {
		snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", which);
		which = path;
	}
	fd = open(which, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EX_USAGE_, "namespace %s: %s", which, strerror(errno));
	return fd;
}

void namespace_enter(int fd)
{
	proc_keep();
	record_keep();
	if (setns(fd, CLONE_NEWNS))
		die(EX_SYSTEM, "cannot enter the mount namespace: %s",
		    strerror(errno));
}

static int open_own(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die(EX_SYSTEM, "%s: %s", path, strerror(errno));
	return fd;
}

void namespace_remember(struct namespace_home *home)
{
	home->ns = open_own("/proc/self/ns/mnt", O_RDONLY);
	home->root = open_own("/", O_PATH | O_DIRECTORY);
	home->cwd = open_own(".", O_PATH | O_DIRECTORY);
}

void namespace_return(const struct namespace_home *home)
{
	namespace_enter(home->ns);
	if (fchdir(home->root) || chroot(".") || fchdir(home->cwd))
		die(EX_SYSTEM, "cannot go back to our own directory: %s",
		    strerror(errno));
}
