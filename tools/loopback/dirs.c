// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings. An entry's offset is the d_off of the file system below. Not every
 * file system keeps these while entries come and go (tmpfs before Linux 6.6
 * counts entries), and the kernel asks again for what its caller had no room
 * for. So a reply holds entries of one buffer only, and an offset in that buffer
 * is found there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backing.h"
#include "loopback.h"

#define LISTING_BUFFER 32768	/* as much as readdir(3) reads at a time */

struct listing {
	pthread_mutex_t lock;
	int fd;
	off_t start;		/* offset of the entry at the start of buf */
	off_t next;		/* offset of the entry at pos */
	size_t pos, len;	/* in buf */
	char buf[LISTING_BUFFER] __attribute__((aligned(8)));
};

static struct listing *listing_of(const struct fuse_file_info *fi)
{
	return (struct listing *)(uintptr_t)fi->fh;
}

void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct loopback *lo = loopback_of(req);
	struct node *node = node_of(lo, ino);
	struct listing *l = malloc(sizeof(*l));

	if (!l) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	l->fd = openat(node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->fd < 0) {
		fuse_reply_err(req, errno);
		free(l);
		return;
	}
	/* Its name was answered for before binding worked, if it has one. */
	backing_bind(lo, node, false, NULL);
	pthread_mutex_init(&l->lock, NULL);
	l->start = l->next = 0;
	l->pos = l->len = 0;
	fi->fh = (uintptr_t)l;
	if (lo->opt.cache == CACHE_ALWAYS) {
		fi->cache_readdir = 1;
		fi->keep_cache = 1;
	}
	if (fuse_reply_open(req, fi))
		op_releasedir(NULL, ino, fi);
}

void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct listing *l = listing_of(fi);

	close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
	if (req)
		fuse_reply_err(req, 0);
}

void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
		 struct fuse_file_info *fi)
{
	int fd = listing_of(fi)->fd;

	fuse_reply_err(req, (datasync ? fdatasync(fd) : fsync(fd)) ? errno : 0);
}

/* The entry at the listing's position; NULL at the end, or with *err set. */
static struct dirent64 *current_entry(struct listing *l, int *err)
{
	ssize_t n;

	if (l->pos == l->len) {
		n = getdents64(l->fd, l->buf, sizeof(l->buf));
		if (n < 0)
			*err = errno;
		if (n <= 0)
			return NULL;
		l->start = l->next;
		l->pos = 0;
		l->len = n;
	}
	return (struct dirent64 *)(l->buf + l->pos);
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Add entry @d to @buf; how many bytes that takes, more than @room: no room. */
static size_t add_plain(fuse_req_t req, struct node *dir,
			const struct dirent64 *d, char *buf, size_t room)
{
	struct loopback *lo = loopback_of(req);
	struct stat st = {
		.st_ino = shown_ino(lo, dir->key.dev, d->d_ino),
		.st_mode = DTTOIF(d->d_type),
	};

	/* What is above the source is nobody's business. */
	if (dir == lo->root && !strcmp(d->d_name, ".."))
		st.st_ino = dir->key.ino;
	return fuse_add_direntry(req, buf, room, d->d_name, &st, d->d_off);
}

static size_t add_plus(fuse_req_t req, struct node *dir,
		       const struct dirent64 *d, char *buf, size_t room)
{
	struct loopback *lo = loopback_of(req);
	struct fuse_entry_param e = {
		.attr.st_ino = shown_ino(lo, dir->key.dev, d->d_ino),
		.attr.st_mode = DTTOIF(d->d_type),
	};
	struct node *node;
	struct stat st;
	size_t need;
	int err;

	need = fuse_add_direntry_plus(req, NULL, 0, d->d_name, NULL, 0);
	if (need > room)
		return need;
	if (is_dot(d->d_name)) {
		if (dir == lo->root)
			e.attr.st_ino = dir->key.ino;
	} else {
		err = node_lookup(lo, dir, d->d_name, &node, &st);
		if (err == ENOENT)
			return 0;	/* removed since it was listed */
		/* For another error, the lookup to come will say it. */
		if (!err)
			fill_entry(lo, &e, node, &st);
	}
	return fuse_add_direntry_plus(req, buf, room, d->d_name, &e, d->d_off);
}

/* The entry at @off of those in the buffer, or the one behind its last. */
static bool seek_buffer(struct listing *l, off_t off)
{
	off_t at = l->start;
	size_t pos = 0;

	while (at != off) {
		const struct dirent64 *d = (struct dirent64 *)(l->buf + pos);

		if (pos == l->len)
			return false;
		at = d->d_off;
		pos += d->d_reclen;
	}
	l->pos = pos;
	l->next = off;
	return true;
}

static int seek(struct listing *l, off_t off)
{
	/* At 0 the caller wants the directory as it is now. */
	if (off && (off == l->next || seek_buffer(l, off)))
		return 0;
	if (lseek(l->fd, off, SEEK_SET) < 0)
		return errno;
	l->start = l->next = off;
	l->pos = l->len = 0;
	return 0;
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		 struct fuse_file_info *fi, bool plus)
{
	struct node *dir = node_of(loopback_of(req), ino);
	struct listing *l = listing_of(fi);
	char *buf = malloc(size);
	struct dirent64 *d;
	size_t used = 0, n;
	int err;

	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	pthread_mutex_lock(&l->lock);
	err = seek(l, off);
	while (!err && !(used && l->pos == l->len)) {
		d = current_entry(l, &err);
		if (!d)
			break;
		if (plus)
			n = add_plus(req, dir, d, buf + used, size - used);
		else
			n = add_plain(req, dir, d, buf + used, size - used);
		if (n > size - used)
			break;
		used += n;
		l->pos += d->d_reclen;
		l->next = d->d_off;
	}
	pthread_mutex_unlock(&l->lock);
	/* What is listed already must be told: its lookups are counted. */
	if (err && !used)
		fuse_reply_err(req, err);
	else
		fuse_reply_buf(req, buf, used);
	free(buf);
}

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		struct fuse_file_info *fi)
{
	list(req, ino, size, off, fi, false);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	list(req, ino, size, off, fi, true);
}
