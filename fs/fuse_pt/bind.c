// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bindings: from a node id to the backing file that all opens of the inode use.
 *
 * A binding waits in its connection's tree until the inode is born, which can
 * be before or after; it then holds one of the inode's places in passthrough
 * (iomode.h), so that nobody can open it otherwise. Who makes an inode first
 * shows it and then looks for a binding, who makes a binding first shows it and
 * then looks for the inode: one of the two sees the other, and the tree's lock
 * lets only one take it.
 *
 * What waits goes when the server reads a FORGET of its node id: then whatever
 * it waited for will not come.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "bind.h"
#include "conn.h"
#include "iomode.h"
#include "lower.h"
#include "node.h"

/* Of directories. */
#define BIND_DIR_FLAGS	(FUSE_PT_BIND_EXCL | FUSE_PT_BIND_GONE)
#define BIND_FLAGS	(FUSE_PT_BIND_WRITE_ATTR | FUSE_PT_BIND_ATTR | \
			 FUSE_PT_BIND_NO_HANDLE | FUSE_PT_BIND_SETATTR | \
			 BIND_DIR_FLAGS)

/**
 * struct fpt_bind - a node id and the file that backs it
 * @link: in fpt_binds.tree
 * @node: node id
 * @flags: FUSE_PT_BIND_*
 * @backing: referenced
 * @owner: the inode's node, or NULL as long as it is not there; the inode
 *	outlives this, as its eviction ends the binding
 *
 * Owned by the tree, all of it under the tree's lock.
 */
struct fpt_bind {
	struct rb_node		link;
	u64			node;
	u32			flags;
	struct fpt_backing	*backing;
	struct fpt_node		*owner;
};

void fpt_binds_init(struct fpt_binds *binds)
{
	spin_lock_init(&binds->lock);
	binds->tree = RB_ROOT;
	binds->waiting = 0;
}

static int refuse(u64 node, const char *rule, int err)
{
	pr_debug("node %llu cannot be bound: %s (%d)\n", node, rule, err);
	return err;
}

/* -------- the tree -------- */

static struct fpt_bind *tree_find(const struct fpt_binds *binds, u64 node)
{
	struct rb_node *at = binds->tree.rb_node;
	struct fpt_bind *bind;

	lockdep_assert_held(&binds->lock);
	while (at) {
		bind = rb_entry(at, struct fpt_bind, link);
		if (node == bind->node)
			return bind;
		at = node < bind->node ? at->rb_left : at->rb_right;
	}
	return NULL;
}

/* The one with the least node id above @node, or NULL. */
static struct fpt_bind *tree_above(const struct fpt_binds *binds, u64 node)
{
	struct rb_node *at = binds->tree.rb_node;
	struct fpt_bind *bind, *least = NULL;

	lockdep_assert_held(&binds->lock);
	while (at) {
		bind = rb_entry(at, struct fpt_bind, link);
		if (bind->node > node) {
			least = bind;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return least;
}

/* Return: what is there under that node id already, or NULL. */
static struct fpt_bind *tree_add(struct fpt_binds *binds, struct fpt_bind *bind)
{
	struct rb_node **at = &binds->tree.rb_node, *above = NULL;
	struct fpt_bind *other;

	lockdep_assert_held(&binds->lock);
	while (*at) {
		above = *at;
		other = rb_entry(above, struct fpt_bind, link);
		if (bind->node == other->node)
			return other;
		at = bind->node < other->node ? &above->rb_left :
						&above->rb_right;
	}
	rb_link_node(&bind->link, above, at);
	rb_insert_color(&bind->link, &binds->tree);
	WRITE_ONCE(binds->waiting, binds->waiting + 1);
	return NULL;
}

/* -------- an inode is bound, and is not -------- */

static bool bind_is_dir(const struct fpt_bind *bind)
{
	return S_ISDIR(file_inode(bind->backing->file)->i_mode);
}

static bool is_bound(const struct inode *inode)
{
	return fpt_bound(inode) || fpt_dir_bound(inode);
}

static void set_bound_dir(struct inode *dir, struct fpt_backing *fb, u32 flags)
{
	struct fpt_node *fn = fpt_node(dir);

	spin_lock(&fn->lock);
	WRITE_ONCE(fn->bound_dir, fb);
	assign_bit(FPT_N_BIND_EXCL, &fn->bits, flags & FUSE_PT_BIND_EXCL);
	assign_bit(FPT_N_BIND_GONE, &fn->bits, flags & FUSE_PT_BIND_GONE);
	spin_unlock(&fn->lock);
}

/* Return: NULL; or the rule that forbids it, and @err. */
static const char *hold_inode(struct inode *inode, const struct fpt_bind *bind,
			      int *err)
{
	*err = -EINVAL;
	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode))
		return "it is neither a regular file nor a directory";
	if (bind_is_dir(bind) != S_ISDIR(inode->i_mode))
		return "of it and its backing file only one is a directory";
	if (S_ISDIR(inode->i_mode)) {
		set_bound_dir(inode, bind->backing, bind->flags);
		return NULL;
	}
	*err = -EBUSY;
	return fpt_iomode_bind(inode, bind->backing, FPT_BOUND | bind->flags);
}

static void let_go_inode(struct inode *inode)
{
	if (S_ISDIR(inode->i_mode))
		set_bound_dir(inode, NULL, 0);
	else
		fpt_iomode_unbind(inode);
}

/* The binding is the caller's from here on, and nobody else's. */
static void tree_take(struct fpt_binds *binds, struct fpt_bind *bind)
{
	lockdep_assert_held(&binds->lock);
	rb_erase(&bind->link, &binds->tree);
	if (bind->owner)
		let_go_inode(&bind->owner->vfs);
	else
		WRITE_ONCE(binds->waiting, binds->waiting - 1);
}

/* No lock is held: the last reference to a file may go. */
static void bind_free(struct fpt_bind *bind)
{
	fpt_backing_put(bind->backing);
	kfree(bind);
}

void fpt_binds_destroy(struct fpt_conn *conn)
{
	struct fpt_binds *binds = &conn->binds;
	struct fpt_bind *bind;
	struct rb_node *first;

	for (;;) {
		bind = NULL;
		spin_lock(&binds->lock);
		first = rb_first(&binds->tree);
		if (first) {
			bind = rb_entry(first, struct fpt_bind, link);
			tree_take(binds, bind);
		}
		spin_unlock(&binds->lock);
		if (!bind)
			return;
		bind_free(bind);
		cond_resched();
	}
}

/* -------- binding -------- */

/* Give the binding that waits for the inode to it; if that cannot be, drop it. */
static int bind_claim(struct fpt_conn *conn, struct inode *inode)
{
	struct fpt_binds *binds = &conn->binds;
	struct fpt_bind *bind;
	const char *rule;
	int err;

	spin_lock(&binds->lock);
	bind = tree_find(binds, fpt_inode_id(inode));
	/* An inode that is of no use leaves it to the next one of its id. */
	if (!bind || bind->owner || fpt_inode_stale(inode)) {
		spin_unlock(&binds->lock);
		return 0;
	}
	rule = hold_inode(inode, bind, &err);
	if (rule) {
		tree_take(binds, bind);
	} else {
		bind->owner = fpt_node(inode);
		WRITE_ONCE(binds->waiting, binds->waiting - 1);
		bind = NULL;
	}
	spin_unlock(&binds->lock);

	if (!bind) {
		/* Pairs with that of fpt_node_mark_stale(). */
		smp_mb();
		if (unlikely(fpt_inode_stale(inode)))
			fpt_bind_end(inode);
		return 0;
	}
	refuse(bind->node, rule, err);
	bind_free(bind);
	return err;
}

void fpt_bind_born(struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);

	/* Pairs with that of bind_add(). */
	smp_mb();
	if (unlikely(READ_ONCE(conn->binds.waiting)))
		bind_claim(conn, inode);
}

/* Show it. Return: 0; 1 if there is one like it already; or -EBUSY. */
static int bind_add(struct fpt_conn *conn, struct fpt_bind *bind)
{
	struct fpt_binds *binds = &conn->binds;
	struct fpt_bind *other;
	int err = 0;

	spin_lock(&binds->lock);
	other = tree_add(binds, bind);
	if (other && other->flags == bind->flags &&
	    fpt_backing_same(other->backing, bind->backing))
		err = 1;
	else if (other)
		err = -EBUSY;
	spin_unlock(&binds->lock);
	/* Pairs with that of fpt_bind_born(). */
	smp_mb();
	return err;
}

static int bind_node(struct inode *inode, void *data)
{
	int err = bind_claim(fpt_inode_conn(inode), inode);

	if (!err && S_ISREG(inode->i_mode))
		fpt_attr_stale(inode, fpt_bound_stat(inode));
	return err;
}

/* Is there an inode that waits for it? */
static int bind_known(struct fpt_conn *conn, u64 node)
{
	int err = fpt_node_act(conn, node, bind_node, NULL);

	return err == -ENOENT ? 0 : err;
}

static int bind_check(const struct fpt_conn *conn,
		      const struct fuse_pt_bind *args)
{
	if (!fpt_has(conn, FPT_F_PASSTHROUGH))
		return refuse(args->nodeid,
			      "INIT did not agree on FUSE_PASSTHROUGH", -EPERM);
	if (args->flags & ~BIND_FLAGS)
		return refuse(args->nodeid, "unknown bits in flags", -EINVAL);
	if ((args->flags & FUSE_PT_BIND_SETATTR) &&
	    !(args->flags & FUSE_PT_BIND_ATTR))
		return refuse(args->nodeid,
			      "FUSE_PT_BIND_SETATTR without FUSE_PT_BIND_ATTR",
			      -EINVAL);
	if (args->padding[0] || args->padding[1])
		return refuse(args->nodeid, "padding is not zero", -EINVAL);
	if (!args->nodeid)
		return refuse(args->nodeid, "it names no file", -EINVAL);
	return 0;
}

/* What only can be said when the backing file is known. */
static int bind_check_kind(const struct fpt_bind *bind)
{
	if (bind_is_dir(bind) && (bind->flags & ~BIND_DIR_FLAGS))
		return refuse(bind->node, "flags of files for a directory",
			      -EINVAL);
	if ((bind->flags & BIND_DIR_FLAGS) == FUSE_PT_BIND_GONE)
		return refuse(bind->node, "GONE without EXCL", -EINVAL);
	if (!bind_is_dir(bind) && (bind->flags & BIND_DIR_FLAGS))
		return refuse(bind->node, "flags of directories for a file",
			      -EINVAL);
	if (!bind_is_dir(bind) && bind->node == FUSE_ROOT_ID)
		return refuse(bind->node, "the root is no regular file",
			      -EINVAL);
	return 0;
}

int fpt_bind(struct fpt_conn *conn, const struct fuse_pt_bind *args)
{
	struct fpt_bind *bind;
	int err;

	err = bind_check(conn, args);
	if (err)
		return err;
	bind = kzalloc_obj(*bind, GFP_KERNEL_ACCOUNT);
	if (!bind)
		return -ENOMEM;
	bind->node = args->nodeid;
	bind->flags = args->flags;
	if (args->backing_id > 0)
		bind->backing = fpt_backing_find(conn, args->backing_id);
	if (!bind->backing) {
		kfree(bind);
		return refuse(args->nodeid, "nothing has that backing id",
			      -ENOENT);
	}

	err = bind_check_kind(bind);
	if (!err)
		err = bind_add(conn, bind);
	if (err)
		bind_free(bind);
	if (err > 0)
		return 0;
	if (err == -EBUSY)
		return refuse(args->nodeid, "it is bound otherwise", err);
	if (err)
		return err;

	err = bind_known(conn, args->nodeid);
	/* Who ends the connection ends bindings, once, after the end. */
	if (fpt_conn_dead(conn)) {
		fpt_binds_destroy(conn);
		return -ENOTCONN;
	}
	return err;
}

/* -------- the end -------- */

/* The binding of @node if it is @owner's; NULL: if it waits for one. */
static struct fpt_bind *bind_take(struct fpt_binds *binds, u64 node,
				  const struct fpt_node *owner)
{
	struct fpt_bind *bind;

	spin_lock(&binds->lock);
	bind = tree_find(binds, node);
	if (bind && bind->owner == owner)
		tree_take(binds, bind);
	else
		bind = NULL;
	spin_unlock(&binds->lock);
	return bind;
}

static int unbind_node(struct inode *inode, void *data)
{
	struct fpt_bind **bind = data;
	u32 bound = fpt_bound(inode), stat = fpt_bound_stat(inode);

	/* The node's inode in another superblock may be the bound one. */
	if (!is_bound(inode))
		return 0;
	/* One that is about to go tells the server, and ends it itself. */
	if ((bound & FUSE_PT_BIND_WRITE_ATTR) && !fpt_bind_write_attr(inode))
		return 1;
	*bind = bind_take(&fpt_inode_conn(inode)->binds, fpt_inode_id(inode),
			  fpt_node(inode));
	/* The server's word counts again. */
	if (stat)
		fpt_attr_stale(inode, stat);
	return 0;
}

int fpt_unbind(struct fpt_conn *conn, u64 node)
{
	struct fpt_bind *bind = NULL;

	if (!fpt_has(conn, FPT_F_PASSTHROUGH))
		return -EPERM;

	fpt_node_act(conn, node, unbind_node, &bind);
	if (!bind)
		bind = bind_take(&conn->binds, node, NULL);
	if (!bind)
		return -ENOENT;
	bind_free(bind);
	return 0;
}

static void bind_drop(struct fpt_binds *binds, u64 node,
		      const struct fpt_node *owner)
{
	struct fpt_bind *bind = bind_take(binds, node, owner);

	if (bind)
		bind_free(bind);
}

void fpt_bind_end(struct inode *inode)
{
	if (is_bound(inode))
		bind_drop(&fpt_inode_conn(inode)->binds, fpt_inode_id(inode),
			  fpt_node(inode));
}

void fpt_bind_forgotten(struct fpt_conn *conn, u64 node)
{
	if (unlikely(READ_ONCE(conn->binds.waiting)))
		bind_drop(&conn->binds, node, NULL);
}

/* The first inode behind node id @node that has to tell the server something. */
static struct inode *bind_telling(struct fpt_binds *binds, u64 *node)
{
	struct inode *inode = NULL;
	struct fpt_bind *bind;

	spin_lock(&binds->lock);
	while (!inode && (bind = tree_above(binds, *node))) {
		*node = bind->node;
		if (bind->owner && (bind->flags & FUSE_PT_BIND_WRITE_ATTR))
			inode = igrab(&bind->owner->vfs);
	}
	spin_unlock(&binds->lock);
	return inode;
}

void fpt_binds_write_attr(struct fpt_conn *conn)
{
	struct inode *inode;
	u64 node = 0;

	while ((inode = bind_telling(&conn->binds, &node))) {
		fpt_bind_write_attr(inode);
		iput(inode);
		cond_resched();
	}
}

/* -------- what a bound inode does without the server -------- */

struct fpt_backing *fpt_bind_backing(struct inode *inode, u32 *flags)
{
	struct fpt_node *fn = fpt_node(inode);
	struct fpt_backing *fb = NULL;

	spin_lock(&fn->lock);
	if (S_ISDIR(inode->i_mode)) {
		if (fn->bound_dir)
			fb = fpt_backing_get(fn->bound_dir);
	} else if (fn->io.bound) {
		fb = fpt_backing_get(fn->io.bound_to);
	}
	if (flags)
		*flags = fpt_bound(inode);
	spin_unlock(&fn->lock);
	return fb;
}

bool fpt_bind_no_handle(struct fpt_conn *conn, u64 node)
{
	struct fpt_binds *binds = &conn->binds;
	struct fpt_bind *bind;
	bool found;

	/* What the reply is about was bound before it was written. */
	if (!READ_ONCE(binds->tree.rb_node))
		return false;
	spin_lock(&binds->lock);
	bind = tree_find(binds, node);
	found = bind && (bind->flags & FUSE_PT_BIND_NO_HANDLE);
	spin_unlock(&binds->lock);
	return found;
}

int fpt_bind_pull_from(struct inode *inode, const struct fpt_backing *fb,
		       unsigned int flags, struct kstat *told)
{
	struct kstat own, *stat = told ?: &own;
	u64 epoch;
	int err;

	epoch = fpt_attr_epoch(fpt_inode_conn(inode));
	err = fpt_lower_getattr(fb->file, fb->cred, stat, STATX_BASIC_STATS,
				flags & AT_STATX_SYNC_TYPE);
	/* That is ours to say, about the binding. */
	if (err == -ENODATA)
		return -EIO;
	if (!err && !fpt_attr_take_below(inode, fb, stat, epoch))
		err = -ENODATA;
	return err;
}

int fpt_bind_pull(struct inode *inode, unsigned int flags, struct kstat *told)
{
	struct fpt_backing *fb = fpt_bind_backing(inode, NULL);
	int err;

	if (!fb)
		return -ENODATA;
	err = fpt_bind_pull_from(inode, fb, flags, told);
	fpt_backing_put(fb);
	return err;
}
