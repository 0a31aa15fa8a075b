// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges: finding, reserving, clearing, copying and locating parts of files at
 * the server.
 */
#include "compat/compat.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/splice.h>
#include "conn.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "passthrough.h"
#include "request.h"
#include "writeback.h"

/* What a server does not have is not supported, and not asked for again. */
static int range_call(struct fpt_keep *keep, struct fpt_call *call)
{
	struct fpt_file *ff = keep->ff;
	int err = fpt_call_keep(ff->conn, call, keep);

	return fpt_op_unknown(ff->conn, call->op, err) ? -EOPNOTSUPP : err;
}

/* -------- seeking -------- */

/* Where @whence says from @offset on, or an error. */
static loff_t seek_ask(struct file *file, loff_t offset, int whence)
{
	struct fpt_file *ff = fpt_file(file);
	struct fuse_lseek_in in = {
		.offset = offset,
		.whence = whence,
	};
	struct fuse_lseek_out out;
	struct fpt_call call = { .op = FUSE_LSEEK, .node = ff->node };
	struct fpt_keep keep = { .ff = ff };
	int err;

	err = fpt_file_need_handle(file);
	if (err)
		return err;
	in.fh = ff->fh;
	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, sizeof(out));
	err = range_call(&keep, &call);
	if (err)
		return err;
	if (out.offset > LLONG_MAX)
		return -EIO;
	return out.offset;
}

/* Holes: the server knows, once it has what only the page cache has. */
static loff_t seek_data_hole(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	loff_t found;
	int err;

	if (offset < 0)
		return -ENXIO;
	if (fpt_op_missing(fpt_inode_conn(inode), FUSE_LSEEK))
		return -EOPNOTSUPP;

	err = fpt_wb_settle(inode, 0, LLONG_MAX);
	if (err)
		return err;
	found = seek_ask(file, offset, whence);
	return found < 0 ? found :
		vfs_setpos(file, found, inode->i_sb->s_maxbytes);
}

/* By the size alone, as it is at the server now. */
static loff_t seek_by_size(struct file *file, loff_t offset, int whence)
{
	int err = fpt_attr_refresh(file_inode(file), file, STATX_SIZE);

	return err ? err : generic_file_llseek(file, offset, whence);
}

loff_t fpt_file_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t found;

	if (fpt_inode_stale(file_inode(file)))
		return -EIO;

	switch (whence) {
	case SEEK_SET:
	case SEEK_CUR:
		return generic_file_llseek(file, offset, whence);
	case SEEK_END:
	case SEEK_DATA:
	case SEEK_HOLE:
		if (fpt_file_lets(file, FUSE_PT_BACKING_LSEEK))
			return fpt_passthrough_llseek(file, offset, whence);
		if (whence == SEEK_END)
			return seek_by_size(file, offset, whence);
		found = seek_data_hole(file, offset, whence);
		/* Without LSEEK, all of a file is data. */
		return found == -EOPNOTSUPP ?
			seek_by_size(file, offset, whence) : found;
	}
	return -EINVAL;
}

/* -------- fallocate -------- */

#define RANGE_CLEARS	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)

/* @left: the caller was killed while the server did it. */
static int allocate_call(struct file *file, int mode, loff_t offset, loff_t len,
			 bool *left)
{
	struct fpt_file *ff = fpt_file(file);
	struct fpt_keep keep = {
		.ff = ff,
		.inode = file_inode(file),
		.start = offset,
		.end = offset + len - 1,
	};
	struct fuse_fallocate_in in = {
		.offset = offset,
		.length = len,
		.mode = mode,
	};
	struct fpt_call call = { .op = FUSE_FALLOCATE, .node = ff->node };
	int err;

	err = fpt_file_need_handle(file);
	if (err)
		return err;
	in.fh = ff->fh;
	fpt_call_in(&call, &in, sizeof(in));
	err = range_call(&keep, &call);
	*left = keep.left;
	return err;
}

/*
 * Inode locked. Not the page cache: readers of all of the file would wait for the
 * server, and could not be killed. A folio is in the cache, and locked, before it
 * is read, so what was read before the server cleared it is found. A store into it
 * meanwhile, by a mapping, may win.
 */
static int allocate_locked(struct file *file, int mode, loff_t offset,
			   loff_t len)
{
	struct inode *inode = file_inode(file);
	struct fpt_node *fn = fpt_node(inode);
	loff_t end = offset + len;
	loff_t size = i_size_read(inode);
	bool grows = !(mode & FALLOC_FL_KEEP_SIZE) && end > size;
	bool left = false;
	int err;

	if (grows) {
		err = inode_newsize_ok(inode, end);
		if (err)
			return err;
		fpt_file_zero_tail(inode, size);
	}
	err = fpt_strip_privs(file);
	if (err)
		return err;
	if (mode & RANGE_CLEARS) {
		err = fpt_wb_settle(inode, offset, end - 1);
		if (err)
			return err;
	}

	if (grows)
		set_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	err = allocate_call(file, mode, offset, len, &left);
	if ((!err || left) && (mode & RANGE_CLEARS))
		truncate_pagecache_range(inode, offset, end - 1);
	if (!err)
		fpt_node_wrote(inode, grows ? end : 0);
	else
		fpt_attr_stale(inode, FPT_STAT_DATA);
	if (grows)
		clear_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	return err;
}

long fpt_file_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (fpt_file_lets(file, FUSE_PT_BACKING_FALLOCATE))
		return fpt_passthrough_fallocate(file, mode, offset, len);
	if (mode & ~(FALLOC_FL_KEEP_SIZE | RANGE_CLEARS))
		return -EOPNOTSUPP;
	if (fpt_op_missing(fpt_inode_conn(inode), FUSE_FALLOCATE))
		return -EOPNOTSUPP;

	inode_lock(inode);
	err = allocate_locked(file, mode, offset, len);
	inode_unlock(inode);
	return err;
}

/* -------- copying -------- */

/* Forget what the page cache has of a range that the server writes. */
static void copied_drop(struct inode *inode, loff_t pos, size_t len)
{
	truncate_inode_pages_range(inode->i_mapping,
				   round_down(pos, PAGE_SIZE),
				   round_up(pos + len, PAGE_SIZE) - 1);
}

static void copied_to(struct inode *inode, loff_t pos, size_t len)
{
	copied_drop(inode, pos, len);
	fpt_node_wrote(inode, pos + len);
}

/*
 * By request @op; the older of the two answers with 32 bits. Of a caller that was
 * killed, all of it may come to be copied.
 */
static ssize_t copy_call(struct file *in, loff_t pos_in, struct file *out,
			 loff_t pos_out, size_t len, unsigned int flags, u32 op)
{
	struct fpt_file *from = fpt_file(in);
	struct fpt_file *to = fpt_file(out);
	struct fpt_keep keep = {
		.ff = from,
		.other = to,
		.inode = file_inode(out),
		.start = pos_out,
		.end = pos_out + len - 1,
	};
	struct fuse_copy_file_range_in args = {
		.fh_in = from->fh,
		.off_in = pos_in,
		.nodeid_out = to->node,
		.fh_out = to->fh,
		.off_out = pos_out,
		.len = len,
		.flags = flags,
	};
	union {
		struct fuse_copy_file_range_out	wide;
		struct fuse_write_out		narrow;
	} done;
	struct fpt_call call = { .op = op, .node = from->node };
	u64 copied;
	int err;

	BUILD_BUG_ON(sizeof(done.wide) != sizeof(done.narrow));
	fpt_call_in(&call, &args, sizeof(args));
	fpt_call_out(&call, &done, sizeof(done));
	err = range_call(&keep, &call);
	if (unlikely(keep.left))
		copied_drop(keep.inode, pos_out, len);
	if (err)
		return err;
	if (op == FUSE_COPY_FILE_RANGE)
		copied = done.narrow.size;
	else
		copied = done.wide.bytes_copied;
	return copied > len ? -EIO : (ssize_t)copied;
}

static ssize_t copy_ask(struct file *in, loff_t pos_in, struct file *out,
			loff_t pos_out, size_t len, unsigned int flags)
{
	struct fpt_conn *conn = fpt_file(in)->conn;
	ssize_t done;

	if (!fpt_op_missing(conn, FUSE_COPY_FILE_RANGE_64)) {
		done = copy_call(in, pos_in, out, pos_out, len, flags,
				 FUSE_COPY_FILE_RANGE_64);
		/* That it is missing may be the answer to somebody else. */
		if (done != -EOPNOTSUPP ||
		    !fpt_op_missing(conn, FUSE_COPY_FILE_RANGE_64))
			return done;
	}
	if (fpt_op_missing(conn, FUSE_COPY_FILE_RANGE))
		return -EOPNOTSUPP;
	/* Whole pages keep the rest aligned. */
	len = min_t(size_t, len, U32_MAX & PAGE_MASK);
	return copy_call(in, pos_in, out, pos_out, len, flags,
			 FUSE_COPY_FILE_RANGE);
}

/* Target's inode locked. */
static ssize_t copy_locked(struct file *in, loff_t pos_in, struct file *out,
			   loff_t pos_out, size_t len, unsigned int flags)
{
	struct inode *inode = file_inode(out);
	struct fpt_node *fn = fpt_node(inode);
	loff_t size = i_size_read(inode);
	ssize_t done;

	done = fpt_strip_privs(out);
	if (done)
		return done;
	/* Pages go whole: what else they hold must be at the server. */
	done = fpt_wb_settle(inode, round_down(pos_out, PAGE_SIZE),
			     round_up(pos_out + len, PAGE_SIZE) - 1);
	if (done)
		return done;
	if (pos_out > size)
		fpt_file_zero_tail(inode, size);

	set_bit(FPT_N_SIZE_CHANGING, &fn->bits);
	done = copy_ask(in, pos_in, out, pos_out, len, flags);
	if (done > 0)
		copied_to(inode, pos_out, done);
	else if (done != -EOPNOTSUPP)
		fpt_attr_stale(inode, FPT_STAT_DATA);
	clear_bit(FPT_N_SIZE_CHANGING, &fn->bits);

	if (done > 0 && !IS_RDONLY(file_inode(in)))
		fpt_attr_stale(file_inode(in), STATX_ATIME);
	return done;
}

/* At the server, or -EOPNOTSUPP or -EXDEV where that cannot be. */
static ssize_t copy_at_server(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, size_t len, unsigned int flags)
{
	struct inode *from = file_inode(in);
	struct inode *to = file_inode(out);
	ssize_t done;

	if (from->i_sb != to->i_sb)
		return -EXDEV;
	if (fpt_op_missing(fpt_inode_conn(to), FUSE_COPY_FILE_RANGE) &&
	    fpt_op_missing(fpt_inode_conn(to), FUSE_COPY_FILE_RANGE_64))
		return -EOPNOTSUPP;

	done = fpt_wb_settle_read(from, pos_in, pos_in + len - 1);
	if (!done)
		done = fpt_file_need_handle(in);
	if (!done)
		done = fpt_file_need_handle(out);
	if (done)
		return done;
	inode_lock(to);
	done = copy_locked(in, pos_in, out, pos_out, len, flags);
	inode_unlock(to);
	return done;
}

ssize_t fpt_file_copy(struct file *in, loff_t pos_in, struct file *out,
		      loff_t pos_out, size_t len, unsigned int flags)
{
	ssize_t done;

	if (fpt_inode_stale(file_inode(in)) || fpt_inode_stale(file_inode(out)))
		return -EIO;

	if (fpt_file_lets(in, FUSE_PT_BACKING_COPY) &&
	    fpt_file_lets(out, FUSE_PT_BACKING_COPY))
		done = fpt_passthrough_copy(in, pos_in, out, pos_out, len);
	else
		done = copy_at_server(in, pos_in, out, pos_out, len, flags);
	if (done == -EOPNOTSUPP || done == -EXDEV)
		done = splice_copy_file_range(in, pos_in, out, pos_out, len);
	return done;
}

/* Only below: the protocol has no such request. */
loff_t fpt_file_remap(struct file *in, loff_t pos_in, struct file *out,
		      loff_t pos_out, loff_t len, unsigned int remap_flags)
{
	if (fpt_inode_stale(file_inode(in)) || fpt_inode_stale(file_inode(out)))
		return -EIO;
	if (!fpt_file_lets(in, FUSE_PT_BACKING_COPY) ||
	    !fpt_file_lets(out, FUSE_PT_BACKING_COPY))
		return -EOPNOTSUPP;
	return fpt_passthrough_remap(in, pos_in, out, pos_out, len, remap_flags);
}

/* -------- blocks -------- */

sector_t fpt_file_bmap(struct address_space *mapping, sector_t block)
{
	struct inode *inode = mapping->host;
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fuse_bmap_in in = {
		.block = block,
		.blocksize = inode->i_sb->s_blocksize,
	};
	struct fuse_bmap_out out;
	struct fpt_call call = {
		.op = FUSE_BMAP,
		.node = fpt_inode_id(inode),
	};
	int err;

	/* Blocks are those of the device below; else there are none. */
	if (!inode->i_sb->s_bdev || fpt_inode_stale(inode) ||
	    fpt_op_missing(conn, FUSE_BMAP))
		return 0;

	fpt_call_in(&call, &in, sizeof(in));
	fpt_call_out(&call, &out, sizeof(out));
	err = fpt_call(conn, &call);
	fpt_op_unknown(conn, FUSE_BMAP, err);
	return err ? 0 : out.block;
}
