// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc.h"
#include "record.h"
#include "say.h"

#define RECORD_DIR "/run/fusept"

/* Of the namespace that we come from, where nobody else can lay links. */
static int dir = -1;

void record_keep(void)
{
	static bool tried;

	if (tried)
		return;
	tried = true;
	mkdir(RECORD_DIR, 0755);
	dir = open(RECORD_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void record_name(char *name, size_t size, dev_t dev)
{
	snprintf(name, size, "%u:%u", major(dev), minor(dev));
}

/* Field 22 of /proc/PID/stat, after a command name that may hold anything. */
static unsigned long long start_time(pid_t pid)
{
	unsigned long long start = 0;
	char name[32], text[1024], *p;
	FILE *f;
	size_t n;
	int field;

	snprintf(name, sizeof(name), "%d/stat", pid);
	f = proc_open(name);
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	for (field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		start = strtoull(p + 1, NULL, 10);
	return start;
}

/* fopen(3) of @name among the records. */
static FILE *open_record(const char *name, int flags, const char *mode)
{
	FILE *f = NULL;
	int fd;

	record_keep();
	fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		f = fdopen(fd, mode);
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

void record_write(dev_t dev, pid_t pid)
{
	char name[32], temp[48];
	unsigned long long start = start_time(pid);
	FILE *f;

	if (!start)
		return;
	record_name(name, sizeof(name), dev);
	snprintf(temp, sizeof(temp), "%s.%d", name, getpid());
	f = open_record(temp, O_WRONLY | O_CREAT | O_EXCL, "w");
	if (!f)
		return;
	fprintf(f, "%d %llu\n", pid, start);
	if (fclose(f) || renameat(dir, temp, dir, name)) {
		say("cannot write %s/%s: %s", RECORD_DIR, name, strerror(errno));
		unlinkat(dir, temp, 0);
	}
}

bool record_read(struct record *rec, dev_t dev)
{
	char name[32];
	FILE *f;
	int n;

	*rec = (struct record){ .dev = dev };
	record_name(name, sizeof(name), dev);
	f = open_record(name, O_RDONLY, "r");
	if (!f)
		return false;
	n = fscanf(f, "%d %llu", &rec->pid, &rec->start);
	fclose(f);
	if (n == 2 && rec->pid > 1)
		return true;
	rec->pid = 0;
	return false;
}

int record_pidfd(const struct record *rec)
{
	int fd;

	if (!rec->pid)
		return -1;
	fd = syscall(SYS_pidfd_open, rec->pid, 0);
	/* Compared after the pidfd is open: it holds the process it names. */
	if (fd >= 0 && start_time(rec->pid) != rec->start) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool record_remove(const struct record *rec)
{
	struct record now;
	char name[32];

	if (!rec->pid || !record_read(&now, rec->dev) || now.pid != rec->pid ||
	    now.start != rec->start)
		return false;
	record_name(name, sizeof(name), rec->dev);
	return !unlinkat(dir, name, 0);
}
