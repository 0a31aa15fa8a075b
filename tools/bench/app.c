// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applications: a program does its work in a fresh directory of each set-up.
 *
 * An application is an executable that is called twice, in that directory:
 * with "prepare", which is not measured, and with "run". Ours are in
 * FUSEPT_PRIVATE/apps; a name with a slash is a file of the user's.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

static const char apps_dir[] = FUSEPT_PRIVATE "/apps";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_tree(const char *dir)
{
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Run @file with @verb in @dir. Return: its exit status, or -1. */
static int call(const char *file, const char *verb, const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid) {
		/* what it says is no figure */
		if (!chdir(dir) && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
			execl(file, file, verb, NULL);
		fprintf(stderr, "fusept-bench: %s: %s\n", file, strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

double app_measure(const char *app, const char *dir)
{
	char *file = NULL, *work = NULL;
	double started, spent = -1;
	int status;

	if (asprintf(&file, "%s%s%s", strchr(app, '/') ? "" : apps_dir,
		     strchr(app, '/') ? "" : "/", app) < 0 ||
	    asprintf(&work, "%s/app", dir) < 0) {
		perror("fusept-bench: application");
		goto done;
	}
	if (mkdir(work, 0755)) {
		fprintf(stderr, "fusept-bench: mkdir %s: %s\n", work, strerror(errno));
		goto done;
	}
	status = call(file, "prepare", work);
	if (!status) {
		/* what preparing left to write is not the run's */
		sync();
		started = now();
		status = call(file, "run", work);
		spent = now() - started;
	}
	if (status) {
		fprintf(stderr, "fusept-bench: application %s in %s ended with %d\n", app,
			work, status);
		spent = -1;
	}
	if (remove_tree(work)) {
		fprintf(stderr, "fusept-bench: cannot remove %s: %s\n", work, strerror(errno));
		spent = -1;
	}
done:
	free(work);
	free(file);
	return spent;
}

static int is_app(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int apps_ours(const char **names, int max)
{
	struct dirent **list;
	int n = scandir(apps_dir, &list, is_app, alphasort), taken = 0;

	for (int i = 0; i < n; i++) {
		if (taken < max)
			names[taken++] = strdup(list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return taken;
}
