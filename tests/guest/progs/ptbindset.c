// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a bound inode does without its server beside opening and closing: setting
 * attributes in the file below (FUSE_PT_BIND_SETATTR), being made without a handle
 * (FUSE_PT_BIND_NO_HANDLE); and bound directories.
 *
 *	ptbindset LOWER MNT [TEST ...]
 */
#include "absent.h"
#include "ptbound.h"
#include <dirent.h>
#include <limits.h>
#include <sys/resource.h>

#define SETS	(FUSE_PT_BIND_ATTR | FUSE_PT_BIND_SETATTR)

/* Both sides show the same. Return: that. */
static struct stat same_stat(struct rig *rig)
{
	struct stat up, low;

	EQ(stat(UPPER(rig, "a"), &up), 0);
	EQ(stat(LOWER(rig, "a"), &low), 0);
	EQ(up.st_mode, low.st_mode);
	EQ(up.st_uid, low.st_uid);
	EQ(up.st_gid, low.st_gid);
	EQ(up.st_size, low.st_size);
	EQ(up.st_blocks, low.st_blocks);
	EQ(up.st_atim.tv_sec, low.st_atim.tv_sec);
	EQ(up.st_atim.tv_nsec, low.st_atim.tv_nsec);
	EQ(up.st_mtim.tv_sec, low.st_mtim.tv_sec);
	EQ(up.st_mtim.tv_nsec, low.st_mtim.tv_nsec);
	EQ(up.st_ctim.tv_sec, low.st_ctim.tv_sec);
	EQ(up.st_ctim.tv_nsec, low.st_ctim.tv_nsec);
	return low;
}

/* -------- attributes -------- */

static void sets(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, SETS);
	const struct timespec t[2] = { { 1111, 222 }, { 3333, 444 } };
	struct stat st;
	char c;
	int fd;

	EQ(chmod(UPPER(&rig, "a"), 0640), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0640);
	EQ(chown(UPPER(&rig, "a"), 11, 22), 0);
	st = same_stat(&rig);
	EQ(st.st_uid, 11);
	EQ(st.st_gid, 22);
	EQ(utimensat(AT_FDCWD, UPPER(&rig, "a"), t, 0), 0);
	st = same_stat(&rig);
	EQ(st.st_atim.tv_sec, 1111);
	EQ(st.st_mtim.tv_nsec, 444);
	EQ(utimensat(AT_FDCWD, UPPER(&rig, "a"), NULL, 0), 0);
	CHECK(same_stat(&rig).st_mtim.tv_sec > 3333);

	/* Shorter, and what is read is shorter; longer, and that is zeros. */
	EQ(truncate(UPPER(&rig, "a"), 100), 0);
	EQ(same_stat(&rig).st_size, 100);
	fd = open(UPPER(&rig, "a"), O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	EQ(ftruncate(fd, SOME), 0);
	EQ(same_stat(&rig).st_size, SOME);
	EQ(pread(fd, &c, 1, 100), 1);
	EQ(c, 0);
	EQ(lseek(fd, 0, SEEK_END), SOME);
	close(fd);
	fd = open(UPPER(&rig, "a"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	CHECK(fd >= 0);
	EQ(same_stat(&rig).st_size, 0);
	EQ(fchmod(fd, 0600), 0);
	close(fd);
	EQ(same_stat(&rig).st_mode & 07777, 0600);
	/* asks for nothing, and moves the change time */
	EQ(chown(UPPER(&rig, "a"), -1, -1), 0);
	same_stat(&rig);

	rig_stop(&rig);
	EQ(asked(&rig, FUSE_SETATTR), 0);
	EQ(asked(&rig, FUSE_OPEN), 0);
}

/* Whoever could not do it to the file below, cannot. */
static void checked(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, SETS);
	const struct timespec t[2] = { { 1, 0 }, { 2, 0 } };
	struct rlimit limit = { SOME, RLIM_INFINITY }, none;
	struct stat st;

	EQ(chmod(UPPER(&rig, "a"), 0666), 0);
	EQ(AS_NOBODY(chmod(UPPER(&rig, "a"), 0777)), EPERM);
	EQ(AS_NOBODY(chown(UPPER(&rig, "a"), NOBODY, -1)), EPERM);
	EQ(AS_NOBODY(utimensat(AT_FDCWD, UPPER(&rig, "a"), t, 0)), EPERM);
	EQ(AS_NOBODY(utimensat(AT_FDCWD, UPPER(&rig, "a"), NULL, 0)), 0);
	EQ(AS_NOBODY(truncate(UPPER(&rig, "a"), 1000)), 0);
	EQ(same_stat(&rig).st_size, 1000);
	EQ(chmod(UPPER(&rig, "a"), 0644), 0);
	EQ(AS_NOBODY(utimensat(AT_FDCWD, UPPER(&rig, "a"), NULL, 0)), EACCES);
	EQ(AS_NOBODY(truncate(UPPER(&rig, "a"), 0)), EACCES);
	FAILS(truncate(UPPER(&rig, "a"), -1), EINVAL);

	signal(SIGXFSZ, SIG_IGN);
	EQ(getrlimit(RLIMIT_FSIZE, &none), 0);
	EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	FAILS(truncate(UPPER(&rig, "a"), SOME + 1), EFBIG);
	EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
	EQ(same_stat(&rig).st_size, 1000);

	/* The flags of the file below, which the mount does not show. */
	if (rig_set_flag(&rig, "a", FS_APPEND_FL)) {
		FAILS(truncate(UPPER(&rig, "a"), 1), EPERM);
		FAILS(chmod(UPPER(&rig, "a"), 0600), EPERM);
		CHECK(rig_set_flag(&rig, "a", FS_IMMUTABLE_FL));
		FAILS(truncate(UPPER(&rig, "a"), 1), EPERM);
		FAILS(utimensat(AT_FDCWD, UPPER(&rig, "a"), t, 0), EPERM);
		CHECK(rig_set_flag(&rig, "a", 0));
	}
	EQ(stat(LOWER(&rig, "a"), &st), 0);
	EQ(st.st_size, 1000);
	rig_stop(&rig);
	EQ(asked(&rig, FUSE_SETATTR), 0);
}

/* What a change takes away of setuid and setgid, and what not. */
static void privileges(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, SETS);

	EQ(chmod(UPPER(&rig, "a"), 06777), 0);
	EQ(same_stat(&rig).st_mode & 07777, 06777);
	EQ(AS_NOBODY(truncate(UPPER(&rig, "a"), 5000)), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0777);

	EQ(chmod(UPPER(&rig, "a"), 06755), 0);
	EQ(truncate(UPPER(&rig, "a"), 4000), 0);
	EQ(same_stat(&rig).st_mode & 07777, 06755);
	EQ(chown(UPPER(&rig, "a"), NOBODY, NOBODY), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0755);
	/* its owner, and not of the group */
	EQ(chown(UPPER(&rig, "a"), NOBODY, 22), 0);
	EQ(AS_NOBODY(chmod(UPPER(&rig, "a"), 02755)), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0755);

	/* Set below meanwhile, and not by this side: it goes all the same. */
	EQ(chmod(LOWER(&rig, "a"), 04777), 0);
	EQ(chmod(UPPER(&rig, "a"), 04777), 0);
	EQ(chmod(LOWER(&rig, "a"), 04755), 0);
	EQ(chown(UPPER(&rig, "a"), 5, -1), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0755);
	rig_stop(&rig);
	EQ(asked(&rig, FUSE_SETATTR), 0);
}

/* What "a" has below, set there behind the back of this side. */
static void mode_below(struct rig *rig, mode_t mode)
{
	EQ(same_stat(rig).st_mode & S_IFMT, S_IFREG);
	EQ(chmod(LOWER(rig, "a"), mode), 0);
}

/* Bits that this side did not know of: they go only where they would below. */
static void unknown_bits(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, SETS);
	struct stat st;
	int fd;

	mode_below(&rig, 04755);
	EQ(AS_NOBODY(chown(UPPER(&rig, "a"), -1, -1)), EPERM);
	EQ(stat(LOWER(&rig, "a"), &st), 0);
	EQ(st.st_mode & 07777, 04755);
	/* nothing to strip: whoever asks only moves the time */
	EQ(chmod(UPPER(&rig, "a"), 0755), 0);
	EQ(AS_NOBODY(chown(UPPER(&rig, "a"), -1, -1)), 0);
	mode_below(&rig, 04755);
	EQ(chown(UPPER(&rig, "a"), -1, -1), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0755);
	mode_below(&rig, 02775);
	EQ(chown(UPPER(&rig, "a"), NOBODY, -1), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0775);
	mode_below(&rig, 06775);
	EQ(AS_NOBODY(chown(UPPER(&rig, "a"), -1, -1)), 0);
	EQ(same_stat(&rig).st_mode & 07777, 0775);

	/* Who may write strips by that, though it is not his. */
	EQ(chown(UPPER(&rig, "a"), 0, 0), 0);
	EQ(chmod(UPPER(&rig, "a"), 02777), 0);
	mode_below(&rig, 06777);
	fd = open_a(&rig, O_RDWR);
	EQ(AS_NOBODY(pwrite(fd, "x", 1, 0)), 0);
	close(fd);
	EQ(same_stat(&rig).st_mode & 07777, 0777);
	rig_stop(&rig);
	EQ(asked(&rig, FUSE_SETATTR), 0);
}

/* A server that judges by itself is asked; so is one that did not say so. */
static void asks(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	rig.judges = true;
	start_bound(&rig, SETS);
	EQ(chmod(UPPER(&rig, "a"), 0640), 0);
	EQ(asked(&rig, FUSE_SETATTR), 1);
	EQ(same_stat(&rig).st_mode & 07777, 0640);
	rig_stop(&rig);

	rig = bound_rig(lower, mnt, FUSE_PT_BIND_ATTR);
	EQ(truncate(UPPER(&rig, "a"), 10), 0);
	EQ(chmod(UPPER(&rig, "a"), 0640), 0);
	EQ(asked(&rig, FUSE_SETATTR), 2);
	EQ(same_stat(&rig).st_size, 10);
	rig_stop(&rig);

	/* Not bound any more: as any other. */
	rig = bound_rig(lower, mnt, SETS);
	EQ(chmod(UPPER(&rig, "a"), 0600), 0);
	EQ(asked(&rig, FUSE_SETATTR), 0);
	EQ(unbind(&rig, RIG_FIRST), 0);
	EQ(chmod(UPPER(&rig, "a"), 0640), 0);
	EQ(asked(&rig, FUSE_SETATTR), 1);
	rig_stop(&rig);

	rig = rig_new(lower, mnt);
	rig_start(&rig);
	FAILS(bind_as(&rig, RIG_FIRST, rig_register(&rig, "a"),
		      FUSE_PT_BIND_SETATTR), EINVAL);
	rig_stop(&rig);
}

/* Who wants to be told what changed is told of this, too. */
static void told(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, SETS | FUSE_PT_BIND_WRITE_ATTR);
	struct stat st;
	int fd;

	EQ(truncate(UPPER(&rig, "a"), 123), 0);
	EQ(SAID(&rig, told), 0);
	fd = open(UPPER(&rig, "a"), O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	EQ(fsync(fd), 0);
	EQ(SAID(&rig, told), 1);
	EQ(rig.said->news.size, 123);
	EQ(stat(LOWER(&rig, "a"), &st), 0);
	EQ(rig.said->news.ctime, st.st_ctim.tv_sec);
	EQ(rig.said->news.ctimensec, st.st_ctim.tv_nsec);
	close(fd);
	rig_stop(&rig);
}

/* Through a mount below that is read-only nothing is set. */
static void read_only(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	const char *ro = rig_scratch(mnt);
	int id, fd;

	rig_make(&rig, "a", SOME, SEED);
	EQ(mount(lower, ro, NULL, MS_BIND, NULL), 0);
	EQ(mount(NULL, ro, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	rig_start(&rig);
	fd = open(rig_at(ro, "a"), O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	EQ(bind_as(&rig, RIG_FIRST, id, SETS), 0);
	EQ(rig_ioc_close(&rig, id), 0);
	FAILS(chmod(UPPER(&rig, "a"), 0600), EROFS);
	FAILS(truncate(UPPER(&rig, "a"), 0), EROFS);
	rig_stop(&rig);
	EQ(umount2(ro, 0), 0);
	EQ(asked(&rig, FUSE_SETATTR), 0);
}

/* -------- without a handle -------- */

static void no_handle(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	char buf[8];
	int fd, id;

	rig_make(&rig, "b", 0, SEED);
	unlink(LOWER(&rig, "new"));
	rig_start(&rig);
	id = rig_register(&rig, "b");
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_NO_HANDLE), 0);
	fd = open(UPPER(&rig, "new"), O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	EQ(write(fd, "hello", 5), 5);
	EQ(pread(fd, buf, sizeof(buf), 0), 5);
	close(fd);
	/* RELEASE would have come before an answer to this. */
	fd = open(UPPER(&rig, "new"), O_RDWR);
	CHECK(fd >= 0);
	EQ(asked(&rig, FUSE_OPEN), 0);
	/* What needs a handle gets one, which is given back. */
	EQ(fsync(fd), 0);
	EQ(asked(&rig, FUSE_FSYNC), 1);
	EQ(asked(&rig, FUSE_OPEN), 1);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 1);
	unlink(LOWER(&rig, "new"));
	rig_stop(&rig);
	EQ(asked(&rig, FUSE_RELEASE), 1);
	EQ(asked(&rig, FUSE_FLUSH), 0);

	/* Let go before it was made: the handle of the reply is one. */
	rig = rig_new(lower, mnt);
	rig_start(&rig);
	id = rig_register(&rig, "b");
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_NO_HANDLE), 0);
	EQ(unbind(&rig, RIG_FIRST), 0);
	fd = open(UPPER(&rig, "new"), O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 1);
	EQ(asked(&rig, FUSE_OPEN), 0);
	unlink(LOWER(&rig, "new"));
	rig_stop(&rig);
}

/* -------- directories -------- */

/* Register the directory below, and bind the root to it. */
static void bind_root_as(struct rig *rig, uint32_t flags)
{
	int fd = open(rig->lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC), id;

	CHECK(fd >= 0);
	id = rig_ioc_open(rig, fd, FUSE_PT_BACKING_FSYNC, 0);
	CHECK(id > 0);
	close(fd);
	EQ(bind_as(rig, FUSE_ROOT_ID, id, flags), 0);
	/* once more does no harm */
	EQ(bind_as(rig, FUSE_ROOT_ID, id, flags), 0);
	EQ(rig_ioc_close(rig, id), 0);
}

static void bind_root(struct rig *rig)
{
	bind_root_as(rig, 0);
}

static int open_root(struct rig *rig)
{
	int fd = open(rig->mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static void directory(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	DIR *dir;
	int fd;

	rig_start(&rig);
	bind_root(&rig);
	fd = open_root(&rig);
	EQ(fsync(fd), 0);
	EQ(fdatasync(fd), 0);
	close(fd);
	EQ(asked(&rig, FUSE_OPENDIR), 0);
	EQ(asked(&rig, FUSE_FSYNCDIR), 0);

	/* Listing it asks once for a handle, which is given back. */
	dir = opendir(mnt);
	CHECK(dir);
	EQ(asked(&rig, FUSE_OPENDIR), 0);
	while (readdir(dir))
		;
	rewinddir(dir);
	while (readdir(dir))
		;
	EQ(asked(&rig, FUSE_OPENDIR), 1);
	CHECK(asked(&rig, FUSE_READDIR) > 0);
	EQ(closedir(dir), 0);
	SOON(asked(&rig, FUSE_RELEASEDIR) == 1);

	/* Open when it is let go: the server is asked from then on. */
	fd = open_root(&rig);
	EQ(unbind(&rig, FUSE_ROOT_ID), 0);
	FAILS(unbind(&rig, FUSE_ROOT_ID), ENOENT);
	EQ(fsync(fd), 0);
	EQ(asked(&rig, FUSE_OPENDIR), 2);
	EQ(asked(&rig, FUSE_FSYNCDIR), 1);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASEDIR) == 2);
	close(open_root(&rig));
	EQ(asked(&rig, FUSE_OPENDIR), 3);
	rig_stop(&rig);
}

static void directory_rights(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st;

	EQ(stat(lower, &st), 0);
	rig_start(&rig);
	bind_root(&rig);
	EQ(chmod(mnt, 0711), 0);
	EQ(AS_NOBODY(open(mnt, O_RDONLY | O_DIRECTORY)), EACCES);
	EQ(chmod(mnt, 0755), 0);
	EQ(AS_NOBODY(open(mnt, O_RDONLY | O_DIRECTORY)), 0);
	EQ(asked(&rig, FUSE_OPENDIR), 0);
	rig_stop(&rig);

	rig = rig_new(lower, mnt);
	rig.judges = true;
	rig_start(&rig);
	bind_root(&rig);
	EQ(AS_NOBODY(open(mnt, O_RDONLY | O_DIRECTORY)), 0);
	SAY(&rig, access, EACCES);
	EQ(AS_NOBODY(open(mnt, O_RDONLY | O_DIRECTORY)), EACCES);
	EQ(asked(&rig, FUSE_ACCESS), 2);
	EQ(asked(&rig, FUSE_OPENDIR), 0);
	/* A server that knows no ACCESS judges at OPENDIR. */
	SAY(&rig, access, ENOSYS);
	EQ(AS_NOBODY(open(mnt, O_RDONLY | O_DIRECTORY)), 0);
	EQ(asked(&rig, FUSE_OPENDIR), 1);
	rig_stop(&rig);
	EQ(chmod(lower, st.st_mode & 07777), 0);
}

static void directory_refusals(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int dir, file, fd;

	rig_make(&rig, "a", SOME, SEED);
	if (mkdir(LOWER(&rig, "dir"), 0755))
		EQ(errno, EEXIST);
	rig_start(&rig);
	fd = open(LOWER(&rig, "dir"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EISDIR);
	FAILS(rig_ioc_open(&rig, fd, FUSE_PT_BACKING_ALL, 0), EISDIR);
	FAILS(rig_ioc_open(&rig, fd, FUSE_PT_BACKING_FLUSH, 0), EISDIR);
	dir = rig_ioc_open(&rig, fd, FUSE_PT_BACKING_FSYNC, 0);
	CHECK(dir > 0);
	close(fd);
	file = rig_register(&rig, "a");

	FAILS(bind_as(&rig, FUSE_ROOT_ID, file, 0), EINVAL);
	FAILS(bind_as(&rig, FUSE_ROOT_ID, dir, FUSE_PT_BIND_ATTR), EINVAL);
	FAILS(bind_as(&rig, FUSE_ROOT_ID, dir, FUSE_PT_BIND_NO_HANDLE), EINVAL);
	FAILS(bind_as(&rig, FUSE_ROOT_ID, dir, FUSE_PT_BIND_EXCL | 1U << 31),
	      EINVAL);
	FAILS(bind_as(&rig, RIG_FIRST, file, FUSE_PT_BIND_EXCL), EINVAL);
	FAILS(bind_as(&rig, RIG_FIRST, file, FUSE_PT_BIND_GONE), EINVAL);
	FAILS(bind_as(&rig, FUSE_ROOT_ID, dir, FUSE_PT_BIND_GONE), EINVAL);
	/* a file that is there, and one that is to come */
	EQ(access(UPPER(&rig, "a"), F_OK), 0);
	FAILS(bind_as(&rig, RIG_FIRST, dir, 0), EINVAL);
	EQ(bind_as(&rig, RIG_FIRST + 1, dir, 0), 0);
	rig_make(&rig, "b", 1, SEED);
	EQ(access(UPPER(&rig, "b"), F_OK), 0);
	FAILS(unbind(&rig, RIG_FIRST + 1), ENOENT);

	/* No file is in passthrough on a directory. */
	FAILS(rig_open_as(&rig, "a", O_RDWR, FOPEN_PASSTHROUGH, dir), EIO);
	FAILS(rig_open_as(&rig, "a", O_RDONLY, FOPEN_PASSTHROUGH, dir), EIO);
	rig_stop(&rig);
	rmdir(LOWER(&rig, "dir"));
}

static int make(struct rig *rig, const char *name, int flags)
{
	int fd = open(UPPER(rig, name), O_RDWR | O_CREAT | O_CLOEXEC | flags,
		      0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* What is to be made is not looked up, and what is there is left as it is. */
static void directory_excl(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	char name[NAME_MAX + 2];
	unsigned int looked;
	int fd;

	rig_make(&rig, "a", SOME, SEED);
	rig_make(&rig, "b", SOME, SEED);
	rig_make(&rig, "c", SOME, SEED);
	rig_make(&rig, "d", SOME, SEED);
	rig_start(&rig);
	bind_root_as(&rig, FUSE_PT_BIND_EXCL);

	EQ(make(&rig, "new", O_EXCL), 0);
	EQ(make(&rig, "other", O_TRUNC), 0);
	EQ(link(UPPER(&rig, "new"), UPPER(&rig, "linked")), 0);
	/* and they are known */
	EQ(access(UPPER(&rig, "new"), F_OK), 0);
	EQ(access(UPPER(&rig, "other"), F_OK), 0);
	EQ(access(UPPER(&rig, "linked"), F_OK), 0);
	EQ(make(&rig, "other", 0), 0);
	EQ(asked(&rig, FUSE_CREATE), 2);
	EQ(asked(&rig, FUSE_LINK), 1);
	EQ(asked(&rig, FUSE_LOOKUP), 0);

	FAILS(make(&rig, "a", O_EXCL), EEXIST);
	FAILS(link(UPPER(&rig, "new"), UPPER(&rig, "a")), EEXIST);
	EQ(asked(&rig, FUSE_LOOKUP), 0);
	fd = open(UPPER(&rig, "a"), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	reads(fd, SOME, SEED);
	close(fd);
	EQ(asked(&rig, FUSE_CREATE), 4);
	EQ(asked(&rig, FUSE_LOOKUP), 1);
	EQ(make(&rig, "b", O_TRUNC), 0);
	EQ(asked(&rig, FUSE_LOOKUP), 2);

	memset(name, 'n', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	EQ(chmod(mnt, 0777), 0);
	EQ(AS_NOBODY(mknod(UPPER(&rig, name), S_IFCHR | 0600, 0x101)),
	   ENAMETOOLONG);
	/* Who may not make anything is told what there is, as elsewhere. */
	EQ(chmod(mnt, 0755), 0);
	EQ(AS_NOBODY(mkdir(UPPER(&rig, "c"), 0700)), EEXIST);
	EQ(AS_NOBODY(make(&rig, "d", O_EXCL)), EEXIST);
	EQ(AS_NOBODY(mkdir(UPPER(&rig, "free"), 0700)), EACCES);
	EQ(AS_NOBODY(make(&rig, "free", O_EXCL)), EACCES);
	EQ(AS_NOBODY(make(&rig, "free", 0)), EACCES);
	EQ(asked(&rig, FUSE_CREATE), 5);

	/* No longer than it is bound. */
	EQ(unbind(&rig, FUSE_ROOT_ID), 0);
	looked = asked(&rig, FUSE_LOOKUP);
	EQ(make(&rig, "later", O_EXCL), 0);
	EQ(asked(&rig, FUSE_LOOKUP), looked + 1);
	rig_stop(&rig);
	unlink(LOWER(&rig, "new"));
	unlink(LOWER(&rig, "other"));
	unlink(LOWER(&rig, "linked"));
	unlink(LOWER(&rig, "later"));
}

#define REMOVED	50

/* Absent names that stay when files are made and removed; @path begins theirs. */
static long absent_after(const char *path)
{
	long before = absent_names();
	char name[PATH_MAX];
	int i, fd;

	for (i = 0; i < REMOVED; i++) {
		snprintf(name, sizeof(name), "%s%d", path, i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		CHECK(fd >= 0);
		close(fd);
		EQ(unlink(name), 0);
	}
	return absent_names() - before;
}

/* What was removed is known to be gone, as long as the entry was to hold. */
static void directory_gone(const char *lower, const char *mnt)
{
	const struct fuse_notify_inval_entry_out entry = {
		.parent = FUSE_ROOT_ID, .namelen = 3,
	};
	struct rig rig = rig_new(lower, mnt);
	unsigned int looked;
	long kept;

	rig_start(&rig);
	bind_root_as(&rig, FUSE_PT_BIND_EXCL | FUSE_PT_BIND_GONE);
	EQ(make(&rig, "new", O_EXCL), 0);
	EQ(unlink(UPPER(&rig, "new")), 0);
	looked = asked(&rig, FUSE_LOOKUP);
	FAILS(access(UPPER(&rig, "new"), F_OK), ENOENT);
	EQ(make(&rig, "new", 0), 0);
	EQ(unlink(UPPER(&rig, "new")), 0);
	FAILS(access(UPPER(&rig, "new"), F_OK), ENOENT);
	EQ(asked(&rig, FUSE_LOOKUP), looked);
	EQ(asked(&rig, FUSE_CREATE), 2);

	/* The server may take it back. */
	EQ(close(open(LOWER(&rig, "new"), O_CREAT | O_WRONLY, 0644)), 0);
	FAILS(access(UPPER(&rig, "new"), F_OK), ENOENT);
	EQ(tell(&rig, FUSE_NOTIFY_INVAL_ENTRY, &entry, sizeof(entry), "new", 4),
	   0);
	EQ(access(UPPER(&rig, "new"), F_OK), 0);
	EQ(asked(&rig, FUSE_LOOKUP), looked + 1);

	/* What somebody else made meanwhile is his. */
	EQ(unlink(UPPER(&rig, "new")), 0);
	EQ(close(open(LOWER(&rig, "new"), O_CREAT | O_WRONLY, 0600)), 0);
	EQ(chmod(mnt, 0777), 0);
	FAILS(access(UPPER(&rig, "new"), F_OK), ENOENT);
	EQ(AS_NOBODY(make(&rig, "new", 0)), EACCES);
	EQ(make(&rig, "new", 0), 0);

	/* And what was not to hold does not, nor is it kept. */
	SAY(&rig, life, 0);
	EQ(make(&rig, "brief", O_EXCL), 0);
	EQ(unlink(UPPER(&rig, "brief")), 0);
	looked = asked(&rig, FUSE_LOOKUP);
	FAILS(access(UPPER(&rig, "brief"), F_OK), ENOENT);
	EQ(asked(&rig, FUSE_LOOKUP), looked + 1);
	CHECK(absent_names() >= 0);
	kept = absent_after(LOWER(&rig, "below"));
	CHECK(absent_after(UPPER(&rig, "brief")) - kept < REMOVED / 2);

	/* Without the flag, it is asked at once. */
	SAY(&rig, life, 3600);
	EQ(unbind(&rig, FUSE_ROOT_ID), 0);
	EQ(unlink(UPPER(&rig, "new")), 0);
	looked = asked(&rig, FUSE_LOOKUP);
	FAILS(access(UPPER(&rig, "new"), F_OK), ENOENT);
	EQ(asked(&rig, FUSE_LOOKUP), looked + 1);
	rig_stop(&rig);
}

/* Whatever ends first, the directory below is let go. */
static void directory_ends(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	const struct fuse_notify_inval_inode_out root = { .ino = FUSE_ROOT_ID };
	const char *below = rig_scratch(mnt);
	int id, fd;

	EQ(mount("ptbindset", below, "tmpfs", 0, NULL), 0);
	rig_start(&rig);
	fd = open(below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	id = rig_ioc_open(&rig, fd, FUSE_PT_BACKING_FSYNC, 0);
	CHECK(id > 0);
	close(fd);
	EQ(bind_as(&rig, FUSE_ROOT_ID, id, 0), 0);
	EQ(rig_ioc_close(&rig, id), 0);
	/* Nothing special for a bound directory. */
	EQ(tell(&rig, FUSE_NOTIFY_INVAL_INODE, &root, sizeof(root), NULL, 0), 0);
	fd = open_root(&rig);
	EQ(fsync(fd), 0);
	FAILS(umount2(below, 0), EBUSY);
	rig_kill(&rig);
	SOON(umount2(below, 0) == 0);
	FAILS(fsync(fd), ENOTCONN);
	close(fd);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "sets", sets },
	{ "sets-checked", checked },
	{ "sets-privileges", privileges },
	{ "sets-unknown-bits", unknown_bits },
	{ "sets-asks", asks },
	{ "sets-told", told },
	{ "sets-read-only", read_only },
	{ "no-handle", no_handle },
	{ "directory", directory },
	{ "directory-rights", directory_rights },
	{ "directory-refusals", directory_refusals },
	{ "directory-excl", directory_excl },
	{ "directory-gone", directory_gone },
	{ "directory-ends", directory_ends },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
