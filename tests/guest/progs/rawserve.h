/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What test programs share that speak the protocol by hand: mounting, reading
 * requests, writing replies. A program mounts, forks a client that uses the
 * mount, and answers until the client is done. Facts go to stdout as
 * NAME=VALUE lines for the shell to look at.
 */
#ifndef RAWSERVE_H
#define RAWSERVE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/fuse_pt_protocol.h>

/* A debug kernel takes its time: limits are as many times as long. */
static inline int raw_slow(void)
{
	const char *slow = getenv("FUSEPT_SLOW");

	return slow ? atoi(slow) : 1;
}

/* Room for the largest request that a test agrees to: 512 pages and headers. */
#define RAW_BUFFER	(512 * 4096 + 4096)

struct raw {
	int			fd;
	const char		*dir;
	unsigned int		minor;	/* spoken: decides lengths of replies */
	char			*buf;
	struct fuse_in_header	*head;	/* the request that was read last, */
	void			*arg;	/* what follows its header */
};

static inline void raw_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* Name of an errno that tests care about, else its number. */
static inline const char *raw_error(int error)
{
	static char number[16];

	switch (error) {
	case 0: return "OK";
	case EIO: return "EIO";
	case EPERM: return "EPERM";
	case EINTR: return "EINTR";
	case ENOENT: return "ENOENT";
	case EINVAL: return "EINVAL";
	case ENODEV: return "ENODEV";
	case ESTALE: return "ESTALE";
	case ENOTCONN: return "ENOTCONN";
	case ECONNREFUSED: return "ECONNREFUSED";
	case ECONNABORTED: return "ECONNABORTED";
	}
	snprintf(number, sizeof(number), "%d", error);
	return number;
}

/*
 * With FUSEPT_OWN in the environment, the kernel's own fuse: to see where it does
 * something else. What fails then is either a difference that is meant (see
 * docs/), or one to look at.
 */
static inline const char *raw_type(void)
{
	return getenv("FUSEPT_OWN") ? "fuse" : "fusept";
}

static inline const char *raw_device(void)
{
	return getenv("FUSEPT_OWN") ? "/dev/fuse" : "/dev/fusept";
}

static inline void raw_mount_as(struct raw *r, const char *source,
				const char *dir, const char *type,
				const char *more)
{
	char opts[512];

	r->dir = dir;
	r->minor = FUSE_KERNEL_MINOR_VERSION;
	r->fd = open(raw_device(), O_RDWR | O_CLOEXEC);
	if (r->fd < 0)
		raw_die(raw_device());
	r->buf = malloc(RAW_BUFFER);
	if (!r->buf)
		raw_die("malloc");
	r->head = (struct fuse_in_header *)r->buf;
	r->arg = r->head + 1;
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0%s%s", r->fd,
		 more && *more ? "," : "", more ? more : "");
	if (mount(source, dir, type, 0, opts))
		raw_die(dir);
}

static inline void raw_mount(struct raw *r, const char *dir, const char *more)
{
	raw_mount_as(r, "raw", dir, raw_type(), more);
}

/* The next request; 0 if there is none for @ms, else its length or -errno. */
static inline int raw_next(struct raw *r, int ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return 0;
	n = read(r->fd, r->buf, RAW_BUFFER);
	return n < 0 ? -errno : n;
}

/* Return: 0 or -errno of the write. */
static inline int raw_reply(struct raw *r, int error, const void *data,
			    size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len,
		.error = -error,
		.unique = r->head->unique,
	};
	struct iovec iov[2] = {
		{ &out, sizeof(out) }, { (void *)data, len },
	};

	return writev(r->fd, iov, len ? 2 : 1) < 0 ? -errno : 0;
}

static inline void raw_reply_attr(struct raw *r, const struct fuse_attr *attr)
{
	struct fuse_attr_out out = { .attr = *attr };

	raw_reply(r, 0, &out, r->minor < 9 ? FUSE_COMPAT_ATTR_OUT_SIZE :
					     sizeof(out));
}

static inline void raw_reply_entry(struct raw *r,
				   const struct fuse_entry_out *out)
{
	raw_reply(r, 0, out, r->minor < 9 ? FUSE_COMPAT_ENTRY_OUT_SIZE :
					    sizeof(*out));
}

/* Wait until a process or thread sleeps in system call @nr. */
static inline bool raw_sleeps_in(pid_t tid, long nr)
{
	int tries = 1000 * raw_slow();
	char path[64];
	FILE *f;
	long in;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	for (; tries; tries--) {
		in = -1;
		f = fopen(path, "r");
		if (f) {
			/* one that does not sleep has no number */
			if (fscanf(f, "%ld", &in) != 1)
				in = -1;
			fclose(f);
		}
		if (in == nr)
			return true;
		usleep(10000);
	}
	return false;
}

static inline int set_ratio(const struct statx *st, const char *name,
			    const char *percent)
{
	char path[100];
	FILE *f;
	int err;

	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/%s_ratio",
		 st->stx_dev_major, st->stx_dev_minor, name);
	f = fopen(path, "w");
	if (!f)
		return errno;
	err = fputs(percent, f) < 0 ? errno : 0;
	return fclose(f) ? errno : err;
}

/*
 * A new mount's share of dirty memory is nothing, so that its first dirty page
 * can start the flusher; on kernels up to 6.12, and when what tasks dirtied that
 * ended counts for this one. This asks the server nothing.
 */
static inline int keep_dirty(int fd)
{
	struct statx st;
	int err;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st))
		return errno;
	err = set_ratio(&st, "max", "100");
	return err ? err : set_ratio(&st, "min", "50");
}

/* Names and inodes that nobody uses, of every file system. */
static inline void raw_drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		raw_die("/proc/sys/vm/drop_caches");
	close(fd);
}

/* Unmount from a child: the server may be asked meanwhile. */
static inline pid_t raw_start_umount(const struct raw *r)
{
	pid_t pid = fork();

	if (!pid)
		_exit(umount2(r->dir, MNT_DETACH) ? 1 : 0);
	return pid;
}

static inline int raw_ended(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WNOHANG) == pid;
}

#endif
