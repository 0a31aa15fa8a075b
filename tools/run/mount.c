// SPDX-License-Identifier: GPL-2.0-only
/* mount(2) and fsopen(2), and both, and the device, by syscall(2). */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "redirect.h"

typedef int (*mount_fn)(const char *source, const char *dir, const char *type,
			unsigned long flags, const void *data);
typedef int (*fsopen_fn)(const char *type, unsigned int flags);
typedef long (*syscall_fn)(long nr, ...);

int run_mount(const char *source, const char *dir, const char *type,
	      unsigned long flags, const void *data) STANDS_BEFORE(mount);
int run_fsopen(const char *type, unsigned int flags) STANDS_BEFORE(fsopen);
long run_syscall(long nr, ...) STANDS_BEFORE(syscall);

int run_mount(const char *source, const char *dir, const char *type,
	      unsigned long flags, const void *data)
{
	char *to = redirect_type(type);
	int ret;

	if (type && !to)
		return -1;
	ret = NEXT(mount_fn, mount)(source, dir, to, flags, data);
	redirect_free(to, type);
	return ret;
}

/* A C library without fsopen(2) has no program that calls it by that name. */
int run_fsopen(const char *type, unsigned int flags)
{
	char *to = redirect_type(type);
	int ret;

	if (type && !to)
		return -1;
	ret = NEXT(syscall_fn, syscall)(SYS_fsopen, to, flags);
	redirect_free(to, type);
	return ret;
}

/* Which argument of system call @nr names a device (a path), which a type. */
static int device_argument(long nr)
{
	switch (nr) {
#ifdef SYS_open
	case SYS_open:
		return 0;
#endif
	case SYS_openat:
	case SYS_openat2:
		return 1;
	}
	return -1;
}

static int type_argument(long nr)
{
	switch (nr) {
	case SYS_fsopen:
		return 0;
	case SYS_mount:
		return 2;
	}
	return -1;
}

long run_syscall(long nr, ...)
{
	int device = device_argument(nr), type = type_argument(nr);
	const char *from = NULL;
	char *to = NULL;
	long a[6], ret;
	va_list ap;

	/* No system call has more; those that have fewer ignore the rest. */
	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (device >= 0)
		a[device] = (long)redirect_device((const char *)a[device]);
	if (type >= 0) {
		from = (const char *)a[type];
		to = redirect_type(from);
		if (from && !to)
			return -1;
		a[type] = (long)to;
	}
	ret = NEXT(syscall_fn, syscall)(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	redirect_free(to, from);
	return ret;
}
