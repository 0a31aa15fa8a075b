// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set-ups: the directory below itself, and mounts of it. The same server
 * binary serves the kernel's own fuse and fusept, so that a difference between
 * columns is the kernel side's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

extern char **environ;

const char *const setup_standard[] = {
	"below", "fuse", "fuse-passthrough", "fusept", "fusept-passthrough", NULL
};

/* Those and what has to be asked for by name. */
static const char *const setup_named[] = { "fusept-bound", NULL };

int run_command(const char *const argv[])
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (err) {
		fprintf(stderr, "fusept-bench: %s: %s\n", argv[0], strerror(err));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int make_dir(const char *path)
{
	if (!mkdir(path, 0755))
		return 0;
	fprintf(stderr, "fusept-bench: mkdir %s: %s\n", path, strerror(errno));
	return -1;
}

int setups_begin(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");

	if (asprintf(&b->scratch, "%s/fusept-bench.XXXXXX", tmp ? tmp : "/tmp") < 0)
		return -1;
	if (!mkdtemp(b->scratch)) {
		fprintf(stderr, "fusept-bench: %s: %s\n", b->scratch, strerror(errno));
		free(b->scratch);
		b->scratch = NULL;
		return -1;
	}
	if (b->lower)
		return 0;
	if (asprintf(&b->lower, "%s/lower", b->scratch) < 0)
		return -1;
	if (make_dir(b->lower))
		return -1;
	if (mount("fusept-bench", b->lower, "tmpfs", 0, "mode=0755")) {
		fprintf(stderr, "fusept-bench: tmpfs on %s: %s (without root, name a directory with --lower)\n",
			b->lower, strerror(errno));
		return -1;
	}
	b->lower_mounted = true;
	return 0;
}

/* "passthrough=off,..." for the server; free it. NULL without memory. */
static char *server_options(const struct bench *b, const struct setup *s)
{
	bool bound = strstr(s->name, "-bound");
	bool through = bound || strstr(s->name, "-passthrough");
	char *opts;

	if (asprintf(&opts, "passthrough=%s%s%s%s", through ? "on" : "off",
		     bound ? ",bound=on" : "", b->server_opts ? "," : "",
		     b->server_opts ? b->server_opts : "") < 0)
		return NULL;
	return opts;
}

static int mount_fuse(const struct bench *b, const struct setup *s,
		      const char *opts)
{
	const char *const argv[] = {
		b->server, "-o", opts, b->lower, s->root, NULL
	};

	return run_command(argv);
}

static int mount_fusept(const struct bench *b, const struct setup *s,
			const char *opts)
{
	char *source;
	int ret;

	if (asprintf(&source, "%s#%s", b->server, b->lower) < 0)
		return -1;
	ret = run_command((const char *const[]){
		"mount", "-t", "fusept", "-o", opts, source, s->root, NULL
	});
	free(source);
	return ret;
}

/* Only the kernel's own passthrough may. */
static bool may_be_absent(const struct setup *s)
{
	if (strcmp(s->name, "fuse-passthrough"))
		return false;
	fprintf(stderr, "fusept-bench: fuse-passthrough: not offered by this kernel's fuse, left out\n");
	return true;
}

static int setup_mount(struct bench *b, struct setup *s)
{
	char *opts = server_options(b, s);
	int ret;

	if (!opts)
		ret = -1;
	else if (!strncmp(s->name, "fusept", 6))
		ret = mount_fusept(b, s, opts);
	else
		ret = mount_fuse(b, s, opts);
	free(opts);
	if (!ret) {
		s->mounted = true;
		return 0;
	}
	if (may_be_absent(s))
		return 1;
	fprintf(stderr, "fusept-bench: %s: mounting failed with status %d\n", s->name, ret);
	return -1;
}

static bool is_among(const char *const names[], const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static bool is_standard(const char *name)
{
	return is_among(setup_standard, name) || is_among(setup_named, name);
}

static int setup_root(struct bench *b, struct setup *s, const char *dir)
{
	if (dir || !strcmp(s->name, "below")) {
		s->root = strdup(dir ? dir : b->lower);
		return s->root ? 0 : -1;
	}
	/* No set-up's path is longer than another's: each byte of it costs. */
	if (asprintf(&s->root, "%s/%d", b->scratch, b->nr_setups) < 0) {
		s->root = NULL;
		return -1;
	}
	if (make_dir(s->root))
		return -1;
	s->made_root = true;
	return setup_mount(b, s);
}

/* Is what answered there the directory that the mount was made on? */
static bool is_bare(const struct bench *b, const struct setup *s)
{
	struct stat work, scratch;

	return !stat(s->work, &work) && !stat(b->scratch, &scratch) &&
	       work.st_dev == scratch.st_dev;
}

/*
 * The first request: a server that was refused passthrough ends at INIT, in
 * the background, and takes its mount along, before this request or after.
 */
static int setup_work(const struct bench *b, struct setup *s)
{
	if (asprintf(&s->work, "%s/fusept-bench-%d-%d", s->root, b->nr_setups,
		     getpid()) < 0) {
		s->work = NULL;
		return -1;
	}
	if (!mkdir(s->work, 0755)) {
		s->made_work = true;
		if (!s->mounted || !is_bare(b, s))
			return 0;
		s->mounted = false;
		if (may_be_absent(s))
			return 1;
		fprintf(stderr, "fusept-bench: %s: the server has left\n", s->name);
		return -1;
	}
	if (s->mounted && (errno == ECONNABORTED || errno == ENOTCONN) &&
	    may_be_absent(s)) {
		umount2(s->root, MNT_DETACH);
		s->mounted = false;
		return 1;
	}
	fprintf(stderr, "fusept-bench: mkdir %s: %s\n", s->work, strerror(errno));
	return -1;
}

static void setup_drop(struct setup *s);

int setup_add(struct bench *b, const char *spec)
{
	const char *dir = strchr(spec, '=');
	size_t len = dir ? (size_t)(dir - spec) : strlen(spec);
	struct setup *s = &b->setups[b->nr_setups];
	int ret;

	if (b->nr_setups == BENCH_MAX_SETUPS) {
		fprintf(stderr, "fusept-bench: --setup %s: at most %d set-ups\n", spec,
			BENCH_MAX_SETUPS);
		return -1;
	}
	if (!len || len >= sizeof(s->name)) {
		fprintf(stderr, "fusept-bench: --setup %s: a name is 1 to %zu characters\n",
			spec, sizeof(s->name) - 1);
		return -1;
	}
	memset(s, 0, sizeof(*s));
	memcpy(s->name, spec, len);
	memcpy(s->title, s->name, sizeof(s->title));
	if (!dir && !is_standard(s->name)) {
		fprintf(stderr, "fusept-bench: --setup %s: not a standard set-up; name its directory: %s=DIR\n",
			spec, spec);
		return -1;
	}
	ret = setup_root(b, s, dir ? dir + 1 : NULL);
	if (ret) {
		setup_drop(s);
		return ret;
	}
	ret = setup_work(b, s);
	if (ret) {
		setup_drop(s);
		return ret;
	}
	b->nr_setups++;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void setup_drop(struct setup *s)
{
	if (s->made_work)
		nftw(s->work, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (s->mounted) {
		const char *const argv[] = { "umount", s->root, NULL };

		if (run_command(argv))
			fprintf(stderr, "fusept-bench: %s is still mounted\n", s->root);
	}
	/* refused while it is mounted */
	if (s->made_root)
		rmdir(s->root);
	free(s->work);
	free(s->root);
}

/* A server of the kernel's fuse lets go of it a moment after its own unmount. */
static int umount_lower(const struct bench *b)
{
	for (int tries = 0; tries < 50; tries++) {
		if (!umount(b->lower))
			return 0;
		if (errno != EBUSY)
			return -1;
		usleep(100000);
	}
	return -1;
}

void setups_end(struct bench *b)
{
	while (b->nr_setups)
		setup_drop(&b->setups[--b->nr_setups]);
	if (b->lower_mounted) {
		if (umount_lower(b))
			fprintf(stderr, "fusept-bench: umount %s: %s\n", b->lower,
				strerror(errno));
		else
			rmdir(b->lower);
	}
	free(b->lower);
	if (b->scratch)
		rmdir(b->scratch);
	free(b->scratch);
}
