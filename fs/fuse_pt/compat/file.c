// SPDX-License-Identifier: GPL-2.0-only
/* Open files: opening a backing file, splicing from it, mapping it. */
#include <linux/bvec.h>
#include <linux/fcntl.h>
#include <linux/security.h>
#include <linux/uio.h>
#include "compat.h"

#ifdef FPT_HAVE_BACKING_FILE_H
#include <linux/backing-file.h>
#endif

/* Is no event of this file to be notified, as of one fanotify made itself? */
static bool fpt_never_notifies(const struct file *file)
{
#ifdef FMODE_FSNOTIFY_NONE
	return FMODE_FSNOTIFY_NONE(file->f_mode);
#else
	return file->f_mode & FMODE_NONOTIFY;
#endif
}

/**
 * fpt_compat_open_backing() - open a file below another
 * @user: the file that the user opened
 * @flags: O_* of the new file; those for creation are ignored
 * @path: what to open
 * @cred: whose credentials the file gets
 *
 * Where the kernel can, the new file's mappings show the path of @user. A file
 * that must not be notified of has none below it that is, or a listener would
 * wait for itself. From 6.14 on that holds for what is done with the file; for
 * its opening, it is up to the kernel.
 *
 * No permission of @path's inode is checked: the caller did.
 *
 * Return: the file or an ERR_PTR
 */
struct file *fpt_compat_open_backing(const struct file *user, int flags,
				     const struct path *path,
				     const struct cred *cred)
{
	bool silent = fpt_never_notifies(user);
	struct file *file;

	flags &= ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
#ifdef __FMODE_NONOTIFY
	if (silent)
		flags |= __FMODE_NONOTIFY;
#endif

#if !defined(FPT_HAVE_EXPORT_BACKING_FILE_OPEN) || \
	!defined(FPT_HAVE_BACKING_FILE_USER_PATH)
	/* Before 6.7 the file system below would find a dentry of ours in it. */
	file = dentry_open(path, flags, cred);
#elif defined(FPT_HAVE_BACKING_FILE_OPEN_FILE)
	file = backing_file_open(user, flags, path, cred);
#elif defined(FPT_HAVE_BACKING_FILE_OPEN_PATH) || \
	defined(FPT_HAVE_BACKING_FILE_OPEN_PATH_FS)
	file = backing_file_open(&user->f_path, flags, path, cred);
#else
	file = dentry_open(path, flags, cred);
#endif

#ifdef FPT_HAVE_FSNOTIFY_MODE
	if (!IS_ERR(file) && silent)
		file_set_fsnotify_mode(file, FMODE_NONOTIFY);
#endif
	return file;
}

/**
 * fpt_compat_mmap_allowed() - does the LSM let a backing file be mapped
 * @vma: the mapping, with vm_file the backing file
 * @lower: backing file
 * @user: the file that the user maps, which the LSM has let pass
 *
 * Return: 0 or the LSM's error. 0 on kernels that have no such hook, and for
 * files that they do not know to be backing ones.
 */
int fpt_compat_mmap_allowed(struct vm_area_struct *vma, struct file *lower,
			    struct file *user)
{
#if defined(FPT_HAVE_MMAP_BACKING_FILE) && \
	defined(FPT_HAVE_EXPORT_SECURITY_MMAP_BACKING_FILE)
	if (lower->f_mode & FMODE_BACKING)
		return security_mmap_backing_file(vma, lower, user);
#endif
	return 0;
}

#ifndef FPT_HAVE_VFS_SPLICE_READ
/**
 * vfs_splice_read() - splice from a file with the checks of its read
 * @in: file
 * @pos: where to read; moved on
 * @pipe: locked; no more is read than it has room for
 * @len: most bytes
 * @flags: SPLICE_F_*
 *
 * Return: bytes in the pipe, or an error
 */
ssize_t vfs_splice_read(struct file *in, loff_t *pos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags)
{
	size_t room;
	int err;

	if (!(in->f_mode & FMODE_READ))
		return -EBADF;
	if (!in->f_op->splice_read)
		return -EINVAL;
	err = rw_verify_area(READ, in, pos, len);
	if (err)
		return err;
	if (!len)
		return 0;

	room = pipe->max_usage - pipe_occupancy(pipe->head, pipe->tail);
	len = min3(len, room << PAGE_SHIFT, (size_t)MAX_RW_COUNT);
	return in->f_op->splice_read(in, pos, pipe, len, flags);
}
#endif

#ifndef FPT_HAVE_COPY_SPLICE_READ
static void free_unspliced(struct splice_pipe_desc *spd, unsigned int i)
{
	__free_page(spd->pages[i]);
}

/* What was read lies in the first bytes of @pages: hand it to the pipe. */
static ssize_t splice_pages(struct pipe_inode_info *pipe, struct page **pages,
			    struct partial_page *parts, size_t len)
{
	struct splice_pipe_desc spd = {
		.pages		= pages,
		.partial	= parts,
		.nr_pages	= DIV_ROUND_UP(len, PAGE_SIZE),
		.ops		= &nosteal_pipe_buf_ops,
		.spd_release	= free_unspliced,
	};
	int i;

	for (i = 0; i < spd.nr_pages; i++) {
		parts[i].offset = 0;
		parts[i].len = min_t(size_t, len - i * PAGE_SIZE, PAGE_SIZE);
		parts[i].private = 0;
	}
	return splice_to_pipe(pipe, &spd);
}

/**
 * copy_splice_read() - splice by a read into new pages
 * @in: file
 * @pos: where to read; moved on
 * @pipe: locked
 * @len: most bytes
 * @flags: SPLICE_F_*
 *
 * For files whose data is not in the page cache.
 *
 * Return: bytes in the pipe, or an error
 */
ssize_t copy_splice_read(struct file *in, loff_t *pos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags)
{
	size_t room = pipe->max_usage - pipe_occupancy(pipe->head, pipe->tail);
	size_t nr = min(room, DIV_ROUND_UP(len, PAGE_SIZE));
	struct partial_page *parts;
	struct iov_iter to;
	struct kiocb iocb;
	struct page **pages;
	struct bio_vec *bv;
	size_t made, used;
	ssize_t ret;

	if (!nr)
		return len ? -EAGAIN : 0;

	ret = -ENOMEM;
	pages = kcalloc(nr, sizeof(*pages), GFP_KERNEL);
	parts = kcalloc(nr, sizeof(*parts), GFP_KERNEL);
	bv = kcalloc(nr, sizeof(*bv), GFP_KERNEL);
	if (!pages || !parts || !bv)
		goto free;

	for (made = 0; made < nr; made++) {
		pages[made] = alloc_page(GFP_USER);
		if (!pages[made])
			break;
		bv[made].bv_page = pages[made];
		bv[made].bv_len = PAGE_SIZE;
	}
	if (!made)
		goto free;

	iov_iter_bvec(&to, ITER_DEST, bv, made,
		      min_t(size_t, len, made * PAGE_SIZE));
	init_sync_kiocb(&iocb, in);
	iocb.ki_pos = *pos;
	ret = call_read_iter(in, &iocb, &to);

	used = ret > 0 ? DIV_ROUND_UP(ret, PAGE_SIZE) : 0;
	while (made > used)
		__free_page(pages[--made]);
	if (ret > 0)
		ret = splice_pages(pipe, pages, parts, ret);
	if (ret > 0)
		*pos += ret;
free:
	kfree(bv);
	kfree(parts);
	kfree(pages);
	return ret;
}
#endif
