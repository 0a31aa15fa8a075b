// SPDX-License-Identifier: GPL-2.0-only
/*
 * STATX: attributes with the birth time, which GETATTR cannot carry. Asked for
 * only where a caller wants that time; it never changes, so once it is known, or
 * known to be unknown, GETATTR will do.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/time64.h>
#include "node.h"
#include "request.h"

#define STATX_ASKED	(STATX_BASIC_STATS | STATX_BTIME)

static void to_attr(const struct fuse_statx *from, struct fuse_attr *attr)
{
	*attr = (struct fuse_attr){
		.ino		= from->ino,
		.size		= from->size,
		.blocks		= from->blocks,
		.atime		= from->atime.tv_sec,
		.mtime		= from->mtime.tv_sec,
		.ctime		= from->ctime.tv_sec,
		.atimensec	= from->atime.tv_nsec,
		.mtimensec	= from->mtime.tv_nsec,
		.ctimensec	= from->ctime.tv_nsec,
		.mode		= from->mode,
		.nlink		= from->nlink,
		.uid		= from->uid,
		.gid		= from->gid,
		.blksize	= from->blksize,
	};
}

/* Only as much as the server says that it filled in may be wrong. */
static bool statx_sane(const struct inode *inode, const struct fuse_statx *stat,
		       const struct fuse_attr *attr)
{
	if ((stat->mask & STATX_SIZE) && attr->size > LLONG_MAX)
		return false;
	if (stat->mask & STATX_TYPE)
		return fpt_attr_same_type(inode, attr);
	return true;
}

static void take_birth(struct inode *inode, const struct fuse_statx *stat)
{
	struct fpt_node *node = fpt_node(inode);

	spin_lock(&node->lock);
	if (stat->mask & STATX_BTIME) {
		write_seqcount_begin(&node->attr_seq);
		node->btime_sec = stat->btime.tv_sec;
		node->btime_nsec = min_t(u32, stat->btime.tv_nsec,
					 NSEC_PER_SEC - 1);
		set_bit(FPT_N_BORN, &node->bits);
		write_seqcount_end(&node->attr_seq);
	}
	set_bit(FPT_N_BIRTH_ASKED, &node->bits);
	spin_unlock(&node->lock);
}

bool fpt_statx_missing(const struct inode *inode)
{
	return !test_bit(FPT_N_BIRTH_ASKED, &fpt_node(inode)->bits) &&
	       !fpt_op_missing(fpt_inode_conn(inode), FUSE_STATX);
}

int fpt_statx_ask(struct inode *inode, struct fpt_attr_reply *reply, bool *all)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_statx_in in = { .sx_mask = STATX_ASKED };
	struct fuse_statx_out out = {};
	struct fpt_call call = {
		.op = FUSE_STATX,
		.node = fpt_inode_id(inode),
	};
	int err;

	*all = false;
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, sizeof(out));
	fpt_attr_before(inode, reply);
	err = fpt_call(conn, &call);
	if (fpt_op_unknown(conn, FUSE_STATX, err))
		return 0;
	if (err)
		return err;

	to_attr(&out.stat, &reply->attr);
	if (!statx_sane(inode, &out.stat, &reply->attr)) {
		fpt_node_mark_stale(inode);
		return -EIO;
	}
	take_birth(inode, &out.stat);
	reply->life = fpt_life(out.attr_valid, out.attr_valid_nsec);
	*all = (out.stat.mask & STATX_BASIC_STATS) == STATX_BASIC_STATS;
	return 0;
}
