// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request timeouts: a server that does not answer in time loses its connection.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/jiffies.h>
#include <linux/kdev_t.h>
#include <linux/printk.h>
#include <linux/workqueue.h>
#include "conn.h"
#include "devcopy.h"
#include "limits.h"
#include "queue.h"
#include "timeout.h"

/* Looked at so often within the time allowed, but no less than every so long. */
#define TIMEOUT_LOOKS	4
#define TIMEOUT_REST	(15 * HZ)

static void timeout_next(struct fpt_conn *conn)
{
	unsigned long rest = conn->timeout / TIMEOUT_LOOKS;

	schedule_delayed_work(&conn->timeout_work,
			      clamp_t(unsigned long, rest, 1, TIMEOUT_REST));
}

static void timeout_look(struct work_struct *work)
{
	struct fpt_conn *conn = container_of(to_delayed_work(work),
					     struct fpt_conn, timeout_work);
	u32 since = (u32)jiffies - conn->timeout;

	if (fpt_conn_dead(conn))
		return;
	if (!fpt_queue_overdue(conn, since) && !fpt_dev_overdue(conn, since)) {
		timeout_next(conn);
		return;
	}
	pr_warn_ratelimited("%u:%u: no answer for %u s, connection aborted\n",
			    MAJOR(conn->dev), MINOR(conn->dev),
			    conn->timeout / HZ);
	fpt_conn_abort(conn);
}

void fpt_timeout_init(struct fpt_conn *conn)
{
	INIT_DELAYED_WORK(&conn->timeout_work, timeout_look);
}

void fpt_timeout_start(struct fpt_conn *conn, unsigned int seconds)
{
	conn->timeout = fpt_limit_timeout(seconds) * HZ;
	if (conn->timeout)
		timeout_next(conn);
}

void fpt_timeout_stop(struct fpt_conn *conn)
{
	cancel_delayed_work_sync(&conn->timeout_work);
}
