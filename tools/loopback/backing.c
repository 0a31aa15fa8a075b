// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "backing.h"

/*
 * Once per session: whether passthrough works, and if not, why; and what more the
 * kernel can do by itself. Its own fuse can nothing, and then the server does it.
 */
static void tell(struct loopback *lo)
{
	enum fusept_state state = fusept_state(lo->fp);
	uint32_t bits = lo->opt.kernel;

	if (state == FUSEPT_PENDING || lo->told)
		return;
	/* we would show none of what the file below has */
	if (lo->opt.xattr == CHOICE_OFF)
		bits &= ~FUSEPT_KERNEL_XATTR;
	lo->kernel = fusept_kernel_bits(lo->fp, bits);
	lo->told = true;
	if (state == FUSEPT_REFUSED || lo->opt.debug)
		fuse_log(FUSE_LOG_NOTICE, "fusept-loopback: %s\n",
			 fusept_reason(lo->fp));
	/* No reply names the root. */
	backing_bind(lo, lo->root, false, NULL);
}

/*
 * The descriptor to register for a node where its own will not do: one that was
 * opened to read, or by a grant, as such a descriptor lends what it can do
 * itself, one for all that this process may. Of a file that it made, and may not
 * open anew to write, that is the one at hand. Return: one of our own, or -errno.
 */
static int open_lending(struct loopback *lo, const struct node *node,
			const struct handle *h)
{
	int fd = lo->granted ? reopen(lo, node->fd, O_RDWR) : -EACCES;

	if (fd >= 0)
		return fd;
	if (!lo->granted || !h || !h->writable)
		return reopen(lo, node->fd, O_RDONLY);
	if ((fcntl(h->fd, F_GETFL) & O_ACCMODE) != O_RDWR)
		return -EACCES;
	fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/*
 * A backing id, or -errno. The registered file outlives the handle when others
 * share it, so it should not be one that counts as a writer below: the kernel
 * opens it anew for each open, with that open's access. Most kernels take the
 * node's own descriptor; by a grant they refuse it (EBADF), and the first ones
 * with passthrough do in any case. Those know no grants, nor anything else that
 * is not Linux's own.
 */
static int register_node(struct loopback *lo, const struct node *node,
			 const struct handle *h)
{
	int id = 0, fd;

	if (!lo->no_path_backing) {
		id = fusept_backing_open_for(lo->fp, node->fd, lo->kernel);
		if (id != -EBADF && id != -EOPNOTSUPP)
			return id;
		if (id == -EBADF)
			lo->granted = fusept_kernel_bits(lo->fp,
							 FUSEPT_KERNEL_ALL);
	}
	if (h && !h->writable && !lo->granted) {
		id = fusept_backing_open_for(lo->fp, h->fd, lo->kernel);
	} else {
		fd = open_lending(lo, node, h);
		if (fd < 0)
			return fd;
		id = fusept_backing_open_for(lo->fp, fd, lo->kernel);
		close(fd);
	}
	/* It was the kind of descriptor, then; do not try again. */
	if (id > 0)
		lo->no_path_backing = true;
	return id;
}

int backing_get(struct loopback *lo, struct handle *h, int *id)
{
	struct node *n = h->node;
	int err = 0;

	*id = 0;
	h->through = false;
	pthread_mutex_lock(&n->lock);
	if (lo->opt.passthrough != CHOICE_OFF && !n->served_opens) {
		if (!lo->told)
			tell(lo);
		if (!n->through_opens) {
			n->backing_id = register_node(lo, n, h);
			if (n->backing_id < 0) {
				err = -n->backing_id;
				n->backing_id = 0;
			}
		}
		*id = n->backing_id;
		h->through = *id != 0;
	}
	if (h->through)
		n->through_opens++;
	else if (!err || lo->opt.passthrough == CHOICE_AUTO)
		n->served_opens++;
	pthread_mutex_unlock(&n->lock);
	return lo->opt.passthrough == CHOICE_ON ? err : 0;
}

/* Node's lock held. 0 or -errno. */
static int bind_file(struct loopback *lo, struct node *n, const struct handle *h)
{
	uint32_t flags = n->bound ? n->bound_flags : lo->bind_flags;
	int err, id = n->backing_id;

	/* Only what was just made, and nobody has heard of, is open nowhere. */
	if (!n->bound && !h)
		flags &= ~FUSEPT_BIND_NO_HANDLE;
	if (!n->through_opens)
		id = register_node(lo, n, h);
	if (id < 0)
		return id;
	err = fusept_bind(lo->fp, (uintptr_t)n, id, flags);
	/* A kernel that does not know all of them yet. */
	if (err == -EINVAL && flags != FUSEPT_BIND_ATTR) {
		lo->bind_flags = FUSEPT_BIND_ATTR;
		flags = FUSEPT_BIND_ATTR;
		err = fusept_bind(lo->fp, (uintptr_t)n, id, flags);
	}
	n->bound_flags = flags;
	/* The kernel keeps the file as long as it needs it. */
	if (!n->through_opens)
		fusept_backing_close(lo->fp, id);
	return err;
}

/* So that opening a directory to sync it, and that, is the kernel's, too. */
static int bind_dir(struct loopback *lo, struct node *n)
{
	int err, id, fd = openat(n->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t ino = n == lo->root ? FUSE_ROOT_ID : (uintptr_t)n;
	uint32_t flags = lo->bind_dir_flags;

	if (fd < 0)
		return -EACCES;
	id = fusept_backing_open_for(lo->fp, fd, FUSEPT_KERNEL_FSYNC);
	close(fd);
	if (id < 0)
		return id;
	err = fusept_bind(lo->fp, ino, id, flags);
	/* A kernel that does not know them yet. */
	if (err == -EINVAL && flags) {
		lo->bind_dir_flags = 0;
		err = fusept_bind(lo->fp, ino, id, 0);
	}
	fusept_backing_close(lo->fp, id);
	return err;
}

static bool may_bind(struct loopback *lo, const struct node *n)
{
	if (lo->opt.bound != CHOICE_ON || lo->opt.passthrough == CHOICE_OFF ||
	    lo->no_bind)
		return false;
	if (!lo->told)
		tell(lo);
	/* By a grant there are only so many. */
	if (n->type == S_IFDIR)
		return !lo->no_bind_dir && !lo->granted &&
			lo->kernel & FUSEPT_KERNEL_FSYNC;
	return n->type == S_IFREG;
}

bool backing_bind(struct loopback *lo, struct node *n, bool again,
		  const struct handle *h)
{
	bool bound, no_handle;
	int err;

	if (!may_bind(lo, n))
		return false;
	pthread_mutex_lock(&n->lock);
	if ((!n->bound || again) && !n->served_opens) {
		err = n->type == S_IFDIR ? bind_dir(lo, n) : bind_file(lo, n, h);
		n->bound = !err;
		/* Not this kernel; else it is about this file, or this moment. */
		if (n->type == S_IFDIR)
			lo->no_bind_dir = err && err != -EACCES;
		else if (err == -ENOTTY || err == -EINVAL ||
			 (err == -EPERM &&
			  fusept_state(lo->fp) != FUSEPT_PENDING))
			lo->no_bind = true;
	}
	bound = n->bound;
	no_handle = bound && n->bound_flags & FUSEPT_BIND_NO_HANDLE;
	pthread_mutex_unlock(&n->lock);
	return h ? no_handle : bound;
}

void backing_put(struct loopback *lo, struct handle *h)
{
	struct node *n = h->node;
	int err = 0;

	pthread_mutex_lock(&n->lock);
	if (!h->through) {
		n->served_opens--;
	} else if (!--n->through_opens) {
		err = fusept_backing_close(lo->fp, n->backing_id);
		n->backing_id = 0;
	}
	pthread_mutex_unlock(&n->lock);
	/* After an unmount the device is dead, and with it all registrations. */
	if (err && err != -EPERM && err != -ENODEV && lo->opt.debug)
		fuse_log(FUSE_LOG_DEBUG, "fusept-loopback: close of a backing id: %s\n",
			 strerror(-err));
}
