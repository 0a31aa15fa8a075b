// SPDX-License-Identifier: GPL-2.0-only
/* Open files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "caller.h"
#include "loopback.h"

/*
 * What of a caller's open flags the server's own descriptor gets. Not O_APPEND,
 * which the caller may change later and each write tells; not O_DIRECT, which
 * is about the caller's memory; not O_TRUNC, as the open may yet fail.
 */
#define OWN_FLAGS (O_ACCMODE | O_SYNC | O_DSYNC | O_NOATIME)

static bool is_writable(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

/*
 * The flags of our own descriptor. A kernel that collects writes reads what they
 * leave of a page, through whatever handle it has.
 */
static int own_flags(const struct loopback *lo, int flags)
{
	flags &= OWN_FLAGS;
	if (lo->opt.writeback == CHOICE_ON && (flags & O_ACCMODE) == O_WRONLY)
		flags ^= O_WRONLY | O_RDWR;
	return flags;
}

/*
 * The same for a new file, which can be opened in any way. By a grant a descriptor
 * lends what it can do itself, and who may write to a file, once it is made, may
 * be nobody.
 */
static int created_flags(const struct loopback *lo, int flags)
{
	flags = own_flags(lo, flags);
	if (lo->opt.passthrough != CHOICE_OFF && !lo->as_caller &&
	    (flags & O_ACCMODE) == O_WRONLY)
		flags ^= O_WRONLY | O_RDWR;
	return flags;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * What a write by others than the superuser takes away from the mode. Mostly
 * the kernel asks for it; not with O_TRUNC as part of an open, nor before direct
 * writes.
 */
int drop_privileges(fuse_req_t req, int fd)
{
	mode_t drop;
	struct stat st;

	if (!fuse_req_ctx(req)->uid)
		return 0;
	if (fstat(fd, &st))
		return errno;
	drop = st.st_mode & S_ISUID;
	if (st.st_mode & S_IXGRP || !caller_in_group(req, st.st_gid))
		drop |= st.st_mode & S_ISGID;
	if (!drop)
		return 0;
	return fchmod(fd, st.st_mode & 07777 & ~drop) ? errno : 0;
}

/*
 * Could a write that is still to come leave the same time behind? Times move with
 * the kernel's tick, which is 10 ms at its longest.
 */
static bool is_fresh(const struct timespec *t)
{
	const long second = 1000000000, tick = second / 100;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (t->tv_sec < now.tv_sec - 1)
		return false;
	if (t->tv_sec > now.tv_sec)
		return true;
	return (now.tv_sec - t->tv_sec) * second + now.tv_nsec - t->tv_nsec <=
	       tick;
}

/*
 * Is the file as it was when it was last opened, or closed after writing? Then
 * what the kernel has cached of it is still good.
 */
static bool as_last_seen(struct handle *h)
{
	struct node *n = h->node;
	struct stat st;
	bool same;

	if (fstat(h->fd, &st))
		return false;
	pthread_mutex_lock(&n->lock);
	same = n->seen && n->seen_size == st.st_size &&
	       same_time(&n->seen_mtime, &st.st_mtim);
	n->seen = !is_fresh(&st.st_mtim);
	n->seen_size = st.st_size;
	n->seen_mtime = st.st_mtim;
	pthread_mutex_unlock(&n->lock);
	return same;
}

/* A handle for @fd, which it takes over. 0 or an errno. */
static int new_handle(struct loopback *lo, struct node *node, int fd,
		      struct fuse_file_info *fi, struct fusept_open *how)
{
	struct handle *h = malloc(sizeof(*h));
	int err;

	if (!h) {
		close(fd);
		return ENOMEM;
	}
	h->node = node;
	h->fd = fd;
	h->writable = is_writable(fi->flags);
	err = backing_get(lo, h, &how->backing_id);
	if (err) {
		close(fd);
		free(h);
		return err;
	}
	how->flags = 0;
	h->direct = !h->through && lo->opt.cache == CACHE_NEVER;
	if (h->direct) {
		fi->direct_io = 1;
		if (lo->opt.parallel_direct_writes == CHOICE_ON)
			how->flags |= FUSEPT_OPEN_PARALLEL_DIRECT_WRITES;
	} else if (!h->through) {
		fi->keep_cache = lo->opt.cache == CACHE_ALWAYS || as_last_seen(h);
	}
	fi->noflush = lo->noflush_known && node->key.dev == lo->root->key.dev;
	fi->fh = (uintptr_t)h;
	return 0;
}

struct handle no_handle = { .fd = -1 };

static void end_handle(struct loopback *lo, struct handle *h)
{
	if (h == &no_handle)
		return;
	backing_put(lo, h);
	if (h->writable && !h->through && lo->opt.cache == CACHE_AUTO)
		as_last_seen(h);
	close(h->fd);
	free(h);
}

/* What O_TRUNC in @flags does, which may come with a descriptor that cannot. */
static int truncate_open(fuse_req_t req, struct handle *h, int flags)
{
	int fd, err = drop_privileges(req, h->fd);

	if (err)
		return err;
	if (h->writable && !ftruncate(h->fd, 0))
		return 0;
	fd = reopen(loopback_of(req), h->node->fd, flags & (O_ACCMODE | O_TRUNC));
	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct loopback *lo = loopback_of(req);
	struct node *node = node_of(lo, ino);
	struct fusept_open how;
	int fd, err;

	/* The kernel opens pipes and devices itself; here one could block. */
	if (node->type != S_IFREG) {
		fuse_reply_err(req, node->type == S_IFDIR ? EISDIR :
			       node->type == S_IFLNK ? ELOOP : ENXIO);
		return;
	}
	fd = reopen(lo, node->fd, own_flags(lo, fi->flags));
	/* A file that we may not read: then the kernel writes at once. */
	if (fd == -EACCES)
		fd = reopen(lo, node->fd, fi->flags & OWN_FLAGS);
	if (fd < 0) {
		fuse_reply_err(req, -fd);
		return;
	}
	backing_bind(lo, node, true, NULL);
	err = new_handle(lo, node, fd, fi, &how);
	if (!err && fi->flags & O_TRUNC) {
		err = truncate_open(req, handle_of(fi), fi->flags);
		if (err)
			end_handle(lo, handle_of(fi));
	}
	if (err)
		fuse_reply_err(req, err);
	else if (fusept_reply_open(req, fi, &how))
		end_handle(lo, handle_of(fi));
}

/* Will the kernel do without a handle for the new file @fd? Takes it over then. */
static bool created_bound(struct loopback *lo, struct node *node, int fd,
			  struct fuse_file_info *fi)
{
	const struct handle h = { .fd = fd, .writable = is_writable(fi->flags) };

	if (!backing_bind(lo, node, true, &h))
		return false;
	close(fd);
	fi->fh = (uintptr_t)&no_handle;
	return true;
}

/*
 * Nothing is left of a creation that is refused: @name, if there is one, and it
 * still is the file @fd.
 */
static void uncreate(const struct node *parent, const char *name, int fd)
{
	struct stat made, there;

	if (name && !fstat(fd, &made) &&
	    !fstatat(parent->fd, name, &there, AT_SYMLINK_NOFOLLOW) &&
	    there.st_dev == made.st_dev && there.st_ino == made.st_ino)
		unlinkat(parent->fd, name, 0);
}

/* Answer with the new file @fd, open. It is @name of @parent, if it has a name. */
static void reply_created(fuse_req_t req, const struct node *parent,
			  const char *name, int fd, struct fuse_file_info *fi)
{
	struct loopback *lo = loopback_of(req);
	struct fusept_open how = { 0 };
	struct fuse_entry_param e;
	struct node *node;
	struct stat st;
	int err = node_from_fd(lo, fd, &node, &st);

	if (err) {
		uncreate(parent, name, fd);
		close(fd);
		fuse_reply_err(req, err);
		return;
	}
	if (!created_bound(lo, node, fd, fi))
		err = new_handle(lo, node, fd, fi, &how);
	if (err) {
		uncreate(parent, name, node->fd);
		node_forget(lo, node, 1);
		fuse_reply_err(req, err);
		return;
	}
	fill_entry(lo, &e, node, &st);
	if (fusept_reply_create(req, &e, fi, &how)) {
		end_handle(lo, handle_of(fi));
		node_forget(lo, node, 1);
	}
}

void op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
	       mode_t mode, struct fuse_file_info *fi)
{
	struct loopback *lo = loopback_of(req);
	const struct node *dir = node_of(lo, parent);
	int fd, err = check_name(name);

	if (!err)
		err = caller_enter(req);
	if (err) {
		fuse_reply_err(req, err);
		return;
	}
	fd = openat(dir->fd, name, created_flags(lo, fi->flags) |
		    O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    caller_mode(req, mode) & 07777);
	err = errno;
	caller_leave(req);
	/*
	 * Somebody made it meanwhile, so it is not the caller's to open without
	 * a check: the kernel looks it up anew after ESTALE.
	 */
	if (fd < 0)
		fuse_reply_err(req, err == EEXIST && !(fi->flags & O_EXCL) ?
			       ESTALE : err);
	else
		reply_created(req, dir, name, fd, fi);
}

void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode,
		struct fuse_file_info *fi)
{
	struct loopback *lo = loopback_of(req);
	int fd, err = caller_enter(req);

	if (err) {
		fuse_reply_err(req, err);
		return;
	}
	fd = openat(node_of(lo, parent)->fd, ".",
		    created_flags(lo, fi->flags) | (fi->flags & O_EXCL) |
		    O_TMPFILE | O_CLOEXEC, caller_mode(req, mode) & 07777);
	err = errno;
	caller_leave(req);
	if (fd < 0)
		fuse_reply_err(req, err);
	else
		reply_created(req, NULL, NULL, fd, fi);
}

void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	end_handle(loopback_of(req), handle_of(fi));
	fuse_reply_err(req, 0);
}

/* Closing a copy is what the file system below sees of a close here. */
void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int fd = fcntl(handle_of(fi)->fd, F_DUPFD_CLOEXEC, 0);

	fuse_reply_err(req, fd < 0 || close(fd) ? errno : 0);
}

void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
	      struct fuse_file_info *fi)
{
	int fd = handle_of(fi)->fd;

	fuse_reply_err(req, (datasync ? fdatasync(fd) : fsync(fd)) ? errno : 0);
}
