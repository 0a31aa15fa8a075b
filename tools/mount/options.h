/* SPDX-License-Identifier: GPL-2.0-only */
/* The option string of a fusept mount, taken apart. */
#ifndef FUSEPT_OPTIONS_H
#define FUSEPT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/types.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256	/* newer than some C libraries */
#endif

/* Of which a mount has one. */
#define ATIME_BITS (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

/* An option for the kernel: NAME, or NAME=VALUE. */
struct kernel_option {
	char *name;
	char *value;		/* NULL for a flag */
};

enum server_mode {
	SERVER_DAEMON,		/* it puts itself into the background */
	SERVER_FOREGROUND,	/* we stay with it until the unmount */
	SERVER_BACKGROUND,	/* it never daemonises; we leave it behind */
};

struct mount_options {
	unsigned long flags;	/* MS_* */
	struct kernel_option *kernel;
	size_t nr_kernel;
	const char *type;	/* of the file system; NULL: FUSEPT_TYPE */
	char *server;		/* options for the server, NULL when none */
	char *fsname;		/* source as the mount table shall show it */
	char *subtype;
	char *setuid;		/* user that runs the server */
	enum server_mode mode;
	bool server_permissions;
	bool drop_privileges;	/* the server gets none */
	bool remount;
	unsigned long given;	/* MS_* that the options speak of, set or not */
};

/* Take apart @text, adding to @o. Exits with a message on what it refuses. */
void options_parse(struct mount_options *o, const char *text);
/* The value of kernel option @name, "" for a flag, NULL when not set. */
const char *options_kernel(const struct mount_options *o, const char *name);
/* Set kernel option @name; @value is NULL for a flag. */
void options_set_kernel(struct mount_options *o, const char *name,
			const char *value);
/* Add option @text, as libfuse reads it, to the server's. */
void options_add_server(struct mount_options *o, const char *text);

#endif
