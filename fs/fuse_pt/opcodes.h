/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opcodes by name, for those who count and watch requests.
 */
#ifndef FPT_OPCODES_H
#define FPT_OPCODES_H

/* The words of the protocol, each once: @op for all but the last, for that @end. */
#define FPT_OPCODES(op, end)						\
	op(LOOKUP, lookup)						\
	op(FORGET, forget)						\
	op(GETATTR, getattr)						\
	op(SETATTR, setattr)						\
	op(READLINK, readlink)						\
	op(SYMLINK, symlink)						\
	op(MKNOD, mknod)						\
	op(MKDIR, mkdir)						\
	op(UNLINK, unlink)						\
	op(RMDIR, rmdir)						\
	op(RENAME, rename)						\
	op(LINK, link)							\
	op(OPEN, open)							\
	op(READ, read)							\
	op(WRITE, write)						\
	op(STATFS, statfs)						\
	op(RELEASE, release)						\
	op(FSYNC, fsync)						\
	op(SETXATTR, setxattr)						\
	op(GETXATTR, getxattr)						\
	op(LISTXATTR, listxattr)					\
	op(REMOVEXATTR, removexattr)					\
	op(FLUSH, flush)						\
	op(INIT, init)							\
	op(OPENDIR, opendir)						\
	op(READDIR, readdir)						\
	op(RELEASEDIR, releasedir)					\
	op(FSYNCDIR, fsyncdir)						\
	op(GETLK, getlk)						\
	op(SETLK, setlk)						\
	op(SETLKW, setlkw)						\
	op(ACCESS, access)						\
	op(CREATE, create)						\
	op(INTERRUPT, interrupt)					\
	op(BMAP, bmap)							\
	op(DESTROY, destroy)						\
	op(IOCTL, ioctl)						\
	op(POLL, poll)							\
	op(NOTIFY_REPLY, notify_reply)					\
	op(BATCH_FORGET, batch_forget)					\
	op(FALLOCATE, fallocate)					\
	op(READDIRPLUS, readdirplus)					\
	op(RENAME2, rename2)						\
	op(LSEEK, lseek)						\
	op(COPY_FILE_RANGE, copy_file_range)				\
	op(SYNCFS, syncfs)						\
	op(TMPFILE, tmpfile)						\
	op(STATX, statx)						\
	end(COPY_FILE_RANGE_64, copy_file_range_64)

#endif
