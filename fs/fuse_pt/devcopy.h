/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between a device and its server's memory: requests out, replies in.
 */
#ifndef FPT_DEVCOPY_H
#define FPT_DEVCOPY_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "dev.h"

struct file;
struct fpt_call;
struct fpt_conn;
struct fpt_next;
struct fpt_req;
struct iov_iter;
struct kiocb;
struct pipe_inode_info;

/* Ids are handed out in turn, so that their low bits spread them evenly. */
#define FPT_DEV_TABLE_BITS	7

/**
 * struct fpt_dev - one open of /dev/fusept (file->private_data)
 *
 * Lives until the file's last close, and an RCU grace period longer for
 * killed callers that look into it.
 *
 * @conn: connection, referenced; NULL until a mount or a clone sets it, once
 * @sync_init: the mount that gets it waits for INIT's answer, and who uses it
 *	before waits for the mount
 * @conn_link: in fpt_conn.devs
 * @lock: guards the rest, and the state of SENT and PARKED requests
 * @parked: PARKED requests (struct fpt_park)
 * @table: SENT requests by id
 */
struct fpt_dev {
	struct fpt_conn		*conn;
	bool			sync_init;
	struct list_head	conn_link;
	struct rcu_head		rcu;
	spinlock_t		lock;		/* what follows */
	struct list_head	parked;
	struct hlist_head	table[1 << FPT_DEV_TABLE_BITS];
};

/**
 * struct fpt_park - the owner of a request sleeps; on its stack
 * @link: in fpt_dev.parked
 * @req: the request, or NULL if an abort took it away
 */
struct fpt_park {
	struct list_head	link;
	struct fpt_req		*req;
};

/**
 * fpt_dev_served() - whose requests a device is about to carry
 *
 * Return: the connection; -EPERM before a mount. With FUSE_DEV_IOC_SYNC_INIT the
 * mount is waited for, until a signal comes: -ERESTARTSYS.
 */
struct fpt_conn *fpt_dev_served(struct fpt_dev *dev);

/* The smallest buffer that a server of @conn may read into. */
size_t fpt_dev_min_read(const struct fpt_conn *conn);

/* -------- the table of sent requests, dev.c -------- */

/**
 * fpt_dev_sent() - the server has all of a TAKEN request
 * Puts it in the table, or finishes it if there will be no reply.
 * Return: 0; fpt_conn_gone() on a dead connection, @req is finished then.
 */
int fpt_dev_sent(struct fpt_dev *dev, struct fpt_req *req);

/* May the reply to it bring pages, see FPT_CALL_OUT_MOVE? */
bool fpt_dev_takes_pages(struct fpt_dev *dev, u64 unique);

/* Take the request with this id out of the table: TAKEN; or NULL. */
struct fpt_req *fpt_dev_claim(struct fpt_dev *dev, u64 unique);

/**
 * fpt_dev_park() - the owner of a TAKEN request is going to sleep
 * Return: false on a dead connection; @req stays TAKEN then.
 */
bool fpt_dev_park(struct fpt_dev *dev, struct fpt_req *req,
		  struct fpt_park *park);
/* It is back. Return: false if the request was taken away meanwhile. */
bool fpt_dev_unpark(struct fpt_dev *dev, struct fpt_park *park);

/**
 * fpt_dev_leave() - the caller of a request that is not QUEUED was killed
 * Return: 0 if it was detached and is an orphan now: the caller must not touch
 * it again. -EBUSY if it is TAKEN or DONE, -EAGAIN if it is QUEUED by now, once
 * more.
 */
int fpt_dev_leave(struct fpt_conn *conn, struct fpt_req *req);

/**
 * fpt_dev_interrupt() - the caller of a request that is not QUEUED has a signal
 * Return: false if it is QUEUED by now, once more.
 */
bool fpt_dev_interrupt(struct fpt_conn *conn, struct fpt_req *req);

/* The server's answer to an INTERRUPT. Return: 0, -ENOENT, -EINVAL. */
int fpt_dev_interrupt_reply(struct fpt_dev *dev, u64 unique, int error);

/* Does a server owe the answer to a request that was made before @since? */
bool fpt_dev_overdue(struct fpt_conn *conn, u32 since);

/* An abort gathers all that any device has, TAKEN, on @ended. */
void fpt_dev_collect_all(struct fpt_conn *conn, struct list_head *ended);

/* -------- copying, devcopy.c -------- */

/**
 * fpt_send_message() - copy an INTERRUPT or FORGETs; frees the forgets
 * Return: bytes, -EFAULT.
 */
ssize_t fpt_send_message(struct fpt_conn *conn, struct fpt_next *next,
			 struct iov_iter *to);

/**
 * fpt_send_request() - copy a TAKEN request to its server
 * Return: bytes; 0 if its caller or an abort ended it meanwhile, @to is as
 * before then; -EFAULT, fpt_conn_gone(). @req is the table's or finished after.
 */
ssize_t fpt_send_request(struct fpt_dev *dev, struct fpt_req *req,
			 struct iov_iter *to);

/**
 * fpt_send_args() - copy header and @in pieces of a TAKEN request
 * fpt_send_payload() - copy its payload
 * @to: kernel memory that is large enough
 */
void fpt_send_args(const struct fpt_req *req, struct iov_iter *to);
void fpt_send_payload(const struct fpt_req *req, struct iov_iter *to);

/**
 * struct fpt_gift - a page that a server gives away with a reply
 * @page: referenced, locked, and in use by nobody; or NULL
 * @lru: on a list of the reclaim's already
 * @taken: part of the page cache from now on
 */
struct fpt_gift {
	struct page	*page;
	bool		lru;
	bool		taken;
};

/**
 * fpt_receive() - a server's reply or notification
 * @gifts: of the pages that follow a reply's header in kernel memory, those that
 *	may be moved instead of copied, each in the place of the request's page of
 *	the same number; @nr_gifts of them
 * Return: its length, or -EINVAL (malformed), -EFAULT, -ENOENT (to nothing);
 * for a notification also what became of it (notify.h).
 */
ssize_t fpt_receive(struct fpt_dev *dev, struct iov_iter *from,
		    struct fpt_gift *gifts, unsigned int nr_gifts);

/* -------- splice, devsplice.c -------- */

ssize_t fpt_dev_splice_read(struct file *file, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
ssize_t fpt_dev_splice_write(struct pipe_inode_info *pipe, struct file *file,
			     loff_t *ppos, size_t len, unsigned int flags);

#endif
