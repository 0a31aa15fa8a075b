// SPDX-License-Identifier: GPL-2.0-only
/*
 * fusept-run: a FUSE server's own command line, on fusept instead of the
 * kernel's own fuse. See fusept-run(1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../mount/device.h"
#include "../mount/say.h"
#include "nomount.h"
#include "program.h"
#include "redirect.h"
#include "userns.h"

#define LIBRARY	"libfusept-run.so"
#define PRELOAD	"LD_PRELOAD"

static const char usage_text[] =
"Usage: fusept-run [-f] [-v] [--] CMD [ARG ...]\n"
"Runs CMD, the command line of a FUSE server, or a script that has one, so that\n"
"what it mounts is mounted as type fusept by module fuse_pt.\n"
"Who may not mount gets a user and a mount namespace, which CMD shares.\n"
"\n"
"  -f, --force     run CMD even though it looks as if it could not be led to fusept\n"
"  -v, --verbose   say on standard error what is led to fusept\n"
"  -h, --help      this help\n"
"  -V, --version   the version\n"
"Exits with CMD's status; 125: fusept-run failed, 126: CMD cannot be run on\n"
"fusept, 127: there is no CMD. See fusept-run(1).\n";

static const struct option long_options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static char *beside(const char *dir, const char *file)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, file) < 0)
		die(EX_RUN, "out of memory");
	return path;
}

/* The folder with @file: this program's where it was built, else where installed. */
static char *find_folder(const char *file)
{
	char self[PATH_MAX], *path, *found;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dirs[2] = { NULL, FUSEPT_PRIVATE };

	if (n > 0) {
		self[n] = '\0';
		dirs[0] = dirname(self);
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!dirs[i])
			continue;
		path = beside(dirs[i], file);
		found = access(path, R_OK) ? NULL : must_dup(dirs[i]);
		free(path);
		if (found)
			return found;
	}
	die(EX_RUN, "%s is missing in " FUSEPT_PRIVATE, file);
}

static void preload(char *library)
{
	const char *others = getenv(PRELOAD);
	char *all;

	if (strpbrk(library, ": \t"))
		die(EX_RUN, "%s: the dynamic loader takes no blank or colon in the name of a library",
		    library);
	if (others && *others) {
		if (asprintf(&all, "%s:%s", library, others) < 0)
			die(EX_RUN, "out of memory");
		library = all;
	}
	if (setenv(PRELOAD, library, 1))
		die(EX_RUN, "out of memory");
}

/* Who calls the kernel past the C library still finds fusermount by PATH. */
static void lead_path(const char *dir)
{
	const char *path = getenv("PATH");
	char *all;

	if (asprintf(&all, "%s:%s", dir, path ? path : PROGRAM_PATH) < 0 ||
	    setenv("PATH", all, 1))
		die(EX_RUN, "out of memory");
	free(all);
}

int main(int argc, char **argv)
{
	bool force = false, past_libc;
	char *path, *why, *library, *dir;
	int c;

	while ((c = getopt_long(argc, argv, "+fhvV", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			force = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		case 'v':
			say_verbose = true;
			break;
		case 'V':
			printf("fusept-run %s\n", FUSEPT_VERSION);
			return 0;
		default:
			fputs(usage_text, stderr);
			return EX_RUN;
		}
	}
	if (optind == argc) {
		fputs(usage_text, stderr);
		die(EX_RUN, "a command is needed");
	}
	argv += optind;
	path = program_find(argv[0]);
	if (!path)
		die(errno == ENOENT ? EX_NO_COMMAND : EX_CANNOT_RUN, "%s: %s",
		    argv[0], strerror(errno));
	dir = find_folder(LIBRARY);
	library = beside(dir, LIBRARY);
	if (redirect_is_fusermount(path))
		path = beside(dir, RUN_HELPER);
	why = program_unfit(path, &past_libc);
	if (why && !force)
		die(EX_CANNOT_RUN, "%s. Where the kernel's own fuse is a module, parameter replace_fuse=1 of module " FUSEPT_MODULE " serves it (fusept-run(1))",
		    why);
	/* Loads the module; CMD opens a device of its own. */
	close(device_open(EX_RUN));
	if (!userns_may_mount()) {
		say_more("in a user namespace");
		userns_enter(EX_RUN);
	}
	preload(library);
	/* Not by its name, which the system has beside fusept-run. */
	lead_path(find_folder(RUN_HELPER));
	if (past_libc && !force) {
		say_more("%s: a Go program: led by fusermount, its own mount(2) is barred",
			 path);
		nomount_enter(EX_RUN);
	}
	if (say_verbose && setenv(RUN_VERBOSE, "1", 1))
		die(EX_RUN, "out of memory");
	execvp(path, argv);
	die(errno == ENOENT ? EX_NO_COMMAND : EX_CANNOT_RUN, "%s: %s", path,
	    strerror(errno));
}
