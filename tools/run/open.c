// SPDX-License-Identifier: GPL-2.0-only
/* open(2) and its names, for the device. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

#include "redirect.h"

typedef int (*open_fn)(const char *path, int flags, ...);
typedef int (*openat_fn)(int dir, const char *path, int flags, ...);

/* Only calls that may create a file have a third argument. */
#define TAKE_MODE(mode, flags) do {				\
	va_list ap;						\
								\
	if ((flags) & O_CREAT ||				\
	    ((flags) & __O_TMPFILE) == __O_TMPFILE) {		\
		va_start(ap, flags);				\
		mode = va_arg(ap, mode_t);			\
		va_end(ap);					\
	}							\
} while (0)

#define OPEN(ours, theirs)						\
	int ours(const char *path, int flags, ...) STANDS_BEFORE(theirs);\
	int ours(const char *path, int flags, ...)			\
	{								\
		mode_t mode = 0;					\
									\
		TAKE_MODE(mode, flags);					\
		return NEXT(open_fn, theirs)(redirect_device(path),	\
					     flags, mode);		\
	}

#define OPENAT(ours, theirs)						\
	int ours(int dir, const char *path, int flags, ...)		\
		STANDS_BEFORE(theirs);					\
	int ours(int dir, const char *path, int flags, ...)		\
	{								\
		mode_t mode = 0;					\
									\
		TAKE_MODE(mode, flags);					\
		return NEXT(openat_fn, theirs)(dir, redirect_device(path),\
					       flags, mode);		\
	}

#ifndef __O_TMPFILE
#define __O_TMPFILE O_TMPFILE
#endif

OPEN(run_open, open)
OPEN(run_open64, open64)
OPENAT(run_openat, openat)
OPENAT(run_openat64, openat64)
/* What a program compiled with _FORTIFY_SOURCE calls. */
OPEN(run_open_2, __open_2)
OPEN(run_open64_2, __open64_2)
OPENAT(run_openat_2, __openat_2)
OPENAT(run_openat64_2, __openat64_2)
