// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

bool say_verbose;

void need_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			exit(EX_SYSTEM);
	} while (fd < 3);
	close(fd);
}

void operands_first(void)
{
	/* With it getopt(3) stops at the first; a server gets them first, too. */
	unsetenv("POSIXLY_CORRECT");
}

static void speak(const char *fmt, va_list ap)
{
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
}

void say_more(const char *fmt, ...)
{
	va_list ap;

	if (!say_verbose)
		return;
	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
}

void die(enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
	exit(code);
}

void *must_alloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		die(EX_SYSTEM, "out of memory");
	return p;
}

char *must_dup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		die(EX_SYSTEM, "out of memory");
	return p;
}
