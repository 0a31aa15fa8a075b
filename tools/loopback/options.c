// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define SECONDS_PER_DAY 86400.0

/* As given; NULL where not. */
struct raw_options {
	char *source;
	char *cache;
	char *timeout;
	char *passthrough;
	char *bound;
	char *xattr;
	char *acl;
	char *readdirplus;
	char *splice;
	char *writeback;
	char *parallel_direct_writes;
	char *stack_depth;
	char *kernel;
	char *export;
};

#define VALUE(name) { #name "=%s", offsetof(struct raw_options, name), 0 }

static const struct fuse_opt known[] = {
	VALUE(cache),
	VALUE(timeout),
	VALUE(passthrough),
	VALUE(bound),
	VALUE(xattr),
	VALUE(acl),
	VALUE(readdirplus),
	VALUE(splice),
	VALUE(writeback),
	VALUE(parallel_direct_writes),
	VALUE(stack_depth),
	VALUE(kernel),
	VALUE(export),
	FUSE_OPT_END
};

static const char usage_text[] =
"Usage: fusept-loopback [OPTIONS] SOURCE MOUNTPOINT\n"
"Serves the directory SOURCE through FUSE. MOUNTPOINT is a directory, or\n"
"/dev/fd/N for a device that is already mounted (as mount.fusept hands over).\n"
"\n"
"  -o passthrough=on|off|auto  let the kernel do the I/O of open files: on fails\n"
"                              where it cannot, auto (default) serves instead\n"
"  -o bound=on|off             let the kernel open files by itself where it can;\n"
"                              attributes are the source's (off)\n"
"  -o kernel=all|none|WHAT[+WHAT...]\n"
"                              with passthrough, what else the kernel does without\n"
"                              asking, where it can: fsync, flush, fallocate, lseek,\n"
"                              copy, getattr, fadvise, xattr (all)\n"
"  -o cache=auto|always|never  what the kernel may remember (auto); always: the\n"
"                              source changes through this mount only\n"
"  -o timeout=SECONDS          of names and attributes (1, always: a day, never: 0)\n"
"  -o xattr=on|off             extended attributes (on)\n"
"  -o acl=on|off|auto          POSIX ACLs are checked by the kernel (auto: where\n"
"                              it offers it)\n"
"  -o readdirplus=on|off|auto  attributes along with directory entries (auto)\n"
"  -o splice=on|off            move file data by splice(2) (on)\n"
"  -o writeback=on|off         the kernel collects writes and sends them later (off);\n"
"                              not with passthrough=on or cache=never\n"
"  -o parallel_direct_writes=on|off\n"
"                              with cache=never: do not serialise writes (on)\n"
"  -o stack_depth=1|2          2 when SOURCE is on a stacked file system (found\n"
"                              out by itself)\n"
"  -o export=N                 handles, as of NFS, stay good for N inodes that the\n"
"                              kernel has forgotten (0)\n"
"\n"
"  -f  -d  -s                  foreground; debug, implies -f; single thread\n"
"  -h  -V                      this help; versions\n";

/* The first plain argument is the source, the next is left to libfuse. */
static int take_argument(void *data, const char *arg, int key,
			 struct fuse_args *out)
{
	struct raw_options *raw = data;

	if (key == FUSE_OPT_KEY_NONOPT && !raw->source) {
		raw->source = strdup(arg);
		return raw->source ? 0 : -1;
	}
	return 1;
}

static int bad(const char *name, const char *text, const char *rule)
{
	fprintf(stderr, "fusept-loopback: option %s=%s: %s\n", name, text, rule);
	return -1;
}

static int parse_choice(const char *name, const char *text, bool may_auto,
			enum choice *out)
{
	if (!text)
		return 0;
	if (!strcmp(text, "on"))
		*out = CHOICE_ON;
	else if (!strcmp(text, "off"))
		*out = CHOICE_OFF;
	else if (may_auto && !strcmp(text, "auto"))
		*out = CHOICE_AUTO;
	else
		return bad(name, text, may_auto ? "on, off or auto is needed" :
			   "on or off is needed");
	return 0;
}

static int parse_cache(struct options *o, const struct raw_options *raw)
{
	char *end;

	o->cache = CACHE_AUTO;
	o->timeout = 1.0;
	if (raw->cache) {
		if (!strcmp(raw->cache, "always")) {
			o->cache = CACHE_ALWAYS;
			o->timeout = SECONDS_PER_DAY;
		} else if (!strcmp(raw->cache, "never")) {
			o->cache = CACHE_NEVER;
			o->timeout = 0;
		} else if (strcmp(raw->cache, "auto")) {
			return bad("cache", raw->cache,
				   "auto, always or never is needed");
		}
	}
	if (raw->timeout) {
		errno = 0;
		o->timeout = strtod(raw->timeout, &end);
		if (errno || end == raw->timeout || *end ||
		    !(o->timeout >= 0 && o->timeout < 1e9))
			return bad("timeout", raw->timeout,
				   "seconds, 0 or more, are needed");
	}
	return 0;
}

static int parse_export(struct options *o, const struct raw_options *raw)
{
	char *end;

	o->export = 0;
	if (!raw->export)
		return 0;
	errno = 0;
	o->export = strtoul(raw->export, &end, 10);
	if (errno || *end || *raw->export < '0' || *raw->export > '9')
		return bad("export", raw->export,
			   "a number of inodes, 0 or more, is needed");
	return 0;
}

static int parse_kernel(struct options *o, const struct raw_options *raw)
{
	static const char *const names[] = {
		"fsync", "flush", "fallocate", "lseek", "copy", "getattr",
		"fadvise", "xattr",
	};
	const char *at;
	size_t len, i;

	o->kernel = FUSEPT_KERNEL_ALL;
	if (!raw->kernel || !strcmp(raw->kernel, "all"))
		return 0;
	o->kernel = 0;
	if (!strcmp(raw->kernel, "none"))
		return 0;
	/* named in the order of their bits */
	for (at = raw->kernel;; at += len + 1) {
		len = strcspn(at, "+");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i]) == len && !strncmp(at, names[i], len))
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			return bad("kernel", raw->kernel,
				   "all, none, or names of --help joined by + are needed");
		o->kernel |= 1U << i;
		if (!at[len])
			return 0;
	}
}

static int parse_all(struct options *o, const struct raw_options *raw)
{
	o->passthrough = o->readdirplus = o->acl = CHOICE_AUTO;
	o->xattr = o->splice = o->parallel_direct_writes = CHOICE_ON;
	o->writeback = CHOICE_OFF;
	o->bound = CHOICE_OFF;
	if (parse_cache(o, raw) || parse_export(o, raw) || parse_kernel(o, raw) ||
	    parse_choice("passthrough", raw->passthrough, true, &o->passthrough) ||
	    parse_choice("bound", raw->bound, false, &o->bound) ||
	    parse_choice("xattr", raw->xattr, false, &o->xattr) ||
	    parse_choice("acl", raw->acl, true, &o->acl) ||
	    parse_choice("readdirplus", raw->readdirplus, true, &o->readdirplus) ||
	    parse_choice("splice", raw->splice, false, &o->splice) ||
	    parse_choice("writeback", raw->writeback, false, &o->writeback) ||
	    parse_choice("parallel_direct_writes", raw->parallel_direct_writes,
			 false, &o->parallel_direct_writes))
		return -1;
	if (o->acl == CHOICE_ON && o->xattr == CHOICE_OFF)
		return bad("acl", raw->acl, "ACLs need xattr=on");
	if (o->writeback == CHOICE_ON) {
		if (o->passthrough == CHOICE_ON)
			return bad("writeback", raw->writeback,
				   "it does not go with passthrough=on");
		if (o->cache == CACHE_NEVER)
			return bad("writeback", raw->writeback,
				   "it does not go with cache=never");
		o->passthrough = CHOICE_OFF;
	}
	if (o->xattr == CHOICE_OFF)
		o->acl = CHOICE_OFF;
	if (raw->stack_depth) {
		if (strcmp(raw->stack_depth, "1") && strcmp(raw->stack_depth, "2"))
			return bad("stack_depth", raw->stack_depth,
				   "1 or 2 is needed");
		o->stack_depth = raw->stack_depth[0] - '0';
	}
	return 0;
}

int options_parse(struct options *o, struct fuse_args *args)
{
	struct fuse_cmdline_opts cmd = { 0 };
	struct raw_options raw = { 0 };

	if (fuse_opt_parse(args, &raw, known, take_argument) ||
	    fuse_parse_cmdline(args, &cmd))
		return 1;
	if (cmd.show_help) {
		fputs(usage_text, stdout);
		puts("\nOptions of libfuse:");
		fuse_lowlevel_help();
		return 0;
	}
	if (cmd.show_version) {
		printf("fusept-loopback %s, libfuse %s\n", FUSEPT_VERSION,
		       fuse_pkgversion());
		return 0;
	}
	if (!raw.source || !cmd.mountpoint) {
		fputs(usage_text, stderr);
		fprintf(stderr, "fusept-loopback: %s\n", raw.source ?
			"a mount point is needed" :
			"a source directory and a mount point are needed");
		return 1;
	}
	if (parse_all(o, &raw))
		return 1;
	o->source = raw.source;
	o->mountpoint = cmd.mountpoint;
	o->foreground = cmd.foreground || cmd.debug;
	o->debug = cmd.debug;
	o->single_thread = cmd.singlethread;
	o->clone_fd = cmd.clone_fd;
	o->max_threads = cmd.max_threads;
	o->max_idle_threads = cmd.max_idle_threads;
	return -1;
}
