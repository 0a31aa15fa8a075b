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
#define SEARCH	"PATH="
#define ADDED	3	/* to an environment: both and the NULL */

static char helper[PATH_MAX];
static const char *library;	/* as LD_PRELOAD names us */
/* Each with its value, for environments without; NULL when it was not set. */
static char *preload, *search;
static int verbose;

/* The variable that @prefix, NAME=, begins, allocated. */
static char *keep(const char *prefix, const char *value)
{
	char *text;

	return value && asprintf(&text, "%s%s", prefix, value) >= 0 ? text : NULL;
}

__attribute__((constructor)) static void remember(void)
{
	const char *slash;
	Dl_info self;

	verbose = !!getenv(RUN_VERBOSE);
	search = keep(SEARCH, getenv("PATH"));
	if (!dladdr((void *)redirect_device, &self) || !self.dli_fname)
		return;
	library = self.dli_fname;
	preload = keep(PRELOAD, getenv("LD_PRELOAD"));
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

static size_t count(char *const envp[])
{
	size_t n = 0;

	while (envp && envp[n])
		n++;
	return n;
}

/* The value of @variable when it is the one that @prefix, NAME=, begins. */
static const char *value_of(const char *variable, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(variable, prefix, n) ? NULL : variable + n;
}

static bool has_library(const char *preloads)
{
	size_t n = strlen(library), len;

	while (*preloads) {
		len = strcspn(preloads, ": ");
		if (len == n && !memcmp(preloads, library, n))
			return true;
		preloads += len + !!preloads[len];
	}
	return false;
}

size_t redirect_room(char *const envp[])
{
	size_t n = count(envp) + ADDED;

	for (size_t i = 0; preload && envp && envp[i]; i++)
		if (value_of(envp[i], PRELOAD))
			return n + (strlen(library) + sizeof(":") +
				    strlen(envp[i])) / sizeof(*envp) + 1;
	return n;
}

char *const *redirect_environment(char *room[], char *const envp[])
{
	size_t n = count(envp);
	bool led = !preload, searched = !search;
	char *text = (char *)(room + n + ADDED);

	for (size_t i = 0; i < n; i++) {
		const char *value = value_of(envp[i], PRELOAD);

		room[i] = envp[i];
		searched |= !!value_of(envp[i], SEARCH);
		if (!value || led)
			continue;
		led = true;
		/* Of a script that has a library of its own. */
		if (!has_library(value)) {
			sprintf(text, PRELOAD "%s:%s", library, value);
			room[i] = text;
		}
	}
	if (!led)
		room[n++] = preload;
	if (!searched)
		room[n++] = search;
	room[n] = NULL;
	return room;
}
