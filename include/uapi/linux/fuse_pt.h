/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What fuse_pt has beyond the protocol of Linux's own fuse: all of it is
 * asked for by the server, and refused with EINVAL or ENOTTY where a kernel
 * does not have it. Stands beside <linux/fuse.h> or <linux/fuse_pt_protocol.h>,
 * whichever the server is made with, before or behind it.
 */
#ifndef _UAPI_LINUX_FUSE_PT_H
#define _UAPI_LINUX_FUSE_PT_H

#include <linux/ioctl.h>
#include <linux/types.h>

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

/*
 * Bound inodes
 *
 * FUSE_PT_DEV_IOC_BIND ties a node id to a registered backing file for as long
 * as the kernel knows the inode. Every open of it is in passthrough on that
 * file, and most need no word from the server:
 *
 *   OPEN, FLUSH, RELEASE	not sent. The caller's rights are checked by the
 *			mode (default_permissions) or with ACCESS; without
 *			default_permissions and with a server that does not
 *			know ACCESS, OPEN is sent, and the reply's fh is used
 *   O_TRUNC		SETATTR of the size, without a handle
 *   CREATE, TMPFILE	a reply for a node id that was bound before opens
 *			bound; its fh gets a RELEASE, no FLUSH
 *   GETATTR		not sent for size, blocks and times, which are the
 *			backing inode's (FUSE_PT_BIND_ATTR: for nothing)
 *
 * A request that names a handle (FSYNC, LSEEK, FALLOCATE, COPY_FILE_RANGE,
 * IOCTL, POLL, locks) is preceded by one OPEN on behalf of who opened the file;
 * its fh serves that open from then on and gets a RELEASE. The FOPEN_* flags and
 * the backing id of such a reply mean nothing. Once a POSIX lock was asked of the
 * server, FLUSH is sent when files of that inode are closed. SETATTR and GETATTR
 * do without a handle that is not there.
 *
 * Binding may come before the reply that introduces the node id; it then waits
 * for that inode. It ends with FUSE_PT_DEV_IOC_UNBIND, with the eviction of
 * the inode or a FORGET of the node id that the server reads, and with the
 * connection. An OPEN for a node that the server takes for bound says that the
 * inode had been let go; it may be bound again before the answer. The backing
 * id may be closed once the node is bound. Opens keep their lower file, whatever
 * ends the binding; as long as one of them lives, the inode can only be opened
 * in passthrough on the same file.
 *
 * A bound inode is in passthrough: cached and direct opens of it fail (EIO).
 *
 * A directory is bound to a registered directory, with no flags but
 * FUSE_PT_BIND_EXCL and FUSE_PT_BIND_GONE; the root can be.
 * Registering one is EISDIR but with FUSE_PT_BACKING_FSYNC and nothing else. Then
 *
 *   OPENDIR, RELEASEDIR	not sent, until READDIR or IOCTL needs a handle, which
 *			is asked for as above; of its reply FOPEN_CACHE_DIR and
 *			FOPEN_KEEP_CACHE count
 *   FSYNCDIR		not sent, it is done below
 *
 * and all else is as without.
 *
 * BIND fails with
 *   EPERM	FUSE_PASSTHROUGH was not agreed on
 *   EINVAL	unknown flags, or those that do not go together, padding, node id
 *		0, an inode that is neither a regular file nor a directory, or not
 *		of the backing file's kind
 *   ENOENT	no backing file has that id
 *   EBUSY	the node is bound to another file or with other flags, or it is
 *		open cached or in passthrough on another file
 *   ENOTCONN, ENOMEM
 * Binding a node once more to the same file with the same flags is fine.
 *
 * UNBIND fails with EPERM as above and ENOENT for a node that is not bound.
 */
struct fuse_pt_bind {
	__u64	nodeid;
	__s32	backing_id;
	__u32	flags;		/* FUSE_PT_BIND_* */
	__u64	padding[2];
};

/*
 * What I/O changed is told to the server: one SETATTR with FATTR_SIZE,
 * FATTR_MTIME and FATTR_CTIME and nothing else, with no user and process, when
 * the last open for writing is closed, at fsync and fdatasync (before FSYNC; the
 * caller waits for it and gets its error), at unbind, at umount, and before the
 * FORGET of an inode whose mapping outlived its opens. FATTR_CTIME marks it: no
 * other SETATTR on a connection with FUSE_PASSTHROUGH has it. It says what the
 * backing file has, and must not be done to that file, which may have grown
 * since. Of each inode one is under way at a time. One that is answered with an
 * error, but ENOSYS, is sent again at the next of these occasions, while the inode
 * is bound.
 */
#define FUSE_PT_BIND_WRITE_ATTR	(1 << 0)

/*
 * All attributes are the backing inode's: mode, owner, group and link count,
 * too, and permissions are checked by them. Only st_ino stays the server's. What
 * the server says of them is not used.
 */
#define FUSE_PT_BIND_ATTR	(1 << 1)

/*
 * The server keeps nothing for an open of this node: the fh of a reply to CREATE
 * or TMPFILE is no handle, and no RELEASE comes for it. Should the binding have
 * ended before the reply, it is a handle like any other.
 */
#define FUSE_PT_BIND_NO_HANDLE	(1 << 2)

/*
 * With FUSE_PT_BIND_ATTR (else EINVAL), on mounts with default_permissions: mode,
 * owner, group, times and size are set in the backing inode, with the credentials
 * of who registered it, and no SETATTR is sent for them. Who may, is checked by
 * the attributes first. By a grant, the size can only be set through a descriptor
 * that may write, and not only append; and a write takes setuid and setgid from a
 * file that another user owns only where the descriptor may write (else EPERM).
 */
#define FUSE_PT_BIND_SETATTR	(1 << 3)

/*
 * For directories (else EINVAL): making is exclusive, so that no LOOKUP needs to
 * find out first whether a name is free. CREATE with O_EXCL, whether the caller
 * asked for it or not, MKDIR, MKNOD, SYMLINK and LINK come for names that may be
 * there; the server must leave these as they are and answer EEXIST, and LOOKUP must
 * find them. An open that may as well use what is there goes on with that.
 */
#define FUSE_PT_BIND_EXCL	(1 << 4)

/*
 * With FUSE_PT_BIND_EXCL (else EINVAL): a name that UNLINK or RMDIR took away is
 * known to be free for as long as it was known to be taken (entry_valid), and not
 * looked up meanwhile, but as the target of a rename, or if what it was is still in
 * use. Linux asks at once. Unbinding does not end that, while CREATE may come without
 * O_EXCL for such a name then: FUSE_NOTIFY_INVAL_ENTRY ends it.
 */
#define FUSE_PT_BIND_GONE	(1 << 5)

#define FUSE_PT_DEV_IOC_BIND	_IOW(229, 0x40, struct fuse_pt_bind)
#define FUSE_PT_DEV_IOC_UNBIND	_IOW(229, 0x41, __u64)	/* node id */

#endif
