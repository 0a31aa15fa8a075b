// SPDX-License-Identifier: LGPL-2.1-only
/*
 * libfuse 3.14 to 3.16. The session's transport runs through the callbacks of
 * fuse_session_custom_io(), which do nothing but the system call, except for
 * two things:
 *
 * - INIT: libfuse calls the init handler between the read of the request and
 *   the write of the reply, in one thread. So the thread's own note of the
 *   request is enough to find the reply, and to complete it.
 * - clone_fd: a thread's requests are read from, and answered on, its own clone.
 *
 * The replies to open and create are put together here in whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"
#include "wire.h"

#if !FUSEPT_NATIVE

/* The INIT in hand in this thread. */
static __thread struct {
	uint64_t unique;	/* 0: none */
	uint64_t flags;		/* what the kernel offers */
	struct fusept *fp;	/* whose init handler asked for passthrough */
} init;

/* A clone of a session's device, for one thread. */
struct thread_device {
	struct thread_device *next;
	int master;
	int clone;	/* -1: cloning failed, the master serves */
	int current;	/* where the request in hand came from */
};

static __thread struct thread_device *devices;
static pthread_key_t devices_key;
static pthread_once_t devices_once = PTHREAD_ONCE_INIT;
static int devices_error;

/* Sessions that clone; a lookup is needed once per thread and session. */
static pthread_mutex_t cloning_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fusept *cloning;
static _Atomic(int) nr_cloning;

static void free_device(struct thread_device *d)
{
	if (d->clone >= 0)
		close(d->clone);
	free(d);
}

static void free_devices(void *head)
{
	struct thread_device *d = head, *next;

	for (; d; d = next) {
		next = d->next;
		free_device(d);
	}
	devices = NULL;
}

/*
 * Threads of a session loop end with it; the one that ran the loop goes on, and
 * may serve another session on a descriptor of the same number.
 */
static void forget_device(int master)
{
	struct thread_device **at, *d;

	for (at = &devices; (d = *at); at = &d->next) {
		if (d->master == master) {
			*at = d->next;
			free_device(d);
			pthread_setspecific(devices_key, devices);
			return;
		}
	}
}

static void make_key(void)
{
	devices_error = pthread_key_create(&devices_key, free_devices);
}

/* Does the session on @fd clone, and is it past INIT? */
static bool may_clone(int fd)
{
	struct fusept *fp;
	bool yes = false;

	pthread_mutex_lock(&cloning_lock);
	for (fp = cloning; fp; fp = fp->next)
		if (fp->fd == fd)
			yes = fp->initialised;
	pthread_mutex_unlock(&cloning_lock);
	return yes;
}

static struct thread_device *find_device(int fd)
{
	struct thread_device *d;

	for (d = devices; d; d = d->next)
		if (d->master == fd)
			return d;
	return NULL;
}

/* Where the next request for this thread is to be read. */
static int reading_end(int fd)
{
	struct thread_device *d;

	if (!nr_cloning)
		return fd;
	d = find_device(fd);
	if (!d) {
		if (!may_clone(fd))
			return fd;
		d = malloc(sizeof(*d));
		if (!d)
			return fd;
		d->master = fd;
		d->clone = fusept_clone_device(fd);
		d->next = devices;
		devices = d;
		pthread_setspecific(devices_key, d);
	}
	d->current = d->clone >= 0 ? d->clone : fd;
	return d->current;
}

static int writing_end(int fd)
{
	struct thread_device *d = nr_cloning ? find_device(fd) : NULL;

	return d ? d->current : fd;
}

static void note_init(const void *buf, size_t len)
{
	const struct wire_in_header *in = buf;
	const struct wire_init_in *arg = (const void *)(in + 1);

	if (in->opcode != WIRE_INIT)
		return;
	init.unique = in->unique;
	init.flags = 0;
	init.fp = NULL;
	if (len >= sizeof(*in) + sizeof(*arg)) {
		init.flags = arg->flags;
		if (arg->flags & WIRE_INIT_EXT)
			init.flags |= (uint64_t)arg->flags2 << 32;
	}
}

static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	ssize_t n = read(reading_end(fd), buf, len);

	if (n >= (ssize_t)sizeof(struct wire_in_header))
		note_init(buf, n);
	return n;
}

/* Send the INIT reply, with passthrough in it where it is to be. */
static ssize_t write_init(int fd, struct iovec *iov, int count)
{
	struct wire_out_header *out = iov[0].iov_base;
	struct fusept *fp = init.fp;
	struct wire_init_out reply;
	struct iovec patched[2] = { iov[0], { &reply, sizeof(reply) } };
	ssize_t n;

	init.unique = 0;
	if (!fp)
		return writev(fd, iov, count);
	if (fp->state != FUSEPT_PENDING) {
		n = writev(fd, iov, count);
	} else if (out->error || count != 2 || iov[1].iov_len != sizeof(reply)) {
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the handshake is of a protocol without passthrough");
		n = writev(fd, iov, count);
	} else if (((struct wire_init_out *)iov[1].iov_base)->flags &
		   WIRE_WRITEBACK_CACHE) {
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the writeback cache is on, which excludes passthrough");
		n = writev(fd, iov, count);
	} else {
		memcpy(&reply, iov[1].iov_base, sizeof(reply));
		reply.flags |= WIRE_INIT_EXT;
		reply.flags2 |= WIRE_PASSTHROUGH >> 32;
		reply.max_stack_depth = fp->depth;
		/* Before the first request can be in another thread's hands. */
		fp->offered = true;
		n = writev(fd, patched, 2);
		if (n < 0)
			fp->offered = false;
	}
	if (n >= 0)
		fp->initialised = true;
	return n;
}

static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	struct wire_out_header *out = iov[0].iov_base;

	fd = writing_end(fd);
	if (init.unique && iov[0].iov_len == sizeof(*out) &&
	    out->unique == init.unique)
		return write_init(fd, iov, count);
	return writev(fd, iov, count);
}

static ssize_t splice_request(int in, off_t *in_off, int out, off_t *out_off,
			      size_t len, unsigned int flags, void *userdata)
{
	return splice(reading_end(in), in_off, out, out_off, len, flags);
}

static ssize_t splice_reply(int in, off_t *in_off, int out, off_t *out_off,
			    size_t len, unsigned int flags, void *userdata)
{
	return splice(in, in_off, writing_end(out), out_off, len, flags);
}

int fusept_attach(struct fusept *fp)
{
	static const struct fuse_custom_io io = {
		.writev = write_reply,
		.read = read_request,
		.splice_receive = splice_request,
		.splice_send = splice_reply,
	};
	int err;

	if (fp->clone_fd) {
		pthread_once(&devices_once, make_key);
		if (devices_error)
			return -devices_error;
	}
	err = fuse_session_custom_io(fp->se, &io, fp->fd);
	if (err)
		return err < 0 ? err : -EIO;
	if (fp->clone_fd) {
		pthread_mutex_lock(&cloning_lock);
		fp->next = cloning;
		cloning = fp;
		nr_cloning++;
		pthread_mutex_unlock(&cloning_lock);
	}
	return 0;
}

void fusept_detach(struct fusept *fp)
{
	struct fusept **at;

	if (!fp->clone_fd)
		return;
	forget_device(fp->fd);
	pthread_mutex_lock(&cloning_lock);
	for (at = &cloning; *at; at = &(*at)->next) {
		if (*at == fp) {
			*at = fp->next;
			nr_cloning--;
			break;
		}
	}
	pthread_mutex_unlock(&cloning_lock);
}

int fusept_loop_clone_fd(const struct fusept *fp)
{
	return 0;
}

enum fusept_state fusept_init(struct fusept *fp, struct fuse_conn_info *conn)
{
	init.fp = fp;
	if (!fp->wanted)
		fusept_decide(fp, FUSEPT_OFF, "passthrough is not asked for");
	else if (!init.unique)
		fusept_decide(fp, FUSEPT_REFUSED,
			      "fusept_init() was called outside the init handler");
	else if (!(init.flags & WIRE_PASSTHROUGH))
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the kernel does not offer passthrough");
	return fp->state;
}

static uint32_t open_flags(const struct fuse_file_info *fi,
			   const struct fusept_open *how)
{
	uint32_t flags = 0;

	if (fi->direct_io)
		flags |= WIRE_FOPEN_DIRECT_IO;
	if (fi->keep_cache && !how->backing_id)
		flags |= WIRE_FOPEN_KEEP_CACHE;
	if (fi->nonseekable)
		flags |= WIRE_FOPEN_NONSEEKABLE;
	if (fi->noflush)
		flags |= WIRE_FOPEN_NOFLUSH;
	if (how->flags & FUSEPT_OPEN_PARALLEL_DIRECT_WRITES)
		flags |= WIRE_FOPEN_PARALLEL_DIRECT_WRITES;
	if (how->backing_id)
		flags |= WIRE_FOPEN_PASSTHROUGH;
	return flags;
}

/* libfuse does as well with these, in fewer steps. */
static bool is_plain(const struct fusept_open *how)
{
	return !how || (!how->backing_id && !how->flags);
}

int fusept_reply_open(fuse_req_t req, const struct fuse_file_info *fi,
		      const struct fusept_open *how)
{
	struct wire_open_out out;
	struct iovec iov = { &out, sizeof(out) };

	if (is_plain(how))
		return fuse_reply_open(req, fi);
	out.fh = fi->fh;
	out.open_flags = open_flags(fi, how);
	out.backing_id = how->backing_id;
	return fuse_reply_iov(req, &iov, 1);
}

static void split_timeout(double t, uint64_t *sec, uint32_t *nsec)
{
	*sec = 0;
	*nsec = 0;
	if (!(t > 0))
		return;
	if (t >= (double)INT64_MAX) {
		*sec = INT64_MAX;
		return;
	}
	*sec = t;
	*nsec = (t - *sec) * 1e9;
}

int fusept_reply_create(fuse_req_t req, const struct fuse_entry_param *entry,
			const struct fuse_file_info *fi,
			const struct fusept_open *how)
{
	struct {
		struct wire_entry_out entry;
		struct wire_open_out open;
	} out = {
		.entry.nodeid = entry->ino,
		.entry.generation = entry->generation,
		.entry.attr = {
			.ino = entry->attr.st_ino,
			.size = entry->attr.st_size,
			.blocks = entry->attr.st_blocks,
			.atime = entry->attr.st_atim.tv_sec,
			.mtime = entry->attr.st_mtim.tv_sec,
			.ctime = entry->attr.st_ctim.tv_sec,
			.atimensec = entry->attr.st_atim.tv_nsec,
			.mtimensec = entry->attr.st_mtim.tv_nsec,
			.ctimensec = entry->attr.st_ctim.tv_nsec,
			.mode = entry->attr.st_mode,
			.nlink = entry->attr.st_nlink,
			.uid = entry->attr.st_uid,
			.gid = entry->attr.st_gid,
			.rdev = entry->attr.st_rdev,
			.blksize = entry->attr.st_blksize,
		},
	};
	struct iovec iov = { &out, sizeof(out) };

	if (is_plain(how))
		return fuse_reply_create(req, entry, fi);
	split_timeout(entry->entry_timeout, &out.entry.entry_valid,
		      &out.entry.entry_valid_nsec);
	split_timeout(entry->attr_timeout, &out.entry.attr_valid,
		      &out.entry.attr_valid_nsec);
	out.open.fh = fi->fh;
	out.open.open_flags = open_flags(fi, how);
	out.open.backing_id = how->backing_id;
	return fuse_reply_iov(req, &iov, 1);
}

#endif
