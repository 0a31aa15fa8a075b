// SPDX-License-Identifier: GPL-2.0-only
/*
 * mount(2) takes the flags of a remount for all that there are: one that is not
 * named is cleared, nosuid of a server that is not root among them. So what the
 * mount has is named again. The table says what that is; statvfs(3) would ask a
 * server that may hang.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "options.h"
#include "remount.h"
#include "table.h"

/* As the table writes them. */
static const struct {
	const char *name;
	unsigned long bit;
} shown[] = {
	{ "ro", MS_RDONLY },
	{ "nosuid", MS_NOSUID },
	{ "nodev", MS_NODEV },
	{ "noexec", MS_NOEXEC },
	{ "nosymfollow", MS_NOSYMFOLLOW },
	{ "noatime", MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME },
	{ "relatime", MS_RELATIME },
	{ "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },
	{ "mand", MS_MANDLOCK },
	{ "lazytime", MS_LAZYTIME },
};

static unsigned long flags_of(char *options)
{
	unsigned long flags = 0;
	char *name, *rest;

	for (name = strtok_r(options, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			if (!strcmp(name, shown[i].name))
				flags |= shown[i].bit;
	/* the table has no word for it */
	if (!(flags & ATIME_BITS))
		flags |= MS_STRICTATIME;
	return flags;
}

int remount(const char *dir, unsigned long set, unsigned long given, bool fake)
{
	char *options = table_options(dir);
	unsigned long flags;

	if (!options)
		return EINVAL;
	flags = set | (flags_of(options) & ~given);
	free(options);
	/* atime is the kernel's default, which is not to keep what there is */
	if (!(flags & ATIME_BITS))
		flags |= MS_RELATIME;
	if (fake || !mount(NULL, dir, NULL, MS_REMOUNT | flags, NULL))
		return 0;
	return errno;
}
