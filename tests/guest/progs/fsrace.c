// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsrace: threads create, open, rename, link, unlink, list, write and read in the
 * same small set of names for a while. No call may fail with an error that no
 * local file system would give, every block read from a file must be one that was
 * written to it, and at the end the tree must be removable.
 *
 *   fsrace [--seconds N] [--threads N] DIR
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define NAMES 24

static int root;
static _Atomic(bool) stop;
static _Atomic(long) done;

static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("fsrace: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static unsigned int rnd(unsigned int *state, unsigned int n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

static void name(unsigned int *s, char *buf)
{
	if (rnd(s, 2))
		sprintf(buf, "n%u", rnd(s, NAMES));
	else
		sprintf(buf, "d%u/n%u", rnd(s, 3), rnd(s, NAMES));
}

static void expect(const char *what, const char *path, long ret, const int *errs)
{
	int err = errno;

	if (ret >= 0)
		return;
	for (; *errs; errs++)
		if (err == *errs)
			return;
	die("%s(%s): %s", what, path, strerror(err));
}

/* A block is one value all through, with the block's number in front. */
static void fill(unsigned long *block, unsigned long index, unsigned long value)
{
	block[0] = index;
	for (size_t i = 1; i < BLOCK / sizeof(*block); i++)
		block[i] = value;
}

static void check(const unsigned long *block, unsigned long index, const char *path)
{
	bool hole = !block[0] && !block[1];

	if (!hole && block[0] != index)
		die("%s: block %lu says it is %lu", path, index, block[0]);
}

static void use_file(unsigned int *s, const char *path)
{
	static const int opens[] = { ENOENT, EISDIR, ENXIO, ENOTDIR, 0 };
	static const int ios[] = { 0 };
	unsigned long block[BLOCK / sizeof(unsigned long)];
	int flags = rnd(s, 3) ? O_RDWR | O_CREAT : O_RDWR;
	unsigned int index;
	struct stat st;
	ssize_t n;
	int fd;

	if (!rnd(s, 8))
		flags |= O_TRUNC;
	fd = openat(root, path, flags, 0644);
	expect("open", path, fd, opens);
	if (fd < 0)
		return;
	for (int i = rnd(s, 6); i; i--) {
		index = 1 + rnd(s, 32);
		if (rnd(s, 2)) {
			fill(block, index, rnd(s, 1000) + 1);
			n = pwrite(fd, block, BLOCK, (off_t)index * BLOCK);
			expect("write", path, n, ios);
		} else {
			n = pread(fd, block, BLOCK, (off_t)index * BLOCK);
			expect("read", path, n, ios);
			if (n == BLOCK)
				check(block, index, path);
		}
		expect("fstat", path, fstat(fd, &st), ios);
	}
	if (!rnd(s, 10))
		expect("fsync", path, fsync(fd), ios);
	if (!rnd(s, 10))
		expect("ftruncate", path, ftruncate(fd, (off_t)rnd(s, 32) * BLOCK), ios);
	if (!rnd(s, 6)) {
		unsigned long *m = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, fd, BLOCK);

		if (m != MAP_FAILED)
			munmap(m, BLOCK);
	}
	close(fd);
}

static void list(void)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;
	struct dirent *e;

	if (!d)
		die("opendir: %s", strerror(errno));
	errno = 0;
	while ((e = readdir(d))) {
		fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW);
		errno = 0;
	}
	if (errno)
		die("readdir: %s", strerror(errno));
	closedir(d);
}

static void *work(void *arg)
{
	static const int names[] = { ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, 0 };
	unsigned int s = (unsigned long)arg;
	char a[64], b[64];
	struct stat st;

	while (!stop) {
		name(&s, a);
		name(&s, b);
		switch (rnd(&s, 12)) {
		case 0:
			expect("rename", a, renameat(root, a, root, b), names);
			break;
		case 1:
			expect("link", a, linkat(root, a, root, b, 0), names);
			break;
		case 2:
		case 3:
			expect("unlink", a, unlinkat(root, a, 0), names);
			break;
		case 4:
			expect("stat", a, fstatat(root, a, &st, 0), names);
			break;
		case 5:
			list();
			break;
		case 6:
			expect("exchange", a, renameat2(root, a, root, b, 2), names);
			break;
		default:
			use_file(&s, a);
		}
		done++;
	}
	return NULL;
}

static long option(const char *text)
{
	long n = atol(text);

	if (n < 1 || n > 10000)
		die("'%s': a number from 1 to 10000 is needed", text);
	return n;
}

int main(int argc, char **argv)
{
	long seconds = 10, threads = 8;
	pthread_t ids[10000];
	const char *dir = NULL;
	char path[64];

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
			seconds = option(argv[++i]);
		else if (!strcmp(argv[i], "--threads") && i + 1 < argc)
			threads = option(argv[++i]);
		else
			dir = argv[i];
	}
	if (!dir) {
		fputs("Usage: fsrace [--seconds N] [--threads N] DIR\n", stderr);
		return 2;
	}
	root = open(dir, O_RDONLY | O_DIRECTORY);
	if (root < 0)
		die("%s: %s", dir, strerror(errno));
	for (int i = 0; i < 3; i++) {
		sprintf(path, "d%d", i);
		if (mkdirat(root, path, 0755))
			die("mkdir %s: %s", path, strerror(errno));
	}
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, (void *)(i * 77 + time(NULL))))
			die("cannot start a thread");
	sleep(seconds);
	stop = true;
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < NAMES; k++) {
			sprintf(path, "d%d/n%d", i, k);
			unlinkat(root, path, 0);
			sprintf(path, "n%d", k);
			unlinkat(root, path, 0);
		}
		sprintf(path, "d%d", i);
		if (unlinkat(root, path, AT_REMOVEDIR))
			die("rmdir %s: %s", path, strerror(errno));
	}
	printf("fsrace: %ld calls by %ld threads in %ld s, none wrong\n", done,
	       threads, seconds);
	return 0;
}
