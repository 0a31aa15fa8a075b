/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registering by the right of group backing_gid. The test is root; who registers
 * is a child of it without rights. Opens of the mount are root's, who could do
 * anything below by himself: what fails, fails by the rule.
 */
#ifndef PTGRANT_H
#define PTGRANT_H

#include "ptrig.h"
#include <grp.h>
#include <linux/falloc.h>
#include <linux/fuse_pt.h>
#include <sched.h>

#define PARAMS	"/sys/module/fuse_pt/parameters/"
#define GROUP	4242
#define USER	1000
#define LEN	8192

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND	0x00000020
#endif

static inline void param(const char *name, long value)
{
	char path[128], text[32];
	int fd, n;

	snprintf(path, sizeof(path), PARAMS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	n = snprintf(text, sizeof(text), "%ld", value);
	EQ(write(fd, text, n), n);
	close(fd);
}

static inline void become(uid_t uid, gid_t group)
{
	if (setgroups(group ? 1 : 0, &group) || setgid(USER) || setuid(uid))
		_exit(120);
}

/*
 * What happens to @fd when a user registers it on @dev, with @lets of
 * FUSE_PT_BACKING_*: an id, or -errno.
 */
static inline int register_for(const struct rig *rig, uid_t uid, gid_t group,
			       int dev, int fd, bool inside, uint32_t lets)
{
	struct fuse_backing_map map = { .fd = fd, .flags = lets };
	int *id = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, got;
	pid_t pid;

	pid = fork();
	if (!pid) {
		become(uid, group);
		if (inside && unshare(CLONE_NEWUSER))
			_exit(121);
		*id = ioctl(dev, FUSE_DEV_IOC_BACKING_OPEN, &map);
		if (*id < 0)
			*id = -errno;
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	if (inside && WIFEXITED(status) && WEXITSTATUS(status) == 121)
		*id = 0;
	else
		EQ(status, 0);
	got = *id;
	munmap(id, 4096);
	return got;
}

static inline int register_as(const struct rig *rig, uid_t uid, gid_t group,
			      int dev, int fd, bool inside)
{
	return register_for(rig, uid, group, dev, fd, inside, 0);
}

/* The same of a file opened by root with these flags. */
static inline int lend_for(const struct rig *rig, const char *name, int flags,
			   uint32_t lets)
{
	int fd = open(LOWER(rig, name), flags | O_CLOEXEC), id;

	CHECK(fd >= 0);
	id = register_for(rig, USER, GROUP, rig->dev, fd, false, lets);
	close(fd);
	return id;
}

static inline int lend(const struct rig *rig, const char *name, int flags)
{
	return lend_for(rig, name, flags, 0);
}

static inline struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	param("backing_gid", GROUP);
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	/* no permission below is what lets the user in */
	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	return rig;
}

static inline int up(struct rig *rig, int oflags, int id)
{
	return rig_open_as(rig, "f", oflags, FOPEN_PASSTHROUGH, id);
}

/* A whole page of "f" from @at on is what it was when it was made. */
static inline void untouched(const struct rig *rig, off_t at)
{
	unsigned char page[4096];
	int fd = open(LOWER(rig, "f"), O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(pread(fd, page, sizeof(page), at), sizeof(page));
	CHECK(rig_same(page, sizeof(page), 1, at));
	close(fd);
}

#endif
