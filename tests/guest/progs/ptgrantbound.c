// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inodes that are bound to what group backing_gid registered: no open, no call
 * and no attribute gets more access than the descriptor has.
 */
#include "ptgrant.h"

/* An open file of the mount, opened once more by another way. */
static int anew(int fd, int oflags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, oflags | O_CLOEXEC);
}

static void no_mapping(int fd, int prot)
{
	CHECK(mmap(NULL, 4096, prot, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, EACCES);
}

static void bound_reads(struct rig *rig)
{
	int fd;
	char c;

	FAILS(open(UPPER(rig, "f"), O_RDWR), EACCES);
	FAILS(open(UPPER(rig, "f"), O_WRONLY | O_APPEND), EACCES);
	FAILS(open(UPPER(rig, "f"), O_RDONLY | O_TRUNC), EACCES);
	fd = open(UPPER(rig, "f"), O_RDONLY);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	FAILS(fallocate(fd, 0, 0, LEN * 2), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	no_mapping(fd, PROT_READ | PROT_WRITE);
	FAILS(anew(fd, O_RDWR), EACCES);
	close(fd);
}

static void bound_writes(struct rig *rig)
{
	struct stat st;
	int fd;
	char c;

	FAILS(open(UPPER(rig, "f"), O_RDONLY), EACCES);
	FAILS(open(UPPER(rig, "f"), O_RDWR), EACCES);
	fd = open(UPPER(rig, "f"), O_WRONLY);
	CHECK(fd >= 0);
	FAILS(pread(fd, &c, 1, 0), EBADF);
	no_mapping(fd, PROT_READ);
	no_mapping(fd, PROT_WRITE);
	FAILS(anew(fd, O_RDONLY), EACCES);
	FAILS(anew(fd, O_RDWR), EACCES);
	EQ(pwrite(fd, "x", 1, LEN), 1);
	EQ(ftruncate(fd, LEN), 0);
	close(fd);
	fd = open(UPPER(rig, "f"), O_WRONLY | O_TRUNC);
	CHECK(fd >= 0);
	EQ(stat(LOWER(rig, "f"), &st), 0);
	EQ(st.st_size, 0);
	close(fd);
	rig_make(rig, "f", LEN, 1);
}

static void bound_appends(struct rig *rig)
{
	struct iovec iov = { "x", 1 };
	int fd, p[2];
	char c;

	FAILS(open(UPPER(rig, "f"), O_RDWR), EPERM);
	FAILS(open(UPPER(rig, "f"), O_WRONLY), EPERM);
	FAILS(open(UPPER(rig, "f"), O_RDONLY | O_TRUNC), EPERM);
	FAILS(open(UPPER(rig, "f"), O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	fd = open(UPPER(rig, "f"), O_RDWR | O_APPEND);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(pwrite(fd, "end", 3, 0), 3);
	CHECK(pwritev2(fd, &iov, 1, 0, RWF_NOAPPEND) == -1);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EPERM);
	close(p[0]);
	close(p[1]);
	no_mapping(fd, PROT_READ | PROT_WRITE);
	no_mapping(fd, PROT_READ);
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			4096) == -1);
	CHECK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == -1);
	CHECK(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) == -1);
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(anew(fd, O_RDWR), EPERM);
	close(fd);
}

/* "f" bound to a descriptor of it with @flags. */
static struct rig begin_bound(const char *lower, const char *mnt, int flags)
{
	struct rig rig = begin(lower, mnt);
	struct fuse_pt_bind bind = {
		.nodeid = RIG_FIRST,
		.backing_id = lend_for(&rig, "f", flags, FUSE_PT_BACKING_ALL),
		.flags = FUSE_PT_BIND_ATTR | FUSE_PT_BIND_SETATTR,
	};

	CHECK(bind.backing_id > 0);
	EQ(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, &bind), 0);
	return rig;
}

/* A bound inode lends what the descriptor could that it is bound to. */
static void bound(const char *lower, const char *mnt)
{
	static const struct {
		int	flags;
		void	(*use)(struct rig *rig);
		off_t	size;
	} ways[] = {
		{ O_RDONLY, bound_reads, LEN },
		{ O_WRONLY, bound_writes, LEN },
		{ O_RDWR | O_APPEND, bound_appends, LEN + 3 },
	};
	struct stat st;
	struct rig rig;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		rig = begin_bound(lower, mnt, ways[i].flags);
		ways[i].use(&rig);
		EQ(stat(LOWER(&rig, "f"), &st), 0);
		EQ(st.st_size, ways[i].size);
		untouched(&rig, 0);
		untouched(&rig, LEN - 4096);
		rig_stop(&rig);
		EQ(SAID(&rig, asked[FUSE_SETATTR]), 0);
	}
}

/* The same of attributes that are set below: a size wants to write, anywhere. */
static void bound_sets(const char *lower, const char *mnt)
{
	static const int ways[] = { O_RDONLY, O_RDWR | O_APPEND };
	struct stat st;
	struct rig rig;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		rig = begin_bound(lower, mnt, ways[i]);
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

static const struct rig_case cases[] = {
	{ "bound", bound },
	{ "bound-sets", bound_sets },
	{ "bound-strips", bound_strips },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
