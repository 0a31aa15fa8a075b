/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server of ptrig.h: a process with several threads that serves the regular
 * files of one directory (the lower one), does what the test tells it through
 * shared memory, forbidden things included, and counts what it is asked.
 */
#ifndef PTSERVER_H
#define PTSERVER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <linux/fuse_pt_protocol.h>

#define RIG_THREADS	6
#define RIG_FILES	64
#define RIG_FIRST	2	/* node id of the first name looked up */
#define RIG_BUFFER	(1 << 20)

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
 * @fsync: the same of FSYNC
 * @bad_entry: entries are nonsense
 * @generation: that of the nodes in entries
 * @born: birth time, STATX is answered with it; 0: with ENOSYS
 * @hold: WRITE, READ, and what @told counts are not answered while it is set
 * @late: SETATTRs of the size are done, but not answered, while it is set; 2: and
 *	one waits for that with its answer
 * @stat_late: GETATTRs of files are not answered while it is set, and then with what
 *	was there when they came
 * @writes: WRITEs being served now; @most: the most there ever were
 * @asked: requests by opcode
 * @caps: GETXATTR of security.capability
 * @file_stats: GETATTR of others than the root
 * @told: SETATTRs with FATTR_CTIME, which are not done; @news: the last one;
 *	@told_first: how many before the first FORGET; @refuse: what they are
 *	answered with, an errno
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
	uint32_t	fsync;
	uint32_t	bad_entry;
	uint32_t	generation;
	uint32_t	born;
	uint32_t	hold;
	uint32_t	late;
	uint32_t	stat_late;
	uint32_t	writes;
	uint32_t	most;
	uint32_t	asked[64];
	uint32_t	caps;
	uint32_t	file_stats;
	uint32_t	told;
	uint32_t	told_first;
	uint32_t	refuse;
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

static inline void rig_nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

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
	out->generation = rig_srv.said->generation;
	out->entry_valid = rig_srv.said->life;
	out->attr_valid = rig_srv.said->life;
	if (rig_srv.said->bad_entry)
		return 0;
	return rig_attr(&out->attr, node);
}

/* The node of @from has the name @to now, and what had it has none. */
static inline void rig_renamed(const char *from, const char *to, bool exchange)
{
	uint64_t old = rig_node(from) - 2, new = rig_node(to) - 2;
	char *gone;

	pthread_mutex_lock(&rig_srv.lock);
	gone = rig_srv.name[new];
	rig_srv.name[new] = exchange ? rig_srv.name[old] : strdup("no name");
	rig_srv.name[old] = exchange ? gone : strdup(to);
	pthread_mutex_unlock(&rig_srv.lock);
}

static inline void rig_rename(const struct rig_req *r, uint32_t flags,
			      const char *name)
{
	const char *other = name + strlen(name) + 1;
	char from[4096], to[4096];
	int err;

	snprintf(from, sizeof(from), "%s/%s", rig_srv.lower, name);
	snprintf(to, sizeof(to), "%s/%s", rig_srv.lower, other);
	err = renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) ? errno : 0;
	if (!err)
		rig_renamed(name, other, flags & RENAME_EXCHANGE);
	rig_reply(r, err, NULL, 0);
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
	if (fd < 0 && !(flags & O_EXCL))
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

static inline void rig_while(const uint32_t *set)
{
	while (__atomic_load_n(set, __ATOMIC_SEQ_CST))
		rig_nap(5);
}

static inline void rig_held(void)
{
	rig_while(&rig_srv.said->hold);
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
		rig_held();
		err = rig_srv.said->refuse;
		if (!err)
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
	if ((in->valid & FATTR_SIZE) && rig_srv.said->late) {
		__atomic_store_n(&rig_srv.said->late, 2, __ATOMIC_SEQ_CST);
		rig_while(&rig_srv.said->late);
	}
	rig_reply(r, err, &out, sizeof(out));
}

static inline struct fuse_sx_time rig_sx_time(uint64_t sec, uint32_t nsec)
{
	return (struct fuse_sx_time){ .tv_sec = sec, .tv_nsec = nsec };
}

/* The attributes of GETATTR, and a birth time. */
static inline void rig_statx(const struct rig_req *r)
{
	struct fuse_statx_out out = { .attr_valid = rig_srv.said->life };
	struct fuse_attr attr;
	int err;

	err = rig_srv.said->born ? rig_attr(&attr, r->head->nodeid) : ENOSYS;
	if (!err)
		out.stat = (struct fuse_statx){
			.mask = STATX_BASIC_STATS | STATX_BTIME,
			.blksize = attr.blksize,
			.nlink = attr.nlink,
			.uid = attr.uid,
			.gid = attr.gid,
			.mode = attr.mode,
			.ino = attr.ino,
			.size = attr.size,
			.blocks = attr.blocks,
			.atime = rig_sx_time(attr.atime, attr.atimensec),
			.btime = rig_sx_time(rig_srv.said->born, 0),
			.ctime = rig_sx_time(attr.ctime, attr.ctimensec),
			.mtime = rig_sx_time(attr.mtime, attr.mtimensec),
		};
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

		if (!err)
			err = rig_attr(&out.attr, r->head->nodeid);
		if (r->head->nodeid != FUSE_ROOT_ID) {
			__atomic_add_fetch(&said->file_stats, 1,
					   __ATOMIC_SEQ_CST);
			rig_while(&said->stat_late);
		}
		rig_reply(r, err, &out, sizeof(out));
		return;
	}
	case FUSE_STATX:
		rig_statx(r);
		return;
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
	case FUSE_RENAME:
		rig_rename(r, 0, (const char *)r->arg + sizeof(struct fuse_rename_in));
		return;
	case FUSE_RENAME2: {
		const struct fuse_rename2_in *in = r->arg;

		rig_rename(r, in->flags, (const char *)(in + 1));
		return;
	}
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
	case FUSE_RELEASEDIR:
	case FUSE_FSYNCDIR:
		rig_reply(r, 0, NULL, 0);
		return;
	case FUSE_OPENDIR: {
		const struct fuse_open_out out = {};

		rig_reply(r, 0, &out, sizeof(out));
		return;
	}
	/* Directories look empty. */
	case FUSE_READDIR:
		rig_reply(r, 0, NULL, 0);
		return;
	case FUSE_FSYNC:
		rig_reply(r, said->fsync, NULL, 0);
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

#endif
