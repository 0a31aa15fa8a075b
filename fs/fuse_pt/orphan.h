/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a killed caller leaves behind. It does not wait for the server; but what
 * the server has read may still be done, and has to be done with the handles that
 * it names, and before what comes later.
 */
#ifndef FPT_ORPHAN_H
#define FPT_ORPHAN_H

#include <linux/fs.h>
#include <linux/types.h>
#include "request.h"

struct fpt_conn;
struct fpt_file;
struct fpt_wb_span;

/**
 * struct fpt_keep - what must stay until the server is done with a request
 * @heir: fpt_call_keep()'s
 * @ff: handle that it names, or NULL
 * @other: a second one, or NULL
 * @inode: regular file whose bytes [@start, @end] it changes, or NULL
 * @start: first of them
 * @end: last of them
 * @span: what says so already, listed and its turn has come; else NULL
 * @held: between fpt_wb_hold() and fpt_wb_unhold()
 * @left: set if the caller was killed and left; then @span is off the list, @held
 *	is over for the caller, and others see it all as if the call went on
 *
 * On the caller's stack. Whoever has @inode keeps later changes away by its lock
 * until the call returns; from then on the list of spans does.
 */
struct fpt_keep {
	struct fpt_heir		heir;
	struct fpt_file		*ff;
	struct fpt_file		*other;
	struct inode		*inode;
	loff_t			start;
	loff_t			end;
	struct fpt_wb_span	*span;
	bool			held;
	bool			left;
};

/**
 * fpt_call_keep() - fpt_call() of a request that names or changes something
 * @conn: connection
 * @call: the exchange, without an orphan of its own
 * @keep: what stays if the caller is killed
 *
 * Return: as fpt_call().
 */
ssize_t fpt_call_keep(struct fpt_conn *conn, struct fpt_call *call,
		      struct fpt_keep *keep);

/* The same for a request that names the handle of @ff, and changes no data. */
ssize_t fpt_call_file(struct fpt_file *ff, struct fpt_call *call);

#endif
