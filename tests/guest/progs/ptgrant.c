// SPDX-License-Identifier: GPL-2.0-only
/*
 * What group backing_gid may, and what it may not: registering without
 * CAP_SYS_ADMIN, up to a limit per user, and never more access to a file than
 * the descriptor has that was registered. The test is root; who registers is a
 * child of it without rights. Opens of the mount are root's, who could do
 * anything below by himself: what fails, fails by the rule.
 */
#include "ptrig.h"
#include <grp.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/fuse_pt.h>
#include <sched.h>

#define PARAMS	"/sys/module/fuse_pt/parameters/"
#define GROUP	4242
#define USER	1000
#define LEN	8192

static void param(const char *name, long value)
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

static void become(uid_t uid, gid_t group)
{
	if (setgroups(group ? 1 : 0, &group) || setgid(USER) || setuid(uid))
		_exit(120);
}

/*
 * What happens to @fd when a user registers it on @dev, with @lets of
 * FUSE_PT_BACKING_*: an id, or -errno.
 */
static int register_for(const struct rig *rig, uid_t uid, gid_t group, int dev,
			int fd, bool inside, uint32_t lets)
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

static int register_as(const struct rig *rig, uid_t uid, gid_t group, int dev,
		       int fd, bool inside)
{
	return register_for(rig, uid, group, dev, fd, inside, 0);
}

/* The same of a file opened by root with these flags. */
static int lend_for(const struct rig *rig, const char *name, int flags,
		    uint32_t lets)
{
	int fd = open(LOWER(rig, name), flags | O_CLOEXEC), id;

	CHECK(fd >= 0);
	id = register_for(rig, USER, GROUP, rig->dev, fd, false, lets);
	close(fd);
	return id;
}

static int lend(const struct rig *rig, const char *name, int flags)
{
	return lend_for(rig, name, flags, 0);
}

static struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	param("backing_gid", GROUP);
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	/* no permission below is what lets the user in */
	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	return rig;
}

static int up(struct rig *rig, int oflags, int id)
{
	return rig_open_as(rig, "f", oflags, FOPEN_PASSTHROUGH, id);
}

static void who(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC), other, id;
	pid_t pid;
	int status;

	CHECK(fd >= 0);
	id = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id > 0);
	EQ(register_as(&rig, USER, GROUP + 1, rig.dev, fd, false), -EPERM);
	EQ(register_as(&rig, USER, 0, rig.dev, fd, false), -EPERM);
	/* in a user namespace groups are what they were, and root is nobody */
	other = register_as(&rig, USER, GROUP, rig.dev, fd, true);
	CHECK(other >= 0);
	other = register_as(&rig, USER, 0, rig.dev, fd, true);
	CHECK(other == -EPERM || !other);
	/* a clone of the device is the same connection */
	other = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	EQ(ioctl(other, FUSE_DEV_IOC_CLONE, &rig.dev), 0);
	CHECK(register_as(&rig, USER, GROUP, other, fd, false) > 0);
	EQ(register_as(&rig, USER, 0, other, fd, false), -EPERM);
	close(other);
	/* and may close what is there */
	pid = fork();
	if (!pid) {
		become(USER, 0);
		if (rig_ioc_close(&rig, id) != -1 || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	pid = fork();
	if (!pid) {
		become(USER, GROUP);
		_exit(rig_ioc_close(&rig, id) != 0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);

	param("backing_gid", -1);
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EPERM);
	close(fd);
	rig_stop(&rig);
}

static void limit(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC), id[3], i, up_fd;

	param("max_user_backing", 3);
	for (i = 0; i < 3; i++) {
		id[i] = register_as(&rig, USER, GROUP, rig.dev, fd, false);
		CHECK(id[i] > 0);
	}
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EMFILE);
	/* which flags there are can be asked for all the same */
	EQ(register_as(&rig, USER, GROUP, rig.dev, -1, false), -EBADF);
	EQ(register_for(&rig, USER, GROUP, rig.dev, -1, false, 1u << 31), -EINVAL);
	/* each user has his own, the administrator none */
	CHECK(register_as(&rig, USER + 1, GROUP, rig.dev, fd, false) > 0);
	CHECK(rig_ioc_open(&rig, fd, 0, 0) > 0);
	/* not one more by being somebody else in there */
	i = register_as(&rig, USER, GROUP, rig.dev, fd, true);
	CHECK(i == -EMFILE || !i);
	/* what is refused for another reason does not count */
	EQ(rig_ioc_close(&rig, id[0]), 0);
	EQ(register_as(&rig, USER, GROUP, rig.dev, rig.dev, false), -EINVAL);
	id[0] = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id[0] > 0);
	/* a closed id counts as long as its file is in use */
	up_fd = up(&rig, O_RDONLY, id[0]);
	CHECK(up_fd >= 0);
	EQ(rig_ioc_close(&rig, id[0]), 0);
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EMFILE);
	close(up_fd);
	SOON((i = register_as(&rig, USER, GROUP, rig.dev, fd, false)) > 0);
	/* and the end of the connection gives all back */
	close(fd);
	rig_stop(&rig);
	rig = begin(lower, mnt);
	fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC);
	for (i = 0; i < 3; i++)
		CHECK(register_as(&rig, USER, GROUP, rig.dev, fd, false) > 0);
	param("max_user_backing", 4096);
	close(fd);
	rig_stop(&rig);
}

/* Nothing writes to what was registered for reading. */
static void read_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDONLY), fd, p[2];
	struct stat st;
	char buf[64];
	void *map;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDWR, id), EACCES);
	FAILS(up(&rig, O_WRONLY, id), EACCES);
	FAILS(up(&rig, O_WRONLY | O_APPEND, id), EACCES);
	FAILS(up(&rig, O_RDWR | O_DIRECT, id), EACCES);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO,
			  id), EACCES);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_same((unsigned char *)buf, sizeof(buf), 1, 0));
	FAILS(pwrite(fd, buf, 1, 0), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096),
	      EBADF);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EBADF);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	EQ(errno, EACCES);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(mprotect(map, 4096, PROT_READ | PROT_WRITE), EACCES);
	munmap(map, 4096);
	FAILS(copy_file_range(fd, NULL, fd, NULL, 10, 0), EBADF);
	CHECK(ioctl(fd, FICLONE, fd) == -1);
	close(fd);
	/* nor does opening anew what is open */
	fd = up(&rig, O_RDONLY, id);
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
	FAILS(open(buf, O_RDWR), EACCES);
	close(fd);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN);
	rig_stop(&rig);
}

/* Nor reads what was registered for writing. */
static void write_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_WRONLY), fd;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDONLY, id), EACCES);
	FAILS(up(&rig, O_RDWR, id), EACCES);
	fd = up(&rig, O_WRONLY, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	rig_stop(&rig);
}

/* A path, or what neither reads nor writes, lends nothing. */
static void path_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);

	EQ(lend(&rig, "f", O_PATH), -EBADF);
	EQ(lend(&rig, "f", O_ACCMODE), -EBADF);
	rig_stop(&rig);
}

/* What was open for appending appends, whatever becomes of the flag. */
static void append_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDWR | O_APPEND), fd, p[2];
	struct iovec iov = { "x", 1 };
	struct stat st;
	char c;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDWR, id), EPERM);
	FAILS(up(&rig, O_WRONLY, id), EPERM);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	close(fd);
	fd = up(&rig, O_RDWR | O_APPEND, id);
	CHECK(fd >= 0);
	EQ(write(fd, "app", 3), 3);
	/* pwrite(2) appends, too */
	EQ(pwrite(fd, "end", 3, 0), 3);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN + 6);
	EQ(pread(fd, &c, 1, LEN + 3), 1);
	EQ(c, 'e');
#ifdef RWF_NOAPPEND
	CHECK(pwritev2(fd, &iov, 1, 0, RWF_NOAPPEND) == -1);
#else
	CHECK(pwritev2(fd, &iov, 1, 0, 0x20) == -1);
#endif
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	EQ(errno, EACCES);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EPERM);
	EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	EQ(write(fd, "x", 1), 1);
	close(fd);
	fd = open(LOWER(&rig, "f"), O_RDONLY);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ((unsigned char)c, rig_byte(1, 0));
	close(fd);
	rig_stop(&rig);
}

/* A whole page of "f" from @at on is what it was when it was made. */
static void untouched(const struct rig *rig, off_t at)
{
	unsigned char page[4096];
	int fd = open(LOWER(rig, "f"), O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(pread(fd, page, sizeof(page), at), sizeof(page));
	CHECK(rig_same(page, sizeof(page), 1, at));
	close(fd);
}

/*
 * The calls that the kernel may do below unasked are no way around either. What
 * the server is asked for instead is in its own power.
 */
static void operations(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct file_clone_range range = {};
	int ro, wo, app, cleared, in, fd;
	unsigned int before;

	ro = lend_for(&rig, "f", O_RDONLY, FUSE_PT_BACKING_ALL);
	wo = lend_for(&rig, "f", O_WRONLY, FUSE_PT_BACKING_ALL);
	app = lend_for(&rig, "f", O_RDWR | O_APPEND, FUSE_PT_BACKING_ALL);
	CHECK(ro > 0 && wo > 0 && app > 0);
	rig_make(&rig, "g", LEN, 2);
	in = rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH,
			 lend_for(&rig, "g", O_RDWR, FUSE_PT_BACKING_ALL));
	CHECK(in >= 0);
	range.src_fd = in;
	range.src_length = 4096;

	fd = up(&rig, O_RDONLY, ro);
	CHECK(fd >= 0);
	FAILS(fallocate(fd, 0, 0, LEN * 2), EBADF);
	FAILS(copy_file_range(in, &(loff_t){ 0 }, fd, &(loff_t){ 0 }, 4096, 0),
	      EBADF);
	FAILS(ioctl(fd, FICLONERANGE, &range), EBADF);
	close(fd);

	fd = up(&rig, O_WRONLY, wo);
	CHECK(fd >= 0);
	FAILS(copy_file_range(fd, &(loff_t){ 0 }, in, &(loff_t){ 0 }, 4096, 0),
	      EBADF);
	FAILS(ioctl(in, FICLONE, fd), EBADF);
	close(fd);

	/* an append-only one keeps what it has, with the flag cleared, too */
	for (cleared = 0; cleared < 2; cleared++) {
		fd = up(&rig, O_RDWR | O_APPEND, app);
		CHECK(fd >= 0);
		if (cleared)
			EQ(fcntl(fd, F_SETFL, 0), 0);
		CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				FALLOC_FL_KEEP_SIZE, 0, 4096) == -1);
		CHECK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == -1);
		CHECK(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) == -1);
		CHECK(ioctl(fd, FICLONERANGE, &range) == -1);
		untouched(&rig, 0);
		before = SAID(&rig, asked[FUSE_COPY_FILE_RANGE]);
		if (copy_file_range(in, &(loff_t){ 0 }, fd, &(loff_t){ 0 },
				    4096, 0) > 0)
			CHECK(SAID(&rig, asked[FUSE_COPY_FILE_RANGE]) > before);
		else
			untouched(&rig, 0);
		if (cleared)
			FAILS(write(fd, "x", 1), EPERM);
		else
			EQ(write(fd, "x", 1), 1);
		close(fd);
	}
	close(in);
	rig_stop(&rig);
}

/* A bound inode lends what the descriptor could that it is bound to. */
static void bound(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct fuse_pt_bind bind = { .nodeid = RIG_FIRST };
	struct stat st;
	char c;
	int fd;

	bind.backing_id = lend_for(&rig, "f", O_RDONLY, FUSE_PT_BACKING_ALL);
	CHECK(bind.backing_id > 0);
	EQ(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, &bind), 0);
	FAILS(open(UPPER(&rig, "f"), O_RDWR), EACCES);
	FAILS(open(UPPER(&rig, "f"), O_WRONLY | O_APPEND), EACCES);
	FAILS(open(UPPER(&rig, "f"), O_RDONLY | O_TRUNC), EACCES);
	fd = open(UPPER(&rig, "f"), O_RDONLY);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	FAILS(fallocate(fd, 0, 0, LEN * 2), EBADF);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	close(fd);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN);
	untouched(&rig, 0);
	untouched(&rig, LEN - 4096);
	rig_stop(&rig);
}

/* The same of attributes that are set below: a size wants to write, anywhere. */
static void bound_sets(const char *lower, const char *mnt)
{
	static const int ways[] = { O_RDONLY, O_RDWR | O_APPEND };
	struct fuse_pt_bind bind = {
		.nodeid = RIG_FIRST,
		.flags = FUSE_PT_BIND_ATTR | FUSE_PT_BIND_SETATTR,
	};
	struct stat st;
	struct rig rig;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		rig = begin(lower, mnt);
		bind.backing_id = lend_for(&rig, "f", ways[i],
					   FUSE_PT_BACKING_ALL);
		CHECK(bind.backing_id > 0);
		EQ(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, &bind), 0);
		FAILS(truncate(UPPER(&rig, "f"), 0), EPERM);
		FAILS(truncate(UPPER(&rig, "f"), LEN * 2), EPERM);
		EQ(stat(LOWER(&rig, "f"), &st), 0);
		EQ(st.st_size, LEN);
		untouched(&rig, 0);
		rig_stop(&rig);
		EQ(SAID(&rig, asked[FUSE_SETATTR]), 0);
	}
}

/* @call of a child that is the user. Value: 0 or an errno. */
#define AS_USER(call) \
	({ \
		pid_t pid_ = fork(); \
		int status_; \
		if (!pid_) { \
			become(USER, GROUP); \
			_exit((call) < 0 ? errno : 0); \
		} \
		EQ(waitpid(pid_, &status_, 0), pid_); \
		CHECK(WIFEXITED(status_)); \
		WEXITSTATUS(status_); \
	})

/* Who can only read a file that is not his strips nothing of it. */
static void bound_strips(const char *lower, const char *mnt)
{
	struct fuse_pt_bind bind = {
		.nodeid = RIG_FIRST,
		.flags = FUSE_PT_BIND_ATTR | FUSE_PT_BIND_SETATTR,
	};
	struct rig rig = begin(lower, mnt);
	struct stat st;
	int fd;

	EQ(chmod(LOWER(&rig, "f"), 0755), 0);
	/* a write that the server has to do, opened before it binds the file */
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0);
	CHECK(fd >= 0);
	bind.backing_id = lend_for(&rig, "f", O_RDONLY, FUSE_PT_BACKING_ALL);
	CHECK(bind.backing_id > 0);
	EQ(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, &bind), 0);
	EQ(stat(UPPER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 0755);
	EQ(chmod(LOWER(&rig, "f"), 06755), 0);

	EQ(AS_USER(chown(UPPER(&rig, "f"), -1, -1)), EPERM);
	FAILS(chown(UPPER(&rig, "f"), -1, -1), EPERM);
	EQ(stat(UPPER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 06755);
	EQ(AS_USER(pwrite(fd, "x", 1, 0)), EPERM);
	close(fd);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 06755);
	untouched(&rig, 0);
	rig_stop(&rig);
	EQ(SAID(&rig, asked[FUSE_SETATTR]), 0);
}

/* Of two ids of one file, each open has what its own lends. */
static void two_ids(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int ro = lend(&rig, "f", O_RDONLY), rw = lend(&rig, "f", O_RDWR);
	int any = rig_register(&rig, "f"), fd[2];

	CHECK(ro > 0 && rw > 0);
	fd[0] = up(&rig, O_RDWR, rw);
	CHECK(fd[0] >= 0);
	EQ(pwrite(fd[0], "x", 1, 0), 1);
	FAILS(up(&rig, O_RDWR, ro), EACCES);
	fd[1] = up(&rig, O_RDONLY, ro);
	CHECK(fd[1] >= 0);
	close(fd[1]);
	fd[1] = up(&rig, O_RDWR, any);
	CHECK(fd[1] >= 0);
	close(fd[0]);
	FAILS(up(&rig, O_WRONLY, ro), EACCES);
	close(fd[1]);
	rig_stop(&rig);
}

/* Writing below is the registering user's: setuid goes, and O_NOATIME with it. */
static void credentials(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDWR), fd;
	struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct stat st;
	char c;

	CHECK(id > 0);
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 0755);
	close(fd);
	/* the upper file is root's, so root may: not so the user below */
	EQ(utimensat(AT_FDCWD, LOWER(&rig, "f"), old, 0), 0);
	fd = up(&rig, O_RDONLY | O_NOATIME, id);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	CHECK(st.st_atim.tv_sec != 1000);
	close(fd);
	rig_stop(&rig);
}

/* A descriptor that nothing can be stored through any more, by its file's seals. */
static void seal_one(const char *lower, const char *mnt, int seal, bool mapped)
{
	struct rig rig = begin(lower, mnt);
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC), id, up_fd;
	void *old = MAP_FAILED, *map;

	CHECK(fd >= 0);
	EQ(ftruncate(fd, LEN), 0);
	EQ(pwrite(fd, "old", 3, 0), 3);
	id = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id > 0);
	up_fd = up(&rig, O_RDWR, id);
	CHECK(up_fd >= 0);
	if (mapped) {
		/* as long as somebody can store, F_SEAL_WRITE is refused */
		old = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, up_fd, 0);
		CHECK(old != MAP_FAILED);
		FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
		if (seal == F_SEAL_WRITE) {
			/* or an open that could, with another mmap under way */
			EQ(munmap(old, LEN), 0);
			FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
			close(up_fd);
			up_fd = up(&rig, O_RDWR, id);
			CHECK(up_fd >= 0);
		}
	}
	EQ(fcntl(fd, F_ADD_SEALS, seal), 0);

	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, up_fd, 0);
	CHECK(map == MAP_FAILED);
	EQ(errno, EPERM);
	/* for reading alone as below, and no way from there */
	map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		CHECK(mmap(NULL, LEN, PROT_READ, MAP_SHARED, up_fd, 0) == MAP_FAILED);
	} else {
		munmap(map, LEN);
		map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, up_fd, 0);
		CHECK(map != MAP_FAILED);
		CHECK(mprotect(map, LEN, PROT_READ | PROT_WRITE) == -1);
		EQ(errno, EACCES);
		munmap(map, LEN);
	}
	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, up_fd, 0);
	CHECK(map != MAP_FAILED);
	memcpy(map, "new", 3);
	munmap(map, LEN);
	FAILS(pwrite(up_fd, "new", 3, 0), EPERM);
	/* and none of that undid the seal */
	CHECK(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, EPERM);
	map = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	EQ(memcmp(map, "old", 3), 0);
	munmap(map, LEN);
	if (mapped && seal != F_SEAL_WRITE)
		EQ(munmap(old, LEN), 0);
	close(up_fd);
	close(fd);
	rig_stop(&rig);
}

static void sealed(const char *lower, const char *mnt)
{
	seal_one(lower, mnt, F_SEAL_WRITE, false);
	seal_one(lower, mnt, F_SEAL_WRITE, true);
}

/* A thread that maps and unmaps anew all the time: never what is sealed. */
static int racing_stop;

static long map_often(struct rig_job *job)
{
	void *map;

	while (!__atomic_load_n(&racing_stop, __ATOMIC_SEQ_CST)) {
		map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			   job->fd, 0);
		if (map == MAP_FAILED)
			return errno == EPERM ? 0 : -1;
		if (fcntl(job->at, F_GET_SEALS) & F_SEAL_WRITE)
			return -2;
		munmap(map, LEN);
	}
	return 0;
}

/*
 * The seal comes while a mapping is made: whoever is first, of the seal and a
 * mapping that can be stored through there is one.
 */
static void sealed_racing(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int i, tries;

	for (i = 0; i < 50; i++) {
		struct rig_job job = { .run = map_often };
		int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		void *map;

		CHECK(fd >= 0);
		EQ(ftruncate(fd, LEN), 0);
		job.at = fd;
		job.fd = up(&rig, O_RDWR, register_as(&rig, USER, GROUP, rig.dev,
						      fd, false));
		CHECK(job.fd >= 0);
		__atomic_store_n(&racing_stop, 0, __ATOMIC_SEQ_CST);
		rig_job_start(&job);
		for (tries = 0; tries < 2000; tries++)
			if (!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
				break;
		__atomic_store_n(&racing_stop, 1, __ATOMIC_SEQ_CST);
		EQ(rig_job_end(&job), 0);
		map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			   job.fd, 0);
		if (tries < 2000) {
			CHECK(map == MAP_FAILED);
			EQ(errno, EPERM);
		} else {
			CHECK(map != MAP_FAILED);
			munmap(map, LEN);
		}
		close(job.fd);
		if (tries == 2000)
			EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
		/* what was mapped has undone nothing of the seal */
		CHECK(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		      MAP_FAILED);
		EQ(errno, EPERM);
		close(fd);
	}
	rig_stop(&rig);
}

static void sealed_future(const char *lower, const char *mnt)
{
	seal_one(lower, mnt, F_SEAL_FUTURE_WRITE, false);
	seal_one(lower, mnt, F_SEAL_FUTURE_WRITE, true);
}

static const struct rig_case cases[] = {
	{ "who", who },
	{ "limit", limit },
	{ "read-only", read_only },
	{ "write-only", write_only },
	{ "path-only", path_only },
	{ "append-only", append_only },
	{ "operations", operations },
	{ "bound", bound },
	{ "bound-sets", bound_sets },
	{ "bound-strips", bound_strips },
	{ "two-ids", two_ids },
	{ "credentials", credentials },
	{ "sealed", sealed },
	{ "sealed-racing", sealed_racing },
	{ "sealed-future", sealed_future },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
