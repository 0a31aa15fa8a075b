/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications: what a server says unasked, with a write whose header has the
 * id 0 and a code where replies have their error. The write's result is the
 * answer.
 *
 * A notification runs in the server's own context, beside callers that wait for
 * that server with directories and folios locked. So nothing here takes the
 * lock of a parent directory, and where a lock has to be waited for that a
 * request in flight may hold (a folio that READ fills, a directory that is
 * removed) the wait is killable.
 */
#ifndef FPT_NOTIFY_H
#define FPT_NOTIFY_H

#include <linux/types.h>
#include <linux/fuse_pt_protocol.h>

struct fpt_conn;
struct inode;
struct iov_iter;

/**
 * fpt_notify() - do what a notification says
 * @conn: connection of the device that it was written to
 * @code: enum fuse_notify_code, as sent
 * @from: what follows the header
 *
 * A notification that is malformed changes nothing.
 *
 * Return: 0; -EINVAL for an unknown code, a wrong length, a value that cannot
 * be, or a connection on which INIT was not answered or that is dead;
 * -ENAMETOOLONG, -EFAULT, -ENOMEM; -ENOENT for a node or a name that is not
 * known here, -ENOTDIR for a parent that is no directory; -EBUSY, -ENOTEMPTY;
 * -EINTR if the task was killed.
 */
int fpt_notify(struct fpt_conn *conn, s32 code, struct iov_iter *from);

/* -------- notifydata.c -------- */

/**
 * fpt_store() - FUSE_NOTIFY_STORE: into the page cache of @inode
 * @pos: where it goes
 * @end: where the file ends at least; 0 if that was said before
 * @from: the data, all of it inside of what a file can have. Its memory is not
 *	waited for: fpt_conn.sb_lock is held, and so umount would be
 *
 * What lies behind the size makes the file grow, unless it is being changed on
 * this side: then that part is not kept. Nor is what is being written on this
 * side, or part of a page that is not cached: the server is asked for it when
 * it is needed. A file in passthrough has no cache: nothing is stored, no size
 * either.
 *
 * Return: bytes that are done with, up to the first page of the file that lacks
 * memory; or an error.
 */
ssize_t fpt_store(struct inode *inode, loff_t pos, loff_t end,
		  struct iov_iter *from);

/**
 * fpt_retrieve() - FUSE_NOTIFY_RETRIEVE: send what is cached of @inode
 * Sends FUSE_NOTIFY_REPLY with what is cached without a gap from the offset on.
 */
int fpt_retrieve(struct fpt_conn *conn, struct inode *inode,
		 const struct fuse_notify_retrieve_out *out);

#endif
