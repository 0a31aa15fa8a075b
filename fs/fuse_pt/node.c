// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes: where inodes come from, and how they go.
 */
#include "compat/compat.h"

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "acl.h"
#include "bind.h"
#include "conn.h"
#include "iomode.h"
#include "node.h"
#include "request.h"
#include "submount.h"
#include "writeback.h"

#define NODE_WAIT_BITS	6

static struct kmem_cache *node_cache;
static wait_queue_head_t node_waits[1 << NODE_WAIT_BITS];

wait_queue_head_t *fpt_node_wait(const struct fpt_node *fn)
{
	return &node_waits[hash_ptr(fn, NODE_WAIT_BITS)];
}

void fpt_node_wake(const struct fpt_node *fn)
{
	wait_queue_head_t *wait = fpt_node_wait(fn);

	if (wq_has_sleeper(wait))
		wake_up_all(wait);
}

struct inode *fpt_node_alloc(struct super_block *sb)
{
	struct fpt_node *fn = alloc_inode_sb(sb, node_cache, GFP_KERNEL);

	if (!fn)
		return NULL;

	fn->forget = fpt_forget_alloc(GFP_KERNEL_ACCOUNT);
	if (!fn->forget) {
		kmem_cache_free(node_cache, fn);
		return NULL;
	}

	fn->id = 0;
	fn->bits = 0;
	spin_lock_init(&fn->lock);
	fpt_attr_init(fn);
	return &fn->vfs;
}

void fpt_node_free(struct inode *inode)
{
	struct fpt_node *fn = fpt_node(inode);

	if (S_ISDIR(inode->i_mode))
		fpt_dircache_destroy(&fn->listing);
	if (fn->forget)
		fpt_forget_free(fn->forget);
	kmem_cache_free(node_cache, fn);
}

void fpt_node_evict(struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *fn = fpt_node(inode);

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);

	/* Before the server may give the id to another. */
	fpt_bind_last_attr(inode);
	fpt_bind_end(inode);

	/* The root is known without a lookup and never forgotten. */
	if (fn->id != FUSE_ROOT_ID && fn->forget &&
	    *fpt_forget_owed(fn->forget) && !fpt_conn_dead(conn)) {
		fpt_forget_queue(conn, fn->forget, fn->id,
				 *fpt_forget_owed(fn->forget));
		fn->forget = NULL;
	}
	/*
	 * A reply that was asked for before may tell of the file as it was
	 * before a write through this inode. With the inode gone, its epoch is
	 * too: remember the latest for all of them.
	 */
	if (inode->i_nlink)
		fpt_attr_note(conn, &conn->evict_epoch);
}

void fpt_node_mark_stale(struct inode *inode)
{
	set_bit(FPT_N_STALE, &fpt_node(inode)->bits);
	/* Pairs with that of who binds it: one of the two sees the other. */
	smp_mb__after_atomic();
	remove_inode_hash(inode);
	fpt_bind_end(inode);
}

static int node_has_id(struct inode *inode, void *id)
{
	return fpt_node(inode)->id == *(const u64 *)id;
}

static int node_set_id(struct inode *inode, void *id)
{
	fpt_node(inode)->id = *(const u64 *)id;
	return 0;
}

/* What @act made of the inode of @id in @sb, or -ENOENT. */
static int node_act(struct super_block *sb, u64 id, fpt_node_fn *act,
		    void *data)
{
	struct inode *inode = fpt_node_known(sb, id);
	int err;

	if (!inode)
		return -ENOENT;
	err = act(inode, data);
	iput(inode);
	return err;
}

/* Until one ends it; else the first error that is more than not to be there. */
static int node_act_all(struct fpt_conn *conn, u64 id, fpt_node_fn *act,
			void *data)
{
	struct fpt_submount *sub = NULL;
	int ret = -ENOENT, err;

	if (conn->sb)
		ret = node_act(conn->sb, id, act, data);
	while (ret <= 0 && (sub = fpt_submount_next(conn, sub))) {
		err = node_act(sub->sb, id, act, data);
		if (err > 0 || ret == -ENOENT)
			ret = err;
		else if (!ret && err != -ENOENT)
			ret = err;
	}
	fpt_submount_put(conn, sub);
	return min(ret, 0);
}

int fpt_node_act(struct fpt_conn *conn, u64 id, fpt_node_fn *act, void *data)
{
	int err;

	down_read(&conn->sb_lock);
	err = node_act_all(conn, id, act, data);
	up_read(&conn->sb_lock);
	return err;
}

/* What does not change as long as the node lives. */
static void node_become(struct inode *inode, u64 generation,
			const struct fuse_attr *attr)
{
	struct fpt_node *fn = fpt_node(inode);

	/* Times are the server's business. */
	inode->i_flags |= S_NOATIME | S_NOCMTIME;
	inode->i_generation = generation;
	inode->i_mode = attr->mode;
	fpt_acl_start(inode);

	switch (attr->mode & S_IFMT) {
	case S_IFREG:
		fpt_iomode_init(&fn->io);
		fpt_wb_init(&fn->wb);
		fpt_file_set_ops(inode);
		break;
	case S_IFDIR:
		fpt_dircache_init(&fn->listing);
		atomic64_set(&fn->names_told, 0);
		fn->bound_dir = NULL;
		fpt_dir_set_ops(inode);
		break;
	case S_IFLNK:
		fpt_link_set_ops(inode);
		break;
	default:
		inode->i_rdev = new_decode_dev(attr->rdev);
		fpt_special_set_ops(inode);
	}
}

/* Give the server back what it counted for an entry that found no inode. */
static void node_give_back(struct fpt_conn *conn, u64 id)
{
	if (id != FUSE_ROOT_ID)
		fpt_forget_queue(conn,
				 fpt_forget_alloc(GFP_KERNEL | __GFP_NOFAIL),
				 id, 1);
}

/* A submount's mountpoint: its node is the submount's root, see submount.c. */
static struct inode *node_new_mountpoint(struct super_block *sb, u64 id,
					 u64 generation,
					 const struct fuse_attr *attr)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	fpt_node(inode)->id = id;
	node_become(inode, generation, attr);
	inode->i_flags |= S_AUTOMOUNT;
	return inode;
}

/* What other inode than the one that it has can have the id of a root? */
static bool node_is_root(const struct inode *inode)
{
	const struct dentry *root = inode->i_sb->s_root;

	return fpt_inode_id(inode) == FUSE_ROOT_ID ||
	       (root && d_inode(root) == inode);
}

struct inode *fpt_node_root(struct super_block *sb, u64 id, u64 generation,
			    const struct fuse_attr *attr)
{
	struct inode *inode;

	inode = iget5_locked(sb, id, node_has_id, node_set_id, &id);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	node_become(inode, generation, attr);
	fpt_bind_born(inode);
	/* Good for no time: the server is asked at the first use. */
	fpt_attr_apply(inode, attr, 0, fpt_attr_epoch(sb->s_fs_info));
	unlock_new_inode(inode);
	return inode;
}

struct inode *fpt_node_find(struct super_block *sb, u64 id, u64 generation,
			    const struct fuse_attr *attr, u64 life, u64 epoch)
{
	struct fpt_conn *conn = sb->s_fs_info;
	struct fpt_node *fn;
	struct inode *inode;
	bool born;

	if (fpt_marks_submount(conn, attr)) {
		inode = node_new_mountpoint(sb, id, generation, attr);
		if (!inode) {
			node_give_back(conn, id);
			return ERR_PTR(-ENOMEM);
		}
		*fpt_forget_owed(fpt_node(inode)->forget) = 1;
		fpt_attr_apply(inode, attr, life, epoch);
		return inode;
	}

	for (;;) {
		inode = iget5_locked(sb, id, node_has_id, node_set_id, &id);
		if (!inode) {
			node_give_back(conn, id);
			return ERR_PTR(-ENOMEM);
		}
		born = inode_state_read_once(inode) & I_NEW;
		if (born) {
			node_become(inode, generation, attr);
			break;
		}
		if (inode->i_generation == (u32)generation &&
		    fpt_attr_same_type(inode, attr))
			break;
		/* The root cannot be replaced, so whoever differs is wrong. */
		if (node_is_root(inode)) {
			node_give_back(conn, id);
			iput(inode);
			return ERR_PTR(-EIO);
		}
		/* The server uses the id for another file now. */
		fpt_node_mark_stale(inode);
		iput(inode);
	}

	fn = fpt_node(inode);
	spin_lock(&fn->lock);
	++*fpt_forget_owed(fn->forget);
	spin_unlock(&fn->lock);

	if (born)
		fpt_bind_born(inode);
	if (born && epoch <= atomic64_read(&conn->evict_epoch))
		life = 0;
	fpt_attr_apply(inode, attr, life, epoch);
	if (born)
		unlock_new_inode(inode);
	return inode;
}

struct inode *fpt_node_known(struct super_block *sb, u64 id)
{
	return ilookup5(sb, id, node_has_id, &id);
}

/* The slab keeps what inode_init_once() sets up between two lives. */
static void node_construct(void *object)
{
	struct fpt_node *fn = object;

	inode_init_once(&fn->vfs);
}

int fpt_node_cache_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(node_waits); i++)
		init_waitqueue_head(&node_waits[i]);
	node_cache = kmem_cache_create("fpt_node", sizeof(struct fpt_node), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT |
				       SLAB_RECLAIM_ACCOUNT, node_construct);
	return node_cache ? 0 : -ENOMEM;
}

void fpt_node_cache_exit(void)
{
	kmem_cache_destroy(node_cache);
}
