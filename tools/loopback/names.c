// SPDX-License-Identifier: GPL-2.0-only
/* The name space: what is called what. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backing.h"
#include "caller.h"
#include "loopback.h"

int check_name(const char *name)
{
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strchr(name, '/'))
		return EINVAL;
	return 0;
}

void fill_entry(struct loopback *lo, struct fuse_entry_param *e,
		struct node *node, const struct stat *st)
{
	memset(e, 0, sizeof(*e));
	e->ino = node == lo->root ? FUSE_ROOT_ID : (uintptr_t)node;
	e->generation = node->generation;
	e->attr = *st;
	e->attr_timeout = lo->opt.timeout;
	e->entry_timeout = lo->opt.timeout;
	backing_bind(lo, node, false, NULL);
}

void reply_node(fuse_req_t req, struct node *node, const struct stat *st)
{
	struct loopback *lo = loopback_of(req);
	struct fuse_entry_param e;

	fill_entry(lo, &e, node, st);
	/* A caller that was interrupted never hears of the node. */
	if (fuse_reply_entry(req, &e))
		node_forget(lo, node, 1);
}

/* The kernel asks for these only where export handles are promised to work. */
static int lookup_dots(struct loopback *lo, fuse_ino_t ino, const char *name,
		       struct node **node, struct stat *st)
{
	if (!lo->opt.export)
		return EINVAL;
	if (ino == FUSE_ROOT_ID || name[1])
		return node_parent(lo, node_of(lo, ino), node, st);
	return node_by_id(lo, ino, node, st);
}

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct loopback *lo = loopback_of(req);
	struct fuse_entry_param absent = { .entry_timeout = lo->opt.timeout };
	struct node *node;
	struct stat st;
	int err;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		err = lookup_dots(lo, parent, name, &node, &st);
	else
		err = node_lookup(lo, node_of(lo, parent), name, &node, &st);
	if (!err)
		reply_node(req, node, &st);
	else if (err == ENOENT && lo->opt.timeout > 0)
		fuse_reply_entry(req, &absent);
	else
		fuse_reply_err(req, err);
}

void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	struct loopback *lo = loopback_of(req);

	node_forget(lo, node_of(lo, ino), nlookup);
	fuse_reply_none(req);
}

void op_forget_multi(fuse_req_t req, size_t count,
		     struct fuse_forget_data *forgets)
{
	struct loopback *lo = loopback_of(req);

	for (size_t i = 0; i < count; i++)
		node_forget(lo, node_of(lo, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct loopback *lo = loopback_of(req);
	char target[PATH_MAX + 1];
	ssize_t n = readlinkat(node_of(lo, ino)->fd, "", target, sizeof(target));

	if (n < 0) {
		/* On a descriptor the kernel says ENOENT where it is no link. */
		fuse_reply_err(req, errno == ENOENT ? EINVAL : errno);
	} else if (n == sizeof(target)) {
		fuse_reply_err(req, ENAMETOOLONG);
	} else {
		target[n] = '\0';
		fuse_reply_readlink(req, target);
	}
}

/* Answer for @name, just made in @parent. */
static void reply_made(fuse_req_t req, struct node *parent, const char *name)
{
	struct loopback *lo = loopback_of(req);
	struct node *node;
	struct stat st;
	int err = node_lookup(lo, parent, name, &node, &st);

	if (err)
		fuse_reply_err(req, err);
	else
		reply_node(req, node, &st);
}

/* Make a file, a directory or, with @target, a symbolic link. */
static void make(fuse_req_t req, fuse_ino_t ino, const char *name, mode_t mode,
		 dev_t rdev, const char *target)
{
	struct node *parent = node_of(loopback_of(req), ino);
	int res, err = check_name(name);

	if (!err)
		err = caller_enter(req);
	if (err) {
		fuse_reply_err(req, err);
		return;
	}
	mode = caller_mode(req, mode);
	if (S_ISDIR(mode))
		res = mkdirat(parent->fd, name, mode & ~S_IFMT);
	else if (S_ISLNK(mode))
		res = symlinkat(target, parent->fd, name);
	else
		res = mknodat(parent->fd, name, mode, rdev);
	caller_leave(req);
	if (res)
		fuse_reply_err(req, errno);
	else
		reply_made(req, parent, name);
}

void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
	      mode_t mode, dev_t rdev)
{
	make(req, parent, name, mode, rdev, NULL);
}

void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	make(req, parent, name, (mode & ~S_IFMT) | S_IFDIR, 0, NULL);
}

void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		const char *name)
{
	make(req, parent, name, S_IFLNK | 0777, 0, target);
}

void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent,
	     const char *newname)
{
	struct loopback *lo = loopback_of(req);
	struct node *node = node_of(lo, ino), *parent = node_of(lo, newparent);
	struct fd_path path;
	struct stat st;
	int res, err = check_name(newname);

	if (err) {
		fuse_reply_err(req, err);
		return;
	}
	res = linkat(node->fd, "", parent->fd, newname, AT_EMPTY_PATH);
	/* Without CAP_DAC_READ_SEARCH a descriptor is no source; its path is. */
	if (res && errno == ENOENT) {
		path = fd_path(node->fd);
		res = linkat(AT_FDCWD, path.text, parent->fd, newname,
			     AT_SYMLINK_FOLLOW);
	}
	if (res) {
		fuse_reply_err(req, errno);
		return;
	}
	err = node_again(lo, node, &st);
	if (err)
		fuse_reply_err(req, err);
	else
		reply_node(req, node, &st);
}

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name,
			int flags)
{
	struct loopback *lo = loopback_of(req);
	int err = check_name(name);

	if (!err && unlinkat(node_of(lo, parent)->fd, name, flags))
		err = errno;
	fuse_reply_err(req, err);
}

void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, 0);
}

void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, AT_REMOVEDIR);
}

void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	       fuse_ino_t newparent, const char *newname, unsigned int flags)
{
	struct loopback *lo = loopback_of(req);
	int err = check_name(name);

	if (!err)
		err = check_name(newname);
	if (!err && renameat2(node_of(lo, parent)->fd, name,
			      node_of(lo, newparent)->fd, newname, flags))
		err = errno;
	fuse_reply_err(req, err);
}
