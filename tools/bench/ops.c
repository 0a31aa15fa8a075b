// SPDX-License-Identifier: GPL-2.0-only
/*
 * The op-cost loop: nanoseconds of CLOCK_MONOTONIC for one call. Where the
 * clock counts instructions (QEMU icount, see docs/lab.md), that is
 * instructions for one call, server included, and repeats to about 1 %.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

enum {
	FILE_SIZE	= 4 << 20,
	SMALL		= 4 << 10,
	LARGE		= 128 << 10,
	CHUNKS		= 24,
	DIR_ENTRIES	= 16,
	TREE_FILES	= 256,
	TREE_SIZE	= 2560,
};

struct op_state {
	const char	*dir;
	int		fd;
	char		*buf;
	char		path[4096];
};

/* A full permutation of the blocks of the file: 7919 is prime. */
static off_t scattered(long i, size_t block)
{
	return i * 7919 % (FILE_SIZE / block) * block;
}

static off_t in_order(long i, size_t block)
{
	return i % (FILE_SIZE / block) * block;
}

static bool rd(struct op_state *st, off_t at, size_t block)
{
	return pread(st->fd, st->buf, block, at) == (ssize_t)block;
}

static bool wr(struct op_state *st, off_t at, size_t block)
{
	return pwrite(st->fd, st->buf, block, at) == (ssize_t)block;
}

static bool seq_read4k(struct op_state *st, long i)
{
	return rd(st, in_order(i, SMALL), SMALL);
}

static bool rand_read4k(struct op_state *st, long i)
{
	return rd(st, scattered(i, SMALL), SMALL);
}

static bool seq_read128k(struct op_state *st, long i)
{
	return rd(st, in_order(i, LARGE), LARGE);
}

static bool rand_read128k(struct op_state *st, long i)
{
	return rd(st, scattered(i, LARGE), LARGE);
}

static bool seq_write4k(struct op_state *st, long i)
{
	return wr(st, in_order(i, SMALL), SMALL);
}

static bool rand_write4k(struct op_state *st, long i)
{
	return wr(st, scattered(i, SMALL), SMALL);
}

static bool seq_write128k(struct op_state *st, long i)
{
	return wr(st, in_order(i, LARGE), LARGE);
}

static bool rand_write128k(struct op_state *st, long i)
{
	return wr(st, scattered(i, LARGE), LARGE);
}

/* No page of the file in the upper page cache, and no readahead into it. */
static bool drop_cache(struct op_state *st)
{
	errno = posix_fadvise(st->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (!errno)
		errno = posix_fadvise(st->fd, 0, 0, POSIX_FADV_RANDOM);
	return !errno;
}

static bool no_direct(void)
{
	if (errno == EINVAL)
		errno = EOPNOTSUPP;
	return false;
}

/* Past the page cache from here on. */
static bool to_direct(struct op_state *st)
{
	int flags = fcntl(st->fd, F_GETFL);

	return flags >= 0 && (!fcntl(st->fd, F_SETFL, flags | O_DIRECT) || no_direct());
}

static bool direct_write4k(struct op_state *st, long i)
{
	return seq_write4k(st, i) || no_direct();
}

static bool append100(struct op_state *st, long i)
{
	(void)i;
	return write(st->fd, st->buf, 100) == 100;
}

/* Appends start at the file's usual end in every chunk. */
static bool to_end(struct op_state *st)
{
	return !ftruncate(st->fd, FILE_SIZE) && lseek(st->fd, 0, SEEK_END) == FILE_SIZE;
}

static bool write_fstat(struct op_state *st, long i)
{
	struct stat s;

	return wr(st, in_order(i, SMALL), SMALL) && !fstat(st->fd, &s);
}

static bool do_fstat(struct op_state *st, long i)
{
	struct stat s;

	(void)i;
	return !fstat(st->fd, &s);
}

static bool do_stat(struct op_state *st, long i)
{
	struct stat s;

	(void)i;
	return !stat(st->path, &s);
}

static bool absent(struct op_state *st, long i)
{
	char path[4200];
	struct stat s;

	snprintf(path, sizeof(path), "%s/absent%ld", st->dir, i % 8);
	return stat(path, &s) < 0 && errno == ENOENT;
}

static bool open_close(struct op_state *st, long i)
{
	int fd = open(st->path, O_RDWR);

	(void)i;
	return fd >= 0 && !close(fd);
}

static bool create_unlink(struct op_state *st, long i)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/c%ld", st->dir, i);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0644);
	return fd >= 0 && !close(fd) && !unlink(path);
}

static bool create_write(struct op_state *st, long i)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/w%ld", st->dir, i);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0644);
	return fd >= 0 && write(fd, st->buf, SMALL) == SMALL && !close(fd) &&
	       !unlink(path);
}

static bool list(struct op_state *st, long i)
{
	DIR *d = opendir(st->dir);

	(void)i;
	if (!d)
		return false;
	errno = 0;
	while (readdir(d))
		;
	if (errno) {
		closedir(d);
		return false;
	}
	return !closedir(d);
}

static bool fault64(struct op_state *st, long i)
{
	volatile char *m = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, st->fd, 0);

	(void)i;
	if (m == MAP_FAILED)
		return false;
	for (int at = 0; at < FILE_SIZE; at += FILE_SIZE / 64)
		(void)m[at];
	return !munmap((void *)m, FILE_SIZE);
}

static void tree_path(const struct op_state *st, char path[4200], long i)
{
	snprintf(path, 4200, "%s/tree/%ld", st->dir, i % TREE_FILES);
}

/* A directory of small files, whose names are known: as after a listing. */
static bool small_files(struct op_state *st)
{
	char path[4200];
	struct stat s;

	snprintf(path, sizeof(path), "%s/tree", st->dir);
	if (mkdir(path, 0755) && errno != EEXIST)
		return false;
	for (int i = 0; i < TREE_FILES; i++) {
		bool made;
		int fd;

		tree_path(st, path, i);
		if (!stat(path, &s))
			continue;
		fd = open(path, O_CREAT | O_WRONLY, 0644);
		made = fd >= 0 && write(fd, st->buf, TREE_SIZE) == TREE_SIZE;
		if (fd >= 0)
			close(fd);
		if (!made)
			return false;
	}
	return true;
}

/* What cp, tar and the like do with each file. */
static bool read_small(struct op_state *st, long i)
{
	char path[4200];
	struct stat s;
	bool whole;
	int fd;

	tree_path(st, path, i);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	whole = !fstat(fd, &s) && read(fd, st->buf, LARGE) == TREE_SIZE &&
		!read(fd, st->buf, LARGE);
	return !close(fd) && whole;
}

static bool do_fsync(struct op_state *st, long i)
{
	(void)i;
	return !fsync(st->fd);
}

static bool do_fdatasync(struct op_state *st, long i)
{
	(void)i;
	return !fdatasync(st->fd);
}

const struct op ops[] = {
	{ "seqread4k", "read 4 KiB, sequential", 512, NULL, seq_read4k },
	{ "randread4k", "read 4 KiB, random", 512, NULL, rand_read4k },
	{ "seqread128k", "read 128 KiB, sequential", 64, NULL, seq_read128k },
	{ "randread128k", "read 128 KiB, random", 64, NULL, rand_read128k },
	{ "coldread4k", "read 4 KiB, random, not cached", 256, drop_cache, rand_read4k },
	{ "coldread128k", "read 128 KiB, random, not cached", 32, drop_cache, rand_read128k },
	{ "seqwrite4k", "write 4 KiB, sequential", 256, NULL, seq_write4k },
	{ "randwrite4k", "write 4 KiB, random", 256, NULL, rand_write4k },
	{ "seqwrite128k", "write 128 KiB, sequential", 32, NULL, seq_write128k },
	{ "randwrite128k", "write 128 KiB, random", 32, NULL, rand_write128k },
	{ "directwrite4k", "write 4 KiB, O_DIRECT", 128, to_direct, direct_write4k },
	{ "append100", "append 100 bytes", 256, to_end, append100 },
	{ "write_fstat", "write 4 KiB + fstat", 128, NULL, write_fstat },
	{ "open_close", "open + close", 64, NULL, open_close },
	{ "read_small", "open + fstat + read 2.5 KiB + close", 64, small_files, read_small },
	{ "stat", "stat", 512, NULL, do_stat },
	{ "fstat", "fstat", 512, NULL, do_fstat },
	{ "absent", "stat of an absent name", 512, NULL, absent },
	{ "create_unlink", "create + close + unlink", 32, NULL, create_unlink },
	{ "create_write", "create + write 4 KiB + close + unlink", 32, NULL, create_write },
	{ "list", "opendir + readdir + closedir", 32, NULL, list },
	{ "fault64", "64 page faults, shared mapping", 16, NULL, fault64 },
	{ "fsync", "fsync", 64, NULL, do_fsync },
	{ "fdatasync", "fdatasync", 64, NULL, do_fdatasync },
};
const int nr_ops = sizeof(ops) / sizeof(ops[0]);

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static bool state_begin(struct op_state *st, const char *dir)
{
	char path[4200];
	int fd;

	memset(st, 0, sizeof(*st));
	st->fd = -1;
	st->dir = dir;
	snprintf(st->path, sizeof(st->path), "%s/data", dir);
	st->buf = aligned_alloc(4096, LARGE);
	if (!st->buf)
		return false;
	memset(st->buf, 7, LARGE);
	for (int i = 0; i < DIR_ENTRIES; i++) {
		snprintf(path, sizeof(path), "%s/entry%d", dir, i);
		fd = open(path, O_CREAT | O_WRONLY, 0644);
		if (fd < 0)
			return false;
		close(fd);
	}
	st->fd = open(st->path, O_CREAT | O_RDWR, 0644);
	if (st->fd < 0)
		return false;
	for (off_t at = 0; at < FILE_SIZE; at += LARGE)
		if (!wr(st, at, LARGE))
			return false;
	return true;
}

static void state_end(struct op_state *st)
{
	int err = errno;

	if (st->fd >= 0)
		close(st->fd);
	unlink(st->path);
	free(st->buf);
	errno = err;
}

/* One chunk, in ns a call; < 0 on failure. */
static double chunk(const struct op *op, struct op_state *st, int calls, long *i)
{
	double start;

	if (op->once && !op->once(st))
		return -1;
	start = now();
	for (int c = 0; c < calls; c++)
		if (!op->run(st, (*i)++))
			return -1;
	return (now() - start) / calls;
}

double op_measure(const struct op *op, const char *dir, double scale)
{
	int calls = op->calls * scale < 4 ? 4 : (int)(op->calls * scale);
	struct op_state st;
	double best = -1;
	long i = 0;

	if (!state_begin(&st, dir)) {
		state_end(&st);
		return -1;
	}
	/* The first chunk warms caches; what else ran falls out with the rest. */
	for (int c = 0; c <= CHUNKS; c++) {
		double cost = chunk(op, &st, calls, &i);

		if (cost < 0) {
			best = -1;
			break;
		}
		if (c && (best < 0 || cost < best))
			best = cost;
	}
	state_end(&st);
	return best;
}
