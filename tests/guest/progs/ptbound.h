/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of bound inodes: binding, and what the server was asked. Files of the
 * rig get node ids from RIG_FIRST on, in the order in which their names are looked
 * up.
 */
#ifndef PTBOUND_H
#define PTBOUND_H

#include "ptrig.h"
#include <linux/fuse_pt.h>

#define SOME	10000
#define SEED	7
#define NOBODY	65534

static inline int bind_as(const struct rig *rig, uint64_t node, int id,
			  uint32_t flags)
{
	struct fuse_pt_bind b = {
		.nodeid = node, .backing_id = id, .flags = flags,
	};

	return ioctl(rig->dev, FUSE_PT_DEV_IOC_BIND, &b);
}

static inline int unbind(const struct rig *rig, uint64_t node)
{
	return ioctl(rig->dev, FUSE_PT_DEV_IOC_UNBIND, &node);
}

static inline unsigned int asked(struct rig *rig, int op)
{
	return SAID(rig, asked[op]);
}

/* Start, with the lower file "a" bound before anyone asked for it. */
static inline void start_bound(struct rig *rig, uint32_t flags)
{
	int id;

	rig_make(rig, "a", SOME, SEED);
	rig_start(rig);
	id = rig_register(rig, "a");
	EQ(bind_as(rig, RIG_FIRST, id, flags), 0);
	EQ(rig_ioc_close(rig, id), 0);
}

static inline struct rig bound_rig(const char *lower, const char *mnt,
				   uint32_t flags)
{
	struct rig rig = rig_new(lower, mnt);

	start_bound(&rig, flags);
	return rig;
}

/* Nobody told the server of opens, or closes. */
static inline void untold(struct rig *rig)
{
	EQ(asked(rig, FUSE_OPEN), 0);
	EQ(asked(rig, FUSE_FLUSH), 0);
	EQ(asked(rig, FUSE_RELEASE), 0);
	EQ(asked(rig, FUSE_READ), 0);
	EQ(asked(rig, FUSE_WRITE), 0);
}

static inline void reads(int fd, size_t len, unsigned int seed)
{
	static unsigned char buf[SOME];

	EQ(pread(fd, buf, sizeof(buf), 0), len);
	CHECK(rig_same(buf, len, seed, 0));
}

static inline int open_a(struct rig *rig, int flags)
{
	int fd = open(UPPER(rig, "a"), flags | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	return fd;
}

static inline void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(fd >= 0);
	EQ(write(fd, "2", 1), 1);
	close(fd);
}

/* What the server says unasked: @head and what follows it. Return: 0; or -1, and errno. */
static inline int tell(const struct rig *rig, int code, const void *head,
		       size_t len, const void *more, size_t more_len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len + more_len, .error = code,
	};
	struct iovec iov[3] = {
		{ &out, sizeof(out) }, { (void *)head, len },
		{ (void *)more, more_len },
	};

	return writev(rig->dev, iov, 3) < 0 ? -1 : 0;
}

/* @call of a child that is NOBODY. Value: 0 or an errno. */
#define AS_NOBODY(call) \
	({ \
		pid_t pid_ = fork(); \
		int status_; \
		if (!pid_) { \
			if (setresgid(NOBODY, NOBODY, NOBODY) || \
			    setresuid(NOBODY, NOBODY, NOBODY)) \
				_exit(255); \
			_exit((call) < 0 ? errno : 0); \
		} \
		EQ(waitpid(pid_, &status_, 0), pid_); \
		CHECK(WIFEXITED(status_)); \
		WEXITSTATUS(status_); \
	})

#endif
