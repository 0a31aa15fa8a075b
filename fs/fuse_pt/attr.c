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
#include "bind.h"
#include "node.h"
#include "request.h"

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
		inode_set_atime_to_ts(inode,
				      fpt_attr_time(attr->atime, attr->atimensec));
	if (!(owned & STATX_MTIME))
		inode_set_mtime_to_ts(inode,
				      fpt_attr_time(attr->mtime, attr->mtimensec));
	if (!(owned & STATX_CTIME))
		inode_set_ctime_to_ts(inode,
				      fpt_attr_time(attr->ctime, attr->ctimensec));
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
	/* Before a size is seen that goes with none of their times. */
	node->stale_mask |= below;
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
	if (test_bit(FPT_N_SIZE_CHANGING, &node->bits)) {
		/* Who changes it shows it, with its time. */
		inode_set_atime_to_ts(inode, st->atime);
		node->stale_mask |= FPT_STAT_DATA;
		taken &= ~FPT_STAT_DATA;
	} else {
		/* A write that came meanwhile lets it grow, and has said so here. */
		if (epoch > node->attr_epoch || st->size > inode->i_size)
			i_size_write(inode, st->size);
		take_stat(inode, st);
	}
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

bool fpt_attr_take_let(struct inode *inode, const struct fpt_backing *fb,
		       const struct kstat *st, u64 epoch)
{
	struct fpt_node *node = fpt_node(inode);
	bool taken;

	spin_lock(&node->lock);
	/* Nothing is in its page cache meanwhile. */
	taken = node->io.backing == fb && epoch > node->attr_epoch &&
		epoch > node->attr_asked;
	if (taken && test_bit(FPT_N_SIZE_CHANGING, &node->bits)) {
		node->stale_mask |= FPT_STAT_DATA;
		taken = false;
	}
	if (taken) {
		write_seqcount_begin(&node->attr_seq);
		i_size_write(inode, st->size);
		take_stat(inode, st);
		write_seqcount_end(&node->attr_seq);
		node->stale_mask &= ~FPT_STAT_BELOW;
		node->attr_asked = epoch;
	}
	spin_unlock(&node->lock);

	return taken;
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
