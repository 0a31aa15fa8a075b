// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "proc.h"

static int proc = -1;

void proc_keep(void)
{
	static bool tried;

	if (!tried)
		proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tried = true;
}

FILE *proc_open(const char *name)
{
	FILE *f = NULL;
	int fd;

	proc_keep();
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		f = fdopen(fd, "r");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}
