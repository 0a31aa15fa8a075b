/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A FUSE server for tests of passthrough and I/O modes: it does what the test
 * tells it, forbidden things included, and counts what it is asked.
 *
 * The server is a child process with several threads that exports the regular
 * files of one directory (the lower one). The test is the parent: it steers
 * the server through shared memory and registers backing files itself, on the
 * same device descriptor.
 */
#ifndef PTRIG_H
#define PTRIG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
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
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/fuse_pt_protocol.h>
#include <linux/magic.h>

#define RIG_THREADS	6
#define RIG_FILES	64
#define RIG_FIRST	2	/* node id of the first name looked up */
#define RIG_BUFFER	(1 << 20)
#define RIG_SKIP	77
#define RIG_LIMIT	120	/* seconds a test may take */

/**
 * struct rig_said - what test and server tell each other
 * @init_flags: INIT reply, beside what the server always says
 * @depth: max_stack_depth
 * @life: seconds that entries and attributes hold
 * @open_flags: FOPEN_* of the next opens
 * @backing: backing id of the next opens
 * @mix: if > 0, each open is answered with any of the ways in @ways
 * @ways: (FOPEN_*, backing id) for @mix
 * @no_open: OPEN is answered with ENOSYS
 * @access: what ACCESS is answered with, an errno
 * @bad_entry: entries are nonsense
 * @hold: WRITE and READ are not answered while it is set
 * @writes: WRITEs being served now; @most: the most there ever were
 * @asked: requests by opcode
 * @caps: GETXATTR of security.capability
 * @file_stats: GETATTR of others than the root
 * @told: SETATTRs with FATTR_CTIME, which are not done; @news: the last one;
 *	@told_first: how many before the first FORGET
 */
struct rig_said {
	uint64_t	init_flags;
	uint32_t	depth;
	uint32_t	life;
	uint32_t	open_flags;
	int32_t		backing;
	int32_t		mix;
	struct {
		uint32_t	flags;
		int32_t		backing;
	} ways[8];
	uint32_t	no_open;
	uint32_t	access;
	uint32_t	bad_entry;
	uint32_t	hold;
	uint32_t	writes;
	uint32_t	most;
	uint32_t	asked[64];
	uint32_t	caps;
	uint32_t	file_stats;
	uint32_t	told;
	uint32_t	told_first;
	struct fuse_setattr_in news;
};

/**
 * struct rig - one mount with its server
 * @lower: directory below
 * @mnt: mount point
 * @dev: device descriptor, or -1
 * @judges: the server does, not the kernel by the mode
 * @alone: the server has one thread, where it matters which one takes a call
 * @server: pid
 * @said: shared with the server
 */
struct rig {
	const char	*lower;
	const char	*mnt;
	int		dev;
	bool		judges;
	bool		alone;
	pid_t		server;
	struct rig_said	*said;
};

#define SAID(rig, name)		__atomic_load_n(&(rig)->said->name, __ATOMIC_SEQ_CST)
#define SAY(rig, name, value)	\
	__atomic_store_n(&(rig)->said->name, value, __ATOMIC_SEQ_CST)

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

static inline void rig_nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

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

/* -------- the server -------- */

static struct {
	int		dev;
	struct rig_said	*said;
	const char	*lower;
	pthread_mutex_t	lock;
	char		*name[RIG_FILES];
} rig_srv = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct rig_req {
	struct fuse_in_header	*head;
	void			*arg;
};

static inline void rig_reply(const struct rig_req *r, int error,
			     const void *data, size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + (error ? 0 : len),
		.error = -error,
		.unique = r->head->unique,
	};
	struct iovec iov[2] = {
		{ &out, sizeof(out) }, { (void *)data, len },
	};

	/* ENOENT: who asked was killed meanwhile */
	if (writev(rig_srv.dev, iov, error || !len ? 1 : 2) < 0 &&
	    errno != ENOENT && errno != ENODEV)
		_exit(3);
}

static inline int rig_path(char *path, size_t size, uint64_t node)
{
	const char *name = node - 2 < RIG_FILES ? rig_srv.name[node - 2] : NULL;

	if (node == FUSE_ROOT_ID)
		name = ".";
	if (!name)
		return ENOENT;
	snprintf(path, size, "%s/%s", rig_srv.lower, name);
	return 0;
}

static inline int rig_attr(struct fuse_attr *attr, uint64_t node)
{
	char path[4096];
	struct stat st;
	int err = rig_path(path, sizeof(path), node);

	if (err)
		return err;
	if (lstat(path, &st))
		return errno;
	*attr = (struct fuse_attr){
		.ino = st.st_ino,
		.size = st.st_size,
		.blocks = st.st_blocks,
		.atime = st.st_atim.tv_sec,
		.mtime = st.st_mtim.tv_sec,
		.ctime = st.st_ctim.tv_sec,
		.atimensec = st.st_atim.tv_nsec,
		.mtimensec = st.st_mtim.tv_nsec,
		.ctimensec = st.st_ctim.tv_nsec,
		.mode = st.st_mode,
		.nlink = st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.blksize = st.st_blksize,
	};
	return 0;
}

static inline uint64_t rig_node(const char *name)
{
	uint64_t i;

	pthread_mutex_lock(&rig_srv.lock);
	for (i = 0; i < RIG_FILES; i++) {
		if (!rig_srv.name[i])
			rig_srv.name[i] = strdup(name);
		if (!strcmp(rig_srv.name[i], name))
			break;
	}
	pthread_mutex_unlock(&rig_srv.lock);
	return i + 2;
}

static inline int rig_entry(struct fuse_entry_out *out, const char *name)
{
	uint64_t node = rig_node(name);

	memset(out, 0, sizeof(*out));
	out->nodeid = node;
	out->entry_valid = rig_srv.said->life;
	out->attr_valid = rig_srv.said->life;
	if (rig_srv.said->bad_entry)
		return 0;
	return rig_attr(&out->attr, node);
}

static inline void rig_init(const struct rig_req *r)
{
	const struct fuse_init_in *in = r->arg;
	struct rig_said *said = rig_srv.said;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.max_background = 64,
		.congestion_threshold = 48,
		.max_write = 131072,
		.max_pages = 32,
		.time_gran = 1,
		.max_stack_depth = said->depth,
	};
	uint64_t flags = FUSE_INIT_EXT | FUSE_MAX_PAGES | FUSE_ATOMIC_O_TRUNC |
			 FUSE_ASYNC_READ | FUSE_BIG_WRITES | said->init_flags;

	flags &= in->flags | (uint64_t)in->flags2 << 32;
	out.flags = flags;
	out.flags2 = flags >> 32;
	rig_reply(r, 0, &out, sizeof(out));
}

static inline void rig_choose(struct fuse_open_out *out)
{
	struct rig_said *said = rig_srv.said;

	if (said->mix > 0) {
		unsigned int way = random() % said->mix;

		out->open_flags = said->ways[way].flags;
		out->backing_id = said->ways[way].backing;
	} else {
		out->open_flags = said->open_flags;
		out->backing_id = said->backing;
	}
}

static inline int rig_open(const char *path, uint32_t flags, uint32_t mode,
			   struct fuse_open_out *out)
{
	int fd;

	flags &= O_TRUNC | O_CREAT | O_EXCL;
	fd = open(path, O_RDWR | O_CLOEXEC | flags, mode);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	memset(out, 0, sizeof(*out));
	out->fh = fd;
	rig_choose(out);
	return 0;
}

/* A server without OPEN is asked with no handle. */
static inline int rig_handle(uint64_t fh, uint64_t node)
{
	char path[4096];

	if (fh || rig_path(path, sizeof(path), node))
		return fh;
	return open(path, O_RDWR | O_CLOEXEC);
}

static inline void rig_held(void)
{
	while (__atomic_load_n(&rig_srv.said->hold, __ATOMIC_SEQ_CST))
		rig_nap(5);
}

static inline void rig_write(const struct rig_req *r)
{
	const struct fuse_write_in *in = r->arg;
	struct rig_said *said = rig_srv.said;
	struct fuse_write_out out = {};
	uint32_t now, most;
	ssize_t n;
	int fd;

	now = __atomic_add_fetch(&said->writes, 1, __ATOMIC_SEQ_CST);
	most = __atomic_load_n(&said->most, __ATOMIC_SEQ_CST);
	while (now > most &&
	       !__atomic_compare_exchange_n(&said->most, &most, now, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	rig_held();
	fd = rig_handle(in->fh, r->head->nodeid);
	n = pwrite(fd, in + 1, in->size, in->offset);
	if (!in->fh)
		close(fd);
	out.size = n;
	__atomic_sub_fetch(&said->writes, 1, __ATOMIC_SEQ_CST);
	rig_reply(r, n < 0 ? errno : 0, &out, sizeof(out));
}

static inline void rig_setattr(const struct rig_req *r, const char *path)
{
	const struct fuse_setattr_in *in = r->arg;
	struct fuse_attr_out out = { .attr_valid = rig_srv.said->life };
	int err = 0;

	if (in->valid & FATTR_CTIME) {
		rig_srv.said->news = *in;
		if (r->head->uid || r->head->pid)
			rig_srv.said->news.valid = ~0;
		__atomic_add_fetch(&rig_srv.said->told, 1, __ATOMIC_SEQ_CST);
		err = rig_attr(&out.attr, r->head->nodeid);
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	if ((in->valid & FATTR_MODE) && chmod(path, in->mode & 07777))
		err = errno;
	if ((in->valid & (FATTR_UID | FATTR_GID)) &&
	    chown(path, in->valid & FATTR_UID ? in->uid : (uid_t)-1,
		  in->valid & FATTR_GID ? in->gid : (gid_t)-1))
		err = errno;
	if ((in->valid & FATTR_SIZE) && truncate(path, in->size))
		err = errno;
	if (in->valid & (FATTR_ATIME | FATTR_MTIME)) {
		struct timespec t[2] = {
			{ in->atime, in->atimensec }, { in->mtime, in->mtimensec },
		};

		if (!(in->valid & FATTR_ATIME))
			t[0].tv_nsec = UTIME_OMIT;
		else if (in->valid & FATTR_ATIME_NOW)
			t[0].tv_nsec = UTIME_NOW;
		if (!(in->valid & FATTR_MTIME))
			t[1].tv_nsec = UTIME_OMIT;
		else if (in->valid & FATTR_MTIME_NOW)
			t[1].tv_nsec = UTIME_NOW;
		if (utimensat(AT_FDCWD, path, t, 0))
			err = errno;
	}
	if (!err)
		err = rig_attr(&out.attr, r->head->nodeid);
	rig_reply(r, err, &out, sizeof(out));
}

static inline void rig_create(const struct rig_req *r)
{
	const struct fuse_create_in *in = r->arg;
	struct {
		struct fuse_entry_out	entry;
		struct fuse_open_out	open;
	} out = {};
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", rig_srv.lower,
		 (const char *)(in + 1));
	err = rig_open(path, in->flags | O_CREAT, in->mode & 07777, &out.open);
	if (!err)
		err = rig_entry(&out.entry, (const char *)(in + 1));
	rig_reply(r, err, &out, sizeof(out));
}

static inline void rig_copy(const struct rig_req *r)
{
	const struct fuse_copy_file_range_in *in = r->arg;
	off64_t from = in->off_in, to = in->off_out;
	struct fuse_write_out out = {};
	ssize_t n;

	n = copy_file_range(in->fh_in, &from, in->fh_out, &to, in->len, 0);
	out.size = n;
	rig_reply(r, n < 0 ? errno : 0, &out, sizeof(out));
}

static inline void rig_answer(const struct rig_req *r, char *spare)
{
	struct rig_said *said = rig_srv.said;
	char path[4096] = "";
	int err = rig_path(path, sizeof(path), r->head->nodeid);

	if (r->head->opcode < 64)
		__atomic_add_fetch(&said->asked[r->head->opcode], 1,
				   __ATOMIC_SEQ_CST);
	switch (r->head->opcode) {
	case FUSE_INIT:
		rig_init(r);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		if (said->asked[FUSE_FORGET] + said->asked[FUSE_BATCH_FORGET] == 1)
			said->told_first = said->told;
		return;
	case FUSE_INTERRUPT:
		return;
	case FUSE_LOOKUP: {
		struct fuse_entry_out out;

		err = rig_entry(&out, r->arg);
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr_valid = said->life };

		if (r->head->nodeid != FUSE_ROOT_ID)
			__atomic_add_fetch(&said->file_stats, 1,
					   __ATOMIC_SEQ_CST);
		if (!err)
			err = rig_attr(&out.attr, r->head->nodeid);
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	case FUSE_SETATTR:
		rig_setattr(r, path);
		return;
	case FUSE_OPEN: {
		const struct fuse_open_in *in = r->arg;
		struct fuse_open_out out;

		if (said->no_open)
			err = ENOSYS;
		if (!err)
			err = rig_open(path, in->flags, 0, &out);
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	case FUSE_CREATE:
		rig_create(r);
		return;
	case FUSE_LINK: {
		const struct fuse_link_in *in = r->arg;
		const char *name = (const char *)(in + 1);
		struct fuse_entry_out out;
		char to[4096];

		/* A second name is a second node here: what servers may do. */
		err = rig_path(path, sizeof(path), in->oldnodeid);
		snprintf(to, sizeof(to), "%s/%s", rig_srv.lower, name);
		if (!err && link(path, to))
			err = errno;
		if (!err)
			err = rig_entry(&out, name);
		if (!err)
			out.nodeid = in->oldnodeid;
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	case FUSE_UNLINK:
		snprintf(path, sizeof(path), "%s/%s", rig_srv.lower,
			 (const char *)r->arg);
		rig_reply(r, unlink(path) ? errno : 0, NULL, 0);
		return;
	case FUSE_READ: {
		const struct fuse_read_in *in = r->arg;
		ssize_t n;
		int fd;

		rig_held();
		fd = rig_handle(in->fh, r->head->nodeid);
		n = pread(fd, spare, in->size, in->offset);
		if (!in->fh)
			close(fd);
		rig_reply(r, n < 0 ? errno : 0, spare, n < 0 ? 0 : n);
		return;
	}
	case FUSE_WRITE:
		rig_write(r);
		return;
	case FUSE_RELEASE:
		close(((const struct fuse_release_in *)r->arg)->fh);
		rig_reply(r, 0, NULL, 0);
		return;
	case FUSE_FLUSH:
	case FUSE_SETLK:
	case FUSE_FSYNC:
		rig_reply(r, 0, NULL, 0);
		return;
	case FUSE_ACCESS:
		rig_reply(r, said->access, NULL, 0);
		return;
	case FUSE_GETXATTR: {
		const struct fuse_getxattr_in *in = r->arg;

		if (!strcmp((const char *)(in + 1), "security.capability"))
			__atomic_add_fetch(&said->caps, 1, __ATOMIC_SEQ_CST);
		rig_reply(r, ENODATA, NULL, 0);
		return;
	}
	case FUSE_SETXATTR:
		rig_reply(r, 0, NULL, 0);
		return;
	case FUSE_COPY_FILE_RANGE:
		rig_copy(r);
		return;
	case FUSE_STATFS: {
		struct fuse_statfs_out out = {};

		out.st.bsize = 4096;
		out.st.frsize = 4096;
		out.st.namelen = 255;
		rig_reply(r, 0, &out, sizeof(out));
		return;
	}
	default:
		rig_reply(r, ENOSYS, NULL, 0);
	}
}

static inline void *rig_serve(void *unused)
{
	char *buf = malloc(RIG_BUFFER), *spare = malloc(RIG_BUFFER);
	struct rig_req r;
	ssize_t n;

	if (!buf || !spare)
		_exit(3);
	r.head = (struct fuse_in_header *)buf;
	r.arg = r.head + 1;
	for (;;) {
		n = read(rig_srv.dev, buf, RIG_BUFFER);
		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (n < 0)
			break;
		rig_answer(&r, spare);
	}
	return unused;
}

static inline void rig_server(struct rig *rig)
{
	int i, threads = rig->alone ? 1 : RIG_THREADS;
	pthread_t t[RIG_THREADS];

	signal(SIGTERM, SIG_DFL);
	alarm(0);
	rig_srv.dev = rig->dev;
	rig_srv.said = rig->said;
	rig_srv.lower = rig->lower;
	umask(0);
	for (i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, rig_serve, NULL))
			_exit(3);
	for (i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	_exit(0);
}

/* -------- the test's side -------- */

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
	static __thread char paths[4][4096];
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

/* A thread that runs a function and says when it is done. */
struct rig_job {
	pthread_t	thread;
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

/* -------- running tests -------- */

struct rig_case {
	const char	*name;
	void		(*run)(const char *lower, const char *mnt);
};

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
	if (spent == limit) {
		printf("not ok %s: hangs\n", c->name);
		kill(-pid, SIGKILL);
		umount2(mnt, MNT_FORCE | MNT_DETACH);
		return 1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		kill(-pid, SIGKILL);
		umount2(mnt, MNT_FORCE);
		umount2(mnt, MNT_DETACH);
		if (WIFEXITED(status) && WEXITSTATUS(status) == RIG_SKIP)
			return 0;
		if (!WIFEXITED(status))
			printf("not ok %s: died of signal %d\n", c->name,
			       WTERMSIG(status));
		return 1;
	}
	return 0;
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
