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

#include "record.h"
#include "say.h"

#define RECORD_DIR "/run/fusept"

static void record_path(char *path, size_t size, dev_t dev)
{
	snprintf(path, size, "%s/%u:%u", RECORD_DIR, major(dev), minor(dev));
}

/* Field 22 of /proc/PID/stat, after a command name that may hold anything. */
static unsigned long long start_time(pid_t pid)
{
	unsigned long long start = 0;
	char path[32], text[1024], *p;
	ssize_t n;
	int fd, field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')');
	for (field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		start = strtoull(p + 1, NULL, 10);
	return start;
}

void record_write(dev_t dev, pid_t pid)
{
	char path[64], temp[80];
	unsigned long long start = start_time(pid);
	FILE *f;

	if (!start)
		return;
	if (mkdir(RECORD_DIR, 0755) && errno != EEXIST)
		return;
	record_path(path, sizeof(path), dev);
	snprintf(temp, sizeof(temp), "%s.%d", path, getpid());
	f = fopen(temp, "wxe");
	if (!f)
		return;
	fprintf(f, "%d %llu\n", pid, start);
	if (fclose(f) || rename(temp, path)) {
		say("cannot write %s: %s", path, strerror(errno));
		unlink(temp);
	}
}

bool record_read(struct record *rec, dev_t dev)
{
	char path[64];
	FILE *f;
	int n;

	*rec = (struct record){ .dev = dev };
	record_path(path, sizeof(path), dev);
	f = fopen(path, "re");
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
	char path[64];

	if (!rec->pid || !record_read(&now, rec->dev) || now.pid != rec->pid ||
	    now.start != rec->start)
		return false;
	record_path(path, sizeof(path), rec->dev);
	return !unlink(path);
}
