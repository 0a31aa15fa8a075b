// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backing files: registering them, finding them, giving them up, showing them.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "conn.h"
#include "grant.h"
#include "super.h"
#include "trace.h"

void fpt_backings_init(struct fpt_backings *b)
{
	xa_init_flags(&b->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	b->next = 0;
	atomic_set(&b->nr, 0);
}

/* From here on @id names nothing. */
static int close_id(struct fpt_backings *b, unsigned long id)
{
	struct fpt_backing *fb;

	xa_lock(&b->ids);
	fb = xa_load(&b->ids, id);
	if (fb && fb->closed)
		fb = NULL;
	if (fb)
		WRITE_ONCE(fb->closed, true);
	xa_unlock(&b->ids);

	if (!fb)
		return -ENOENT;
	trace_fpt_backing_close(container_of(b, struct fpt_conn, backings), id,
				file_inode(fb->file));
	fpt_backing_put(fb);
	return 0;
}

void fpt_backings_destroy(struct fpt_backings *b)
{
	struct fpt_backing *fb;
	unsigned long id;

	/* Pairs with that of fpt_backing_open(). */
	smp_mb();
	xa_for_each(&b->ids, id, fb)
		close_id(b, id);
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

	xa_erase(&fb->table->ids, fb->id);
	atomic_dec(&fb->table->nr);
	fput(fb->file);
	put_cred(fb->cred);
	fpt_grant_put(fb->grant);
	kfree_rcu(fb, rcu);
}

struct fpt_backing *fpt_backing_find(struct fpt_conn *conn, int id)
{
	struct fpt_backing *fb;

	rcu_read_lock();
	fb = xa_load(&conn->backings.ids, id);
	if (fb && (READ_ONCE(fb->closed) || !refcount_inc_not_zero(&fb->refs)))
		fb = NULL;
	rcu_read_unlock();

	return fb;
}

/* -------- registering -------- */

static int refuse(const char *rule, int fd, int err)
{
	pr_debug("fd %d cannot back files: %s (%d)\n", fd, rule, err);
	return err;
}

/* May files of @conn be backed by @file at all? */
static int check_file(const struct fpt_conn *conn, struct file *file, u32 flags,
		      int fd)
{
	const struct inode *inode = file_inode(file);
	bool dir = S_ISDIR(inode->i_mode);

	if (dir && flags != FUSE_PT_BACKING_FSYNC)
		return refuse("it is a directory", fd, -EISDIR);
	if (!dir && !S_ISREG(inode->i_mode))
		return refuse("it is not a regular file", fd, -EINVAL);
	/* Not file->f_op: a descriptor opened with O_PATH has none. */
	if (!dir && !inode->i_fop->read_iter)
		return refuse("its file system cannot read into iterators", fd,
			      -EOPNOTSUPP);
	/* How to map it only its own file operations know. */
	if (inode->i_sb->s_magic == HUGETLBFS_MAGIC)
		return refuse("it is made of huge pages", fd, -EOPNOTSUPP);
	/* Whose ever it is, of another type it is something else. */
	if (inode->i_sb->s_fs_info == conn)
		return refuse("it is a file of this mount", fd, -ELOOP);
	/* Two mounts could back each other, which INIT forbids too late. */
	if (fpt_super_may_stack(inode->i_sb))
		return refuse("its mount may yet be stacked, before its INIT",
			      fd, -ELOOP);
	if (inode->i_sb->s_stack_depth >= conn->max_stack_depth)
		return refuse("its file system is stacked too deep", fd,
			      -ELOOP);
	return 0;
}

/*
 * Make @fb visible; its first reference goes to the table. A server may close
 * the id before it is told of it: @fb is not to be looked at afterwards.
 */
static int add_entry(struct fpt_conn *conn, struct fpt_backing *fb)
{
	struct fpt_backings *b = &conn->backings;
	u32 id;
	int err;

	err = xa_alloc_cyclic(&b->ids, &id, NULL, XA_LIMIT(1, INT_MAX), &b->next,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err == -EBUSY ? -ENOSPC : err;
	fb->table = b;
	fb->id = id;
	atomic_inc(&b->nr);
	trace_fpt_backing_open(conn, id, file_inode(fb->file));
	/* needs no memory: the place is taken already */
	xa_store(&b->ids, id, fb, 0);
	return id;
}

static bool may_register(const struct fpt_conn *conn)
{
	return fpt_has(conn, FPT_F_PASSTHROUGH) && fpt_grant_may();
}

/* What a descriptor lends by a grant is what it can do itself. */
static int check_granted(struct fpt_backing *fb, int fd)
{
	fb->append = false;
	if (!fb->grant)
		return 0;
	/* opened with O_PATH, or for ioctls */
	if (!(fb->file->f_mode & (FMODE_READ | FMODE_WRITE)))
		return refuse("it can neither read nor write", fd, -EBADF);
	fb->append = fb->file->f_flags & O_APPEND;
	return 0;
}

int fpt_backing_open(struct fpt_conn *conn, const struct fuse_backing_map *map)
{
	struct fpt_backing *fb;
	int err, id;

	if (!fpt_has(conn, FPT_F_PASSTHROUGH))
		return refuse("INIT did not agree on FUSE_PASSTHROUGH", map->fd,
			      -EPERM);
	if (!may_register(conn))
		return refuse("CAP_SYS_ADMIN or group backing_gid is needed",
			      map->fd, -EPERM);
	if (map->flags & ~FUSE_PT_BACKING_ALL)
		return refuse("unknown bits in flags", map->fd, -EINVAL);
	if (map->padding)
		return refuse("padding is not zero", map->fd, -EINVAL);

	fb = kmalloc_obj(*fb, GFP_KERNEL_ACCOUNT);
	if (!fb)
		return -ENOMEM;

	/*
	 * With CAP_SYS_ADMIN a descriptor opened with O_PATH will do: opens use
	 * its path. What they may do was decided when the server was let
	 * register it.
	 */
	fb->file = fget_raw(map->fd);
	if (!fb->file) {
		err = refuse("it is not open", map->fd, -EBADF);
		goto err_free;
	}
	/* After that: which flags there are, who is at his limit can find out. */
	err = fpt_grant_take(&fb->grant);
	if (err) {
		refuse(err == -EMFILE ? "its user has max_user_backing of them" :
		       "it cannot be counted", map->fd, err);
		goto err_file;
	}
	fb->flags = map->flags;
	err = check_granted(fb, map->fd);
	if (!err)
		err = check_file(conn, fb->file, fb->flags, map->fd);
	if (err)
		goto err_grant;

	refcount_set(&fb->refs, 1);
	atomic_set(&fb->opens, 0);
	fb->closed = false;
	fb->cred = get_current_cred();
	id = add_entry(conn, fb);
	if (id < 0) {
		err = refuse("no id for it", map->fd, id);
		goto err_cred;
	}
	/*
	 * Who ends the connection closes all ids, once, after the end: either
	 * that sees this one, or the end is seen here.
	 */
	smp_mb();
	if (fpt_conn_dead(conn)) {
		close_id(&conn->backings, id);
		return -ENOTCONN;
	}
	return id;

err_cred:
	put_cred(fb->cred);
err_grant:
	fpt_grant_put(fb->grant);
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

	return close_id(&conn->backings, id);
}

/* -------- showing -------- */

/* Lines in fdinfo, which is made in one piece; the control fs has them all. */
#define FDINFO_MOST	256

/* What would end a word. */
#define SHOW_ESCAPED	" \t\n\\"

struct fpt_backing *fpt_backing_from(struct fpt_backings *b, unsigned long id)
{
	struct fpt_backing *fb;

	do {
		rcu_read_lock();
		fb = xa_find(&b->ids, &id, ULONG_MAX, XA_PRESENT);
		if (!fb || refcount_inc_not_zero(&fb->refs)) {
			rcu_read_unlock();
			return fb;
		}
		rcu_read_unlock();
	} while (id++ < ULONG_MAX);
	return NULL;
}

static const char *show_access(const struct fpt_backing *fb)
{
	fmode_t mode = fb->file->f_mode;

	if (!fb->grant)
		return "any";
	if (!(mode & FMODE_WRITE))
		return "r";
	if (mode & FMODE_READ)
		return fb->append ? "ra" : "rw";
	return fb->append ? "a" : "w";
}

void fpt_backing_show(struct seq_file *m, const struct fpt_backing *fb)
{
	const struct path *path = &fb->file->f_path;
	const struct path mount = {
		.mnt = path->mnt,
		.dentry = path->mnt->mnt_root,
	};
	const struct inode *inode = file_inode(fb->file);

	seq_printf(m, "id=%u state=%s opens=%d uid=%u access=%s dev=%u:%u ino=%llu mount=",
		   fb->id, READ_ONCE(fb->closed) ? "closed" : "open",
		   atomic_read(&fb->opens),
		   from_kuid_munged(seq_user_ns(m), fb->cred->uid),
		   show_access(fb),
		   MAJOR(inode->i_sb->s_dev), MINOR(inode->i_sb->s_dev),
		   (unsigned long long)inode->i_ino);
	seq_path(m, &mount, SHOW_ESCAPED);
	seq_puts(m, " path=");
	seq_path(m, path, SHOW_ESCAPED);
	seq_putc(m, '\n');
}

void fpt_backings_fdinfo(struct seq_file *m, struct fpt_backings *b)
{
	struct fpt_backing *fb;
	unsigned long id = 0;
	int i;

	seq_printf(m, "backing_files:\t%d\n", atomic_read(&b->nr));
	for (i = 0; i < FDINFO_MOST && !seq_has_overflowed(m); i++) {
		fb = fpt_backing_from(b, id);
		if (!fb)
			break;
		seq_puts(m, "backing:\t");
		fpt_backing_show(m, fb);
		id = fb->id + 1UL;
		fpt_backing_put(fb);
	}
}
