/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fusept-loopback: a directory, served through FUSE. One struct loopback holds
 * a running server; struct node is an inode the kernel knows, struct handle an
 * open file, struct listing an open directory.
 *
 * Names are resolved one component at a time below an O_PATH descriptor and
 * never followed, so nothing outside the source can be reached by any name.
 */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <fuse_lowlevel.h>
#include <fusept.h>

#include "node.h"
#include "options.h"

struct loopback {
	struct options opt;
	struct node *root;
	struct fuse_session *se;
	struct fusept *fp;
	int proc_fd;		/* /proc/self/fd */
	bool as_caller;		/* new objects can be given to the caller */
	bool noflush_known;	/* the source's file system has nothing to flush */
	_Atomic(uint32_t) kernel;	/* FUSEPT_KERNEL_* of registrations */
	_Atomic(bool) told;	/* the state of passthrough has been logged */
	_Atomic(bool) no_bind;	/* this kernel binds no inodes */
	_Atomic(bool) no_bind_dir;	/* nor, if others, directories */
	_Atomic(uint32_t) bind_flags;	/* FUSEPT_BIND_* of bound files */
	_Atomic(uint32_t) bind_dir_flags;	/* the same of directories */
	_Atomic(bool) no_path_backing;	/* O_PATH descriptors back nothing here */
	_Atomic(bool) granted;	/* because it is backing_gid that lets us register */
	_Atomic(int) failed;	/* why the session must end, an errno */
};

static inline struct loopback *loopback_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static inline struct node *node_of(struct loopback *lo, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? lo->root : (struct node *)(uintptr_t)ino;
}

/* "/proc/self/fd/N": the object behind an O_PATH descriptor, as a path. */
struct fd_path {
	char text[32];
};

struct fd_path fd_path(int fd);

/* Open the object behind O_PATH descriptor @fd; a descriptor or -errno. */
int reopen(struct loopback *lo, int fd, int flags);

/* EINVAL for what can be no name in a directory, else 0. */
int check_name(const char *name);

/* names.c */
void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup);
void op_forget_multi(fuse_req_t req, size_t count,
		     struct fuse_forget_data *forgets);
void op_readlink(fuse_req_t req, fuse_ino_t ino);
void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
	      mode_t mode, dev_t rdev);
void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
	      mode_t mode);
void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		const char *name);
void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent,
	     const char *newname);
void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	       fuse_ino_t newparent, const char *newname, unsigned int flags);
/* A lookup's or a creation's answer for @node, which it consumes. */
void reply_node(fuse_req_t req, struct node *node, const struct stat *st);
void fill_entry(struct loopback *lo, struct fuse_entry_param *e,
		struct node *node, const struct stat *st);

/* attrs.c */
void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		int to_set, struct fuse_file_info *fi);
void op_statfs(fuse_req_t req, fuse_ino_t ino);
void op_access(fuse_req_t req, fuse_ino_t ino, int mask);

/* dirs.c */
void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi);
void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
		 struct fuse_file_info *fi);

/* files.c */
struct handle {
	struct node *node;
	int fd;
	bool writable;
	bool through;		/* the kernel does the I/O */
	bool direct;		/* it comes here past the kernel's cache */
};

/* Of a file that the kernel opened bound, as it was made: nothing is open here. */
extern struct handle no_handle;

static inline struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* Before a write to @fd: take set-user-ID and the like away. 0 or an errno. */
int drop_privileges(fuse_req_t req, int fd);

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
	       mode_t mode, struct fuse_file_info *fi);
void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode,
		struct fuse_file_info *fi);
void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
	      struct fuse_file_info *fi);

/* data.c */
void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
	     struct fuse_file_info *fi);
void op_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in,
		  off_t off, struct fuse_file_info *fi);
void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off,
		  off_t len, struct fuse_file_info *fi);
void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
	      struct fuse_file_info *fi);
void op_copy_file_range(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
			struct fuse_file_info *fi_in, fuse_ino_t ino_out,
			off_t off_out, struct fuse_file_info *fi_out,
			size_t len, int flags);

/* xattrs.c */
void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		 const char *value, size_t size, int flags);
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name);

#endif
