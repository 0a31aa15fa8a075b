// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes. The path of a descriptor in /proc leads to its object,
 * a symbolic link included, and no further.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "caller.h"
#include "loopback.h"

#define ACL_ACCESS "system.posix_acl_access"

/*
 * An ACL is a mode as well: as chmod(2) does, it takes set-group-ID away from a
 * file of a group that its owner is not in. The server, as root, is not asked.
 */
static int drop_setgid(fuse_req_t req, struct node *node, const char *path)
{
	struct stat st;
	int err;

	if (!fuse_req_ctx(req)->uid)
		return 0;
	err = node_stat(loopback_of(req), node, &st);
	if (err || !(st.st_mode & S_ISGID) || caller_in_group(req, st.st_gid))
		return err;
	return chmod(path, st.st_mode & 07777 & ~S_ISGID) ? errno : 0;
}

void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		 const char *value, size_t size, int flags)
{
	struct node *node = node_of(loopback_of(req), ino);
	struct fd_path path = fd_path(node->fd);
	int err = 0;

	if (setxattr(path.text, name, value, size, flags))
		err = errno;
	else if (!strcmp(name, ACL_ACCESS))
		err = drop_setgid(req, node, path.text);
	fuse_reply_err(req, err);
}

/* What getxattr(2) and listxattr(2) have in common: @size 0 asks for the size. */
static void reply_bytes(fuse_req_t req, ssize_t n, char *buf, size_t size)
{
	if (n < 0)
		fuse_reply_err(req, errno);
	else if (!size)
		fuse_reply_xattr(req, n);
	else
		fuse_reply_buf(req, buf, n);
	free(buf);
}

static bool get_buffer(fuse_req_t req, char **buf, size_t size)
{
	*buf = size ? malloc(size) : NULL;
	if (size && !*buf) {
		fuse_reply_err(req, ENOMEM);
		return false;
	}
	return true;
}

void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct fd_path path = fd_path(node_of(loopback_of(req), ino)->fd);
	char *buf;

	if (get_buffer(req, &buf, size))
		reply_bytes(req, getxattr(path.text, name, buf, size), buf, size);
}

/* Take names of @list, which is @len long, that are not the caller's to see. */
static ssize_t hide_trusted(fuse_req_t req, char *list, ssize_t len)
{
	static const char trusted[] = "trusted.";
	bool known = false;
	ssize_t at = 0;

	while (at < len) {
		size_t n = strlen(list + at) + 1;

		if (strncmp(list + at, trusted, sizeof(trusted) - 1)) {
			at += n;
			continue;
		}
		if (!known && caller_is_admin(req))
			break;
		known = true;
		memmove(list + at, list + at + n, len - at - n);
		len -= n;
	}
	return len;
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct fd_path path = fd_path(node_of(loopback_of(req), ino)->fd);
	char *list;
	ssize_t n;

	/* All of it, as the size too is without what is hidden. */
	if (!get_buffer(req, &list, XATTR_LIST_MAX))
		return;
	n = listxattr(path.text, list, XATTR_LIST_MAX);
	if (n > 0)
		n = hide_trusted(req, list, n);
	if (size && n > (ssize_t)size) {
		errno = ERANGE;
		n = -1;
	}
	reply_bytes(req, n, list, size);
}

void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct fd_path path = fd_path(node_of(loopback_of(req), ino)->fd);

	fuse_reply_err(req, removexattr(path.text, name) ? errno : 0);
}
