/* SPDX-License-Identifier: GPL-2.0-only */
/* What kind of program a file is: will it take a library that we preload? */
#ifndef FUSEPT_PROGRAM_H
#define FUSEPT_PROGRAM_H

#include <stdbool.h>

/* Where programs are looked for when PATH is not set. */
#define PROGRAM_PATH	"/usr/local/bin:/usr/bin:/bin"

/*
 * The file that @name means, by PATH where it has no slash; allocated. NULL,
 * with errno as of execvp(3), when there is none.
 */
char *program_find(const char *name);

/*
 * Why neither libfusept-run.so nor PATH can lead the program @path, or the
 * interpreter of a script, to fusept: an allocated "FILE: REASON". NULL when
 * nothing speaks against it. @past_libc: it is written in Go, and calls the
 * kernel past the C library, so that only PATH leads it.
 */
char *program_unfit(const char *path, bool *past_libc);

#endif
