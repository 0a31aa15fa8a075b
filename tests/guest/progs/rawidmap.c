// SPDX-License-Identifier: GPL-2.0-only
/*
 * Idmapped mounts: which ids a server is told, and which a caller sees.
 *
 *	rawidmap DIR DIR2 agree|refuse|modeless
 *
 *	agree		the server takes up FUSE_ALLOW_IDMAP
 *	refuse		it does not
 *	modeless	it does, without default_permissions
 * DIR2 is made an idmapped mount of DIR: LOW at the server is HIGH to callers.
 * Prints NAME=VALUE lines: results of calls, and the ids of each request.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include "rawserve.h"

#define LOW		1000
#define HIGH		2000
#define STRANGER	3000
#define FILE_ID		7
#define NEW_ID		8	/* of CREATE; of TMPFILE, the next */

#define TREE_CLONE	1
#define TREE_TO_FD	4	/* MOVE_MOUNT_F_EMPTY_PATH */
#define ATTR_IDMAP	0x00100000
#define NOREPLACE	1	/* of renameat2(2) */
#define WHITEOUT	4

/* That of the kernel: not every libc has it. */
struct attr_of_mount {
	uint64_t	set, clear, propagation, userns_fd;
};

static bool agree, modes;

static void fill_attr(struct fuse_attr *attr, uint64_t node, mode_t mode)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = node;
	attr->nlink = 1;
	attr->mode = mode;
	attr->uid = LOW;
	attr->gid = LOW;
}

static mode_t mode_of(uint64_t node)
{
	return node == FUSE_ROOT_ID ? S_IFDIR | 0777 : S_IFREG | 0600;
}

static void say_ids(const struct raw *r, const char *what)
{
	printf("%s_ids=%d:%d\n", what, (int)r->head->uid, (int)r->head->gid);
}

static void reply_made(struct raw *r, const char *what, mode_t mode)
{
	struct fuse_entry_out entry = { .nodeid = FILE_ID };

	say_ids(r, what);
	fill_attr(&entry.attr, FILE_ID, mode);
	raw_reply_entry(r, &entry);
}

/* CREATE or TMPFILE: open, too. */
static void reply_created(struct raw *r, const char *what, uint64_t node)
{
	struct {
		struct fuse_entry_out	entry;
		struct fuse_open_out	open;
	} out = { .entry = { .nodeid = node } };

	say_ids(r, what);
	fill_attr(&out.entry.attr, node, S_IFREG | 0600);
	raw_reply(r, 0, &out, sizeof(out));
}

/* RENAME, or RENAME2: a whiteout is an object that is made. */
static void on_rename(struct raw *r)
{
	const struct fuse_rename2_in *in = r->arg;
	const char *what = "rename";

	if (r->head->opcode == FUSE_RENAME2)
		what = in->flags & WHITEOUT ? "whiteout" : "rename2";
	say_ids(r, what);
	raw_reply(r, 0, NULL, 0);
}

static void on_lookup(struct raw *r)
{
	struct fuse_entry_out entry = { .nodeid = FILE_ID };

	if (strcmp(r->arg, "f")) {
		raw_reply(r, ENOENT, NULL, 0);
		return;
	}
	say_ids(r, "lookup");
	fill_attr(&entry.attr, FILE_ID, mode_of(FILE_ID));
	raw_reply_entry(r, &entry);
}

static void on_setattr(struct raw *r)
{
	const struct fuse_setattr_in *in = r->arg;
	struct fuse_attr attr;

	if (in->valid & (FATTR_UID | FATTR_GID))
		printf("chown_to=%d:%d\n",
		       in->valid & FATTR_UID ? (int)in->uid : -1,
		       in->valid & FATTR_GID ? (int)in->gid : -1);
	fill_attr(&attr, r->head->nodeid, mode_of(r->head->nodeid));
	raw_reply_attr(r, &attr);
}

static void on_init(struct raw *r)
{
	const struct fuse_init_in *in = r->arg;
	uint64_t want = FUSE_INIT_EXT | FUSE_ALLOW_IDMAP;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};

	printf("offered=%s\n", in->flags2 & (FUSE_ALLOW_IDMAP >> 32) ?
	       "yes" : "no");
	if (agree) {
		out.flags = want;
		out.flags2 = want >> 32;
	}
	raw_reply(r, 0, &out, sizeof(out));
}

static void answer(struct raw *r)
{
	struct fuse_open_out open = {};
	struct fuse_attr attr;

	switch (r->head->opcode) {
	case FUSE_INIT:
		on_init(r);
		break;
	case FUSE_LOOKUP:
		on_lookup(r);
		break;
	case FUSE_GETATTR:
		fill_attr(&attr, r->head->nodeid, mode_of(r->head->nodeid));
		raw_reply_attr(r, &attr);
		break;
	case FUSE_SETATTR:
		on_setattr(r);
		break;
	case FUSE_MKDIR:
		reply_made(r, "mkdir", S_IFDIR | 0755);
		break;
	case FUSE_MKNOD:
		reply_made(r, "mknod", S_IFREG | 0600);
		break;
	case FUSE_SYMLINK:
		reply_made(r, "symlink", S_IFLNK | 0777);
		break;
	case FUSE_CREATE:
		reply_created(r, "create", NEW_ID);
		break;
	case FUSE_TMPFILE:
		reply_created(r, "tmpfile", NEW_ID + 1);
		break;
	case FUSE_LINK:
		reply_made(r, "link", S_IFREG | 0600);
		break;
	case FUSE_RENAME:
	case FUSE_RENAME2:
		on_rename(r);
		break;
	case FUSE_OPEN:
		raw_reply(r, 0, &open, sizeof(open));
		break;
	case FUSE_RELEASE:
	case FUSE_FLUSH:
		raw_reply(r, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

static const char *result(int ret)
{
	if (ret < 0 && errno == EACCES)
		return "EACCES";
	if (ret < 0 && errno == EOVERFLOW)
		return "EOVERFLOW";
	return raw_error(ret < 0 ? errno : 0);
}

static void write_map(pid_t pid, const char *name)
{
	char path[64], map[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	snprintf(map, sizeof(map), "%d %d 1", LOW, HIGH);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, map, strlen(map)) < 0)
		raw_die(path);
	close(fd);
}

/* A user namespace that nobody is in, for its map. */
static int map_fd(void)
{
	int ready[2], fd;
	char path[64], c;
	pid_t pid;

	if (pipe(ready))
		raw_die("pipe");
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(ready[0], &c, 1) != 1)
		raw_die("unshare");
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static bool idmap(const char *dir, const char *dir2)
{
	struct attr_of_mount attr = { .set = ATTR_IDMAP };
	int tree, ret;

	attr.userns_fd = map_fd();
	tree = syscall(SYS_open_tree, AT_FDCWD, dir, TREE_CLONE);
	if (tree < 0)
		raw_die("open_tree");
	ret = syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr,
		      sizeof(attr));
	printf("idmap=%s\n", result(ret));
	if (ret)
		return false;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, dir2, TREE_TO_FD))
		raw_die("move_mount");
	return true;
}

static int dir_fd;

static int make_dir(void) { return mkdirat(dir_fd, "d", 0755); }
static int make_node(void) { return mknodat(dir_fd, "n", S_IFREG | 0600, 0); }
static int make_link(void) { return symlinkat("x", dir_fd, "l"); }
static int open_new(void) { return openat(dir_fd, "c", O_CREAT | O_RDWR, 0600); }
static int open_tmp(void) { return openat(dir_fd, ".", O_TMPFILE | O_RDWR, 0600); }
static int link_old(void) { return linkat(dir_fd, "f", dir_fd, "h", 0); }
static int move(int flags) { return syscall(SYS_renameat2, dir_fd, "f", dir_fd, "r", flags); }
static int move_plain(void) { return move(0); }
static int move_noreplace(void) { return move(NOREPLACE); }
static int move_whiteout(void) { return move(WHITEOUT); }
static int open_old(void) { return openat(dir_fd, "f", O_RDWR); }
static int give(void) { return fchownat(dir_fd, "f", HIGH, HIGH, 0); }
static int give_away(void) { return fchownat(dir_fd, "f", STRANGER, -1, 0); }

static void as_user(unsigned int id, const char *name, int (*call)(void))
{
	pid_t pid = fork();

	if (!pid) {
		if (id && (setresgid(id, id, id) || setresuid(id, id, id)))
			_exit(1);
		printf("%s=%s\n", name, result(call()));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int client(const char *dir, const char *dir2)
{
	struct stat st;

	/* INIT has to be answered before there is anything to map. */
	printf("stat=%s\n", result(stat(dir, &st)));
	if (!idmap(dir, dir2)) {
		dir_fd = open(dir, O_PATH);
		as_user(STRANGER, "plain_mkdir", make_dir);
		return 0;
	}
	dir_fd = open(dir2, O_PATH);
	if (!fstatat(dir_fd, "f", &st, 0))
		printf("seen=%u:%u\n", st.st_uid, st.st_gid);
	as_user(HIGH, "mkdir", make_dir);
	as_user(HIGH, "mknod", make_node);
	as_user(HIGH, "symlink", make_link);
	as_user(HIGH, "create", open_new);
	as_user(HIGH, "tmpfile", open_tmp);
	as_user(HIGH, "link", link_old);
	as_user(HIGH, "rename", move_plain);
	as_user(HIGH, "rename2", move_noreplace);
	as_user(HIGH, "whiteout", move_whiteout);
	as_user(HIGH, "open", open_old);
	as_user(LOW, "open_by_low", open_old);
	as_user(STRANGER, "mkdir_unmapped", make_dir);
	as_user(0, "chown", give);
	as_user(0, "chown_unmapped", give_away);
	dir_fd = open(dir, O_PATH);
	as_user(LOW, "plain_open", open_old);
	as_user(STRANGER, "plain_mkdir", make_dir);
	return umount2(dir2, MNT_DETACH);
}

int main(int argc, char **argv)
{
	struct raw r = {};
	pid_t pid;

	if (argc != 4) {
		fprintf(stderr, "usage: rawidmap DIR DIR2 agree|refuse|modeless\n");
		return 2;
	}
	modes = strcmp(argv[3], "modeless");
	agree = strcmp(argv[3], "refuse");
	setvbuf(stdout, NULL, _IONBF, 0);
	raw_mount(&r, argv[1], modes ? "allow_other,default_permissions" :
				       "allow_other");
	pid = fork();
	if (!pid)
		_exit(client(argv[1], argv[2]));
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	pid = raw_start_umount(&r);
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	return 0;
}
