/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libfusept: passthrough for servers on libfuse's low-level API, the same with
 * every libfuse 3 since 3.14. See libfusept(3) for an example.
 *
 * With libfuse 3.14 to 3.16, which know nothing of passthrough, the library
 * completes the INIT handshake and the replies to open and create itself; from
 * 3.17 on it uses what libfuse has. It works over /dev/fusept and over /dev/fuse.
 *
 * Include it after <fuse_lowlevel.h>, with FUSE_USE_VERSION 314 or later.
 */
#ifndef FUSEPT_H
#define FUSEPT_H

#include <stdint.h>
#include <fuse_lowlevel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One per session. Its functions may be called from any thread. */
struct fusept;

struct fusept_config {
	/*
	 * How deep file systems may be stacked below an open file: 1 when the
	 * backing files lie on an ordinary file system, 2 when they may lie on
	 * a stacked one such as overlayfs. With 2 nothing can be stacked on top
	 * of the mount. 0 means 1.
	 */
	unsigned int max_stack_depth;
	/*
	 * A device descriptor of its own for each thread of the session loop.
	 * Every request must then be answered by the thread that received it.
	 */
	unsigned int clone_fd : 1;
	/* Do not ask for passthrough; the rest of the library works. */
	unsigned int no_passthrough : 1;
	unsigned int reserved : 30;	/* zero */
};

enum fusept_state {
	FUSEPT_PENDING,		/* not known yet: before INIT, as a rule */
	FUSEPT_ON,		/* backing files can be registered */
	FUSEPT_OFF,		/* not asked for */
	FUSEPT_REFUSED,		/* asked for, and fusept_reason() says why not */
};

/* How a file is opened, beside what struct fuse_file_info says. */
struct fusept_open {
	/* From fusept_backing_open(), or 0: the server does the I/O. */
	int32_t backing_id;
	uint32_t flags;
};

/* Direct writes to the file may run in parallel (with fi->direct_io). */
#define FUSEPT_OPEN_PARALLEL_DIRECT_WRITES (1U << 0)

/*
 * Attach to session @se: after fuse_session_mount(), before the session loop.
 * @config NULL: as one that is all 0. NULL on failure, with errno set.
 */
struct fusept *fusept_new(struct fuse_session *se,
			  const struct fusept_config *config);

/*
 * Let go; after the session loop, in the thread that ran it, before
 * fuse_session_destroy().
 */
void fusept_destroy(struct fusept *fp);

/*
 * Ask for passthrough. Call it in the session's init handler, and only there.
 * FUSEPT_PENDING when the kernel offers it; whether it lets this process use it
 * is known from the first request on.
 */
enum fusept_state fusept_init(struct fusept *fp, struct fuse_conn_info *conn);

/* The value for clone_fd of the session loop's configuration. */
int fusept_loop_clone_fd(const struct fusept *fp);

/* Call it from requests, not from the init handler. */
enum fusept_state fusept_state(struct fusept *fp);

/* One sentence about the state, fit for a log. */
const char *fusept_reason(struct fusept *fp);

/*
 * Register the file behind @fd. Returns a backing id above 0, or -errno:
 * -EPERM      passthrough is off, or the process has neither CAP_SYS_ADMIN nor a
 *             grant (backing_gid)
 * -EMFILE, -EBADF   by a grant: too many, a descriptor that can back nothing
 * -ELOOP      the file lies on a stacked file system, see max_stack_depth
 * -EISDIR, -EINVAL, -EOPNOTSUPP   a file that cannot back another
 * The kernel keeps the file, not the descriptor, until fusept_backing_close(),
 * and after it for as long as a file opened with the id is open. All opens of
 * one inode that are open at the same time must use one id (on fuse_pt, ids of
 * one file).
 */
int fusept_backing_open(struct fusept *fp, int fd);

/*
 * What the kernel may do to a backing file by itself, beside reads, writes and
 * mappings, instead of asking the server; see fusept-passthrough(7).
 */
#define FUSEPT_KERNEL_FSYNC	(1U << 0)	/* fsync */
#define FUSEPT_KERNEL_FLUSH	(1U << 1)	/* close */
#define FUSEPT_KERNEL_FALLOCATE	(1U << 2)	/* fallocate */
#define FUSEPT_KERNEL_LSEEK	(1U << 3)	/* lseek to the end, data, holes */
#define FUSEPT_KERNEL_COPY	(1U << 4)	/* copy_file_range, cloning */
#define FUSEPT_KERNEL_GETATTR	(1U << 5)	/* stat of size, blocks, times */
#define FUSEPT_KERNEL_FADVISE	(1U << 6)	/* posix_fadvise, readahead */
#define FUSEPT_KERNEL_XATTR	(1U << 7)	/* the backing file's xattrs */
#define FUSEPT_KERNEL_ALL	((1U << 8) - 1)

/*
 * Those of @bits that the kernel behind the session knows: none with Linux's
 * own fuse, or while passthrough is not on. Call it from requests.
 */
uint32_t fusept_kernel_bits(struct fusept *fp, uint32_t bits);

/*
 * fusept_backing_open() that lets the kernel do what @bits (FUSEPT_KERNEL_*)
 * say. -EINVAL for a bit that the kernel does not know. With FUSEPT_KERNEL_FSYNC
 * alone, @fd may be a directory's, for fusept_bind(): -EISDIR where the kernel
 * binds none.
 */
int fusept_backing_open_for(struct fusept *fp, int fd, uint32_t bits);

/* Unregister. 0 or -errno. */
int fusept_backing_close(struct fusept *fp, int backing_id);

/*
 * fuse_pt only: let the kernel open and close the file or directory @ino on the
 * backing file by itself, for as long as it knows the inode. Call it before the
 * reply that introduces @ino, or any time after; once more does no harm. The
 * backing id may be unregistered afterwards. An open request for @ino all the
 * same says that the kernel let the inode go meanwhile (bind again, then answer),
 * or needs a handle for something else than data. See fusept-passthrough(7).
 * 0, or -errno:
 * -EPERM      passthrough is off
 * -ENOTTY, -EINVAL   this kernel does not bind inodes, or not with these flags,
 *             or @ino and the backing file are not of one kind
 * -ENOENT     nothing is registered as @backing_id
 * -EBUSY      @ino is bound otherwise, or open otherwise
 */
int fusept_bind(struct fusept *fp, fuse_ino_t ino, int backing_id,
		uint32_t flags);

/* Flags of fusept_bind(); fusept-passthrough(7) explains them. Of files: */
/* After I/O the server is told size, mtime and ctime by one SETATTR. */
#define FUSEPT_BIND_WRITE_ATTR (1U << 0)
/* All attributes but st_ino are the backing file's, permissions with them. */
#define FUSEPT_BIND_ATTR (1U << 1)
/* fi->fh of fusept_reply_create() is no handle, and is not released. */
#define FUSEPT_BIND_NO_HANDLE (1U << 2)
/* Attributes are set in the backing file, too, and no setattr comes. */
#define FUSEPT_BIND_SETATTR (1U << 3)
/*
 * Of directories, which have no other: create, mkdir, mknod, symlink and link come for names that
 * may be there, and fail with EEXIST then; create has O_EXCL in fi->flags.
 */
#define FUSEPT_BIND_EXCL (1U << 4)
/* With that: what unlink and rmdir removed is not looked up for as long as entries last. */
#define FUSEPT_BIND_GONE (1U << 5)

/*
 * New opens go to the server again, those that are open stay as they are. 0, or
 * -ENOENT where @ino is not bound (any more), or another -errno.
 */
int fusept_unbind(struct fusept *fp, fuse_ino_t ino);

/*
 * fuse_reply_open() and fuse_reply_create() with passthrough. @how may be NULL.
 * With a backing id the kernel takes no fi->keep_cache; it is left out.
 */
int fusept_reply_open(fuse_req_t req, const struct fuse_file_info *fi,
		      const struct fusept_open *how);
int fusept_reply_create(fuse_req_t req, const struct fuse_entry_param *entry,
			const struct fuse_file_info *fi,
			const struct fusept_open *how);

#ifdef __cplusplus
}
#endif

#endif
