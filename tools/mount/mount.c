// SPDX-License-Identifier: GPL-2.0-only
/*
 * mount.fusept: what mount(8) runs for file systems of type fusept.
 * See mount.fusept(8).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "device.h"
#include "namespace.h"
#include "options.h"
#include "record.h"
#include "remount.h"
#include "say.h"
#include "server.h"
#include "table.h"

static const char usage_text[] =
"Usage: mount.fusept SERVER#SOURCE DIR [-fnsv] [-N NAMESPACE] [-o OPTIONS]\n"
"       mount.fusept SOURCE DIR -t fusept.SERVER [-fnsv] [-N NAMESPACE] [-o OPTIONS]\n"
"Mounts a FUSE file system of module fuse_pt; usually run by mount(8).\n"
"\n"
"  -o OPTIONS    mount flags, kernel options (allow_other, default_permissions,\n"
"                max_read=N), ours (setuid=USER, drop_privileges, foreground,\n"
"                background, server_permissions, fsname=, subtype=), and the\n"
"                server's\n"
"  -t TYPE       fusept or fusept.SERVER\n"
"  -N NAMESPACE  mount in the mount namespace of this pid or path\n"
"  -f            check everything, but mount nothing\n"
"  -v            say what is done\n"
"  -n, -s        accepted for mount(8), without effect\n"
"  -h, -V        this help; the version\n"
"See mount.fusept(8).\n";

struct request {
	char *server;
	char *source;		/* the server's; may be NULL */
	const char *fsname;	/* the mount table's */
	const char *dir;
	const char *type;
	const char *ns;
	bool fake;
};

/* SERVER#SOURCE, or the server's name in the type. */
static void split_source(struct request *r, struct mount_options *o, char *spec)
{
	const char *dot = r->type ? strchr(r->type, '.') : NULL;
	char *hash;

	r->fsname = must_dup(spec);
	if (dot && dot[1]) {
		r->server = must_dup(dot + 1);
		r->source = spec;
		if (!o->subtype && strchr(dot + 1, '.'))
			die(EX_USAGE_, "type %s: a server whose name has a dot is named in the source, SERVER#SOURCE with type "
			    FUSEPT_TYPE, r->type);
		if (!o->subtype)
			o->subtype = must_dup(dot + 1);
		return;
	}
	hash = strchr(spec, '#');
	if (hash)
		*hash = '\0';
	r->server = spec;
	r->source = hash ? hash + 1 : NULL;
	if (!*r->server)
		die(EX_USAGE_, "source '%s' names no server: write SERVER#SOURCE",
		    r->fsname);
}

static void parse_line(int argc, char **argv, struct request *r,
		       struct mount_options *o)
{
	int c;

	while ((c = getopt(argc, argv, "fhnN:o:st:vV")) != -1) {
		switch (c) {
		case 'f':
			r->fake = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EX_OK);
		case 'N':
			r->ns = optarg;
			break;
		case 'o':
			options_parse(o, optarg);
			break;
		case 't':
			r->type = optarg;
			break;
		case 'v':
			say_verbose = true;
			break;
		case 'V':
			printf("mount.fusept %s\n", FUSEPT_VERSION);
			exit(EX_OK);
		case 'n':
		case 's':
			break;
		default:
			fputs(usage_text, stderr);
			exit(EX_USAGE_);
		}
	}
	if (argc - optind != 2) {
		fputs(usage_text, stderr);
		die(EX_USAGE_, "%s", argc - optind < 2 ?
		    "a source and a mount point are needed" :
		    "more than a source and a mount point are given");
	}
	if (r->type && strcmp(r->type, FUSEPT_TYPE) &&
	    strncmp(r->type, FUSEPT_TYPE ".", sizeof(FUSEPT_TYPE)))
		die(EX_USAGE_, "type %s is neither " FUSEPT_TYPE " nor "
		    FUSEPT_TYPE ".SERVER", r->type);
	/* mount(8) and umount(8) take off one part only to find their helpers. */
	if (o->subtype && strchr(o->subtype, '.'))
		die(EX_USAGE_, "option subtype=%s: a subtype has no dot, umount(8) would find no helper for it",
		    o->subtype);
	r->dir = argv[optind + 1];
	split_source(r, o, argv[optind]);
	if (o->fsname)
		r->fsname = o->fsname;
	else if (!*r->fsname)	/* the kernel takes no empty one */
		r->fsname = o->subtype;
}

/*
 * The mount table has no symbolic links, and another namespace has another
 * working directory. A server cannot tell from /dev/fd/N where it is mounted; one
 * that exports a directory must know, lest it walks into itself. In another
 * namespace it is not.
 */
static void find_target(struct request *r)
{
	char *real = realpath(r->dir, NULL);

	if (!real)
		return;
	if (!r->ns)
		setenv("FUSEPT_MOUNTPOINT", real, 1);
	r->dir = real;
}

static int serve(struct request *r, struct mount_options *o)
{
	struct record rec = { 0 };
	struct attachment a;
	struct server s;
	dev_t dev;
	bool ours;
	struct namespace_home home;
	int dev_fd, ns = -1, code;

	if (r->ns) {
		namespace_remember(&home);
		ns = namespace_open(r->ns, r->dir);
		namespace_enter(ns);
	}
	find_target(r);
	attach_target(&a, r->dir, o);
	a.elsewhere = ns >= 0;
	if (ns >= 0)
		namespace_return(&home);
	dev_fd = device_open(EX_SYSTEM);
	server_user(o);
	server_check(r->server);
	if (r->fake)
		return EX_OK;
	attach_create(&a, r->fsname, dev_fd, o);
	code = server_start(&s, r->server, r->source, dev_fd, o);
	if (!code)
		code = server_ready(&s, a.mount_fd, o);
	if (code) {
		attach_drop(&a);
		server_leave(&s, false);
		return code;
	}
	if (ns >= 0)
		namespace_enter(ns);
	attach_show(&a);
	dev = table_device(r->dir);
	if (s.daemon && dev) {
		record_write(dev, s.daemon);
		record_read(&rec, dev);
	}
	say_more("%s is mounted on %s", r->fsname, r->dir);
	server_leave(&s, true);
	if (o->mode != SERVER_FOREGROUND)
		return EX_OK;
	/* An open root would keep the mount busy. */
	close(a.mount_fd);
	a.mount_fd = -1;
	code = server_wait(&s);
	/* Another mount may have the number since, and a record of its own. */
	ours = !rec.pid || record_remove(&rec);
	/* A server that left by itself leaves a dead mount. */
	if (ours && dev && table_device(r->dir) == dev) {
		a.visible = true;
		attach_drop(&a);
	}
	return code;
}

static int change(struct request *r, struct mount_options *o)
{
	const char *dir;
	char *real;
	int err;

	/* It is still not root's server: what the mount must have it must keep. */
	server_user(o);
	if (r->ns)
		namespace_enter(namespace_open(r->ns, r->dir));
	/* The table has no symbolic links. */
	real = realpath(r->dir, NULL);
	dir = real ? real : r->dir;
	if (!table_device(dir))
		die(EX_MOUNT, "remount of %s: nothing is mounted there", r->dir);
	err = remount(dir, o->flags, o->given, r->fake);
	free(real);
	if (err)
		die(EX_MOUNT, "remount of %s failed: %s", r->dir, strerror(err));
	return EX_OK;
}

int main(int argc, char **argv)
{
	struct request r = { 0 };
	struct mount_options o = { 0 };

	need_stdio();
	/* Ignored by our caller, it would take the children away that we wait for. */
	signal(SIGCHLD, SIG_DFL);
	server_environment();
	operands_first();
	parse_line(argc, argv, &r, &o);
	if (o.remount)
		return change(&r, &o);
	/*
	 * Where others may come in and nobody checks modes, a server that runs
	 * as root would hand every file to everyone. A server that checks for
	 * itself says server_permissions.
	 */
	if (options_kernel(&o, "allow_other") && !o.server_permissions)
		options_set_kernel(&o, "default_permissions", NULL);
	/* Without it fuse2fs opens the device to write, and replays the journal. */
	if (o.flags & MS_RDONLY)
		options_add_server(&o, "ro");
	return serve(&r, &o);
}
