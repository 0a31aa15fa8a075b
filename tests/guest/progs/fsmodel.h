/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of fsmodel: files, what each of them should hold, and the verdict, with
 * the operations that led to it, when one holds something else.
 */
#ifndef FSMODEL_H
#define FSMODEL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES		2
#define HISTORY		24
#define LINE		160

enum { RW1, RW2, APPEND, DIRECT, FDS };

/* A file and what it should hold. */
struct file {
	char path[PATH_MAX];
	char lower[PATH_MAX];
	int fd[FDS];
	unsigned char *want;
	off_t size;
	struct timespec mtime, ctime;
	unsigned char *map;	/* stays mapped, shared, for @max bytes; or NULL */
};

static struct file files[FILES];
static off_t max_size = 1 << 20;
static unsigned char *buf, *other;	/* aligned, of max_size each */
static uint64_t seed;
static long op_nr;
static char history[HISTORY][LINE];
static bool verbose;

/* -------- verdicts -------- */

static inline void note(const char *format, ...)
{
	char *line = history[op_nr % HISTORY];
	int n = snprintf(line, LINE, "%ld: ", op_nr);
	va_list ap;

	va_start(ap, format);
	vsnprintf(line + n, LINE - n, format, ap);
	va_end(ap);
	if (verbose)
		fprintf(stderr, "%s\n", line);
}

static inline void __attribute__((noreturn, format(printf, 1, 2)))
wrong(const char *format, ...)
{
	va_list ap;
	long i;

	for (i = op_nr - HISTORY + 1; i <= op_nr; i++)
		if (i >= 0)
			printf("  %s\n", history[i % HISTORY]);
	printf("fsmodel: seed %llu, operation %ld: ", (unsigned long long)seed, op_nr);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

static inline void __attribute__((noreturn)) cannot(const char *what)
{
	fprintf(stderr, "fsmodel: %s: %s\n", what, strerror(errno));
	exit(2);
}

static inline int nr(const struct file *f)
{
	return (int)(f - files);
}

static inline void same(const struct file *f, const char *how, off_t at, const unsigned char *got, off_t len)
{
	off_t i;

	if (!memcmp(got, f->want + at, len))
		return;
	for (i = 0; i < len && got[i] == f->want[at + i]; i++)
		;
	if (i < len)
		wrong("file %d, %s of %lld bytes at %lld: byte %lld is %#x instead of %#x", nr(f), how,
		      (long long)len, (long long)at, (long long)(at + i), got[i], f->want[at + i]);
}

/* -------- what changes and what is seen -------- */

static inline void model_size(struct file *f, off_t size)
{
	if (size < f->size)
		memset(f->want + size, 0, f->size - size);
	f->size = size;
}

static inline void model_write(struct file *f, off_t at, const unsigned char *from, off_t len)
{
	memmove(f->want + at, from, len);
	if (at + len > f->size)
		f->size = at + len;
}

static inline void wrote(struct file *f, const char *how, off_t at, off_t len, ssize_t done)
{
	if (done < 0)
		wrong("file %d: %s of %lld at %lld: %s", nr(f), how, (long long)len, (long long)at, strerror(errno));
	if (done != len)
		wrong("file %d: %s of %lld at %lld: %zd bytes", nr(f), how, (long long)len, (long long)at, done);
	model_write(f, at, buf, len);
}

static inline void read_back(struct file *f, const char *how, off_t at, off_t len, ssize_t done)
{
	off_t want = at >= f->size ? 0 : at + len > f->size ? f->size - at : len;

	if (done < 0)
		wrong("file %d: %s of %lld at %lld: %s", nr(f), how, (long long)len, (long long)at, strerror(errno));
	if (done != want)
		wrong("file %d: %s of %lld at %lld: %zd bytes instead of %lld", nr(f), how, (long long)len,
		      (long long)at, done, (long long)want);
	same(f, how, at, buf, want);
}

static inline void check_lower(struct file *f)
{
	struct stat st;
	ssize_t got;
	int fd;

	if (!f->lower[0])
		return;
	fd = open(f->lower, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		cannot(f->lower);
	if (st.st_size != f->size)
		wrong("file %d: below, its size is %lld instead of %lld", nr(f), (long long)st.st_size, (long long)f->size);
	got = pread(fd, other, f->size, 0);
	if (got != f->size)
		wrong("file %d: below, %zd bytes can be read of %lld", nr(f), got, (long long)f->size);
	same(f, "what is below", 0, other, f->size);
	close(fd);
}

#endif
