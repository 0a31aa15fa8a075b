// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks: local, or as the server keeps them.
 *
 * Of locks that the server keeps nothing is noted here but that an open file
 * may have some: who holds what is known in one place. An owner is known to the
 * server by a number, fpt_lock_owner().
 *
 * A caller that is killed does not wait for the server. It leaves what the
 * request was about behind; should the server grant the lock later, it is given
 * back, if its owner was the process, or an open file that has given all back.
 * While the request is not answered, the handle stays open.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "conn.h"
#include "file.h"
#include "lock.h"
#include "node.h"
#include "orphan.h"
#include "request.h"

/**
 * struct lock_ask - a request about a lock
 * @call: of the request that undoes it; the first is its caller's
 * @in: argument of both
 * @orphan: for when the caller is killed
 * @mortal: the owner is the caller's process, and dies with it
 * @ff: handle, referenced
 *
 * Owned by the caller; once that left, or if it does not wait, by the request.
 */
struct lock_ask {
	struct fpt_call		call;
	struct fuse_lk_in	in;
	struct fpt_orphan	orphan;
	bool			mortal;
	struct fpt_file		*ff;
};

static void ask_free(struct lock_ask *ask)
{
	fpt_file_put(ask->ff);
	kfree(ask);
}

static struct lock_ask *ask_new(struct fpt_file *ff, fl_owner_t owner,
				u32 lk_flags, gfp_t gfp)
{
	struct lock_ask *ask = kzalloc_obj(struct lock_ask, gfp);

	if (!ask)
		return NULL;
	ask->ff = fpt_file_get(ff);
	ask->in.fh = ff->fh;
	ask->in.owner = fpt_lock_owner(ff->conn, owner);
	ask->in.lk_flags = lk_flags;
	return ask;
}

/* What an open file is about to own at the server, or to give back. */
static void note_locks(struct file *file, u8 locks)
{
	struct fpt_file *ff = fpt_file(file);

	if ((READ_ONCE(ff->locks) & locks) == locks)
		return;
	spin_lock(&file->f_lock);
	WRITE_ONCE(ff->locks, ff->locks | locks);
	spin_unlock(&file->f_lock);
}

static void unlock_done(struct fpt_conn *conn, struct fpt_call *call)
{
	ask_free(container_of(call, struct lock_ask, call));
}

/* Unlock the range of @ask, and do not wait for it. Takes over @ask. */
static void ask_unlock(struct lock_ask *ask)
{
	ask->in.lk.type = F_UNLCK;
	ask->in.lk.pid = 0;
	ask->call = (struct fpt_call){
		.op = FUSE_SETLK,
		.node = ask->ff->node,
		.flags = FPT_CALL_FORCE | FPT_CALL_NOCREDS | FPT_CALL_AT_ONCE,
		.done = unlock_done,
	};
	fpt_call_in(&ask->call, &ask->in, sizeof(ask->in));
	if (fpt_call_async(ask->ff->conn, &ask->call,
			   GFP_KERNEL | __GFP_NOFAIL))
		ask_free(ask);
}

/* The server answered a caller that is gone. */
static void ask_orphaned(struct fpt_conn *conn, struct fpt_orphan *orphan,
			 int error)
{
	struct lock_ask *ask = container_of(orphan, struct lock_ask, orphan);
	bool gone = ask->mortal ||
		    (READ_ONCE(ask->ff->locks) & FPT_LOCKS_ENDED);

	if (!error && gone && ask->in.lk.type != F_UNLCK)
		ask_unlock(ask);
	else
		ask_free(ask);
}

/* -------- remote -------- */

/*
 * An open file's locks are its handle's: that address is nobody else's before the
 * server has heard that they end, as the struct file's would be.
 */
static fl_owner_t owner_of(const struct file_lock *fl, struct fpt_file *ff)
{
	return FPT_LOCK(fl, flags) & (FL_FLOCK | FL_OFDLCK) ?
		(fl_owner_t)ff : FPT_LOCK(fl, owner);
}

static int remote_set(struct file *file, const struct file_lock *fl,
		      u32 lk_flags)
{
	bool sleeps = FPT_LOCK(fl, flags) & FL_SLEEP;
	bool unlocks = FPT_LOCK(fl, type) == F_UNLCK;
	struct fpt_file *ff = fpt_file(file);
	struct fpt_call call = {
		.op = sleeps ? FUSE_SETLKW : FUSE_SETLK,
		.node = ff->node,
	};
	u8 owned = 0;
	struct lock_ask *ask;
	int err;

	/* lockd wants to be called back, and the protocol has no such thing. */
	if (fl->fl_lmops && fl->fl_lmops->lm_grant)
		return -ENOLCK;
	err = fpt_file_need_handle(file);
	if (err)
		return err;

	ask = ask_new(ff, owner_of(fl, ff), lk_flags, GFP_KERNEL);
	if (!ask)
		return -ENOMEM;
	ask->in.lk.start = fl->fl_start;
	ask->in.lk.end = fl->fl_end;
	ask->in.lk.type = FPT_LOCK(fl, type);
	if (!unlocks)
		ask->in.lk.pid = pid_nr_ns(task_tgid(current), ff->conn->pid_ns);
	ask->orphan.end = ask_orphaned;
	call.orphan = &ask->orphan;
	fpt_call_in(&call, &ask->in, sizeof(ask->in));

	if (lk_flags & FUSE_LK_FLOCK)
		owned = FPT_LOCKS_FLOCK;
	else if (FPT_LOCK(fl, flags) & FL_OFDLCK)
		owned = FPT_LOCKS_OFD;
	ask->mortal = !owned;
	/* In advance, as another thread may close the file meanwhile. */
	if (!unlocks && !owned)
		set_bit(FPT_N_LOCKED, &fpt_node(file_inode(file))->bits);

	err = fpt_call(ff->conn, &call);
	/* A signal leaves open whether it was granted. */
	if (!unlocks && owned && (!err || err == -EINTR))
		note_locks(file, owned);
	if (call.orphan)
		ask_free(ask);
	/* A server may say so by itself: then there is nothing to restart. */
	if (err == -EINTR && signal_pending(current))
		err = -ERESTARTSYS;
	return err;
}

/* What the server says stands in the way of a lock. */
static int take_conflict(struct fpt_conn *conn, const struct fuse_file_lock *lk,
			 struct file_lock *fl)
{
	if (lk->type == F_UNLCK) {
		FPT_LOCK(fl, type) = F_UNLCK;
		return 0;
	}
	if (lk->type != F_RDLCK && lk->type != F_WRLCK)
		return -EIO;
	if (lk->start > lk->end || lk->end > OFFSET_MAX)
		return -EIO;

	FPT_LOCK(fl, type) = lk->type;
	fl->fl_start = lk->start;
	fl->fl_end = lk->end;
	/* The VFS wants it as the first namespace sees it; 0 if it does not. */
	rcu_read_lock();
	FPT_LOCK(fl, pid) = pid_nr_ns(find_pid_ns(lk->pid, conn->pid_ns),
				      &init_pid_ns);
	rcu_read_unlock();
	return 0;
}

static int remote_test(struct file *file, struct file_lock *fl)
{
	struct fpt_file *ff = fpt_file(file);
	struct fuse_lk_in in = {
		.owner = fpt_lock_owner(ff->conn, owner_of(fl, ff)),
		.lk = {
			.start = fl->fl_start,
			.end = fl->fl_end,
			.type = FPT_LOCK(fl, type),
		},
	};
	struct fuse_lk_out out;
	struct fpt_call call = { .op = FUSE_GETLK, .node = ff->node };
	int err;

	err = fpt_file_need_handle(file);
	if (err)
		return err;
	in.fh = ff->fh;
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, sizeof(out));
	err = fpt_call_file(ff, &call);
	return err ? err : take_conflict(ff->conn, &out.lk, fl);
}

/* -------- the choice -------- */

/*
 * Is the server to be asked? Locks that are here can be undone here whatever
 * the server made of the inode.
 */
static int kept_by_server(struct file *file, enum fpt_feature kind)
{
	struct inode *inode = file_inode(file);

	if (!fpt_has(fpt_inode_conn(inode), kind))
		return 0;
	return fpt_inode_stale(inode) ? -EIO : 1;
}

static int lock_test(struct file *file, struct file_lock *fl)
{
	struct fpt_conn *conn = fpt_file(file)->conn;
	int remote = kept_by_server(file, FPT_F_POSIX_LOCKS);
	int err;

	if (remote < 0)
		return remote;
	if (remote && !fpt_op_missing(conn, FUSE_GETLK)) {
		err = remote_test(file, fl);
		if (!fpt_op_unknown(conn, FUSE_GETLK, err))
			return err;
	}
	posix_test_lock(file, fl);
	return 0;
}

int fpt_lock(struct file *file, int cmd, struct file_lock *fl)
{
	int remote, err;

	/* Nothing of lockd's was ever left waiting. */
	if (cmd == F_CANCELLK)
		return 0;
	if (cmd == F_GETLK)
		return lock_test(file, fl);

	remote = kept_by_server(file, FPT_F_POSIX_LOCKS);
	if (remote < 0)
		return remote;
	if (remote) {
		err = remote_set(file, fl, 0);
		if (err != -ENOSYS)
			return err;
		fpt_withdraw(fpt_file(file)->conn, FPT_F_POSIX_LOCKS);
	}
	return posix_lock_file(file, fl, NULL);
}

int fpt_flock(struct file *file, int cmd, struct file_lock *fl)
{
	int remote = kept_by_server(file, FPT_F_FLOCK_LOCKS);
	int err;

	if (remote < 0)
		return remote;
	if (remote) {
		err = remote_set(file, fl, FUSE_LK_FLOCK);
		if (err != -ENOSYS)
			return err;
		fpt_withdraw(fpt_file(file)->conn, FPT_F_FLOCK_LOCKS);
	}
	return locks_lock_file_wait(file, fl);
}

/* -------- the end of an open file -------- */

/* Unlock all that an open file owns of one kind, before its RELEASE. */
static void unlock_all(struct file *file, u32 lk_flags)
{
	struct fpt_file *ff = fpt_file(file);
	struct lock_ask *ask;

	/* Before it is sent: what is granted after it finds this. */
	note_locks(file, FPT_LOCKS_ENDED);
	ask = ask_new(ff, ff, lk_flags, GFP_KERNEL | __GFP_NOFAIL);
	ask->in.lk.end = OFFSET_MAX;
	ask_unlock(ask);
}

void fpt_lock_close(struct file *file)
{
	struct fpt_file *ff = fpt_file(file);

	/* No request of the protocol says that an open file's locks end. */
	if ((ff->locks & FPT_LOCKS_OFD) &&
	    fpt_has(ff->conn, FPT_F_POSIX_LOCKS))
		unlock_all(file, 0);

	if (!(ff->locks & FPT_LOCKS_FLOCK) ||
	    !fpt_has(ff->conn, FPT_F_FLOCK_LOCKS))
		return;
	if (ff->no_release) {
		unlock_all(file, FUSE_LK_FLOCK);
		return;
	}
	ff->release.in.release_flags = FUSE_RELEASE_FLOCK_UNLOCK;
	ff->release.in.lock_owner = fpt_lock_owner(ff->conn, ff);
}
