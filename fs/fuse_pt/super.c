// SPDX-License-Identifier: GPL-2.0-only
/*
 * The superblock: mount options, its life from the first mount to the last
 * umount, statfs.
 *
 *	fd=N			descriptor of an open /dev/fusept; its holder serves
 *	rootmode=M		type and permissions of the root, octal
 *	user_id=N, group_id=N	whose mount it is
 *	allow_other		others than user_id may use it
 *	default_permissions	the kernel checks mode, uid and gid
 *	max_read=N		most bytes of one READ, no less than 4096
 *	blksize=N		block size of the device (fuseptblk)
 *	subtype=S		shown as fusept.S
 *	source=S		shown as the mounted device; for fuseptblk it is one
 *
 * fuseptblk is for servers of a block device: no second one gets the device,
 * and umount ends when the server is done with it.
 */
#include "compat/compat.h"
#include "compat/sb_flags.h"

#include <linux/backing-dev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/user_namespace.h>
#include <linux/writeback.h>
#include "conn.h"
#include "dev.h"
#include "dir.h"
#include "file.h"
#include "node.h"
#include "queue.h"
#include "request.h"
#include "submount.h"
#include "super.h"
#include "timeout.h"
#include "writeback.h"

/* That of the kernel's own fuse: to every tool, this is a FUSE mount. */
#define SUPER_MAGIC	0x65735546

/* The share of dirty memory, in percent, that an untrusted server may hold. */
#define SUPER_DIRTY_SHARE	1

/* Of block devices, where neither the device nor the mount says more. */
#define SUPER_BLKSIZE	512

/*
 * How long umount waits for the next of the unanswered WRITEs to be answered,
 * of all that is unanswered before DESTROY, and for DESTROY where nobody called
 * umount(2): under a lock that every sync(2) takes, and maybe for the very task
 * that waits.
 */
#define SUPER_DRAIN_MOST	(10 * HZ)

/* With it, f_frsize came into statfs. */
#define SUPER_MINOR_FRSIZE	4

/* -------- mount options -------- */

enum {
	OPT_SOURCE,
	OPT_SUBTYPE,
	OPT_FD,
	OPT_ROOTMODE,
	OPT_USER_ID,
	OPT_GROUP_ID,
	OPT_DEFAULT_PERMISSIONS,
	OPT_ALLOW_OTHER,
	OPT_MAX_READ,
	OPT_BLKSIZE,
};

static const struct fs_parameter_spec super_params[] = {
	fsparam_fd("fd", OPT_FD),
	fsparam_u32oct("rootmode", OPT_ROOTMODE),
	fsparam_uid("user_id", OPT_USER_ID),
	fsparam_gid("group_id", OPT_GROUP_ID),
	fsparam_flag("allow_other", OPT_ALLOW_OTHER),
	fsparam_flag("default_permissions", OPT_DEFAULT_PERMISSIONS),
	fsparam_u32("max_read", OPT_MAX_READ),
	fsparam_u32("blksize", OPT_BLKSIZE),
	fsparam_string("subtype", OPT_SUBTYPE),
	fsparam_string("source", OPT_SOURCE),
	{}
};

/* What each may be, for error messages; and which a mount cannot do without. */
static const struct {
	const char	*rule;
	bool		required;
	bool		once;
} super_rules[] = {
	[OPT_FD] = { "must be a descriptor of an open /dev/" FPT_NAME, true, true },
	[OPT_ROOTMODE] = { "must be the root's type and permissions in octal", true },
	[OPT_USER_ID] = { "must be a user id of the mount's user namespace", true },
	[OPT_GROUP_ID] = { "must be a group id of the mount's user namespace", true },
	[OPT_DEFAULT_PERMISSIONS] = { "takes no value" },
	[OPT_ALLOW_OTHER] = { "takes no value" },
	[OPT_MAX_READ] = { "must be a number of bytes" },
	[OPT_BLKSIZE] = { "must be a power of two, from the device's block size to a page" },
	[OPT_SUBTYPE] = { "must be a name", .once = true },
	[OPT_SOURCE] = { "must be a name", .once = true },
};

/**
 * struct super_opts - mount options as they are collected
 * @given: BIT(OPT_*) of what was given
 * @dev: the open device, referenced
 * @rootmode: of the root inode
 * @owner_uid: user_id
 * @owner_gid: group_id
 * @max_read: bytes
 * @blksize: bytes
 * @subtype: allocated, or NULL
 */
struct super_opts {
	unsigned int	given;
	struct file	*dev;
	umode_t		rootmode;
	kuid_t		owner_uid;
	kgid_t		owner_gid;
	u32		max_read;
	u32		blksize;
	char		*subtype;
};

static const char *super_opt_name(int opt)
{
	const struct fs_parameter_spec *spec;

	for (spec = super_params; spec->name; spec++)
		if (spec->opt == opt)
			break;
	return spec->name;
}

/* "option NAME=VALUE: RULE", as given by the user where that was text. */
static int super_refuse(struct fs_context *fsc, const struct fs_parameter *param,
			const char *rule)
{
	if (param->type == fs_value_is_string && param->string)
		return invalfc(fsc, "option %s=%s: %s", param->key,
			       param->string, rule);
	return invalfc(fsc, "option %s: %s", param->key, rule);
}

static int super_refuse_value(struct fs_context *fsc,
			      const struct fs_parameter *param)
{
	const struct fs_parameter_spec *spec;

	for (spec = super_params; spec->name; spec++)
		if (!strcmp(spec->name, param->key))
			return super_refuse(fsc, param,
					    super_rules[spec->opt].rule);
	return -EINVAL;
}

static int super_take_dev(struct fs_context *fsc, struct super_opts *opts,
			  const struct fs_parameter *param, u32 fd)
{
	struct file *file;

	if (param->type == fs_value_is_file)
		file = get_file(param->file);
	else
		file = fget(fd);

	if (!file || !fpt_dev_from_file(file)) {
		super_refuse_value(fsc, param);
		if (!file)
			return -EBADF;
		fput(file);
		return -EINVAL;
	}
	/* Ids in a server's replies mean what they mean to who opened it. */
	if (file->f_cred->user_ns != fsc->user_ns) {
		fput(file);
		return super_refuse(fsc, param,
				    "was opened in another user namespace");
	}
	opts->dev = file;
	return 0;
}

static int super_parse_param(struct fs_context *fsc, struct fs_parameter *param)
{
	struct super_opts *opts = fsc->fs_private;
	struct fs_parse_result result;
	int opt, err = 0;

	if (fsc->purpose == FS_CONTEXT_FOR_RECONFIGURE) {
		/* mount(8) repeats what /proc/mounts shows: nothing to change. */
		if (fsc->oldapi)
			return 0;
		return super_refuse(fsc, param, "cannot be changed by a remount");
	}

	opt = fs_parse(fsc, super_params, param, &result);
	if (opt == -ENOPARAM)
		return opt;
	if (opt < 0) {
		super_refuse_value(fsc, param);
		return opt;
	}
	if (super_rules[opt].once && (opts->given & BIT(opt)))
		return super_refuse(fsc, param, "is given twice");

	switch (opt) {
	case OPT_FD:
		err = super_take_dev(fsc, opts, param, result.uint_32);
		break;
	case OPT_ROOTMODE:
		if (result.uint_32 & ~(S_IFMT | S_IALLUGO) ||
		    fs_umode_to_ftype(result.uint_32) == FT_UNKNOWN)
			return super_refuse_value(fsc, param);
		opts->rootmode = result.uint_32;
		break;
	case OPT_USER_ID:
		opts->owner_uid = fpt_compat_param_uid(&result);
		if (!kuid_has_mapping(fsc->user_ns, opts->owner_uid))
			return super_refuse_value(fsc, param);
		break;
	case OPT_GROUP_ID:
		opts->owner_gid = fpt_compat_param_gid(&result);
		if (!kgid_has_mapping(fsc->user_ns, opts->owner_gid))
			return super_refuse_value(fsc, param);
		break;
	case OPT_MAX_READ:
		opts->max_read = result.uint_32;
		break;
	case OPT_BLKSIZE:
		if (!(fsc->fs_type->fs_flags & FS_REQUIRES_DEV))
			return super_refuse(fsc, param,
					    "is for block devices only");
		opts->blksize = result.uint_32;
		break;
	case OPT_SUBTYPE:
		opts->subtype = no_free_ptr(param->string);
		break;
	case OPT_SOURCE:
		fsc->source = no_free_ptr(param->string);
		break;
	}

	if (!err)
		opts->given |= BIT(opt);
	return err;
}

/* -------- the superblock's operations -------- */

static int super_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct fpt_conn *conn = fpt_inode_conn(d_inode(dentry));
	struct fuse_statfs_out out = {};
	struct fpt_call call = {
		.op = FUSE_STATFS,
		.node = fpt_inode_id(d_inode(dentry)),
	};
	ssize_t err;

	buf->f_type = SUPER_MAGIC;
	/* A stranger may see that there is a mount, and nothing of it. */
	if (!fpt_conn_may_use(conn))
		return 0;

	fpt_call_out(&call, &out, fpt_wire_len(conn, SUPER_MINOR_FRSIZE,
					       FUSE_COMPAT_STATFS_SIZE,
					       sizeof(out)));
	err = fpt_call(conn, &call);
	if (err)
		return err;

	buf->f_bsize = out.st.bsize;
	buf->f_frsize = out.st.frsize;
	buf->f_blocks = out.st.blocks;
	buf->f_bfree = out.st.bfree;
	buf->f_bavail = out.st.bavail;
	buf->f_files = out.st.files;
	buf->f_ffree = out.st.ffree;
	buf->f_namelen = out.st.namelen;
	return 0;
}

/*
 * What was written before is at the server before it is asked, and so are times
 * that follow their data. Writers go on meanwhile, and are not waited for.
 */
static int super_settle(struct super_block *sb, struct fpt_conn *conn)
{
	int err;

	err = fpt_flight_wait(&conn->writes, FPT_KILLABLE);
	if (err)
		return err;
	sync_inodes_sb(sb);
	return fpt_flight_wait(&conn->writes, FPT_KILLABLE);
}

static int super_sync(struct super_block *sb, int wait)
{
	struct fpt_conn *conn = sb->s_fs_info;
	struct fuse_syncfs_in in = {};
	struct fpt_call call = { .op = FUSE_SYNCFS };
	int err;

	/* SYNCFS waits in any case; at umount, DESTROY is what ends it all. */
	if (!wait || !sb->s_root || !fpt_conn_syncs(conn))
		return 0;
	/* Nothing was written before INIT. */
	if (READ_ONCE(conn->state) == FPT_CONN_NEW)
		return 0;
	if (super_settle(sb, conn))
		return -EINTR;

	call.node = fpt_inode_id(d_inode(sb->s_root));
	fpt_call_in(&call, &in, sizeof(in));
	err = fpt_call(conn, &call);
	return fpt_op_unknown(conn, FUSE_SYNCFS, err) ? 0 : err;
}

/*
 * A flusher that ends the last use of an inode must not evict it while it has
 * it under writeback, for which eviction waits: it becomes an unused one, until
 * memory is short or it is used again.
 */
static int super_drop_inode(struct inode *inode)
{
	if (unlikely(current->flags & PF_WQ_WORKER) &&
	    (inode_state_read_once(inode) & I_SYNC))
		return 0;
	return inode_just_drop(inode);
}

/* A block device is for the next server, whoever has files of this one open. */
static void super_umount_begin(struct super_block *sb)
{
	fpt_conn_abort(sb->s_fs_info);
	if (!sb->s_bdev)
		return;
	/*
	 * Who has its lock does not wait for a server any more. A retired one has
	 * no flusher: what is dirty fails before, or its writers would be held up.
	 */
	down_read(&sb->s_umount);
	sync_inodes_sb(sb);
	up_read(&sb->s_umount);
	retire_super(sb);
}

static int super_show_options(struct seq_file *m, struct dentry *root)
{
	const struct fpt_conn *conn = root->d_sb->s_fs_info;

	seq_printf(m, ",user_id=%u,group_id=%u",
		   from_kuid_munged(conn->user_ns, conn->owner_uid),
		   from_kgid_munged(conn->user_ns, conn->owner_gid));
	if (conn->default_permissions)
		seq_puts(m, ",default_permissions");
	if (conn->allow_other)
		seq_puts(m, ",allow_other");
	if (conn->max_read != U32_MAX)
		seq_printf(m, ",max_read=%u", conn->max_read);
	if (root->d_sb->s_bdev && root->d_sb->s_blocksize != SUPER_BLKSIZE)
		seq_printf(m, ",blksize=%lu", root->d_sb->s_blocksize);
	return 0;
}

static const struct super_operations super_ops = {
	.alloc_inode	= fpt_node_alloc,
	.free_inode	= fpt_node_free,
	.evict_inode	= fpt_node_evict,
	.write_inode	= fpt_write_inode,
	.drop_inode	= super_drop_inode,
	.statfs		= super_statfs,
	.sync_fs	= super_sync,
	.umount_begin	= super_umount_begin,
	.show_options	= super_show_options,
};

bool fpt_super_may_stack(const struct super_block *sb)
{
	return sb->s_op == &super_ops && fpt_conn_unsettled(sb->s_fs_info);
}

/* -------- a new one -------- */

void fpt_super_set_identity(struct super_block *sb)
{
	sb->s_magic = SUPER_MAGIC;
	sb->s_op = &super_ops;
	fpt_compat_set_xattr(sb, fpt_xattr_handlers);
	sb->s_export_op = &fpt_export_ops;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;

	/* Content may change without a word: a signature proves nothing. */
	sb->s_iflags |= SB_I_IMA_UNVERIFIABLE_SIGNATURE;
	sb->s_iflags |= SB_I_NOIDMAP;
	/* Else sync(2) has all written out before it gets to super_sync(). */
	if (!sb->s_bdev)
		sb->s_iflags |= SB_I_NO_DATA_INTEGRITY;
	if (sb->s_user_ns != &init_user_ns)
		sb->s_iflags |= SB_I_UNTRUSTED_MOUNTER;
	sb->s_flags &= ~(SB_NOSEC | SB_I_VERSION);
	/* Whether there are ACLs, INIT says; the umask is applied in namei.c. */
	sb->s_flags |= SB_POSIXACL;
}

static int super_set_blocks(struct super_block *sb, struct fs_context *fsc)
{
	const struct super_opts *opts = fsc->fs_private;

	if (!sb->s_bdev) {
		sb->s_blocksize = PAGE_SIZE;
		sb->s_blocksize_bits = PAGE_SHIFT;
		return 0;
	}
	if (!(opts->given & BIT(OPT_BLKSIZE))) {
		if (!sb_min_blocksize(sb, SUPER_BLKSIZE))
			return invalfc(fsc, "source %s: has blocks larger than a page",
				       fsc->source);
		return 0;
	}
	if (opts->blksize > INT_MAX || !sb_set_blocksize(sb, opts->blksize))
		return invalfc(fsc, "option blksize=%u: %s", opts->blksize,
			       super_rules[OPT_BLKSIZE].rule);
	return 0;
}

static int super_set_bdi(struct super_block *sb)
{
	const char *dash = "", *suffix = "";
	int err;

	/* Not the device's own: dirty data waits for the server, not for it. */
	if (sb->s_bdev) {
		dash = "-";
		suffix = sb->s_type->name;
		bdi_put(sb->s_bdi);
		sb->s_bdi = &noop_backing_dev_info;
	}
	err = super_setup_bdi_name(sb, "%u:%u%s%s", MAJOR(sb->s_dev),
				   MINOR(sb->s_dev), dash, suffix);
	if (err)
		return err;
	/* The limit counts even while the machine has memory to spare. */
	sb->s_bdi->capabilities |= BDI_CAP_STRICTLIMIT;
	return bdi_set_max_ratio(sb->s_bdi, SUPER_DIRTY_SHARE);
}

int fpt_super_set_root(struct super_block *sb, struct inode *root)
{
	set_default_d_op(sb, &fpt_root_dentry_ops);
	sb->s_root = d_make_root(root);
	set_default_d_op(sb, &fpt_dentry_ops);
	return sb->s_root ? 0 : -ENOMEM;
}

static int super_make_root(struct super_block *sb, umode_t mode)
{
	const struct fuse_attr attr = {
		.ino = FUSE_ROOT_ID,
		.mode = mode,
		.nlink = 1,
	};
	struct inode *root;

	root = fpt_node_root(sb, FUSE_ROOT_ID, 0, &attr);
	return IS_ERR(root) ? PTR_ERR(root) : fpt_super_set_root(sb, root);
}

/* For a server that asked for it: the mount is there once INIT is agreed on. */
static int super_wait_init(struct fs_context *fsc, struct fpt_conn *conn)
{
	fpt_conn_settle(conn);
	switch (READ_ONCE(conn->state)) {
	case FPT_CONN_LIVE:
		return 0;
	case FPT_CONN_NEW:
		return -EINTR;
	}
	errorfc(fsc, "option fd: its server did not agree to INIT");
	return -ENOTCONN;
}

/* Whatever fails here, super_kill() takes back what was done. */
static int super_fill(struct super_block *sb, struct fs_context *fsc)
{
	struct super_opts *opts = fsc->fs_private;
	struct fpt_conn *conn = sb->s_fs_info;
	int err;

	if (sb->s_flags & SB_MANDLOCK)
		return invalfc(fsc, "option mand: mandatory locks are not supported");

	conn->owner_uid = opts->owner_uid;
	conn->owner_gid = opts->owner_gid;
	conn->allow_other = opts->given & BIT(OPT_ALLOW_OTHER);
	conn->default_permissions = opts->given & BIT(OPT_DEFAULT_PERMISSIONS);
	conn->max_read = U32_MAX;
	if (opts->given & BIT(OPT_MAX_READ))
		conn->max_read = max(opts->max_read, FPT_MIN_DATA);
	conn->destroy = sb->s_bdev;
	conn->dev = sb->s_dev;
	sb->s_subtype = no_free_ptr(opts->subtype);

	fpt_super_set_identity(sb);
	err = super_set_blocks(sb, fsc);
	if (err)
		return err;
	err = super_set_bdi(sb);
	if (err)
		return err;
	err = super_make_root(sb, opts->rootmode);
	if (err)
		return err;

	down_write(&conn->sb_lock);
	WRITE_ONCE(conn->sb, sb);
	up_write(&conn->sb_lock);

	err = fpt_dev_attach(opts->dev, conn);
	if (err)
		return invalfc(fsc, "option fd: serves another mount already");
	fpt_ctl_add(conn);
	err = fpt_init_start(conn);
	if (!err && fpt_dev_sync_init(fpt_dev_from_file(opts->dev)))
		err = super_wait_init(fsc, conn);
	return err;
}

static int super_is_of(struct super_block *sb, struct fs_context *fsc)
{
	const struct fpt_conn *conn = fsc->sget_key;

	/* And not one of its submounts. */
	return sb == READ_ONCE(conn->sb);
}

static int super_none_new(struct super_block *sb, struct fs_context *fsc)
{
	return -ENOTCONN;
}

/* The device serves a mount already: this is one more mount of the same. */
static int super_share(struct fs_context *fsc, struct fpt_conn *conn)
{
	struct super_block *sb;

	fsc->sget_key = conn;
	sb = sget_fc(fsc, super_is_of, super_none_new);
	if (IS_ERR(sb)) {
		errorfc(fsc, "option fd: the mount that it served is gone");
		return PTR_ERR(sb);
	}
	fsc->root = dget(sb->s_root);
	return 0;
}

/* A block device has one superblock, and that has one server. */
static int super_get_block_tree(struct fs_context *fsc)
{
	struct super_block *sb;
	int err;

	err = get_tree_bdev(fsc, super_fill);
	if (err || !fsc->s_fs_info)
		return err;

	sb = fsc->root->d_sb;
	dput(fsc->root);
	fsc->root = NULL;
	deactivate_locked_super(sb);
	errorfc(fsc, "source %s: another server has it mounted", fsc->source);
	return -EBUSY;
}

static int super_get_tree(struct fs_context *fsc)
{
	struct super_opts *opts = fsc->fs_private;
	struct fpt_conn *conn;
	int opt;

	for (opt = 0; opt < ARRAY_SIZE(super_rules); opt++) {
		if (super_rules[opt].required && !(opts->given & BIT(opt)))
			return invalfc(fsc, "option %s is required: it %s",
				       super_opt_name(opt),
				       super_rules[opt].rule);
	}

	conn = fpt_dev_conn(fpt_dev_from_file(opts->dev));
	if (conn)
		return super_share(fsc, conn);

	/* Passed on to the superblock, else freed with the context. */
	fsc->s_fs_info = fpt_conn_new(fsc->user_ns);
	if (!fsc->s_fs_info)
		return -ENOMEM;
	if (fsc->fs_type->fs_flags & FS_REQUIRES_DEV)
		return super_get_block_tree(fsc);
	return get_tree_nodev(fsc, super_fill);
}

static int super_reconfigure(struct fs_context *fsc)
{
	if (fsc->sb_flags & SB_MANDLOCK)
		return invalfc(fsc, "option mand: mandatory locks are not supported");
	/* A server that is gone does not keep a mount from being made read-only. */
	sync_filesystem(fsc->root->d_sb);
	return 0;
}

static void super_free_context(struct fs_context *fsc)
{
	struct super_opts *opts = fsc->fs_private;

	if (fsc->s_fs_info)
		fpt_conn_put(fsc->s_fs_info);
	if (!opts)
		return;
	if (opts->dev)
		fput(opts->dev);
	kfree(opts->subtype);
	kfree(opts);
}

static const struct fs_context_operations super_context_ops = {
	.parse_param	= super_parse_param,
	.get_tree	= super_get_tree,
	.reconfigure	= super_reconfigure,
	.free		= super_free_context,
};

static int super_init_context(struct fs_context *fsc)
{
	if (fsc->purpose == FS_CONTEXT_FOR_SUBMOUNT)
		return fpt_submount_init_context(fsc);
	fsc->fs_private = kzalloc_obj(struct super_opts);
	if (!fsc->fs_private)
		return -ENOMEM;
	fsc->ops = &super_context_ops;
	return 0;
}

/* -------- the end -------- */

/**
 * struct super_farewell - a DESTROY that is not waited for without an end
 * @call: the request
 * @round: of fpt_conn.writes
 */
struct super_farewell {
	struct fpt_call	call;
	u32		round;
};

static void super_farewell_done(struct fpt_conn *conn, struct fpt_call *call)
{
	struct super_farewell *bye = container_of(call, struct super_farewell,
						  call);

	fpt_flight_end(&conn->writes, bye->round);
	kfree(bye);
}

/* This task may be the server: its device is closed later than its mounts. */
static void super_destroy_exiting(struct fpt_conn *conn,
				  const struct fpt_call *call, long most)
{
	struct super_farewell *bye = kzalloc_obj(*bye,
						 GFP_KERNEL | __GFP_NOFAIL);

	bye->call = *call;
	bye->call.done = super_farewell_done;
	bye->round = fpt_flight_begin(&conn->writes);
	if (fpt_call_async(conn, &bye->call, GFP_KERNEL | __GFP_NOFAIL))
		super_farewell_done(conn, &bye->call);
	fpt_flight_drain(&conn->writes, FPT_KILLABLE, most);
}

/*
 * The server says when it has written all that it keeps in memory. This is the
 * last that it reads: RELEASEs come before, also those that the background
 * limit holds back. A task that exits waits for a silent server no longer than
 * @left, in jiffies.
 */
static void super_destroy(struct fpt_conn *conn, long left)
{
	struct fpt_call call = {
		.op = FUSE_DESTROY,
		.flags = FPT_CALL_FORCE | FPT_CALL_NOCREDS,
	};

	if (!conn->destroy || READ_ONCE(conn->state) != FPT_CONN_LIVE)
		return;
	if (!fpt_task_killed())
		left = fpt_queue_settle(conn, left);
	if (current->flags & PF_EXITING)
		super_destroy_exiting(conn, &call, left);
	else
		fpt_call(conn, &call);
}

/*
 * First what was written through mappings that outlived their files reaches
 * the server, if that answers in time; until then an operator can still abort.
 * A killed task does not wait: the last one in a mount namespace gets here on
 * its way out, and may be the server. Then the connection ends, nobody finds
 * the superblock through it any more, the last call ends, the inodes go; the
 * connection itself lives on for as long as the server holds its device open.
 */
static void super_kill(struct super_block *sb)
{
	struct fpt_submount *sub = fpt_submount_of(sb);
	struct fpt_conn *conn = sb->s_fs_info;
	long left = SUPER_DRAIN_MOST;

	if (sub) {
		fpt_submount_kill(sub);
		return;
	}
	fpt_binds_write_attr(conn);
	if (!fpt_task_killed())
		left = fpt_flight_drain(&conn->writes, FPT_KILLABLE, left);
	super_destroy(conn, left);
	fpt_ctl_remove(conn);

	/* Before the lock: a notification may hold it and wait for a reply. */
	fpt_conn_abort(conn);
	down_write(&conn->sb_lock);
	WRITE_ONCE(conn->sb, NULL);
	up_write(&conn->sb_lock);

	fpt_timeout_stop(conn);
	fpt_queue_drain(conn);
	if (sb->s_type->fs_flags & FS_REQUIRES_DEV)
		kill_block_super(sb);
	else
		kill_anon_super(sb);
	fpt_conn_put(conn);
}

#define SUPER_TYPE(type_name, flags) {					\
	.owner			= THIS_MODULE,				\
	.name			= (type_name),				\
	.fs_flags		= FS_HAS_SUBTYPE | (flags) |		\
				  FPT_COMPAT_ALLOW_IDMAP,		\
	.init_fs_context	= super_init_context,			\
	.parameters		= super_params,				\
	.kill_sb		= super_kill,				\
}

struct file_system_type fpt_type = SUPER_TYPE(FPT_NAME, FS_USERNS_MOUNT);
MODULE_ALIAS_FS(FPT_NAME);

struct file_system_type fpt_type_blk =
	SUPER_TYPE(FPT_NAME_BLK, FS_REQUIRES_DEV);
MODULE_ALIAS_FS(FPT_NAME_BLK);

struct file_system_type fpt_type_fuse = SUPER_TYPE(FPT_FUSE, FS_USERNS_MOUNT);
struct file_system_type fpt_type_fuseblk =
	SUPER_TYPE(FPT_FUSE_BLK, FS_REQUIRES_DEV);
