// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "namespace.h"
#include "say.h"

int namespace_open(const char *which)
{
	char path[64];
	int fd;

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
	if (setns(fd, CLONE_NEWNS))
		die(EX_SYSTEM, "cannot enter the mount namespace: %s",
		    strerror(errno));
}
