// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O modes: one state machine per regular file.
 *
 * An inode is in one of four modes, by what its opens and writes hold:
 *
 *   idle     nothing
 *   cached   opens that use the page cache, and direct opens that were mapped
 *            shared; direct writes run alone
 *   sharing  no cached open; parallel direct writes are in flight
 *   through  passthrough opens, all on one backing file; parallel direct
 *            writes may be in flight beside them
 *
 *   what happens \ in mode  idle     cached   sharing        through
 *   cached open             cached   cached   wait, cached   EIO
 *   direct open             idle     cached   sharing        EIO
 *   passthrough open        through  EIO      through        through (1)
 *   direct file mapped      cached   cached   cached (3)     ENODEV
 *   parallel direct write   sharing  (2)      sharing        through
 *   last holder leaves      -        idle     idle           idle or sharing
 *
 *   (1) EIO unless the backing file is the same one.
 *   (2) Runs with the inode lock held exclusively, as every direct write does
 *       that may not be parallel; it holds nothing here. So do those that
 *       begin while a cached open waits.
 *   (3) Without waiting: mmap(2) has the process's memory locked, and a write
 *       that is in flight may need that to get at its own. As it ends, it drops
 *       what was read of its range meanwhile, as those do that run alone.
 *
 * Waiting is killable; who waits finds out afresh which mode the inode is in,
 * and gets EIO if it went to passthrough meanwhile.
 *
 * Opens are what the reply to OPEN or CREATE asks for:
 *   FOPEN_PASSTHROUGH                    reads, writes, mmap on the backing file
 *   FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO  mmap on the backing file, the rest direct
 *   FOPEN_DIRECT_IO                      direct
 *   neither, or no reply (no_open)       cached
 * FOPEN_PASSTHROUGH without the negotiated feature, with an id that names
 * nothing, or beside a flag that makes no sense on a backing file (see
 * THROUGH_FLAGS) is EIO. FOPEN_KEEP_CACHE beside it is ignored: there is no
 * cache to keep. So it is in the first cached open afterwards.
 *
 * The same backing file: Linux wants the same id. A second id is as good when
 * it names the same inode, as every open has a lower file of its own, opened
 * through its own id's path and credentials: the mount's read-only state and
 * the rights are that id's, the data is one inode's.
 *
 * A bound inode (bind.h) is in passthrough without an open. What is opened
 * with FOPEN_DIRECT_IO alone is forbidden as ever, all else is opened on the
 * file that it is bound to.
 *
 * Directories and special files have no mode.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "file.h"
#include "iomode.h"
#include "node.h"
#include "passthrough.h"
#include "writeback.h"

#define THROUGH_FLAGS	(FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO | \
			 FOPEN_PARALLEL_DIRECT_WRITES | FOPEN_NOFLUSH | \
			 FOPEN_KEEP_CACHE)

void fpt_iomode_init(struct fpt_iomode *io)
{
	io->cached = 0;
	io->through = 0;
	io->sharing = 0;
	io->waiting = 0;
	io->writers = 0;
	io->mappers = 0;
	io->stray = FPT_STRAY_NONE;
	io->backing = NULL;
	io->bound = 0;
	io->bound_to = NULL;
	io->pulled = 0;
}

/* The open fails, and this is the rule. */
static int forbid(const struct inode *inode, u32 open_flags, const char *rule)
{
	pr_debug("node %llu, open flags %#x: %s\n", fpt_inode_id(inode),
		 open_flags, rule);
	return -EIO;
}

/*
 * Take a place among the cached opens. -EBUSY: the inode is in passthrough
 * mode; -EINTR.
 */
static int hold_cached(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;
	int err = 0;

	spin_lock(&fn->lock);
	while (io->sharing && !io->through && !err) {
		io->waiting++;
		spin_unlock(&fn->lock);
		err = wait_event_state(*fpt_node_wait(fn),
				       !READ_ONCE(io->sharing) ||
				       READ_ONCE(io->through), FPT_KILLABLE);
		spin_lock(&fn->lock);
		io->waiting--;
	}
	if (io->through)
		err = -EBUSY;
	else if (err)
		err = -EINTR;
	else
		io->cached++;
	spin_unlock(&fn->lock);

	return err;
}

static void drop_cached(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	fn->io.cached--;
	spin_unlock(&fn->lock);
}

/*
 * Take a place among the passthrough opens, for an open or, with @bound, for the
 * binding; the inode keeps a reference on the first one's @fb. Return: NULL or
 * the rule that forbids it.
 */
static const char *hold_through(struct inode *inode, struct fpt_backing *fb,
				bool writer, u32 bound)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;
	const char *rule = NULL;

	spin_lock(&fn->lock);
	if (io->cached) {
		rule = "passthrough, but the file is open cached";
	} else if (io->backing && !fpt_backing_same(io->backing, fb)) {
		rule = "passthrough, but to another backing file than the other opens";
	} else {
		if (!io->backing) {
			io->backing = fpt_backing_get(fb);
			set_bit(FPT_N_WENT_THROUGH, &fn->bits);
		}
		io->through++;
		io->writers += writer;
		if (bound) {
			io->bound_to = fb;
			WRITE_ONCE(io->bound, bound);
		}
		/* who waits to be cached waits in vain */
		if (io->waiting)
			fpt_node_wake(fn);
	}
	spin_unlock(&fn->lock);

	return rule;
}

/*
 * Can @lower be written through a shared mapping? Of a file on a stacked file
 * system the mappings are counted at a file below it, where we do not look.
 */
static bool maybe_mapped(const struct file *lower)
{
	return file_inode(lower)->i_sb->s_stack_depth ||
	       mapping_writably_mapped(lower->f_mapping);
}

/*
 * The VFS asks for seals in the upper file, and counts a mapping below without
 * asking, when it is all but made. So that no seal comes in between, each open
 * that maps counts in a file that can have any.
 */
static int seals_keep_out(const struct file *lower)
{
	return shmem_mapping(lower->f_mapping) ?
	       mapping_map_writable(lower->f_mapping) : 0;
}

static void seals_let_in(const struct file *lower)
{
	if (shmem_mapping(lower->f_mapping))
		mapping_unmap_writable(lower->f_mapping);
}

const char *fpt_iomode_bind(struct inode *inode, struct fpt_backing *fb,
			    u32 bound)
{
	return hold_through(inode, fb, false, bound);
}

/* Node's lock held. Return: what the inode no longer needs, or NULL. */
static struct fpt_backing *leave_through(struct fpt_iomode *io)
{
	struct fpt_backing *last;

	if (--io->through)
		return NULL;
	last = io->backing;
	io->backing = NULL;
	return last;
}

void fpt_iomode_unbind(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *last;

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->io.bound, 0);
	fn->io.bound_to = NULL;
	last = leave_through(&fn->io);
	spin_unlock(&fn->lock);
	if (last)
		fpt_backing_put(last);
}

static void drop_through(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;
	bool tell = false;
	struct fpt_backing *last;

	spin_lock(&fn->lock);
	if (ff->back->f_mode & FMODE_WRITE)
		tell = !--io->writers;
	if (ff->io_held == FPT_HOLD_MAPPED) {
		u8 stray = FPT_STRAY_ONCE;

		seals_let_in(ff->back);
		/* mmap(2) held the file: what it made is in the count now */
		if (maybe_mapped(ff->back))
			stray = FPT_STRAY_LIVE;
		WRITE_ONCE(io->stray, max(io->stray, stray));
		WRITE_ONCE(io->mappers, io->mappers - 1);
	}
	last = leave_through(io);
	spin_unlock(&fn->lock);

	fpt_passthrough_detach(inode, ff);
	if (last)
		fpt_backing_put(last);
	if (tell && (fpt_bound(inode) & FUSE_PT_BIND_WRITE_ATTR))
		fpt_bind_write_attr(inode);
}

static int open_cached(struct inode *inode, struct fpt_file *ff)
{
	int err = hold_cached(inode);

	if (err == -EBUSY)
		return forbid(inode, ff->open_flags,
			      "cached, but the file is open in passthrough");
	if (err)
		return err;

	ff->io_held = FPT_HOLD_CACHED;
	ff->path = FPT_PATH_CACHED;
	return 0;
}

static int open_direct(struct inode *inode, struct fpt_file *ff)
{
	if (READ_ONCE(fpt_node(inode)->io.through))
		return forbid(inode, ff->open_flags,
			      "direct, but the file is open in passthrough");

	ff->path = FPT_PATH_DIRECT;
	return 0;
}

/*
 * The inode went to passthrough: what cached opens left in the page cache goes
 * to the server now, before anyone reads the backing file, and is forgotten.
 * New pages can only come with a cached open, and that has to wait.
 */
static int leave_cache(struct inode *inode)
{
	if (inode->i_mapping->nrpages) {
		fpt_wb_settle(inode, 0, LLONG_MAX);
		invalidate_inode_pages2(inode->i_mapping);
	}
	return fpt_wb_wait_killable(inode, 0, LLONG_MAX);
}

/*
 * A file that is bound may have grown below. What the VFS does with an open it
 * does up to the size that it sees, without asking: copy_file_range(2).
 */
static void show_grown(struct inode *inode, const struct file *lower)
{
	const struct inode *below = file_inode(lower);
	struct fpt_node *fn = fpt_node(inode);

	if (likely(i_size_read(below) <= i_size_read(inode)))
		return;
	spin_lock(&fn->lock);
	if (!test_bit(FPT_N_SIZE_CHANGING, &fn->bits) &&
	    i_size_read(below) > inode->i_size) {
		fpt_node_sized(fn, i_size_read(below), FPT_STAT_DATA);
		/* who asked before knows less */
		fn->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
	}
	spin_unlock(&fn->lock);
}

int fpt_iomode_open_on(struct inode *inode, struct file *file,
		       struct fpt_file *ff, struct fpt_backing *fb)
{
	const char *rule;
	int err;

	err = fpt_passthrough_attach(file, ff, fb);
	if (err) {
		pr_debug("node %llu: cannot open its backing file (%d)\n",
			 fpt_inode_id(inode), err);
		return err;
	}
	rule = hold_through(inode, fb, file->f_mode & FMODE_WRITE, 0);
	if (rule) {
		fpt_passthrough_detach(inode, ff);
		return forbid(inode, ff->open_flags, rule);
	}

	ff->io_held = FPT_HOLD_THROUGH;
	err = leave_cache(inode);
	if (err) {
		fpt_iomode_close(inode, ff);
		return err;
	}
	ff->open_flags &= ~FOPEN_KEEP_CACHE;
	if (ff->open_flags & FOPEN_DIRECT_IO) {
		ff->path = FPT_PATH_DIRECT;
	} else {
		ff->path = FPT_PATH_THROUGH;
		ff->lets = fb->flags;
		/* which would write elsewhere than at the end */
		if (ff->append_only)
			ff->lets &= ~(FUSE_PT_BACKING_FALLOCATE |
				      FUSE_PT_BACKING_COPY);
		/* io_uring and RWF_NOWAIT: what the lower file can, we can */
		file->f_mode |= ff->back->f_mode & FMODE_NOWAIT;
	}
	if (fpt_bound(inode))
		show_grown(inode, ff->back);
	return 0;
}

static int open_through(struct inode *inode, struct file *file,
			struct fpt_file *ff, int backing_id)
{
	struct fpt_backing *fb;

	if (!fpt_has(ff->conn, FPT_F_PASSTHROUGH))
		return forbid(inode, ff->open_flags,
			      "passthrough, but INIT did not agree on it");
	if (ff->open_flags & ~THROUGH_FLAGS)
		return forbid(inode, ff->open_flags,
			      "passthrough does not go with the other flags");
	if (backing_id <= 0)
		return forbid(inode, ff->open_flags,
			      "passthrough, but the backing id is not positive");
	fb = fpt_backing_find(ff->conn, backing_id);
	if (!fb)
		return forbid(inode, ff->open_flags,
			      "passthrough, but nothing has that backing id");
	if (S_ISDIR(file_inode(fb->file)->i_mode)) {
		fpt_backing_put(fb);
		return forbid(inode, ff->open_flags,
			      "passthrough, but the backing id is a directory's");
	}

	return fpt_iomode_open_on(inode, file, ff, fb);
}

/* -ENODATA: the inode is not bound. */
static int open_bound(struct inode *inode, struct file *file,
		      struct fpt_file *ff)
{
	struct fpt_backing *fb;
	int err;

	if (ff->open_flags & ~THROUGH_FLAGS)
		return forbid(inode, ff->open_flags,
			      "bound, but opened with flags that do not go with that");
	fb = fpt_bind_backing(inode, NULL);
	if (!fb)
		return -ENODATA;
	err = fpt_iomode_open_on(inode, file, ff, fb);
	if (!err)
		ff->bound = true;
	return err;
}

int fpt_iomode_open(struct inode *inode, struct file *file, struct fpt_file *ff,
		    int backing_id)
{
	int err;

	if (!(ff->open_flags & FOPEN_DIRECT_IO))
		ff->open_flags &= ~FOPEN_PARALLEL_DIRECT_WRITES;

	if (ff->open_flags & FOPEN_PASSTHROUGH)
		return open_through(inode, file, ff, backing_id);
	if (ff->open_flags & FOPEN_DIRECT_IO)
		return open_direct(inode, ff);
	if (fpt_bound(inode)) {
		err = open_bound(inode, file, ff);
		if (err != -ENODATA)
			return err;
	}
	return open_cached(inode, ff);
}

void fpt_iomode_close(struct inode *inode, struct fpt_file *ff)
{
	switch (ff->io_held) {
	case FPT_HOLD_CACHED:
		drop_cached(inode);
		break;
	case FPT_HOLD_THROUGH:
	case FPT_HOLD_MAPPED:
		drop_through(inode, ff);
		break;
	}
	ff->io_held = FPT_HOLD_NONE;
}

int fpt_iomode_mmap_direct(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;
	bool forbidden;

	/* Two mmaps of one open: it holds one place. */
	spin_lock(&fn->lock);
	forbidden = io->through;
	if (!forbidden && ff->io_held != FPT_HOLD_CACHED) {
		io->cached++;
		WRITE_ONCE(ff->io_held, FPT_HOLD_CACHED);
	}
	spin_unlock(&fn->lock);
	if (!forbidden)
		return 0;

	forbid(inode, ff->open_flags,
	       "direct mmap, but the file is open in passthrough");
	return -ENODEV;
}

bool fpt_iomode_share_begin(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;
	bool shared;

	spin_lock(&fn->lock);
	shared = !io->cached && !io->waiting;
	if (shared)
		io->sharing++;
	spin_unlock(&fn->lock);

	return shared;
}

void fpt_iomode_share_end(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;

	spin_lock(&fn->lock);
	if (!--io->sharing && io->waiting)
		fpt_node_wake(fn);
	spin_unlock(&fn->lock);
}

bool fpt_iomode_through(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	bool through;

	spin_lock(&fn->lock);
	through = fn->io.through;
	spin_unlock(&fn->lock);

	return through;
}

struct fpt_backing *fpt_iomode_backing(struct inode *inode, u32 bit)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *fb;

	if (likely(!READ_ONCE(fn->io.backing)))
		return NULL;

	spin_lock(&fn->lock);
	fb = fn->io.backing;
	if (fb && (fb->flags & bit))
		fpt_backing_get(fb);
	else
		fb = NULL;
	spin_unlock(&fn->lock);

	return fb;
}

int fpt_iomode_mapped(struct inode *inode, struct fpt_file *ff)
{
	struct fpt_node *fn = fpt_node(inode);
	int err = 0;

	spin_lock(&fn->lock);
	if (ff->io_held != FPT_HOLD_MAPPED) {
		err = seals_keep_out(ff->back);
		if (!err) {
			ff->io_held = FPT_HOLD_MAPPED;
			WRITE_ONCE(fn->io.mappers, fn->io.mappers + 1);
		}
	}
	spin_unlock(&fn->lock);

	return err;
}

bool fpt_iomode_unseen(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_iomode *io = &fn->io;

	if (READ_ONCE(io->mappers))
		return true;
	if (likely(READ_ONCE(io->stray) == FPT_STRAY_NONE))
		return false;

	spin_lock(&fn->lock);
	if (io->stray == FPT_STRAY_ONCE ||
	    (io->backing && !maybe_mapped(io->backing->file))) {
		/* Not said again: stale until asked for, changed until told. */
		fn->stale_mask |= FPT_STAT_DATA;
		fn->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
		if (io->bound & FUSE_PT_BIND_WRITE_ATTR)
			set_bit(FPT_N_ATTR_DIRTY, &fn->bits);
		WRITE_ONCE(io->stray, FPT_STRAY_NONE);
	}
	spin_unlock(&fn->lock);

	return true;
}
