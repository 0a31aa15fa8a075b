/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What fuse_pt has beyond the protocol of Linux's own fuse: all of it is
 * asked for by the server, and refused with EINVAL or ENOTTY where a kernel
 * does not have it.
 */
#ifndef _UAPI_LINUX_FUSE_PT_H
#define _UAPI_LINUX_FUSE_PT_H

#include <linux/types.h>
#include <linux/fuse_pt_protocol.h>

/*
 * struct fuse_backing_map.flags of FUSE_DEV_IOC_BACKING_OPEN: what the kernel
 * may do to the backing file by itself, with the credentials of who registered
 * it, instead of asking the server. 0 is what Linux does: only reads, writes
 * and mappings pass through. A bit that is unknown here is EINVAL, so that a
 * server can find out which there are; Linux's own fuse knows none.
 *
 * A bit counts for each open that the server answers with FOPEN_PASSTHROUGH,
 * without FOPEN_DIRECT_IO, and this registration. GETATTR and XATTR are about
 * an inode: they count for as long as it has any passthrough open, and it is
 * the registration that the first of these named which says so. Errors are
 * those of the backing file's own call.
 */

/* fsync, fdatasync and the like; no FSYNC is sent */
#define FUSE_PT_BACKING_FSYNC		(1U << 0)

/*
 * close; what the file system below does at close is done. No FLUSH is sent,
 * unless the server keeps POSIX locks (FUSE_POSIX_LOCKS) and the file had one.
 */
#define FUSE_PT_BACKING_FLUSH		(1U << 1)

/*
 * fallocate, in all modes that the file system below has, also those that the
 * protocol cannot carry; no FALLOCATE is sent
 */
#define FUSE_PT_BACKING_FALLOCATE	(1U << 2)

/* lseek with SEEK_END, SEEK_DATA, SEEK_HOLE; no LSEEK is sent */
#define FUSE_PT_BACKING_LSEEK		(1U << 3)

/*
 * copy_file_range, and, which the protocol cannot carry, FICLONE, FICLONERANGE
 * and FIDEDUPERANGE, between two opens that both have the bit; no
 * COPY_FILE_RANGE is sent for them. Cloning is EXDEV or EOPNOTSUPP where the
 * file systems below are two, or cannot.
 */
#define FUSE_PT_BACKING_COPY		(1U << 4)

/*
 * Size, blocks, atime, mtime and ctime of the file are the backing file's. What
 * a read, a write or a store into a mapping made out of date is looked up
 * there; no GETATTR is sent for it. For the other attributes, and when the
 * lifetime of attributes ends, the server is asked as ever.
 */
#define FUSE_PT_BACKING_GETATTR		(1U << 5)

/* posix_fadvise and readahead, which Linux does not pass on at all */
#define FUSE_PT_BACKING_FADVISE		(1U << 6)

/*
 * The extended attributes of the file are the backing file's. Before a write
 * nobody asks for security.capability, as the file system below drops it; on
 * mounts with default_permissions GETXATTR and LISTXATTR are not sent, but for
 * ACLs. SETXATTR and REMOVEXATTR are: the server changes the backing file.
 */
#define FUSE_PT_BACKING_XATTR		(1U << 7)

#define FUSE_PT_BACKING_ALL		((1U << 8) - 1)

#endif /* _UAPI_LINUX_FUSE_PT_H */
