/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files: the handle a server gave, and the data path chosen for it.
 */
#ifndef FPT_FILE_H
#define FPT_FILE_H

#include <linux/fs.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <linux/fuse_pt.h>
#include <linux/fuse_pt_protocol.h>
#include "dircache.h"
#include "node.h"
#include "request.h"

struct fpt_backing;
struct fpt_forget;
struct fpt_keep;
struct fpt_poll;

/**
 * enum fpt_path - where reads and writes of an open file go
 * @FPT_PATH_NONE: directories, and files before the choice
 * @FPT_PATH_CACHED: page cache
 * @FPT_PATH_DIRECT: FOPEN_DIRECT_IO, to the server without the page cache
 * @FPT_PATH_THROUGH: FOPEN_PASSTHROUGH, to the backing file (with
 *	FOPEN_DIRECT_IO beside it reads and writes are DIRECT, @back is for mmap)
 */
enum fpt_path {
	FPT_PATH_NONE,
	FPT_PATH_CACHED,
	FPT_PATH_DIRECT,
	FPT_PATH_THROUGH,
};

/**
 * enum fpt_file_locks - what an open file may own at the server until its end
 * @FPT_LOCKS_FLOCK: a lock of flock(2)
 * @FPT_LOCKS_OFD: locks of fcntl(2) that belong to the open file
 * @FPT_LOCKS_ENDED: the server was told that all of one kind are gone
 */
enum fpt_file_locks {
	FPT_LOCKS_FLOCK	= 1 << 0,
	FPT_LOCKS_OFD	= 1 << 1,
	FPT_LOCKS_ENDED	= 1 << 2,
};

/**
 * struct fpt_file - one open of a file or directory (file->private_data)
 * @refs: the struct file's, and one per request in flight that names @fh;
 *	RELEASE is sent when it falls to 0. Freed when RELEASE was answered.
 * @conn: connection, referenced
 * @node: node id at open
 * @fh: server's handle
 * @open_flags: FOPEN_* of the reply
 * @path: data path of read and write
 * @io_held: iomode count this open holds: enum fpt_io_hold
 * @owns: counts in fpt_wb.owners
 * @bound: opened on the file that its inode is bound to, bind.h: with
 *	@no_release until a request needs a handle, see fpt_file_need_handle()
 * @back: backing file opened for this open, or NULL; set with FOPEN_PASSTHROUGH
 * @append_only: whatever is written to @back has to be an append
 * @backing: what was registered, that @back is of, referenced; NULL if @back is
 * @lets: FUSE_PT_BACKING_*, what the server lets the kernel do to @back unasked;
 *	0 unless @path is FPT_PATH_THROUGH
 * @locks: enum fpt_file_locks, changed under the f_lock of the struct file
 * @poll: of an open file that was polled, see poll.h; else NULL
 * @release: the RELEASE that ends it, filled in advance
 * @no_release: the server never saw an OPEN (no_open, or a bound inode), so no
 *	RELEASE either; see fpt_file_has_handle()
 * @anywhere: the server can write anywhere in the file: it did not ask for
 *	direct I/O, and got neither O_APPEND nor O_DIRECT to open its own with
 * @emptied: OPEN emptied the file, and the truncation that follows in the opener
 *	has nothing to do; cleared by it
 * @write_link: on fpt_wb.handles of its inode, under the node's lock
 * @rdsize: directories: how much to ask READDIR for, 0 if not known, readdir.c
 * @dirpos: directories: where it is in the cached listing
 * @inode: referenced from close until RELEASE was answered, so that the server
 *	gets no FORGET before; umount waits for it with fpt_queue_drain()
 * @holds_sb: and so is its superblock, a submount's
 * @end: lets go of both
 * @forget: FORGET to be sent after RELEASE, for a node that came with a late
 *	answer to CREATE; else NULL
 */
struct fpt_file {
	refcount_t		refs;
	struct fpt_conn		*conn;
	u64			node;
	u64			fh;
	u32			open_flags;
	u8			path;
	u8			io_held;
	bool			no_release;
	u8			locks;
	bool			owns;
	bool			bound;
	/* set before others can find it, and then changed by nobody else */
	bool			append_only:1;
	bool			anywhere:1;
	bool			emptied:1;
	bool			holds_sb;
	u32			lets;
	struct file		*back;
	struct fpt_backing	*backing;
	struct fpt_poll		*poll;
	struct hlist_node	write_link;
	u32			rdsize;
	struct fpt_dirpos	dirpos;
	struct inode		*inode;
	struct fpt_forget	*forget;
	union {
		struct {
			struct fpt_call		call;
			struct fuse_release_in	in;
		} release;
		struct work_struct	end;
	};
};

static inline struct fpt_file *fpt_file(const struct file *file)
{
	return file->private_data;
}

/* May the kernel do to the backing file what @bit is about, unasked? */
static inline bool fpt_file_lets(const struct file *file, u32 bit)
{
	return fpt_file(file)->lets & bit;
}

/* Is @fh the server's? */
static inline bool fpt_file_has_handle(const struct fpt_file *ff)
{
	/* Pairs with the release in fpt_bind_open_late(). */
	return !smp_load_acquire(&ff->no_release);
}

/*
 * Does a request about @inode with that handle, or with none, reach the file?
 * Where the server contradicted itself, the node id may be another file's by now.
 */
static inline bool fpt_file_reaches(const struct fpt_file *ff,
				    const struct inode *inode)
{
	return likely(!fpt_inode_stale(inode)) ||
	       (ff && fpt_file_has_handle(ff));
}

/* The rest of fpt_file_need_handle(). */
int fpt_bind_open_late(struct file *file);

/**
 * fpt_file_need_handle() - before a request that names the handle of @file
 *
 * An open of a bound inode has none until then: OPEN is sent, on behalf of who
 * opened the file. Where the server knows no OPEN, it expects no handle.
 * Return: 0, or what OPEN gave.
 */
static inline int fpt_file_need_handle(struct file *file)
{
	const struct fpt_file *ff = fpt_file(file);

	if (likely(!ff->bound || fpt_file_has_handle(ff)))
		return 0;
	return fpt_bind_open_late(file);
}

/*
 * Flags that a WRITE names: the file's, and what this very write asks for; where
 * the size is ours, so is where to append.
 */
static inline u32 fpt_write_flags(const struct kiocb *iocb)
{
	const struct file *file = iocb->ki_filp;
	u32 flags = file->f_flags;

	if (iocb_is_dsync(iocb))
		flags |= O_DSYNC;
	if (iocb->ki_flags & IOCB_SYNC)
		flags |= O_SYNC;
	return fpt_wb_owns(file_inode(file)) ? flags & ~O_APPEND : flags;
}

/**
 * fpt_file_new() - before OPEN, OPENDIR or CREATE is sent: all that its
 * success or failure will need
 */
struct fpt_file *fpt_file_new(struct fpt_conn *conn);
/* For a request in flight that names the handle. */
struct fpt_file *fpt_file_get(struct fpt_file *ff);
void fpt_file_put(struct fpt_file *ff);
/* Never opened at the server: free without RELEASE. */
void fpt_file_discard(struct fpt_file *ff);

/**
 * fpt_file_opened() - the server answered OPEN or CREATE
 * @inode: regular file
 * @file: upper file; private_data is set on success
 * @ff: from fpt_file_new(); taken over on success and on failure
 * @reply: fh, FOPEN_* and backing id as sent
 *
 * Chooses the data path (iomode.h), opens the backing file for passthrough.
 * If the reply asks for what is forbidden: RELEASE is sent, -EIO returned.
 */
int fpt_file_opened(struct inode *inode, struct file *file, struct fpt_file *ff,
		    const struct fuse_open_out *reply);
/* After CREATE with O_TRUNC: if it found the file, that was emptied. */
void fpt_file_create_emptied(struct inode *inode, const struct file *file);

/**
 * fpt_file_open_call() - OPEN or OPENDIR round trip (with no_open handling)
 * Shared by file.c and readdir.c. On success @ff holds what the server said.
 */
int fpt_file_open_call(struct inode *inode, struct file *file,
		       struct fpt_file *ff, u32 op, struct fuse_open_out *reply);

/*
 * The round trip alone. @keep: what stays if the opener is killed, or NULL.
 * -ENOSYS: the server knows no such request.
 */
int fpt_file_open_ask(struct inode *inode, unsigned int flags, u32 op,
		      struct fuse_open_out *reply, struct fpt_keep *keep);

/**
 * fpt_file_take() - take over what the server opened, or need not be asked for
 * @fb: NULL, or what to open instead of what @reply says; its reference is
 *	taken over, too
 *
 * As fpt_file_opened(), but what the page cache has is left alone.
 */
int fpt_file_take(struct inode *inode, struct file *file, struct fpt_file *ff,
		  const struct fuse_open_out *reply, struct fpt_backing *fb);

/**
 * fpt_file_open_own() - OPEN or OPENDIR of a handle that no struct file has
 * @flags: O_*
 *
 * Return: what fpt_file_close_own() ends, or an ERR_PTR
 */
struct fpt_file *fpt_file_open_own(struct inode *inode, unsigned int flags,
				   u32 op);
/* @op: FUSE_RELEASE or FUSE_RELEASEDIR */
void fpt_file_close_own(struct inode *inode, struct fpt_file *ff,
			unsigned int flags, u32 op);

/**
 * fpt_file_close() - f_op->release of files and directories: queue RELEASE
 * @op: FUSE_RELEASE or FUSE_RELEASEDIR
 */
void fpt_file_close(struct inode *inode, struct file *file, u32 op);

/* FSYNC or FSYNCDIR round trip; 0 once the server said ENOSYS. */
int fpt_file_sync_call(struct file *file, int datasync, u32 op);

/**
 * fpt_lock_owner() - what the server may know of a lock owner
 *
 * Equal for equal owners of one connection, and tells nothing of the kernel's
 * addresses.
 */
u64 fpt_lock_owner(const struct fpt_conn *conn, fl_owner_t owner);

/* Was the current task killed, be it on its way out already? */
bool fpt_task_killed(void);

/**
 * fpt_file_lost_size() - a READ ended before the size that we know
 * @end: where the server's data ended
 * @epoch: fpt_attr_epoch() from before the READ
 * Takes @end as the size, unless the file changed on this side since.
 */
void fpt_file_lost_size(struct inode *inode, loff_t end, u64 epoch);

/**
 * fpt_file_zero_tail() - the file is about to grow past @size, its size now
 * Clears what a mapping, or the file when it was longer, may have left in the
 * page cache behind the end. Inode locked.
 */
void fpt_file_zero_tail(struct inode *inode, loff_t size);

/* Late replies (struct fpt_call.late): give back what a killed opener got. */
void fpt_late_open(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		   const void *reply, size_t len);
void fpt_late_create(struct fpt_conn *conn, u32 op, u64 node, u64 other,
		     const void *reply, size_t len);

/* The same of a CREATE that was answered in time, and not taken. */
void fpt_create_give_back(struct fpt_conn *conn, u64 node,
			  const struct fuse_open_out *open);

/* sync.c: f_op->flush and f_op->fsync */
int fpt_file_flush(struct file *file, fl_owner_t owner);
int fpt_file_fsync(struct file *file, loff_t start, loff_t end, int datasync);

/* range.c: lseek, fallocate, copy_file_range through the server */
loff_t fpt_file_llseek(struct file *file, loff_t offset, int whence);
long fpt_file_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
ssize_t fpt_file_copy(struct file *in, loff_t pos_in, struct file *out,
		      loff_t pos_out, size_t len, unsigned int flags);

loff_t fpt_file_remap(struct file *in, loff_t pos_in, struct file *out,
		      loff_t pos_out, loff_t len, unsigned int remap_flags);

/* range.c: where a block of a file is on the block device */
sector_t fpt_file_bmap(struct address_space *mapping, sector_t block);

/* cached.c */
extern const struct address_space_operations fpt_aops;
/* Before a read from the page cache: is what it has, and the size, current? */
int fpt_cached_check(struct file *file, loff_t pos, size_t len);
ssize_t fpt_cached_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t fpt_cached_write(struct kiocb *iocb, struct iov_iter *from);
int fpt_cached_mmap(struct file *file, struct vm_area_struct *vma);

/**
 * fpt_cached_forget() - pages may be from before a WRITE that was left behind
 *
 * They are read again before they are used. Waits for nobody: a page that is
 * locked, as it is while it is being read, is left out. To be called when the
 * span is listed, and again before it ends.
 */
void fpt_cached_forget(struct inode *inode, loff_t start, loff_t end);

/* direct.c */
ssize_t fpt_direct_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t fpt_direct_write(struct kiocb *iocb, struct iov_iter *from);
int fpt_direct_mmap(struct file *file, struct vm_area_struct *vma);
/* O_DIRECT on a cached file, either way */
ssize_t fpt_direct_io(struct kiocb *iocb, struct iov_iter *iter);

int fpt_direct_init(void);
void fpt_direct_exit(void);

int fpt_file_cache_init(void);
void fpt_file_cache_exit(void);

#endif
