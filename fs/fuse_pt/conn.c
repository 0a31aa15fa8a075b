// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: its life, and whom it lets in.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "backing.h"
#include "conn.h"
#include "poll.h"
#include "queue.h"
#include "stats.h"
#include "timeout.h"

static bool allow_sys_admin_access;
module_param(allow_sys_admin_access, bool, 0644);
MODULE_PARM_DESC(allow_sys_admin_access,
		 "whoever has CAP_SYS_ADMIN may use every mount");

/* Limits of asynchronous calls for a server that names none. */
#define CONN_MAX_BACKGROUND	12

struct fpt_conn *fpt_conn_new(struct user_namespace *user_ns)
{
	struct fpt_conn *conn = kzalloc_obj(*conn);

	if (!conn)
		return NULL;
	conn->stats = alloc_percpu(struct fpt_stats);
	if (!conn->stats) {
		kfree(conn);
		return NULL;
	}

	refcount_set(&conn->refs, 1);
	conn->state = FPT_CONN_NEW;
	init_waitqueue_head(&conn->init_wait);
	fpt_queue_init(&conn->queue);
	mutex_init(&conn->dev_lock);
	INIT_LIST_HEAD(&conn->devs);
	conn->minor = FUSE_KERNEL_MINOR_VERSION;
	conn->max_read = FPT_MIN_DATA;
	conn->max_write = FPT_MIN_DATA;
	conn->max_pages = FPT_DEFAULT_PAGES;
	conn->name_max = FPT_NAME_MAX_PAGE;
	conn->time_gran = 1;
	conn->max_background = CONN_MAX_BACKGROUND;
	conn->congestion_threshold = fpt_conn_congested_at(CONN_MAX_BACKGROUND);
	/* 0 stands for "asked before anything happened". */
	atomic64_set(&conn->attr_epoch, 1);
	/* That of no dentry which nothing was learned of. */
	atomic_set(&conn->names_epoch, 1);
	fpt_flight_init(&conn->writes);
	init_waitqueue_head(&conn->copy_wait);
	conn->user_ns = get_user_ns(user_ns);
	conn->pid_ns = get_pid_ns(task_active_pid_ns(current));
	get_random_bytes(&conn->owner_key, sizeof(conn->owner_key));
	xa_init_flags(&conn->polls, XA_FLAGS_ALLOC1);
	fpt_backings_init(&conn->backings);
	fpt_binds_init(&conn->binds);
	fpt_timeout_init(conn);
	init_rwsem(&conn->sb_lock);
	spin_lock_init(&conn->submounts_lock);
	INIT_LIST_HEAD(&conn->submounts);
	INIT_LIST_HEAD(&conn->ctl_link);
	return conn;
}

struct fpt_conn *fpt_conn_get(struct fpt_conn *conn)
{
	refcount_inc(&conn->refs);
	return conn;
}

/* A path walk under RCU may still ask fpt_conn_may_use(). */
static void conn_free(struct rcu_head *rcu)
{
	struct fpt_conn *conn = container_of(rcu, struct fpt_conn, rcu);

	put_user_ns(conn->user_ns);
	free_percpu(conn->stats);
	kfree(conn);
}

void fpt_conn_put(struct fpt_conn *conn)
{
	if (!refcount_dec_and_test(&conn->refs))
		return;

	fpt_binds_destroy(conn);
	fpt_backings_destroy(&conn->backings);
	xa_destroy(&conn->polls);
	put_pid_ns(conn->pid_ns);
	mutex_destroy(&conn->dev_lock);
	call_rcu(&conn->rcu, conn_free);
}

static void conn_abort(struct fpt_conn *conn, bool tell)
{
	if (!fpt_queue_abort(conn, tell))
		return;
	/* No lower mount is kept busy for a server that holds its device open. */
	fpt_binds_destroy(conn);
	fpt_backings_destroy(&conn->backings);
	fpt_poll_wake_all(conn);
}

void fpt_conn_abort(struct fpt_conn *conn)
{
	conn_abort(conn, false);
}

void fpt_conn_abort_told(struct fpt_conn *conn)
{
	conn_abort(conn, fpt_has(conn, FPT_F_ABORT_ERROR));
}

bool fpt_conn_may_use_other(const struct fpt_conn *conn)
{
	if (conn->allow_other && current_in_userns(conn->user_ns))
		return true;
	/* Asked last: it leaves a trace in the audit log. */
	return READ_ONCE(allow_sys_admin_access) && capable(CAP_SYS_ADMIN);
}
