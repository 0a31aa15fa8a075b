// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirlist: a directory of many entries, listed whole, in pieces, from remembered
 * positions, and while it changes.
 *
 *   dirlist [--entries N] DIR
 *
 * DIR must be empty. Every name must come exactly once in a listing of a
 * directory that stays the same; in one that changes, every name that was there
 * all the time must come exactly once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long entries = 10000;
static unsigned char *seen;

static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("dirlist: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* The number in "entry-00042", or -1. */
static long number(const char *name)
{
	return strncmp(name, "entry-", 6) ? -1 : atol(name + 6);
}

static void make(int dir, const char *prefix, long n)
{
	char name[64];
	int fd;

	/* Names of many lengths, so that entries end anywhere in a buffer. */
	snprintf(name, sizeof(name), "%s-%ld%.*s", prefix, n, (int)(n % 40),
		 "........................................");
	fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0)
		die("create %s: %s", name, strerror(errno));
	close(fd);
}

static void drop(int dir, const char *prefix, long n)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%ld%.*s", prefix, n, (int)(n % 40),
		 "........................................");
	if (unlinkat(dir, name, 0))
		die("unlink %s: %s", name, strerror(errno));
}

static void check_seen(const char *what)
{
	for (long i = 0; i < entries; i++)
		if (seen[i] != 1)
			die("%s: entry %ld came %d times", what, i, seen[i]);
}

static void list_whole(DIR *d, bool with_stat)
{
	struct dirent *e;
	struct stat st;
	int dots = 0;
	long n;

	memset(seen, 0, entries);
	rewinddir(d);
	errno = 0;
	while ((e = readdir(d))) {
		n = number(e->d_name);
		if (n >= 0) {
			seen[n]++;
			if (e->d_type != DT_REG)
				die("%s has type %d", e->d_name, e->d_type);
			if (with_stat) {
				if (fstatat(dirfd(d), e->d_name, &st, 0))
					die("stat %s: %s", e->d_name, strerror(errno));
				if (st.st_ino != e->d_ino)
					die("%s: inode %lu in the listing, %lu in stat",
					    e->d_name, e->d_ino, st.st_ino);
			}
		} else if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) {
			dots++;
		}
	}
	if (errno)
		die("readdir: %s", strerror(errno));
	if (dots != 2)
		die("%d entries for . and ..", dots);
	check_seen(with_stat ? "listing with stat" : "listing");
}

/* From a remembered position, the same entry comes again. */
static void list_positions(DIR *d)
{
	long count = 0, room = entries / 97 + 8, *at = calloc(room, sizeof(*at));
	char (*names)[256] = calloc(room, sizeof(*names));
	struct dirent *e;
	long pos;

	rewinddir(d);
	for (long i = 0; (pos = telldir(d)) >= 0 && (e = readdir(d)); i++) {
		if (i % 97)
			continue;
		at[count] = pos;
		strcpy(names[count++], e->d_name);
	}
	for (long i = count - 1; i >= 0; i--) {
		seekdir(d, at[i]);
		e = readdir(d);
		if (!e || strcmp(e->d_name, names[i]))
			die("position %ld: %s, was %s", at[i],
			    e ? e->d_name : "the end", names[i]);
	}
	free(at);
	free(names);
}

static void list_changing(DIR *d)
{
	struct dirent *e;
	long n, i = 0, made = 0, dropped = 0;

	memset(seen, 0, entries);
	rewinddir(d);
	while ((e = readdir(d))) {
		n = number(e->d_name);
		if (n >= 0)
			seen[n]++;
		if (++i % 10 == 0)
			make(dirfd(d), "other", made++);
		if (i % 20 == 0)
			drop(dirfd(d), "other", dropped++);
		if (i > entries * 100)
			die("the listing does not end");
	}
	check_seen("listing while it changes");
	while (dropped < made)
		drop(dirfd(d), "other", dropped++);
}

/* Removing what was listed, as rm -r does. */
static void list_removing(DIR *d)
{
	struct dirent *e;
	long n;

	memset(seen, 0, entries);
	rewinddir(d);
	while ((e = readdir(d))) {
		n = number(e->d_name);
		if (n < 0)
			continue;
		seen[n]++;
		drop(dirfd(d), "entry", n);
	}
	check_seen("listing while removing");
	rewinddir(d);
	while ((e = readdir(d)))
		if (number(e->d_name) >= 0)
			die("%s is there after its removal", e->d_name);
}

int main(int argc, char **argv)
{
	DIR *d;

	if (argc == 4 && !strcmp(argv[1], "--entries")) {
		entries = atol(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc != 2 || entries < 1) {
		fputs("Usage: dirlist [--entries N] DIR\n", stderr);
		return 2;
	}
	d = opendir(argv[1]);
	seen = malloc(entries);
	if (!d || !seen)
		die("%s: %s", argv[1], strerror(errno));
	for (long i = 0; i < entries; i++)
		make(dirfd(d), "entry", i);
	list_whole(d, false);
	list_whole(d, true);
	list_positions(d);
	list_changing(d);
	list_whole(d, false);
	list_removing(d);
	closedir(d);
	printf("dirlist: %ld entries, all listings right\n", entries);
	return 0;
}
