// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "proc.h"
#include "say.h"
#include "table.h"

/* The table writes blanks and backslashes as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*out++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 |
				 (s[3] - '0');
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* A line of the table. */
struct entry {
	dev_t dev;
	const char *dir;
	const char *flags;	/* of the mount */
	const char *super;	/* of the file system, with its options */
};

/*
 * Call @see for each mount, in the order they were made, until it says true.
 * False when it never does; true as well when there is no table.
 */
static bool each_mount(bool (*see)(const struct entry *e, void *data),
		       void *data)
{
	FILE *f = proc_open("self/mountinfo");
	unsigned int maj, min;
	bool done = false;
	char *line = NULL, *dir, *flags;
	size_t room = 0;
	struct entry e;

	if (!f)
		return true;
	while (!done && getline(&line, &room, f) > 0) {
		if (sscanf(line, "%*d %*d %u:%u %*s %ms %ms", &maj, &min, &dir,
			   &flags) != 4)
			continue;
		unescape(dir);
		line[strcspn(line, "\n")] = '\0';
		e.dev = makedev(maj, min);
		e.dir = dir;
		e.flags = flags;
		/* the last field, behind a source that may be empty */
		e.super = strrchr(line, ' ') + 1;
		done = see(&e, data);
		free(dir);
		free(flags);
	}
	free(line);
	fclose(f);
	return done;
}

struct place {
	const char *dir;
	bool found;
	dev_t dev;
	char *options;
};

static bool see_place(const struct entry *e, void *data)
{
	struct place *p = data;

	if (strcmp(e->dir, p->dir))
		return false;
	free(p->options);
	if (asprintf(&p->options, "%s,%s", e->flags, e->super) < 0)
		die(EX_SYSTEM, "out of memory");
	p->dev = e->dev;
	p->found = true;
	return false;
}

char *table_place(const char *dir)
{
	char *copy = must_dup(dir), *copy2 = must_dup(dir), *parent, *path;
	const char *name = basename(copy2);

	if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "/")) {
		path = realpath(dir, NULL);
	} else {
		parent = realpath(dirname(copy), NULL);
		path = NULL;
		if (parent && asprintf(&path, "%s/%s",
				       strcmp(parent, "/") ? parent : "", name) < 0)
			die(EX_SYSTEM, "out of memory");
		free(parent);
	}
	free(copy);
	free(copy2);
	return path;
}

/* What is mounted at @dir, topmost; options is the caller's to free. */
static struct place find_place(const char *dir)
{
	struct place p = { .dir = dir };
	char *real;

	each_mount(see_place, &p);
	if (p.found)
		return p;
	real = table_place(dir);
	if (real) {
		p.dir = real;
		each_mount(see_place, &p);
	}
	free(real);
	return p;
}

dev_t table_device(const char *dir)
{
	struct place p = find_place(dir);

	free(p.options);
	return p.dev;
}

char *table_options(const char *dir)
{
	return find_place(dir).options;
}

static bool see_device(const struct entry *e, void *data)
{
	return e->dev == *(dev_t *)data;
}

bool table_has(dev_t dev)
{
	return each_mount(see_device, &dev);
}
