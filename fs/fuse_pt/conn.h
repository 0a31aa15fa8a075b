/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection: one mount's line to its server, and what the two agreed on.
 */
#ifndef FPT_CONN_H
#define FPT_CONN_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <linux/fuse_pt_protocol.h>
#include "queue.h"
#include "backing.h"
#include "bind.h"
#include "flight.h"

struct super_block;
struct dentry;
struct fpt_stats;

/* The least that a READ or WRITE may carry, whatever is agreed. */
#define FPT_MIN_DATA		4096u
/* Pages of one request where the server names no limit. */
#define FPT_DEFAULT_PAGES	32

/*
 * Longest name that may come from or go to a server, and that of one which did
 * not agree to requests of more than a page.
 */
#define FPT_NAME_MAX		(PATH_MAX - 1)
#define FPT_NAME_MAX_PAGE	1024

/* Opcodes fit below this; bounds the bitmap of ops a server does not have. */
#define FPT_OP_MAX	64

/**
 * enum fpt_feature - what INIT can agree on, one bit each
 *
 * Declared in init.c's table with the protocol flag and what it needs; code
 * asks fpt_has(). Only features that this module implements are listed.
 */
enum fpt_feature {
	FPT_F_ABORT_ERROR,
	FPT_F_ASYNC_READ,
	FPT_F_AUTO_INVAL_DATA,
	FPT_F_ASYNC_DIO,
	FPT_F_ATOMIC_O_TRUNC,
	FPT_F_BIG_WRITES,
	FPT_F_DONT_MASK,
	FPT_F_DO_READDIRPLUS,
	FPT_F_EXPLICIT_INVAL_DATA,
	FPT_F_READDIRPLUS_AUTO,
	FPT_F_PARALLEL_DIROPS,
	FPT_F_HANDLE_KILLPRIV,
	FPT_F_HANDLE_KILLPRIV_V2,
	FPT_F_MAX_PAGES,
	FPT_F_NO_OPEN,		/* NO_OPEN_SUPPORT */
	FPT_F_NO_OPENDIR,	/* NO_OPENDIR_SUPPORT */
	FPT_F_DIRECT_IO_ALLOW_MMAP,
	FPT_F_WRITEBACK,	/* WRITEBACK_CACHE */
	FPT_F_PASSTHROUGH,
	FPT_F_POSIX_LOCKS,
	FPT_F_FLOCK_LOCKS,
	FPT_F_ALLOW_IDMAP,
	FPT_F_EXPORT_SUPPORT,
	FPT_F_NO_EXPORT_SUPPORT,
	FPT_F_POSIX_ACL,
	FPT_F_SETXATTR_EXT,
	FPT_F_SECURITY_CTX,
	FPT_F_CREATE_SUPP_GROUP,
	FPT_F_CACHE_SYMLINKS,
	FPT_F_REQUEST_TIMEOUT,
	FPT_F_SUBMOUNTS,
	FPT_F_NR
};

enum fpt_conn_state {
	FPT_CONN_NEW,		/* mounted, INIT not answered */
	FPT_CONN_LIVE,
	FPT_CONN_DEAD,		/* refused, aborted or device closed */
};

/**
 * struct fpt_conn - a connection
 * @refs: one per superblock, per open device file, per request in flight and
 *	per inode of the control fs; freed after an RCU grace period when it
 *	falls to 0
 * @state: enum fpt_conn_state; NEW to LIVE to DEAD only, changed under
 *	@queue.lock, read locklessly
 * @init_wait: those who wait for INIT's answer
 * @init_error: 0, or what calls get after INIT failed: -EIO (it was not
 *	understood) or -ECONNREFUSED (the server answered with an error)
 * @tell_abort: dead by an operator's hand: the server is told so, where it
 *	agreed to FUSE_ABORT_ERROR
 * @queue: what the server has not read yet
 * @devs: open device files (struct fpt_dev.conn_link), under @dev_lock
 * @dev_lock: guards @devs; outside @queue.lock
 * @nr_devs: open device files that keep the connection alive; its fall to 0
 *	aborts
 * @features: agreed features
 * @missing: opcodes the server answered ENOSYS to
 * @minor: protocol minor in use
 * @max_read: mount option, bytes; @max_write, @max_pages, @name_max: agreed limits
 * @max_readahead: bytes the server agreed to
 * @time_gran: timestamp granularity, ns
 * @max_stack_depth: passthrough: lower stacking depth allowed, 0 without it
 * @max_background, @congestion_threshold: agreed limits of async calls
 * @timeout: jiffies that a request may take, 0 for any time
 * @timeout_work: looks for requests that take longer, timeout.c
 * @attr_epoch: counts changes of attributes made on this side, see attr.h
 * @evict_epoch: the latest @attr_epoch at which an inode was evicted: what was
 *	asked for before it may be out of date for an inode made after it
 * @names_epoch: what dentries were learned in: older ones are asked for again
 * @names_told: @attr_epoch at the last change of @names_epoch: a reply that was
 *	asked for before it belongs to the older one
 * @nr_waiting: calls queued or in flight, as shown by the control fs
 * @writes: WRITEs of dirty pages, and SETATTRs of their times, see writeback.h
 * @copy_pages: pages of those WRITEs
 * @copy_wait: who waits for fewer of them, fpt_wb_admit()
 * @user_ns, @pid_ns: of the mounter; ids on the wire are translated to them
 * @owner_uid, @owner_gid: mount options user_id and group_id
 * @default_permissions, @allow_other: mount options
 * @destroy: the server is one of a block device: it is told of the umount and
 *	of sync(2), and waited for
 * @owner_key: scrambles lock owners, which are kernel addresses
 * @polls: open files that were polled, by key; see poll.h
 * @polls_next: where the search for a new key goes on
 * @backings: registered backing files
 * @binds: node ids that are bound to them
 * @stats: counters of each CPU, see stats.h
 * @sb: the superblock that was mounted, or NULL once it went away; under
 *	@sb_lock
 * @submounts: other superblocks, of submounts, which all went away before;
 *	under @submounts_lock
 * @dev: s_dev; names the control directory, see fpt_conn_number()
 */
struct fpt_conn {
	refcount_t		refs;
	int			state;
	wait_queue_head_t	init_wait;
	int			init_error;
	bool			tell_abort;
	struct fpt_queue	queue;

	struct mutex		dev_lock;	/* see above */
	struct list_head	devs;
	unsigned int		nr_devs;

	DECLARE_BITMAP(features, FPT_F_NR);
	DECLARE_BITMAP(missing, FPT_OP_MAX);
	unsigned int		minor;
	unsigned int		max_read;
	unsigned int		max_write;
	unsigned int		max_pages;
	unsigned int		name_max;
	unsigned int		max_readahead;
	unsigned int		time_gran;
	unsigned int		max_stack_depth;
	unsigned int		max_background;
	unsigned int		congestion_threshold;
	unsigned int		timeout;
	struct delayed_work	timeout_work;

	atomic64_t		attr_epoch;
	atomic64_t		evict_epoch;
	atomic_t		names_epoch;
	atomic64_t		names_told;
	atomic_t		nr_waiting;
	struct fpt_flight	writes;
	atomic_t		copy_pages;
	wait_queue_head_t	copy_wait;

	struct user_namespace	*user_ns;
	struct pid_namespace	*pid_ns;
	kuid_t			owner_uid;
	kgid_t			owner_gid;
	bool			default_permissions;
	bool			allow_other;
	bool			destroy;
	siphash_key_t		owner_key;

	struct xarray		polls;
	u32			polls_next;

	struct fpt_backings	backings;
	struct fpt_binds	binds;
	struct fpt_stats __percpu *stats;

	struct rw_semaphore	sb_lock;
	struct super_block	*sb;
	spinlock_t		submounts_lock;	/* see above */
	struct list_head	submounts;
	dev_t			dev;
	struct list_head	ctl_link;	/* ctl.c's list of connections */
	struct rcu_head		rcu;
};

/**
 * fpt_conn_new() - a connection with one reference, in state NEW
 * Takes references on the current pid namespace and on @user_ns.
 */
struct fpt_conn *fpt_conn_new(struct user_namespace *user_ns);
struct fpt_conn *fpt_conn_get(struct fpt_conn *conn);
void fpt_conn_put(struct fpt_conn *conn);

/**
 * fpt_conn_abort() - end a connection now
 *
 * Every queued or sent request is finished with -ECONNABORTED, sleepers on
 * the device wake with ENODEV, later calls get -ENOTCONN. May sleep; may be
 * called any number of times from anywhere that may sleep.
 */
void fpt_conn_abort(struct fpt_conn *conn);

/* The same for an operator, see fpt_conn.tell_abort. */
void fpt_conn_abort_told(struct fpt_conn *conn);

static inline bool fpt_conn_dead(const struct fpt_conn *conn)
{
	return READ_ONCE(conn->state) == FPT_CONN_DEAD;
}

/*
 * What names it to an operator: st_dev as the kernel has it. For all but block
 * devices that is the minor.
 */
static inline u32 fpt_conn_number(const struct fpt_conn *conn)
{
	return conn->dev;
}

/* What a server reads from the device of a dead connection. */
static inline int fpt_conn_gone(const struct fpt_conn *conn)
{
	/* After the caller saw that it is dead. */
	smp_rmb();
	return READ_ONCE(conn->tell_abort) ? -ECONNABORTED : -ENODEV;
}

/* Is it not known yet what is spoken? */
static inline bool fpt_conn_unsettled(const struct fpt_conn *conn)
{
	/* Pairs with the release in fpt_queue_live(): what was agreed on. */
	return smp_load_acquire(&conn->state) == FPT_CONN_NEW;
}

/**
 * fpt_conn_settle() - wait until it is known what is spoken
 *
 * For who looks at what INIT agrees on before the first call waited for INIT.
 * A fatal signal ends the wait; the call that follows fails then.
 */
static inline void fpt_conn_settle(struct fpt_conn *conn)
{
	if (unlikely(fpt_conn_unsettled(conn)))
		wait_event_state(conn->init_wait, !fpt_conn_unsettled(conn),
				 FPT_KILLABLE);
}

static inline bool fpt_has(const struct fpt_conn *conn, enum fpt_feature f)
{
	return test_bit(f, conn->features);
}

/* The server took a feature up, and turns out not to have it. */
static inline void fpt_withdraw(struct fpt_conn *conn, enum fpt_feature f)
{
	clear_bit(f, conn->features);
}

/* Servers answer ENOSYS once for what they do not implement. */
static inline bool fpt_op_missing(const struct fpt_conn *conn, u32 op)
{
	return test_bit(op, conn->missing);
}

static inline void fpt_op_set_missing(struct fpt_conn *conn, u32 op)
{
	set_bit(op, conn->missing);
}

/* Is @err that answer? It is remembered then. */
static inline bool fpt_op_unknown(struct fpt_conn *conn, u32 op, ssize_t err)
{
	if (err != -ENOSYS)
		return false;
	fpt_op_set_missing(conn, op);
	return true;
}

/*
 * Does sync(2) end at the server? An unprivileged one could hold it up for
 * everybody: only one that has a block device is asked.
 */
static inline bool fpt_conn_syncs(const struct fpt_conn *conn)
{
	return conn->destroy && !fpt_op_missing(conn, FUSE_SYNCFS);
}

/* Are all uids and gids of the current task the mounter's? */
static inline bool fpt_conn_is_own(const struct fpt_conn *conn)
{
	const struct cred *cred = current_cred();

	return uid_eq(conn->owner_uid, cred->uid) &&
	       uid_eq(conn->owner_uid, cred->euid) &&
	       uid_eq(conn->owner_uid, cred->suid) &&
	       gid_eq(conn->owner_gid, cred->gid) &&
	       gid_eq(conn->owner_gid, cred->egid) &&
	       gid_eq(conn->owner_gid, cred->sgid);
}

/* fpt_conn_may_use() for nearly all callers; of others, false says nothing. */
static inline bool fpt_conn_may_use_surely(const struct fpt_conn *conn)
{
	return likely(conn->allow_other ? current_user_ns() == conn->user_ns :
		      fpt_conn_is_own(conn));
}

/* The rest of fpt_conn_may_use(). */
bool fpt_conn_may_use_other(const struct fpt_conn *conn);

/**
 * fpt_conn_may_use() - may the current task use this mount at all
 *
 * With allow_other whoever is in the mounter's user namespace or in one below;
 * else only tasks whose uids and gids are all the mounter's (so that a server
 * cannot study or stall the processes of others). With the module parameter
 * allow_sys_admin_access also an administrator of the machine.
 */
static inline bool fpt_conn_may_use(const struct fpt_conn *conn)
{
	return fpt_conn_may_use_surely(conn) || fpt_conn_may_use_other(conn);
}

/* The congestion threshold that goes with a background limit: 3/4 of it. */
static inline unsigned int fpt_conn_congested_at(unsigned int max_background)
{
	return max_background - max_background / 4;
}

/**
 * fpt_init_start() - send INIT, do not wait for its answer
 * @conn: connection, attached to a device, its superblock set up
 * Return: 0, or a negative errno if it could not be queued.
 */
int fpt_init_start(struct fpt_conn *conn);

#endif
