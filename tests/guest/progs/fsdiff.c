// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsdiff: do the same random calls in two directories, as different users, and
 * demand the same results: return values, errno, attributes, contents, names.
 *
 *   fsdiff [--ops N] [--seed S] [--skip LIST] [-v] LOCAL TESTED
 *
 * LOCAL is on a local file system, TESTED on the one under test whose backing
 * files lie on the same local file system. Both are emptied. Run as root.
 * --skip names calls that the tested file system is known not to have, from the
 * table at the end, or setfl: O_APPEND set or cleared on an open file.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "fstree.h"

#define SIDES 2
#define FDS 6
#define TEXT 4096

static int root[SIDES];		/* O_PATH of the two directories */
static int fds[FDS][SIDES];	/* files open on both sides, or -1 */
static unsigned long seed, step;
static bool verbose;
static const char *skipped = "";
static char now[TEXT];		/* the call in hand, for messages */

static unsigned int rnd(unsigned int n)
{
	static unsigned long long x;

	if (!x)
		x = seed * 2654435761u + 88172645463325252ULL;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 11) % n;
}

static void fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "fsdiff: seed %lu step %lu: %s: ", seed, step, now);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(now, sizeof(now), fmt, ap);
	va_end(ap);
	if (verbose)
		fprintf(stderr, "%6lu %s\n", step, now);
}

static bool is_skipped(const char *name)
{
	size_t n = strlen(name);
	const char *at = skipped;

	while ((at = strstr(at, name))) {
		if ((at == skipped || at[-1] == ',') && (!at[n] || at[n] == ','))
			return true;
		at += n;
	}
	return false;
}

/* A result is a value, or the negative errno. */
static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static void same(const long r[SIDES])
{
	if (r[0] != r[1])
		fail("local %ld%s%s, tested %ld%s%s", r[0], r[0] < 0 ? " " : "",
		     r[0] < 0 ? strerror(-r[0]) : "", r[1], r[1] < 0 ? " " : "",
		     r[1] < 0 ? strerror(-r[1]) : "");
	if (verbose)
		fprintf(stderr, "       = %ld\n", r[0]);
}

/* Users: each a credential that a case of permission checking needs. */
static const struct user {
	uid_t uid;
	gid_t gid;
	gid_t more;	/* an additional group, or -1 */
} users[] = {
	{ 0, 0, -1 },
	{ 0, 0, -1 },
	{ 1000, 1000, 2000 },
	{ 1000, 1001, -1 },
	{ 1001, 1001, 1000 },
	{ 1001, 2000, -1 },
};
#define USERS (sizeof(users) / sizeof(users[0]))

static const struct user *user = users;

static void become(const struct user *u)
{
	gid_t more = u->more;

	if (seteuid(0) || setegid(0) || setgroups(more == (gid_t)-1 ? 0 : 1, &more) ||
	    setegid(u->gid) || seteuid(u->uid)) {
		perror("fsdiff: credentials");
		exit(2);
	}
	user = u;
}

/* Names from a small set, so that they meet; and some that are wrong. */
static const char *names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
static char long_name[NAME_MAX + 2];

static void random_path(char *path)
{
	int depth = 1 + rnd(3);

	*path = '\0';
	while (depth--) {
		strcat(path, names[rnd(8)]);
		if (depth)
			strcat(path, "/");
	}
	switch (rnd(60)) {
	case 0:
		strcat(path, "/");
		break;
	case 1:
		strcat(path, "/.");
		break;
	case 2:
		strcat(path, "/..");
		break;
	case 3:
		memset(long_name, 'n', NAME_MAX + 1);
		long_name[NAME_MAX + rnd(2)] = '\0';
		strcpy(path, long_name);
		break;
	case 4:
		*path = '\0';
		break;
	}
}

static mode_t random_mode(void)
{
	static const mode_t some[] = { 0, 0644, 0600, 0666, 0755, 0777, 0700,
		0070, 0007, 04755, 02755, 02777, 01777, 06777, 0640, 0555 };

	return some[rnd(16)];
}

/*
 * Linux's fuse takes set-group-ID away from a written file only where the group
 * may execute it; local file systems since 6.2 also elsewhere. Do not make such.
 */
static mode_t creation_mode(void)
{
	mode_t mode = random_mode(), mask = umask(0);

	umask(mask);
	return mask & S_IXGRP ? mode & ~S_ISGID : mode;
}

static uid_t random_id(void)
{
	static const uid_t some[] = { -1, 0, 1000, 1001, 2000, 1001, 1000 };

	return some[rnd(7)];
}

static struct timespec random_time(void)
{
	struct timespec ts = { rnd(2000000000), rnd(1000000000) };

	switch (rnd(5)) {
	case 0:
		ts.tv_nsec = UTIME_NOW;
		break;
	case 1:
		ts.tv_nsec = UTIME_OMIT;
		break;
	}
	return ts;
}

/* Attributes that must be the same, whenever it happened. */
static void compare_stat(const struct stat s[SIDES])
{
	const struct stat *a = &s[0], *b = &s[1];

#define CHECK(field, fmt) do {						\
	if (a->field != b->field)					\
		fail(#field ": local " fmt ", tested " fmt, a->field, b->field); \
} while (0)
	CHECK(st_mode, "%o");
	CHECK(st_uid, "%u");
	CHECK(st_gid, "%u");
	CHECK(st_nlink, "%lu");
	CHECK(st_rdev, "%lu");
	if (!S_ISDIR(a->st_mode))
		CHECK(st_size, "%ld");
#undef CHECK
}

static void stat_both(const char *path)
{
	struct stat s[SIDES];
	long r[SIDES];

	for (int i = 0; i < SIDES; i++)
		r[i] = result(fstatat(root[i], path, &s[i], AT_SYMLINK_NOFOLLOW));
	same(r);
	if (!r[0])
		compare_stat(s);
}

static void fstat_both(int slot)
{
	struct stat s[SIDES];
	long r[SIDES];

	for (int i = 0; i < SIDES; i++)
		r[i] = result(fstat(fds[slot][i], &s[i]));
	same(r);
	if (!r[0])
		compare_stat(s);
}

#define BOTH(call) do {							\
	long both_[SIDES];						\
	for (int i = 0; i < SIDES; i++)					\
		both_[i] = result(call);				\
	same(both_);							\
} while (0)

static void do_mkdir(const char *p)
{
	mode_t m = creation_mode();

	say("mkdir(%s, %o)", p, m);
	BOTH(mkdirat(root[i], p, m));
}

static void do_mknod(const char *p)
{
	static const mode_t types[] = { S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK };
	mode_t m = types[rnd(5)] | creation_mode();
	dev_t dev = makedev(1 + rnd(300), 3 + rnd(100000));

	say("mknod(%s, %o, %lx)", p, m, dev);
	BOTH(mknodat(root[i], p, m, dev));
}

static void do_symlink(const char *p)
{
	char target[TEXT];

	random_path(target);
	if (strstr(target, ".."))
		strcpy(target, "a");
	say("symlink(%s, %s)", target, p);
	BOTH(symlinkat(target, root[i], p));
}

static void do_readlink(const char *p)
{
	char t[SIDES][TEXT];
	long r[SIDES];

	say("readlink(%s)", p);
	for (int i = 0; i < SIDES; i++)
		r[i] = result(readlinkat(root[i], p, t[i], TEXT));
	same(r);
	if (r[0] > 0 && memcmp(t[0], t[1], r[0]))
		fail("different targets");
}

static void do_link(const char *p)
{
	char q[TEXT];
	int flags = rnd(3) ? 0 : AT_SYMLINK_FOLLOW;

	random_path(q);
	say("link(%s, %s, %d)", p, q, flags);
	BOTH(linkat(root[i], p, root[i], q, flags));
}

static void do_unlink(const char *p)
{
	say("unlink(%s)", p);
	BOTH(unlinkat(root[i], p, 0));
}

static void do_rmdir(const char *p)
{
	say("rmdir(%s)", p);
	BOTH(unlinkat(root[i], p, AT_REMOVEDIR));
}

static void do_rename(const char *p)
{
	static const unsigned int some[] = { 0, 0, 0, 1, 2, 3 };
	unsigned int flags = some[rnd(6)];
	char q[TEXT];

	random_path(q);
	say("rename(%s, %s, %u)", p, q, flags);
	BOTH(renameat2(root[i], p, root[i], q, flags));
}

static void do_chmod(const char *p)
{
	mode_t m = random_mode();

	say("chmod(%s, %o)", p, m);
	BOTH(fchmodat(root[i], p, m, 0));
	stat_both(p);
}

static void do_chown(const char *p)
{
	uid_t uid = random_id();
	gid_t gid = random_id();
	int flags = rnd(2) ? AT_SYMLINK_NOFOLLOW : 0;

	say("chown(%s, %d, %d, %x)", p, (int)uid, (int)gid, flags);
	BOTH(fchownat(root[i], p, uid, gid, flags));
	stat_both(p);
}

static void do_utimens(const char *p)
{
	struct timespec ts[2] = { random_time(), random_time() };
	int flags = rnd(2) ? AT_SYMLINK_NOFOLLOW : 0;
	struct stat s[SIDES];
	long r[SIDES];

	say("utimens(%s, %ld.%09ld %ld.%09ld, %x)", p, ts[0].tv_sec,
	    ts[0].tv_nsec, ts[1].tv_sec, ts[1].tv_nsec, flags);
	for (int i = 0; i < SIDES; i++)
		r[i] = result(utimensat(root[i], p, ts, flags));
	same(r);
	for (int i = 0; i < SIDES; i++)
		if (r[i] || fstatat(root[i], p, &s[i], flags))
			return;
	if (ts[1].tv_nsec < 1000000000 &&
	    memcmp(&s[0].st_mtim, &s[1].st_mtim, sizeof(s[0].st_mtim)))
		fail("modification times differ");
}

static void do_access(const char *p)
{
	int mode = rnd(8);

	say("access(%s, %d)", p, mode);
	BOTH(faccessat(root[i], p, mode, AT_EACCESS));
}

static void do_stat(const char *p)
{
	say("stat(%s)", p);
	stat_both(p);
}

static void do_truncate(const char *p)
{
	off_t size = rnd(20000);
	long r[SIDES];

	say("truncate(%s, %ld)", p, size);
	for (int i = 0; i < SIDES; i++) {
		r[i] = fchdir(root[i]) ? -errno : result(truncate(p, size));
	}
	same(r);
	stat_both(p);
}

static const char *xattr_names[] = { "user.one", "user.two", "trusted.t",
	"security.s", "system.none", "nonsense", "user." };

static void do_setxattr(const char *p)
{
	const char *name = xattr_names[rnd(7)];
	int flags = rnd(3), len = rnd(100);
	char value[100];
	long r[SIDES];

	memset(value, 'a' + rnd(26), sizeof(value));
	say("setxattr(%s, %s, %d bytes, %d)", p, name, len, flags);
	for (int i = 0; i < SIDES; i++) {
		r[i] = fchdir(root[i]) ? -errno : result(lsetxattr(p, name, value, len, flags));
	}
	same(r);
}

static void do_getxattr(const char *p)
{
	const char *name = xattr_names[rnd(7)];
	int room = rnd(2) ? 100 : rnd(100);
	char v[SIDES][100];
	long r[SIDES];

	say("getxattr(%s, %s, %d)", p, name, room);
	for (int i = 0; i < SIDES; i++) {
		r[i] = fchdir(root[i]) ? -errno : result(lgetxattr(p, name, v[i], room));
	}
	same(r);
	if (room && r[0] > 0 && memcmp(v[0], v[1], r[0]))
		fail("different values");
}

static void do_removexattr(const char *p)
{
	const char *name = xattr_names[rnd(7)];
	long r[SIDES];

	say("removexattr(%s, %s)", p, name);
	for (int i = 0; i < SIDES; i++) {
		r[i] = fchdir(root[i]) ? -errno : result(lremovexattr(p, name));
	}
	same(r);
}

static void do_list(const char *p)
{
	char t[SIDES][TEXT];
	long r[SIDES];

	say("list(%s)", p);
	for (int i = 0; i < SIDES; i++)
		r[i] = list_names(root[i], p, t[i], TEXT);
	same(r);
	if (strcmp(t[0], t[1]))
		fail("local '%s', tested '%s'", t[0], t[1]);
}

static void close_slot(int slot)
{
	if (fds[slot][0] < 0)
		return;
	for (int i = 0; i < SIDES; i++) {
		if (close(fds[slot][i]))
			fail("close: %s", strerror(errno));
		fds[slot][i] = -1;
	}
}

static void do_open(const char *p)
{
	static const int some[] = { O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_TRUNC,
		O_CREAT | O_TRUNC, O_APPEND | O_CREAT, O_NOFOLLOW, O_DIRECTORY,
		0, O_NOFOLLOW | O_CREAT, O_NOATIME, O_SYNC };
	int flags = some[rnd(12)] | rnd(3) | O_NONBLOCK, slot = rnd(FDS);
	mode_t m = creation_mode();
	struct stat st;
	long r[SIDES];

	/* Not devices: what they answer has nothing to do with their names. */
	if (!fstatat(root[0], p, &st, 0) && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return;
	close_slot(slot);
	say("open(%s, %x, %o) slot %d", p, flags, m, slot);
	for (int i = 0; i < SIDES; i++) {
		fds[slot][i] = openat(root[i], p, flags, m);
		r[i] = fds[slot][i] < 0 ? -errno : 0;
	}
	same(r);
	if (r[0])
		fds[slot][0] = fds[slot][1] = -1;
	else
		fstat_both(slot);
}

static void do_tmpfile(const char *p)
{
	int slot = rnd(FDS), flags = O_TMPFILE | 1 | rnd(2) | (rnd(4) ? 0 : O_EXCL);
	mode_t m = creation_mode();
	long r[SIDES];

	close_slot(slot);
	say("tmpfile(%s, %x, %o) slot %d", p, flags, m, slot);
	for (int i = 0; i < SIDES; i++) {
		fds[slot][i] = openat(root[i], p, flags, m);
		r[i] = fds[slot][i] < 0 ? -errno : 0;
	}
	same(r);
	if (r[0])
		fds[slot][0] = fds[slot][1] = -1;
	else
		fstat_both(slot);
}

static void do_link_fd(int slot, const char *p)
{
	char path[32];
	long r[SIDES];

	say("link(slot %d, %s)", slot, p);
	for (int i = 0; i < SIDES; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[slot][i]);
		r[i] = result(linkat(AT_FDCWD, path, root[i], p, AT_SYMLINK_FOLLOW));
	}
	same(r);
}

static void compare_contents(int slot)
{
	static char buf[SIDES][65536];
	long r[SIDES];

	for (off_t off = 0;; off += r[0]) {
		for (int i = 0; i < SIDES; i++)
			r[i] = result(pread(fds[slot][i], buf[i], sizeof(buf[i]), off));
		same(r);
		if (r[0] <= 0)
			return;
		if (memcmp(buf[0], buf[1], r[0]))
			fail("contents differ after offset %ld", off);
	}
}

static void do_fd(const char *p)
{
	static char data[8192];
	int slot = rnd(FDS), len = rnd(sizeof(data)), other = rnd(FDS), mode;
	off_t off = rnd(20000), off2;
	struct stat st;
	long r[SIDES];

	if (fds[slot][0] < 0)
		return;
	switch (rnd(15)) {
	case 0:
		say("fstat(slot %d)", slot);
		break;
	case 1:
	case 2:
		memset(data, 'A' + rnd(26), sizeof(data));
		say("write(slot %d, %d)", slot, len);
		BOTH(write(fds[slot][i], data, len));
		break;
	case 3:
		memset(data, 'A' + rnd(26), sizeof(data));
		say("pwrite(slot %d, %d, %ld)", slot, len, off);
		BOTH(pwrite(fds[slot][i], data, len, off));
		break;
	case 4:
		say("ftruncate(slot %d, %ld)", slot, off);
		BOTH(ftruncate(fds[slot][i], off));
		break;
	case 5:
		mode = random_mode();
		say("fchmod(slot %d, %o)", slot, mode);
		BOTH(fchmod(fds[slot][i], mode));
		break;
	case 6:
		mode = random_id();
		say("fchown(slot %d, %d)", slot, mode);
		BOTH(fchown(fds[slot][i], mode, -1));
		break;
	case 7:
		say("fsync(slot %d)", slot);
		BOTH(rnd(2) ? fsync(fds[slot][i]) : fdatasync(fds[slot][i]));
		break;
	case 8:
		/*
		 * No mode that a file system below may not have: setgid goes
		 * before the server is asked, and stays gone when it refuses.
		 */
		mode = rnd(4);
		/* Nor a hole behind the end: some do nothing, and keep setuid. */
		if (mode == 3 && !fstat(fds[slot][0], &st) && off >= st.st_size)
			mode = 1;
		say("fallocate(slot %d, %d, %ld, %d)", slot, mode, off, len);
		BOTH(fallocate(fds[slot][i], mode, off, len));
		break;
	case 9:
		/* Of directories, fuse and local file systems think differently. */
		if (fstat(fds[slot][0], &st) || S_ISDIR(st.st_mode))
			return;
		mode = rnd(2) ? SEEK_DATA : SEEK_HOLE;
		say("lseek(slot %d, %ld, %d)", slot, off, mode);
		BOTH(lseek(fds[slot][i], off, mode));
		break;
	case 10:
		if (fds[other][0] < 0)
			return;
		off2 = rnd(20000);
		say("copy_file_range(slot %d, %ld, slot %d, %ld, %d)", slot,
		    off, other, off2, len);
		for (int i = 0; i < SIDES; i++) {
			off_t in = off, out = off2;

			r[i] = result(copy_file_range(fds[slot][i], &in,
						      fds[other][i], &out, len, 0));
		}
		same(r);
		fstat_both(other);
		break;
	case 11:
		if (is_skipped("setfl"))
			return;
		mode = O_NONBLOCK | (rnd(2) ? O_APPEND : 0);
		say("fcntl(slot %d, F_SETFL, %x)", slot, mode);
		BOTH(fcntl(fds[slot][i], F_SETFL, mode));
		break;
	case 12:
		do_link_fd(slot, p);
		break;
	case 13:
		say("fsetxattr(slot %d)", slot);
		BOTH(fsetxattr(fds[slot][i], "user.fd", data, len / 8, 0));
		break;
	case 14:
		say("contents(slot %d)", slot);
		compare_contents(slot);
		break;
	}
	fstat_both(slot);
}

static const struct op {
	const char *name;
	void (*run)(const char *path);
	int weight;
} op_table[] = {
	{ "mkdir", do_mkdir, 8 },
	{ "mknod", do_mknod, 3 },
	{ "symlink", do_symlink, 3 },
	{ "readlink", do_readlink, 1 },
	{ "link", do_link, 4 },
	{ "unlink", do_unlink, 4 },
	{ "rmdir", do_rmdir, 2 },
	{ "rename", do_rename, 6 },
	{ "chmod", do_chmod, 6 },
	{ "chown", do_chown, 6 },
	{ "utimens", do_utimens, 3 },
	{ "access", do_access, 3 },
	{ "stat", do_stat, 3 },
	{ "truncate", do_truncate, 3 },
	{ "setxattr", do_setxattr, 3 },
	{ "getxattr", do_getxattr, 2 },
	{ "removexattr", do_removexattr, 1 },
	{ "list", do_list, 3 },
	{ "open", do_open, 12 },
	{ "tmpfile", do_tmpfile, 1 },
	{ "fd", do_fd, 24 },
};
#define OPS (sizeof(op_table) / sizeof(op_table[0]))

static const struct op *random_op(void)
{
	int total = 0, pick;

	for (size_t i = 0; i < OPS; i++)
		total += op_table[i].weight;
	pick = rnd(total);
	for (size_t i = 0; i < OPS; i++) {
		pick -= op_table[i].weight;
		if (pick < 0)
			return &op_table[i];
	}
	return &op_table[0];
}

/* Compare both trees below @path, as root. */
static void compare_trees(const char *path)
{
	char t[SIDES][TEXT], sub[PATH_MAX], list[SIDES][TEXT], *name, *rest;
	long r[SIDES];
	struct stat st;

	say("tree %s", path);
	stat_both(path);
	if (fstatat(root[0], path, &st, AT_SYMLINK_NOFOLLOW))
		fail("%s", strerror(errno));
	if (S_ISLNK(st.st_mode)) {
		do_readlink(path);
		return;
	}
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		for (int i = 0; i < SIDES; i++) {
			int fd = openat(root[i], path, O_RDONLY);

			if (fd < 0)
				fail("open: %s", strerror(errno));
			r[i] = result(flistxattr(fd, list[i], TEXT));
			close(fd);
		}
		same(r);
	}
	if (!S_ISDIR(st.st_mode))
		return;
	do_list(path);
	list_names(root[0], path, t[0], TEXT);
	for (name = strtok_r(t[0], " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		*strrchr(name, ':') = '\0';
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, name);
		compare_trees(sub);
	}
}

static void usage(void)
{
	fputs("Usage: fsdiff [--ops N] [--seed S] [--skip LIST] [-v] LOCAL TESTED\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned long ops = 20000;
	const char *dirs[SIDES];
	char path[TEXT];
	int n = 0;

	seed = getpid() * 7919UL + time(NULL);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--ops") && i + 1 < argc)
			ops = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--skip") && i + 1 < argc)
			skipped = argv[++i];
		else if (!strcmp(argv[i], "-v"))
			verbose = true;
		else if (n < SIDES && argv[i][0] != '-')
			dirs[n++] = argv[i];
		else
			usage();
	}
	if (n != SIDES)
		usage();
	signal(SIGPIPE, SIG_IGN);
	printf("fsdiff: seed %lu\n", seed);
	fflush(stdout);
	for (int i = 0; i < SIDES; i++) {
		root[i] = open(dirs[i], O_RDONLY | O_DIRECTORY);
		if (root[i] < 0) {
			perror(dirs[i]);
			return 2;
		}
		clear(root[i], ".");
		if (fchmod(root[i], 0777))
			perror(dirs[i]);
	}
	for (int i = 0; i < FDS; i++)
		fds[i][0] = fds[i][1] = -1;
	for (step = 1; step <= ops; step++) {
		const struct op *op = random_op();

		if (is_skipped(op->name))
			continue;
		if (!rnd(4))
			become(&users[rnd(USERS)]);
		if (!rnd(10))
			umask(rnd(2) ? 022 : rnd(2) ? 077 : 0);
		random_path(path);
		if (verbose)
			fprintf(stderr, "       as %u:%u ", user->uid, user->gid);
		op->run(path);
		if (step % 1000 == 0) {
			become(&users[0]);
			compare_trees(".");
		}
	}
	become(&users[0]);
	compare_trees(".");
	printf("fsdiff: %lu calls, all the same\n", ops);
	return 0;
}
