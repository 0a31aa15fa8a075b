// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backing files: registering them, finding them, giving them up.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "conn.h"

void fpt_backings_init(struct fpt_backings *b)
{
	xa_init_flags(&b->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	b->next = 0;
}

/* Take @id out of the table; the table's reference goes to nobody. */
static int drop_entry(struct fpt_backings *b, unsigned long id)
{
	struct fpt_backing *fb = xa_erase(&b->ids, id);

	if (!fb)
		return -ENOENT;
	fpt_backing_put(fb);
	return 0;
}

void fpt_backings_destroy(struct fpt_backings *b)
{
	struct fpt_backing *fb;
	unsigned long id;

	xa_for_each(&b->ids, id, fb)
		drop_entry(b, id);
}

struct fpt_backing *fpt_backing_get(struct fpt_backing *fb)
{
	refcount_inc(&fb->refs);
	return fb;
}

void fpt_backing_put(struct fpt_backing *fb)
{
	if (!refcount_dec_and_test(&fb->refs))
		return;

	fput(fb->file);
	put_cred(fb->cred);
	kfree_rcu(fb, rcu);
}

struct fpt_backing *fpt_backing_find(struct fpt_conn *conn, int id)
{
	struct fpt_backing *fb;

	rcu_read_lock();
	fb = xa_load(&conn->backings.ids, id);
	if (fb && !refcount_inc_not_zero(&fb->refs))
		fb = NULL;
	rcu_read_unlock();

	return fb;
}

static int refuse(const char *rule, int fd, int err)
{
	pr_debug("fd %d cannot back files: %s (%d)\n", fd, rule, err);
	return err;
}

/* May files of @conn be backed by @file at all? */
static int check_file(const struct fpt_conn *conn, struct file *file, int fd)
{
	const struct inode *inode = file_inode(file);

	if (S_ISDIR(inode->i_mode))
		return refuse("it is a directory", fd, -EISDIR);
	if (!S_ISREG(inode->i_mode))
		return refuse("it is not a regular file", fd, -EINVAL);
	/* Not file->f_op: a descriptor opened with O_PATH has none. */
	if (!inode->i_fop->read_iter)
		return refuse("its file system cannot read into iterators", fd,
			      -EOPNOTSUPP);
	if (inode->i_sb == READ_ONCE(conn->sb))
		return refuse("it is a file of this mount", fd, -ELOOP);
	if (inode->i_sb->s_stack_depth >= conn->max_stack_depth)
		return refuse("its file system is stacked too deep", fd,
			      -ELOOP);
	return 0;
}

/* Make @fb visible; its first reference goes to the table. */
static int add_entry(struct fpt_conn *conn, struct fpt_backing *fb)
{
	struct fpt_backings *b = &conn->backings;
	u32 id;
	int err;

	err = xa_alloc_cyclic(&b->ids, &id, fb, XA_LIMIT(1, INT_MAX), &b->next,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err == -EBUSY ? -ENOSPC : err;

	return id;
}

static bool may_register(const struct fpt_conn *conn)
{
	return fpt_has(conn, FPT_F_PASSTHROUGH) && capable(CAP_SYS_ADMIN);
}

int fpt_backing_open(struct fpt_conn *conn, const struct fuse_backing_map *map)
{
	struct fpt_backing *fb;
	int err, id;

	if (!fpt_has(conn, FPT_F_PASSTHROUGH))
		return refuse("INIT did not agree on FUSE_PASSTHROUGH", map->fd,
			      -EPERM);
	if (!may_register(conn))
		return refuse("CAP_SYS_ADMIN is needed", map->fd, -EPERM);
	if (map->flags)
		return refuse("unknown bits in flags", map->fd, -EINVAL);
	if (map->padding)
		return refuse("padding is not zero", map->fd, -EINVAL);

	fb = kmalloc_obj(*fb, GFP_KERNEL_ACCOUNT);
	if (!fb)
		return -ENOMEM;

	/*
	 * A descriptor opened with O_PATH will do: opens use its path. What
	 * they may do was decided when the server was let register it.
	 */
	fb->file = fget_raw(map->fd);
	if (!fb->file) {
		err = refuse("it is not open", map->fd, -EBADF);
		goto err_free;
	}
	err = check_file(conn, fb->file, map->fd);
	if (err)
		goto err_file;

	refcount_set(&fb->refs, 1);
	fb->cred = get_current_cred();
	id = add_entry(conn, fb);
	if (id < 0) {
		fpt_backing_put(fb);
		return refuse("no id for it", map->fd, id);
	}
	/* Who ends the connection empties the table, once, after the end. */
	if (fpt_conn_dead(conn)) {
		drop_entry(&conn->backings, id);
		return -ENOTCONN;
	}
	return id;

err_file:
	fput(fb->file);
err_free:
	kfree(fb);
	return err;
}

int fpt_backing_close(struct fpt_conn *conn, int id)
{
	if (!may_register(conn))
		return -EPERM;
	if (id <= 0)
		return -EINVAL;

	return drop_entry(&conn->backings, id);
}
