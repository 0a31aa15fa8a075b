/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The FUSE wire protocol, 7.46, as a server of fuse_pt sees it.
 *
 * Names and layouts are those that every FUSE server is built against. What
 * belongs to character devices in user space (CUSE), to mapped device memory
 * (DAX) and to the io_uring transport is left out, save for the INIT bits:
 * fuse_pt speaks none of them.
 *
 * Every structure is a multiple of eight bytes without implicit padding, so
 * that 32 and 64 bit servers share one layout. Members called padding,
 * reserved, spare, dummy or unused are sent as zero.
 */
#ifndef _UAPI_LINUX_FUSE_PT_PROTOCOL_H
#define _UAPI_LINUX_FUSE_PT_PROTOCOL_H

#include <linux/ioctl.h>
#include <linux/types.h>
#ifndef __KERNEL__
#include <stddef.h>
#endif

/* A different major ends the handshake; the smaller minor of both is spoken. */
#define FUSE_KERNEL_VERSION		7
#define FUSE_KERNEL_MINOR_VERSION	46

/* Node id of the root directory; known to both sides without a lookup. */
#define FUSE_ROOT_ID			1

/* A server whose read buffer is smaller gets EINVAL from every read. */
#define FUSE_MIN_READ_BUFFER		8192

/* uid and gid of a request whose caller has no id in the server's eyes. */
#define FUSE_INVALID_UIDGID		((__u32)(-1))

/* Set in fuse_in_header.unique of a request that is delivered once more. */
#define FUSE_UNIQUE_RESEND		(1ULL << 63)

/* ---- requests ---------------------------------------------------------- */

enum fuse_opcode {
	FUSE_LOOKUP		= 1,
	FUSE_FORGET		= 2,	/* has no reply */
	FUSE_GETATTR		= 3,
	FUSE_SETATTR		= 4,
	FUSE_READLINK		= 5,
	FUSE_SYMLINK		= 6,
	FUSE_MKNOD		= 8,
	FUSE_MKDIR		= 9,
	FUSE_UNLINK		= 10,
	FUSE_RMDIR		= 11,
	FUSE_RENAME		= 12,
	FUSE_LINK		= 13,
	FUSE_OPEN		= 14,
	FUSE_READ		= 15,
	FUSE_WRITE		= 16,
	FUSE_STATFS		= 17,
	FUSE_RELEASE		= 18,
	FUSE_FSYNC		= 20,
	FUSE_SETXATTR		= 21,
	FUSE_GETXATTR		= 22,
	FUSE_LISTXATTR		= 23,
	FUSE_REMOVEXATTR	= 24,
	FUSE_FLUSH		= 25,
	FUSE_INIT		= 26,
	FUSE_OPENDIR		= 27,
	FUSE_READDIR		= 28,
	FUSE_RELEASEDIR		= 29,
	FUSE_FSYNCDIR		= 30,
	FUSE_GETLK		= 31,
	FUSE_SETLK		= 32,
	FUSE_SETLKW		= 33,
	FUSE_ACCESS		= 34,
	FUSE_CREATE		= 35,
	FUSE_INTERRUPT		= 36,
	FUSE_BMAP		= 37,
	FUSE_DESTROY		= 38,
	FUSE_IOCTL		= 39,
	FUSE_POLL		= 40,
	FUSE_NOTIFY_REPLY	= 41,
	FUSE_BATCH_FORGET	= 42,	/* has no reply */
	FUSE_FALLOCATE		= 43,
	FUSE_READDIRPLUS	= 44,
	FUSE_RENAME2		= 45,
	FUSE_LSEEK		= 46,
	FUSE_COPY_FILE_RANGE	= 47,
	FUSE_SETUPMAPPING	= 48,	/* DAX */
	FUSE_REMOVEMAPPING	= 49,	/* DAX */
	FUSE_SYNCFS		= 50,
	FUSE_TMPFILE		= 51,
	FUSE_STATX		= 52,
	FUSE_COPY_FILE_RANGE_64	= 53,

	CUSE_INIT		= 4096,	/* of another device */

	/* what INIT reads as on a machine of the other byte order */
	FUSE_INIT_BSWAP_RESERVED = 436207616,
};

/* Heads every request. */
struct fuse_in_header {
	__u32	len;		/* header, arguments and extensions */
	__u32	opcode;		/* enum fuse_opcode */
	__u64	unique;
	__u64	nodeid;
	__u32	uid;
	__u32	gid;
	__u32	pid;
	__u16	total_extlen;	/* trailing extensions, in units of 8 bytes */
	__u16	padding;
};

/* Heads every reply, and with unique 0 every notification. */
struct fuse_out_header {
	__u32	len;
	__s32	error;		/* 0, -errno, or an enum fuse_notify_code */
	__u64	unique;
};

/* Records of variable length start at a multiple of eight bytes. */
#define FUSE_REC_ALIGN(x)	\
	(((x) + sizeof(__u64) - 1) & ~(sizeof(__u64) - 1))

/* ---- INIT -------------------------------------------------------------- */

/* Lengths of what servers of protocols before 7.5 and 7.23 reply. */
#define FUSE_COMPAT_INIT_OUT_SIZE	8
#define FUSE_COMPAT_22_INIT_OUT_SIZE	24

struct fuse_init_in {
	__u32	major;
	__u32	minor;
	__u32	max_readahead;
	__u32	flags;		/* bits 0 to 31 */
	__u32	flags2;		/* bits 32 to 63, with FUSE_INIT_EXT */
	__u32	unused[11];
};

struct fuse_init_out {
	__u32	major;
	__u32	minor;
	__u32	max_readahead;
	__u32	flags;
	__u16	max_background;
	__u16	congestion_threshold;
	__u32	max_write;
	__u32	time_gran;		/* ns */
	__u16	max_pages;		/* with FUSE_MAX_PAGES */
	__u16	map_alignment;		/* with FUSE_MAP_ALIGNMENT */
	__u32	flags2;
	__u32	max_stack_depth;	/* with FUSE_PASSTHROUGH */
	__u16	request_timeout;	/* s, with FUSE_REQUEST_TIMEOUT */
	__u16	unused[11];
};

/* Offered in fuse_init_in, taken up in fuse_init_out. */
#define FUSE_ASYNC_READ		(1 << 0)	/* several reads of a file at once */
#define FUSE_POSIX_LOCKS	(1 << 1)	/* server keeps fcntl locks */
#define FUSE_FILE_OPS		(1 << 2)	/* never came into use */
#define FUSE_ATOMIC_O_TRUNC	(1 << 3)	/* OPEN does O_TRUNC itself */
#define FUSE_EXPORT_SUPPORT	(1 << 4)	/* "." and ".." can be looked up */
#define FUSE_BIG_WRITES		(1 << 5)	/* WRITE of more than 4 KiB */
#define FUSE_DONT_MASK		(1 << 6)	/* server applies the umask */
#define FUSE_SPLICE_WRITE	(1 << 7)	/* device takes splice writes */
#define FUSE_SPLICE_MOVE	(1 << 8)	/* device moves spliced pages */
#define FUSE_SPLICE_READ	(1 << 9)	/* device takes splice reads */
#define FUSE_FLOCK_LOCKS	(1 << 10)	/* server keeps flock locks */
#define FUSE_HAS_IOCTL_DIR	(1 << 11)	/* IOCTL on directories */
#define FUSE_AUTO_INVAL_DATA	(1 << 12)	/* new mtime or size drops pages */
#define FUSE_DO_READDIRPLUS	(1 << 13)
#define FUSE_READDIRPLUS_AUTO	(1 << 14)	/* only where it pays off */
#define FUSE_ASYNC_DIO		(1 << 15)	/* direct I/O in the background */
#define FUSE_WRITEBACK_CACHE	(1 << 16)
#define FUSE_NO_OPEN_SUPPORT	(1 << 17)	/* ENOSYS ends all OPENs */
#define FUSE_PARALLEL_DIROPS	(1 << 18)	/* LOOKUP, READDIR unserialised */
#define FUSE_HANDLE_KILLPRIV	(1 << 19)	/* server strips suid, sgid, caps */
#define FUSE_POSIX_ACL		(1 << 20)
#define FUSE_ABORT_ERROR	(1 << 21)	/* aborted device reads ECONNABORTED */
#define FUSE_MAX_PAGES		(1 << 22)	/* max_pages is filled in */
#define FUSE_CACHE_SYMLINKS	(1 << 23)
#define FUSE_NO_OPENDIR_SUPPORT	(1 << 24)	/* ENOSYS ends all OPENDIRs */
#define FUSE_EXPLICIT_INVAL_DATA (1 << 25)	/* pages drop only when told */
#define FUSE_MAP_ALIGNMENT	(1 << 26)	/* DAX */
#define FUSE_SUBMOUNTS		(1 << 27)	/* automount of submounts */
#define FUSE_HANDLE_KILLPRIV_V2	(1 << 28)	/* strips where a request says so */
#define FUSE_SETXATTR_EXT	(1 << 29)	/* full struct fuse_setxattr_in */
#define FUSE_INIT_EXT		(1 << 30)	/* flags2 is filled in */
#define FUSE_INIT_RESERVED	(1 << 31)	/* never sent */
#define FUSE_SECURITY_CTX	(1ULL << 32)	/* labels sent with creations */
#define FUSE_HAS_INODE_DAX	(1ULL << 33)	/* DAX */
#define FUSE_CREATE_SUPP_GROUP	(1ULL << 34)	/* a group sent with creations */
#define FUSE_HAS_EXPIRE_ONLY	(1ULL << 35)	/* knows FUSE_EXPIRE_ONLY */
#define FUSE_DIRECT_IO_ALLOW_MMAP (1ULL << 36)	/* shared mmap of direct files */
#define FUSE_DIRECT_IO_RELAX	FUSE_DIRECT_IO_ALLOW_MMAP	/* its first name */
#define FUSE_PASSTHROUGH	(1ULL << 37)
#define FUSE_NO_EXPORT_SUPPORT	(1ULL << 38)	/* no file handles at all */
#define FUSE_HAS_RESEND		(1ULL << 39)	/* knows FUSE_NOTIFY_RESEND */
#define FUSE_ALLOW_IDMAP	(1ULL << 40)	/* idmapped mounts */
#define FUSE_OVER_IO_URING	(1ULL << 41)
#define FUSE_REQUEST_TIMEOUT	(1ULL << 42)	/* request_timeout is filled in */
#define FUSE_HAS_IO_URING_BUFPOOL (1ULL << 43)

/* ---- attributes -------------------------------------------------------- */

struct fuse_attr {
	__u64	ino;
	__u64	size;
	__u64	blocks;		/* of 512 bytes */
	__u64	atime;
	__u64	mtime;
	__u64	ctime;
	__u32	atimensec;
	__u32	mtimensec;
	__u32	ctimensec;
	__u32	mode;
	__u32	nlink;
	__u32	uid;
	__u32	gid;
	__u32	rdev;
	__u32	blksize;
	__u32	flags;		/* FUSE_ATTR_* */
};

#define FUSE_ATTR_SUBMOUNT	(1 << 0)	/* root of a submount */
#define FUSE_ATTR_DAX		(1 << 1)	/* DAX */

#define FUSE_COMPAT_ATTR_OUT_SIZE	96	/* before 7.9 */

struct fuse_getattr_in {
	__u32	getattr_flags;	/* FUSE_GETATTR_* */
	__u32	dummy;
	__u64	fh;
};

#define FUSE_GETATTR_FH		(1 << 0)	/* fh is filled in */

struct fuse_attr_out {
	__u64	attr_valid;	/* s that attr may be believed */
	__u32	attr_valid_nsec;
	__u32	dummy;
	struct fuse_attr attr;
};

/* The next two have the layout of struct statx_timestamp and struct statx. */
struct fuse_sx_time {
	__s64	tv_sec;
	__u32	tv_nsec;
	__s32	__reserved;
};

struct fuse_statx {
	__u32	mask;
	__u32	blksize;
	__u64	attributes;
	__u32	nlink;
	__u32	uid;
	__u32	gid;
	__u16	mode;
	__u16	__spare0[1];
	__u64	ino;
	__u64	size;
	__u64	blocks;
	__u64	attributes_mask;
	struct fuse_sx_time	atime;
	struct fuse_sx_time	btime;
	struct fuse_sx_time	ctime;
	struct fuse_sx_time	mtime;
	__u32	rdev_major;
	__u32	rdev_minor;
	__u32	dev_major;
	__u32	dev_minor;
	__u64	__spare2[14];
};

struct fuse_statx_in {
	__u32	getattr_flags;
	__u32	reserved;
	__u64	fh;
	__u32	sx_flags;	/* AT_STATX_* */
	__u32	sx_mask;	/* STATX_* wanted */
};

struct fuse_statx_out {
	__u64	attr_valid;
	__u32	attr_valid_nsec;
	__u32	flags;
	__u64	spare[2];
	struct fuse_statx stat;
};

struct fuse_setattr_in {
	__u32	valid;		/* FATTR_* */
	__u32	padding;
	__u64	fh;
	__u64	size;
	__u64	lock_owner;
	__u64	atime;
	__u64	mtime;
	__u64	ctime;
	__u32	atimensec;
	__u32	mtimensec;
	__u32	ctimensec;
	__u32	mode;
	__u32	unused4;
	__u32	uid;
	__u32	gid;
	__u32	unused5;
};

#define FATTR_MODE		(1 << 0)
#define FATTR_UID		(1 << 1)
#define FATTR_GID		(1 << 2)
#define FATTR_SIZE		(1 << 3)
#define FATTR_ATIME		(1 << 4)
#define FATTR_MTIME		(1 << 5)
#define FATTR_FH		(1 << 6)
#define FATTR_ATIME_NOW		(1 << 7)
#define FATTR_MTIME_NOW		(1 << 8)
#define FATTR_LOCKOWNER		(1 << 9)
#define FATTR_CTIME		(1 << 10)
#define FATTR_KILL_SUIDGID	(1 << 11)

struct fuse_access_in {
	__u32	mask;
	__u32	padding;
};

struct fuse_kstatfs {
	__u64	blocks;
	__u64	bfree;
	__u64	bavail;
	__u64	files;
	__u64	ffree;
	__u32	bsize;
	__u32	namelen;
	__u32	frsize;
	__u32	padding;
	__u32	spare[6];
};

#define FUSE_COMPAT_STATFS_SIZE		48	/* before 7.4 */

struct fuse_statfs_out {
	struct fuse_kstatfs st;
};

struct fuse_syncfs_in {
	__u64	padding;
};

/* ---- names ------------------------------------------------------------- */

#define FUSE_COMPAT_ENTRY_OUT_SIZE	120	/* before 7.9 */

/* Reply of every request that yields a node. nodeid 0: no such name. */
struct fuse_entry_out {
	__u64	nodeid;
	__u64	generation;	/* with nodeid, never used twice */
	__u64	entry_valid;	/* s that the name may be believed */
	__u64	attr_valid;	/* s that attr may be believed */
	__u32	entry_valid_nsec;
	__u32	attr_valid_nsec;
	struct fuse_attr attr;
};

/* Gives back nlookup of the references that entries handed out. */
struct fuse_forget_in {
	__u64	nlookup;
};

struct fuse_forget_one {
	__u64	nodeid;
	__u64	nlookup;
};

/* Followed by count structures fuse_forget_one. */
struct fuse_batch_forget_in {
	__u32	count;
	__u32	dummy;
};

#define FUSE_COMPAT_MKNOD_IN_SIZE	8	/* before 7.12 */

struct fuse_mknod_in {
	__u32	mode;
	__u32	rdev;
	__u32	umask;
	__u32	padding;
};

struct fuse_mkdir_in {
	__u32	mode;
	__u32	umask;
};

struct fuse_rename_in {
	__u64	newdir;
};

struct fuse_rename2_in {
	__u64	newdir;
	__u32	flags;		/* RENAME_* */
	__u32	padding;
};

struct fuse_link_in {
	__u64	oldnodeid;
};

/* ---- listings ---------------------------------------------------------- */

struct fuse_dirent {
	__u64	ino;
	__u64	off;		/* where the entry after this one is found */
	__u32	namelen;
	__u32	type;		/* DT_* */
	char	name[];
};

#define FUSE_NAME_OFFSET	offsetof(struct fuse_dirent, name)
#define FUSE_DIRENT_ALIGN(x)	FUSE_REC_ALIGN(x)
#define FUSE_DIRENT_SIZE(d)	\
	FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + (d)->namelen)

struct fuse_direntplus {
	struct fuse_entry_out entry_out;
	struct fuse_dirent dirent;
};

#define FUSE_NAME_OFFSET_DIRENTPLUS	\
	offsetof(struct fuse_direntplus, dirent.name)
#define FUSE_DIRENTPLUS_SIZE(d)		\
	FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + (d)->dirent.namelen)

/* ---- open files -------------------------------------------------------- */

struct fuse_open_in {
	__u32	flags;		/* O_* */
	__u32	open_flags;	/* FUSE_OPEN_* */
};

struct fuse_create_in {
	__u32	flags;		/* O_* */
	__u32	mode;
	__u32	umask;
	__u32	open_flags;	/* FUSE_OPEN_* */
};

#define FUSE_OPEN_KILL_SUIDGID	(1 << 0)	/* O_TRUNC strips suid, sgid */

struct fuse_open_out {
	__u64	fh;
	__u32	open_flags;	/* FOPEN_* */
	__s32	backing_id;	/* with FOPEN_PASSTHROUGH */
};

#define FOPEN_DIRECT_IO		(1 << 0)	/* past the page cache */
#define FOPEN_KEEP_CACHE	(1 << 1)	/* cached pages stay good */
#define FOPEN_NONSEEKABLE	(1 << 2)
#define FOPEN_CACHE_DIR		(1 << 3)	/* the listing may be cached */
#define FOPEN_STREAM		(1 << 4)	/* no file position */
#define FOPEN_NOFLUSH		(1 << 5)	/* close sends no FLUSH */
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)	/* direct writes side by side */
#define FOPEN_PASSTHROUGH	(1 << 7)	/* data from backing_id */
#define FOPEN_IO_URING_ZERO_COPY (1 << 8)	/* on queues made for it */

struct fuse_release_in {
	__u64	fh;
	__u32	flags;
	__u32	release_flags;	/* FUSE_RELEASE_* */
	__u64	lock_owner;
};

#define FUSE_RELEASE_FLUSH		(1 << 0)
#define FUSE_RELEASE_FLOCK_UNLOCK	(1 << 1)

struct fuse_flush_in {
	__u64	fh;
	__u32	unused;
	__u32	padding;
	__u64	lock_owner;
};

struct fuse_fsync_in {
	__u64	fh;
	__u32	fsync_flags;	/* FUSE_FSYNC_* */
	__u32	padding;
};

#define FUSE_FSYNC_FDATASYNC	(1 << 0)

/* ---- data -------------------------------------------------------------- */

struct fuse_read_in {
	__u64	fh;
	__u64	offset;
	__u32	size;
	__u32	read_flags;	/* FUSE_READ_* */
	__u64	lock_owner;
	__u32	flags;		/* O_* */
	__u32	padding;
};

#define FUSE_READ_LOCKOWNER	(1 << 1)	/* lock_owner is filled in */

#define FUSE_COMPAT_WRITE_IN_SIZE	24	/* before 7.9 */

struct fuse_write_in {
	__u64	fh;
	__u64	offset;
	__u32	size;
	__u32	write_flags;	/* FUSE_WRITE_* */
	__u64	lock_owner;
	__u32	flags;		/* O_* */
	__u32	padding;
};

#define FUSE_WRITE_CACHE	(1 << 0)	/* from dirty pages; fh is a guess */
#define FUSE_WRITE_LOCKOWNER	(1 << 1)	/* lock_owner is filled in */
#define FUSE_WRITE_KILL_SUIDGID	(1 << 2)
#define FUSE_WRITE_KILL_PRIV	FUSE_WRITE_KILL_SUIDGID	/* its first name */

struct fuse_write_out {
	__u32	size;
	__u32	padding;
};

struct fuse_fallocate_in {
	__u64	fh;
	__u64	offset;
	__u64	length;
	__u32	mode;		/* FALLOC_FL_* */
	__u32	padding;
};

struct fuse_lseek_in {
	__u64	fh;
	__u64	offset;
	__u32	whence;		/* SEEK_DATA or SEEK_HOLE */
	__u32	padding;
};

struct fuse_lseek_out {
	__u64	offset;
};

struct fuse_copy_file_range_in {
	__u64	fh_in;
	__u64	off_in;
	__u64	nodeid_out;
	__u64	fh_out;
	__u64	off_out;
	__u64	len;
	__u64	flags;
};

/* Reply of FUSE_COPY_FILE_RANGE_64; the older request has fuse_write_out. */
struct fuse_copy_file_range_out {
	__u64	bytes_copied;
};

struct fuse_bmap_in {
	__u64	block;
	__u32	blocksize;
	__u32	padding;
};

struct fuse_bmap_out {
	__u64	block;
};

/* ---- extended attributes ----------------------------------------------- */

#define FUSE_COMPAT_SETXATTR_IN_SIZE	8	/* without FUSE_SETXATTR_EXT */

struct fuse_setxattr_in {
	__u32	size;
	__u32	flags;		/* XATTR_* */
	__u32	setxattr_flags;	/* FUSE_SETXATTR_* */
	__u32	padding;
};

#define FUSE_SETXATTR_ACL_KILL_SGID	(1 << 0)

struct fuse_getxattr_in {
	__u32	size;
	__u32	padding;
};

struct fuse_getxattr_out {
	__u32	size;
	__u32	padding;
};

/* ---- locks ------------------------------------------------------------- */

struct fuse_file_lock {
	__u64	start;
	__u64	end;
	__u32	type;
	__u32	pid;
};

struct fuse_lk_in {
	__u64	fh;
	__u64	owner;
	struct fuse_file_lock lk;
	__u32	lk_flags;	/* FUSE_LK_* */
	__u32	padding;
};

#define FUSE_LK_FLOCK		(1 << 0)

struct fuse_lk_out {
	struct fuse_file_lock lk;
};

/* ---- ioctl and poll ---------------------------------------------------- */

struct fuse_ioctl_in {
	__u64	fh;
	__u32	flags;		/* FUSE_IOCTL_* */
	__u32	cmd;
	__u64	arg;
	__u32	in_size;
	__u32	out_size;
};

#define FUSE_IOCTL_COMPAT	(1 << 0)	/* 32 bit caller */
#define FUSE_IOCTL_UNRESTRICTED	(1 << 1)
#define FUSE_IOCTL_RETRY	(1 << 2)	/* reply names the memory it wants */
#define FUSE_IOCTL_32BIT	(1 << 3)
#define FUSE_IOCTL_DIR		(1 << 4)
#define FUSE_IOCTL_COMPAT_X32	(1 << 5)

#define FUSE_IOCTL_MAX_IOV	256

struct fuse_ioctl_iovec {
	__u64	base;
	__u64	len;
};

struct fuse_ioctl_out {
	__s32	result;
	__u32	flags;
	__u32	in_iovs;
	__u32	out_iovs;
};

struct fuse_poll_in {
	__u64	fh;
	__u64	kh;
	__u32	flags;		/* FUSE_POLL_* */
	__u32	events;
};

#define FUSE_POLL_SCHEDULE_NOTIFY	(1 << 0)

struct fuse_poll_out {
	__u32	revents;
	__u32	padding;
};

/* ---- interrupts and notifications -------------------------------------- */

struct fuse_interrupt_in {
	__u64	unique;		/* of the request that its caller gave up */
};

enum fuse_notify_code {
	FUSE_NOTIFY_POLL	= 1,
	FUSE_NOTIFY_INVAL_INODE	= 2,
	FUSE_NOTIFY_INVAL_ENTRY	= 3,
	FUSE_NOTIFY_STORE	= 4,
	FUSE_NOTIFY_RETRIEVE	= 5,
	FUSE_NOTIFY_DELETE	= 6,
	FUSE_NOTIFY_RESEND	= 7,
	FUSE_NOTIFY_INC_EPOCH	= 8,
	FUSE_NOTIFY_PRUNE	= 9,
};

struct fuse_notify_poll_wakeup_out {
	__u64	kh;
};

struct fuse_notify_inval_inode_out {
	__u64	ino;
	__s64	off;
	__s64	len;
};

struct fuse_notify_inval_entry_out {
	__u64	parent;
	__u32	namelen;
	__u32	flags;		/* FUSE_EXPIRE_ONLY */
};

#define FUSE_EXPIRE_ONLY	(1 << 0)	/* look it up again, keep it till then */

struct fuse_notify_delete_out {
	__u64	parent;
	__u64	child;
	__u32	namelen;
	__u32	padding;
};

struct fuse_notify_store_out {
	__u64	nodeid;
	__u64	offset;
	__u32	size;
	__u32	padding;
};

struct fuse_notify_retrieve_out {
	__u64	notify_unique;
	__u64	nodeid;
	__u64	offset;
	__u32	size;
	__u32	padding;
};

/* As long as struct fuse_write_in, and read the same way. */
struct fuse_notify_retrieve_in {
	__u64	dummy1;
	__u64	offset;
	__u32	size;
	__u32	dummy2;
	__u64	dummy3;
	__u64	dummy4;
};

/* Followed by count node ids of 64 bits. */
struct fuse_notify_prune_out {
	__u32	count;
	__u32	padding;
	__u64	spare;
};

/* ---- extensions of a request ------------------------------------------- */

enum fuse_ext_type {
	FUSE_MAX_NR_SECCTX	= 31,	/* up to here: a count of contexts */
	FUSE_EXT_GROUPS		= 32,
};

struct fuse_ext_header {
	__u32	size;		/* this header included, a multiple of 8 */
	__u32	type;		/* enum fuse_ext_type */
};

/* Followed by the attribute's name with its NUL, and its value. */
struct fuse_secctx {
	__u32	size;		/* of the value */
	__u32	padding;
};

/* An extension header whose type counts the contexts that follow. */
struct fuse_secctx_header {
	__u32	size;
	__u32	nr_secctx;
};

struct fuse_supp_groups {
	__u32	nr_groups;
	__u32	groups[];
};

/* ---- the device -------------------------------------------------------- */

/* Argument of FUSE_DEV_IOC_BACKING_OPEN, which returns a backing id. */
struct fuse_backing_map {
	__s32	fd;
	__u32	flags;
	__u64	padding;
};

#define FUSE_DEV_IOC_MAGIC	229
/* Joins the connection whose device descriptor the argument points to. */
#define FUSE_DEV_IOC_CLONE	_IOR(FUSE_DEV_IOC_MAGIC, 0, __u32)
/* Registers an open file as backing; CLOSE takes the id back. */
#define FUSE_DEV_IOC_BACKING_OPEN	\
	_IOW(FUSE_DEV_IOC_MAGIC, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE	_IOW(FUSE_DEV_IOC_MAGIC, 2, __u32)
/* Has the mount wait for the INIT reply. */
#define FUSE_DEV_IOC_SYNC_INIT	_IO(FUSE_DEV_IOC_MAGIC, 3)

#endif /* _UAPI_LINUX_FUSE_PT_PROTOCOL_H */
