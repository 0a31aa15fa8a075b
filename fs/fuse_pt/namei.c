// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: how they are made, moved and removed.
 *
 * Every operation sends one request, and afterwards forgets what it knows to
 * have changed: the directory's attributes, link counts, the name itself.
 * After a signal nobody knows whether the server did it, so the name counts as
 * expired, as it does when the server's answer contradicts the cache.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include "acl.h"
#include "dir.h"
#include "extend.h"
#include "file.h"
#include "ioctl.h"
#include "node.h"
#include "request.h"

/* With it, the umask came into requests. */
#define FPT_MINOR_UMASK	12
/* And flags to renames. */
#define FPT_MINOR_RENAME2	23

/* The reply to CREATE and TMPFILE. */
struct create_out {
	struct fuse_entry_out	entry;
	struct fuse_open_out	open;
};

/* A name as it goes on the wire; dentries keep theirs terminated. */
static void call_name(struct fpt_call *call, const struct dentry *dentry)
{
	fpt_call_in(call, dentry->d_name.name, dentry->d_name.len + 1);
}

/* May this name be sent at all? */
static int check_name(const struct inode *dir, const struct dentry *dentry)
{
	if (fpt_inode_stale(dir))
		return -EIO;
	return dentry->d_name.len > fpt_inode_conn(dir)->name_max ?
		-ENAMETOOLONG : 0;
}

/* The call makes an object: whose, as seen through the mount that it is made by. */
static void call_owner(struct fpt_call *call, const struct fpt_conn *conn,
		       struct mnt_idmap *idmap)
{
	call->flags |= FPT_CALL_OWNER;
	call->owner_uid = mapped_fsuid(idmap, conn->user_ns);
	call->owner_gid = mapped_fsgid(idmap, conn->user_ns);
}

/* Unless the server wants to apply the umask itself. */
static umode_t masked(const struct fpt_conn *conn, umode_t mode)
{
	return fpt_has(conn, FPT_F_DONT_MASK) ? mode : mode & ~current_umask();
}

static void name_failed(struct inode *dir, struct dentry *dentry, int err)
{
	switch (err) {
	case -EINTR:
		fpt_dir_changed(dir);
		if (d_really_is_positive(dentry))
			fpt_attr_stale(d_inode(dentry),
				       STATX_NLINK | STATX_CTIME);
		fallthrough;
	case -ENOENT:
	case -EEXIST:
		fpt_entry_expire(dentry);
	}
}

/* The name leads nowhere now; for how long, only few servers say. */
static void name_gone(struct inode *dir, struct dentry *dentry)
{
	fpt_dir_changed(dir);
	if (!test_bit(FPT_N_BIND_GONE, &fpt_node(dir)->bits) ||
	    fpt_entry_expired(dir, dentry))
		fpt_entry_gone(dentry);
	fpt_node_unlinked(d_inode(dentry));
}

/* -------- what a killed caller asked for, and the server did later -------- */

static int late_inode(struct inode *inode, void *data)
{
	if (S_ISDIR(inode->i_mode))
		fpt_dir_changed(inode);
	else
		fpt_attr_stale(inode, STATX_NLINK | STATX_CTIME);
	return 0;
}

/*
 * What the server said of names since the caller left may be from before, and
 * which names the request was about is not known any more: all are asked for
 * once again.
 */
static void late_change(struct fpt_conn *conn, u32 op, u64 node, u64 other,
			const void *reply, size_t len)
{
	fpt_entry_all_taken_back(conn);
	fpt_node_act(conn, node, late_inode, NULL);
	if (other)
		fpt_node_act(conn, other, late_inode, NULL);
}

static void late_object(struct fpt_conn *conn, u32 op, u64 node, u64 other,
			const void *reply, size_t len)
{
	const struct fuse_entry_out *entry = reply;

	late_change(conn, op, node, other, reply, len);
	if (op == FUSE_LINK && len >= fpt_entry_out_len(conn))
		fpt_late_attr(conn, op, entry->nodeid, 0, reply, len);
	fpt_late_entry(conn, op, node, other, reply, len);
}

static void late_create(struct fpt_conn *conn, u32 op, u64 node, u64 other,
			const void *reply, size_t len)
{
	if (op == FUSE_CREATE)
		late_change(conn, op, node, other, reply, len);
	fpt_late_create(conn, op, node, other, reply, len);
}

/* -------- making -------- */

/*
 * Sends a request that makes an object of @mode's type and hangs the new inode
 * in. Returns what ->mkdir() does: NULL, an error, or another dentry to use.
 */
static struct dentry *make_object(struct mnt_idmap *idmap, struct inode *dir,
				  struct dentry *dentry, struct fpt_call *call,
				  umode_t mode)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fuse_entry_out entry = {};
	umode_t type = mode & S_IFMT;
	struct inode *inode;
	u64 epoch, life;
	int err;

	/* A link makes a name and no object. */
	if (call->op != FUSE_LINK) {
		err = fpt_extend(call, idmap, dir, dentry, mode);
		if (err)
			return ERR_PTR(err);
	}
	call->node = fpt_inode_id(dir);
	call->late = late_object;
	fpt_call_out(call, &entry, fpt_entry_out_len(conn));
	epoch = fpt_attr_epoch(conn);
	err = fpt_call(conn, call);
	fpt_extend_end(call);
	if (err) {
		name_failed(dir, dentry, err);
		return ERR_PTR(err);
	}
	fpt_dir_changed(dir);

	if ((entry.attr.mode & S_IFMT) != type) {
		fpt_entry_give_back(conn, entry.nodeid);
		fpt_entry_expire(dentry);
		return ERR_PTR(-EIO);
	}
	inode = fpt_entry_inode(dir->i_sb, &entry, epoch);
	if (IS_ERR(inode)) {
		fpt_entry_expire(dentry);
		return ERR_CAST(inode);
	}

	/* It was there before: who else asked may know the old link count. */
	if (call->op == FUSE_LINK)
		fpt_attr_apply_own(inode, &entry.attr,
				   fpt_life(entry.attr_valid,
					    entry.attr_valid_nsec),
				   epoch, 0);
	else if (type == S_IFREG)
		fpt_made_no_caps(inode, &entry.attr, epoch);

	life = fpt_life(entry.entry_valid, entry.entry_valid_nsec);
	if (type != S_IFDIR) {
		fpt_entry_made(dir, inode, dentry, life, epoch);
		return NULL;
	}
	/* A directory has one dentry, wherever the server shows it. */
	d_drop(dentry);
	return fpt_entry_splice(dir, inode, dentry, life, epoch);
}

static int make_node(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, dev_t rdev)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fuse_mknod_in in = {
		.mode = masked(conn, mode),
		.rdev = new_encode_dev(rdev),
		.umask = current_umask(),
	};
	struct fpt_call call = { .op = FUSE_MKNOD };
	int err;

	err = check_name(dir, dentry);
	if (err)
		return err;
	call_owner(&call, conn, idmap);
	fpt_call_in(&call, &in, fpt_wire_len(conn, FPT_MINOR_UMASK,
					     FUSE_COMPAT_MKNOD_IN_SIZE,
					     sizeof(in)));
	call_name(&call, dentry);
	return PTR_ERR_OR_ZERO(make_object(idmap, dir, dentry, &call, mode));
}

static int fpt_mknod(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, dev_t rdev)
{
	return make_node(idmap, dir, dentry, mode, rdev);
}

static int fpt_create(struct mnt_idmap *idmap, struct inode *dir,
		      struct dentry *dentry, umode_t mode)
{
	return make_node(idmap, dir, dentry, S_IFREG | (mode & S_IALLUGO), 0);
}

FPT_CREATE_SHIM(fpt_create)

static struct dentry *fpt_mkdir(struct mnt_idmap *idmap, struct inode *dir,
				struct dentry *dentry, umode_t mode)
{
	struct fuse_mkdir_in in = {
		.mode = masked(fpt_inode_conn(dir), mode & S_IALLUGO),
		.umask = current_umask(),
	};
	struct fpt_call call = { .op = FUSE_MKDIR };
	int err;

	err = check_name(dir, dentry);
	if (err)
		return ERR_PTR(err);
	call_owner(&call, fpt_inode_conn(dir), idmap);
	fpt_call_in(&call, &in, sizeof(in));
	call_name(&call, dentry);
	return make_object(idmap, dir, dentry, &call,
			   S_IFDIR | (mode & S_IALLUGO));
}

FPT_MKDIR_SHIM(fpt_mkdir)

static int fpt_symlink(struct mnt_idmap *idmap, struct inode *dir,
		       struct dentry *dentry, const char *target)
{
	struct fpt_call call = { .op = FUSE_SYMLINK };
	int err;

	err = check_name(dir, dentry);
	if (err)
		return err;
	call_owner(&call, fpt_inode_conn(dir), idmap);
	call_name(&call, dentry);
	fpt_call_in(&call, target, strlen(target) + 1);
	return PTR_ERR_OR_ZERO(make_object(idmap, dir, dentry, &call, S_IFLNK));
}

static int fpt_link(struct dentry *old, struct inode *dir,
		    struct dentry *dentry)
{
	struct inode *inode = d_inode(old);
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fuse_link_in in = { .oldnodeid = fpt_inode_id(inode) };
	struct fpt_call call = { .op = FUSE_LINK, .other = in.oldnodeid };
	int err;

	err = check_name(dir, dentry);
	if (err)
		return err;
	if (fpt_inode_stale(inode))
		return -EIO;
	/* What link(2) says where a file system has no hard links. */
	if (fpt_op_missing(conn, FUSE_LINK))
		return -EPERM;

	fpt_call_in(&call, &in, sizeof(in));
	call_name(&call, dentry);
	err = PTR_ERR_OR_ZERO(make_object(&nop_mnt_idmap, dir, dentry, &call,
					  inode->i_mode));
	if (fpt_op_unknown(conn, FUSE_LINK, err))
		return -EPERM;
	/* The server may show the new name as a node of its own. */
	if (err == -EINTR || (!err && d_inode(dentry) != inode))
		fpt_attr_stale(inode, STATX_NLINK | STATX_CTIME);
	if (!err)
		fpt_times_touch(inode, STATX_CTIME);
	return err;
}

/* -------- removing and moving -------- */

static int remove_name(struct inode *dir, struct dentry *dentry, u32 op)
{
	struct fpt_call call = {
		.op = op,
		.node = fpt_inode_id(dir),
		.other = fpt_inode_id(d_inode(dentry)),
		.late = late_change,
	};
	int err;

	err = check_name(dir, dentry);
	if (err)
		return err;
	call_name(&call, dentry);
	err = fpt_call(fpt_inode_conn(dir), &call);
	if (err)
		name_failed(dir, dentry, err);
	else
		name_gone(dir, dentry);
	return err;
}

static int fpt_unlink(struct inode *dir, struct dentry *dentry)
{
	return remove_name(dir, dentry, FUSE_UNLINK);
}

static int fpt_rmdir(struct inode *dir, struct dentry *dentry)
{
	return remove_name(dir, dentry, FUSE_RMDIR);
}

/* RENAME, or where flags ask for more, RENAME2. */
static int ask_rename(struct mnt_idmap *idmap, struct inode *dir,
		      struct dentry *dentry, struct inode *newdir,
		      struct dentry *newdentry, unsigned int flags)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fuse_rename2_in in = {
		.newdir = fpt_inode_id(newdir),
		.flags = flags,
	};
	struct fpt_call call = {
		.op = flags ? FUSE_RENAME2 : FUSE_RENAME,
		.node = fpt_inode_id(dir),
		.other = in.newdir,
		.late = late_change,
	};
	int err;

	/* The older request is the beginning of the newer one. */
	BUILD_BUG_ON(offsetof(struct fuse_rename2_in, newdir) !=
		     offsetof(struct fuse_rename_in, newdir));
	if (flags) {
		fpt_conn_settle(conn);
		if (conn->minor < FPT_MINOR_RENAME2 ||
		    fpt_op_missing(conn, FUSE_RENAME2))
			return -EINVAL;
	}

	/* A whiteout is made in the place of the old name. */
	if (flags & RENAME_WHITEOUT)
		call_owner(&call, conn, idmap);
	fpt_call_in(&call, &in, flags ? sizeof(in) :
		    sizeof(struct fuse_rename_in));
	call_name(&call, dentry);
	call_name(&call, newdentry);
	err = fpt_call(conn, &call);
	/* The flags are, to a server that knows names and not these. */
	if (flags && fpt_op_unknown(conn, FUSE_RENAME2, err))
		return -EINVAL;
	return err;
}

static int fpt_rename(struct mnt_idmap *idmap, struct inode *dir,
		      struct dentry *dentry, struct inode *newdir,
		      struct dentry *newdentry, unsigned int flags)
{
	bool replaces = d_really_is_positive(newdentry);
	u64 epoch;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	err = check_name(dir, dentry);
	if (!err)
		err = check_name(newdir, newdentry);
	if (err)
		return err;

	epoch = fpt_attr_epoch(fpt_inode_conn(dir));
	err = ask_rename(idmap, dir, dentry, newdir, newdentry, flags);
	if (err) {
		name_failed(dir, dentry, err);
		name_failed(newdir, newdentry, err);
		return err;
	}

	fpt_attr_stale(d_inode(dentry), STATX_CTIME);
	fpt_dir_changed(dir);
	if (dir != newdir)
		fpt_dir_changed(newdir);
	fpt_entry_moves(dentry, epoch);
	if (replaces && (flags & RENAME_EXCHANGE)) {
		fpt_entry_moves(newdentry, epoch);
		fpt_attr_stale(d_inode(newdentry), STATX_CTIME);
	} else if (replaces) {
		name_gone(newdir, newdentry);
	}
	return 0;
}

/* -------- making and opening -------- */

/**
 * struct creation - a CREATE's success on its way to ->open()
 * @ff: what the file becomes; NULL once it was taken over
 * @reply: what the server said
 *
 * On the stack of create_open(), in private_data while finish_open() runs.
 */
struct creation {
	struct fpt_file			*ff;
	const struct fuse_open_out	*reply;
};

static int created_open(struct inode *inode, struct file *file)
{
	struct creation *made = file->private_data;
	struct fpt_file *ff = made->ff;
	int err;

	file->private_data = NULL;
	err = generic_file_open(inode, file);
	if (err)
		return err;
	made->ff = NULL;
	err = fpt_file_opened(inode, file, ff, made->reply);
	if (!err)
		fpt_file_create_emptied(inode, file);
	return err;
}

/*
 * CREATE or TMPFILE: make and open in one request. @mode without its type.
 */
static int create_open(struct mnt_idmap *idmap, struct inode *dir,
		       struct dentry *dentry, struct file *file,
		       unsigned int flags, umode_t mode, u32 op)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	struct fuse_create_in in = {
		.flags = flags & ~O_NOCTTY,
		.mode = S_IFREG | masked(conn, mode),
		.umask = current_umask(),
	};
	struct fpt_call call = {
		.op = op,
		.node = fpt_inode_id(dir),
		.late = late_create,
	};
	struct create_out out = {};
	struct creation made = { .reply = &out.open };
	struct inode *inode;
	bool no_handle;
	u64 epoch;
	int err;

	err = check_name(dir, dentry);
	if (err)
		return err;
	made.ff = fpt_file_new(conn);
	if (!made.ff)
		return -ENOMEM;

	if (fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2) && (flags & O_TRUNC) &&
	    !(flags & O_EXCL) && !capable(CAP_FSETID))
		in.open_flags |= FUSE_OPEN_KILL_SUIDGID;
	call_owner(&call, conn, idmap);
	/* Older servers take an open with a mode. */
	fpt_call_in(&call, &in, fpt_wire_len(conn, FPT_MINOR_UMASK,
					     sizeof(struct fuse_open_in),
					     sizeof(in)));
	call_name(&call, dentry);
	err = fpt_extend(&call, idmap, dir, dentry, S_IFREG | mode);
	if (err)
		goto discard;
	fpt_call_out(&call, &out.entry, fpt_entry_out_len(conn));
	fpt_call_out(&call, &out.open, sizeof(out.open));

	epoch = fpt_attr_epoch(conn);
	err = fpt_call(conn, &call);
	fpt_extend_end(&call);
	if (err) {
		fpt_op_unknown(conn, op, err);
		name_failed(dir, dentry, err);
		goto discard;
	}

	if (!S_ISREG(out.entry.attr.mode) || !fpt_entry_sane(&out.entry)) {
		fpt_create_give_back(conn, out.entry.nodeid, &out.open);
		err = -EIO;
		goto discard;
	}
	/* Before a FORGET may end what waits for the inode. */
	no_handle = fpt_bind_no_handle(conn, out.entry.nodeid);
	inode = fpt_entry_inode(dir->i_sb, &out.entry, epoch);
	if (IS_ERR(inode)) {
		err = PTR_ERR(inode);
		goto release;
	}

	if (op == FUSE_CREATE)
		fpt_dir_changed(dir);
	if (op == FUSE_TMPFILE || (flags & O_EXCL))
		fpt_made_no_caps(inode, &out.entry.attr, epoch);
	if (op == FUSE_CREATE)
		fpt_entry_made(dir, inode, dentry,
			       fpt_life(out.entry.entry_valid,
					out.entry.entry_valid_nsec), epoch);
	else
		d_instantiate(dentry, inode);

	file->f_mode |= FMODE_CREATED;
	file->private_data = &made;
	err = finish_open(file, dentry, created_open);
	if (!made.ff)
		return err;
	/* The VFS or an LSM refused before it came to ->open(). */
	file->private_data = NULL;
release:
	if (!no_handle)
		fpt_late_open(conn, FUSE_OPEN, out.entry.nodeid, 0, &out.open,
			      sizeof(out.open));
discard:
	fpt_file_discard(made.ff);
	return err;
}

static int fpt_atomic_open(struct inode *dir, struct dentry *dentry,
			   struct file *file, unsigned int flags, umode_t mode)
{
	struct mnt_idmap *idmap = file_mnt_idmap(file);
	struct fpt_conn *conn = fpt_inode_conn(dir);
	bool excl = fpt_dir_excl(dir), there;
	unsigned int sent = excl ? flags | O_EXCL : flags;
	struct dentry *found = NULL;
	int err;

	mode &= S_IALLUGO;
	/* Most names that nobody looked up are free. */
	if (excl && (flags & O_CREAT) && d_in_lookup(dentry) &&
	    !fpt_op_missing(conn, FUSE_CREATE)) {
		err = create_open(idmap, dir, dentry, file, sent, mode,
				  FUSE_CREATE);
		/* Some are not, which only some callers mind. */
		there = err == -EEXIST && sent != flags;
		if (!d_in_lookup(dentry) ||
		    !(there || fpt_op_missing(conn, FUSE_CREATE)))
			return err;
	}
	if (d_in_lookup(dentry)) {
		found = fpt_lookup(dir, dentry, 0);
		if (IS_ERR(found))
			return PTR_ERR(found);
		if (found)
			dentry = found;
	}
	/* Existing files go through ->permission() and ->open(). */
	if (!(flags & O_CREAT) || d_really_is_positive(dentry))
		return finish_no_open(file, found);

	if (!fpt_op_missing(conn, FUSE_CREATE)) {
		err = create_open(idmap, dir, dentry, file, sent, mode,
				  FUSE_CREATE);
		/* Made by somebody meanwhile: the VFS has it looked up anew. */
		if (err == -EEXIST && sent != flags)
			return -ESTALE;
		if (!err || !fpt_op_missing(conn, FUSE_CREATE))
			return err;
	}
	err = make_node(idmap, dir, dentry, S_IFREG | mode, 0);
	if (err == -EEXIST && !(flags & O_EXCL))
		return -ESTALE;
	if (err)
		return err;
	file->f_mode |= FMODE_CREATED;
	return finish_no_open(file, NULL);
}

static int fpt_tmpfile(struct mnt_idmap *idmap, struct inode *dir,
		       struct file *file, umode_t mode)
{
	struct fpt_conn *conn = fpt_inode_conn(dir);
	int err;

	/* No LOOKUP waited for it, and it says whose the umask is. */
	fpt_conn_settle(conn);
	if (fpt_op_missing(conn, FUSE_TMPFILE))
		return -EOPNOTSUPP;
	err = create_open(idmap, dir, file->f_path.dentry, file, file->f_flags,
			  mode & S_IALLUGO, FUSE_TMPFILE);
	return err && fpt_op_missing(conn, FUSE_TMPFILE) ? -EOPNOTSUPP : err;
}

static const struct inode_operations fpt_dir_iops = {
	.lookup		= fpt_lookup,
	.atomic_open	= fpt_atomic_open,
	.create		= FPT_CREATE_OP(fpt_create),
	.tmpfile	= fpt_tmpfile,
	.mknod		= fpt_mknod,
	.mkdir		= FPT_MKDIR_OP(fpt_mkdir),
	.symlink	= fpt_symlink,
	.link		= fpt_link,
	.unlink		= fpt_unlink,
	.rmdir		= fpt_rmdir,
	.rename		= fpt_rename,
	.permission	= fpt_permission,
	.getattr	= fpt_getattr,
	.setattr	= fpt_setattr,
	.listxattr	= fpt_listxattr,
	.fileattr_get	= fpt_fileattr_get,
	.fileattr_set	= fpt_fileattr_set,
	FPT_ACL_OPS,
};

void fpt_dir_set_ops(struct inode *inode)
{
	inode->i_op = &fpt_dir_iops;
	inode->i_fop = &fpt_dir_fops;
	/* Listings are read where they are. */
	inode_nohighmem(inode);
}
