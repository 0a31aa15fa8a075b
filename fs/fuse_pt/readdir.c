// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings: READDIR, and READDIRPLUS, which brings nodes along.
 *
 * One request per call of the VFS. How much to ask for is found out: a first
 * guess, more when the caller took it all, what it took when it did not.
 *
 * Every entry of READDIRPLUS but "." and ".." carries a lookup count. Each ends
 * in an inode or is given back: also that of an entry behind one that makes no
 * sense, also when the caller was killed and nobody waits for the reply.
 */
#include "compat/compat.h"

#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "bind.h"
#include "dir.h"
#include "dircache.h"
#include "file.h"
#include "ioctl.h"
#include "node.h"
#include "orphan.h"
#include "request.h"

/* What C libraries read directories with; and where growth ends. */
#define LISTING_FIRST	SZ_32K
#define LISTING_MOST	SZ_128K

enum listing_state {
	LISTING_AWAITED,
	LISTING_DONE,
	LISTING_ABANDONED,	/* the reply is for @done to clean up */
};

/**
 * struct listing - one request and its reply
 * @call: the exchange
 * @in: its argument
 * @plus: READDIRPLUS
 * @ff: its handle, of READDIRPLUS referenced until the answer
 * @state: enum listing_state; whoever moves it away from AWAITED second frees
 * @done: completed when @state became DONE
 * @size: of @buf
 * @buf: reply
 *
 * Owned by the caller; of READDIRPLUS by the transport once it was abandoned.
 */
struct listing {
	struct fpt_call		call;
	struct fuse_read_in	in;
	bool			plus;
	struct fpt_file		*ff;
	atomic_t		state;
	struct completion	done;
	u32			size;
	char			*buf;
};

/**
 * struct record - one entry of a reply
 * @entry: of READDIRPLUS, else NULL
 * @dirent: its name and type
 * @len: of the name, which ends at a NUL, as callers see it
 */
struct record {
	const struct fuse_entry_out	*entry;
	const struct fuse_dirent	*dirent;
	u32				len;
};

static void listing_free(struct listing *l)
{
	if (l)
		kvfree(l->buf);
	kfree(l);
}

static struct listing *listing_new(u32 size, bool plus)
{
	/* A killed caller leaves it behind. */
	struct listing *l = kzalloc_obj(*l, GFP_KERNEL_ACCOUNT);

	if (!l)
		return NULL;
	l->plus = plus;
	l->size = size;
	init_completion(&l->done);
	l->buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!l->buf) {
		kfree(l);
		return NULL;
	}
	return l;
}

/*
 * Takes the next record off *@pos, of which *@left bytes are left. Returns its
 * length, 0 if there is none (a record cut short counts as none, so that a reply
 * of nothing else is the end), or -EIO for a length that cannot be.
 */
static ssize_t next_record(const char *pos, size_t left, bool plus,
			   struct record *rec)
{
	size_t head = FUSE_NAME_OFFSET, len;

	rec->entry = NULL;
	rec->dirent = (const void *)pos;
	if (plus) {
		const struct fuse_direntplus *both = (const void *)pos;

		head = FUSE_NAME_OFFSET_DIRENTPLUS;
		rec->entry = &both->entry_out;
		rec->dirent = &both->dirent;
	}
	if (left < head)
		return 0;
	len = rec->dirent->namelen;
	if (!len || len > FPT_NAME_MAX)
		return -EIO;
	len += head;
	if (len > left)
		return 0;
	rec->len = strnlen(rec->dirent->name, rec->dirent->namelen);
	return min(FUSE_DIRENT_ALIGN(len), left);
}

static bool is_dots(const struct record *rec)
{
	const char *name = rec->dirent->name;

	return name[0] == '.' &&
	       (rec->len == 1 || (rec->len == 2 && name[1] == '.'));
}

/* Not even behind a NUL may there be a '/', as in Linux. */
static bool name_sane(const struct record *rec)
{
	const struct fuse_dirent *d = rec->dirent;

	return rec->len && !memchr(d->name, '/', d->namelen);
}

/* The lookup counts of all that is left in the reply. */
static void give_back(struct fpt_conn *conn, const char *pos, size_t left)
{
	struct record rec;
	ssize_t len;

	while ((len = next_record(pos, left, true, &rec)) > 0) {
		if (!is_dots(&rec))
			fpt_entry_give_back(conn, rec.entry->nodeid);
		pos += len;
		left -= len;
	}
}

static void listing_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct listing *l = container_of(call, struct listing, call);
	struct fpt_file *ff = l->ff;

	if (atomic_cmpxchg(&l->state, LISTING_AWAITED, LISTING_DONE) ==
	    LISTING_AWAITED) {
		complete(&l->done);
	} else {
		if (!call->error)
			give_back(conn, l->buf, call->out[0].len);
		listing_free(l);
	}
	fpt_file_put(ff);
}

/*
 * READDIRPLUS: the whole reply is needed even if the caller is killed, which
 * fpt_call() has no way to keep. On an error *@l is gone if it was abandoned.
 */
static ssize_t ask_plus(struct fpt_conn *conn, struct listing **lp)
{
	struct listing *l = *lp;
	int err;

	l->call.done = listing_done;
	l->call.flags |= FPT_CALL_AT_ONCE | FPT_CALL_WAITED;
	fpt_file_get(l->ff);
	err = fpt_call_async(conn, &l->call, GFP_KERNEL);
	if (err) {
		fpt_file_put(l->ff);
		return err;
	}

	if (fpt_call_wait(conn, &l->call, &l->done)) {
		if (atomic_cmpxchg(&l->state, LISTING_AWAITED,
				   LISTING_ABANDONED) == LISTING_AWAITED) {
			*lp = NULL;
			return -EINTR;
		}
		/* It came at the same moment. */
		wait_for_completion(&l->done);
	}
	return fpt_call_result(&l->call);
}

/* Sends the request; returns the length of the reply in (*@lp)->buf. */
static ssize_t ask(struct file *file, loff_t pos, struct listing **lp)
{
	struct inode *dir = file_inode(file);
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct listing *l = *lp;
	int locked;
	ssize_t ret;

	l->ff = fpt_file(file);
	l->in.fh = l->ff->fh;
	l->in.offset = pos;
	l->in.size = l->size;
	l->in.flags = file->f_flags;
	l->call.op = l->plus ? FUSE_READDIRPLUS : FUSE_READDIR;
	l->call.node = fpt_inode_id(dir);
	l->call.flags = FPT_CALL_OUT_VAR;
	fpt_call_in(&l->call, &l->in, sizeof(l->in));
	fpt_call_out(&l->call, l->buf, l->size);

	locked = fpt_dir_serialise(dir);
	if (locked < 0)
		return locked;
	ret = l->plus ? ask_plus(conn, lp) : fpt_call_file(l->ff, &l->call);
	fpt_dir_serialise_end(dir, locked);
	return ret;
}

/*
 * Puts the node of an entry into the cache under its name. Nothing that fails
 * here is an error of the listing.
 */
static void plant(struct dentry *parent, const struct record *rec, u64 epoch)
{
	const struct fuse_entry_out *entry = rec->entry;
	struct super_block *sb = parent->d_sb;
	struct qstr name = QSTR_INIT(rec->dirent->name, rec->len);
	u64 life = fpt_life(entry->entry_valid, entry->entry_valid_nsec);
	struct dentry *dentry, *alias;
	struct inode *inode;

	FPT_LOOKUP_WQ(wq);

	name.hash = full_name_hash(parent, name.name, name.len);
	for (;;) {
		dentry = d_lookup(parent, &name);
		if (!dentry)
			dentry = fpt_compat_alloc_parallel(parent, &name, &wq);
		if (IS_ERR(dentry)) {
			fpt_entry_give_back(sb->s_fs_info, entry->nodeid);
			return;
		}
		if (d_in_lookup(dentry))
			break;

		inode = d_inode(dentry);
		if (inode && fpt_entry_confirms(inode, entry, epoch)) {
			/* A use of it is one that needed no LOOKUP, too. */
			set_bit(FPT_N_PLANTED, &fpt_node(inode)->bits);
			fpt_entry_trust(d_inode(parent), dentry, life, epoch);
			dput(dentry);
			return;
		}
		/* It is something else by now. */
		d_invalidate(dentry);
		dput(dentry);
	}

	inode = fpt_entry_inode(sb, entry, epoch);
	if (!IS_ERR(inode))
		set_bit(FPT_N_PLANTED, &fpt_node(inode)->bits);
	alias = fpt_entry_splice(d_inode(parent), inode, dentry, life, epoch);
	d_lookup_done(dentry);
	if (!IS_ERR_OR_NULL(alias))
		dput(alias);
	dput(dentry);
}

/* A name is one whatever is said of its node: that is looked up, if need be. */
static void take_node(struct file *file, const struct record *rec, u64 epoch)
{
	struct record linked = *rec;
	struct fuse_entry_out entry;

	/*
	 * A listed name is one link at least. Some servers list what they have not
	 * counted yet, and without any link(2) would not get to them.
	 */
	if (!rec->entry->attr.nlink) {
		entry = *rec->entry;
		entry.attr.nlink = 1;
		linked.entry = &entry;
	}
	if (fpt_entry_sane(rec->entry))
		plant(file->f_path.dentry, &linked, epoch);
	else
		fpt_entry_give_back(fpt_inode_conn(file_inode(file)),
				    rec->entry->nodeid);
}

/*
 * Hands a reply of @len bytes to the caller. Returns how many of them the
 * caller took, or -EIO.
 */
static ssize_t emit(struct file *file, struct dir_context *ctx,
		    const struct listing *l, size_t len, u64 epoch)
{
	struct fpt_conn *conn = fpt_inode_conn(file_inode(file));
	const char *pos = l->buf;
	size_t left = len, taken = 0;
	bool full = false;
	struct record rec;
	ssize_t used;

	for (; left; pos += used, left -= used) {
		const struct fuse_dirent *d;

		used = next_record(pos, left, l->plus, &rec);
		if (!used)
			break;
		d = rec.dirent;
		if (used < 0 || !name_sane(&rec)) {
			if (l->plus)
				give_back(conn, pos, left);
			return -EIO;
		}
		if (!full) {
			full = !dir_emit(ctx, d->name, rec.len, d->ino,
					 fpt_dirent_type(d));
			if (!full) {
				ctx->pos = d->off;
				taken += used;
			}
		}
		if (rec.entry && rec.entry->nodeid && !is_dots(&rec))
			take_node(file, &rec, epoch);
		else if (full && !l->plus)
			break;
	}
	return taken;
}

/* For the next who lists the directory: all that came, taken or not. */
static void keep_listing(struct inode *dir, const struct listing *l, size_t len,
			 u64 version, loff_t from)
{
	const char *pos = l->buf;
	struct fpt_dirfill fill;
	size_t left = len;
	struct record rec;
	ssize_t used;

	if (!fpt_dircache_begin(&fill, dir, version, from))
		return;
	for (; left; pos += used, left -= used) {
		used = next_record(pos, left, l->plus, &rec);
		if (used <= 0 || !name_sane(&rec) ||
		    !fpt_dircache_add(&fill, rec.dirent, rec.len))
			break;
	}
	fpt_dircache_end(&fill, !len);
}

/* Which request? Plus where children get stat'ed, and to find out at first. */
static bool wants_plus(struct inode *dir, loff_t pos)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);

	if (!fpt_has(conn, FPT_F_DO_READDIRPLUS) ||
	    fpt_op_missing(conn, FUSE_READDIRPLUS))
		return false;
	if (!fpt_has(conn, FPT_F_READDIRPLUS_AUTO))
		return true;
	return test_and_clear_bit(FPT_N_RDPLUS, &fpt_node(dir)->bits) || !pos;
}

/* One entry has room, whatever its name. */
static u32 listing_least(const struct fpt_conn *conn)
{
	return conn->name_max > FPT_NAME_MAX_PAGE ? 2 * PAGE_SIZE : PAGE_SIZE;
}

static u32 listing_limit(const struct fpt_conn *conn)
{
	u32 most = min_t(u64, (u64)conn->max_pages << PAGE_SHIFT, LISTING_MOST);

	return max(min(most, conn->max_read), listing_least(conn));
}

static int fpt_iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fpt_file *ff = fpt_file(file);
	u32 limit = listing_limit(conn), size;
	struct listing *l;
	ssize_t len, taken;
	u64 epoch, version = 0;
	bool keep, plus;
	loff_t from;
	int done;

	if (fpt_inode_stale(dir))
		return -EIO;
	done = fpt_file_need_handle(file);
	if (done)
		return done;

	keep = READ_ONCE(ff->open_flags) & FOPEN_CACHE_DIR;
	if (keep) {
		done = fpt_dircache_read(file, ctx, &version);
		if (done)
			return min(done, 0);
	}
	from = ctx->pos;
	plus = wants_plus(dir, ctx->pos);
	for (;;) {
		size = min(READ_ONCE(ff->rdsize) ?: LISTING_FIRST, limit);
		l = listing_new(size, plus);
		if (!l)
			return -ENOMEM;
		epoch = fpt_attr_epoch(conn);
		len = ask(file, ctx->pos, &l);
		/* The feature may be agreed to, and this not be there. */
		if (!plus || !fpt_op_unknown(conn, FUSE_READDIRPLUS, len))
			break;
		listing_free(l);
		plus = false;
	}
	if (!len && keep)
		keep_listing(dir, l, 0, version, from);
	if (len <= 0)
		goto out;

	taken = emit(file, ctx, l, len, epoch);
	if (taken >= 0 && keep)
		keep_listing(dir, l, len, version, from);
	if (taken < 0)
		len = taken;
	else if (taken == len && len > size / 2)
		WRITE_ONCE(ff->rdsize, min(size * 2, limit));
	else if (taken < len)
		WRITE_ONCE(ff->rdsize, max_t(u32, taken, listing_least(conn)));
out:
	listing_free(l);
	if (!IS_RDONLY(dir))
		fpt_attr_stale(dir, STATX_ATIME);
	return len < 0 ? len : 0;
}

static int fpt_opendir(struct inode *inode, struct file *file)
{
	struct fuse_open_out reply;
	struct fpt_file *ff;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	err = fpt_bind_opendir(inode, file);
	if (err != -ENODATA && err != -ENOSYS)
		return err;
	ff = fpt_file_new(fpt_inode_conn(inode));
	if (!ff)
		return -ENOMEM;
	err = fpt_file_open_call(inode, file, ff, FUSE_OPENDIR, &reply);
	if (err) {
		fpt_file_discard(ff);
		return err;
	}
	ff->fh = reply.fh;
	ff->open_flags = reply.open_flags;
	file->private_data = ff;
	if (!(ff->open_flags & FOPEN_KEEP_CACHE))
		fpt_dircache_drop(inode);
	/* Never without the lock of the position, which listings need. */
	if (ff->open_flags & (FOPEN_STREAM | FOPEN_NONSEEKABLE))
		nonseekable_open(inode, file);
	return 0;
}

static int fpt_releasedir(struct inode *inode, struct file *file)
{
	fpt_file_close(inode, file, FUSE_RELEASEDIR);
	return 0;
}

static int fpt_fsyncdir(struct file *file, loff_t start, loff_t end,
			int datasync)
{
	int err;

	if (fpt_inode_stale(file_inode(file)))
		return -EIO;
	err = fpt_bind_fsyncdir(file_inode(file), datasync);
	return err == -ENODATA ?
		fpt_file_sync_call(file, datasync, FUSE_FSYNCDIR) : err;
}

const struct file_operations fpt_dir_fops = {
	.owner		= THIS_MODULE,
	.open		= fpt_opendir,
	.release	= fpt_releasedir,
	.read		= generic_read_dir,
	.iterate_shared	= fpt_iterate,
	.llseek		= generic_file_llseek,
	.fsync		= fpt_fsyncdir,
	.unlocked_ioctl	= fpt_ioctl,
	.compat_ioctl	= fpt_compat_ioctl,
};
