// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../mount/device.h"
#include "redirect.h"

#define FUSE_DEVICE	"/dev/fuse"

/* The block device type first: its name begins with the other's. */
static const struct {
	const char *from;
	const char *to;
} types[] = {
	{ "fuseblk", FUSEPT_TYPE "blk" },
	{ "fuse", FUSEPT_TYPE },
};

#define PRELOAD	"LD_PRELOAD="

static char helper[PATH_MAX];
static char *preload;	/* PRELOAD and its value, for environments without */
static int verbose;

__attribute__((constructor)) static void remember(void)
{
	const char *slash, *all = getenv("LD_PRELOAD");
	Dl_info self;

	verbose = !!getenv(RUN_VERBOSE);
	if (all && asprintf(&preload, PRELOAD "%s", all) < 0)
		preload = NULL;
	if (!dladdr((void *)redirect_device, &self) || !self.dli_fname)
		return;
	slash = strrchr(self.dli_fname, '/');
	if (!slash)
		return;
	if (snprintf(helper, sizeof(helper), "%.*s/" RUN_HELPER,
		     (int)(slash - self.dli_fname), self.dli_fname) >=
	    (int)sizeof(helper))
		helper[0] = '\0';
}

static void tell(const char *what, const char *from, const char *to)
{
	int err = errno;

	if (verbose)
		dprintf(STDERR_FILENO, "fusept-run: %s: %s %s is %s\n",
			program_invocation_short_name, what, from, to);
	errno = err;
}

void *next_function(void **at, const char *name)
{
	void *f = __atomic_load_n(at, __ATOMIC_RELAXED);

	if (f)
		return f;
	f = dlsym(RTLD_NEXT, name);
	if (!f) {
		dprintf(STDERR_FILENO, "fusept-run: the C library has no %s\n",
			name);
		abort();
	}
	__atomic_store_n(at, f, __ATOMIC_RELAXED);
	return f;
}

const char *redirect_device(const char *path)
{
	if (!path || strcmp(path, FUSE_DEVICE))
		return path;
	tell("device", path, FUSEPT_DEVICE);
	return FUSEPT_DEVICE;
}

char *redirect_type(const char *type)
{
	char *to;

	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		size_t n = strlen(types[i].from);

		if (strncmp(type, types[i].from, n) ||
		    (type[n] && type[n] != '.'))
			continue;
		if (asprintf(&to, "%s%s", types[i].to, type + n) < 0) {
			errno = ENOMEM;
			return NULL;
		}
		tell("type", type, to);
		return to;
	}
	return (char *)type;
}

void redirect_free(char *redirected, const char *type)
{
	int err = errno;

	if (redirected != type)
		free(redirected);
	errno = err;
}

const char *redirect_program(const char *file)
{
	if (!file || !helper[0] || !redirect_is_fusermount(file))
		return file;
	tell("program", file, helper);
	return helper;
}

size_t redirect_room(char *const envp[])
{
	size_t n = 0;

	while (envp && envp[n])
		n++;
	return n + 2;
}

char *const *redirect_environment(char *room[], char *const envp[])
{
	size_t n;

	if (!preload)
		return envp;
	for (n = 0; envp && envp[n]; n++) {
		if (!strncmp(envp[n], PRELOAD, sizeof(PRELOAD) - 1))
			return envp;
		room[n] = envp[n];
	}
	room[n++] = preload;
	room[n] = NULL;
	return room;
}
