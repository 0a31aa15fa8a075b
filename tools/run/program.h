/* SPDX-License-Identifier: GPL-2.0-only */
/* What kind of program a file is: will it take a library that we preload? */
#ifndef FUSEPT_PROGRAM_H
#define FUSEPT_PROGRAM_H

/*
 * The file that @name means, by PATH where it has no slash; allocated. NULL,
 * with errno as of execvp(3), when there is none.
 */
char *program_find(const char *name);

/*
 * Why libfusept-run.so cannot work in the program @path, or in the interpreter
 * of a script: an allocated "FILE: REASON". NULL when nothing speaks against it.
 */
char *program_unfit(const char *path);

#endif
