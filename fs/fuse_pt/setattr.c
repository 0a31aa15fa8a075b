// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of attributes: SETATTR, and what it does to pages and privileges.
 */
#include "compat/compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include "backing.h"
#include "bind.h"
#include "dir.h"
#include "file.h"
#include "node.h"
#include "orphan.h"
#include "request.h"
#include "writeback.h"

/*
 * The VFS asks to strip setuid and setgid, and derived a new mode from i_mode,
 * which may have been out of date: derive it from @mode, which may have bits to
 * strip that the VFS did not know of.
 */
static void renew_kill(struct iattr *iattr, umode_t mode)
{
	umode_t strip = S_ISUID;

	/* Without execution by the group, that is for the VFS to judge. */
	if ((iattr->ia_valid & ATTR_KILL_SGID) || (mode & 0010))
		strip |= S_ISGID;
	iattr->ia_valid &= ~ATTR_MODE;
	if (mode & strip) {
		iattr->ia_mode = mode & ~strip;
		iattr->ia_valid |= ATTR_MODE;
	}
}

/*
 * Putting back a mode that is out of date could undo a chmod. Either leave what
 * is to be stripped to the server, or derive it from the mode that it has now.
 */
static int settle_kill(struct inode *inode, struct iattr *iattr,
		       struct file *file)
{
	int err;

	if ((iattr->ia_valid & (ATTR_SIZE | ATTR_UID | ATTR_GID)) &&
	    fpt_server_strips(fpt_inode_conn(inode))) {
		iattr->ia_valid &= ~(ATTR_KILL_SUIDGID | ATTR_MODE);
		return 0;
	}
	err = fpt_attr_ask(inode, file);
	if (err)
		return err;
	renew_kill(iattr, fpt_node(inode)->mode);
	iattr->ia_valid &= ~ATTR_KILL_SUIDGID;
	return 0;
}

/* A size set by open or through a handle changes the mtime by itself. */
static bool sends_mtime(unsigned int valid)
{
	if (!(valid & ATTR_MTIME))
		return false;
	if (valid & ATTR_MTIME_SET)
		return true;
	return !((valid & ATTR_SIZE) && (valid & (ATTR_OPEN | ATTR_FILE)));
}

static void fill_request(struct mnt_idmap *idmap, const struct inode *inode,
			 const struct iattr *iattr, struct file *file,
			 struct fuse_setattr_in *in)
{
	const struct fpt_conn *conn = fpt_inode_conn(inode);
	unsigned int valid = iattr->ia_valid;
	bool owned = fpt_wb_owns(inode);
	const struct fpt_file *ff;

	if (valid & ATTR_MODE) {
		in->valid |= FATTR_MODE;
		in->mode = iattr->ia_mode;
	}
	if (valid & ATTR_UID) {
		in->valid |= FATTR_UID;
		in->uid = from_kuid(conn->user_ns,
				    from_vfsuid(idmap, conn->user_ns,
						iattr->ia_vfsuid));
	}
	if (valid & ATTR_GID) {
		in->valid |= FATTR_GID;
		in->gid = from_kgid(conn->user_ns,
				    from_vfsgid(idmap, conn->user_ns,
						iattr->ia_vfsgid));
	}
	if (valid & ATTR_ATIME) {
		in->valid |= FATTR_ATIME;
		if (!(valid & ATTR_ATIME_SET))
			in->valid |= FATTR_ATIME_NOW;
		in->atime = iattr->ia_atime.tv_sec;
		in->atimensec = iattr->ia_atime.tv_nsec;
	}
	/* Where the times are ours, the server gets what we will show. */
	if (owned && (valid & ATTR_CTIME) && conn->minor >= FPT_MINOR_CTIME) {
		in->valid |= FATTR_CTIME;
		in->ctime = iattr->ia_ctime.tv_sec;
		in->ctimensec = iattr->ia_ctime.tv_nsec;
	}
	if (owned ? valid & ATTR_MTIME : sends_mtime(valid)) {
		in->valid |= FATTR_MTIME;
		if (!(valid & ATTR_MTIME_SET) && !owned)
			in->valid |= FATTR_MTIME_NOW;
		in->mtime = iattr->ia_mtime.tv_sec;
		in->mtimensec = iattr->ia_mtime.tv_nsec;
	}
	/* Whoever gives a file away: the server strips only where told to. */
	if ((valid & (ATTR_UID | ATTR_GID)) && !S_ISDIR(inode->i_mode) &&
	    fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2))
		in->valid |= FATTR_KILL_SUIDGID;
	if (valid & ATTR_SIZE) {
		in->valid |= FATTR_SIZE;
		in->size = iattr->ia_size;
		if (fpt_has(conn, FPT_F_HANDLE_KILLPRIV_V2) &&
		    !capable(CAP_FSETID))
			in->valid |= FATTR_KILL_SUIDGID;
		/* For servers with mandatory locks. */
		in->valid |= FATTR_LOCKOWNER;
		in->lock_owner = fpt_lock_owner(conn, current->files);
	}

	/* The descriptor of an open with O_TRUNC may be read-only. */
	ff = file && !(valid & ATTR_OPEN) ? fpt_file(file) : NULL;
	if (in->valid && ff && fpt_file_has_handle(ff)) {
		in->valid |= FATTR_FH;
		in->fh = ff->fh;
	}
}

/*
 * truncate(2) of a path leaves it to the file system whether the times change;
 * where they are ours, nobody else says so.
 */
static void note_resize(const struct inode *inode, struct iattr *iattr)
{
	if ((iattr->ia_valid & ATTR_SIZE) && fpt_wb_owns(inode) &&
	    iattr->ia_size != i_size_read(inode))
		iattr->ia_valid |= ATTR_MTIME | ATTR_CTIME;
}

/* The times that were set are ours to keep, and WRITEs to come change them. */
static void take_times(struct inode *inode, const struct iattr *iattr)
{
	struct fpt_node *node = fpt_node(inode);

	if (!fpt_wb_owns(inode))
		return;

	spin_lock(&node->lock);
	write_seqcount_begin(&node->attr_seq);
	if (iattr->ia_valid & ATTR_MTIME)
		inode_set_mtime_to_ts(inode, iattr->ia_mtime);
	if (iattr->ia_valid & ATTR_CTIME)
		inode_set_ctime_to_ts(inode, iattr->ia_ctime);
	write_seqcount_end(&node->attr_seq);
	spin_unlock(&node->lock);
	fpt_times_dirty(inode);
}

static u32 changed_by(const struct fuse_setattr_in *in)
{
	if (in->valid & FATTR_SIZE)
		return STATX_SIZE | STATX_MTIME;
	return in->valid & FATTR_MTIME ? STATX_MTIME : 0;
}

/*
 * @left: the caller was killed while the server did it. What follows has to take
 * a new size for granted, for it comes behind.
 */
static int send_request(struct inode *inode, const struct iattr *iattr,
			struct file *file, const struct fuse_setattr_in *in,
			bool *left)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);
	bool resize = in->valid & FATTR_SIZE;
	struct fuse_attr_out out = {};
	struct fpt_call call = {
		.op = FUSE_SETATTR,
		.node = fpt_inode_id(inode),
		.late = fpt_late_attr,
	};
	struct fpt_keep keep = {
		.ff = in->valid & FATTR_FH ? fpt_file(file) : NULL,
	};
	ssize_t err;
	u64 epoch;

	if (resize) {
		keep.inode = inode;
		keep.start = min_t(loff_t, in->size, i_size_read(inode));
		keep.end = LLONG_MAX;
		keep.held = true;
	}
	fpt_call_in(&call, in, sizeof(*in));
	fpt_call_out(&call, &out, fpt_attr_out_len(conn));
	epoch = fpt_attr_epoch(conn);
	err = fpt_call_keep(conn, &call, &keep);
	*left = resize && keep.left;
	if (err) {
		/* It may have happened. */
		if (err == -EINTR)
			fpt_attr_stale(inode, FPT_STAT_ALL);
		return err;
	}
	if (!fpt_attr_sane(&out.attr) || !fpt_attr_same_type(inode, &out.attr)) {
		fpt_node_mark_stale(inode);
		return -EIO;
	}

	/* First: no size is to be seen without its time. */
	take_times(inode, iattr);
	/*
	 * Without the invalidate lock: a page fault may hold it while it waits
	 * for a WRITE that is held until we are done. None is needed, as a folio
	 * is in the cache, and locked, before it is read.
	 */
	fpt_attr_apply_own(inode, &out.attr,
			   fpt_life(out.attr_valid, out.attr_valid_nsec),
			   epoch, changed_by(in));
	/* The VFS looks at the mode without asking for it. */
	if (fpt_bound(inode) & FUSE_PT_BIND_ATTR)
		fpt_bind_pull(inode, 0, NULL);
	return 0;
}

/* Is this what O_TRUNC was in OPEN for? Once. */
static bool open_told(const struct iattr *iattr, struct file *file)
{
	struct fpt_file *ff = file ? fpt_file(file) : NULL;
	bool told = ff && ff->emptied && (iattr->ia_valid & ATTR_OPEN) &&
		    !iattr->ia_size;

	if (told)
		ff->emptied = false;
	return told;
}

/* In @fb, or by the server. */
static int set_attr(struct mnt_idmap *idmap, struct inode *inode,
		    struct fpt_backing *fb, const struct iattr *iattr,
		    struct file *file, const struct fuse_setattr_in *in,
		    bool *left)
{
	int err;

	*left = false;
	if (fb)
		err = fpt_bind_setattr(idmap, inode, fb, iattr);
	else
		err = send_request(inode, iattr, file, in, left);
	if (!err && (in->valid & (FATTR_MODE | FATTR_UID | FATTR_GID)))
		fpt_forget_caps(inode);
	return err;
}

/* @fb: from fpt_bind_judge(), or NULL */
static int judge_and_set(struct mnt_idmap *idmap, struct dentry *dentry,
			 struct fpt_backing *fb, struct iattr *iattr)
{
	struct inode *inode = d_inode(dentry);
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_node *node = fpt_node(inode);
	struct fuse_setattr_in in = {};
	struct file *file = NULL;
	loff_t size;
	bool left;
	int err;

	if (iattr->ia_valid & ATTR_FILE)
		file = iattr->ia_file;
	if ((iattr->ia_valid & ATTR_KILL_SUIDGID) && fb) {
		renew_kill(iattr, inode->i_mode);
	} else if (iattr->ia_valid & ATTR_KILL_SUIDGID) {
		err = settle_kill(inode, iattr, file);
		if (err)
			return err;
	}
	/* Whose file it is, is for the server to judge. */
	if (!conn->default_permissions)
		iattr->ia_valid |= ATTR_FORCE;
	err = setattr_prepare(idmap, dentry, iattr);
	if (err)
		return err;

	note_resize(inode, iattr);
	fill_request(idmap, inode, iattr, file, &in);
	/* chown(-1, -1) asks for nothing, and yet moves the change time. */
	if (!in.valid && !(iattr->ia_valid & ATTR_CTIME))
		return 0;

	if (!(in.valid & FATTR_SIZE)) {
		/*
		 * Dirty pages must not reach the server later: they would move
		 * the time or strip the mode just set, or not be taken from the
		 * owner that was. If they cannot be written, fsync and close
		 * say so.
		 */
		if (S_ISREG(inode->i_mode) &&
		    (in.valid & (FATTR_MODE | FATTR_UID | FATTR_GID |
				 FATTR_MTIME)))
			fpt_wb_settle(inode, 0, LLONG_MAX);
		return set_attr(idmap, inode, fb, iattr, file, &in, &left);
	}
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	/* It was empty then, and here too; by now others may have written. */
	if (open_told(iattr, file))
		return 0;

	/* Before the size is a larger one, or the flusher takes it for data. */
	size = i_size_read(inode);
	if (iattr->ia_size > size)
		fpt_file_zero_tail(inode, size);

	err = fpt_wb_hold(inode);
	if (err)
		return err;
	set_bit(FPT_N_SIZE_CHANGING, &node->bits);
	err = set_attr(idmap, inode, fb, iattr, file, &in, &left);
	if (unlikely(left)) {
		take_times(inode, iattr);
		truncate_setsize(inode, iattr->ia_size);
	}
	fpt_wb_unhold(inode, left);
	clear_bit(FPT_N_SIZE_CHANGING, &node->bits);
	return err;
}

/* Did the server change a directory's mode, or may it have? */
static bool mode_told(const struct inode *inode, const struct iattr *iattr,
		      int err)
{
	return S_ISDIR(inode->i_mode) && (iattr->ia_valid & ATTR_MODE) &&
	       (!err || err == -EINTR);
}

int fpt_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		struct iattr *iattr)
{
	struct inode *inode = d_inode(dentry);
	struct fpt_conn *conn = fpt_inode_conn(inode);
	struct fpt_backing *fb;
	int err;

	if (fpt_inode_stale(inode))
		return -EIO;
	if (!fpt_conn_may_use(conn))
		return -EACCES;

	/* Who checks, INIT says. */
	fpt_conn_settle(conn);
	/* What is changed is what was judged by, however it is bound meanwhile. */
	fb = fpt_bind_judge(inode);
	if (IS_ERR(fb))
		return PTR_ERR(fb);
	err = judge_and_set(idmap, dentry, fb, iattr);
	/* How long its name holds may go by who may enter it. */
	if (mode_told(inode, iattr, err) && !IS_ROOT(dentry))
		fpt_entry_expire(dentry);
	if (fb)
		fpt_backing_put(fb);
	return err;
}
