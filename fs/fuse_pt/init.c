// SPDX-License-Identifier: GPL-2.0-only
/*
 * INIT: what this side offers, what the server takes up, and what both are
 * bound to from then on. The table below is the only place that knows which
 * protocol flag is which feature.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"
#include "compat/sb_flags.h"

#include <linux/backing-dev.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include "acl.h"
#include "conn.h"
#include "limits.h"
#include "queue.h"
#include "request.h"
#include "super.h"
#include "timeout.h"

/* Servers of an older minor send no more of the reply than these had. */
#define MINOR_MAX_WRITE		5
#define MINOR_FLAGS		6
#define MINOR_BACKGROUND	13
#define MINOR_FULL_REPLY	23

/* The first with FUSE_FLOCK_LOCKS. */
#define MINOR_FLOCK		17

/**
 * struct init_talk - INIT in flight
 * @call: the exchange; frees the whole when it is done
 * @repeated: it was sent a second time
 * @in: request
 * @out: reply; what the server left out is zero
 */
struct init_talk {
	struct fpt_call		call;
	bool			repeated;
	struct fuse_init_in	in;
	struct fuse_init_out	out;
};

/* One line in the log that names the mount by its st_dev. */
#define init_say(conn, fmt, ...)					\
do {									\
	dev_t dev_ = (conn)->dev;					\
									\
	pr_info_ratelimited("%u:%u: INIT: " fmt, MAJOR(dev_),		\
			    MINOR(dev_), ##__VA_ARGS__);		\
} while (0)

/* -------- the table -------- */

static bool init_take_max_pages(struct fpt_conn *conn, struct super_block *sb,
				const struct fuse_init_out *out, u64 flags)
{
	conn->max_pages = clamp_t(u32, out->max_pages, 1, fpt_limit_pages());
	if (conn->max_pages > 1)
		conn->name_max = FPT_NAME_MAX;
	return true;
}

/* Before it had a flag of its own, flock came with the others. */
static bool init_take_posix_locks(struct fpt_conn *conn, struct super_block *sb,
				  const struct fuse_init_out *out, u64 flags)
{
	if (out->minor < MINOR_FLOCK)
		set_bit(FPT_F_FLOCK_LOCKS, conn->features);
	return true;
}

static bool init_take_passthrough(struct fpt_conn *conn, struct super_block *sb,
				  const struct fuse_init_out *out, u64 flags)
{
	if (flags & FUSE_WRITEBACK_CACHE) {
		init_say(conn,
			 "passthrough is off: it does not combine with FUSE_WRITEBACK_CACHE\n");
		return false;
	}
	if (!out->max_stack_depth ||
	    out->max_stack_depth > FILESYSTEM_MAX_STACK_DEPTH) {
		init_say(conn,
			 "passthrough is off: max_stack_depth=%u is not within 1 and %u\n",
			 out->max_stack_depth, FILESYSTEM_MAX_STACK_DEPTH);
		return false;
	}
	conn->max_stack_depth = out->max_stack_depth;
	/* Counts as deep as allowed already: a backing file may be below. */
	sb->s_stack_depth = out->max_stack_depth;
	return true;
}

static bool init_take_idmap(struct fpt_conn *conn, struct super_block *sb,
			    const struct fuse_init_out *out, u64 flags)
{
	/* A server that checks by itself would check ids that nobody has. */
	if (!conn->default_permissions) {
		init_say(conn,
			 "idmapped mounts are off: FUSE_ALLOW_IDMAP needs the mount option default_permissions\n");
		return false;
	}
	sb->s_iflags &= ~SB_I_NOIDMAP;
	return true;
}

static bool init_take_no_export(struct fpt_conn *conn, struct super_block *sb,
				const struct fuse_init_out *out, u64 flags)
{
	sb->s_export_op = &fpt_export_names_only;
	return true;
}

/* Whoever has the kernel look at ACLs has it look at the mode too. */
static bool init_take_posix_acl(struct fpt_conn *conn, struct super_block *sb,
				const struct fuse_init_out *out, u64 flags)
{
	conn->default_permissions = true;
	set_bit(FPT_F_POSIX_ACL, conn->features);
	/* The one inode that there was before. */
	fpt_acl_start(d_inode(sb->s_root));
	return true;
}

/* A server that wants both means the one that is safe. */
static bool init_take_explicit_inval(struct fpt_conn *conn,
				     struct super_block *sb,
				     const struct fuse_init_out *out, u64 flags)
{
	return !(flags & FUSE_AUTO_INVAL_DATA);
}

enum init_kind {
	INIT_NOT_OFFERED,
	INIT_AGREED,	/* a feature if the server takes it up */
	INIT_IMPLIED,	/* a feature in any case: servers act on the offer */
	INIT_HINT,	/* tells the server something, no feature here */
};

/*
 * One row for each offered bit of the protocol; the index is the bit, so that
 * the compiler finds a bit that is used twice. Not tied to minors: servers
 * exist that answer with an old one and take up new flags (go-fuse).
 *
 * kind		enum init_kind
 * feature	which one, for the first two kinds
 * needs	flags that the server must have taken up beside it
 * take		looks at the values that belong to it; false turns it off
 */
static const struct init_row {
	enum init_kind		kind;
	enum fpt_feature	feature;
	u64			needs;
	bool (*take)(struct fpt_conn *conn, struct super_block *sb,
		     const struct fuse_init_out *out, u64 flags);
} init_rows[64] = {
	[const_ilog2(FUSE_ASYNC_READ)] = { INIT_AGREED, FPT_F_ASYNC_READ },
	[const_ilog2(FUSE_POSIX_LOCKS)] = {
		INIT_AGREED, FPT_F_POSIX_LOCKS, .take = init_take_posix_locks
	},
	[const_ilog2(FUSE_ATOMIC_O_TRUNC)] = { INIT_AGREED, FPT_F_ATOMIC_O_TRUNC },
	[const_ilog2(FUSE_EXPORT_SUPPORT)] = { INIT_AGREED, FPT_F_EXPORT_SUPPORT },
	[const_ilog2(FUSE_ABORT_ERROR)] = { INIT_AGREED, FPT_F_ABORT_ERROR },
	[const_ilog2(FUSE_AUTO_INVAL_DATA)] = { INIT_AGREED, FPT_F_AUTO_INVAL_DATA },
	[const_ilog2(FUSE_EXPLICIT_INVAL_DATA)] = {
		INIT_AGREED, FPT_F_EXPLICIT_INVAL_DATA,
		.take = init_take_explicit_inval
	},
	[const_ilog2(FUSE_HAS_EXPIRE_ONLY)] = { INIT_HINT },
	[const_ilog2(FUSE_HAS_RESEND)] = { INIT_HINT },
	[const_ilog2(FUSE_BIG_WRITES)] = { INIT_AGREED, FPT_F_BIG_WRITES },
	[const_ilog2(FUSE_DONT_MASK)] = { INIT_AGREED, FPT_F_DONT_MASK },
	[const_ilog2(FUSE_SPLICE_WRITE)] = { INIT_HINT },
	[const_ilog2(FUSE_SPLICE_MOVE)] = { INIT_HINT },
	[const_ilog2(FUSE_SPLICE_READ)] = { INIT_HINT },
	[const_ilog2(FUSE_FLOCK_LOCKS)] = { INIT_AGREED, FPT_F_FLOCK_LOCKS },
	[const_ilog2(FUSE_HAS_IOCTL_DIR)] = { INIT_HINT },
	[const_ilog2(FUSE_DO_READDIRPLUS)] = { INIT_AGREED, FPT_F_DO_READDIRPLUS },
	[const_ilog2(FUSE_READDIRPLUS_AUTO)] = {
		INIT_AGREED, FPT_F_READDIRPLUS_AUTO,
		.needs = FUSE_DO_READDIRPLUS
	},
	[const_ilog2(FUSE_NO_OPEN_SUPPORT)] = { INIT_IMPLIED, FPT_F_NO_OPEN },
	[const_ilog2(FUSE_ASYNC_DIO)] = { INIT_AGREED, FPT_F_ASYNC_DIO },
	[const_ilog2(FUSE_WRITEBACK_CACHE)] = { INIT_AGREED, FPT_F_WRITEBACK },
	[const_ilog2(FUSE_PARALLEL_DIROPS)] = { INIT_AGREED, FPT_F_PARALLEL_DIROPS },
	[const_ilog2(FUSE_HANDLE_KILLPRIV)] = { INIT_AGREED, FPT_F_HANDLE_KILLPRIV },
	[const_ilog2(FUSE_POSIX_ACL)] = {
		INIT_AGREED, FPT_F_POSIX_ACL, .take = init_take_posix_acl
	},
	[const_ilog2(FUSE_MAX_PAGES)] = {
		INIT_AGREED, FPT_F_MAX_PAGES, .take = init_take_max_pages
	},
	[const_ilog2(FUSE_CACHE_SYMLINKS)] = { INIT_AGREED, FPT_F_CACHE_SYMLINKS },
	[const_ilog2(FUSE_NO_OPENDIR_SUPPORT)] = { INIT_IMPLIED, FPT_F_NO_OPENDIR },
	[const_ilog2(FUSE_HANDLE_KILLPRIV_V2)] = {
		INIT_AGREED, FPT_F_HANDLE_KILLPRIV_V2
	},
	[const_ilog2(FUSE_SETXATTR_EXT)] = { INIT_AGREED, FPT_F_SETXATTR_EXT },
	[const_ilog2(FUSE_INIT_EXT)] = { INIT_HINT },
	[const_ilog2(FUSE_SECURITY_CTX)] = { INIT_AGREED, FPT_F_SECURITY_CTX },
	[const_ilog2(FUSE_CREATE_SUPP_GROUP)] = {
		INIT_AGREED, FPT_F_CREATE_SUPP_GROUP
	},
	[const_ilog2(FUSE_DIRECT_IO_ALLOW_MMAP)] = {
		INIT_AGREED, FPT_F_DIRECT_IO_ALLOW_MMAP
	},
	[const_ilog2(FUSE_REQUEST_TIMEOUT)] = {
		INIT_AGREED, FPT_F_REQUEST_TIMEOUT
	},
	[const_ilog2(FUSE_SUBMOUNTS)] = { INIT_AGREED, FPT_F_SUBMOUNTS },
	[const_ilog2(FUSE_PASSTHROUGH)] = {
		INIT_AGREED, FPT_F_PASSTHROUGH, .take = init_take_passthrough
	},
	[const_ilog2(FUSE_NO_EXPORT_SUPPORT)] = {
		INIT_AGREED, FPT_F_NO_EXPORT_SUPPORT, .take = init_take_no_export
	},
	[const_ilog2(FUSE_ALLOW_IDMAP)] = {
		FPT_COMPAT_IDMAP ? INIT_AGREED : INIT_NOT_OFFERED,
		FPT_F_ALLOW_IDMAP, .take = init_take_idmap
	},
};

static u64 init_offer(const struct fpt_conn *conn)
{
	u64 offer = 0;
	int bit;

	for (bit = 0; bit < ARRAY_SIZE(init_rows); bit++)
		if (init_rows[bit].kind != INIT_NOT_OFFERED)
			offer |= BIT_ULL(bit);
	/* A server of a block device has one file system, which umount ends. */
	if (conn->destroy)
		offer &= ~FUSE_SUBMOUNTS;
	return offer;
}

static void init_agree(struct fpt_conn *conn, struct super_block *sb,
		       const struct fuse_init_out *out)
{
	const struct init_row *row;
	u64 offer = init_offer(conn);
	u64 flags = 0;
	int bit;

	if (out->minor >= MINOR_FLAGS)
		flags = out->flags;
	if (flags & FUSE_INIT_EXT)
		flags |= (u64)out->flags2 << 32;
	if (flags & ~offer)
		pr_debug("%u:%u: INIT: flags 0x%llx were not offered, ignored\n",
			 MAJOR(conn->dev), MINOR(conn->dev), flags & ~offer);
	flags &= offer;

	for (bit = 0; bit < ARRAY_SIZE(init_rows); bit++) {
		row = &init_rows[bit];
		if (row->kind == INIT_IMPLIED ||
		    (row->kind == INIT_AGREED && (flags & BIT_ULL(bit)) &&
		     (flags & row->needs) == row->needs &&
		     (!row->take || row->take(conn, sb, out, flags))))
			set_bit(row->feature, conn->features);
	}
}

/* -------- limits -------- */

/* As much as the server wants, if it may, else no more than @most. */
static unsigned int init_limit(u16 wanted, unsigned int most)
{
	return capable(CAP_SYS_ADMIN) ? wanted : min_t(u32, wanted, most);
}

static void init_set_limits(struct fpt_conn *conn, struct super_block *sb,
			    const struct init_talk *talk)
{
	const struct fuse_init_out *out = &talk->out;
	u32 most = conn->max_pages << PAGE_SHIFT;

	if (out->minor >= MINOR_MAX_WRITE)
		conn->max_write = clamp(out->max_write, FPT_MIN_DATA,
					max(most, FPT_MIN_DATA));

	conn->max_readahead = conn->max_read;
	if (out->minor >= MINOR_FLAGS)
		conn->max_readahead = out->max_readahead;
	conn->max_readahead = min(conn->max_readahead, talk->in.max_readahead);
	sb->s_bdi->ra_pages = conn->max_readahead / PAGE_SIZE;
	sb->s_bdi->io_pages = conn->max_pages;

	if (out->minor >= MINOR_BACKGROUND) {
		if (out->max_background) {
			conn->max_background = init_limit(out->max_background,
							  fpt_limit_background());
			conn->congestion_threshold =
				fpt_conn_congested_at(conn->max_background);
		}
		if (out->congestion_threshold)
			conn->congestion_threshold =
				init_limit(out->congestion_threshold,
					   fpt_limit_congestion());
	}

	fpt_timeout_start(conn, fpt_has(conn, FPT_F_REQUEST_TIMEOUT) ?
			  out->request_timeout : 0);

	/* Truncating a time must leave whole seconds whole. */
	if (out->time_gran) {
		if (NSEC_PER_SEC % out->time_gran)
			init_say(conn, "time_gran=%u is ignored: it does not divide a second\n",
				 out->time_gran);
		else
			conn->time_gran = out->time_gran;
	}
	sb->s_time_gran = conn->time_gran;
}

/* -------- the reply -------- */

/*
 * Is the reply one: of our major, and not cut off inside a member. Members
 * that its minor does not have are cleared. -EAGAIN: ask again.
 */
static int init_check(struct fpt_conn *conn, struct init_talk *talk)
{
	struct fuse_init_out *out = &talk->out;
	u32 len = talk->call.out[0].len;
	size_t known = sizeof(*out);

	if (len < sizeof(out->major)) {
		init_say(conn, "reply of %u bytes: major is missing\n", len);
		return -EIO;
	}
	if (out->major != FUSE_KERNEL_VERSION) {
		/* A newer server falls back to what it is asked for. */
		if (out->major > FUSE_KERNEL_VERSION && !talk->repeated)
			return -EAGAIN;
		init_say(conn, "major=%u: only %u is spoken here\n", out->major,
			 FUSE_KERNEL_VERSION);
		return -EIO;
	}
	if (len < FUSE_COMPAT_INIT_OUT_SIZE) {
		init_say(conn, "reply of %u bytes: minor is missing\n", len);
		return -EIO;
	}
	if (len % sizeof(u32)) {
		init_say(conn, "reply of %u bytes ends inside a member\n", len);
		return -EIO;
	}

	if (out->minor < MINOR_MAX_WRITE)
		known = FUSE_COMPAT_INIT_OUT_SIZE;
	else if (out->minor < MINOR_FULL_REPLY)
		known = FUSE_COMPAT_22_INIT_OUT_SIZE;
	known = min_t(size_t, known, len);
	memset((void *)out + known, 0, sizeof(*out) - known);
	return 0;
}

static int init_take(struct fpt_conn *conn, struct init_talk *talk)
{
	int err;

	if (talk->call.error) {
		init_say(conn, "answered with error %d, or with more than %zu bytes\n",
			 talk->call.error, sizeof(talk->out));
		return -ECONNREFUSED;
	}
	err = init_check(conn, talk);
	if (err)
		return err;

	down_read(&conn->sb_lock);
	if (conn->sb) {
		conn->minor = min_t(u32, talk->out.minor,
				    FUSE_KERNEL_MINOR_VERSION);
		init_agree(conn, conn->sb, &talk->out);
		init_set_limits(conn, conn->sb, talk);
	}
	up_read(&conn->sb_lock);

	fpt_queue_live(conn);
	return 0;
}

static int init_send(struct fpt_conn *conn, struct init_talk *talk);

static void init_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct init_talk *talk = container_of(call, struct init_talk, call);
	int err;

	/* Ended before the server said anything: nothing to report. */
	if (fpt_conn_dead(conn))
		goto free;

	err = init_take(conn, talk);
	if (err == -EAGAIN) {
		talk->repeated = true;
		err = init_send(conn, talk);
		if (!err)
			return;
	}
	if (err) {
		WRITE_ONCE(conn->init_error, err);
		fpt_conn_abort(conn);
	}
free:
	kfree(talk);
}

static int init_send(struct fpt_conn *conn, struct init_talk *talk)
{
	memset(&talk->out, 0, sizeof(talk->out));
	talk->call = (struct fpt_call){
		.op = FUSE_INIT,
		.flags = FPT_CALL_EARLY | FPT_CALL_FORCE | FPT_CALL_NOCREDS |
			 FPT_CALL_OUT_VAR,
		.done = init_done,
	};
	fpt_call_in(&talk->call, &talk->in, sizeof(talk->in));
	fpt_call_out(&talk->call, &talk->out, sizeof(talk->out));
	return fpt_call_async(conn, &talk->call, GFP_KERNEL);
}

int fpt_init_start(struct fpt_conn *conn)
{
	struct init_talk *talk = kzalloc_obj(struct init_talk);
	u64 offer = init_offer(conn);
	int err;

	if (!talk)
		return -ENOMEM;

	talk->in.major = FUSE_KERNEL_VERSION;
	talk->in.minor = FUSE_KERNEL_MINOR_VERSION;
	talk->in.max_readahead = min_t(u64, U32_MAX,
				       (u64)conn->sb->s_bdi->ra_pages * PAGE_SIZE);
	talk->in.flags = lower_32_bits(offer);
	talk->in.flags2 = upper_32_bits(offer);

	err = init_send(conn, talk);
	if (err)
		kfree(talk);
	return err;
}
