// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes: what the server said about a node, and until when it holds.
 *
 * A reply can cross a change made here, or another reply. The connection's
 * attr_epoch puts them in order: a request takes the next number, a change
 * notes the last one given out. Of a reply
 *
 *   asked for before a reply that was applied already	nothing is taken
 *   asked for before a change made here		all is taken but the size
 *							and link count, if stale
 *   else						all is taken
 *
 * A change of ours through SETATTR is newer than whatever was asked for by the
 * time it was answered; a size that a write crossed is asked for again. While a
 * truncate or an extending write is in flight (FPT_N_SIZE_CHANGING) nobody else's
 * word about size, blocks and times counts.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/stat.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "acl.h"
#include "backing.h"
#include "bind.h"
#include "file.h"
#include "lower.h"
#include "node.h"
#include "orphan.h"
#include "request.h"

/* Always known: no reply can change them. */
#define STAT_FIXED	(STATX_TYPE | STATX_INO)

void fpt_attr_note(struct fpt_conn *conn, atomic64_t *mark)
{
	s64 now = fpt_attr_now(conn);
	s64 seen = atomic64_read(mark);

	while (seen < now && !atomic64_try_cmpxchg(mark, &seen, now))
		;
	/* Pairs with that of who uses a reply, and looks at the mark then. */
	smp_mb();
}

u64 fpt_life(u64 sec, u32 nsec)
{
	const u32 tick = NSEC_PER_SEC / HZ;

	/* Half of what fits, so that now and it can be compared. */
	if (sec >= FPT_FOREVER / 2 / HZ)
		return FPT_FOREVER;
	nsec = min_t(u32, nsec, NSEC_PER_SEC - 1);
	return sec * HZ + DIV_ROUND_UP(nsec, tick);
}

u64 fpt_until(u64 life)
{
	if (!life || life == FPT_FOREVER)
		return life;
	return get_jiffies_64() + life;
}

bool fpt_attr_sane(const struct fuse_attr *attr)
{
	if (attr->size > LLONG_MAX)
		return false;

	switch (attr->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

/* The root is known from the start: no name can lead to it. */
bool fpt_entry_sane(const struct fuse_entry_out *entry)
{
	return entry->nodeid && entry->nodeid != FUSE_ROOT_ID &&
	       fpt_attr_sane(&entry->attr);
}

bool fpt_attr_same_type(const struct inode *inode, const struct fuse_attr *attr)
{
	return (inode->i_mode & S_IFMT) == (attr->mode & S_IFMT);
}

void fpt_attr_init(struct fpt_node *node)
{
	seqcount_spinlock_init(&node->attr_seq, &node->lock);
	node->attr_until = 0;
	node->attr_life = 0;
	node->stale_mask = 0;
	node->attr_epoch = 0;
	node->attr_asked = 0;
	node->caps_until = 0;
	node->caps_epoch = 0;
	node->blksize = 0;
	node->mode = 0;
}

static struct timespec64 attr_time(u64 sec, u32 nsec)
{
	return (struct timespec64){
		.tv_sec = (s64)sec,
		.tv_nsec = min_t(u32, nsec, NSEC_PER_SEC - 1),
	};
}

static void take_mode(struct inode *inode, umode_t mode)
{
	umode_t perm = mode & S_IALLUGO;

	fpt_node(inode)->mode = (inode->i_mode & S_IFMT) | perm;
	/* Or the VFS would refuse to unlink what the server may allow. */
	if (!fpt_inode_conn(inode)->default_permissions)
		perm &= ~S_ISVTX;
	inode->i_mode = (inode->i_mode & S_IFMT) | perm;
}

/* What the VFS and stat(2) see, but for size, link count and what is @owned. */
static void take_plain(struct inode *inode, const struct fuse_attr *attr,
		       u32 owned)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *node = fpt_node(inode);

	fpt_inode_set_ino(inode, attr->ino);
	node->blksize = attr->blksize <= INT_MAX ? attr->blksize : 0;
	if (!(owned & STATX_MODE)) {
		take_mode(inode, attr->mode);
		inode->i_uid = make_kuid(conn->user_ns, attr->uid);
		inode->i_gid = make_kgid(conn->user_ns, attr->gid);
	}
	if (!(owned & STATX_BLOCKS))
		inode->i_blocks = attr->blocks;
	if (!(owned & STATX_ATIME))
		inode_set_atime_to_ts(inode, attr_time(attr->atime,
						       attr->atimensec));
	if (!(owned & STATX_MTIME))
		inode_set_mtime_to_ts(inode,
				      attr_time(attr->mtime, attr->mtimensec));
	if (!(owned & STATX_CTIME))
		inode_set_ctime_to_ts(inode,
				      attr_time(attr->ctime, attr->ctimensec));
}

/**
 * struct attr_news - a reply's attributes on their way into an inode
 * @attr: the reply
 * @life: jiffies that they hold
 * @epoch: when they were asked for
 * @changed: of STATX_SIZE and STATX_MTIME, what that was a change of
 * @own: reply to a change made here
 */
struct attr_news {
	const struct fuse_attr	*attr;
	u64			life;
	u64			epoch;
	u32			changed;
	bool			own;
};

static bool resized(const struct attr_news *news)
{
	return news->changed & STATX_SIZE;
}

/*
 * Under the node's lock. Returns false if nothing was taken; else *@old and
 * i_size tell whether the size changed.
 */
static bool take_news(struct inode *inode, const struct attr_news *news,
		      loff_t *old)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *node = fpt_node(inode);
	u32 below = fpt_bound_stat(inode);
	u32 owned = fpt_attr_owned(inode);
	u32 keep = 0, held = 0, crossed = 0;

	lockdep_assert_held(&node->lock);
	*old = inode->i_size;
	if (!news->own && news->epoch <= node->attr_asked)
		return false;

	if (news->epoch <= node->attr_epoch)
		keep = node->stale_mask;
	/* The time of a change that is under way is not to be seen before it. */
	if (test_bit(FPT_N_SIZE_CHANGING, &node->bits) && !resized(news))
		held = FPT_STAT_DATA;
	/* A new inode starts with the server's word in any case. */
	if (node->attr_asked)
		owned |= below;
	/* Our size counts, but who wrote meanwhile made the file longer again. */
	if (resized(news))
		crossed = keep & STATX_SIZE;
	keep |= owned | held;
	if (resized(news))
		keep &= ~STATX_SIZE;

	write_seqcount_begin(&node->attr_seq);
	take_plain(inode, news->attr, owned | held);
	if (!(keep & STATX_NLINK))
		set_nlink(inode, news->attr->nlink);
	if (!(keep & STATX_SIZE))
		i_size_write(inode, news->attr->size);
	write_seqcount_end(&node->attr_seq);
	/* They hold as long as attributes do. */
	fpt_acl_forget(inode);

	/* Last: who finds them fresh finds them, see fpt_attr_fresh(). */
	WRITE_ONCE(node->stale_mask, ((keep | crossed) & ~owned) | below);
	node->attr_life = min_t(u64, news->life, U32_MAX);
	WRITE_ONCE(node->attr_until, fpt_until(news->life));
	node->attr_asked = news->own ? fpt_attr_now(conn) : news->epoch;
	return true;
}

/*
 * Whose doing a new size or time is cannot be told from the reply. A size of
 * our own making is known before; a time is not, so that a server that has its
 * times watched gets some of its own data asked for again.
 */
static bool news_of_others(const struct fpt_conn *conn,
			   const struct attr_news *news, bool other_size,
			   bool touched)
{
	if (other_size)
		return !resized(news) &&
		       !fpt_has(conn, FPT_F_EXPLICIT_INVAL_DATA);
	return touched && !(news->changed & STATX_MTIME) &&
	       fpt_has(conn, FPT_F_AUTO_INVAL_DATA);
}

static void apply_news(struct inode *inode, const struct attr_news *news)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *node = fpt_node(inode);
	struct address_space *mapping = inode->i_mapping;
	struct timespec64 before, after;
	loff_t old, new;
	bool taken;

	spin_lock(&node->lock);
	before = inode_get_mtime(inode);
	taken = take_news(inode, news, &old);
	after = inode_get_mtime(inode);
	new = inode->i_size;
	spin_unlock(&node->lock);

	if (!taken || !S_ISREG(inode->i_mode) || !mapping->nrpages)
		return;
	/*
	 * Also if it grew: the tail of the last page is not data. Where it is not
	 * our doing, a write may be under way in these pages and must not be
	 * cleared: they are given up, and it keeps what it sends.
	 */
	if (old != new && resized(news))
		truncate_pagecache(inode, min(old, new));
	else if (old != new)
		invalidate_inode_pages2_range(mapping,
					      min(old, new) >> PAGE_SHIFT, -1);
	if (news_of_others(conn, news, old != new,
			   !timespec64_equal(&before, &after)))
		invalidate_inode_pages2(mapping);
}

void fpt_attr_apply(struct inode *inode, const struct fuse_attr *attr, u64 life,
		    u64 epoch)
{
	const struct attr_news news = {
		.attr = attr, .life = life, .epoch = epoch,
	};

	apply_news(inode, &news);
}

void fpt_attr_apply_own(struct inode *inode, const struct fuse_attr *attr,
			u64 life, u64 epoch, u32 changed)
{
	const struct attr_news news = {
		.attr = attr, .life = life, .epoch = epoch,
		.changed = changed, .own = true,
	};

	apply_news(inode, &news);
}

/* Node's lock held. What a backing file says of data, but for the size. */
static void take_stat(struct inode *inode, const struct kstat *st)
{
	inode->i_blocks = st->blocks;
	inode_set_atime_to_ts(inode, st->atime);
	inode_set_mtime_to_ts(inode, st->mtime);
	inode_set_ctime_to_ts(inode, st->ctime);
}

bool fpt_attr_take_below(struct inode *inode, const struct fpt_backing *fb,
			 const struct kstat *st, u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);
	u32 below, taken;

	spin_lock(&node->lock);
	/* The server's word counts again, or another file's. */
	if (node->io.bound_to != fb) {
		spin_unlock(&node->lock);
		return false;
	}
	/* Somebody asked after us. */
	if (epoch <= node->io.pulled) {
		spin_unlock(&node->lock);
		return true;
	}
	node->io.pulled = epoch;
	below = fpt_bound_stat(inode);
	taken = below;
	write_seqcount_begin(&node->attr_seq);
	if (test_bit(FPT_N_SIZE_CHANGING, &node->bits))
		taken &= ~STATX_SIZE;
	/* A write that came meanwhile lets it grow, and has said so here. */
	else if (epoch > node->attr_epoch || st->size > inode->i_size)
		i_size_write(inode, st->size);
	take_stat(inode, st);
	if (below & STATX_MODE) {
		take_mode(inode, st->mode);
		inode->i_uid = st->uid;
		inode->i_gid = st->gid;
		set_nlink(inode, st->nlink);
	}
	write_seqcount_end(&node->attr_seq);

	/* Last, as in take_news(). */
	if (below & STATX_MODE) {
		fpt_acl_forget(inode);
		WRITE_ONCE(node->attr_until, fpt_until(node->attr_life));
	}
	/* What changed meanwhile is to be asked for again. */
	if (epoch > node->attr_epoch)
		WRITE_ONCE(node->stale_mask, node->stale_mask & ~taken);
	spin_unlock(&node->lock);
	return true;
}

void fpt_attr_stale(struct inode *inode, u32 mask)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	node->stale_mask |= mask & ~fpt_attr_owned(inode);
	/* A read is no change that a reply could cross. */
	if (mask != STATX_ATIME)
		node->attr_epoch = fpt_attr_now(conn);
	if (mask & STATX_MODE) {
		node->caps_until = 0;
		node->caps_epoch = fpt_attr_now(conn);
	}
	spin_unlock(&node->lock);
	if (mask & STATX_MODE)
		fpt_acl_forget(inode);

	/* The server changed something else than data. */
	if ((mask & (STATX_CTIME | STATX_SIZE)) == STATX_CTIME)
		fpt_times_touch(inode, STATX_CTIME);
}

static int attr_stale_all(struct inode *inode, void *data)
{
	fpt_attr_stale(inode, FPT_STAT_ALL);
	return 0;
}

void fpt_late_attr(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		   const void *reply, size_t len)
{
	fpt_node_act(conn, node, attr_stale_all, NULL);
}

bool fpt_attr_expired(const struct inode *inode, u32 mask)
{
	struct fpt_node *node = fpt_node(inode);

	mask &= ~STAT_FIXED;
	/* Mostly nothing is out of date; then it is all one whose it is. */
	if (fpt_attr_fresh(inode, mask))
		return false;

	mask &= ~fpt_attr_owned(inode);
	return mask && ((READ_ONCE(node->stale_mask) & mask) ||
			fpt_node_past(node, &node->attr_until));
}

/*
 * What was told of a file's data, if @known: right for a caller who began before
 * it was asked for. @fresh: nobody was asked, and what the inode has must be known
 * when it is copied.
 */
struct attr_told {
	bool			known;
	bool			fresh;
	loff_t			size;
	blkcnt_t		blocks;
	struct timespec64	atime;
	struct timespec64	mtime;
	struct timespec64	ctime;
};

/* A backing file's. */
static void keep_below(struct attr_told *told, const struct kstat *stat)
{
	told->known = true;
	told->size = stat->size;
	told->blocks = stat->blocks;
	told->atime = stat->atime;
	told->mtime = stat->mtime;
	told->ctime = stat->ctime;
}

/*
 * The server's word, unless somebody else's counts. The inode may have it no more:
 * a write that was not part of it has made the file longer.
 */
static void keep_reply(struct attr_told *told, const struct inode *inode,
		       const struct fuse_attr *attr)
{
	if (fpt_attr_owned(inode) || fpt_bound(inode) ||
	    test_bit(FPT_N_SIZE_CHANGING, &fpt_node(inode)->bits))
		return;
	told->known = true;
	told->size = attr->size;
	told->blocks = attr->blocks;
	told->atime = attr_time(attr->atime, attr->atimensec);
	told->mtime = attr_time(attr->mtime, attr->mtimensec);
	told->ctime = attr_time(attr->ctime, attr->ctimensec);
}

static int ask_server(struct inode *inode, struct file *file,
		      struct attr_told *told)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_getattr_in in = {};
	struct fuse_attr_out out = {};
	struct fpt_call call = {
		.op = FUSE_GETATTR,
		.node = fpt_inode_id(inode),
	};
	struct fpt_file *ff = NULL;
	u64 epoch;
	ssize_t err;

	if (file && S_ISREG(inode->i_mode)) {
		ff = fpt_file(file);
		if (ff && !fpt_file_has_handle(ff))
			ff = NULL;
	}
	if (ff) {
		in.getattr_flags = FUSE_GETATTR_FH;
		in.fh = ff->fh;
	}
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, fpt_attr_out_len(conn));

	epoch = fpt_attr_epoch(conn);
	err = ff ? fpt_call_file(ff, &call) : fpt_call(conn, &call);
	if (err)
		return err;
	if (!fpt_attr_sane(&out.attr) || !fpt_attr_same_type(inode, &out.attr)) {
		fpt_node_mark_stale(inode);
		return -EIO;
	}
	fpt_attr_apply(inode, &out.attr,
		       fpt_life(out.attr_valid, out.attr_valid_nsec), epoch);
	keep_reply(told, inode, &out.attr);
	return 0;
}

/* -------- from the backing file, where the server lets us -------- */

/* What a backing file says of the file above it. */
#define STAT_BELOW	(FPT_STAT_DATA | STATX_ATIME)

/*
 * They are as old as @epoch: the inode takes them unless it changed since, or
 * is no longer in passthrough on @fb. Nothing is in its page cache meanwhile.
 */
static bool take_below(struct inode *inode, const struct kstat *st,
		       const struct fpt_backing *fb, u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);
	bool taken;

	spin_lock(&node->lock);
	taken = node->io.backing == fb && epoch > node->attr_epoch &&
		epoch > node->attr_asked &&
		!test_bit(FPT_N_SIZE_CHANGING, &node->bits);
	if (taken) {
		write_seqcount_begin(&node->attr_seq);
		i_size_write(inode, st->size);
		take_stat(inode, st);
		write_seqcount_end(&node->attr_seq);
		node->stale_mask &= ~STAT_BELOW;
		node->attr_asked = epoch;
	}
	spin_unlock(&node->lock);

	return taken;
}

/*
 * Look below. Return: true if the inode has what is there, too; @told is right all
 * the same.
 */
static noinline bool look_below(struct inode *inode, struct attr_told *told)
{
	struct fpt_backing *fb;
	struct kstat stat;
	bool taken;
	u64 epoch;

	fb = fpt_iomode_backing(inode, FUSE_PT_BACKING_GETATTR);
	if (!fb)
		return false;

	epoch = fpt_attr_epoch(fpt_inode_conn(inode));
	if (fpt_lower_getattr(fb->file, fb->cred, &stat, STAT_BELOW,
			      AT_STATX_SYNC_AS_STAT)) {
		fpt_backing_put(fb);
		return false;
	}
	keep_below(told, &stat);
	taken = take_below(inode, &stat, fb, epoch);
	fpt_backing_put(fb);

	return taken;
}

/* Are only such attributes in @mask out of date that a backing file has? */
static bool only_below(const struct inode *inode, u32 mask)
{
	return S_ISREG(inode->i_mode) && (mask & STAT_BELOW) &&
	       !fpt_attr_expired(inode, mask & ~STAT_BELOW);
}

/*
 * What the backing inode of a bound one can tell is asked of it, only the rest
 * of the server. Under @force whether or not it is known.
 */
static int ask_bound(struct inode *inode, struct file *file, u32 mask,
		     bool force, struct attr_told *told)
{
	u32 bound = fpt_bound_stat(inode);
	struct kstat stat;
	int err = 0;

	if ((mask & ~bound) && (force || fpt_attr_expired(inode, mask & ~bound)))
		err = ask_server(inode, file, told);
	if (!err && (mask & bound)) {
		err = fpt_bind_pull(inode, force ? AT_STATX_FORCE_SYNC : 0,
				    &stat);
		if (!err)
			keep_below(told, &stat);
	}
	/* It was unbound meanwhile. */
	return err == -ENODATA ? ask_server(inode, file, told) : err;
}

/* Whatever is known. */
static int ask_all(struct inode *inode, struct file *file,
		   struct attr_told *told)
{
	if (fpt_inode_stale(inode))
		return -EIO;
	if (unlikely(fpt_bound(inode)))
		return ask_bound(inode, file, FPT_STAT_ALL & ~STAT_FIXED, true,
				 told);
	return ask_server(inode, file, told);
}

int fpt_attr_ask(struct inode *inode, struct file *file)
{
	struct attr_told told;

	return ask_all(inode, file, &told);
}

int fpt_attr_refresh(struct inode *inode, struct file *file, u32 mask)
{
	struct attr_told told;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_attr_expired(inode, mask))
		return 0;
	if (unlikely(fpt_bound(inode)))
		return ask_bound(inode, file, mask & ~STAT_FIXED, false, &told);
	if (only_below(inode, mask) && look_below(inode, &told))
		return 0;
	return fpt_attr_ask(inode, file);
}

/*
 * The same for stat(2). Stores into a mapping of the backing file leave no
 * trace: while there may be any, what is known of the data does not count.
 */
static int refresh_stat(struct inode *inode, u32 mask, struct attr_told *told)
{
	bool unseen = (mask & FPT_STAT_DATA) && fpt_maybe_unseen(inode) &&
		      fpt_iomode_unseen(inode);

	if (!unseen && !fpt_attr_expired(inode, mask)) {
		/* And are to be so when they are copied: a write may come between. */
		told->fresh = mask & ~STAT_FIXED & ~fpt_attr_owned(inode);
		return 0;
	}
	if (unlikely(fpt_bound(inode))) {
		if (unseen)
			fpt_attr_stale(inode, FPT_STAT_DATA);
		return ask_bound(inode, NULL, mask & ~STAT_FIXED, false, told);
	}
	if (only_below(inode, mask)) {
		look_below(inode, told);
		if (told->known)
			return 0;
	}
	return ask_all(inode, NULL, told);
}

static void fill_told(const struct attr_told *told, struct kstat *stat)
{
	stat->size = told->size;
	stat->blocks = told->blocks;
	stat->atime = told->atime;
	stat->mtime = told->mtime;
	stat->ctime = told->ctime;
}

/*
 * What is known, as the inode has it: all of one answer, or none of it. Return:
 * if it has to be @fresh, was it? A write that lets the file grow meanwhile has
 * made it stale.
 */
static inline bool getattr_fill(struct mnt_idmap *idmap, struct inode *inode,
				u32 request_mask, struct kstat *stat,
				bool fresh)
{
	struct fpt_node *node = fpt_node(inode);
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&node->attr_seq);
		if (fresh &&
		    unlikely(!fpt_attr_fresh(inode,
					     request_mask & STATX_BASIC_STATS)))
			return false;
		generic_fillattr(idmap, request_mask, inode, stat);
		stat->mode = node->mode;
		stat->ino = fpt_inode_ino(inode);
		if (node->blksize)
			stat->blksize = node->blksize;
		fpt_statx_fill(inode, stat);
	} while (read_seqcount_retry(&node->attr_seq, seq));
	return true;
}

static int getattr_ask(struct inode *inode, u32 request_mask,
		       unsigned int flags, struct attr_told *told)
{
	struct fuse_attr attr;
	bool all;
	int err;

	if ((request_mask & STATX_BTIME) && fpt_statx_missing(inode) &&
	    (flags & AT_STATX_SYNC_TYPE) != AT_STATX_DONT_SYNC) {
		err = fpt_statx_ask(inode, &attr, &all);
		if (err)
			return err;
		/* What a bound inode has from below is no matter of the server's. */
		if (all && !fpt_bound(inode)) {
			keep_reply(told, inode, &attr);
			return 0;
		}
	}

	switch (flags & AT_STATX_SYNC_TYPE) {
	case AT_STATX_FORCE_SYNC:
		return ask_all(inode, NULL, told);
	case AT_STATX_DONT_SYNC:
		return 0;
	}
	return refresh_stat(inode, request_mask & STATX_BASIC_STATS, told);
}

static noinline int getattr_slow(struct mnt_idmap *idmap, struct inode *inode,
				 struct kstat *stat, u32 request_mask,
				 unsigned int flags)
{
	struct attr_told told;
	int err;

	/* Again, if others have asked, but a write came after that. */
	do {
		told = (struct attr_told){};
		err = getattr_ask(inode, request_mask, flags, &told);
		if (err)
			return err;
	} while (!getattr_fill(idmap, inode, request_mask, stat, told.fresh));
	if (told.known)
		fill_told(&told, stat);
	return 0;
}

/* Where it is mounted is no secret, and all it asks for. */
static noinline int getattr_stranger(const struct inode *inode,
				     struct kstat *stat, u32 request_mask)
{
	if (request_mask)
		return -EACCES;
	stat->result_mask = 0;
	stat->dev = inode->i_sb->s_dev;
	return 0;
}

int fpt_getattr(struct mnt_idmap *idmap, const struct path *path,
		struct kstat *stat, u32 request_mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);

	if (unlikely(fpt_inode_stale(inode)))
		return -EIO;
	if (unlikely(!fpt_conn_may_use(fpt_inode_conn(inode))))
		return getattr_stranger(inode, stat, request_mask);

	/* Mostly all of it is known. */
	if (unlikely((request_mask & STATX_BTIME) ||
		     (flags & AT_STATX_SYNC_TYPE) ||
		     fpt_maybe_unseen(inode) ||
		     !getattr_fill(idmap, inode, request_mask, stat, true)))
		return getattr_slow(idmap, inode, stat, request_mask, flags);
	return 0;
}
