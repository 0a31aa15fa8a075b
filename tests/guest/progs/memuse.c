// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory of inodes that are known and of files that are open.
 *
 *	memuse LOWER MNT FILES
 *
 * Makes files in LOWER, looks each up in MNT, which shows them, then opens each.
 * Prints "inode BYTES" and "open BYTES", what one takes in all slab caches, that
 * of the server's side included; on standard error, of which caches.
 *
 * What the kernel frees late (RCU, kworkers, the test before this one) would make
 * a cache look as if it had grown by less: each round begins when the caches have
 * come to rest, and of three rounds the median of each cache counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

#define ROUNDS	3

/* Before, when all names are known, and when all files are open. */
enum { START, KNOWN, OPEN, LOOKS };

static struct slab looks[ROUNDS][LOOKS];

static long used(const struct slab *slab, const char *name)
{
	const struct cache *c = find(slab, name);

	return c ? c->used : 0;
}

static int ascending(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/*
 * Bytes that each file took since the look before @look: the caches that have
 * one object more for each, or several. What comes and goes beside that is not
 * theirs.
 */
static void report(const char *what, int look, int files)
{
	const struct slab *last = &looks[ROUNDS - 1][look];
	const struct cache *c;
	unsigned long bytes = 0;
	long more[ROUNDS], each;
	int r;

	for (c = last->cache; c < last->cache + last->caches; c++) {
		for (r = 0; r < ROUNDS; r++)
			more[r] = used(&looks[r][look], c->name) -
				  used(&looks[r][look - 1], c->name);
		qsort(more, ROUNDS, sizeof(*more), ascending);
		each = (more[ROUNDS / 2] + files / 2) / files;
		if (each <= 0)
			continue;
		bytes += each * c->size;
		fprintf(stderr, "%s: %s %ld of %lu bytes\n", what, c->name,
			each, c->size);
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

static bool at_rest(const struct slab *was, const struct slab *is, int files)
{
	const struct cache *c;

	for (c = is->cache; c < is->cache + is->caches; c++)
		if (labs((long)c->used - used(was, c->name)) > files / 20)
			return false;
	return true;
}

/* Drops what can be dropped, until half a second of that changes little. */
static void settle(struct slab *slab, int files)
{
	static struct slab was;
	int calm = 0, tries;

	drop_caches();
	look(slab);
	for (tries = 0; calm < 5; tries++) {
		if (tries == 300) {
			fprintf(stderr, "memuse: the caches do not come to rest\n");
			exit(1);
		}
		usleep(100000);
		was = *slab;
		drop_caches();
		look(slab);
		calm = at_rest(&was, slab, files) ? calm + 1 : 0;
	}
}

int main(int argc, char **argv)
{
	int files = argc == 4 ? atoi(argv[3]) : 0, *fds, i, fd, r;
	struct rlimit limit;
	struct stat st;

	if (files <= 0) {
		fprintf(stderr, "usage: memuse LOWER MNT FILES\n");
		return 2;
	}
	limit.rlim_cur = limit.rlim_max = files + 100;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("RLIMIT_NOFILE");
	fds = calloc(files, sizeof(*fds));
	if (!fds)
		fail("memory");
	for (i = 0; i < files; i++) {
		fd = open(name_of(argv[1], i), O_WRONLY | O_CREAT, 0644);
		if (fd < 0)
			fail(name_of(argv[1], i));
		close(fd);
	}
	/* what the first file needs, and no other, is not theirs */
	if (stat(name_of(argv[2], 0), &st))
		fail(name_of(argv[2], 0));

	for (r = 0; r < ROUNDS; r++) {
		settle(&looks[r][START], files);
		for (i = 0; i < files; i++)
			if (stat(name_of(argv[2], i), &st))
				fail(name_of(argv[2], i));
		look(&looks[r][KNOWN]);
		for (i = 0; i < files; i++) {
			fds[i] = open(name_of(argv[2], i), O_RDWR);
			if (fds[i] < 0)
				fail(name_of(argv[2], i));
		}
		look(&looks[r][OPEN]);
		for (i = 0; i < files; i++)
			close(fds[i]);
	}
	report("inode", KNOWN, files);
	report("open", OPEN, files);
	return 0;
}
