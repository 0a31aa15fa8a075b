// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of passthrough that must never bend: who may register what, whose
 * credentials count, what flags, mounts, freezes, leases and permission events
 * of the file below mean, and how long any of it lives.
 *
 * LOWER is the root of a file system of its own.
 */
#include "ptrig.h"
#include <grp.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define LEN	(1 << 20)
#define PAGE	4096

static struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	return rig;
}

static int up(struct rig *rig, int oflags, int id)
{
	return rig_open_as(rig, "f", oflags, FOPEN_PASSTHROUGH, id);
}

/* A directory of our own beside the mount point. */
static const char *scratch(const char *mnt)
{
	static char dir[4096];

	snprintf(dir, sizeof(dir), "%s.ptrules", mnt);
	umount2(dir, MNT_DETACH);
	if (mkdir(dir, 0755))
		EQ(errno, EEXIST);
	return dir;
}

/* -------- registering -------- */

static void registering(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR), other, id, p[2];

	FAILS(rig_ioc_open(&rig, fd, 0, 1), EINVAL);
	FAILS(rig_ioc_open(&rig, fd, 0, 1ull << 63), EINVAL);
	FAILS(rig_ioc_open(&rig, fd, 1u << 31, 0), EINVAL);
	FAILS(rig_ioc_open(&rig, -1, 0, 0), EBADF);
	FAILS(rig_ioc_open(&rig, 999, 0, 0), EBADF);
	other = open(lower, O_RDONLY | O_DIRECTORY);
	FAILS(rig_ioc_open(&rig, other, 0, 0), EISDIR);
	close(other);
	other = open("/dev/zero", O_RDWR);
	FAILS(rig_ioc_open(&rig, other, 0, 0), EINVAL);
	close(other);
	EQ(pipe(p), 0);
	FAILS(rig_ioc_open(&rig, p[0], 0, 0), EINVAL);
	FAILS(rig_ioc_open(&rig, rig.dev, 0, 0), EINVAL);
	FAILS(ioctl(rig.dev, FUSE_DEV_IOC_BACKING_OPEN, (void *)8), EFAULT);

	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	FAILS(rig_ioc_close(&rig, 0), EINVAL);
	FAILS(rig_ioc_close(&rig, -1), EINVAL);
	FAILS(rig_ioc_close(&rig, id + 1), ENOENT);
	EQ(rig_ioc_close(&rig, id), 0);
	FAILS(rig_ioc_close(&rig, id), ENOENT);

	/* a path alone will do: opens get what they need from it */
	other = open(LOWER(&rig, "f"), O_PATH);
	id = rig_ioc_open(&rig, other, 0, 0);
	CHECK(id > 0);
	close(other);
	other = up(&rig, O_RDWR, id);
	CHECK(other >= 0);
	EQ(pwrite(other, "x", 1, 0), 1);
	close(other);
	close(fd);
	rig_stop(&rig);
}

static void drop_cap(int cap, bool drop)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	EQ(syscall(SYS_capget, &head, data), 0);
	if (drop)
		data[cap / 32].effective &= ~(1u << cap % 32);
	else
		data[cap / 32].effective |= 1u << cap % 32;
	EQ(syscall(SYS_capset, &head, data), 0);
}

static void capability(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR), id, status;
	pid_t pid;

	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	drop_cap(CAP_SYS_ADMIN, true);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
	FAILS(rig_ioc_close(&rig, id), EPERM);
	drop_cap(CAP_SYS_ADMIN, false);

	/* being root in a user namespace is not it */
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(RIG_SKIP);
		FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
		FAILS(rig_ioc_close(&rig, id), EPERM);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	CHECK(status == 0 || WEXITSTATUS(status) == RIG_SKIP);
	EQ(rig_ioc_close(&rig, id), 0);
	close(fd);
	rig_stop(&rig);
}

static void loops(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = rig_open_as(&rig, "f", O_RDWR, 0, 0);

	CHECK(fd >= 0);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
	close(fd);
	fd = open(UPPER(&rig, "f"), O_PATH);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
	close(fd);
	rig_stop(&rig);
}

/* A stacked file system below: as deep as was agreed, and no deeper. */
static void depth(const char *lower, const char *mnt)
{
	const char *top = scratch(mnt);
	struct rig rig = rig_new(lower, mnt);
	unsigned char buf[PAGE];
	char opts[16384];
	int fd, id, deep;

	rig_make(&rig, "f", LEN, 1);
	EQ(mkdir(LOWER(&rig, "l"), 0755) && errno != EEXIST, 0);
	EQ(mkdir(LOWER(&rig, "u"), 0755) && errno != EEXIST, 0);
	EQ(mkdir(LOWER(&rig, "w"), 0755) && errno != EEXIST, 0);
	snprintf(opts, sizeof(opts), "lowerdir=%s,upperdir=%s,workdir=%s",
		 LOWER(&rig, "l"), LOWER(&rig, "u"), LOWER(&rig, "w"));
	if (mount("overlay", top, "overlay", 0, opts))
		rig_skip("no overlay here: %s", strerror(errno));

	for (deep = 1; deep <= 2; deep++) {
		rig = rig_new(lower, mnt);
		rig.said->depth = deep;
		rig_start(&rig);
		fd = open(rig_at(top, "f"), O_RDWR | O_CREAT, 0644);
		CHECK(fd >= 0);
		EQ(pwrite(fd, "overlay", 7, 0), 7);
		if (deep == 1) {
			FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
			close(fd);
			rig_stop(&rig);
			continue;
		}
		id = rig_ioc_open(&rig, fd, 0, 0);
		CHECK(id > 0);
		close(fd);
		fd = up(&rig, O_RDWR, id);
		CHECK(fd >= 0);
		EQ(pread(fd, buf, 7, 0), 7);
		CHECK(!memcmp(buf, "overlay", 7));
		EQ(pwrite(fd, "O", 1, 0), 1);
		EQ(pread(fd, buf, 7, 0), 7);
		EQ(buf[0], 'O');
		close(fd);
		rig_stop(&rig);
	}
	EQ(umount(top), 0);
	EQ(rmdir(top), 0);
}

/* A server that wants to stack deeper than the kernel does gets nothing. */
static void too_deep(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd;

	rig.said->depth = 3;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	fd = open(LOWER(&rig, "f"), O_RDWR);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
	close(fd);
	rig_stop(&rig);
}

static void many_ids(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR), i, id, last = 0, *ids;

	ids = calloc(20000, sizeof(*ids));
	for (i = 0; i < 20000; i++) {
		ids[i] = rig_ioc_open(&rig, fd, 0, 0);
		CHECK(ids[i] > last);
		last = ids[i];
	}
	for (i = 0; i < 20000; i += 2)
		EQ(rig_ioc_close(&rig, ids[i]), 0);
	/* an id that was just closed is not given out at once */
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > last);
	close(fd);
	fd = up(&rig, O_RDWR, ids[1]);
	CHECK(fd >= 0);
	close(fd);
	rig_stop(&rig);
}

/* -------- credentials -------- */

/*
 * I/O below runs as who registered the file, not as the caller. Over NFS a
 * server tells by the user alone.
 */
static void credentials(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	bool remote = rig_type(lower) == NFS_SUPER_MAGIC;
	struct stat st;
	int id, fd;

	/* registered by a task that cannot keep setuid across a write */
	drop_cap(CAP_FSETID, true);
	id = rig_register(&rig, "f");
	drop_cap(CAP_FSETID, false);
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, remote ? 04755 : 0755);
	close(fd);

	/* and by one that can */
	id = rig_register(&rig, "f");
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 04755);
	close(fd);
	rig_stop(&rig);
}

/* The caller's rights are those of any FUSE file, checked at open. */
static void permissions(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), status, fd;
	pid_t pid;

	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	pid = fork();
	if (!pid) {
		char c;

		if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
			_exit(2);
		if (open(UPPER(&rig, "f"), O_RDONLY) >= 0 || errno != EACCES)
			_exit(3);
		/* what was opened before stays open */
		_exit(pread(fd, &c, 1, 0) != 1 || pwrite(fd, "p", 1, 0) != 1);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(fd);
	rig_stop(&rig);
}

/* -------- flags of the inode below -------- */

static void immutable(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, p[2];
	char buf[PAGE];

	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	if (!rig_set_flag(&rig, "f", FS_IMMUTABLE_FL)) {
		close(fd);
		rig_stop(&rig);
		rig_skip("no such flag here");
	}
	/* also through what was open before */
	FAILS(pwrite(fd, buf, sizeof(buf), 0), EPERM);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, EPERM);
	FAILS(up(&rig, O_RDWR, id), EPERM);
	FAILS(up(&rig, O_WRONLY | O_APPEND, id), EPERM);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	close(fd);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_set_flag(&rig, "f", 0));
	close(fd);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	rig_stop(&rig);
}

static void append_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, a, p[2];
	char c;

	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	if (!rig_set_flag(&rig, "f", FS_APPEND_FL)) {
		close(fd);
		rig_stop(&rig);
		rig_skip("no such flag here");
	}
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, EACCES);
	FAILS(up(&rig, O_RDWR, id), EPERM);
	FAILS(up(&rig, O_WRONLY, id), EPERM);
	a = up(&rig, O_RDWR | O_APPEND, id);
	CHECK(a >= 0);
	EQ(write(a, "app", 3), 3);
	EQ(pread(a, &c, 1, LEN), 1);
	EQ(c, 'a');
	/* nobody takes the append mode off */
	EQ(fcntl(a, F_SETFL, 0), 0);
	FAILS(pwrite(a, "x", 1, 0), EPERM);
	FAILS(splice(p[0], NULL, a, NULL, 1, 0), EPERM);
	EQ(fcntl(a, F_SETFL, O_APPEND), 0);
	EQ(write(a, "app", 3), 3);
	CHECK(rig_set_flag(&rig, "f", 0));
	close(a);
	close(fd);
	rig_stop(&rig);
}

static void swap_file(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id, fd;
	char cmd[8192];

	snprintf(cmd, sizeof(cmd),
		 "mkswap -q %s 2>/dev/null && swapon %s 2>/dev/null",
		 LOWER(&rig, "f"), LOWER(&rig, "f"));
	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	id = rig_register(&rig, "f");
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	if (system(cmd)) {
		close(fd);
		rig_stop(&rig);
		rig_skip("no swap file here");
	}
	FAILS(pwrite(fd, "x", 1, 0), ETXTBSY);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, ETXTBSY);
	snprintf(cmd, sizeof(cmd), "swapoff %s", LOWER(&rig, "f"));
	EQ(system(cmd), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	rig_stop(&rig);
}

/* -------- mounts below -------- */

static void read_only_mount(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	const char *bind = scratch(mnt);
	int fd, id;
	char c;

	EQ(mount(lower, bind, NULL, MS_BIND, NULL), 0);
	EQ(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	fd = open(rig_at(bind, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	FAILS(up(&rig, O_RDWR, id), EROFS);
	FAILS(up(&rig, O_WRONLY | O_APPEND, id), EROFS);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	close(fd);
	rig_stop(&rig);
	EQ(umount(bind), 0);
	EQ(rmdir(bind), 0);
}

/*
 * An open for writing is a writer of the mount below, exactly as long; but a
 * mapping of overlayfs is one of the file below that.
 */
static void writer_of_mount(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	const char *bind = scratch(mnt);
	int fd, r, id, p[2];
	void *map;

	EQ(mount(lower, bind, NULL, MS_BIND, NULL), 0);
	fd = open(rig_at(bind, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	fd = up(&rig, O_RDWR, id);
	r = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0 && r >= 0);
	EQ(pipe(p), 0);
	FAILS(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
	      EBUSY);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	close(fd);
	if (rig_type(lower) != OVERLAYFS_SUPER_MAGIC)
		FAILS(mount(NULL, bind, NULL,
			    MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), EBUSY);
	munmap(map, PAGE);
	EQ(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	FAILS(up(&rig, O_RDWR, id), EROFS);
	EQ(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	close(fd);
	close(r);
	rig_stop(&rig);
	EQ(umount(bind), 0);
	EQ(rmdir(bind), 0);
}

/* -------- freezing -------- */

static long job_write(struct rig_job *job)
{
	static char buf[PAGE];

	return pwrite(job->fd, buf, sizeof(buf), job->at);
}

static long job_splice(struct rig_job *job)
{
	off64_t at = job->at;
	int p[2];

	if (pipe(p) || write(p[1], "splice", 6) != 6)
		return -1;
	return splice(p[0], NULL, job->fd, &at, 6, 0);
}

static long job_aio(struct rig_job *job)
{
	struct iocb cb = {}, *list = &cb;
	struct io_event event;
	aio_context_t ctx = 0;
	void *buf;
	long n;

	if (posix_memalign(&buf, PAGE, PAGE) ||
	    syscall(SYS_io_setup, 4, &ctx))
		return -1;
	cb.aio_fildes = job->fd;
	cb.aio_lio_opcode = IOCB_CMD_PWRITE;
	cb.aio_buf = (uintptr_t)buf;
	cb.aio_nbytes = PAGE;
	cb.aio_offset = job->at;
	if (syscall(SYS_io_submit, ctx, 1, &list) != 1)
		return -1;
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL);
	syscall(SYS_io_destroy, ctx);
	return n == 1 ? event.res : -1;
}

static void freezing(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, direct, dir, i;
	struct rig_job jobs[4] = {
		{ .run = job_write }, { .run = job_write, .at = 8192 },
		{ .run = job_splice, .at = 3 * PAGE },
		{ .run = job_aio, .at = 4 * PAGE },
	};
	static const long want[4] = { PAGE, PAGE, 6, PAGE };
	char buf[PAGE];
	struct iovec iov = { buf, sizeof(buf) };

	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	direct = up(&rig, O_RDWR | O_DIRECT, id);
	EQ(pwrite(fd, "x", 1, 0), 1);
	dir = open(lower, O_RDONLY | O_DIRECTORY);
	if (ioctl(dir, FIFREEZE, 0)) {
		close(fd);
		close(direct);
		close(dir);
		rig_stop(&rig);
		rig_skip("cannot be frozen");
	}
	for (i = 0; i < 4; i++) {
		jobs[i].fd = i == 3 && direct >= 0 ? direct : fd;
		rig_job_start(&jobs[i]);
	}
	rig_nap(500);
	/* writers wait, readers do not, and who will not wait need not */
	if (pread(fd, buf, sizeof(buf), 0) != sizeof(buf)) {
		ioctl(dir, FITHAW, 0);
		rig_fail("cannot read a frozen file");
	}
	for (i = 0; i < 4; i++) {
		if (rig_job_done(&jobs[i])) {
			ioctl(dir, FITHAW, 0);
			rig_fail("writer %d was not stopped", i);
		}
	}
	if (pwritev2(fd, &iov, 1, 0, RWF_NOWAIT) >= 0 ||
	    (errno != EAGAIN && errno != EOPNOTSUPP)) {
		ioctl(dir, FITHAW, 0);
		rig_fail("a write without waiting: errno %d", errno);
	}
	EQ(ioctl(dir, FITHAW, 0), 0);
	for (i = 0; i < 4; i++)
		EQ(rig_job_end(&jobs[i]), want[i]);
	close(dir);
	close(fd);
	if (direct >= 0)
		close(direct);
	rig_stop(&rig);
}

static long job_load(struct rig_job *job)
{
	struct rig *rig = job->arg;
	int turn = job->at;

	while (!SAID(rig, hold)) {
		switch (turn++ % 4) {
		case 0:
			if (job_write(job) != PAGE)
				return -1;
			break;
		case 1:
			if (job_splice(job) != 6)
				return -1;
			break;
		case 2:
			if (job_aio(job) != PAGE)
				return -1;
			break;
		case 3:
			if (fsync(job->fd))
				return -1;
		}
	}
	return 0;
}

/* In any order of freeze, sync and thaw, under load. */
static void freezing_under_load(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, dir, i;
	struct rig_job jobs[4] = {};

	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	dir = open(lower, O_RDONLY | O_DIRECTORY);
	if (ioctl(dir, FIFREEZE, 0)) {
		close(fd);
		close(dir);
		rig_stop(&rig);
		rig_skip("cannot be frozen");
	}
	EQ(ioctl(dir, FITHAW, 0), 0);
	for (i = 0; i < 4; i++) {
		jobs[i].run = job_load;
		jobs[i].arg = &rig;
		jobs[i].fd = fd;
		jobs[i].at = i;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < 12; i++) {
		rig_nap(50);
		EQ(ioctl(dir, FIFREEZE, 0), 0);
		rig_nap(50);
		if (i % 3 == 0)
			sync();
		EQ(ioctl(dir, FITHAW, 0), 0);
		if (i % 3 == 1)
			sync();
	}
	SAY(&rig, hold, 1);
	for (i = 0; i < 4; i++)
		EQ(rig_job_end(&jobs[i]), 0);
	SAY(&rig, hold, 0);
	close(dir);
	close(fd);
	rig_stop(&rig);
}

/* -------- leases -------- */

static long job_open(struct rig_job *job)
{
	return open(job->arg, O_RDWR | O_CLOEXEC);
}

static void leases(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct rig_job o = { .run = job_open };
	int fd, id, lease;

	fd = open(LOWER(&rig, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	/* the server's own descriptor must not break it */
	signal(SIGIO, SIG_IGN);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	lease = open(LOWER(&rig, "f"), O_RDONLY);
	EQ(fcntl(lease, F_SETLEASE, F_RDLCK), 0);
	o.arg = UPPER(&rig, "f");
	rig_job_start(&o);
	rig_nap(500);
	CHECK(!rig_job_done(&o));
	EQ(fcntl(lease, F_SETLEASE, F_UNLCK), 0);
	fd = rig_job_end(&o);
	CHECK(fd >= 0);
	close(fd);
	close(lease);
	rig_stop(&rig);
}

/* -------- permission events -------- */

struct watch {
	struct rig_job	job;
	int		fan;
	const struct rig *rig;
	bool		busy;	/* does I/O on the files it is asked about */
	int		deny;
	int		upper, lower;	/* FAN_ACCESS_PERM seen there */
	int		modified;	/* FAN_MODIFY below */
	int		accessed;	/* FAN_ACCESS below */
	dev_t		lower_dev;
	int		stop;
};

static long job_watch(struct rig_job *job)
{
	struct watch *w = job->arg;
	char buf[8192];
	struct fanotify_event_metadata *m;
	struct fanotify_response r;
	struct stat st;
	ssize_t n;
	char c[16];

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		n = read(w->fan, buf, sizeof(buf));
		if (n < 0 && errno == EAGAIN) {
			rig_nap(2);
			continue;
		}
		if (n < 0)
			return -errno;
		m = (struct fanotify_event_metadata *)buf;
		for (; FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
			bool below;

			if (m->fd < 0 || fstat(m->fd, &st))
				return -1;
			below = st.st_dev == w->lower_dev;
			if (w->busy) {
				/* reads its own event's file, any way */
				if (pread(m->fd, c, sizeof(c), 0) < 0)
					return -1;
			}
			if (below && (m->mask & FAN_MODIFY))
				__atomic_add_fetch(&w->modified, 1, __ATOMIC_SEQ_CST);
			if (below && (m->mask & FAN_ACCESS))
				__atomic_add_fetch(&w->accessed, 1, __ATOMIC_SEQ_CST);
			if (m->mask & FAN_ACCESS_PERM) {
				__atomic_add_fetch(below ? &w->lower : &w->upper,
						   1, __ATOMIC_SEQ_CST);
				r.fd = m->fd;
				r.response = w->deny && below ? FAN_DENY : FAN_ALLOW;
				if (write(w->fan, &r, sizeof(r)) != sizeof(r))
					return -1;
			}
			close(m->fd);
		}
	}
	return 0;
}

static void watch_start(struct watch *w, const struct rig *rig, uint64_t mask)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->rig = rig;
	w->job.run = job_watch;
	w->job.arg = w;
	w->fan = fanotify_init(FAN_CLASS_CONTENT | FAN_NONBLOCK | FAN_CLOEXEC,
			       O_RDONLY | O_LARGEFILE);
	if (w->fan < 0)
		rig_skip("no fanotify here: %s", strerror(errno));
	EQ(stat(rig->lower, &st), 0);
	w->lower_dev = st.st_dev;
	EQ(fanotify_mark(w->fan, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD,
			 rig->lower), 0);
	EQ(fanotify_mark(w->fan, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD,
			 rig->mnt), 0);
}

static void watch_stop(struct watch *w)
{
	__atomic_store_n(&w->stop, 1, __ATOMIC_SEQ_CST);
	EQ(rig_job_end(&w->job), 0);
	close(w->fan);
}

#define SEEN(w, what)	__atomic_load_n(&(w).what, __ATOMIC_SEQ_CST)

static void permission_events(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, plain, p[2];
	struct watch w;
	off64_t at = 0;
	char buf[PAGE];
	int i;

	watch_start(&w, &rig, FAN_ACCESS_PERM | FAN_ACCESS | FAN_MODIFY);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	rig_job_start(&w.job);
	/* only now: newer kernels note at open who listens */
	fd = up(&rig, O_RDWR, id);
	plain = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(fd >= 0 && plain >= 0);
	EQ(pipe(p), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);

	/* once a call, above and below */
	for (i = 1; i <= 5; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		EQ(SEEN(w, upper), i);
		EQ(SEEN(w, lower), i);
	}
	at = 0;
	EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
	EQ(SEEN(w, lower), 6);
	at = 0;
	EQ(sendfile(plain, fd, &at, PAGE), PAGE);
	EQ(SEEN(w, lower), 7);
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(splice(p[0], NULL, fd, &at, PAGE, 0), PAGE);
	SOON(SEEN(w, modified) >= 1 && SEEN(w, accessed) >= 1);

	/* and its word counts */
	__atomic_store_n(&w.deny, 1, __ATOMIC_SEQ_CST);
	FAILS(pread(fd, buf, sizeof(buf), 0), EPERM);
	at = 0;
	FAILS(splice(fd, &at, p[1], NULL, PAGE, 0), EPERM);
	FAILS(sendfile(plain, fd, &at, PAGE), EPERM);
	__atomic_store_n(&w.deny, 0, __ATOMIC_SEQ_CST);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));

	watch_stop(&w);
	close(fd);
	close(plain);
	rig_stop(&rig);
}

/* A listener that does I/O on what it is asked about stops nobody. */
static void busy_listener(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), other, fd, out, p[2], i;
	struct watch w;
	off64_t at, to;
	char buf[PAGE];

	rig_make(&rig, "g", LEN, 2);
	other = rig_register(&rig, "g");
	EQ(pipe(p), 0);
	watch_start(&w, &rig, FAN_ACCESS_PERM);
	w.busy = true;
	rig_job_start(&w.job);
	/* the listener's own opens go to the backing file too, f's or none */
	out = rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH, other);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0 && out >= 0);
	for (i = 0; i < 20; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		at = 0;
		EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
		to = 0;
		EQ(splice(p[0], NULL, out, &to, PAGE, 0), PAGE);
		at = PAGE;
		EQ(lseek(out, PAGE, SEEK_SET), PAGE);
		EQ(sendfile(out, fd, &at, PAGE), PAGE);
		at = 0;
		to = 2 * PAGE;
		CHECK(copy_file_range(fd, &at, out, &to, PAGE, 0) > 0);
	}
	watch_stop(&w);
	close(fd);
	close(out);
	rig_stop(&rig);
}

/* -------- lifetimes -------- */

static void id_closed_while_open(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, again;
	char buf[PAGE];
	void *map;

	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(rig_ioc_close(&rig, id), 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(up(&rig, O_RDONLY, id), EIO);
	/* the same file under a new id goes with the old opens */
	id = rig_register(&rig, "f");
	again = up(&rig, O_RDWR, id);
	CHECK(again >= 0);
	close(fd);
	EQ(rig_ioc_close(&rig, id), 0);
	EQ(pread(again, buf, sizeof(buf), 0), sizeof(buf));
	close(again);
	EQ(*(char *)map, buf[0]);
	munmap(map, PAGE);
	rig_stop(&rig);
}

/* The mount below is free as soon as its last user is gone. */
static void lower_is_let_go(const char *unused, const char *mnt)
{
	const char *top = scratch(mnt);
	struct rig rig;
	int id, fd;
	void *map;

	EQ(mount("tmpfs", top, "tmpfs", 0, NULL), 0);
	rig = rig_new(top, mnt);
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	id = rig_register(&rig, "f");
	FAILS(umount(top), EBUSY);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(rig_ioc_close(&rig, id), 0);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(umount(top), EBUSY);
	close(fd);
	SOON(SAID(&rig, asked[FUSE_RELEASE]) == 1);
	rig_nap(50);
	FAILS(umount(top), EBUSY);
	munmap(map, PAGE);
	/* the server closes its own descriptor after it answered */
	SOON(!umount(top));
	rig_stop(&rig);
	EQ(rmdir(top), 0);
}

/* The server dies: opens go on, ids do not, and nothing is kept busy. */
static void server_dies(const char *unused, const char *mnt)
{
	const char *top = scratch(mnt);
	struct rig rig;
	int fd, i, status;
	char buf[PAGE];
	pid_t pid;

	EQ(mount("tmpfs", top, "tmpfs", 0, NULL), 0);
	rig = rig_new(top, mnt);
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	for (i = 0; i < 100; i++)
		rig_register(&rig, "f");
	fd = up(&rig, O_RDWR, rig_register(&rig, "f"));
	CHECK(fd >= 0);
	/* one whose opener is in the middle of a call */
	pid = fork();
	if (!pid) {
		close(rig.dev);
		for (;;)
			if (pwrite(fd, buf, sizeof(buf), 0) != sizeof(buf))
				_exit(1);
	}
	rig_nap(100);
	rig_kill(&rig);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwrite(fd, buf, sizeof(buf), LEN), sizeof(buf));
	CHECK(up(&rig, O_RDWR, 1) < 0 && errno == ENOTCONN);
	rig_nap(100);
	EQ(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	FAILS(umount(top), EBUSY);
	close(fd);
	/* the mount above is still there, with a dead server */
	SOON(!umount(top));
	rig_stop(&rig);
	EQ(rmdir(top), 0);
}

#define AIOS	64

/* Nobody waits for ever for AIO whose server died, or whose opener did. */
static void aio_outlives(const char *lower, const char *mnt)
{
	struct iocb cbs[AIOS], *list[AIOS];
	struct io_event events[AIOS];
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, i, round, status;
	aio_context_t ctx = 0;
	pid_t pid;
	void *buf;

	CHECK(!posix_memalign(&buf, PAGE, PAGE));
	/* exit with AIO in flight */
	for (round = 0; round < 10; round++) {
		pid = fork();
		if (!pid) {
			fd = up(&rig, O_RDWR | O_DIRECT, id);
			if (fd < 0)
				fd = up(&rig, O_RDWR, id);
			syscall(SYS_io_setup, AIOS, &ctx);
			for (i = 0; i < AIOS; i++) {
				memset(&cbs[i], 0, sizeof(cbs[i]));
				cbs[i].aio_fildes = fd;
				cbs[i].aio_lio_opcode = IOCB_CMD_PWRITE;
				cbs[i].aio_buf = (uintptr_t)buf;
				cbs[i].aio_nbytes = PAGE;
				cbs[i].aio_offset = LEN + i * PAGE;
				list[i] = &cbs[i];
			}
			i = syscall(SYS_io_submit, ctx, AIOS, list);
			_exit(i != AIOS);
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, 0);
	}
	/* the server's end with AIO in flight */
	fd = up(&rig, O_RDWR | O_DIRECT, id);
	if (fd < 0)
		fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(syscall(SYS_io_setup, AIOS, &ctx), 0);
	for (i = 0; i < AIOS; i++) {
		memset(&cbs[i], 0, sizeof(cbs[i]));
		cbs[i].aio_fildes = fd;
		cbs[i].aio_lio_opcode = IOCB_CMD_PWRITE;
		cbs[i].aio_buf = (uintptr_t)buf;
		cbs[i].aio_nbytes = PAGE;
		cbs[i].aio_offset = 2 * LEN + i * PAGE;
		list[i] = &cbs[i];
	}
	EQ(syscall(SYS_io_submit, ctx, AIOS, list), AIOS);
	rig_kill(&rig);
	close(fd);
	EQ(syscall(SYS_io_getevents, ctx, AIOS, AIOS, events, NULL), AIOS);
	for (i = 0; i < AIOS; i++)
		EQ(events[i].res, PAGE);
	syscall(SYS_io_destroy, ctx);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "registering", registering },
	{ "capability", capability },
	{ "loops", loops },
	{ "depth", depth },
	{ "too-deep", too_deep },
	{ "many-ids", many_ids },
	{ "credentials", credentials },
	{ "permissions", permissions },
	{ "immutable", immutable },
	{ "append-only", append_only },
	{ "swap-file", swap_file },
	{ "read-only-mount", read_only_mount },
	{ "writer-of-mount", writer_of_mount },
	{ "freezing", freezing },
	{ "freezing-under-load", freezing_under_load },
	{ "leases", leases },
	{ "permission-events", permission_events },
	{ "busy-listener", busy_listener },
	{ "id-closed-while-open", id_closed_while_open },
	{ "lower-is-let-go", lower_is_let_go },
	{ "server-dies", server_dies },
	{ "aio-outlives", aio_outlives },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
