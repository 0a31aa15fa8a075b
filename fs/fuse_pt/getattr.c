// SPDX-License-Identifier: GPL-2.0-only
/*
 * getattr: whether the attributes that are known may be trusted, whom to ask for
 * others (the server, or a backing file in its place), and what stat(2) shows.
 *
 * That is of one moment: size and times that were never the file's together are
 * not shown. A write lets the size grow before anybody knows the times that go
 * with it. So either all is known while it is copied, or it comes from who was
 * asked, after the caller began.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "bind.h"
#include "file.h"
#include "iomode.h"
#include "lower.h"
#include "node.h"
#include "orphan.h"
#include "request.h"

bool fpt_attr_expired(const struct inode *inode, u32 mask)
{
	struct fpt_node *node = fpt_node(inode);

	mask &= FPT_STAT_ALL;
	/* Mostly nothing is out of date; then it is all one whose it is. */
	if (fpt_attr_fresh(inode, mask))
		return false;

	mask &= ~fpt_attr_owned(inode);
	return mask && ((READ_ONCE(node->stale_mask) & mask) ||
			fpt_node_past(node, &node->attr_until));
}

/*
 * What was told, if @known: right for a caller who began before it was asked for.
 * @whole: not only of data, but also mode, owner and link count. Else what the inode
 * has; of that, what is in @trust has to be known when it is copied, but for what is
 * ours to say. @bound: the server was asked, but the inode was bound when it answered.
 */
struct attr_told {
	bool		known;
	bool		whole;
	bool		bound;
	u32		trust;
	struct kstat	stat;
};

static void keep_reply(struct attr_told *told, const struct inode *inode,
		       const struct fuse_attr *attr)
{
	struct user_namespace *ns = fpt_inode_conn(inode)->user_ns;

	told->known = true;
	told->whole = true;
	told->stat = (struct kstat){
		.mode	= attr->mode,
		.nlink	= attr->nlink,
		.uid	= make_kuid(ns, attr->uid),
		.gid	= make_kgid(ns, attr->gid),
		.size	= attr->size,
		.blocks	= attr->blocks,
		.atime	= fpt_attr_time(attr->atime, attr->atimensec),
		.mtime	= fpt_attr_time(attr->mtime, attr->mtimensec),
		.ctime	= fpt_attr_time(attr->ctime, attr->ctimensec),
	};
}

void fpt_attr_before(const struct inode *inode, struct fpt_attr_reply *reply)
{
	reply->owned = fpt_attr_owned(inode);
	reply->epoch = fpt_attr_epoch(fpt_inode_conn(inode));
}

/*
 * The inode takes the reply; so does @told, unless the server's word about data is
 * not what counts. Return: false if it has to be asked for again, as what was ours
 * to say had not reached the server by then.
 */
static bool take_reply(struct inode *inode, const struct fpt_attr_reply *reply,
		       struct attr_told *told)
{
	u32 owned = fpt_attr_owned(inode);

	if (reply->owned && !owned)
		return false;
	fpt_attr_apply(inode, &reply->attr, reply->life, reply->epoch);
	told->bound = fpt_bound(inode);
	if (!owned && likely(!told->bound))
		keep_reply(told, inode, &reply->attr);
	return true;
}

static int ask_server(struct inode *inode, struct file *file,
		      struct attr_told *told)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_attr_reply reply;
	struct fuse_getattr_in in = {};
	struct fuse_attr_out out;
	struct fpt_file *ff = NULL;
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

	do {
		struct fpt_call call = {
			.op = FUSE_GETATTR,
			.node = fpt_inode_id(inode),
		};

		out = (struct fuse_attr_out){};
		fpt_call_in(&call, &in, sizeof(in));
		fpt_call_out(&call, &out, fpt_attr_out_len(conn));
		fpt_attr_before(inode, &reply);
		err = ff ? fpt_call_file(ff, &call) : fpt_call(conn, &call);
		if (err)
			return err;
		if (!fpt_attr_sane(&out.attr) ||
		    !fpt_attr_same_type(inode, &out.attr)) {
			fpt_node_mark_stale(inode);
			return -EIO;
		}
		reply.attr = out.attr;
		reply.life = fpt_life(out.attr_valid, out.attr_valid_nsec);
	} while (!take_reply(inode, &reply, told));
	return 0;
}

/* -------- from the backing file, where the server lets us -------- */

/*
 * Look below. Return: true if the inode has what is there, too; @told is right all
 * the same.
 */
static noinline bool look_below(struct inode *inode, struct attr_told *told)
{
	struct fpt_backing *fb;
	bool taken;
	u64 epoch;

	fb = fpt_iomode_backing(inode, FUSE_PT_BACKING_GETATTR);
	if (!fb)
		return false;

	epoch = fpt_attr_epoch(fpt_inode_conn(inode));
	if (fpt_lower_getattr(fb->file, fb->cred, &told->stat, FPT_STAT_BELOW,
			      AT_STATX_SYNC_AS_STAT)) {
		fpt_backing_put(fb);
		return false;
	}
	told->known = true;
	told->whole = false;
	taken = fpt_attr_take_let(inode, fb, &told->stat, epoch);
	fpt_backing_put(fb);

	return taken;
}

/* Are only such attributes in @mask out of date that a backing file has? */
static bool only_below(const struct inode *inode, u32 mask)
{
	return S_ISREG(inode->i_mode) && (mask & FPT_STAT_BELOW) &&
	       !fpt_attr_expired(inode, mask & ~FPT_STAT_BELOW);
}

/*
 * What the backing inode of a bound one can tell is asked of it, only the rest
 * of the server. Under @force whether or not it is known. Return: 1 if it is not
 * bound any more.
 */
static int ask_bound(struct inode *inode, struct file *file, u32 mask,
		     bool force, struct attr_told *told)
{
	u32 bound = fpt_bound_stat(inode);
	int err = 0;

	if (!bound)
		return 1;
	if ((mask & ~bound) && (force || fpt_attr_expired(inode, mask & ~bound)))
		err = ask_server(inode, file, told);
	if (err || !(mask & bound))
		return err;
	err = fpt_bind_pull(inode, force ? AT_STATX_FORCE_SYNC : 0, &told->stat);
	if (err == -ENODATA)
		return 1;
	told->known = !err;
	told->whole = bound & STATX_MODE;
	return err;
}

/* Whatever is known: of the server, unless the inode is bound, or was meanwhile. */
static int ask_all(struct inode *inode, struct file *file,
		   struct attr_told *told)
{
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	do {
		if (unlikely(fpt_bound(inode))) {
			err = ask_bound(inode, file, FPT_STAT_ALL, true, told);
			if (err <= 0)
				return err;
		}
		told->bound = false;
		err = ask_server(inode, file, told);
	} while (!err && unlikely(told->bound));
	return err;
}

int fpt_attr_ask(struct inode *inode, struct file *file)
{
	struct attr_told told;

	return ask_all(inode, file, &told);
}

int fpt_attr_refresh(struct inode *inode, struct file *file, u32 mask)
{
	struct attr_told told;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_attr_expired(inode, mask))
		return 0;
	if (unlikely(fpt_bound(inode))) {
		err = ask_bound(inode, file, mask, false, &told);
		return err > 0 ? fpt_attr_ask(inode, file) : err;
	}
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
	int err;

	if (!unseen && !fpt_attr_expired(inode, mask)) {
		/* And is to be so when it is copied: a write may come between. */
		told->trust = mask;
		return 0;
	}
	if (unlikely(fpt_bound(inode))) {
		if (unseen)
			fpt_attr_stale(inode, FPT_STAT_DATA);
		err = ask_bound(inode, NULL, mask, false, told);
		return err > 0 ? ask_all(inode, NULL, told) : err;
	}
	if (only_below(inode, mask)) {
		look_below(inode, told);
		if (told->known)
			return 0;
	}
	return ask_all(inode, NULL, told);
}

static void fill_told(struct mnt_idmap *idmap, const struct inode *inode,
		      const struct attr_told *told, struct kstat *stat)
{
	const struct kstat *from = &told->stat;
	struct user_namespace *ns = i_user_ns(inode);

	stat->size = from->size;
	stat->blocks = from->blocks;
	stat->atime = from->atime;
	stat->mtime = from->mtime;
	stat->ctime = from->ctime;
	if (!told->whole)
		return;
	stat->mode = (inode->i_mode & S_IFMT) | (from->mode & S_IALLUGO);
	stat->nlink = from->nlink;
	stat->uid = vfsuid_into_kuid(make_vfsuid(idmap, ns, from->uid));
	stat->gid = vfsgid_into_kgid(make_vfsgid(idmap, ns, from->gid));
}

/*
 * What is known, as the inode has it: all of one answer, or none of it. Return: was
 * what is in @trust known? A write that lets the file grow meanwhile has made it
 * stale. @any_owned: but for what is ours.
 */
static __always_inline bool
getattr_fill(struct mnt_idmap *idmap, struct inode *inode, u32 request_mask,
	     struct kstat *stat, u32 trust, bool any_owned)
{
	struct fpt_node *node = fpt_node(inode);
	unsigned int seq;
	u32 mask;

	do {
		seq = read_seqcount_begin(&node->attr_seq);
		mask = any_owned && trust ? trust & ~fpt_attr_owned(inode) :
					    trust;
		if (mask && unlikely(!fpt_attr_fresh(inode, mask)))
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
	struct fpt_attr_reply reply;
	bool all;
	int err;

	if ((request_mask & STATX_BTIME) && fpt_statx_missing(inode) &&
	    (flags & AT_STATX_SYNC_TYPE) != AT_STATX_DONT_SYNC) {
		err = fpt_statx_ask(inode, &reply, &all);
		if (err)
			return err;
		/* What a bound inode has from below is no matter of the server's. */
		if (all && take_reply(inode, &reply, told) && !told->bound)
			return 0;
	}

	switch (flags & AT_STATX_SYNC_TYPE) {
	case AT_STATX_FORCE_SYNC:
		return ask_all(inode, NULL, told);
	case AT_STATX_DONT_SYNC:
		return 0;
	}
	return refresh_stat(inode, request_mask & FPT_STAT_ALL, told);
}

static noinline int getattr_slow(struct mnt_idmap *idmap, struct inode *inode,
				 struct kstat *stat, u32 request_mask,
				 unsigned int flags)
{
	struct attr_told told;
	int err;

	/* Again, if others have asked, but a write came after that. */
	do {
		told.known = false;
		told.bound = false;
		told.trust = 0;
		err = getattr_ask(inode, request_mask, flags, &told);
		if (err)
			return err;
	} while (!getattr_fill(idmap, inode, request_mask, stat, told.trust,
			       true));
	if (told.known)
		fill_told(idmap, inode, &told, stat);
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
		     !getattr_fill(idmap, inode, request_mask, stat,
				   request_mask & FPT_STAT_ALL, false)))
		return getattr_slow(idmap, inode, stat, request_mask, flags);
	return 0;
}
