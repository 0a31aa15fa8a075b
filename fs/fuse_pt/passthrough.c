// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passthrough: what stacking does not know of FUSE files, and the server does
 * not learn of their I/O.
 *
 * No call takes the upper inode's lock for its data. Reads never did; writes
 * are ordered by the lower inode's lock, and i_size here is a shadow that
 * fpt_node_wrote() only ever grows, under the node's lock, to ends of writes
 * that happened: two writers get it right in either order. A truncate in
 * between is no different: it changes the size at the server, and bumps the
 * epoch, so that the size is asked for anew. The lock is taken only to strip
 * privileges, which changes the mode, and let go before the write: who sets
 * them in between might as well have done so after it.
 */
#include "compat/compat.h"

#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/stat.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "file.h"
#include "iomode.h"
#include "node.h"
#include "passthrough.h"
#include "stack.h"

/* What is done by open(2), not by the opening of a file that exists. */
#define O_ONCE	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_TMPFILE)

/* Most reads find that the last one left it stale. */
static void through_accessed(struct file *upper)
{
	struct inode *inode = file_inode(upper);

	if (READ_ONCE(fpt_node(inode)->stale_mask) & STATX_ATIME)
		return;
	if (!(upper->f_flags & O_NOATIME))
		fpt_attr_stale(inode, STATX_ATIME);
}

static void through_wrote(struct file *upper, loff_t end, ssize_t written)
{
	fpt_node_wrote(file_inode(upper), end);
}

static struct fpt_stack through(struct file *upper)
{
	return (struct fpt_stack){
		.cred = fpt_file(upper)->back_cred,
		.upper = upper,
		.accessed = through_accessed,
		.wrote = through_wrote,
	};
}

/* What may_open() asks of the upper inode, which need not carry the flags. */
static int may_attach(const struct file *file, const struct inode *inode)
{
	if (!(file->f_mode & FMODE_WRITE) && !(file->f_flags & O_TRUNC))
		return 0;
	if (IS_IMMUTABLE(inode))
		return -EPERM;
	if (IS_APPEND(inode) &&
	    (!(file->f_flags & O_APPEND) || (file->f_flags & O_TRUNC)))
		return -EPERM;
	return 0;
}

int fpt_passthrough_attach(struct file *file, struct fpt_file *ff,
			   struct fpt_backing *fb)
{
	struct file *lower;
	int err;

	err = may_attach(file, file_inode(fb->file));
	if (err)
		return err;

	lower = fpt_compat_open_backing(file, file->f_flags & ~O_ONCE,
					&fb->file->f_path, fb->cred);
	if (IS_ERR(lower))
		return PTR_ERR(lower);
	if (((file->f_mode & FMODE_READ) && !lower->f_op->read_iter) ||
	    ((file->f_mode & FMODE_WRITE) && !lower->f_op->write_iter)) {
		fput(lower);
		return -EOPNOTSUPP;
	}

	ff->back = lower;
	ff->back_cred = get_cred(fb->cred);
	return 0;
}

void fpt_passthrough_detach(struct fpt_file *ff)
{
	fput(ff->back);
	ff->back = NULL;
	put_cred(ff->back_cred);
	ff->back_cred = NULL;
}

/* Before data changes: setuid, setgid and capabilities go, once known. */
static inline int strip_privs(struct file *file, bool nowait)
{
	struct inode *inode = file_inode(file);
	int err;

	if (likely(!fpt_must_strip_privs(file)))
		return 0;
	if (nowait)
		return -EAGAIN;

	inode_lock(inode);
	err = fpt_strip_privs(file);
	inode_unlock(inode);
	return err;
}

ssize_t fpt_passthrough_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct fpt_stack st = through(file);

	return fpt_stack_read(fpt_file(file)->back, to, iocb, &st);
}

ssize_t fpt_passthrough_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct fpt_stack st = through(file);
	int err;

	if (!iov_iter_count(from))
		return 0;
	err = strip_privs(file, iocb->ki_flags & IOCB_NOWAIT);
	if (err)
		return err;

	return fpt_stack_write(fpt_file(file)->back, from, iocb, &st);
}

ssize_t fpt_passthrough_splice_read(struct file *in, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	struct fpt_stack st = through(in);

	return fpt_stack_splice_read(fpt_file(in)->back, pos, pipe, len, flags,
				     &st);
}

ssize_t fpt_passthrough_splice_write(struct pipe_inode_info *pipe,
				     struct file *out, loff_t *pos, size_t len,
				     unsigned int flags)
{
	struct fpt_stack st = through(out);
	int err;

	err = strip_privs(out, false);
	if (err)
		return err;

	return fpt_stack_splice_write(pipe, fpt_file(out)->back, pos, len,
				      flags, &st);
}

int fpt_passthrough_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fpt_file *ff = fpt_file(file);
	struct fpt_stack st = through(file);

	/* VM_SHARED is not set where the file is open for reading only. */
	if (vma->vm_flags & VM_SHARED)
		fpt_iomode_mapped(file_inode(file), ff);

	return fpt_stack_mmap(ff->back, vma, &st);
}
