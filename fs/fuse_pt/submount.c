// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submounts: superblocks of a connection beside the one that was mounted.
 *
 * A directory that the server marks is a mountpoint, and walking into it mounts
 * a superblock whose root has the same node id. umount(2) of what is above takes
 * it along, unless it is in use (MNT_SHRINKABLE); umount -f, an abort and the
 * end of the server end all superblocks of a connection.
 *
 * The mountpoint's inode is in no hash: where the server shows one file system
 * in two places, its root has one id and there are two mountpoints.
 */
#include "compat/compat.h"
#include "compat/mount.h"
#include "compat/sb_flags.h"

#include <linux/backing-dev.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include "conn.h"
#include "node.h"
#include "request.h"
#include "submount.h"
#include "super.h"

/* What a submount has from the mount above it, for writers and readers. */
#define SUBMOUNT_FLAGS	(SB_RDONLY | SB_SYNCHRONOUS | SB_DIRSYNC)

static struct workqueue_struct *submount_wq;

/* -------- all of a connection -------- */

struct fpt_submount *fpt_submount_of(struct super_block *sb)
{
	struct fpt_conn *conn = sb->s_fs_info;
	struct fpt_submount *sub, *found = NULL;

	spin_lock(&conn->submounts_lock);
	list_for_each_entry(sub, &conn->submounts, link) {
		if (sub->sb == sb) {
			found = sub;
			break;
		}
	}
	spin_unlock(&conn->submounts_lock);
	return found;
}

static void submount_unuse(struct fpt_conn *conn, struct fpt_submount *sub)
{
	lockdep_assert_held(&conn->submounts_lock);
	if (!--sub->users && sub->dying)
		wake_up_var(&sub->users);
}

struct fpt_submount *fpt_submount_next(struct fpt_conn *conn,
				       struct fpt_submount *sub)
{
	struct fpt_submount *next;

	/* Nearly all have none. */
	if (list_empty(&conn->submounts))
		return NULL;

	spin_lock(&conn->submounts_lock);
	next = list_prepare_entry(sub, &conn->submounts, link);
	list_for_each_entry_continue(next, &conn->submounts, link)
		if (!next->dying)
			break;
	if (list_entry_is_head(next, &conn->submounts, link))
		next = NULL;
	else
		next->users++;
	/* In use, it was listed: only now it may go. */
	if (sub)
		submount_unuse(conn, sub);
	spin_unlock(&conn->submounts_lock);
	return next;
}

void fpt_submount_put(struct fpt_conn *conn, struct fpt_submount *sub)
{
	if (!sub)
		return;
	spin_lock(&conn->submounts_lock);
	submount_unuse(conn, sub);
	spin_unlock(&conn->submounts_lock);
}

static bool submount_unused(struct fpt_conn *conn, struct fpt_submount *sub)
{
	bool unused;

	spin_lock(&conn->submounts_lock);
	unused = !sub->users;
	spin_unlock(&conn->submounts_lock);
	return unused;
}

/* -------- a new one -------- */

/* A second inode of the mountpoint's node, which counts no lookup of its own. */
static struct inode *submount_root(struct super_block *sb,
				   struct inode *mountpoint)
{
	const struct fuse_attr attr = {
		.ino = fpt_inode_ino(mountpoint),
		.mode = mountpoint->i_mode,
		.nlink = 1,
	};

	return fpt_node_root(sb, fpt_inode_id(mountpoint),
			     mountpoint->i_generation, &attr);
}

/* What INIT and mount options said of the superblock above holds here, too. */
static void submount_inherit(struct super_block *sb,
			     const struct super_block *above)
{
	sb->s_bdi = bdi_get(above->s_bdi);
	sb->s_blocksize = above->s_blocksize;
	sb->s_blocksize_bits = above->s_blocksize_bits;
	sb->s_time_gran = above->s_time_gran;
	sb->s_export_op = above->s_export_op;
	sb->s_stack_depth = above->s_stack_depth;
	if (!(above->s_iflags & SB_I_NOIDMAP))
		sb->s_iflags &= ~SB_I_NOIDMAP;
}

static int submount_fill(struct super_block *sb, struct inode *mountpoint)
{
	const struct super_block *above = mountpoint->i_sb;
	struct inode *root;

	fpt_super_set_identity(sb);
	submount_inherit(sb, above);
	if (above->s_subtype) {
		sb->s_subtype = kstrdup(above->s_subtype, GFP_KERNEL);
		if (!sb->s_subtype)
			return -ENOMEM;
	}
	root = submount_root(sb, mountpoint);
	if (IS_ERR(root))
		return PTR_ERR(root);
	return fpt_super_set_root(sb, root);
}

/* From here on fpt_submount_kill() takes back what was done. */
static void submount_list(struct fpt_submount *sub, struct super_block *sb,
			  struct inode *mountpoint)
{
	struct fpt_conn *conn = sb->s_fs_info;

	atomic_inc(&mountpoint->i_sb->s_active);
	ihold(mountpoint);
	sub->mountpoint = mountpoint;
	sub->sb = sb;
	spin_lock(&conn->submounts_lock);
	list_add_tail(&sub->link, &conn->submounts);
	spin_unlock(&conn->submounts_lock);
}

static int submount_get_tree(struct fs_context *fsc)
{
	struct inode *mountpoint = fsc->fs_private;
	struct fpt_submount *sub;
	struct super_block *sb;
	int err;

	sub = kzalloc_obj(*sub, GFP_KERNEL_ACCOUNT);
	if (!sub)
		return -ENOMEM;

	fsc->sb_flags |= mountpoint->i_sb->s_flags & SUBMOUNT_FLAGS;
	fsc->s_fs_info = fpt_conn_get(fpt_inode_conn(mountpoint));
	sb = sget_fc(fsc, NULL, set_anon_super_fc);
	if (IS_ERR(sb)) {
		fpt_conn_put(fsc->s_fs_info);
		fsc->s_fs_info = NULL;
		kfree(sub);
		return PTR_ERR(sb);
	}

	submount_list(sub, sb, mountpoint);
	err = submount_fill(sb, mountpoint);
	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	sb->s_flags |= SB_ACTIVE;
	fsc->root = dget(sb->s_root);
	return 0;
}

static const struct fs_context_operations submount_context_ops = {
	.get_tree	= submount_get_tree,
};

int fpt_submount_init_context(struct fs_context *fsc)
{
	fsc->ops = &submount_context_ops;
	return 0;
}

struct vfsmount *fpt_automount(struct path *path)
{
	struct inode *mountpoint = d_inode(path->dentry);
	struct fs_context *fsc;
	struct vfsmount *mnt;

	if (fpt_inode_stale(mountpoint))
		return ERR_PTR(-EIO);
	fsc = fs_context_for_submount(mountpoint->i_sb->s_type, path->dentry);
	if (IS_ERR(fsc))
		return ERR_CAST(fsc);

	fsc->fs_private = mountpoint;
	mnt = fc_mount(fsc);
	put_fs_context(fsc);
	return fpt_compat_automounted(mnt);
}

/* -------- the end -------- */

bool fpt_submount_try_hold(struct inode *inode, bool *holds_sb)
{
	struct super_block *sb = inode->i_sb;

	*holds_sb = sb != READ_ONCE(fpt_inode_conn(inode)->sb);
	if (unlikely(*holds_sb) && !atomic_inc_not_zero(&sb->s_active))
		return false;
	ihold(inode);
	return true;
}

bool fpt_submount_hold(struct inode *inode)
{
	bool holds_sb;

	WARN_ON_ONCE(!fpt_submount_try_hold(inode, &holds_sb));
	return holds_sb;
}

void fpt_submount_let_go(struct super_block *sb)
{
	deactivate_super(sb);
}

void fpt_submount_queue(struct work_struct *work)
{
	queue_work(submount_wq, work);
}

static void submount_leave(struct fpt_submount *sub)
{
	struct super_block *above = sub->mountpoint->i_sb;

	iput(sub->mountpoint);
	kfree(sub);
	deactivate_super(above);
}

static void submount_leave_work(struct work_struct *work)
{
	submount_leave(container_of(work, struct fpt_submount, work));
}

/*
 * No request is in flight that has an inode of it: those keep it. Notifications
 * may look at it, and no READ that they would wait for has pages of it.
 */
void fpt_submount_kill(struct fpt_submount *sub)
{
	struct super_block *sb = sub->sb;
	struct fpt_conn *conn = sb->s_fs_info;

	spin_lock(&conn->submounts_lock);
	sub->dying = true;
	spin_unlock(&conn->submounts_lock);
	wait_var_event(&sub->users, submount_unused(conn, sub));
	spin_lock(&conn->submounts_lock);
	list_del(&sub->link);
	spin_unlock(&conn->submounts_lock);

	kill_anon_super(sb);

	if (sub->mountpoint->i_sb == READ_ONCE(conn->sb)) {
		submount_leave(sub);
	} else {
		INIT_WORK(&sub->work, submount_leave_work);
		fpt_submount_queue(&sub->work);
	}
	fpt_conn_put(conn);
}

int fpt_submount_init(void)
{
	submount_wq = alloc_workqueue("fpt_submount", WQ_UNBOUND, 0);
	return submount_wq ? 0 : -ENOMEM;
}

void fpt_submount_exit(void)
{
	destroy_workqueue(submount_wq);
}
