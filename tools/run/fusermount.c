// SPDX-License-Identifier: GPL-2.0-only
/*
 * fusept-fusermount: what a program under fusept-run runs in place of
 * fusermount and fusermount3, with their command line and environment. It is
 * not set-user-ID: who calls it may mount.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../mount/attach.h"
#include "../mount/device.h"
#include "../mount/options.h"
#include "../mount/say.h"
#include "../mount/table.h"

/* Names the socket that the device is sent through, where no option does. */
#define COMMFD "_FUSE_COMMFD"

struct request {
	const char *dir;
	const char *socket;
	bool unmount, lazy, quiet;
	bool watch;		/* unmount when the server is gone */
	bool watch_only;	/* what is mounted already */
	struct mount_options o;
};

enum { WATCH = 256, SOCKET };

static const struct option long_options[] = {
	{ "unmount", no_argument, NULL, 'u' },
	{ "lazy", no_argument, NULL, 'z' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "options", required_argument, NULL, 'o' },
	{ "auto-unmount", no_argument, NULL, WATCH },
	{ "comm-fd", required_argument, NULL, SOCKET },
	{ }
};

/* Options that only fusermount knows; false for the others. */
static bool own_option(struct request *r, const char *option)
{
	if (!strcmp(option, "auto_unmount"))
		r->watch = true;
	else if (!strcmp(option, "blkdev"))
		r->o.type = FUSEPT_TYPE "blk";
	else if (!strncmp(option, "blksize=", 8))
		options_set_kernel(&r->o, "blksize", option + 8);
	else if (strcmp(option, "large_read") && strncmp(option, "user=", 5))
		return false;
	/* large_read: of kernels before 2.6 */
	return true;
}

/* mount(8) has quotation marks, fusermount has not: to them, ours are text. */
static void take_options(struct request *r, const char *text)
{
	char *option = must_alloc(2 * strlen(text) + 1), *end;

	while (*text) {
		for (end = option; *text && *text != ','; text++) {
			if (*text == '\\' && text[1])
				*end++ = *text++;
			else if (*text == '"')
				*end++ = '\\';
			*end++ = *text;
		}
		*end = '\0';
		text += *text == ',';
		if (!own_option(r, option))
			options_parse(&r->o, option);
	}
	free(option);
	if (r->o.server)
		die(EX_USAGE_, "unknown option '%s'", r->o.server);
}

static void parse_line(int argc, char **argv, struct request *r)
{
	int c;

	while ((c = getopt_long(argc, argv, "uzqhVo:", long_options, NULL)) != -1) {
		switch (c) {
		case 'u':
			r->unmount = true;
			break;
		case 'z':
			r->lazy = true;
			break;
		case 'q':
			r->quiet = true;
			break;
		case 'o':
			take_options(r, optarg);
			break;
		case WATCH:
			r->watch = r->watch_only = true;
			break;
		case SOCKET:
			r->socket = optarg;
			break;
		case 'V':
			printf("fusermount of fusept-run %s\n", FUSEPT_VERSION);
			exit(EX_OK);
		case 'h':
			printf("Usage: %s [-u [-z] [-q]] [-o OPTIONS] DIR\n"
			       "Runs in place of fusermount(1) under fusept-run(1).\n",
			       argv[0]);
			exit(EX_OK);
		default:
			exit(EX_USAGE_);
		}
	}
	if (argc - optind != 1)
		die(EX_USAGE_, "one mount point is needed");
	r->dir = argv[optind];
}

static int unmount(const struct request *r)
{
	if (!umount2(r->dir, UMOUNT_NOFOLLOW | (r->lazy ? MNT_DETACH : 0)))
		return EX_OK;
	if (!r->quiet)
		say("%s: %s", r->dir, strerror(errno));
	return EX_USAGE_;
}

static int socket_fd(const struct request *r)
{
	const char *text = r->socket ? r->socket : getenv(COMMFD);
	char *end;
	long fd;

	if (!text)
		die(EX_USAGE_, COMMFD " is not set: the server sets it, you do not");
	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || end == text || *end || fd < 0 || fcntl(fd, F_GETFD) < 0)
		die(EX_USAGE_, "%s=%s: not an open descriptor",
		    r->socket ? "--comm-fd" : COMMFD, text);
	return fd;
}

static int send_fd(int sock, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

static void set_id(struct mount_options *o, const char *name, unsigned int id)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", id);
	options_set_kernel(o, name, number);
}

/* Some programs know by these words of fusermount's what went wrong. */
static void need_mount_point(const struct request *r)
{
	const char *slash = strrchr(program_invocation_name, '/');

	if (!access(r->dir, F_OK))
		return;
	fprintf(stderr, "%s: failed to access mountpoint %s: %s\n",
		slash ? slash + 1 : program_invocation_name, r->dir,
		strerror(errno));
	exit(EX_USAGE_);
}

static void make_mount(struct request *r, int sock)
{
	struct attachment a;
	int dev_fd;

	need_mount_point(r);
	attach_target(&a, r->dir, &r->o);
	dev_fd = device_open(EX_SYSTEM);
	set_id(&r->o, "user_id", getuid());
	set_id(&r->o, "group_id", getgid());
	attach_create(&a, r->o.fsname ? r->o.fsname : r->o.subtype ?
		      r->o.subtype : FUSEPT_DEVICE, dev_fd, &r->o);
	attach_show(&a);
	if (send_fd(sock, dev_fd)) {
		int err = errno;

		attach_drop(&a);
		die(EX_SYSTEM, "the device does not reach the server: %s",
		    strerror(err));
	}
	/* From here on the server alone holds the device, and the mount. */
	close(dev_fd);
	close(a.mount_fd);
	close(a.dir_fd);
}

/* The server holds the other end of the socket until it is gone. */
static void watch(const struct request *r, int sock)
{
	char *place = table_place(r->dir);
	dev_t dev = place ? table_device(place) : 0;
	char byte;
	int null;
	sigset_t all;
	ssize_t n;

	if (!dev)
		die(EX_MOUNT, "%s: nothing is mounted there", r->dir);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (chdir("/"))
		die(EX_SYSTEM, "/: %s", strerror(errno));
	/* Nobody's pipe or terminal shall wait for us. */
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		if (fd != sock)
			dup2(null, fd);
	do {
		n = read(sock, &byte, 1);
	} while (n > 0 || (n < 0 && errno == EINTR));
	/* What another server has mounted there since is not ours. */
	if (table_device(place) == dev)
		umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW);
	free(place);
}

int main(int argc, char **argv)
{
	/* As of fusermount: the caller must say otherwise, and may. */
	struct request r = { .o.flags = MS_NOSUID | MS_NODEV };
	int sock;

	program_invocation_short_name = "fusept-run";
	need_stdio();
	operands_first();
	parse_line(argc, argv, &r);
	if (r.unmount)
		return unmount(&r);
	sock = socket_fd(&r);
	if (!r.watch_only)
		make_mount(&r, sock);
	if (r.watch)
		watch(&r, sock);
	return EX_OK;
}
