// SPDX-License-Identifier: GPL-2.0-only
/*
 * One string of options, three receivers: mount flags, the kernel's fusept
 * options, and the server, which gets everything nobody else knows.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "options.h"
#include "say.h"

enum kind {
	FLAG_ON,	/* sets the bits */
	FLAG_OFF,	/* clears the bits */
	ATIME,		/* replaces the access time policy by the bits */
	IGNORED,	/* for mount(8) or the boot process, not for us */
	KERNEL,		/* a flag for the kernel */
	KERNEL_VALUE,	/* NAME=VALUE for the kernel */
	OWN,		/* ours, see own_option() */
	REFUSED,	/* cannot be given */
};

#define SECURE_BITS (MS_NOSUID | MS_NODEV)

static const struct known {
	const char *name;
	enum kind kind;
	unsigned long bits;
	const char *why;	/* of REFUSED */
} known[] = {
	{ "ro", FLAG_ON, MS_RDONLY, NULL },
	{ "rw", FLAG_OFF, MS_RDONLY, NULL },
	{ "nosuid", FLAG_ON, MS_NOSUID, NULL },
	{ "suid", FLAG_OFF, MS_NOSUID, NULL },
	{ "nodev", FLAG_ON, MS_NODEV, NULL },
	{ "dev", FLAG_OFF, MS_NODEV, NULL },
	{ "noexec", FLAG_ON, MS_NOEXEC, NULL },
	{ "exec", FLAG_OFF, MS_NOEXEC, NULL },
	{ "sync", FLAG_ON, MS_SYNCHRONOUS, NULL },
	{ "async", FLAG_OFF, MS_SYNCHRONOUS, NULL },
	{ "dirsync", FLAG_ON, MS_DIRSYNC, NULL },
	{ "mand", FLAG_ON, MS_MANDLOCK, NULL },
	{ "nomand", FLAG_OFF, MS_MANDLOCK, NULL },
	{ "lazytime", FLAG_ON, MS_LAZYTIME, NULL },
	{ "nolazytime", FLAG_OFF, MS_LAZYTIME, NULL },
	{ "nodiratime", FLAG_ON, MS_NODIRATIME, NULL },
	{ "diratime", FLAG_OFF, MS_NODIRATIME, NULL },
	{ "nosymfollow", FLAG_ON, MS_NOSYMFOLLOW, NULL },
	{ "symfollow", FLAG_OFF, MS_NOSYMFOLLOW, NULL },
	{ "noatime", ATIME, MS_NOATIME, NULL },
	{ "atime", ATIME, 0, NULL },
	{ "relatime", ATIME, MS_RELATIME, NULL },
	{ "norelatime", ATIME, 0, NULL },
	{ "strictatime", ATIME, MS_STRICTATIME, NULL },
	{ "nostrictatime", ATIME, 0, NULL },
	/* These make an unprivileged mount, so they say nosuid,nodev too. */
	{ "user", FLAG_ON, SECURE_BITS | MS_NOEXEC, NULL },
	{ "users", FLAG_ON, SECURE_BITS | MS_NOEXEC, NULL },
	{ "owner", FLAG_ON, SECURE_BITS, NULL },
	{ "group", FLAG_ON, SECURE_BITS, NULL },
	{ "defaults", IGNORED, 0, NULL },
	{ "auto", IGNORED, 0, NULL },
	{ "noauto", IGNORED, 0, NULL },
	{ "nouser", IGNORED, 0, NULL },
	{ "nousers", IGNORED, 0, NULL },
	{ "noowner", IGNORED, 0, NULL },
	{ "nogroup", IGNORED, 0, NULL },
	{ "nofail", IGNORED, 0, NULL },
	{ "_netdev", IGNORED, 0, NULL },
	{ "silent", IGNORED, 0, NULL },
	{ "loud", IGNORED, 0, NULL },
	{ "nonempty", IGNORED, 0, NULL },
	{ "comment", IGNORED, 0, NULL },
	{ "helper", IGNORED, 0, NULL },
	{ "uhelper", IGNORED, 0, NULL },
	{ "default_permissions", KERNEL, 0, NULL },
	{ "allow_other", KERNEL, 0, NULL },
	{ "max_read", KERNEL_VALUE, 0, NULL },
	{ "user_id", KERNEL_VALUE, 0, NULL },
	{ "group_id", KERNEL_VALUE, 0, NULL },
	{ "context", KERNEL_VALUE, 0, NULL },
	{ "fscontext", KERNEL_VALUE, 0, NULL },
	{ "defcontext", KERNEL_VALUE, 0, NULL },
	{ "rootcontext", KERNEL_VALUE, 0, NULL },
	{ "allow_root", OWN, 0, NULL },
	{ "fsname", OWN, 0, NULL },
	{ "source", OWN, 0, NULL },
	{ "subtype", OWN, 0, NULL },
	{ "setuid", OWN, 0, NULL },
	{ "drop_privileges", OWN, 0, NULL },
	{ "foreground", OWN, 0, NULL },
	{ "background", OWN, 0, NULL },
	{ "server_permissions", OWN, 0, NULL },
	{ "remount", OWN, 0, NULL },
	{ "fd", REFUSED, 0, "mount.fusept opens the device itself" },
	{ "rootmode", REFUSED, 0, "it is taken from the mount point" },
	{ "auto_unmount", REFUSED, 0,
	  "it works through fusermount3 only; use -o foreground instead" },
};

void options_add_server(struct mount_options *o, const char *text)
{
	char *all;

	if (asprintf(&all, "%s%s%s", o->server ? o->server : "",
		     o->server ? "," : "", text) < 0)
		die(EX_SYSTEM, "out of memory");
	free(o->server);
	o->server = all;
}

const char *options_kernel(const struct mount_options *o, const char *name)
{
	for (size_t i = 0; i < o->nr_kernel; i++)
		if (!strcmp(o->kernel[i].name, name))
			return o->kernel[i].value ? o->kernel[i].value : "";
	return NULL;
}

void options_set_kernel(struct mount_options *o, const char *name,
			const char *value)
{
	struct kernel_option *k;
	char *copy = value ? must_dup(value) : NULL;

	for (size_t i = 0; i < o->nr_kernel; i++) {
		if (!strcmp(o->kernel[i].name, name)) {
			free(o->kernel[i].value);
			o->kernel[i].value = copy;
			return;
		}
	}
	k = realloc(o->kernel, (o->nr_kernel + 1) * sizeof(*k));
	if (!k)
		die(EX_SYSTEM, "out of memory");
	o->kernel = k;
	k[o->nr_kernel].name = must_dup(name);
	k[o->nr_kernel].value = copy;
	o->nr_kernel++;
}

static void replace(char **where, const char *value)
{
	free(*where);
	*where = must_dup(value);
}

static void need_value(const char *name, const char *value)
{
	if (!value || !*value)
		die(EX_USAGE_, "option %s needs a value: %s=VALUE", name, name);
}

static void own_option(struct mount_options *o, const char *name,
		       const char *value)
{
	if (!strcmp(name, "fsname") || !strcmp(name, "source")) {
		need_value(name, value);
		replace(&o->fsname, value);
	} else if (!strcmp(name, "subtype")) {
		need_value(name, value);
		replace(&o->subtype, value);
	} else if (!strcmp(name, "setuid")) {
		need_value(name, value);
		replace(&o->setuid, value);
	} else if (!strcmp(name, "drop_privileges")) {
		o->drop_privileges = true;
	} else if (!strcmp(name, "foreground")) {
		o->mode = SERVER_FOREGROUND;
	} else if (!strcmp(name, "background")) {
		o->mode = SERVER_BACKGROUND;
	} else if (!strcmp(name, "server_permissions")) {
		o->server_permissions = true;
	} else if (!strcmp(name, "remount")) {
		o->remount = true;
	} else if (!strcmp(name, "allow_root")) {
		/*
		 * The kernel knows all users or one; libfuse turns away those
		 * that are neither root nor the owner.
		 */
		options_set_kernel(o, "allow_other", NULL);
		options_add_server(o, name);
	} else {
		die(EX_INTERNAL, "option %s is in the table only", name);
	}
}

static void one_option(struct mount_options *o, char *name, char *value,
		       const char *raw)
{
	const struct known *k = NULL;

	if (!strncmp(name, "x-", 2) || !strncmp(name, "X-", 2))
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			k = &known[i];
	if (!k) {
		options_add_server(o, raw);
		return;
	}
	switch (k->kind) {
	case FLAG_ON:
	case FLAG_OFF:
	case ATIME:
		/* mount(8) writes user=NAME for who mounted */
		if (value && strcmp(name, "user"))
			die(EX_USAGE_, "option %s takes no value: '%s'", name, raw);
		if (k->kind == ATIME)
			o->flags = (o->flags & ~ATIME_BITS) | k->bits;
		else if (k->kind == FLAG_ON)
			o->flags |= k->bits;
		else
			o->flags &= ~k->bits;
		o->given |= k->kind == ATIME ? ATIME_BITS : k->bits;
		break;
	case IGNORED:
		break;
	case KERNEL:
		if (value)
			die(EX_USAGE_, "option %s takes no value: '%s'", name, raw);
		options_set_kernel(o, name, NULL);
		break;
	case KERNEL_VALUE:
		need_value(name, value);
		options_set_kernel(o, name, value);
		break;
	case OWN:
		own_option(o, name, value);
		break;
	case REFUSED:
		die(EX_USAGE_, "option %s cannot be given: %s", name, k->why);
	}
}

/*
 * Commas inside double quotes, or after a backslash, do not end an option.
 * @raw keeps what libfuse reads (backslash before a comma), @plain the bare text.
 */
static const char *next_option(const char *text, char *raw, char *plain)
{
	bool quoted = false;

	for (; *text && (*text != ',' || quoted); text++) {
		if (*text == '"') {
			quoted = !quoted;
			continue;
		}
		if (*text == '\\' && text[1]) {
			*raw++ = *text++;
		} else if (*text == ',') {
			*raw++ = '\\';
		}
		*raw++ = *text;
		*plain++ = *text;
	}
	if (quoted)
		die(EX_USAGE_, "option string ends inside a quotation");
	*raw = *plain = '\0';
	return *text ? text + 1 : text;
}

void options_parse(struct mount_options *o, const char *text)
{
	size_t room = 2 * strlen(text) + 1;
	char *raw = must_alloc(room), *plain = must_alloc(room), *value;

	while (*text) {
		text = next_option(text, raw, plain);
		if (!*plain)
			continue;
		value = strchr(plain, '=');
		if (value)
			*value++ = '\0';
		one_option(o, plain, value, raw);
	}
	free(raw);
	free(plain);
}
