// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory of inodes that are known and of files that are open.
 *
 *	memuse LOWER MNT FILES
 *
 * Makes files in LOWER, looks each up in MNT, which shows them, then opens each.
 * Prints "inode BYTES" and "open BYTES", what one takes in all slab caches, that
 * of the server's side included; on standard error, of which caches.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "memuse: %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *name_of(const char *dir, int i)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/f%d", dir, i);
	return path;
}

#define CACHES	1000

/* What is in use in each slab cache. */
struct slab {
	int caches;
	struct cache {
		char name[64];
		unsigned long used;
		unsigned long size;
	} cache[CACHES];
};

static void look(struct slab *slab)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	struct cache *c = slab->cache;
	char line[512];

	if (!f)
		fail("/proc/slabinfo");
	while (c < slab->cache + CACHES && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lu %*u %lu", c->name, &c->used,
			   &c->size) == 3)
			c++;
	fclose(f);
	slab->caches = c - slab->cache;
}

static const struct cache *find(const struct slab *slab, const char *name)
{
	int i;

	for (i = 0; i < slab->caches; i++)
		if (!strcmp(slab->cache[i].name, name))
			return &slab->cache[i];
	return NULL;
}

/*
 * Bytes that each file took between two looks: the caches that have one object
 * more for each, or several. What comes and goes beside that is not theirs.
 */
static void report(const char *what, const struct slab *before,
		   const struct slab *after, int files)
{
	const struct cache *was, *is;
	unsigned long bytes = 0;
	long each;
	int i;

	for (i = 0; i < after->caches; i++) {
		is = &after->cache[i];
		was = find(before, is->name);
		each = ((long)is->used - (was ? (long)was->used : 0) +
			files / 2) / files;
		if (each <= 0)
			continue;
		bytes += each * is->size;
		fprintf(stderr, "%s: %s %ld of %lu bytes\n", what, is->name,
			each, is->size);
	}
	printf("%s %lu\n", what, bytes);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	if (fd < 0 || write(fd, "3", 1) != 1)
		fail("drop_caches");
	close(fd);
}

int main(int argc, char **argv)
{
	int files = argc == 4 ? atoi(argv[3]) : 0, i, fd;
	static struct slab start, known, open_too;
	struct rlimit limit;
	struct stat st;

	if (files <= 0) {
		fprintf(stderr, "usage: memuse LOWER MNT FILES\n");
		return 2;
	}
	limit.rlim_cur = limit.rlim_max = files + 100;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("RLIMIT_NOFILE");
	for (i = 0; i < files; i++) {
		fd = open(name_of(argv[1], i), O_WRONLY | O_CREAT, 0644);
		if (fd < 0)
			fail(name_of(argv[1], i));
		close(fd);
	}
	/* what the first file needs, and no other, is not theirs */
	if (stat(name_of(argv[2], 0), &st))
		fail(name_of(argv[2], 0));
	drop_caches();

	look(&start);
	for (i = 0; i < files; i++)
		if (stat(name_of(argv[2], i), &st))
			fail(name_of(argv[2], i));
	look(&known);
	for (i = 0; i < files; i++)
		if (open(name_of(argv[2], i), O_RDWR) < 0)
			fail(name_of(argv[2], i));
	look(&open_too);
	report("inode", &start, &known, files);
	report("open", &known, &open_too, files);
	return 0;
}
