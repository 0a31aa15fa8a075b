// SPDX-License-Identifier: GPL-2.0-only
/*
 * fusept-stat: what mounts of fusept do, from their control files.
 *
 * A connection is read twice, a counter's difference is what happened between
 * the two; what is no counter (backing_files, backing_opens) is shown as it is.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define CONTROL		"/sys/fs/fusept/connections"
#define MAX_VALUES	256
#define NAME_LENGTH	64
#define NUMBER_MOST	4294967295UL

/**
 * struct sample - the counters of a connection
 * @nr: how many
 * @name, @value: of each, in the file's order
 */
struct sample {
	int			nr;
	char			name[MAX_VALUES][NAME_LENGTH];
	unsigned long long	value[MAX_VALUES];
};

static const char *control = CONTROL;

__attribute__((format(printf, 2, 3), noreturn))
static void die(int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "fusept-stat: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

/* Return: 0, or an errno; ENOENT for a connection that is gone. */
static int sample_read(struct sample *s, unsigned int conn)
{
	char path[4096], line[256];
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%u/statistics", control, conn);
	f = fopen(path, "re");
	if (!f)
		return errno;
	s->nr = 0;
	while (s->nr < MAX_VALUES && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %llu", s->name[s->nr], &s->value[s->nr]) == 2)
			s->nr++;
	if (ferror(f))
		err = errno;
	fclose(f);
	return err;
}

static bool is_level(const char *name)
{
	return !strncmp(name, "backing_", strlen("backing_"));
}

/* What is shown of a value: a level, or how much it grew since @old. */
static unsigned long long grown(const struct sample *now, int i,
				const struct sample *old)
{
	int k;

	if (!old || is_level(now->name[i]))
		return now->value[i];
	for (k = 0; k < old->nr; k++)
		if (!strcmp(old->name[k], now->name[i]))
			break;
	/* a smaller one is another connection's, of the same number */
	if (k == old->nr || now->value[i] < old->value[k])
		return now->value[i];
	return now->value[i] - old->value[k];
}

static void print_table(unsigned int conn, const struct sample *now,
			const struct sample *old, bool all)
{
	unsigned long long v;
	int i;

	printf("connection %u\n", conn);
	for (i = 0; i < now->nr; i++) {
		v = grown(now, i, old);
		if (v || all)
			printf("  %-34s %20llu\n", now->name[i], v);
	}
}

/* Names are words of letters, digits and '_': nothing to be escaped. */
static void print_json(unsigned int conn, const struct sample *now,
		       const struct sample *old, double seconds)
{
	int i;

	printf("{\"connection\":%u,\"seconds\":%.3f", conn, seconds);
	for (i = 0; i < now->nr; i++)
		printf(",\"%s\":%llu", now->name[i], grown(now, i, old));
	printf("}\n");
}

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned long number(const char *text, const char *what,
			    unsigned long least)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || value < least ||
	    value > NUMBER_MOST)
		die(1, "%s '%s': a number from %lu to %lu is needed", what, text,
		    least, NUMBER_MOST);
	return value;
}

/* With replace_fuse=1 the kernel's names are the module's. */
static bool is_replaced(void)
{
	FILE *f = fopen("/sys/module/fuse_pt/parameters/replace_fuse", "re");
	bool yes = f && fgetc(f) == 'Y';

	if (f)
		fclose(f);
	return yes;
}

/* "fusept", "fuseptblk", either with ".SUBTYPE" */
static bool is_our_type(const char *type)
{
	size_t n = strcspn(type, ". ");

	if (n < 4 || strncmp(type, "fuse", 4))
		return false;
	type += 4;
	n -= 4;
	if (n >= 2 && !strncmp(type, "pt", 2)) {
		type += 2;
		n -= 2;
	} else if (!is_replaced()) {
		return false;
	}
	return !n || (n == 3 && !strncmp(type, "blk", 3));
}

/* A submount is ours, too, and has no connection of its own number. */
static bool is_our_device(dev_t dev)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int maj, min;
	char *line = NULL, *type;
	bool found = false;
	size_t room = 0;

	if (!f)
		die(2, "/proc/self/mountinfo: %s", strerror(errno));
	while (!found && getline(&line, &room, f) > 0) {
		type = strstr(line, " - ");
		found = type && sscanf(line, "%*d %*d %u:%u", &maj, &min) == 2 &&
			makedev(maj, min) == dev && is_our_type(type + 3);
	}
	free(line);
	fclose(f);
	return found;
}

/* The connection of a mount point, or one that is named by its number. */
static unsigned int connection_of(const char *arg)
{
	struct statx st;

	if (isdigit((unsigned char)*arg) && !strchr(arg, '/'))
		return number(arg, "connection", 0);
	/* a server that does not answer need not be asked */
	if (statx(AT_FDCWD, arg, AT_STATX_DONT_SYNC, 0, &st))
		die(2, "%s: %s", arg, strerror(errno));
	if (!is_our_device(makedev(st.stx_dev_major, st.stx_dev_minor)))
		die(2, "%s: not on a mount of fusept", arg);
	/* the device number as the kernel has it, not as libc has it */
	return st.stx_dev_major << 20 | st.stx_dev_minor;
}

static int by_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static int connections(unsigned int **list)
{
	DIR *dir = opendir(control);
	struct dirent *entry;
	int nr = 0;

	if (!dir)
		die(2, "%s: %s; mount -t fuseptctl fuseptctl %s", control,
		    strerror(errno), control);
	*list = NULL;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		*list = realloc(*list, (nr + 1) * sizeof(**list));
		if (!*list)
			die(2, "no memory");
		(*list)[nr++] = strtoul(entry->d_name, NULL, 10);
	}
	closedir(dir);
	if (nr)
		qsort(*list, nr, sizeof(**list), by_number);
	return nr;
}

static void usage(FILE *to)
{
	fprintf(to, "usage: fusept-stat [--json] [--all] [--interval SECONDS] [--count N] [MOUNT|NUMBER ...]\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	unsigned long interval = 0, count = 0, round;
	bool json = false, all = false, failed = false, named;
	struct sample *now, *old, *swap;
	unsigned int *list;
	double before, spent;
	int c, i, nr, err;

	while ((c = getopt_long(argc, argv, "jai:n:hV", options, NULL)) != -1) {
		switch (c) {
		case 'j': json = true; break;
		case 'a': all = true; break;
		case 'i': interval = number(optarg, "interval", 1); break;
		case 'n': count = number(optarg, "count", 1); break;
		case 'h': usage(stdout); return 0;
		case 'V': printf("fusept-stat %s\n", FUSEPT_VERSION); return 0;
		default: usage(stderr); return 1;
		}
	}
	if (count && !interval)
		die(1, "--count goes with --interval");

	nr = argc - optind;
	named = nr;
	if (named) {
		list = calloc(nr, sizeof(*list));
		for (i = 0; list && i < nr; i++)
			list[i] = connection_of(argv[optind + i]);
	} else {
		nr = connections(&list);
	}
	now = calloc(nr + 1, sizeof(*now));
	old = calloc(nr + 1, sizeof(*old));
	if (!now || !old || (nr && !list))
		die(2, "no memory");

	/* Round 0 is since the mount; those behind it, since the one before. */
	before = clock_now();
	for (round = 0; ; round++) {
		spent = clock_now() - before;
		before += spent;
		for (i = 0; i < nr; i++) {
			const struct sample *base = round ? &old[i] : NULL;

			err = sample_read(&now[i], list[i]);
			/* Of what nobody named, it may be gone or another's. */
			if (err && !(err == ENOENT && (round || !named)) &&
			    !(err == EACCES && !named)) {
				fprintf(stderr, "fusept-stat: connection %u: %s\n",
					list[i], strerror(err));
				failed = true;
			}
			if (err || (interval && !round))
				continue;
			if (json)
				print_json(list[i], &now[i], base, spent);
			else
				print_table(list[i], &now[i], base, all);
		}
		fflush(stdout);
		if (!interval || failed || (count && round == count))
			break;
		swap = old;
		old = now;
		now = swap;
		sleep(interval);
	}
	return failed ? 2 : 0;
}
