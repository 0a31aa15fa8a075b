// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of passthrough that must never bend: whose credentials count, what
 * flags, mounts and freezes of the file below mean, and how long any of it lives.
 *
 * LOWER is the root of a file system of its own.
 */
#include "ptrig.h"
#include <grp.h>
#include <linux/aio_abi.h>
#include <linux/fuse_pt.h>

#define LEN	(1 << 20)
#define PAGE	4096

/* -------- credentials -------- */

/*
 * I/O below runs as who registered the file, not as the caller. Over NFS a
 * server tells by the user alone.
 */
static void credentials(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	bool remote = rig_type(lower) == NFS_SUPER_MAGIC;
	struct stat st;
	int id, fd;

	/* registered by a task that cannot keep setuid across a write */
	rig_drop_cap(CAP_FSETID, true);
	id = rig_register(&rig, "f");
	rig_drop_cap(CAP_FSETID, false);
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, remote ? 04755 : 0755);
	close(fd);

	/* and by one that can */
	id = rig_register(&rig, "f");
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = rig_up(&rig, O_RDWR, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), status, fd;
	pid_t pid;

	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	fd = rig_up(&rig, O_RDWR, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, p[2];
	char buf[PAGE];

	fd = rig_up(&rig, O_RDWR, id);
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
	FAILS(rig_up(&rig, O_RDWR, id), EPERM);
	FAILS(rig_up(&rig, O_WRONLY | O_APPEND, id), EPERM);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	close(fd);
	fd = rig_up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_set_flag(&rig, "f", 0));
	close(fd);
	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	rig_stop(&rig);
}

static void append_only(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, a, p[2];
	char c;

	fd = rig_up(&rig, O_RDWR, id);
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
	FAILS(rig_up(&rig, O_RDWR, id), EPERM);
	FAILS(rig_up(&rig, O_WRONLY, id), EPERM);
	a = rig_up(&rig, O_RDWR | O_APPEND, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id, fd;
	char cmd[8192];

	snprintf(cmd, sizeof(cmd),
		 "mkswap -q %s 2>/dev/null && swapon %s 2>/dev/null",
		 LOWER(&rig, "f"), LOWER(&rig, "f"));
	EQ(chmod(LOWER(&rig, "f"), 0600), 0);
	id = rig_register(&rig, "f");
	fd = rig_up(&rig, O_RDWR, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	const char *bind = rig_scratch(mnt);
	int fd, id;
	char c;

	EQ(mount(lower, bind, NULL, MS_BIND, NULL), 0);
	EQ(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	fd = open(rig_at(bind, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	FAILS(rig_up(&rig, O_RDWR, id), EROFS);
	FAILS(rig_up(&rig, O_WRONLY | O_APPEND, id), EROFS);
	fd = rig_up(&rig, O_RDONLY, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	const char *bind = rig_scratch(mnt);
	int fd, r, id, p[2];
	void *map;

	EQ(mount(lower, bind, NULL, MS_BIND, NULL), 0);
	fd = open(rig_at(bind, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	fd = rig_up(&rig, O_RDWR, id);
	r = rig_up(&rig, O_RDONLY, id);
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
	FAILS(rig_up(&rig, O_RDWR, id), EROFS);
	EQ(mount(NULL, bind, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	fd = rig_up(&rig, O_RDWR, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, direct, dir, i;
	struct rig_job jobs[4] = {
		{ .run = job_write }, { .run = job_write, .at = 8192 },
		{ .run = job_splice, .at = 3 * PAGE },
		{ .run = job_aio, .at = 4 * PAGE },
	};
	static const long want[4] = { PAGE, PAGE, 6, PAGE };
	char buf[PAGE];
	struct iovec iov = { buf, sizeof(buf) };

	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	direct = rig_up(&rig, O_RDWR | O_DIRECT, id);
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
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, dir, i;
	struct rig_job jobs[4] = {};

	fd = rig_up(&rig, O_RDWR, id);
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

static long job_open(struct rig_job *job)
{
	return open(job->arg, job->at | O_CLOEXEC);
}

static long job_seek(struct rig_job *job)
{
	return lseek(job->fd, job->at, SEEK_DATA);
}

static long job_umount(struct rig_job *job)
{
	return umount2(job->arg, 0);
}

/* What ends while @dir is of a frozen file system. */
static long frozen_end(int dir, const char *what, struct rig_job job)
{
	rig_job_start(&job);
	if (!WITHIN(rig_job_done(&job))) {
		ioctl(dir, FITHAW, 0);
		rig_fail("%s waits for a frozen file system", what);
	}
	return rig_job_end(&job);
}

/* What writes nothing goes on above a frozen file system, and ends. */
static void frozen_opens(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	struct rig idle = rig_new(lower, rig_scratch(mnt));
	struct rig_job o = { .run = job_open }, s = { .run = job_seek };
	struct rig_job u = { .run = job_umount, .arg = (void *)idle.mnt };
	int below, dir, id, fd;
	long ro, rw, gone, found;

	below = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC);
	id = rig_ioc_open(&rig, below, FUSE_PT_BACKING_LSEEK, 0);
	CHECK(id > 0);
	close(below);
	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	/* nobody has a file of it open any more */
	rig_start(&idle);
	below = rig_up(&idle, O_RDWR, rig_register(&idle, "f"));
	EQ(pwrite(below, "x", 1, 0), 1);
	close(below);
	SOON(SAID(&idle, asked[FUSE_RELEASE]) == 1);
	dir = open(lower, O_RDONLY | O_DIRECTORY);
	if (ioctl(dir, FIFREEZE, 0)) {
		close(dir);
		close(fd);
		rig_stop(&idle);
		rig_stop(&rig);
		rig_skip("cannot be frozen");
	}

	o.arg = UPPER(&rig, "f");
	ro = frozen_end(dir, "opening to read", o);
	o.at = O_RDWR;
	rw = frozen_end(dir, "opening to write", o);
	s.fd = fd;
	s.at = PAGE;
	found = frozen_end(dir, "lseek", s);
	gone = frozen_end(dir, "umount", u);
	EQ(ioctl(dir, FITHAW, 0), 0);
	CHECK(ro >= 0 && rw >= 0);
	EQ(found, PAGE);
	EQ(gone, 0);
	EQ(SAID(&rig, asked[FUSE_LSEEK]), 0);
	EQ(pwrite(rw, "x", 1, 0), 1);
	close(ro);
	close(rw);
	close(fd);
	close(dir);
	close(idle.dev);
	EQ(waitpid(idle.server, NULL, 0), idle.server);
	rig_stop(&rig);
}

/* -------- lifetimes -------- */

static void id_closed_while_open(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, again;
	char buf[PAGE];
	void *map;

	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(rig_ioc_close(&rig, id), 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(rig_up(&rig, O_RDONLY, id), EIO);
	/* the same file under a new id goes with the old opens */
	id = rig_register(&rig, "f");
	again = rig_up(&rig, O_RDWR, id);
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
	const char *top = rig_scratch(mnt);
	struct rig rig;
	int id, fd;
	void *map;

	EQ(mount("tmpfs", top, "tmpfs", 0, NULL), 0);
	rig = rig_new(top, mnt);
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	id = rig_register(&rig, "f");
	FAILS(umount(top), EBUSY);
	fd = rig_up(&rig, O_RDWR, id);
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
	const char *top = rig_scratch(mnt);
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
	fd = rig_up(&rig, O_RDWR, rig_register(&rig, "f"));
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
	CHECK(rig_up(&rig, O_RDWR, 1) < 0 && errno == ENOTCONN);
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

/*
 * Nobody waits for ever for AIO whose server died, or whose opener did. It is in
 * blocks that the file has, as what extends it is rarely asynchronous; that it is
 * in flight for sure is ptheld's business.
 */
static void aio_outlives(const char *lower, const char *mnt)
{
	struct iocb cbs[AIOS], *list[AIOS];
	struct io_event events[AIOS];
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, i, round, status;
	aio_context_t ctx = 0;
	pid_t pid;
	void *buf;

	CHECK(!posix_memalign(&buf, PAGE, PAGE));
	/* exit with AIO in flight */
	for (round = 0; round < 10; round++) {
		pid = fork();
		if (!pid) {
			fd = rig_up(&rig, O_RDWR | O_DIRECT, id);
			if (fd < 0)
				fd = rig_up(&rig, O_RDWR, id);
			syscall(SYS_io_setup, AIOS, &ctx);
			for (i = 0; i < AIOS; i++) {
				memset(&cbs[i], 0, sizeof(cbs[i]));
				cbs[i].aio_fildes = fd;
				cbs[i].aio_lio_opcode = IOCB_CMD_PWRITE;
				cbs[i].aio_buf = (uintptr_t)buf;
				cbs[i].aio_nbytes = PAGE;
				cbs[i].aio_offset = i * PAGE;
				list[i] = &cbs[i];
			}
			i = syscall(SYS_io_submit, ctx, AIOS, list);
			_exit(i != AIOS);
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, 0);
	}
	/* the server's end with AIO in flight */
	fd = rig_up(&rig, O_RDWR | O_DIRECT, id);
	if (fd < 0)
		fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(syscall(SYS_io_setup, AIOS, &ctx), 0);
	for (i = 0; i < AIOS; i++) {
		memset(&cbs[i], 0, sizeof(cbs[i]));
		cbs[i].aio_fildes = fd;
		cbs[i].aio_lio_opcode = IOCB_CMD_PWRITE;
		cbs[i].aio_buf = (uintptr_t)buf;
		cbs[i].aio_nbytes = PAGE;
		cbs[i].aio_offset = i * PAGE;
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
	{ "credentials", credentials },
	{ "permissions", permissions },
	{ "immutable", immutable },
	{ "append-only", append_only },
	{ "swap-file", swap_file },
	{ "read-only-mount", read_only_mount },
	{ "writer-of-mount", writer_of_mount },
	{ "freezing", freezing },
	{ "freezing-under-load", freezing_under_load },
	{ "frozen-opens", frozen_opens },
	{ "id-closed-while-open", id_closed_while_open },
	{ "lower-is-let-go", lower_is_let_go },
	{ "server-dies", server_dies },
	{ "aio-outlives", aio_outlives },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
