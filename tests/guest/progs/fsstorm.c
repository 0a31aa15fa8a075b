// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsstorm: many threads at one file, each doing as it likes.
 *
 * usage: fsstorm [-t SECONDS] [-j THREADS] [-s SEED] FILE LOWER
 *
 * Writes, reads, mappings, truncation, holes, O_DIRECT, opens with and without
 * O_TRUNC, fsync. What the threads read cannot be foretold; but no call may
 * fail or hang, and when all are done FILE must read, through its page cache and
 * mapped, as LOWER, the same file below the server. Exit status: 0; 1 if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SPACE	(512 << 10)
#define MOST	(96 << 10)
#define PAGE	4096

static const char *path;
static time_t until;
static uint64_t seed;
static volatile bool failed;
static __thread sigjmp_buf *landing;

static uint64_t rnd(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	return z ^ (z >> 31);
}

/* A mapping reaches behind the end that another thread just set. */
static void on_bus(int sig)
{
	if (landing)
		siglongjmp(*landing, 1);
	_exit(3);
}

static void trouble(const char *what)
{
	printf("fsstorm: seed %llu: %s: %s\n", (unsigned long long)seed, what, strerror(errno));
	failed = true;
}

static void touch(int fd, off_t at, size_t len, bool store, unsigned char *mem)
{
	off_t first = at & ~(off_t)(PAGE - 1);
	size_t size = len + (at - first);
	sigjmp_buf here;
	unsigned char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, first);

	if (map == MAP_FAILED) {
		if (errno != ENODEV)
			trouble("mmap");
		return;
	}
	if (!sigsetjmp(here, 1)) {
		landing = &here;
		if (store)
			memcpy(map + (at - first), mem, len);
		else
			memcpy(mem, map + (at - first), len);
	}
	landing = NULL;
	munmap(map, size);
}

static void *storm(void *arg)
{
	uint64_t state = seed + (uintptr_t)arg;
	unsigned long n = 0;
	unsigned char *mem;
	int fd = -1, direct;

	if (posix_memalign((void **)&mem, PAGE, SPACE)) {
		trouble("memory");
		return NULL;
	}
	direct = open(path, O_RDWR | O_DIRECT);
	while (time(NULL) < until && !failed) {
		off_t at = rnd(&state) % (SPACE - MOST);
		size_t len = 1 + rnd(&state) % (rnd(&state) % 3 ? 6000 : MOST);

		if (fd < 0)
			fd = open(path, rnd(&state) % 40 ? O_RDWR : O_RDWR | O_TRUNC);
		if (fd < 0) {
			trouble("open");
			break;
		}
		memset(mem, rnd(&state), 16);
		switch (rnd(&state) % 16) {
		case 0: case 1: case 2:
			if (pwrite(fd, mem, len, at) < 0)
				trouble("write");
			break;
		case 3: case 4:
			if (pread(fd, mem, len, at) < 0)
				trouble("read");
			break;
		case 5: case 6:
			touch(fd, at, len, true, mem);
			break;
		case 7:
			touch(fd, at, len, false, mem);
			break;
		case 8:
			if (ftruncate(fd, at))
				trouble("truncate");
			break;
		case 9:
			if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len) && errno != EOPNOTSUPP)
				trouble("punch");
			break;
		case 10: case 11:
			if (direct >= 0 && pwrite(direct, mem, (len + PAGE) & ~(size_t)(PAGE - 1), at & ~(off_t)(PAGE - 1)) < 0)
				trouble("direct write");
			break;
		case 12:
			if (direct >= 0 && pread(direct, mem, (len + PAGE) & ~(size_t)(PAGE - 1), at & ~(off_t)(PAGE - 1)) < 0)
				trouble("direct read");
			break;
		case 13:
			if (fsync(fd))
				trouble("fsync");
			break;
		case 14:
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			break;
		case 15:
			if (close(fd))
				trouble("close");
			fd = -1;
			break;
		}
		n++;
	}
	if (fd >= 0 && close(fd))
		trouble("close");
	if (direct >= 0)
		close(direct);
	free(mem);
	return (void *)n;
}

static void compare(const char *lower)
{
	static unsigned char up[2 * SPACE], down[2 * SPACE];
	int fd = open(path, O_RDWR), low = open(lower, O_RDONLY);
	ssize_t have, want, i;
	unsigned char *map;

	if (fd < 0 || low < 0 || fsync(fd)) {
		trouble("the end");
		return;
	}
	have = pread(fd, up, sizeof(up), 0);
	want = pread(low, down, sizeof(down), 0);
	if (have != want) {
		printf("fsstorm: seed %llu: %zd bytes, and below %zd\n", (unsigned long long)seed, have, want);
		failed = true;
		return;
	}
	for (i = 0; i < have && up[i] == down[i]; i++)
		;
	map = have ? mmap(NULL, have, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	if (i < have || (have && (map == MAP_FAILED || memcmp(map, down, have)))) {
		printf("fsstorm: seed %llu: byte %zd differs from what is below\n", (unsigned long long)seed, i);
		failed = true;
	}
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_bus };
	unsigned long total = 0, threads = 6, i;
	int seconds = 20, c, fd;
	pthread_t *ids;
	void *n;

	seed = time(NULL);
	while ((c = getopt(argc, argv, "t:j:s:")) != -1) {
		switch (c) {
		case 't': seconds = atoi(optarg); break;
		case 'j': threads = strtoul(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		default: optind = argc;
		}
	}
	if (optind != argc - 2 || seconds <= 0 || !threads) {
		fprintf(stderr, "usage: fsstorm [-t SECONDS] [-j THREADS] [-s SEED] FILE LOWER\n");
		return 2;
	}
	path = argv[optind];
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0) {
		perror(path);
		return 2;
	}
	close(fd);
	sigaction(SIGBUS, &act, NULL);
	until = time(NULL) + seconds;
	ids = calloc(threads, sizeof(*ids));
	for (i = 0; ids && i < threads; i++)
		if (pthread_create(&ids[i], NULL, storm, (void *)(i * 1000003)))
			return 2;
	for (i = 0; ids && i < threads; i++) {
		pthread_join(ids[i], &n);
		total += (unsigned long)n;
	}
	if (!failed)
		compare(argv[optind + 1]);
	printf("fsstorm: seed %llu, %lu operations\n", (unsigned long long)seed, total);
	return failed;
}
