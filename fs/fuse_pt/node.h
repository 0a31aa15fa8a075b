/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes: the inodes of this file system. A node is named by the id the server
 * gave it; its attributes are the server's, with the time they may be trusted.
 */
#ifndef FPT_NODE_H
#define FPT_NODE_H

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include <linux/stat.h>
#include "conn.h"
#include "dircache.h"
#include "iomode.h"
#include "writeback.h"

/* A lookup's or an attribute's lifetime that never ends. */
#define FPT_FOREVER	U64_MAX

enum fpt_node_bits {
	FPT_N_STALE,		/* server contradicted itself: every use is EIO */
	FPT_N_RDPLUS,		/* its children are being stat'ed: ask with plus */
	FPT_N_PLANTED,		/* came with READDIRPLUS, not looked at since */
	FPT_N_SIZE_CHANGING,	/* truncate or extending write in flight */
	FPT_N_BIRTH_ASKED,	/* whether there is a birth time is known */
	FPT_N_BORN,		/* and it is in @btime_* */
	FPT_N_LOCKED,		/* it had a POSIX lock at the server */
	FPT_N_TIMES_DIRTY,	/* the server does not have our times, times.c */
	FPT_N_ATTR_DIRTY,	/* of these three, see bindattr.c */
	FPT_N_ATTR_SENDING,
	FPT_N_ATTR_LEFT,
	FPT_N_READING,		/* lock of readers without PARALLEL_DIROPS */
	FPT_N_BIND_EXCL,	/* bound so, a directory: FUSE_PT_BIND_* */
	FPT_N_BIND_GONE,
	FPT_N_WENT_THROUGH,	/* in passthrough since its pages were dropped */
};

/**
 * struct fpt_node - a FUSE inode
 * @vfs: the VFS's part; lifetime of the whole is the inode's (freed by RCU)
 * @id: the server's node id
 * @forget: preallocated FORGET, so that eviction cannot fail; fpt_forget_owed()
 *	of it is the lookup count owed to the server, under @lock
 * @bits: enum fpt_node_bits, atomic bit operations
 * @attr_until: jiffies64 until which attributes may be trusted
 * @attr_epoch: conn->attr_epoch at the last change made on this side; replies
 *	that were asked for before it say nothing about what is stale since
 * @attr_asked: epoch of the newest reply applied; older ones are dropped
 * @caps_until: jiffies64 until which it is known that the file has no
 *	security.capability; 0 if not known
 * @caps_epoch: conn->attr_epoch when that knowledge was dropped last
 * @btime_sec: birth time, if FPT_N_BORN
 * @btime_nsec: and its nanoseconds
 * @lock: spinlock, innermost: guards the lookup count, the attribute fields and
 *	changes of i_size made on this side
 * @attr_seq: written while several attributes change at a time under @lock, so
 *	that stat(2) sees all or none of it
 * @attr_life: length in jiffies of the lifetime last granted, U32_MAX at most
 * @blksize: st_blksize as the server wants it, 0 if it does not care
 * @stale_mask: STATX_* bits that are known to be out of date although
 *	@attr_until has not passed
 * @mode: as sent; i_mode lacks the sticky bit where the server alone checks it
 * @server_ino: attr.ino as sent, where i_ino does not hold all of it
 * @io: which data path the inode is in (regular files)
 * @wb: page-cache writeback state (regular files)
 * @listing: what is cached of its names (directories)
 * @names_told: directories: conn->attr_epoch when the server last took back
 *	what it had said of a name
 * @bound_dir: bound directories: the binding's backing file, which it
 *	references; else NULL
 *
 * There are many: fields lie so that none are apart, and waiting is done on
 * fpt_node_wait().
 */
struct fpt_node {
	struct inode		vfs;
	u64			id;
	struct fpt_forget	*forget;
	unsigned long		bits;
	u64			attr_until;
	u64			attr_epoch;
	u64			attr_asked;
	u64			caps_until;
	u64			caps_epoch;
	time64_t		btime_sec;
	u32			btime_nsec;
	spinlock_t		lock;	/* see above */
	seqcount_spinlock_t	attr_seq;
	u32			attr_life;
	u32			blksize;
	u16			stale_mask;
	umode_t			mode;
#if BITS_PER_LONG == 32
	u64			server_ino;
#endif
	union {
		struct {
			struct fpt_iomode	io;
			struct fpt_wb		wb;
		};
		struct {
			struct fpt_dircache	listing;
			atomic64_t		names_told;
			struct fpt_backing	*bound_dir;
		};
	};
};

static inline struct fpt_node *fpt_node(const struct inode *inode)
{
	return container_of(inode, struct fpt_node, vfs);
}

/* Valid as long as the superblock is: inode operations may use it freely. */
static inline struct fpt_conn *fpt_inode_conn(const struct inode *inode)
{
	return inode->i_sb->s_fs_info;
}

static inline u64 fpt_inode_id(const struct inode *inode)
{
	return fpt_node(inode)->id;
}

/* attr.ino as the server sent it, for stat(2). */
static inline u64 fpt_inode_ino(const struct inode *inode)
{
#if BITS_PER_LONG == 32
	return fpt_node(inode)->server_ino;
#else
	return inode->i_ino;
#endif
}

static inline void fpt_inode_set_ino(struct inode *inode, u64 ino)
{
#if BITS_PER_LONG == 32
	fpt_node(inode)->server_ino = ino;
#endif
	inode->i_ino = ino;
}

/**
 * fpt_node_wait() - where to wait for what concerns this node
 *
 * Nodes share these queues: all are woken, and each looks whether it is meant.
 */
wait_queue_head_t *fpt_node_wait(const struct fpt_node *fn);

/**
 * fpt_node_wake() - what some wait for may be so now
 * A full barrier between the change and the look whether anybody waits.
 */
void fpt_node_wake(const struct fpt_node *fn);

/**
 * fpt_wb_owns() - are size, mtime and ctime this side's to say?
 *
 * With FUSE_WRITEBACK_CACHE, while a regular file is open for cached writing
 * or what was written is on its way: the server does not know them then.
 */
static inline bool fpt_wb_owns(const struct inode *inode)
{
	return fpt_has(fpt_inode_conn(inode), FPT_F_WRITEBACK) &&
	       S_ISREG(inode->i_mode) &&
	       READ_ONCE(fpt_node(inode)->wb.owners);
}

/* FPT_BOUND and FUSE_PT_BIND_* of an inode that is bound, bind.h; else 0. */
static inline u32 fpt_bound(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) ? READ_ONCE(fpt_node(inode)->io.bound) :
					0;
}

static inline bool fpt_dir_bound(const struct inode *dir)
{
	return S_ISDIR(dir->i_mode) && READ_ONCE(fpt_node(dir)->bound_dir);
}

/* Does the server make nothing that is there, in directory @dir? */
static inline bool fpt_dir_excl(const struct inode *dir)
{
	return test_bit(FPT_N_BIND_EXCL, &fpt_node(dir)->bits);
}

/*
 * Is fpt_iomode_unseen() to be asked, of any inode? For who looks at each
 * stat(2): what it says once is not said by this.
 */
static inline bool fpt_maybe_unseen(const struct inode *inode)
{
	const struct fpt_iomode *io = &fpt_node(inode)->io;

	return S_ISREG(inode->i_mode) &&
	       unlikely(READ_ONCE(io->mappers) ||
			READ_ONCE(io->stray) != FPT_STRAY_NONE);
}

static inline bool fpt_inode_stale(const struct inode *inode)
{
	return test_bit(FPT_N_STALE, &fpt_node(inode)->bits);
}

/**
 * fpt_node_find() - the inode for what a server's entry reply names
 * @sb: superblock
 * @id: node id; @generation: entry's
 * @attr: attributes, already checked with fpt_attr_sane()
 * @life: jiffies the attributes may be trusted
 * @epoch: fpt_attr_epoch() from before the request
 *
 * Takes over one lookup count, also when it fails (a FORGET is sent then).
 * An inode of the same id whose type or generation differs is marked stale
 * and replaced.
 *
 * Return: inode with a reference, or ERR_PTR(-ENOMEM).
 */
struct inode *fpt_node_find(struct super_block *sb, u64 id, u64 generation,
			    const struct fuse_attr *attr, u64 life, u64 epoch);

/**
 * fpt_node_root() - the inode for the root of a new superblock
 * As fpt_node_find(), but for no reply: there is no lookup count to take over
 * or to give back.
 */
struct inode *fpt_node_root(struct super_block *sb, u64 id, u64 generation,
			    const struct fuse_attr *attr);

/**
 * fpt_node_known() - the inode of a node id, if there is one
 * Return: inode with a reference, or NULL.
 */
struct inode *fpt_node_known(struct super_block *sb, u64 id);

/* Something to be done with an inode. Return: 0, an error, or 1 to end it. */
typedef int (fpt_node_fn)(struct inode *inode, void *data);

/**
 * fpt_node_act() - have something done with a node in each superblock of @conn
 * @act: is given an inode of @id, and @data
 *
 * Where the server shows a file system in two places, the node has two inodes.
 * Superblocks are kept meanwhile. Return: 0; -ENOENT if there is no inode; the
 * first error of @act.
 */
int fpt_node_act(struct fpt_conn *conn, u64 id, fpt_node_fn *act, void *data);

/**
 * fpt_node_mark_stale() - the server contradicted itself about this inode
 * Every further use gives EIO; takes the inode out of the hash.
 */
void fpt_node_mark_stale(struct inode *inode);

int fpt_node_cache_init(void);
void fpt_node_cache_exit(void);
struct inode *fpt_node_alloc(struct super_block *sb);	/* s_op->alloc_inode */
void fpt_node_free(struct inode *inode);		/* s_op->free_inode */
void fpt_node_evict(struct inode *inode);		/* s_op->evict_inode */

/* -------- attributes: attr.c applies them, getattr.c asks for them -------- */

/* What a change of a file's data makes out of date. */
#define FPT_STAT_DATA	(STATX_SIZE | STATX_BLOCKS | STATX_MTIME | STATX_CTIME)
/* Ours alone while fpt_wb_owns(). */
#define FPT_STAT_OWNED	(STATX_SIZE | STATX_MTIME | STATX_CTIME)
/* What a new or removed name makes out of date in its directory. */
#define FPT_STAT_NAMES	(FPT_STAT_DATA | STATX_NLINK)
/* Type and number are known always: no reply can change them. */
#define FPT_STAT_ALL	(STATX_BASIC_STATS & ~(STATX_TYPE | STATX_INO))
/* What a bound inode has of its backing inode in any case. */
#define FPT_STAT_BELOW	(FPT_STAT_DATA | STATX_ATIME)

/* Which attributes are the backing inode's, and no word of the server's counts. */
static inline u32 fpt_bound_stat(const struct inode *inode)
{
	u32 bound = fpt_bound(inode);

	if (likely(!bound))
		return 0;
	return bound & FUSE_PT_BIND_ATTR ? FPT_STAT_ALL : FPT_STAT_BELOW;
}

/**
 * fpt_attr_epoch() - take before a request whose reply carries attributes
 *
 * Every request gets a number of its own, and every change made on this side
 * notes the last number given out: so a reply can be told to have been asked
 * for before or after a change, and before or after another reply.
 */
static inline u64 fpt_attr_epoch(struct fpt_conn *conn)
{
	return atomic64_inc_return(&conn->attr_epoch);
}

/* Everything asked for so far is older than what happens now. */
static inline u64 fpt_attr_now(const struct fpt_conn *conn)
{
	return atomic64_read(&conn->attr_epoch);
}

/**
 * fpt_attr_note() - all that was asked for so far is older than this
 * @mark: raised to fpt_attr_now(), never lowered; ordered before what follows
 */
void fpt_attr_note(struct fpt_conn *conn, atomic64_t *mark);

/**
 * fpt_life() - a lifetime of the protocol in jiffies, saturating
 */
u64 fpt_life(u64 sec, u32 nsec);

/**
 * fpt_until() - when a lifetime that starts now ends, in jiffies64
 * @life: from fpt_life(); 0 gives a time that has passed
 */
u64 fpt_until(u64 life);

static inline bool fpt_past(u64 until)
{
	return until != FPT_FOREVER && time_after_eq64(get_jiffies_64(), until);
}

/* fpt_past() of a field of @node, read whole. */
static inline bool fpt_node_past(struct fpt_node *node, const u64 *field)
{
	u64 until;

	if (BITS_PER_LONG == 64)
		return fpt_past(READ_ONCE(*field));
	spin_lock(&node->lock);
	until = *field;
	spin_unlock(&node->lock);
	return fpt_past(until);
}

/* With it, st_blksize came into attributes. */
#define FPT_MINOR_BLKSIZE	9

/* With it, ctime came into SETATTR. */
#define FPT_MINOR_CTIME		23

/*
 * Length of a structure whose end came with @minor of the protocol: an older
 * server leaves it out of replies and does not expect it in requests.
 */
static inline u32 fpt_wire_len(struct fpt_conn *conn, unsigned int minor,
			       u32 older, u32 newer)
{
	fpt_conn_settle(conn);
	return likely(conn->minor >= minor) ? newer : older;
}

static inline u32 fpt_attr_out_len(struct fpt_conn *conn)
{
	return fpt_wire_len(conn, FPT_MINOR_BLKSIZE, FUSE_COMPAT_ATTR_OUT_SIZE,
			    sizeof(struct fuse_attr_out));
}

static inline u32 fpt_entry_out_len(struct fpt_conn *conn)
{
	return fpt_wire_len(conn, FPT_MINOR_BLKSIZE, FUSE_COMPAT_ENTRY_OUT_SIZE,
			    sizeof(struct fuse_entry_out));
}

/* The owner of locks came into WRITE with the same minor. */
static inline u32 fpt_write_in_len(struct fpt_conn *conn)
{
	return fpt_wire_len(conn, FPT_MINOR_BLKSIZE, FUSE_COMPAT_WRITE_IN_SIZE,
			    sizeof(struct fuse_write_in));
}

/* Is what the server sent possible: size, mode, for an entry also its id. */
bool fpt_attr_sane(const struct fuse_attr *attr);
bool fpt_entry_sane(const struct fuse_entry_out *entry);

static inline struct timespec64 fpt_attr_time(u64 sec, u32 nsec)
{
	return (struct timespec64){
		.tv_sec = (s64)sec,
		.tv_nsec = min_t(u32, nsec, NSEC_PER_SEC - 1),
	};
}

/* The attribute fields of a node whose attributes are not known yet. */
void fpt_attr_init(struct fpt_node *node);

/**
 * fpt_attr_apply() - take a reply's attributes into the inode
 * @inode: must have the type that @attr says (fpt_attr_same_type())
 * @attr: attributes
 * @life: jiffies, from fpt_life()
 * @epoch: fpt_attr_epoch() from before the request; if the inode changed on
 *	this side since, only what the change cannot have touched is taken
 *
 * Drops cached pages if the size is another one. May sleep; no page locked.
 */
void fpt_attr_apply(struct inode *inode, const struct fuse_attr *attr, u64 life,
		    u64 epoch);
bool fpt_attr_same_type(const struct inode *inode, const struct fuse_attr *attr);

/**
 * fpt_attr_apply_own() - the same for the reply to a change of ours
 * @changed: STATX_SIZE | STATX_MTIME if it changed the size, with the inode lock
 *	held; STATX_MTIME if it set that, and 0 else: another mtime is of others
 *
 * What was asked for before, by whomever, is older than this.
 */
void fpt_attr_apply_own(struct inode *inode, const struct fuse_attr *attr,
			u64 life, u64 epoch, u32 changed);

/**
 * fpt_attr_stale() - these attributes (STATX_*) changed at the server
 * Does not touch the page cache. STATX_MODE in the mask (FPT_STAT_ALL has it)
 * also drops the knowledge about security.capability; a change of data or
 * names does not.
 */
void fpt_attr_stale(struct inode *inode, u32 mask);

/*
 * fpt_call.late of what changes attributes: what was asked for since the killed
 * caller left may be from before the change.
 */
void fpt_late_attr(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		   const void *reply, size_t len);

/**
 * fpt_attr_take_below() - the backing inode's attributes, of a bound inode
 * @fb: backing file that was asked
 * @st: what it has
 * @epoch: fpt_attr_epoch() from before it was asked
 *
 * Return: false, and nothing is taken, if the inode is not bound to @fb now.
 */
bool fpt_attr_take_below(struct inode *inode, const struct fpt_backing *fb,
			 const struct kstat *st, u64 epoch);

/**
 * fpt_attr_take_let() - data's attributes, of a file in passthrough whose server
 *	lets the kernel ask the backing file
 * Arguments as above. Return: false, and nothing is taken, if the file changed
 * since @epoch, or is no longer in passthrough on @fb.
 */
bool fpt_attr_take_let(struct inode *inode, const struct fpt_backing *fb,
		       const struct kstat *st, u64 epoch);

/*
 * Is none of @inode's attributes past its time, and none in @mask out of date?
 * If so, what is read of them behind it is as new as that.
 */
static inline bool fpt_attr_fresh(const struct inode *inode, u32 mask)
{
	struct fpt_node *node = fpt_node(inode);

	if (unlikely((READ_ONCE(node->stale_mask) & mask) ||
		     fpt_node_past(node, &node->attr_until)))
		return false;
	/* Pairs with the barrier of write_seqcount_end(), in take_news(). */
	smp_rmb();
	return true;
}

/* Do the attributes in @mask have to be asked for? */
bool fpt_attr_expired(const struct inode *inode, u32 mask);

/* GETATTR, whatever is known; through @file's handle if it has one. */
int fpt_attr_ask(struct inode *inode, struct file *file);

/**
 * fpt_attr_refresh() - make sure the attributes in @mask are trusted
 * @file: or NULL; an open handle to ask with
 * Asks the server with GETATTR if they are not. May sleep.
 */
int fpt_attr_refresh(struct inode *inode, struct file *file, u32 mask);

/* -------- attributes: changed.c, what calls change -------- */

/* The attributes that no reply can tell us anything about. */
static inline u32 fpt_attr_owned(const struct inode *inode)
{
	return fpt_wb_owns(inode) ? FPT_STAT_OWNED : 0;
}

/*
 * Node's lock held. The file ends at @end now, and what is in @stale is out of date:
 * who copies attributes sees both or none.
 */
static inline void fpt_node_sized(struct fpt_node *node, loff_t end, u32 stale)
{
	write_seqcount_begin(&node->attr_seq);
	i_size_write(&node->vfs, end);
	node->stale_mask |= stale;
	write_seqcount_end(&node->attr_seq);
}

/**
 * fpt_node_wrote() - data was written through this side
 * @end: file offset after the last byte written
 *
 * Grows i_size to @end if that is larger, counts an epoch, marks
 * FPT_STAT_DATA stale, or sets the times where they are ours. Return: true if
 * the size grew. Cheap: it runs in every write.
 */
bool fpt_node_wrote(struct inode *inode, loff_t end);

/*
 * The same for what the server stored in the page cache of a regular file;
 * nothing, if that is in passthrough.
 */
void fpt_node_stored(struct inode *inode, loff_t end);

/* The same for data that only the page cache has yet. */
void fpt_node_dirtied(struct inode *inode, loff_t end);

/*
 * The file has another size, whatever was asked for before. Inode locked; pages
 * are the caller's.
 */
void fpt_node_resized(struct inode *inode, loff_t size);

/* A name of the node is gone (one of several, or a directory's only one). */
void fpt_node_unlinked(struct inode *inode);

/* -------- attributes: statx.c, the birth time -------- */

/* Is it not known yet whether there is a birth time? */
bool fpt_statx_missing(const struct inode *inode);

/**
 * struct fpt_attr_reply - the answer to GETATTR or STATX
 * @attr: attributes
 * @life: jiffies that they hold
 * @epoch: fpt_attr_epoch() from before it was asked
 * @owned: fpt_attr_owned() then
 */
struct fpt_attr_reply {
	struct fuse_attr	attr;
	u64			life;
	u64			epoch;
	u32			owned;
};

/* getattr.c: note in @reply what has to be known from before the request. */
void fpt_attr_before(const struct inode *inode, struct fpt_attr_reply *reply);

/**
 * fpt_statx_ask() - STATX
 * @reply: if @all
 * @all: did all attributes come with it? Else GETATTR may be due.
 * Takes the birth time; attributes are the caller's to take. May sleep.
 * Return: 0, also if the server has no such request; or a negative errno.
 */
int fpt_statx_ask(struct inode *inode, struct fpt_attr_reply *reply, bool *all);

/* Add the birth time to @stat if it is known. Within @attr_seq. */
static inline void fpt_statx_fill(const struct inode *inode, struct kstat *stat)
{
	const struct fpt_node *node = fpt_node(inode);

	if (!test_bit(FPT_N_BORN, &node->bits))
		return;
	stat->btime.tv_sec = node->btime_sec;
	stat->btime.tv_nsec = node->btime_nsec;
	stat->result_mask |= STATX_BTIME;
}

/* -------- attributes: times.c, where mtime and ctime are ours -------- */

/**
 * fpt_times_touch() - the file changed now
 * @mask: STATX_MTIME, STATX_CTIME or both
 * Does nothing unless fpt_wb_owns().
 */
void fpt_times_touch(struct inode *inode, u32 mask);

/* The times were set by hand, or at the server: they are to be sent again. */
void fpt_times_dirty(struct inode *inode);

/**
 * fpt_times_flush() - have the server set its times to ours, and wait
 * Once it has all data, as a WRITE changes its times. Return: 0 or an error.
 */
int fpt_times_flush(struct inode *inode);

/* The same without waiting, through @ff, an open for writing. */
void fpt_times_send(struct inode *inode, struct fpt_file *ff);

/* s_op->write_inode */
int fpt_write_inode(struct inode *inode, struct writeback_control *wbc);

/* -------- attributes: privs.c, what a write has to strip -------- */

/**
 * fpt_no_caps() - known that the file has no security.capability?
 */
bool fpt_no_caps(const struct inode *inode);

/**
 * fpt_learn_no_caps() - the server just said so
 * @epoch: fpt_attr_epoch() from before it was asked
 *
 * Believed for as long as the attributes granted last, from now on.
 */
void fpt_learn_no_caps(struct inode *inode, u64 epoch);

/**
 * fpt_made_no_caps() - the server made this file, exclusively
 * @attr: what it says of the file
 * @epoch: fpt_attr_epoch() from before it was asked
 *
 * As if it had been asked for security.capability, if this reply is the first
 * that names the inode and describes a file nobody has had in hand yet.
 */
void fpt_made_no_caps(struct inode *inode, const struct fuse_attr *attr,
		      u64 epoch);

/* The file may have got security.capability: setxattr, chown, chmod. */
void fpt_forget_caps(struct inode *inode);

/**
 * fpt_strip_privs() - before a write: drop setuid, setgid and capabilities
 * @file: upper file, inode locked
 *
 * With nothing to strip (no setuid or setgid in the mode, and known not to
 * have capabilities) this is a few instructions and asks nobody.
 * fpt_must_strip_privs() says whether fpt_strip_privs() has work to do, so
 * that a write without the inode lock can find out that it needs it.
 */
bool fpt_must_strip_privs(struct file *file);
int fpt_strip_privs(struct file *file);

#define ATTR_KILL_SUIDGID	(ATTR_KILL_SUID | ATTR_KILL_SGID)

/* Does the server itself strip privileges at WRITE and SETATTR? */
static inline bool fpt_server_strips(const struct fpt_conn *conn)
{
	return fpt_has(conn, FPT_F_HANDLE_KILLPRIV) ||
	       fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2);
}

/*
 * attr.c, setattr.c, access.c: inode operations shared by all types; 7.3
 * signatures
 */
int fpt_getattr(struct mnt_idmap *idmap, const struct path *path,
		struct kstat *stat, u32 request_mask, unsigned int flags);
int fpt_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		struct iattr *iattr);
int fpt_permission(struct mnt_idmap *idmap, struct inode *inode, int mask);
/* ACCESS: may the caller MAY_*? -ENOSYS if the server does not know it. */
int fpt_access_ask(struct inode *inode, int mask);

/* dir.c, link.c, file.c: what a new inode of each type is given */
void fpt_dir_set_ops(struct inode *inode);
void fpt_link_set_ops(struct inode *inode);
void fpt_file_set_ops(struct inode *inode);
void fpt_special_set_ops(struct inode *inode);	/* devices, fifos, sockets */
extern const struct dentry_operations fpt_dentry_ops;
extern const struct dentry_operations fpt_root_dentry_ops;

#endif
