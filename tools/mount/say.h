/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tools tell their user, and their exit codes. */
#ifndef FUSEPT_SAY_H
#define FUSEPT_SAY_H

#include <stdbool.h>

enum exit_code {
	EX_OK = 0,
	/* as mount(8) */
	EX_USAGE_ = 1,		/* incorrect invocation or permissions */
	EX_SYSTEM = 2,		/* out of memory, no device, cannot fork */
	EX_INTERNAL = 4,	/* a bug of ours */
	EX_INTERRUPT = 8,	/* the user interrupted us */
	EX_MOUNT = 32,		/* the mount itself failed */
	/* as env(1) and others that run a command */
	EX_RUN = 125,		/* we failed, not the command */
	EX_CANNOT_RUN = 126,	/* the command cannot be run */
	EX_NO_COMMAND = 127,
};

extern bool say_verbose;

/* Descriptors 0 to 2 open, lest a message goes to a device or socket. */
void need_stdio(void);

/* Options are read behind operands, too, as mount(8) gives them. */
void operands_first(void);

/* A line on standard error, after the program's name. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, only with -v. */
void say_more(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* say(), then exit. */
void die(enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* malloc and strdup that exit with EX_SYSTEM when memory is out. */
void *must_alloc(size_t size);
char *must_dup(const char *s);

#endif
