// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

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

/*
 * Call @see for each mount, in the order they were made, until it says true.
 * False when it never does; true as well when there is no table.
 */
static bool each_mount(bool (*see)(dev_t dev, const char *dir, void *data),
		       void *data)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int maj, min;
	bool done = false;
	char *line = NULL, *dir;
	size_t room = 0;

	if (!f)
		return true;
	while (!done && getline(&line, &room, f) > 0) {
		if (sscanf(line, "%*d %*d %u:%u %*s %ms", &maj, &min, &dir) != 3)
			continue;
		unescape(dir);
		done = see(makedev(maj, min), dir, data);
		free(dir);
	}
	free(line);
	fclose(f);
	return done;
}

struct place {
	const char *dir;
	dev_t dev;
};

static bool see_place(dev_t dev, const char *dir, void *data)
{
	struct place *p = data;

	if (!strcmp(dir, p->dir))
		p->dev = dev;
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

dev_t table_device(const char *dir)
{
	struct place p = { .dir = dir };
	char *real;

	each_mount(see_place, &p);
	if (p.dev)
		return p.dev;
	real = table_place(dir);
	if (real) {
		p.dir = real;
		each_mount(see_place, &p);
	}
	free(real);
	return p.dev;
}

static bool see_device(dev_t dev, const char *dir, void *data)
{
	return dev == *(dev_t *)data;
}

bool table_has(dev_t dev)
{
	return each_mount(see_device, &dev);
}
