// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bound inodes: what is asked of a server and what not, what binding refuses, whose
 * attributes count and when the server is told them.
 *
 *	ptbind LOWER MNT [TEST ...]
 */
#include "ptbound.h"
#include <sys/swap.h>

/* -------- what is refused -------- */

static void refusals(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct fuse_pt_bind b = { .nodeid = RIG_FIRST };
	struct stat st;
	int id;

	rig_make(&rig, "a", SOME, SEED);
	if (mkdir(LOWER(&rig, "dir"), 0755))
		EQ(errno, EEXIST);
	rig_start(&rig);
	id = rig_register(&rig, "a");

	FAILS(bind_as(&rig, RIG_FIRST, id, 1u << 30), EINVAL);
	FAILS(bind_as(&rig, 0, id, 0), EINVAL);
	FAILS(bind_as(&rig, FUSE_ROOT_ID, id, 0), EINVAL);
	FAILS(bind_as(&rig, RIG_FIRST, 0, 0), ENOENT);
	FAILS(bind_as(&rig, RIG_FIRST, -1, 0), ENOENT);
	FAILS(bind_as(&rig, RIG_FIRST, id + 1, 0), ENOENT);
	b.backing_id = id;
	b.padding[1] = 1;
	FAILS(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, &b), EINVAL);
	FAILS(ioctl(rig.dev, FUSE_PT_DEV_IOC_BIND, NULL), EFAULT);
	FAILS(unbind(&rig, RIG_FIRST), ENOENT);

	/* A directory, known and not. */
	EQ(stat(UPPER(&rig, "dir"), &st), 0);
	FAILS(bind_as(&rig, RIG_FIRST, id, 0), EINVAL);
	FAILS(unbind(&rig, RIG_FIRST), ENOENT);
	EQ(bind_as(&rig, RIG_FIRST + 1, id, 0), 0);
	EQ(mkdir(LOWER(&rig, "late"), 0755), 0);
	EQ(stat(UPPER(&rig, "late"), &st), 0);
	FAILS(unbind(&rig, RIG_FIRST + 1), ENOENT);
	rmdir(LOWER(&rig, "late"));
	rig_stop(&rig);

	rig = rig_new(lower, mnt);
	rig.said->init_flags = 0;
	rig_start(&rig);
	FAILS(bind_as(&rig, RIG_FIRST, 1, 0), EPERM);
	FAILS(unbind(&rig, RIG_FIRST), EPERM);
	rig_stop(&rig);
}

static void busy(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int a, again, other, fd;

	rig_make(&rig, "a", SOME, SEED);
	rig_make(&rig, "b", SOME, SEED + 1);
	rig_start(&rig);
	a = rig_register(&rig, "a");
	again = rig_register(&rig, "a");
	other = rig_register(&rig, "b");

	/* Open cached: not while it is. */
	fd = rig_open_as(&rig, "a", O_RDONLY, 0, 0);
	CHECK(fd >= 0);
	FAILS(bind_as(&rig, RIG_FIRST, a, 0), EBUSY);
	FAILS(unbind(&rig, RIG_FIRST), ENOENT);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 1);

	/* Open in passthrough: to the same file. */
	fd = rig_open_as(&rig, "a", O_RDONLY, FOPEN_PASSTHROUGH, a);
	CHECK(fd >= 0);
	FAILS(bind_as(&rig, RIG_FIRST, other, 0), EBUSY);
	EQ(bind_as(&rig, RIG_FIRST, again, 0), 0);
	close(fd);

	/* Once more: the same is fine, another is not. */
	EQ(bind_as(&rig, RIG_FIRST, a, 0), 0);
	FAILS(bind_as(&rig, RIG_FIRST, a, FUSE_PT_BIND_ATTR), EBUSY);
	FAILS(bind_as(&rig, RIG_FIRST, other, 0), EBUSY);
	EQ(unbind(&rig, RIG_FIRST), 0);
	FAILS(unbind(&rig, RIG_FIRST), ENOENT);

	/* So it is for who waits. */
	EQ(bind_as(&rig, RIG_FIRST + 1, other, 0), 0);
	EQ(bind_as(&rig, RIG_FIRST + 1, other, 0), 0);
	FAILS(bind_as(&rig, RIG_FIRST + 1, a, 0), EBUSY);
	rig_stop(&rig);
}

/* -------- opening -------- */

static void early(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd, i;

	for (i = 0; i < 3; i++) {
		fd = open_a(&rig, O_RDWR);
		reads(fd, SOME, SEED);
		close(fd);
	}
	rig_stop(&rig);
	untold(&rig);
}

static void late(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st;
	int fd, id;

	rig_make(&rig, "a", SOME, SEED);
	rig_start(&rig);
	id = rig_register(&rig, "a");
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	EQ(rig_ioc_close(&rig, id), 0);
	fd = open_a(&rig, O_RDWR);
	reads(fd, SOME, SEED);
	EQ(pwrite(fd, "x", 1, SOME), 1);
	close(fd);
	rig_stop(&rig);
	untold(&rig);
}

static void created(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd, id;

	rig_make(&rig, "b", 0, SEED);
	unlink(LOWER(&rig, "new"));
	rig_start(&rig);
	id = rig_register(&rig, "b");
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	fd = open(UPPER(&rig, "new"), O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	EQ(asked(&rig, FUSE_CREATE), 1);
	EQ(write(fd, "hello", 5), 5);
	EQ(fsync(fd), 0);
	EQ(asked(&rig, FUSE_FSYNC), 1);
	close(fd);
	/* Its handle was used, and is given back. */
	SOON(asked(&rig, FUSE_RELEASE) == 1);
	EQ(asked(&rig, FUSE_OPEN), 0);
	EQ(asked(&rig, FUSE_FLUSH), 0);
	EQ(asked(&rig, FUSE_WRITE), 0);
	fd = open(LOWER(&rig, "b"), O_RDONLY);
	CHECK(fd >= 0);
	EQ(lseek(fd, 0, SEEK_END), 5);
	close(fd);
	unlink(LOWER(&rig, "new"));
	rig_stop(&rig);
}

static void flags(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	char buf[8];
	struct stat st;
	int fd;

	/* The server empties it, without a handle and without OPEN. */
	fd = open_a(&rig, O_RDWR | O_TRUNC);
	EQ(asked(&rig, FUSE_SETATTR), 1);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	EQ(write(fd, "abc", 3), 3);
	close(fd);
	fd = open_a(&rig, O_RDONLY | O_TRUNC);
	EQ(asked(&rig, FUSE_SETATTR), 2);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	close(fd);

	fd = open_a(&rig, O_WRONLY | O_APPEND);
	EQ(write(fd, "abc", 3), 3);
	EQ(truncate(LOWER(&rig, "a"), 6), 0);
	EQ(write(fd, "def", 3), 3);
	close(fd);
	fd = open_a(&rig, O_RDONLY);
	EQ(pread(fd, buf, sizeof(buf), 1), 8);
	CHECK(!memcmp(buf, "bc\0\0\0def", 8));
	EQ(lseek(fd, 0, SEEK_END), 9);
	close(fd);

	/* What the file below cannot, this one cannot. */
	fd = open(LOWER(&rig, "a"), O_RDONLY | O_DIRECT);
	if (fd < 0) {
		FAILS(open(UPPER(&rig, "a"), O_RDONLY | O_DIRECT), EINVAL);
	} else {
		close(fd);
		close(open_a(&rig, O_RDONLY | O_DIRECT));
	}
	EQ(truncate(UPPER(&rig, "a"), 2), 0);
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	EQ(st.st_size, 2);
	rig_stop(&rig);
	untold(&rig);
}

/* May NOBODY open it? Return: 0 or an errno. */
static int nobody_opens(struct rig *rig, int flags)
{
	return AS_NOBODY(open(UPPER(rig, "a"), flags));
}

static void by_mode(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);

	EQ(chmod(UPPER(&rig, "a"), 0640), 0);
	EQ(nobody_opens(&rig, O_RDONLY), EACCES);
	EQ(chmod(UPPER(&rig, "a"), 0644), 0);
	EQ(nobody_opens(&rig, O_RDONLY), 0);
	EQ(nobody_opens(&rig, O_RDWR), EACCES);
	EQ(nobody_opens(&rig, O_RDONLY | O_TRUNC), EACCES);
	rig_stop(&rig);
	untold(&rig);
	EQ(asked(&rig, FUSE_ACCESS), 0);
}

static void by_server(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int id, fd;

	rig_make(&rig, "a", SOME, SEED);
	rig.judges = true;
	rig_start(&rig);
	id = rig_register(&rig, "a");
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);

	EQ(nobody_opens(&rig, O_RDONLY), 0);
	EQ(asked(&rig, FUSE_ACCESS), 1);
	SAY(&rig, access, EACCES);
	EQ(nobody_opens(&rig, O_RDONLY), EACCES);
	EQ(nobody_opens(&rig, O_WRONLY), EACCES);
	untold(&rig);

	/* Who judges nothing in advance judges the OPEN. */
	SAY(&rig, access, ENOSYS);
	rig_policy(&rig, 0, 0);
	fd = open_a(&rig, O_RDONLY);
	EQ(asked(&rig, FUSE_OPEN), 1);
	reads(fd, SOME, SEED);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 1);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	fd = open_a(&rig, O_RDONLY);
	reads(fd, SOME, SEED);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 2);
	FAILS(rig_open_as(&rig, "a", O_RDONLY, FOPEN_DIRECT_IO, 0), EIO);
	SOON(asked(&rig, FUSE_RELEASE) == 3);
	EQ(asked(&rig, FUSE_READ), 0);
	rig_stop(&rig);
}

/* -------- handles -------- */

static long job_fsync(struct rig_job *job)
{
	return fsync(job->fd);
}

static void handles(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	struct rig_job jobs[8] = {};
	int fd, i, opens;

	fd = open_a(&rig, O_RDWR);
	EQ(fsync(fd), 0);
	EQ(fsync(fd), 0);
	EQ(asked(&rig, FUSE_OPEN), 1);
	EQ(asked(&rig, FUSE_FSYNC), 2);
	/* The path of its data was chosen: this says nothing. */
	reads(fd, SOME, SEED);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == 1);

	/* Several at once get one handle, and none is lost. */
	fd = open_a(&rig, O_RDWR);
	for (i = 0; i < 8; i++) {
		jobs[i].run = job_fsync;
		jobs[i].fd = fd;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < 8; i++)
		EQ(rig_job_end(&jobs[i]), 0);
	opens = asked(&rig, FUSE_OPEN);
	CHECK(opens >= 2);
	close(fd);
	SOON(asked(&rig, FUSE_RELEASE) == (unsigned int)opens);
	EQ(asked(&rig, FUSE_FLUSH), 0);

	/* Not every server has them. */
	SAY(&rig, no_open, 1);
	fd = open_a(&rig, O_RDWR);
	EQ(fsync(fd), 0);
	EQ(asked(&rig, FUSE_OPEN), opens + 1);
	EQ(fsync(fd), 0);
	close(fd);
	rig_stop(&rig);
	EQ(asked(&rig, FUSE_OPEN), opens + 1);
	EQ(asked(&rig, FUSE_RELEASE), opens);
}

/* What fills the page cache has no business here, and no handle. */
static void not_cached(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd = open_a(&rig, O_RDWR);

	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED), 0);
	EQ(readahead(fd, 0, SOME), 0);
	FAILS(swapon(UPPER(&rig, "a"), 0), EINVAL);
	rig_nap(300);
	untold(&rig);
	reads(fd, SOME, SEED);
	close(fd);
	rig_stop(&rig);
}

static void locks(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct flock lk = { .l_type = F_WRLCK };
	int id, fd, other;

	rig_make(&rig, "a", SOME, SEED);
	rig.said->init_flags |= FUSE_POSIX_LOCKS;
	rig_start(&rig);
	id = rig_register(&rig, "a");
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	fd = open_a(&rig, O_RDWR);
	other = open_a(&rig, O_RDWR);
	EQ(fcntl(fd, F_SETLK, &lk), 0);
	EQ(asked(&rig, FUSE_OPEN), 1);
	EQ(asked(&rig, FUSE_SETLK), 1);
	/* POSIX: any close of the file ends the process's locks. */
	close(other);
	EQ(asked(&rig, FUSE_FLUSH), 1);
	close(fd);
	EQ(asked(&rig, FUSE_FLUSH), 2);
	SOON(asked(&rig, FUSE_RELEASE) == 2);
	rig_stop(&rig);
}

/* -------- attributes -------- */

static void data_attributes(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	struct timespec t[2] = { { 1000, 0 }, { 2000, 0 } };
	struct stat st, below;
	unsigned int before;
	char *map;
	int fd;

	fd = open_a(&rig, O_RDWR);
	before = asked(&rig, FUSE_GETATTR);
	EQ(pwrite(fd, "12345", 5, SOME), 5);
	EQ(fstat(fd, &st), 0);
	EQ(stat(LOWER(&rig, "a"), &below), 0);
	EQ(st.st_size, SOME + 5);
	EQ(st.st_blocks, below.st_blocks);
	EQ(st.st_mtim.tv_sec, below.st_mtim.tv_sec);
	EQ(st.st_mtim.tv_nsec, below.st_mtim.tv_nsec);
	EQ(st.st_ctim.tv_nsec, below.st_ctim.tv_nsec);
	EQ(asked(&rig, FUSE_GETATTR), before);

	/* Stores into a mapping are seen, too. */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0] = 1;
	EQ(msync(map, 4096, MS_SYNC), 0);
	EQ(utimensat(AT_FDCWD, LOWER(&rig, "a"), t, 0), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mtim.tv_sec, 2000);
	EQ(munmap(map, 4096), 0);
	close(fd);
	EQ(asked(&rig, FUSE_GETATTR), before);
	rig_stop(&rig);
	untold(&rig);
}

static void short_lives(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st;
	int id, fd;

	/* What lives no time is asked for each time, but not the size. */
	rig_make(&rig, "a", SOME, SEED);
	rig.said->life = 0;
	rig_start(&rig);
	id = rig_register(&rig, "a");
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	fd = open_a(&rig, O_RDONLY);
	EQ(truncate(LOWER(&rig, "a"), 77), 0);
	SAY(&rig, asked[FUSE_GETATTR], 0);
	EQ(lseek(fd, 0, SEEK_END), 77);
	EQ(asked(&rig, FUSE_GETATTR), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 77);
	EQ(asked(&rig, FUSE_GETATTR), 1);
	close(fd);
	rig_stop(&rig);
	untold(&rig);
}

static void all_attributes(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st, own;
	int id, fd, held;

	rig_make(&rig, "a", SOME, SEED);
	rig_make(&rig, "b", 5, SEED);
	EQ(stat(LOWER(&rig, "a"), &own), 0);
	rig.said->life = 0;
	rig_start(&rig);
	id = rig_register(&rig, "b");
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_ATTR), 0);
	/* The binding goes with the inode, which nothing else keeps. */
	held = open(UPPER(&rig, "a"), O_PATH | O_CLOEXEC);
	CHECK(held >= 0);

	EQ(chmod(LOWER(&rig, "b"), 0604), 0);
	EQ(chown(LOWER(&rig, "b"), 11, 12), 0);
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	EQ(st.st_mode, S_IFREG | 0604);
	EQ(st.st_uid, 11);
	EQ(st.st_gid, 12);
	EQ(st.st_size, 5);
	EQ(st.st_nlink, 1);
	EQ(st.st_ino, own.st_ino);
	EQ(nobody_opens(&rig, O_RDONLY), 0);
	EQ(chmod(LOWER(&rig, "b"), 0600), 0);
	EQ(nobody_opens(&rig, O_RDONLY), EACCES);
	EQ(SAID(&rig, file_stats), 0);

	/* Unbound, the server's word counts. */
	fd = open_a(&rig, O_RDONLY);
	EQ(unbind(&rig, RIG_FIRST), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode, own.st_mode);
	EQ(st.st_size, SOME);
	CHECK(SAID(&rig, file_stats) >= 1);
	close(fd);
	close(held);
	rig_stop(&rig);
	untold(&rig);
}

/* The birth time is the server's, and what comes with it not all that counts. */
static void birth_time(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct statx st;

	rig_make(&rig, "a", SOME, SEED);
	rig_make(&rig, "b", 5, SEED);
	rig.said->born = 4711;
	rig_start(&rig);
	EQ(bind_as(&rig, RIG_FIRST, rig_register(&rig, "b"), 0), 0);
	EQ(statx(AT_FDCWD, UPPER(&rig, "a"), 0, STATX_BASIC_STATS | STATX_BTIME,
		 &st), 0);
	EQ(asked(&rig, FUSE_STATX), 1);
	CHECK(st.stx_mask & STATX_BTIME);
	EQ(st.stx_btime.tv_sec, 4711);
	EQ(st.stx_size, 5);
	rig_stop(&rig);
}

/* What a file grew below is there for who opens it then, without a stat(2). */
static void grown(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	loff_t from = SOME, to = 0;
	struct stat st;
	int fd, out;

	EQ(stat(UPPER(&rig, "a"), &st), 0);
	EQ(st.st_size, SOME);
	rig_make(&rig, "a", SOME + 4096, SEED);
	rig_make(&rig, "b", 0, SEED);
	fd = open_a(&rig, O_RDONLY);
	out = rig_open_as(&rig, "b", O_RDWR, FOPEN_PASSTHROUGH,
			  rig_register(&rig, "b"));
	CHECK(out >= 0);
	EQ(copy_file_range(fd, &from, out, &to, 8192, 0), 4096);
	close(fd);
	close(out);
	rig_stop(&rig);
}

/* -------- attributes that I/O changed are told -------- */

/* The server has been told @nr times, and the last time how "a" is. */
static void told(struct rig *rig, unsigned int nr)
{
	const struct fuse_setattr_in *news = &rig->said->news;
	struct stat st;

	SOON(SAID(rig, told) >= nr);
	EQ(SAID(rig, told), nr);
	EQ(stat(LOWER(rig, "a"), &st), 0);
	EQ(news->valid, FATTR_SIZE | FATTR_MTIME | FATTR_CTIME);
	EQ(news->size, st.st_size);
	EQ(news->mtime, st.st_mtim.tv_sec);
	EQ(news->mtimensec, st.st_mtim.tv_nsec);
	EQ(news->ctime, st.st_ctim.tv_sec);
	EQ(news->ctimensec, st.st_ctim.tv_nsec);
}

static void tells(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	int id = rig_register(&rig, "a");
	struct stat st;
	int fd, other;
	char *map;

	/* At the last close for writing. */
	fd = open_a(&rig, O_RDWR);
	other = open_a(&rig, O_WRONLY);
	EQ(pwrite(fd, "12345", 5, SOME), 5);
	close(fd);
	EQ(SAID(&rig, told), 0);
	EQ(pwrite(other, "12345", 5, SOME + 5), 5);
	fd = open_a(&rig, O_RDONLY);
	close(other);
	told(&rig, 1);
	close(fd);
	close(open_a(&rig, O_RDWR));
	told(&rig, 1);

	/* By who syncs, who waits for it. */
	fd = open_a(&rig, O_RDWR);
	EQ(pwrite(fd, "12345", 5, SOME + 10), 5);
	EQ(fdatasync(fd), 0);
	EQ(SAID(&rig, told), 2);
	told(&rig, 2);
	EQ(fsync(fd), 0);
	told(&rig, 2);
	EQ(pwrite(fd, "12345", 5, 0), 5);
	EQ(fsync(fd), 0);
	EQ(SAID(&rig, told), 3);
	told(&rig, 3);

	/* Before the binding ends. */
	EQ(pwrite(fd, "12345", 5, SOME + 15), 5);
	EQ(unbind(&rig, RIG_FIRST), 0);
	told(&rig, 4);
	EQ(pwrite(fd, "12345", 5, SOME + 20), 5);
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_WRITE_ATTR), 0);
	close(fd);

	/* Of stores when the file is closed, and when the inode goes. */
	fd = open_a(&rig, O_RDWR);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0]++;
	EQ(msync(map, 4096, MS_SYNC), 0);
	other = SAID(&rig, told);
	close(fd);
	told(&rig, other + 1);
	map[0]++;
	EQ(msync(map, 4096, MS_SYNC), 0);
	EQ(munmap(map, 4096), 0);
	/* also if somebody sees it before */
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	drop_caches();
	/* overlayfs' own inode does not know what a mapping did to the times */
	if (rig_type(lower) == OVERLAYFS_SUPER_MAGIC)
		SOON((int)SAID(&rig, told) == other + 2);
	else
		told(&rig, other + 2);
	SOON(asked(&rig, FUSE_FORGET) + asked(&rig, FUSE_BATCH_FORGET));
	/* counted first, looked at then */
	SOON((int)SAID(&rig, told_first) == other + 2);
	rig_stop(&rig);
}

static long sync_it(struct rig_job *job)
{
	return fsync(job->fd);
}

/* The last close for writing comes while the server is at what fsync told it. */
static void tells_after_sync(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	int fd = open_a(&rig, O_RDWR);
	struct rig_job job = { .run = sync_it, .fd = open_a(&rig, O_RDONLY) };

	EQ(pwrite(fd, "12345", 5, SOME), 5);
	SAY(&rig, hold, 1);
	rig_job_start(&job);
	SOON(SAID(&rig, told) == 1);
	EQ(pwrite(fd, "12345", 5, SOME + 5), 5);
	close(fd);
	SAY(&rig, hold, 0);
	EQ(rig_job_end(&job), 0);
	told(&rig, 2);
	close(job.fd);
	rig_stop(&rig);
	EQ(SAID(&rig, told), 2);
}

/* What failed may have been done in part. */
static void tells_failed(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int below, id, fd;

	/* other file systems take what there is, one by one */
	if (rig_type(lower) != TMPFS_MAGIC)
		rig_skip("it would fill the file system");
	rig_make(&rig, "a", SOME, SEED);
	rig_start(&rig);
	below = open(LOWER(&rig, "a"), O_RDWR | O_CLOEXEC);
	CHECK(below >= 0);
	id = rig_ioc_open(&rig, below, FUSE_PT_BACKING_FALLOCATE, 0);
	CHECK(id > 0);
	close(below);
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_WRITE_ATTR), 0);
	fd = open_a(&rig, O_RDWR);
	FAILS(fallocate(fd, 0, 0, 1ll << 42), ENOSPC);
	EQ(fdatasync(fd), 0);
	told(&rig, 1);
	/* nothing of it */
	FAILS(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096), EOPNOTSUPP);
	EQ(fdatasync(fd), 0);
	told(&rig, 1);
	close(fd);
	rig_stop(&rig);
}

/* Who unmounts waits until what was written has been told. */
static void tells_at_umount(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	int fd = open_a(&rig, O_RDWR);

	EQ(pwrite(fd, "12345", 5, SOME), 5);
	close(fd);
	rig_stop(&rig);
	EQ(SAID(&rig, told), 1);
	EQ(rig.said->news.size, SOME + 5);
}

/* What the server refused is told again: by fsync, which has the answer to that. */
static void tells_refused(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	int fd = open_a(&rig, O_RDWR);

	SAY(&rig, refuse, EIO);
	EQ(pwrite(fd, "12345", 5, SOME), 5);
	close(fd);
	SOON(SAID(&rig, told) == 1);
	/* Not at once, and so on. */
	rig_nap(100);
	EQ(SAID(&rig, told), 1);
	fd = open_a(&rig, O_RDONLY);
	FAILS(fsync(fd), EIO);
	EQ(SAID(&rig, told), 2);
	FAILS(fdatasync(fd), EIO);
	EQ(SAID(&rig, told), 3);
	/* The data is another matter. */
	EQ(asked(&rig, FUSE_FSYNC), 2);
	SAY(&rig, refuse, 0);
	EQ(fsync(fd), 0);
	told(&rig, 4);
	EQ(fsync(fd), 0);
	told(&rig, 4);
	close(fd);

	/* One that sets no attributes is told no more of this. */
	SAY(&rig, refuse, ENOSYS);
	fd = open_a(&rig, O_RDWR);
	EQ(pwrite(fd, "12345", 5, SOME + 5), 5);
	close(fd);
	SOON(SAID(&rig, told) == 5);
	fd = open_a(&rig, O_RDONLY);
	EQ(fsync(fd), 0);
	EQ(SAID(&rig, told), 5);
	close(fd);

	/* Who unmounts tells it once more, and leaves it at that. */
	SAY(&rig, refuse, EIO);
	fd = open_a(&rig, O_RDWR);
	EQ(pwrite(fd, "12345", 5, SOME + 10), 5);
	close(fd);
	fd = open_a(&rig, O_RDONLY);
	FAILS(fsync(fd), EIO);
	EQ(SAID(&rig, told), 7);
	close(fd);
	rig_stop(&rig);
	EQ(SAID(&rig, told), 8);
}

/* Those who come while the server is at what it refuses then. */
static void tells_refused_meanwhile(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	struct rig_job job = { .run = sync_it, .fd = open_a(&rig, O_RDONLY) };
	int fd = open_a(&rig, O_RDWR);

	/* An fsync that waits for it. */
	SAY(&rig, refuse, EIO);
	SAY(&rig, hold, 1);
	EQ(pwrite(fd, "12345", 5, SOME), 5);
	close(fd);
	SOON(SAID(&rig, told) == 1);
	rig_job_start(&job);
	SOON(rig_killable(__atomic_load_n(&job.tid, __ATOMIC_SEQ_CST)));
	EQ(SAID(&rig, told), 1);
	SAY(&rig, hold, 0);
	FAILS(rig_job_end(&job), EIO);
	EQ(SAID(&rig, told), 2);

	/* A close that does not is made up for, once. */
	SAY(&rig, hold, 1);
	fd = open_a(&rig, O_RDWR);
	EQ(pwrite(fd, "12345", 5, SOME + 5), 5);
	close(fd);
	SOON(SAID(&rig, told) == 3);
	fd = open_a(&rig, O_RDWR);
	EQ(pwrite(fd, "12345", 5, SOME + 10), 5);
	close(fd);
	EQ(SAID(&rig, told), 3);
	SAY(&rig, hold, 0);
	SOON(SAID(&rig, told) == 4);
	rig_nap(100);
	EQ(SAID(&rig, told), 4);
	EQ(rig.said->news.size, SOME + 15);

	/* The end of the inode is the last occasion. */
	FAILS(fsync(job.fd), EIO);
	close(job.fd);
	drop_caches();
	SOON(asked(&rig, FUSE_FORGET) + asked(&rig, FUSE_BATCH_FORGET));
	EQ(SAID(&rig, told_first), 6);
	rig_stop(&rig);
	EQ(SAID(&rig, told), 6);
}

static const struct rig_case all[] = {
	{ "refusals", refusals },
	{ "busy", busy },
	{ "bound-before-reply", early },
	{ "bound-after-reply", late },
	{ "created", created },
	{ "open-flags", flags },
	{ "by-mode", by_mode },
	{ "by-server", by_server },
	{ "handles", handles },
	{ "not-cached", not_cached },
	{ "locks", locks },
	{ "data-attributes", data_attributes },
	{ "short-lives", short_lives },
	{ "all-attributes", all_attributes },
	{ "birth-time", birth_time },
	{ "grown", grown },
	{ "tells", tells },
	{ "tells-after-sync", tells_after_sync },
	{ "tells-failed", tells_failed },
	{ "tells-at-umount", tells_at_umount },
	{ "tells-refused", tells_refused },
	{ "tells-refused-meanwhile", tells_refused_meanwhile },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
