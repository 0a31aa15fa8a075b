// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications: which there are, and those about nodes and names.
 */
#include "compat/compat.h"

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "conn.h"
#include "dev.h"
#include "dir.h"
#include "dircache.h"
#include "node.h"
#include "notify.h"
#include "poll.h"
#include "writeback.h"

/* Node ids that are copied at one go. */
#define NOTIFY_BATCH	64

/* What every notification of a kind begins with. */
union notify_head {
	struct fuse_notify_poll_wakeup_out	poll;
	struct fuse_notify_inval_inode_out	inode;
	struct fuse_notify_inval_entry_out	entry;
	struct fuse_notify_delete_out		removed;
	struct fuse_notify_store_out		store;
	struct fuse_notify_retrieve_out		retrieve;
	struct fuse_notify_prune_out		prune;
};

/* -------- nodes -------- */

/*
 * A folio is locked for as long as READ fills it, and the server that is waited
 * for may be the one that waits here. Dropping a folio waits for its lock
 * without an end: so wait before, where a kill helps.
 */
static int pages_wait_filled(struct address_space *mapping, pgoff_t first,
			     pgoff_t last)
{
	struct folio_batch batch;
	unsigned int i;
	int err = 0;

	folio_batch_init(&batch);
	while (!err && filemap_get_folios(mapping, &first, last, &batch)) {
		for (i = 0; !err && i < folio_batch_count(&batch); i++)
			err = folio_wait_locked_killable(batch.folios[i]);
		folio_batch_release(&batch);
		cond_resched();
	}
	return err;
}

/*
 * A length that is not positive, or too large, reaches to the end. What was dirty
 * is at the server when this ends: it may give the file to somebody else then. A
 * page that is in use again meanwhile is as good as one that was read since.
 */
static int pages_drop(struct inode *inode, loff_t off, loff_t len)
{
	struct address_space *mapping = inode->i_mapping;
	pgoff_t first = off >> PAGE_SHIFT;
	pgoff_t last = ULONG_MAX;
	loff_t start = (loff_t)first << PAGE_SHIFT;
	loff_t end;
	int err;

	if (off > MAX_LFS_FILESIZE)
		return 0;
	if (len > 0 && !check_add_overflow(off, len - 1, &end) &&
	    end <= MAX_LFS_FILESIZE)
		last = end >> PAGE_SHIFT;
	end = last == ULONG_MAX ? LLONG_MAX :
				  ((loff_t)(last + 1) << PAGE_SHIFT) - 1;

	if (mapping->nrpages) {
		err = pages_wait_filled(mapping, first, last);
		if (err)
			return err;
		err = invalidate_inode_pages2_range(mapping, first, last);
		/* One in use hides that another could not be written. */
		if (err == -EBUSY)
			err = filemap_fdatawrite_range(mapping, start, end);
		if (err == -ENOMEM)
			return err;
	}
	if (!S_ISREG(inode->i_mode))
		return 0;
	return fpt_wb_wait_copies(inode, start, end);
}

static int inval_node(struct inode *inode, void *data)
{
	const struct fuse_notify_inval_inode_out *out = data;

	fpt_attr_stale(inode, FPT_STAT_ALL);
	/* A negative offset means the attributes alone. */
	if (out->off < 0)
		return 0;
	/* An answer that is under way is of the old listing, too. */
	if (S_ISDIR(inode->i_mode))
		fpt_dircache_drop(inode);
	return pages_drop(inode, out->off, out->len);
}

static int notify_inval_inode(struct fpt_conn *conn,
			      const union notify_head *head,
			      struct iov_iter *from)
{
	struct fuse_notify_inval_inode_out out = head->inode;

	return fpt_node_act(conn, out.ino, inval_node, &out);
}

static int prune_node(struct inode *inode, void *data)
{
	d_prune_aliases(inode);
	return 0;
}

/* Let go of nodes that nobody uses. Not to know one is as good. */
static int notify_prune(struct fpt_conn *conn, const union notify_head *head,
			struct iov_iter *from)
{
	u64 left = head->prune.count;
	u64 ids[NOTIFY_BATCH];
	size_t nr, i;

	if (iov_iter_count(from) != left * sizeof(*ids))
		return -EINVAL;

	for (; left; left -= nr) {
		nr = min_t(u64, left, ARRAY_SIZE(ids));
		if (copy_from_iter(ids, nr * sizeof(*ids), from) !=
		    nr * sizeof(*ids))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;

		for (i = 0; i < nr; i++)
			fpt_node_act(conn, ids[i], prune_node, NULL);
		cond_resched();
	}
	return 0;
}

/* -------- names -------- */

/**
 * struct told_name - a name that is not what it was
 * @parent: node id of its directory
 * @child: node id that was removed under it, or 0
 * @keep: what it leads to may still be right: only ask again
 * @len: of @text
 * @text: the name, NUL-terminated
 */
struct told_name {
	u64	parent;
	u64	child;
	bool	keep;
	u32	len;
	char	*text;
};

/* The rest of the message is a name and its NUL. */
static char *take_text(const struct fpt_conn *conn, struct iov_iter *from,
		       u32 len)
{
	char *text;
	int err;

	if (len > conn->name_max)
		return ERR_PTR(-ENAMETOOLONG);
	if (!len || iov_iter_count(from) != len + 1)
		return ERR_PTR(-EINVAL);

	text = kmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return ERR_PTR(-ENOMEM);
	err = -EFAULT;
	if (copy_from_iter(text, len + 1, from) != len + 1)
		goto free;
	err = -EINVAL;
	if (strnlen(text, len + 1) != len || strchr(text, '/'))
		goto free;
	return text;
free:
	kfree(text);
	return ERR_PTR(err);
}

static struct dentry *find_entry(struct inode *dir, const struct told_name *told)
{
	struct qstr name = QSTR_INIT(told->text, told->len);
	struct dentry *parent = d_find_alias(dir);
	struct dentry *entry;

	if (!parent)
		return NULL;
	name.hash = full_name_hash(parent, name.name, name.len);
	entry = d_lookup(parent, &name);
	dput(parent);
	return entry;
}

/*
 * The directory is gone at the server: nothing is made or looked up in it from
 * here on. Its own lock is waited for, which calls in it may hold; files in it
 * that are open keep it.
 */
static int bury_dir(struct dentry *entry, struct inode *inode)
{
	int err = 0;

	if (down_write_killable(&inode->i_rwsem))
		return -EINTR;
	if (d_mountpoint(entry)) {
		err = -EBUSY;
	} else if (!simple_empty(entry)) {
		err = -ENOTEMPTY;
	} else {
		inode->i_flags |= S_DEAD;
		dont_mount(entry);
	}
	inode_unlock(inode);
	return err;
}

/* The name is taken back already; what it led to is no more. */
static int bury_node(struct dentry *entry, u64 id)
{
	struct inode *inode = d_inode(entry);
	int err = 0;

	if (!inode)
		return 0;
	if (fpt_inode_id(inode) != id)
		return -ENOENT;
	if (S_ISDIR(inode->i_mode))
		err = bury_dir(entry, inode);
	else if (d_mountpoint(entry))
		err = -EBUSY;
	else
		dont_mount(entry);
	if (!err)
		fpt_node_unlinked(inode);
	return err;
}

static int dir_take_back(struct inode *dir, void *data)
{
	const struct told_name *told = data;
	struct dentry *entry;
	int err = 0;

	if (!S_ISDIR(dir->i_mode))
		return -ENOTDIR;

	/* Before the search, for lookups that are under way. */
	fpt_entry_taken_back(dir);
	/* It may have the name without anyone having looked it up. */
	fpt_dircache_drop(dir);
	entry = find_entry(dir, told);
	if (!entry)
		return -ENOENT;

	fpt_dir_changed(dir);
	fpt_entry_expire(entry);
	if (!told->keep)
		d_invalidate(entry);
	if (told->child)
		err = bury_node(entry, told->child);
	dput(entry);
	return err;
}

static int take_back(struct fpt_conn *conn, struct told_name *told,
		     struct iov_iter *from)
{
	int err;

	told->text = take_text(conn, from, told->len);
	if (IS_ERR(told->text))
		return PTR_ERR(told->text);

	err = fpt_node_act(conn, told->parent, dir_take_back, told);
	kfree(told->text);
	return err;
}

static int notify_inval_entry(struct fpt_conn *conn,
			      const union notify_head *head,
			      struct iov_iter *from)
{
	struct told_name told = {
		.parent = head->entry.parent,
		.len = head->entry.namelen,
		.keep = head->entry.flags & FUSE_EXPIRE_ONLY,
	};

	return take_back(conn, &told, from);
}

static int notify_delete(struct fpt_conn *conn, const union notify_head *head,
			 struct iov_iter *from)
{
	struct told_name told = {
		.parent = head->removed.parent,
		.child = head->removed.child,
		.len = head->removed.namelen,
	};

	return take_back(conn, &told, from);
}

static int notify_inc_epoch(struct fpt_conn *conn,
			    const union notify_head *head,
			    struct iov_iter *from)
{
	fpt_entry_all_taken_back(conn);
	return 0;
}

/* -------- data and requests -------- */

static int notify_poll(struct fpt_conn *conn, const union notify_head *head,
		       struct iov_iter *from)
{
	fpt_poll_wake(conn, head->poll.kh);
	return 0;
}

/* Bytes of STORE whose memory is made to be there at one go. */
#define STORE_AHEAD	(16 * PAGE_SIZE)

/**
 * struct told_store - what a file has
 * @pos: where the next of it goes
 * @end: where all of it ends; 0 once the file is as long
 * @from: its content from @pos on
 * @done: bytes of @from that can be had, and after a round every inode has
 */
struct told_store {
	loff_t			pos;
	loff_t			end;
	struct iov_iter		*from;
	size_t			done;
};

static int store_node(struct inode *inode, void *data)
{
	struct told_store *told = data;
	struct iov_iter from = *told->from;
	ssize_t done;

	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	iov_iter_truncate(&from, told->done);
	done = fpt_store(inode, told->pos, told->end, &from);
	if (done < 0)
		return done;
	told->done = done;
	return 0;
}

static int notify_store(struct fpt_conn *conn, const union notify_head *head,
			struct iov_iter *from)
{
	const struct fuse_notify_store_out *out = &head->store;
	struct told_store told = { .pos = out->offset, .from = from };
	int err;

	if (iov_iter_count(from) != out->size ||
	    out->offset > MAX_LFS_FILESIZE ||
	    out->size > MAX_LFS_FILESIZE - out->offset)
		return -EINVAL;

	told.end = out->offset + out->size;
	do {
		/*
		 * Here may fault what must not fault later: all of it, or never.
		 * How long that takes is up to whose memory it is, so umount must
		 * not have to wait for it.
		 */
		told.done = min_t(size_t, iov_iter_count(from), STORE_AHEAD);
		if (fault_in_iov_iter_readable(from, told.done))
			return -EFAULT;
		err = fpt_node_act(conn, out->nodeid, store_node, &told);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		told.pos += told.done;
		told.end = 0;
		iov_iter_advance(from, told.done);
		cond_resched();
	} while (iov_iter_count(from));
	return 0;
}

/**
 * struct told_ask - what a file is asked for
 * @conn: connection
 * @head: which part
 */
struct told_ask {
	struct fpt_conn			*conn;
	const union notify_head		*head;
};

/* One of them answers for all. */
static int retrieve_node(struct inode *inode, void *data)
{
	const struct told_ask *told = data;
	int err = -EINVAL;

	if (S_ISREG(inode->i_mode))
		err = fpt_retrieve(told->conn, inode, &told->head->retrieve);
	return err ? err : 1;
}

static int notify_retrieve(struct fpt_conn *conn, const union notify_head *head,
			   struct iov_iter *from)
{
	const struct fuse_notify_retrieve_out *out = &head->retrieve;
	struct told_ask told = { .conn = conn, .head = head };

	if (out->offset > MAX_LFS_FILESIZE)
		return -EINVAL;

	return fpt_node_act(conn, out->nodeid, retrieve_node, &told);
}

static int notify_resend(struct fpt_conn *conn, const union notify_head *head,
			 struct iov_iter *from)
{
	fpt_dev_resend(conn);
	return 0;
}

/* -------- the table -------- */

/*
 * len		bytes that it begins with
 * more		something follows, and @act knows how much it has to be
 * act		may sleep; no lock is held
 */
static const struct {
	size_t	len;
	bool	more;
	int	(*act)(struct fpt_conn *conn, const union notify_head *head,
		       struct iov_iter *from);
} notify_kinds[] = {
	[FUSE_NOTIFY_POLL] = {
		sizeof(struct fuse_notify_poll_wakeup_out), false, notify_poll
	},
	[FUSE_NOTIFY_INVAL_INODE] = {
		sizeof(struct fuse_notify_inval_inode_out), false,
		notify_inval_inode
	},
	[FUSE_NOTIFY_INVAL_ENTRY] = {
		sizeof(struct fuse_notify_inval_entry_out), true,
		notify_inval_entry
	},
	[FUSE_NOTIFY_STORE] = {
		sizeof(struct fuse_notify_store_out), true, notify_store
	},
	[FUSE_NOTIFY_RETRIEVE] = {
		sizeof(struct fuse_notify_retrieve_out), false, notify_retrieve
	},
	[FUSE_NOTIFY_DELETE] = {
		sizeof(struct fuse_notify_delete_out), true, notify_delete
	},
	[FUSE_NOTIFY_RESEND] = { 0, false, notify_resend },
	[FUSE_NOTIFY_INC_EPOCH] = { 0, false, notify_inc_epoch },
	[FUSE_NOTIFY_PRUNE] = {
		sizeof(struct fuse_notify_prune_out), true, notify_prune
	},
};

int fpt_notify(struct fpt_conn *conn, s32 code, struct iov_iter *from)
{
	size_t count = iov_iter_count(from);
	union notify_head head;
	size_t len;

	/* Pairs with the release in fpt_queue_live(): what INIT agreed on. */
	if (smp_load_acquire(&conn->state) != FPT_CONN_LIVE)
		return -EINVAL;
	if (code <= 0 || code >= ARRAY_SIZE(notify_kinds) ||
	    !notify_kinds[code].act)
		return -EINVAL;

	len = notify_kinds[code].len;
	if (count < len || (count > len && !notify_kinds[code].more))
		return -EINVAL;
	if (copy_from_iter(&head, len, from) != len)
		return -EFAULT;
	return notify_kinds[code].act(conn, &head, from);
}
