// SPDX-License-Identifier: GPL-2.0-only
/* fusept-loopback: start, negotiate, serve, end. See fusept-loopback(1). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <syslog.h>
#include <unistd.h>

#include "caller.h"
#include "forgotten.h"
#include "loopback.h"

struct fd_path fd_path(int fd)
{
	struct fd_path p;

	snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d", fd);
	return p;
}

int reopen(struct loopback *lo, int fd, int flags)
{
	char number[16];
	int again;

	snprintf(number, sizeof(number), "%d", fd);
	again = openat(lo->proc_fd, number, flags | O_CLOEXEC | O_NOCTTY);
	return again < 0 ? -errno : again;
}

static bool capable(const struct fuse_conn_info *conn, unsigned int bit)
{
	return conn->capable & bit;
}

static void set_want(struct fuse_conn_info *conn, unsigned int bit, bool on)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
	if (on)
		fuse_set_feature_flag(conn, bit);
	else
		fuse_unset_feature_flag(conn, bit);
#else
	if (on && capable(conn, bit))
		conn->want |= bit;
	else
		conn->want &= ~bit;
#endif
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct loopback *lo = userdata;
	const struct options *o = &lo->opt;
	enum fusept_state state;

	/* The umask is applied below, where default ACLs are known. */
	set_want(conn, FUSE_CAP_DONT_MASK, true);
	/* Taking set-user-ID away at writes stays the kernel's business. */
	set_want(conn, FUSE_CAP_HANDLE_KILLPRIV, false);
	set_want(conn, FUSE_CAP_WRITEBACK_CACHE, o->writeback == CHOICE_ON);
	set_want(conn, FUSE_CAP_ASYNC_READ, true);
	set_want(conn, FUSE_CAP_PARALLEL_DIROPS, true);
	set_want(conn, FUSE_CAP_SPLICE_WRITE, o->splice == CHOICE_ON);
	set_want(conn, FUSE_CAP_SPLICE_READ, false);
	set_want(conn, FUSE_CAP_READDIRPLUS, o->readdirplus != CHOICE_OFF);
	set_want(conn, FUSE_CAP_READDIRPLUS_AUTO,
		 o->readdirplus == CHOICE_AUTO);
	set_want(conn, FUSE_CAP_POSIX_ACL, o->acl != CHOICE_OFF);
	set_want(conn, FUSE_CAP_CACHE_SYMLINKS, o->cache == CACHE_ALWAYS);
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
	set_want(conn, FUSE_CAP_DIRECT_IO_ALLOW_MMAP, true);
#endif
	set_want(conn, FUSE_CAP_EXPORT_SUPPORT, o->export);
	state = fusept_init(lo->fp, conn);
	if (o->acl == CHOICE_ON && !capable(conn, FUSE_CAP_POSIX_ACL)) {
		fuse_log(FUSE_LOG_ERR,
			 "fusept-loopback: acl=on, but the kernel does not offer ACLs\n");
		lo->failed = EOPNOTSUPP;
	}
	if (o->writeback == CHOICE_ON &&
	    !capable(conn, FUSE_CAP_WRITEBACK_CACHE)) {
		fuse_log(FUSE_LOG_ERR,
			 "fusept-loopback: writeback=on, but the kernel does not offer it\n");
		lo->failed = EOPNOTSUPP;
	}
	if (o->passthrough == CHOICE_ON && state == FUSEPT_REFUSED) {
		fuse_log(FUSE_LOG_ERR, "fusept-loopback: passthrough=on, but %s\n",
			 fusept_reason(lo->fp));
		lo->failed = EOPNOTSUPP;
	}
	if (lo->failed)
		fuse_session_exit(lo->se);
}

static struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.open = op_open,
	.read = op_read,
	.write_buf = op_write_buf,
	.flush = op_flush,
	.release = op_release,
	.fsync = op_fsync,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.releasedir = op_releasedir,
	.fsyncdir = op_fsyncdir,
	.statfs = op_statfs,
	.setxattr = op_setxattr,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.removexattr = op_removexattr,
	.access = op_access,
	.create = op_create,
	.fallocate = op_fallocate,
	.copy_file_range = op_copy_file_range,
	.lseek = op_lseek,
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
	.tmpfile = op_tmpfile,
#endif
};

/* The levels are those of syslog(3), which says by itself who we are. */
static void log_to_system(enum fuse_log_level level, const char *format,
			  va_list args)
{
	static const char name[] = "fusept-loopback: ";
	size_t len = strlen(name);

	if (!strncmp(format, name, len))
		format += len;
	vsyslog(level, format, args);
}

static int complain(const char *what, int err)
{
	fuse_log(FUSE_LOG_ERR, "fusept-loopback: %s: %s\n", what,
		 strerror(err));
	return 1;
}

/*
 * A descriptor for each inode the kernel knows: as many as we may have. File
 * sizes are the callers' to limit, and their kernel does.
 */
static void raise_limits(void)
{
	struct rlimit files, any = { RLIM_INFINITY, RLIM_INFINITY };
	FILE *f = fopen("/proc/sys/fs/nr_open", "re");
	unsigned long most;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		if (f && fscanf(f, "%lu", &most) == 1 && most > files.rlim_max) {
			struct rlimit more = { most, most };

			if (setrlimit(RLIMIT_NOFILE, &more))
				most = 0;
		} else {
			most = 0;
		}
		if (!most) {
			files.rlim_cur = files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
	}
	if (f)
		fclose(f);
	if (setrlimit(RLIMIT_FSIZE, &any))
		signal(SIGXFSZ, SIG_IGN);
}

/* What kind of file system the source is on decides two things. */
static void look_at_source(struct loopback *lo, int fd)
{
	struct statfs st;

	if (fstatfs(fd, &st))
		return;
	switch ((unsigned long)st.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case F2FS_SUPER_MAGIC:
		/* Nothing happens at close there, so nobody need ask. */
		lo->noflush_known = true;
		break;
	case OVERLAYFS_SUPER_MAGIC:
	case ECRYPTFS_SUPER_MAGIC:
		if (!lo->opt.stack_depth)
			lo->opt.stack_depth = 2;
	}
}

/*
 * A mount point inside the source would show the server its own mount, and a
 * request to itself can wait for ever. mount.fusept says where that is.
 */
static bool is_inside(const char *source, const char *mountpoint)
{
	size_t len = strlen(source);

	while (len && source[len - 1] == '/')
		len--;
	return !strncmp(mountpoint, source, len) && mountpoint[len] == '/' &&
	       mountpoint[len + 1];
}

static int open_source(struct loopback *lo)
{
	const char *target = getenv("FUSEPT_MOUNTPOINT");
	char *real = realpath(lo->opt.source, NULL);
	int fd, err;

	if (!real)
		return complain(lo->opt.source, errno);
	free(lo->opt.source);
	lo->opt.source = real;
	if (strncmp(lo->opt.mountpoint, "/dev/fd/", 8))
		target = lo->opt.mountpoint;
	if (target && is_inside(real, target)) {
		fprintf(stderr,
			"fusept-loopback: mount point %s is inside the source %s, which would show the mount to itself\n",
			target, real);
		return 1;
	}
	fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return complain(real, errno);
	look_at_source(lo, fd);
	err = nodes_init(lo, fd);
	return err ? complain(real, err) : forgotten_init(lo, real);
}

/* An option for libfuse's own mount of the kernel's fuse. */
static int add_option(struct fuse_args *args, const char *name,
		      const char *value)
{
	char *text = NULL, *arg;
	int res;

	if (value && fuse_opt_add_opt_escaped(&text, value))
		return -1;
	if (asprintf(&arg, "-o%s%s", name, text ? text : "") < 0) {
		free(text);
		return -1;
	}
	res = fuse_opt_insert_arg(args, 1, arg);
	free(arg);
	free(text);
	return res;
}

static int loop(struct loopback *lo)
{
	struct fuse_loop_config *config;
	int res;

	if (lo->opt.single_thread)
		return fuse_session_loop(lo->se);
	config = fuse_loop_cfg_create();
	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, fusept_loop_clone_fd(lo->fp));
	/* UINT_MAX is libfuse's own word for "not given". */
	if (lo->opt.max_threads && lo->opt.max_threads != UINT_MAX)
		fuse_loop_cfg_set_max_threads(config, lo->opt.max_threads);
	if (lo->opt.max_idle_threads != UINT_MAX)
		fuse_loop_cfg_set_idle_threads(config, lo->opt.max_idle_threads);
	res = fuse_session_loop_mt(lo->se, config);
	fuse_loop_cfg_destroy(config);
	return res;
}

static int serve(struct loopback *lo)
{
	int res;

	/* Only now: "self" is the daemon, not the process that started it. */
	lo->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (lo->proc_fd < 0)
		return complain("/proc/self/fd", errno);
	res = loop(lo);
	if (res < 0)
		complain("session", -res);
	/* An unmount, or a signal that asks to end, is a good end. */
	return res < 0 || lo->failed;
}

/* Its standard error is lost to a daemon, so what it finds out is told before. */
static int go_to_background(struct loopback *lo)
{
	caller_init(lo);
	if (fuse_daemonize(lo->opt.foreground))
		return complain("going into the background", errno);
	if (!lo->opt.foreground) {
		openlog("fusept-loopback", LOG_PID, LOG_DAEMON);
		fuse_set_log_func(log_to_system);
	}
	return 0;
}

static int mount_and_serve(struct loopback *lo)
{
	struct fusept_config config = {
		.max_stack_depth = lo->opt.stack_depth,
		.clone_fd = lo->opt.clone_fd,
		.no_passthrough = lo->opt.passthrough == CHOICE_OFF,
	};
	int res;

	if (fuse_session_mount(lo->se, lo->opt.mountpoint))
		return 1;
	lo->fp = fusept_new(lo->se, &config);
	if (!lo->fp) {
		res = complain("libfusept", errno);
	} else {
		res = go_to_background(lo);
		if (!res)
			res = serve(lo);
	}
	fuse_session_unmount(lo->se);
	return res;
}

static int run(struct loopback *lo, struct fuse_args *args)
{
	int res;

	if (lo->opt.xattr == CHOICE_OFF) {
		ops.setxattr = NULL;
		ops.getxattr = NULL;
		ops.listxattr = NULL;
		ops.removexattr = NULL;
	}
	/* What libfuse mounts itself is shown as what it is, and checked. */
	if (add_option(args, "default_permissions", NULL) ||
	    add_option(args, "subtype=fusept-loopback", NULL) ||
	    add_option(args, "fsname=", lo->opt.source))
		return complain("options", ENOMEM);
	lo->se = fuse_session_new(args, &ops, sizeof(ops), lo);
	if (!lo->se)
		return 1;
	if (fuse_set_signal_handlers(lo->se)) {
		res = complain("signal handlers", errno);
	} else {
		res = mount_and_serve(lo);
		fuse_remove_signal_handlers(lo->se);
	}
	fusept_destroy(lo->fp);
	fuse_session_destroy(lo->se);
	return res;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct loopback lo = {
		.proc_fd = -1,
		.bind_flags = FUSEPT_BIND_ATTR | FUSEPT_BIND_SETATTR |
			FUSEPT_BIND_NO_HANDLE,
		.bind_dir_flags = FUSEPT_BIND_EXCL | FUSEPT_BIND_GONE,
	};
	int res = options_parse(&lo.opt, &args);

	if (res < 0) {
		raise_limits();
		res = open_source(&lo);
		if (!res)
			res = run(&lo, &args);
		nodes_destroy(&lo);
		forgotten_destroy(&lo);
		if (lo.proc_fd >= 0)
			close(lo.proc_fd);
	}
	free(lo.opt.source);
	free(lo.opt.mountpoint);
	fuse_opt_free_args(&args);
	return res;
}
