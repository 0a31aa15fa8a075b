// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of inodes, and of the file system. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "loopback.h"

static void reply_attr(fuse_req_t req, struct node *node)
{
	struct loopback *lo = loopback_of(req);
	struct stat st;
	int err = node_stat(lo, node, &st);

	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, lo->opt.timeout);
}

void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	reply_attr(req, node_of(loopback_of(req), ino));
}

static int set_owner(struct node *node, const struct stat *attr, int to_set)
{
	uid_t uid = to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1;
	gid_t gid = to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1;

	return fchownat(node->fd, "", uid, gid, AT_EMPTY_PATH) ? errno : 0;
}

static int set_mode(struct node *node, mode_t mode)
{
	struct fd_path path = fd_path(node->fd);

	return chmod(path.text, mode & 07777) ? errno : 0;
}

static int set_size(struct node *node, off_t size, struct fuse_file_info *fi)
{
	struct fd_path path;

	if (fi && handle_of(fi)->writable)
		return ftruncate(handle_of(fi)->fd, size) ? errno : 0;
	path = fd_path(node->fd);
	return truncate(path.text, size) ? errno : 0;
}

static int set_times(struct node *node, const struct stat *attr, int to_set)
{
	struct timespec ts[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	if (to_set & FUSE_SET_ATTR_ATIME_NOW)
		ts[0].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_ATIME)
		ts[0] = attr->st_atim;
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		ts[1].tv_nsec = UTIME_NOW;
	else if (to_set & FUSE_SET_ATTR_MTIME)
		ts[1] = attr->st_mtim;
	return utimensat(node->fd, "", ts, AT_EMPTY_PATH) ? errno : 0;
}

#define SET_OWNER (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)
#define SET_TIMES (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW | \
		   FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)
#define SET_ANY (SET_OWNER | SET_TIMES | FUSE_SET_ATTR_MODE | \
		 FUSE_SET_ATTR_SIZE)

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		int to_set, struct fuse_file_info *fi)
{
	struct node *node = node_of(loopback_of(req), ino);
	int err = 0;

	/*
	 * A change of owner takes set-user-ID bits away, so the mode, which
	 * knows what is to stay, comes after it. chown(-1, -1) comes as no
	 * change at all; the change time still moves.
	 */
	if (to_set & SET_OWNER || !(to_set & SET_ANY))
		err = set_owner(node, attr, to_set);
	if (!err && to_set & FUSE_SET_ATTR_MODE)
		err = set_mode(node, attr->st_mode);
	if (!err && to_set & FUSE_SET_ATTR_SIZE)
		err = set_size(node, attr->st_size, fi);
	if (!err && to_set & SET_TIMES)
		err = set_times(node, attr, to_set);
	if (err)
		fuse_reply_err(req, err);
	else
		reply_attr(req, node);
}

void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct loopback *lo = loopback_of(req);
	struct statvfs st;

	if (fstatvfs(node_of(lo, ino)->fd, &st))
		fuse_reply_err(req, errno);
	else
		fuse_reply_statfs(req, &st);
}

/* Only without default_permissions: may the server do it for its user? */
void op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct loopback *lo = loopback_of(req);
	struct fd_path path = fd_path(node_of(lo, ino)->fd);

	fuse_reply_err(req, access(path.text, mask) ? errno : 0);
}
