/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Polling of open files: the server is asked, and says later that asking again
 * is worth it.
 */
#ifndef FPT_POLL_H
#define FPT_POLL_H

#include <linux/poll.h>
#include <linux/types.h>

struct file;
struct fpt_conn;
struct fpt_file;

/* f_op->poll */
__poll_t fpt_poll(struct file *file, poll_table *wait);

/**
 * fpt_poll_wake() - FUSE_NOTIFY_POLL: who polls the open file of this key
 * shall ask again
 * @kh: key, as it was in FUSE_POLL; one that is not in use means nothing
 *
 * Does not sleep.
 */
void fpt_poll_wake(struct fpt_conn *conn, u64 kh);

/* The connection is dead: all who poll shall learn it. Does not sleep. */
void fpt_poll_wake_all(struct fpt_conn *conn);

/* The open file ends: nobody polls it any more. */
void fpt_poll_close(struct fpt_file *ff);

#endif
