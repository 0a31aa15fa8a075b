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

#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/stat.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "file.h"
#include "iomode.h"
#include "lower.h"
#include "node.h"
#include "passthrough.h"
#include "stack.h"
#include "stats.h"
#include "trace.h"

/* What is done by open(2), not by the opening of a file that exists. */
#define O_ONCE	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_TMPFILE)

/* A bound inode shows the time below, which most reads leave alone (relatime). */
static inline bool through_touched(const struct inode *inode,
				   const struct file *lower)
{
	const struct inode *below = file_inode(lower);
	struct timespec64 shown, now;

	if (!fpt_bound(inode) || below->i_sb->s_stack_depth)
		return true;
	shown = inode_get_atime(inode);
	now = inode_get_atime(below);
	return !timespec64_equal(&shown, &now);
}

/* A call ended, with the file's position at @end. */
static inline void through_done(const struct file *file, enum fpt_stat_io what,
				loff_t end, ssize_t ret)
{
	fpt_stat_io(fpt_file(file)->conn, what, ret);
	trace_fpt_passthrough_io(file_inode(file), what, end, ret);
}

/* The same of what a call did from @pos on. */
static void through_done_range(const struct file *file, enum fpt_stat_io what,
			       loff_t pos, loff_t ret)
{
	through_done(file, what, ret > 0 ? pos + ret : pos,
		     min_t(loff_t, ret, LONG_MAX));
}

/* The same of a read or write; one that is queued has the iocb for itself. */
static inline void through_done_io(const struct file *file,
				   enum fpt_stat_io what,
				   const struct kiocb *iocb, ssize_t ret)
{
	fpt_stat_io(fpt_file(file)->conn, what, ret);
	if (trace_fpt_passthrough_io_enabled() && ret != -EIOCBQUEUED)
		trace_fpt_passthrough_io(file_inode(file), what, iocb->ki_pos,
					 ret);
}

/* What was -EIOCBQUEUED then ended, in any context. */
static void through_done_async(const struct kiocb *iocb, enum fpt_stat_io what,
			       ssize_t ret)
{
	const struct file *file = iocb->ki_filp;

	fpt_stat_bytes(fpt_file(file)->conn, what, ret);
	trace_fpt_passthrough_io(file_inode(file), what, iocb->ki_pos, ret);
}

static void through_read_async(struct kiocb *iocb, ssize_t ret)
{
	through_done_async(iocb, FPT_IO_THROUGH_READ, ret);
}

/* Most reads find that the last one left it stale. */
static inline void through_read(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (unlikely(!(READ_ONCE(fpt_node(inode)->stale_mask) & STATX_ATIME)) &&
	    !(file->f_flags & O_NOATIME) &&
	    through_touched(inode, fpt_file(file)->back))
		fpt_attr_stale(inode, STATX_ATIME);
}

/*
 * Has nothing but the size to be noted of a write, as no request has been
 * numbered since the last one was? Then a reply that could cross it is one to a
 * request that the server has yet to see.
 */
static inline bool through_noted(const struct inode *inode)
{
	const struct fpt_node *fn = fpt_node(inode);

	if (BITS_PER_LONG != 64 || (inode->i_mode & (S_ISUID | S_ISGID)))
		return false;
	/* what was written below is there for who is numbered from here on */
	smp_mb();
	if ((READ_ONCE(fn->io.bound) & FUSE_PT_BIND_WRITE_ATTR) &&
	    !test_bit(FPT_N_ATTR_DIRTY, &fn->bits))
		return false;
	return !(FPT_STAT_DATA & ~READ_ONCE(fn->stale_mask)) &&
	       READ_ONCE(fn->attr_epoch) == fpt_attr_now(fpt_inode_conn(inode));
}

/*
 * What is left of fpt_node_wrote() then, as the server's attributes are never
 * ours in passthrough. A truncate may have come in between: noted once more.
 */
static inline void through_grew(struct inode *inode, loff_t end)
{
	struct fpt_node *fn = fpt_node(inode);

	spin_lock(&fn->lock);
	if (end > inode->i_size)
		fpt_node_sized(fn, end, FPT_STAT_DATA);
	else
		fn->stale_mask |= FPT_STAT_DATA;
	fn->attr_epoch = fpt_attr_now(fpt_inode_conn(inode));
	spin_unlock(&fn->lock);
}

static inline void through_wrote(struct inode *inode, loff_t end)
{
	if (unlikely(!through_noted(inode)))
		fpt_node_wrote(inode, end);
	else if (end > i_size_read(inode))
		through_grew(inode, end);
}

/*
 * A part may be done all the same: as of O_SYNC, where only the sync failed. Not
 * of what is to be done later, or in another way.
 */
static noinline void through_failed(struct inode *inode, ssize_t err)
{
	if (err != -EAGAIN && err != -EIOCBQUEUED && err != -EOPNOTSUPP &&
	    err != -EXDEV)
		fpt_node_wrote(inode, 0);
}

static void through_wrote_async(struct kiocb *iocb, ssize_t ret)
{
	struct inode *inode = file_inode(iocb->ki_filp);

	if (ret > 0)
		through_wrote(inode, iocb->ki_pos);
	else if (ret < 0)
		through_failed(inode, ret);
	through_done_async(iocb, FPT_IO_THROUGH_WRITE, ret);
}

/*
 * What may_open() asks of the upper inode, which need not carry the flags; and
 * by a grant, has the descriptor that was registered what this open wants?
 */
static int may_attach(const struct file *file, const struct fpt_backing *fb)
{
	const struct inode *inode = file_inode(fb->file);
	bool writes = (file->f_mode & FMODE_WRITE) || (file->f_flags & O_TRUNC);
	bool appends = (file->f_flags & O_APPEND) && !(file->f_flags & O_TRUNC);

	if (fb->grant && (file->f_mode & FMODE_READ) &&
	    !(fb->file->f_mode & FMODE_READ))
		return -EACCES;
	if (!writes)
		return 0;
	if (fb->grant && !(fb->file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (IS_IMMUTABLE(inode))
		return -EPERM;
	if ((IS_APPEND(inode) || fb->append) && !appends)
		return -EPERM;
	return 0;
}

/* Opening looks at who asks, which by a grant is who registered the file. */
static struct file *open_lower(const struct file *file,
			       const struct fpt_backing *fb)
{
	unsigned int flags = file->f_flags & ~O_ONCE;
	const struct cred *old;
	struct file *lower;

	if (likely(!fb->grant))
		return fpt_compat_open_backing(file, flags, &fb->file->f_path,
					       fb->cred);

	flags = fpt_stack_open_flags(fb->file, fb->cred, flags);
	old = override_creds(fb->cred);
	lower = fpt_compat_open_backing(file, flags, &fb->file->f_path,
					fb->cred);
	revert_creds(old);
	return lower;
}

int fpt_passthrough_attach(struct file *file, struct fpt_file *ff,
			   struct fpt_backing *fb)
{
	struct file *lower;
	int err;

	err = may_attach(file, fb);
	if (err)
		goto refused;

	lower = open_lower(file, fb);
	if (IS_ERR(lower)) {
		err = PTR_ERR(lower);
		goto refused;
	}
	if (((file->f_mode & FMODE_READ) && !lower->f_op->read_iter) ||
	    ((file->f_mode & FMODE_WRITE) && !lower->f_op->write_iter)) {
		fput(lower);
		err = -EOPNOTSUPP;
		goto refused;
	}

	ff->back = lower;
	ff->backing = fb;
	ff->append_only = fb->append;
	atomic_inc(&fb->opens);
	fpt_stat_opened(ff->conn);
	trace_fpt_passthrough_open(ff->conn, file_inode(file), fb->id,
				   lower->f_flags);
	return 0;

refused:
	fpt_backing_put(fb);
	return err;
}

void fpt_passthrough_detach(const struct inode *inode, struct fpt_file *ff)
{
	trace_fpt_passthrough_close(ff->conn, inode, ff->backing->id,
				    ff->back->f_flags);
	fpt_stat_closed(ff->conn);
	fput(ff->back);
	ff->back = NULL;
	atomic_dec(&ff->backing->opens);
	fpt_backing_put(ff->backing);
	ff->backing = NULL;
}

static noinline int strip_found(struct file *file, bool nowait)
{
	struct inode *inode = file_inode(file);
	int err;

	if (!fpt_must_strip_privs(file))
		return 0;
	if (nowait)
		return -EAGAIN;

	inode_lock(inode);
	err = fpt_strip_privs(file);
	inode_unlock(inode);
	return err;
}

/*
 * Before data changes: setuid, setgid and capabilities go, once known. Mostly
 * they are known not to be there.
 */
static inline int strip_privs(struct file *file, bool nowait)
{
	struct inode *inode = file_inode(file);
	struct fpt_node *fn = fpt_node(inode);

	if (likely(!(inode->i_mode & (S_ISUID | S_ISGID)) &&
		   ((fpt_file(file)->lets & FUSE_PT_BACKING_XATTR) ||
		    !fpt_node_past(fn, &fn->caps_until))))
		return 0;
	return strip_found(file, nowait);
}

ssize_t fpt_passthrough_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	ssize_t ret;

	if (unlikely(fpt_inode_stale(file_inode(file))))
		return -EIO;
	ret = fpt_stack_read(fpt_file(file)->back, to, iocb,
			     through_read_async);
	through_read(file);
	through_done_io(file, FPT_IO_THROUGH_READ, iocb, ret);
	return ret;
}

ssize_t fpt_passthrough_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	ssize_t ret;

	if (unlikely(fpt_inode_stale(file_inode(file))))
		return -EIO;
	if (!iov_iter_count(from))
		return 0;
	if (unlikely(fpt_file(file)->append_only) &&
	    !(iocb->ki_flags & IOCB_APPEND))
		return -EPERM;
	ret = strip_privs(file, iocb->ki_flags & IOCB_NOWAIT);
	if (ret)
		return ret;

	ret = fpt_stack_write(fpt_file(file)->back, from, iocb,
			      through_wrote_async);
	if (likely(ret > 0))
		through_wrote(file_inode(file), iocb->ki_pos);
	else if (ret < 0)
		through_failed(file_inode(file), ret);
	through_done_io(file, FPT_IO_THROUGH_WRITE, iocb, ret);
	return ret;
}

ssize_t fpt_passthrough_splice_read(struct file *in, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	ssize_t ret;

	if (fpt_inode_stale(file_inode(in)))
		return -EIO;
	ret = fpt_stack_splice_read(fpt_file(in)->back, in, pos, pipe, len,
				    flags);
	through_read(in);
	through_done(in, FPT_IO_THROUGH_SPLICE_READ, *pos, ret);
	return ret;
}

ssize_t fpt_passthrough_splice_write(struct pipe_inode_info *pipe,
				     struct file *out, loff_t *pos, size_t len,
				     unsigned int flags)
{
	ssize_t ret;

	if (fpt_inode_stale(file_inode(out)))
		return -EIO;
	/* the VFS does not splice into a file in append mode */
	if (unlikely(fpt_file(out)->append_only))
		return -EPERM;
	ret = strip_privs(out, false);
	if (ret)
		return ret;

	ret = fpt_stack_splice_write(pipe, fpt_file(out)->back, out, pos, len,
				     flags);
	if (ret > 0)
		through_wrote(file_inode(out), *pos);
	else if (ret < 0)
		through_failed(file_inode(out), ret);
	through_done(out, FPT_IO_THROUGH_SPLICE_WRITE, *pos, ret);
	return ret;
}

int fpt_passthrough_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fpt_file *ff = fpt_file(file);
	loff_t from = (loff_t)vma->vm_pgoff << PAGE_SHIFT;
	ssize_t len = vma->vm_end - vma->vm_start;
	int err = 0;

	/* VM_SHARED is not set where the file is open for reading only. */
	if (vma->vm_flags & VM_SHARED) {
		if (ff->append_only)
			return -EACCES;
		err = fpt_stack_may_share(ff->back, vma);
		if (!err && vma_is_shared_maywrite(vma))
			err = fpt_iomode_mapped(file_inode(file), ff);
	}

	if (!err)
		err = fpt_stack_mmap(ff->back, vma);
	through_read(file);
	through_done(file, FPT_IO_THROUGH_MMAP, from + len, err ? err : len);
	return err;
}

/* -------- what the server lets the kernel do unasked (fuse_pt.h) -------- */

int fpt_passthrough_fsync(struct file *file, loff_t start, loff_t end,
			  int datasync)
{
	/* of pages that were cached before the file went to passthrough */
	int lost = file_check_and_advance_wb_err(file);
	int err;

	err = fpt_lower_fsync(fpt_file(file)->back, start, end, datasync);
	if (!err)
		err = lost;
	through_done(file, FPT_IO_THROUGH_FSYNC, start, err);
	return err;
}

int fpt_passthrough_flush(struct file *file, fl_owner_t owner)
{
	return fpt_lower_flush(fpt_file(file)->back, owner);
}

loff_t fpt_passthrough_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t found;

	found = fpt_lower_llseek(fpt_file(file)->back, offset, whence);
	return found < 0 ? found :
		vfs_setpos(file, found, file_inode(file)->i_sb->s_maxbytes);
}

/* The size changed by other than growing to the end of what was written. */
static void through_resized(struct inode *inode, const struct file *lower)
{
	struct fpt_node *fn = fpt_node(inode);

	/* under the lock, so that of two the later is the last */
	spin_lock(&fn->lock);
	fpt_node_sized(fn, i_size_read(file_inode(lower)), FPT_STAT_DATA);
	spin_unlock(&fn->lock);
	fpt_node_wrote(inode, 0);
}

int fpt_passthrough_fallocate(struct file *file, int mode, loff_t offset,
			      loff_t len)
{
	struct file *lower = fpt_file(file)->back;
	struct inode *inode = file_inode(file);
	int err;

	err = strip_privs(file, false);
	if (err)
		return err;

	err = fpt_lower_fallocate(lower, mode, offset, len);
	if (err)
		through_failed(inode, err);
	else if (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		through_resized(inode, lower);
	else
		fpt_node_wrote(inode, mode & FALLOC_FL_KEEP_SIZE ?
			       0 : offset + len);
	through_done(file, FPT_IO_THROUGH_FALLOCATE, offset, err);
	return err;
}

int fpt_passthrough_fadvise(struct file *file, loff_t offset, loff_t len,
			    int advice)
{
	return fpt_lower_fadvise(fpt_file(file)->back, offset, len, advice);
}

ssize_t fpt_passthrough_copy(struct file *in, loff_t pos_in, struct file *out,
			     loff_t pos_out, size_t len)
{
	ssize_t done;

	done = strip_privs(out, false);
	if (done)
		return done;

	done = fpt_lower_copy(fpt_file(in)->back, pos_in, fpt_file(out)->back,
			      out, pos_out, len);
	if (done > 0) {
		through_wrote(file_inode(out), pos_out + done);
		through_read(in);
	} else if (done < 0) {
		through_failed(file_inode(out), done);
	}
	through_done_range(out, FPT_IO_THROUGH_COPY, pos_out, done);
	return done;
}

loff_t fpt_passthrough_remap(struct file *in, loff_t pos_in, struct file *out,
			     loff_t pos_out, loff_t len,
			     unsigned int remap_flags)
{
	bool dedup = remap_flags & REMAP_FILE_DEDUP;
	loff_t done;

	/* what is deduplicated stays what it was */
	done = dedup ? 0 : strip_privs(out, false);
	if (done)
		return done;

	done = fpt_lower_remap(fpt_file(in)->back, pos_in, fpt_file(out)->back,
			       out, pos_out, len, remap_flags);
	if (dedup)
		fpt_attr_stale(file_inode(out), STATX_BLOCKS);
	else if (done >= 0)
		fpt_node_wrote(file_inode(out), pos_out + done);
	else
		through_failed(file_inode(out), done);
	through_done_range(out, FPT_IO_THROUGH_CLONE, pos_out, done);
	return done;
}
