/* SPDX-License-Identifier: GPL-2.0-only */
/* Open files: kiocbs, splice, mappings, backing files. */
#ifndef _FPT_COMPAT_FILE_H
#define _FPT_COMPAT_FILE_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/splice.h>
#ifdef FPT_HAVE_FILELOCK_H
#include <linux/filelock.h>
#endif

#ifndef FPT_HAVE_KIOCB_START_WRITE
static inline void kiocb_start_write(struct kiocb *iocb)
{
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	sb_start_write(sb);
	/* ended by another task, as far as lockdep is concerned */
	__sb_writers_release(sb, SB_FREEZE_WRITE);
}

static inline void kiocb_end_write(struct kiocb *iocb)
{
	struct super_block *sb = file_inode(iocb->ki_filp)->i_sb;

	__sb_writers_acquired(sb, SB_FREEZE_WRITE);
	sb_end_write(sb);
}
#endif

#ifndef FPT_HAVE_FILEMAP_SPLICE_READ
#define filemap_splice_read	generic_file_splice_read
#endif

#ifndef FPT_HAVE_VFS_SPLICE_READ
ssize_t vfs_splice_read(struct file *in, loff_t *pos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags);
#endif

#ifndef FPT_HAVE_COPY_SPLICE_READ
ssize_t copy_splice_read(struct file *in, loff_t *pos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags);
#endif

#ifndef FPT_HAVE_SPLICE_COPY_FILE_RANGE
#define splice_copy_file_range(in, pos_in, out, pos_out, len) \
	generic_copy_file_range(in, pos_in, out, pos_out, len, 0)
#endif

#ifndef FPT_HAVE_CAN_MMAP_FILE
static inline bool can_mmap_file(struct file *file)
{
	return file->f_op->mmap;
}
#endif

#ifndef FPT_HAVE_VFS_MMAP
#define vfs_mmap	call_mmap
#endif

/*
 * What io_uring does with buffered I/O of a file in its submitter's context:
 * a mask of FPT_ASYNC_*. Newer kernels keep it with a file's operations, older
 * ones with the open file. FPT_FOP_*ASYNC is written before the operations that
 * are to be so; fpt_compat_async_like() makes @file be as @lower, and says which
 * of those it needs for that.
 */
#define FPT_ASYNC_READ	1
#define FPT_ASYNC_WRITE	2

#ifdef FOP_BUFFER_RASYNC
#define FPT_FOP_RASYNC	.fop_flags = FOP_BUFFER_RASYNC,
#define FPT_FOP_WASYNC	.fop_flags = FOP_BUFFER_WASYNC,
#define FPT_FOP_ASYNC	.fop_flags = FOP_BUFFER_RASYNC | FOP_BUFFER_WASYNC,

static inline unsigned int fpt_compat_async_like(struct file *file,
						 const struct file *lower)
{
	fop_flags_t flags = lower->f_op->fop_flags;

	return (flags & FOP_BUFFER_RASYNC ? FPT_ASYNC_READ : 0) |
	       (flags & FOP_BUFFER_WASYNC ? FPT_ASYNC_WRITE : 0);
}
#else
#define FPT_FOP_RASYNC
#define FPT_FOP_WASYNC
#define FPT_FOP_ASYNC

static inline unsigned int fpt_compat_async_like(struct file *file,
						 const struct file *lower)
{
	file->f_mode |= lower->f_mode & (FMODE_BUF_RASYNC | FMODE_BUF_WASYNC);
	return 0;
}
#endif

/* A listing that was fetched is handed out whatever signals are pending. */
#ifndef FILLDIR_FLAG_NOINTR
#define FILLDIR_FLAG_NOINTR	0
#endif

#ifndef FPT_HAVE_SHARED_MAYWRITE
/* Older kernels count what is shared of files that are open for writing. */
static inline bool vma_is_shared_maywrite(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_SHARED;
}
#endif

#ifndef FPT_HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

struct file *fpt_compat_open_backing(const struct file *user, int flags,
				     const struct path *path,
				     const struct cred *cred);
int fpt_compat_mmap_allowed(struct vm_area_struct *vma, struct file *lower,
			    struct file *user);

#endif /* _FPT_COMPAT_FILE_H */
