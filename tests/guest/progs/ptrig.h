/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of passthrough and I/O modes: one mount, and the server of ptserver.h
 * behind it, a child process. The test is the parent: it steers the server through
 * shared memory and registers backing files itself, on the same device descriptor.
 */
#ifndef PTRIG_H
#define PTRIG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "ptserver.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/fuse_pt_protocol.h>
#include <linux/magic.h>

#define RIG_SKIP	77
#define RIG_LIMIT	120	/* seconds a test may take */

/* -------- what a test says about itself -------- */

static const char *rig_test = "?";

__attribute__((format(printf, 1, 2), noreturn))
static inline void rig_fail(const char *fmt, ...)
{
	va_list ap;

	printf("not ok %s: ", rig_test);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

__attribute__((format(printf, 1, 2), noreturn))
static inline void rig_skip(const char *fmt, ...)
{
	va_list ap;

	printf("skip %s: ", rig_test);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(RIG_SKIP);
}

/* @cond holds, or the test fails where it stands. */
#define CHECK(cond) \
	do { \
		if (!(cond)) \
			rig_fail("line %d: %s (errno %d, %s)", __LINE__, #cond, \
				 errno, strerror(errno)); \
	} while (0)

/* @expr gives @want. */
#define EQ(expr, want) \
	do { \
		long long got_ = (expr), want_ = (want); \
		int err_ = errno; \
		if (got_ != want_) \
			rig_fail("line %d: %s is %lld, not %lld (errno %d, %s)", \
				 __LINE__, #expr, got_, want_, err_, \
				 strerror(err_)); \
	} while (0)

/* @expr fails with @err. */
#define FAILS(expr, err) \
	do { \
		long long got_ = (expr); \
		int err_ = errno; \
		if (got_ != -1) \
			rig_fail("line %d: %s is %lld, should fail with %s", \
				 __LINE__, #expr, got_, #err); \
		if (err_ != (err)) \
			rig_fail("line %d: %s fails with %d (%s), not %s", \
				 __LINE__, #expr, err_, strerror(err_), #err); \
	} while (0)

/* Wait up to 10 s until @cond holds. Value: does it. */
#define WITHIN(cond) \
	({ \
		int left_ = getenv("FUSEPT_SLOW") ? \
			1000 * atoi(getenv("FUSEPT_SLOW")) : 1000; \
		while (!(cond) && left_--) \
			rig_nap(10); \
		left_ >= 0; \
	})

/* @cond holds soon, or the test fails. */
#define SOON(cond)	CHECK(WITHIN(cond))

/* -------- the test's side -------- */

static inline bool rig_kernel_at_least(int major, int minor)
{
	struct utsname u;
	int a, b;

	EQ(uname(&u), 0);
	EQ(sscanf(u.release, "%d.%d", &a, &b), 2);
	return a > major || (a == major && b >= minor);
}

/* *_SUPER_MAGIC of the file system below */
static inline long rig_type(const char *lower)
{
	struct statfs st;

	EQ(statfs(lower, &st), 0);
	return st.f_type;
}

/* What a rig does when the test says nothing. */
static inline struct rig rig_new(const char *lower, const char *mnt)
{
	struct rig rig = { .lower = lower, .mnt = mnt, .dev = -1 };

	rig.said = mmap(NULL, sizeof(*rig.said), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(rig.said != MAP_FAILED);
	rig.said->init_flags = FUSE_PASSTHROUGH;
	/* overlayfs is a level of its own */
	rig.said->depth = rig_type(lower) == OVERLAYFS_SUPER_MAGIC ? 2 : 1;
	rig.said->life = 3600;
	return rig;
}

static inline void rig_start(struct rig *rig)
{
	struct statfs st;
	char opts[256];

	rig->dev = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	CHECK(rig->dev >= 0);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other%s",
		 rig->dev, rig->judges ? "" : ",default_permissions");
	EQ(mount("ptrig", rig->mnt, "fusept", 0, opts), 0);
	rig->server = fork();
	CHECK(rig->server >= 0);
	if (!rig->server)
		rig_server(rig);
	EQ(statfs(rig->mnt, &st), 0);
}

/* The server dies as it would by kill -9, and the device is closed. */
static inline void rig_kill(struct rig *rig)
{
	int status;

	close(rig->dev);
	rig->dev = -1;
	kill(rig->server, SIGKILL);
	EQ(waitpid(rig->server, &status, 0), rig->server);
	rig->server = 0;
}

/* Unmount, which must work: nothing of the test is left open. */
static inline void rig_stop(struct rig *rig)
{
	int status;

	EQ(umount2(rig->mnt, 0), 0);
	if (rig->dev >= 0)
		close(rig->dev);
	rig->dev = -1;
	if (!rig->server)
		return;
	EQ(waitpid(rig->server, &status, 0), rig->server);
	EQ(status, 0);
	rig->server = 0;
}

static inline int rig_ioc_open(const struct rig *rig, int fd, uint32_t flags,
			       uint64_t padding)
{
	struct fuse_backing_map map = {
		.fd = fd, .flags = flags, .padding = padding,
	};

	return ioctl(rig->dev, FUSE_DEV_IOC_BACKING_OPEN, &map);
}

static inline int rig_ioc_close(const struct rig *rig, uint32_t id)
{
	return ioctl(rig->dev, FUSE_DEV_IOC_BACKING_CLOSE, &id);
}

static inline char *rig_at(const char *dir, const char *name)
{
	static __thread char paths[4][4096 + 256];
	static __thread int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

#define LOWER(rig, name)	rig_at((rig)->lower, name)
#define UPPER(rig, name)	rig_at((rig)->mnt, name)

/* Lower file @name gets @flag of FS_IMMUTABLE_FL and FS_APPEND_FL, or none. */
static inline bool rig_set_flag(const struct rig *rig, const char *name,
				int flag)
{
	int fd = open(LOWER(rig, name), O_RDONLY | O_CLOEXEC), flags = 0, err;

	CHECK(fd >= 0);
	err = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	flags |= flag;
	if (!err)
		err = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return !err;
}

/* Register a lower file. */
static inline int rig_register(const struct rig *rig, const char *name)
{
	int fd = open(LOWER(rig, name), O_RDWR | O_CLOEXEC), id;

	if (fd < 0)
		fd = open(LOWER(rig, name), O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	id = rig_ioc_open(rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	return id;
}

/* What the server says to the opens that follow. */
static inline void rig_policy(struct rig *rig, uint32_t flags, int backing)
{
	SAY(rig, open_flags, flags);
	SAY(rig, backing, backing);
}

/* A lower file of @len bytes: byte i is a function of i and @seed. */
static inline unsigned char rig_byte(unsigned int seed, size_t i)
{
	return (unsigned char)((i * 2654435761u >> 13) + seed + (i >> 12));
}

static inline void rig_fill(unsigned char *buf, size_t len, unsigned int seed,
			    size_t at)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = rig_byte(seed, at + i);
}

static inline void rig_make(const struct rig *rig, const char *name, size_t len,
			    unsigned int seed)
{
	unsigned char *buf = malloc(len ? len : 1);
	int fd = open(LOWER(rig, name), O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && buf);
	rig_fill(buf, len, seed, 0);
	EQ(write(fd, buf, len), len);
	EQ(fsync(fd), 0);
	close(fd);
	free(buf);
}

/* A rig that serves a lower file "f" of @len bytes. */
static inline struct rig rig_with_file(const char *lower, const char *mnt,
				       size_t len)
{
	struct rig rig = rig_new(lower, mnt);

	rig_start(&rig);
	rig_make(&rig, "f", len, 1);
	return rig;
}

/* Is what @buf holds the bytes that rig_make() would have put at @at? */
static inline bool rig_same(const unsigned char *buf, size_t len,
			    unsigned int seed, size_t at)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != rig_byte(seed, at + i))
			return false;
	return true;
}

/* Through the mount, whatever the flags: open with a policy. */
static inline int rig_open_as(struct rig *rig, const char *name, int oflags,
			      uint32_t flags, int backing)
{
	rig_policy(rig, flags, backing);
	return open(UPPER(rig, name), oflags | O_CLOEXEC, 0644);
}

/* The file of rig_with_file(), in passthrough to what @id is of. */
static inline int rig_up(struct rig *rig, int oflags, int id)
{
	return rig_open_as(rig, "f", oflags, FOPEN_PASSTHROUGH, id);
}

/* Open @name in passthrough, with a registration of these @lets. */
static inline int rig_up_letting(struct rig *rig, const char *name, int oflags,
				 uint32_t lets, uint32_t open_flags)
{
	int below = open(LOWER(rig, name), O_RDWR | O_CLOEXEC), id, fd;

	CHECK(below >= 0);
	id = rig_ioc_open(rig, below, lets, 0);
	CHECK(id > 0);
	close(below);
	fd = rig_open_as(rig, name, oflags, open_flags, id);
	CHECK(fd >= 0);
	EQ(rig_ioc_close(rig, id), 0);
	return fd;
}

/* This thread loses a capability, or has it back. */
static inline void rig_drop_cap(int cap, bool drop)
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

/* A directory of our own beside the mount point. */
static inline const char *rig_scratch(const char *mnt)
{
	static char dir[4096];

	snprintf(dir, sizeof(dir), "%s.beside", mnt);
	umount2(dir, MNT_DETACH);
	if (mkdir(dir, 0755))
		EQ(errno, EEXIST);
	return dir;
}

/* A thread that runs a function and says when it is done. */
struct rig_job {
	pthread_t	thread;
	pid_t		tid;
	long		(*run)(struct rig_job *job);
	void		*arg;
	int		fd;
	long		at;
	long		result;
	int		error;
	int		done;
};

static inline void *rig_job_main(void *p)
{
	struct rig_job *job = p;

	__atomic_store_n(&job->tid, gettid(), __ATOMIC_SEQ_CST);
	errno = 0;
	job->result = job->run(job);
	job->error = errno;
	__atomic_store_n(&job->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static inline void rig_job_start(struct rig_job *job)
{
	job->done = 0;
	EQ(pthread_create(&job->thread, NULL, rig_job_main, job), 0);
}

static inline bool rig_job_done(struct rig_job *job)
{
	return __atomic_load_n(&job->done, __ATOMIC_SEQ_CST);
}

static inline long rig_job_end(struct rig_job *job)
{
	EQ(pthread_join(job->thread, NULL), 0);
	errno = job->error;
	return job->result;
}

/*
 * Does a process or thread sleep where only a kill wakes it? So do those that
 * wait for each other; for the server's answer a signal is enough.
 */
static inline bool rig_killable(pid_t tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'D';
}

/* -------- running tests -------- */

struct rig_case {
	const char	*name;
	void		(*run)(const char *lower, const char *mnt);
};

/*
 * A failed test may have left the file system below frozen: who writes there would
 * sleep for good, also who is killed. A freeze that is under way may end later.
 */
static inline void rig_thaw(const char *lower, pid_t killed)
{
	pid_t thaws = fork();
	int dir, i;

	if (!thaws) {
		dir = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (;;) {
			ioctl(dir, FITHAW, 0);
			rig_nap(20);
		}
	}
	for (i = 0; i < 1000 && waitpid(killed, NULL, WNOHANG) == 0; i++)
		rig_nap(20);
	if (thaws < 0)
		return;
	rig_nap(100);
	kill(thaws, SIGKILL);
	for (i = 0; i < 1000 && waitpid(thaws, NULL, WNOHANG) == 0; i++)
		rig_nap(20);
}

/* Each test is a process, so that a stuck or failed one harms no other. */
static inline int rig_run(const struct rig_case *c, const char *lower,
			  const char *mnt)
{
	const char *slow = getenv("FUSEPT_SLOW");
	int limit = RIG_LIMIT * (slow ? atoi(slow) : 1) * 50, status, spent;
	pid_t pid;

	rig_test = c->name;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* A group of its own: the server goes with it. */
		setpgid(0, 0);
		c->run(lower, mnt);
		printf("ok %s\n", c->name);
		fflush(stdout);
		_exit(0);
	}
	setpgid(pid, pid);
	for (spent = 0; spent < limit; spent++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		rig_nap(20);
	}
	if (spent < limit && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;

	/* first: what follows may hang */
	if (spent == limit)
		printf("not ok %s: hangs\n", c->name);
	else if (!WIFEXITED(status))
		printf("not ok %s: died of signal %d\n", c->name,
		       WTERMSIG(status));
	kill(-pid, SIGKILL);
	rig_thaw(lower, pid);
	umount2(mnt, MNT_FORCE);
	umount2(mnt, MNT_DETACH);
	return spent == limit || !WIFEXITED(status) ||
		WEXITSTATUS(status) != RIG_SKIP;
}

/*
 * PROGRAM LOWER MNT [TEST ...]: the tests named, or all. LOWER is an empty
 * directory; MNT a mount point. Exit status: were there failures?
 */
static inline int rig_main(int argc, char **argv, const struct rig_case *cases,
			   size_t nr)
{
	int failed = 0, known, i;
	size_t c;

	if (argc < 3) {
		fprintf(stderr, "usage: %s LOWER MNT [TEST ...]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 3; i < argc; i++) {
		known = 0;
		for (c = 0; c < nr; c++)
			known |= !strcmp(argv[i], cases[c].name);
		if (!known) {
			fprintf(stderr, "%s: no test of this name\n", argv[i]);
			return 2;
		}
	}
	for (c = 0; c < nr; c++) {
		known = argc == 3;
		for (i = 3; i < argc; i++)
			known |= !strcmp(argv[i], cases[c].name);
		if (known)
			failed |= rig_run(&cases[c], argv[1], argv[2]);
	}
	return failed;
}

#endif
