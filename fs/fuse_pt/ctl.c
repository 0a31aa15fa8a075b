// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuseptctl, the control file system: what an operator sees of a connection
 * and can do to it. Mounted at /sys/fs/fusept/connections, and where the
 * kernel's own fuse is replaced also as fusectl at /sys/fs/fuse/connections:
 *
 *	NUMBER/waiting			calls queued or in flight
 *	NUMBER/abort			any write ends the connection
 *	NUMBER/max_background		asynchronous calls that may be
 *					unanswered; a number written is the
 *					limit from then on
 *	NUMBER/congestion_threshold	so many of them, and readahead holds back
 *	NUMBER/backing			registered backing files, a line each
 *	NUMBER/statistics		counters, a line each
 *
 * NUMBER is that of the mount's device, fpt_conn_number(); the files belong to
 * the mounter.
 * Nothing is kept in memory for connections that nobody looks at: names are
 * looked up in, and listings made from, the list of connections. What is
 * cached of a name is dropped when its connection comes or goes. An inode holds a reference
 * on its connection, so that a file held open past it finds a dead
 * connection, not freed memory.
 */
#define pr_fmt(fmt) "fusept: " fmt

#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/stringhash.h>
#include "backing.h"
#include "conn.h"
#include "limits.h"
#include "stats.h"
#include "super.h"

/* statfs(2) names it as the kernel's own fusectl: it is used in the same way. */
#define CTL_MAGIC	0x65735543

/* Longest decimal number of 32 bits, a newline and NUL. */
#define CTL_NUMBER	12

/*
 * Guards the list, what is looked up in it and ctl_sbs. Taken inside of a
 * directory's lock; no user memory is touched and no dentry dropped under it,
 * either may depend on a mount.
 */
static DEFINE_MUTEX(ctl_lock);
/* Connections (struct fpt_conn.ctl_link) by rising number, the newest first. */
static LIST_HEAD(ctl_conns);
/* The instances of each type while they are mounted. */
static struct super_block *ctl_sbs[FPT_CTL_NR];

static struct fpt_conn *ctl_conn_of(const struct file *file)
{
	return file_inode(file)->i_private;
}

static ssize_t ctl_show(char __user *buf, size_t len, loff_t *pos,
			unsigned int number)
{
	char text[CTL_NUMBER];
	int n = scnprintf(text, sizeof(text), "%u\n", number);

	return simple_read_from_buffer(buf, len, pos, text, n);
}

static ssize_t ctl_waiting_read(struct file *file, char __user *buf, size_t len,
				loff_t *pos)
{
	return ctl_show(buf, len, pos,
			atomic_read(&ctl_conn_of(file)->nr_waiting));
}

static ssize_t ctl_background_read(struct file *file, char __user *buf,
				   size_t len, loff_t *pos)
{
	return ctl_show(buf, len, pos,
			READ_ONCE(ctl_conn_of(file)->max_background));
}

static ssize_t ctl_congestion_read(struct file *file, char __user *buf,
				   size_t len, loff_t *pos)
{
	return ctl_show(buf, len, pos,
			READ_ONCE(ctl_conn_of(file)->congestion_threshold));
}

/* A limit within 1 and @most, which is for those without CAP_SYS_ADMIN. */
static int ctl_limit(const struct file *file, const char __user *buf,
		     size_t len, loff_t pos, unsigned int most,
		     unsigned int *limit)
{
	int err = pos ? -EINVAL : kstrtouint_from_user(buf, len, 0, limit);

	if (capable(CAP_SYS_ADMIN))
		most = FPT_LIMIT_MOST;
	if (!err && (!*limit || *limit > most))
		err = -EINVAL;
	if (err && err != -EFAULT)
		pr_info_ratelimited("%pD of %u: a number within 1 and %u is needed\n",
				    file, fpt_conn_number(ctl_conn_of(file)), most);
	return err;
}

static ssize_t ctl_background_write(struct file *file, const char __user *buf,
				    size_t len, loff_t *pos)
{
	unsigned int limit;
	int err = ctl_limit(file, buf, len, *pos, fpt_limit_background(),
			    &limit);

	if (err)
		return err;
	fpt_queue_set_background(ctl_conn_of(file), limit);
	return len;
}

static ssize_t ctl_congestion_write(struct file *file, const char __user *buf,
				    size_t len, loff_t *pos)
{
	unsigned int limit;
	int err = ctl_limit(file, buf, len, *pos, fpt_limit_congestion(),
			    &limit);

	if (err)
		return err;
	WRITE_ONCE(ctl_conn_of(file)->congestion_threshold, limit);
	return len;
}

static ssize_t ctl_abort_write(struct file *file, const char __user *buf,
			       size_t len, loff_t *pos)
{
	fpt_conn_abort_told(ctl_conn_of(file));
	return len;
}

/* The position is an id: a reader goes on where it was, whatever came and went. */
static void *ctl_backing_from(struct seq_file *m, loff_t *pos)
{
	struct fpt_conn *conn = ctl_conn_of(m->file);
	struct fpt_backing *fb = fpt_backing_from(&conn->backings, *pos);

	if (fb)
		*pos = fb->id;
	return fb;
}

static void ctl_backing_stop(struct seq_file *m, void *fb)
{
	if (fb)
		fpt_backing_put(fb);
}

static void *ctl_backing_start(struct seq_file *m, loff_t *pos)
{
	return ctl_backing_from(m, pos);
}

static void *ctl_backing_next(struct seq_file *m, void *fb, loff_t *pos)
{
	fpt_backing_put(fb);
	++*pos;
	return ctl_backing_from(m, pos);
}

static int ctl_backing_show(struct seq_file *m, void *fb)
{
	fpt_backing_show(m, fb);
	return 0;
}

static const struct seq_operations ctl_backing_ops = {
	.start	= ctl_backing_start,
	.next	= ctl_backing_next,
	.stop	= ctl_backing_stop,
	.show	= ctl_backing_show,
};

static int ctl_backing_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &ctl_backing_ops);
}

static const struct file_operations ctl_backing_fops = {
	.owner		= THIS_MODULE,
	.open		= ctl_backing_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release,
};

static int ctl_statistics_show(struct seq_file *m, void *unused)
{
	fpt_stats_show(m, ctl_conn_of(m->file));
	return 0;
}

static int ctl_statistics_open(struct inode *inode, struct file *file)
{
	return single_open(file, ctl_statistics_show, NULL);
}

static const struct file_operations ctl_statistics_fops = {
	.owner		= THIS_MODULE,
	.open		= ctl_statistics_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static const struct file_operations ctl_waiting_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.read	= ctl_waiting_read,
};

static const struct file_operations ctl_abort_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.write	= ctl_abort_write,
};

static const struct file_operations ctl_background_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.read	= ctl_background_read,
	.write	= ctl_background_write,
};

static const struct file_operations ctl_congestion_fops = {
	.owner	= THIS_MODULE,
	.open	= nonseekable_open,
	.read	= ctl_congestion_read,
	.write	= ctl_congestion_write,
};

/* What each connection's directory holds. */
static const struct {
	const char			*name;
	umode_t				mode;
	const struct file_operations	*fops;
} ctl_files[] = {
	{ "waiting",	0400,	&ctl_waiting_fops },
	{ "abort",	0200,	&ctl_abort_fops },
	{ "max_background", 0600, &ctl_background_fops },
	{ "congestion_threshold", 0600, &ctl_congestion_fops },
	{ "backing",	0400,	&ctl_backing_fops },
	{ "statistics",	0400,	&ctl_statistics_fops },
};

/* A directory's number, then its files'; the root has number 1. */
static u64 ctl_ino(u32 number, unsigned int nth)
{
	return (number + 1ULL) * (ARRAY_SIZE(ctl_files) + 1) + nth;
}

static struct inode *ctl_inode(struct super_block *sb, struct fpt_conn *conn,
			       umode_t mode, u64 ino)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return ERR_PTR(-ENOMEM);

	inode->i_ino = ino;
	inode->i_mode = mode;
	inode_set_atime_to_ts(inode,
			      inode_set_mtime_to_ts(inode,
						    inode_set_ctime_current(inode)));
	if (conn) {
		inode->i_uid = conn->owner_uid;
		inode->i_gid = conn->owner_gid;
		inode->i_private = fpt_conn_get(conn);
	}
	return inode;
}

static bool ctl_is_name(const struct dentry *dentry, const char *name)
{
	return dentry->d_name.len == strlen(name) &&
	       !memcmp(dentry->d_name.name, name, dentry->d_name.len);
}

/* -------- a connection's directory -------- */

static struct dentry *ctl_conn_lookup(struct inode *dir, struct dentry *dentry,
				      unsigned int flags)
{
	struct fpt_conn *conn = dir->i_private;
	struct inode *inode;
	int i;

	for (i = 0; i < ARRAY_SIZE(ctl_files); i++) {
		if (!ctl_is_name(dentry, ctl_files[i].name))
			continue;
		inode = ctl_inode(dir->i_sb, conn, S_IFREG | ctl_files[i].mode,
				  ctl_ino(fpt_conn_number(conn), i + 1));
		if (!IS_ERR(inode))
			inode->i_fop = ctl_files[i].fops;
		return d_splice_alias(inode, dentry);
	}
	return d_splice_alias(NULL, dentry);
}

static int ctl_conn_iterate(struct file *file, struct dir_context *ctx)
{
	const struct fpt_conn *conn = file_inode(file)->i_private;
	unsigned int i;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (; ctx->pos < ARRAY_SIZE(ctl_files) + 2; ctx->pos++) {
		i = ctx->pos - 2;
		if (!dir_emit(ctx, ctl_files[i].name, strlen(ctl_files[i].name),
			      ctl_ino(fpt_conn_number(conn), i + 1), DT_REG))
			break;
	}
	return 0;
}

static const struct inode_operations ctl_conn_iops = {
	.lookup		= ctl_conn_lookup,
};

static const struct file_operations ctl_conn_fops = {
	.owner		= THIS_MODULE,
	.llseek		= generic_file_llseek,
	.read		= generic_read_dir,
	.iterate_shared	= ctl_conn_iterate,
};

/* -------- the root -------- */

static int ctl_conn_name(const struct fpt_conn *conn, char name[CTL_NUMBER])
{
	return scnprintf(name, CTL_NUMBER, "%u", fpt_conn_number(conn));
}

static struct dentry *ctl_root_lookup(struct inode *dir, struct dentry *dentry,
				      unsigned int flags)
{
	char name[CTL_NUMBER];
	struct inode *inode = NULL;
	struct fpt_conn *conn;
	struct dentry *ret;

	mutex_lock(&ctl_lock);
	list_for_each_entry(conn, &ctl_conns, ctl_link) {
		ctl_conn_name(conn, name);
		if (!ctl_is_name(dentry, name))
			continue;
		inode = ctl_inode(dir->i_sb, conn, S_IFDIR | 0500,
				  ctl_ino(fpt_conn_number(conn), 0));
		if (!IS_ERR(inode)) {
			set_nlink(inode, 2);
			inode->i_op = &ctl_conn_iops;
			inode->i_fop = &ctl_conn_fops;
		}
		break;
	}
	/* Under the lock: or who changes the list would miss the dentry. */
	ret = d_splice_alias(inode, dentry);
	mutex_unlock(&ctl_lock);
	return ret;
}

/* The first connection whose number is at least @number: its number, or -1. */
static s64 ctl_next_number(u64 number)
{
	struct fpt_conn *conn;
	s64 found = -1;

	mutex_lock(&ctl_lock);
	list_for_each_entry(conn, &ctl_conns, ctl_link) {
		if (fpt_conn_number(conn) >= number) {
			found = fpt_conn_number(conn);
			break;
		}
	}
	mutex_unlock(&ctl_lock);
	return found;
}

static int ctl_root_iterate(struct file *file, struct dir_context *ctx)
{
	char name[CTL_NUMBER];
	s64 number;
	int len;

	if (!dir_emit_dots(file, ctx))
		return 0;
	while ((number = ctl_next_number(ctx->pos - 2)) >= 0) {
		len = scnprintf(name, sizeof(name), "%lld", number);
		ctx->pos = number + 2;
		if (!dir_emit(ctx, name, len, ctl_ino(number, 0), DT_DIR))
			break;
		ctx->pos++;
	}
	return 0;
}

static const struct inode_operations ctl_root_iops = {
	.lookup		= ctl_root_lookup,
};

static const struct file_operations ctl_root_fops = {
	.owner		= THIS_MODULE,
	.llseek		= generic_file_llseek,
	.read		= generic_read_dir,
	.iterate_shared	= ctl_root_iterate,
};

/* -------- connections come and go -------- */

/**
 * struct ctl_cached - what the control fs remembers of a name
 * @sb: its superblock, kept mounted, or NULL if it is not
 * @dentry: positive, negative, or NULL
 */
struct ctl_cached {
	struct super_block	*sb;
	struct dentry		*dentry;
};

static void ctl_find_cached(const struct fpt_conn *conn,
			    struct ctl_cached cached[FPT_CTL_NR])
{
	struct super_block *sb;
	char name[CTL_NUMBER];
	struct qstr q;
	int i;

	lockdep_assert_held(&ctl_lock);
	q.name = name;
	q.len = ctl_conn_name(conn, name);
	for (i = 0; i < FPT_CTL_NR; i++) {
		sb = ctl_sbs[i];
		if (!sb || !atomic_inc_not_zero(&sb->s_active))
			continue;
		q.hash = full_name_hash(sb->s_root, name, q.len);
		cached[i].sb = sb;
		cached[i].dentry = d_lookup(sb->s_root, &q);
	}
}

/* The list changed: what was remembered is wrong now. */
static void ctl_drop_cached(const struct ctl_cached cached[FPT_CTL_NR])
{
	int i;

	for (i = 0; i < FPT_CTL_NR; i++) {
		if (cached[i].dentry) {
			d_invalidate(cached[i].dentry);
			dput(cached[i].dentry);
		}
		if (cached[i].sb)
			deactivate_super(cached[i].sb);
	}
}

/* The roots have one directory more or less. */
static void ctl_count_dirs(void (*change)(struct inode *inode))
{
	int i;

	lockdep_assert_held(&ctl_lock);
	for (i = 0; i < FPT_CTL_NR; i++)
		if (ctl_sbs[i])
			change(d_inode(ctl_sbs[i]->s_root));
}

void fpt_ctl_add(struct fpt_conn *conn)
{
	struct list_head *before = &ctl_conns;
	struct ctl_cached missing[FPT_CTL_NR] = {};
	struct fpt_conn *other;

	mutex_lock(&ctl_lock);
	list_for_each_entry(other, &ctl_conns, ctl_link) {
		/* One with its number is dead, and not to be found any more. */
		if (fpt_conn_number(other) >= fpt_conn_number(conn)) {
			before = &other->ctl_link;
			break;
		}
	}
	list_add_tail(&conn->ctl_link, before);
	ctl_count_dirs(inc_nlink);
	ctl_find_cached(conn, missing);
	mutex_unlock(&ctl_lock);

	ctl_drop_cached(missing);
}

void fpt_ctl_remove(struct fpt_conn *conn)
{
	struct ctl_cached dir[FPT_CTL_NR] = {};

	mutex_lock(&ctl_lock);
	if (!list_empty(&conn->ctl_link)) {
		list_del_init(&conn->ctl_link);
		ctl_count_dirs(drop_nlink);
		ctl_find_cached(conn, dir);
	}
	mutex_unlock(&ctl_lock);

	ctl_drop_cached(dir);
}

/* -------- the file system -------- */

static int ctl_nth(const struct file_system_type *type)
{
	return type - fpt_ctl_types;
}

static void ctl_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (inode->i_private)
		fpt_conn_put(inode->i_private);
}

static const struct super_operations ctl_sops = {
	.statfs		= simple_statfs,
	.drop_inode	= inode_just_drop,
	.evict_inode	= ctl_evict_inode,
};

static int ctl_fill(struct super_block *sb, struct fs_context *fsc)
{
	struct fpt_conn *conn;
	struct inode *root;

	sb->s_magic = CTL_MAGIC;
	sb->s_op = &ctl_sops;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_time_gran = 1;

	root = ctl_inode(sb, NULL, S_IFDIR | 0755, 1);
	if (IS_ERR(root))
		return PTR_ERR(root);
	root->i_op = &ctl_root_iops;
	root->i_fop = &ctl_root_fops;
	set_nlink(root, 2);
	sb->s_root = d_make_root(root);
	if (!sb->s_root)
		return -ENOMEM;

	mutex_lock(&ctl_lock);
	list_for_each_entry(conn, &ctl_conns, ctl_link)
		inc_nlink(root);
	ctl_sbs[ctl_nth(sb->s_type)] = sb;
	mutex_unlock(&ctl_lock);
	return 0;
}

static int ctl_mount(struct fs_context *fsc)
{
	return get_tree_single(fsc, ctl_fill);
}

static const struct fs_context_operations ctl_mount_ops = {
	.get_tree	= ctl_mount,
};

static int ctl_new_context(struct fs_context *fsc)
{
	fsc->ops = &ctl_mount_ops;
	return 0;
}

static void ctl_unmounted(struct super_block *sb)
{
	int nth = ctl_nth(sb->s_type);

	mutex_lock(&ctl_lock);
	if (ctl_sbs[nth] == sb)
		ctl_sbs[nth] = NULL;
	mutex_unlock(&ctl_lock);
	kill_anon_super(sb);
}

#define CTL_TYPE(type_name) {						\
	.owner			= THIS_MODULE,				\
	.name			= (type_name),				\
	.init_fs_context	= ctl_new_context,			\
	.kill_sb		= ctl_unmounted,			\
}

struct file_system_type fpt_ctl_types[FPT_CTL_NR] = {
	[FPT_CTL_OWN] = CTL_TYPE(FPT_NAME_CTL),
	[FPT_CTL_FUSE] = CTL_TYPE(FPT_FUSE_CTL),
};
MODULE_ALIAS_FS(FPT_NAME_CTL);
