// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory of small files, read as cp and tar do.
 *
 *	readtree make DIR N	makes N files of 2.5 KiB
 *	readtree read DIR N	looks each up, then reads each once; prints what
 *				the reading took, in ns of the clock a file
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SIZE	2560

static char data[128 << 10];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void name_of(char name[32], int i)
{
	snprintf(name, 32, "%d/%d", i % 100, i);
}

static void make_one(int i)
{
	char name[32];
	int fd;

	if (i < 100) {
		snprintf(name, sizeof(name), "%d", i);
		if (mkdir(name, 0755))
			err(1, "mkdir %s", name);
	}
	name_of(name, i);
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
	memset(data, i, SIZE);
	if (fd < 0 || write(fd, data, SIZE) != SIZE || close(fd))
		err(1, "%s", name);
}

static void look_up(int i)
{
	char name[32];
	struct stat st;

	name_of(name, i);
	if (stat(name, &st) || st.st_size != SIZE)
		err(1, "stat %s", name);
}

static void read_one(int i)
{
	char name[32];
	struct stat st;
	int fd;

	name_of(name, i);
	fd = open(name, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) || st.st_size != SIZE ||
	    read(fd, data, sizeof(data)) != SIZE || data[SIZE - 1] != (char)i ||
	    read(fd, data, sizeof(data)) || close(fd))
		err(1, "reading %s", name);
}

int main(int argc, char **argv)
{
	double start;
	int n, i;

	if (argc != 4 || (n = atoi(argv[3])) < 100)
		errx(2, "usage: readtree make|read DIR N, N at least 100");
	if (chdir(argv[2]))
		err(1, "%s", argv[2]);
	if (!strcmp(argv[1], "make")) {
		for (i = 0; i < n; i++)
			make_one(i);
		return 0;
	}
	for (i = 0; i < n; i++)
		look_up(i);
	start = now();
	for (i = 0; i < n; i++)
		read_one(i);
	printf("%.0f\n", (now() - start) / n);
	return 0;
}
