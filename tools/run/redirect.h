/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libfusept-run.so, loaded before a program's other libraries, sends to
 * fusept instead of the kernel's own fuse. The functions that it stands before
 * are in open.c, mount.c and exec.c.
 */
#ifndef FUSEPT_REDIRECT_H
#define FUSEPT_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Set to make the library say on standard error what it redirects. */
#define RUN_VERBOSE	"FUSEPT_RUN_VERBOSE"
/* Beside the library: what is run in place of fusermount. */
#define RUN_HELPER	"fusept-fusermount"
/* A name of it for programs that look for fusermount in PATH. */
#define RUN_FUSERMOUNT	"fusermount3"

/* Is the program @file one that mounts for others? */
static inline bool redirect_is_fusermount(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;

	/* mergerfs has a copy of its own. */
	return !strcmp(name, RUN_FUSERMOUNT) || !strcmp(name, "fusermount") ||
	       !strcmp(name, "mergerfs-fusermount");
}

/*
 * The C library's names are given by label, so that its headers, which define
 * some of them inline or as macros, stay out of the way.
 */
#define STANDS_BEFORE(name) \
	__asm__(#name) __attribute__((visibility("default"), used))

/* The function that would be called without us; @at keeps it. */
void *next_function(void **at, const char *name);

#define NEXT(type, name) __extension__ ({		\
	static void *at;				\
	(type)next_function(&at, #name);		\
})

/* The device in place of @path, or @path itself. */
const char *redirect_device(const char *path);
/*
 * The file system type in place of @type, or @type itself; NULL with errno
 * when there is no memory. redirect_free() gives back what came of it.
 */
char *redirect_type(const char *type);
void redirect_free(char *redirected, const char *type);
/* The program in place of @file, or @file itself. */
const char *redirect_program(const char *file);
/*
 * @envp with the preload and PATH, which mount(8) and env -i take out of it, and
 * with us before the libraries that a script preloads. In @room, an array of
 * redirect_room(@envp) in the caller's frame.
 */
size_t redirect_room(char *const envp[]);
char *const *redirect_environment(char *room[], char *const envp[]);

#endif
