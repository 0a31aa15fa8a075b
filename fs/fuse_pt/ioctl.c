// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: what the caller's memory holds goes to the server, what the server
 * answers comes back, as much as the command's number says. Two commands of
 * fs-verity, whose number does not say it, are looked into.
 *
 * ENOSYS is an answer to one command here: most servers know some and say that
 * of the others. It is not remembered, and callers know it as ENOTTY.
 */
#include "compat/compat.h"

#include <linux/compat.h>
#include <linux/fileattr.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uaccess.h>
#include "conn.h"
#include "file.h"
#include "ioctl.h"
#include "node.h"
#include "orphan.h"
#include "request.h"

/* Servers of an older minor do not expect the command of a directory. */
#define MINOR_IOCTL_DIR	18

/**
 * struct command - one command on its way
 * @in: what the server is asked
 * @out: its answer, but for the data
 * @room: bytes in @data, a page at least: a server may answer more than asked
 * @data: goes with @in, and is overwritten by the answer's
 */
struct command {
	struct fuse_ioctl_in	in;
	struct fuse_ioctl_out	out;
	u32			room;
	void			*data;
};

/* -------- the exchange -------- */

static int command_room(const struct fpt_conn *conn, struct command *c)
{
	u32 most = max(c->in.in_size, c->in.out_size);

	if (most > conn->max_pages << PAGE_SHIFT)
		return -ENOMEM;
	c->room = max_t(u32, most, PAGE_SIZE);
	c->data = kvmalloc(c->room, GFP_KERNEL);
	return c->data ? 0 : -ENOMEM;
}

/* Returns how much of the answer is in @data. */
static ssize_t command_send(struct fpt_file *ff, struct command *c)
{
	struct fpt_call call = {
		.op = FUSE_IOCTL,
		.node = ff->node,
		.flags = FPT_CALL_OUT_VAR,
	};
	ssize_t len;

	c->in.fh = ff->fh;
	if (BITS_PER_LONG == 32)
		c->in.flags |= FUSE_IOCTL_32BIT;
	fpt_call_in(&call, &c->in, sizeof(c->in));
	if (c->in.in_size)
		fpt_call_in(&call, c->data, c->in.in_size);
	fpt_call_out(&call, &c->out, sizeof(c->out));
	fpt_call_out(&call, c->data, c->room);

	len = fpt_call_file(ff, &call);
	if (len == -ENOSYS)
		return -ENOTTY;
	if (len < 0)
		return len;
	/* Which memory a command is about is not the server's to say. */
	if ((c->out.flags & FUSE_IOCTL_RETRY) || len > c->in.out_size)
		return -EIO;
	/* What is below all errnos means something to the kernel alone. */
	if (c->out.result <= -ERESTARTSYS)
		return -EIO;
	if (c->out.result == -ENOSYS)
		c->out.result = -ENOTTY;
	return len;
}

/* May this task send a command about the inode at all? */
static int command_admit(struct inode *inode)
{
	struct fpt_conn *conn = fpt_inode_conn(inode);

	if (!fpt_conn_may_use(conn))
		return -EACCES;
	if (fpt_inode_stale(inode))
		return -EIO;
	fpt_conn_settle(conn);
	if (S_ISDIR(inode->i_mode) && conn->minor < MINOR_IOCTL_DIR)
		return -ENOTTY;
	return 0;
}

/* -------- the caller's memory -------- */

static int fetch_plain(const struct fpt_conn *conn, struct command *c)
{
	u32 size = _IOC_SIZE(c->in.cmd);
	int err;

	/* Their number says long, and callers have an int. */
	if (c->in.cmd == FS_IOC_GETFLAGS || c->in.cmd == FS_IOC_SETFLAGS)
		size = sizeof(int);
	if (_IOC_DIR(c->in.cmd) & _IOC_WRITE)
		c->in.in_size = size;
	if (_IOC_DIR(c->in.cmd) & _IOC_READ)
		c->in.out_size = size;
	err = command_room(conn, c);
	if (err)
		return err;
	if (copy_from_user(c->data, u64_to_user_ptr(c->in.arg), c->in.in_size))
		return -EFAULT;
	return 0;
}

/* The digest follows its head, and is as long as the caller has room for. */
static int fetch_measure_verity(const struct fpt_conn *conn, struct command *c)
{
	struct fsverity_digest head;
	int err;

	if (copy_from_user(&head, u64_to_user_ptr(c->in.arg), sizeof(head)))
		return -EFAULT;
	c->in.in_size = sizeof(head) + head.digest_size;
	c->in.out_size = c->in.in_size;
	err = command_room(conn, c);
	if (err)
		return err;
	if (copy_from_user(c->data, u64_to_user_ptr(c->in.arg), c->in.in_size))
		return -EFAULT;
	/* It counts as it was when the room was made. */
	memcpy(c->data, &head, sizeof(head));
	return 0;
}

/* Salt and signature are elsewhere; the server gets them behind the head. */
static int fetch_enable_verity(const struct fpt_conn *conn, struct command *c)
{
	struct fsverity_enable_arg head;
	u64 most = (u64)conn->max_pages << PAGE_SHIFT, size;
	void *salt, *sig;
	int err;

	if (copy_from_user(&head, u64_to_user_ptr(c->in.arg), sizeof(head)))
		return -EFAULT;
	size = sizeof(head) + (u64)head.salt_size + head.sig_size;
	if (size > most)
		return -ENOMEM;
	c->in.in_size = size;
	err = command_room(conn, c);
	if (err)
		return err;

	salt = c->data + sizeof(head);
	sig = salt + head.salt_size;
	memcpy(c->data, &head, sizeof(head));
	if (copy_from_user(salt, u64_to_user_ptr(head.salt_ptr),
			   head.salt_size) ||
	    copy_from_user(sig, u64_to_user_ptr(head.sig_ptr), head.sig_size))
		return -EFAULT;
	return 0;
}

static int command_fetch(const struct fpt_conn *conn, struct command *c)
{
	switch (c->in.cmd) {
	case FS_IOC_MEASURE_VERITY:
		return fetch_measure_verity(conn, c);
	case FS_IOC_ENABLE_VERITY:
		return fetch_enable_verity(conn, c);
	}
	return fetch_plain(conn, c);
}

static long command_run(struct file *file, unsigned int cmd, unsigned long arg,
			u32 flags)
{
	struct inode *inode = file_inode(file);
	struct fpt_file *ff = fpt_file(file);
	struct command c = {
		.in = { .cmd = cmd, .arg = arg, .flags = flags },
	};
	ssize_t len;

	len = command_admit(inode);
	if (len)
		return len;
	if (S_ISDIR(inode->i_mode))
		c.in.flags |= FUSE_IOCTL_DIR;

	len = command_fetch(ff->conn, &c);
	if (!len)
		len = fpt_file_need_handle(file);
	if (!len)
		len = command_send(ff, &c);
	if (len > 0 && copy_to_user(u64_to_user_ptr(c.in.arg), c.data, len))
		len = -EFAULT;
	kvfree(c.data);
	return len < 0 ? len : c.out.result;
}

long fpt_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command_run(file, cmd, arg, 0);
}

static u32 x32_flag(void)
{
#ifdef CONFIG_X86_X32_ABI
	if (in_x32_syscall())
		return FUSE_IOCTL_COMPAT_X32;
#endif
	return 0;
}

long fpt_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command_run(file, cmd, arg, FUSE_IOCTL_COMPAT |
			   FUSE_IOCTL_32BIT | x32_flag());
}

/* -------- file attributes -------- */

/*
 * One command of the kernel's own, on a handle of its own: what is asked about
 * is a name, and nobody need have it open. Its number may say another size.
 */
static int attr_command(struct inode *inode, unsigned int cmd, void *value,
			u32 size)
{
	bool dir = S_ISDIR(inode->i_mode);
	bool gets = _IOC_DIR(cmd) & _IOC_READ;
	struct command c = { .in = { .cmd = cmd } };
	struct fpt_file *ff;
	ssize_t len;

	len = command_admit(inode);
	if (len)
		return len;
	ff = fpt_file_open_own(inode, O_RDONLY, dir ? FUSE_OPENDIR : FUSE_OPEN);
	if (IS_ERR(ff))
		return PTR_ERR(ff);

	if (dir)
		c.in.flags |= FUSE_IOCTL_DIR;
	if (gets)
		c.in.out_size = size;
	else
		c.in.in_size = size;
	len = command_room(ff->conn, &c);
	if (!len) {
		if (!gets)
			memcpy(c.data, value, size);
		len = command_send(ff, &c);
	}
	if (len >= 0 && c.out.result < 0)
		len = c.out.result;
	if (len >= 0 && gets) {
		if (len == size)
			memcpy(value, c.data, size);
		else
			len = -EIO;
	}
	kvfree(c.data);
	fpt_file_close_own(inode, ff, O_RDONLY,
			   dir ? FUSE_RELEASEDIR : FUSE_RELEASE);
	return len < 0 ? len : 0;
}

int fpt_fileattr_get(struct dentry *dentry, struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct fsxattr x;
	u32 flags;
	int err;

	if (fa->flags_valid) {
		err = attr_command(inode, FS_IOC_GETFLAGS, &flags,
				   sizeof(flags));
		if (!err)
			fileattr_fill_flags(fa, flags);
		return err;
	}

	err = attr_command(inode, FS_IOC_FSGETXATTR, &x, sizeof(x));
	if (err)
		return err;
	fileattr_fill_xflags(fa, x.fsx_xflags);
	fa->fsx_projid = x.fsx_projid;
	fa->fsx_extsize = x.fsx_extsize;
	fa->fsx_cowextsize = x.fsx_cowextsize;
	fa->fsx_nextents = x.fsx_nextents;
	return 0;
}

int fpt_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct fsxattr x = {
		.fsx_xflags = fa->fsx_xflags,
		.fsx_projid = fa->fsx_projid,
		.fsx_extsize = fa->fsx_extsize,
		.fsx_cowextsize = fa->fsx_cowextsize,
		.fsx_nextents = fa->fsx_nextents,
	};
	u32 flags = fa->flags;
	int err;

	if (fa->flags_valid)
		err = attr_command(inode, FS_IOC_SETFLAGS, &flags,
				   sizeof(flags));
	else
		err = attr_command(inode, FS_IOC_FSSETXATTR, &x, sizeof(x));
	fpt_attr_stale(inode, STATX_CTIME);
	return err;
}
