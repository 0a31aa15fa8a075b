// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes as the server sees it: when they are asked for, which answer wins,
 * what a change sends, and who may do what.
 *
 *	rawattr DIR [TEST]
 */
#include <sys/resource.h>
#include <sys/xattr.h>
#include "rawattr.h"

#define ALL	"default_permissions,allow_other"

static int stat_dont(const char *dir)
{
	return statx_how(dir, AT_STATX_DONT_SYNC);
}

/* -------- when -------- */

static void test_kept(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 0);
	CHECK_IS(tree_run(r, stat_force), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

static void test_zero(struct raw *r)
{
	tree.attr_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 2);
	tree.node[T_FILE].attr.size = 5;
	CHECK_IS(tree_run(r, stat_dont), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 2);
	CHECK_IS(shared->value[0], 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 5);
}

static void test_expires(struct raw *r)
{
	int64_t begin = now_ms();
	unsigned int asked;

	tree.attr_valid = 1;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	asked = tree.count[FUSE_GETATTR];
	if (now_ms() - begin < IN_A_SECOND)
		CHECK_IS(asked, 0);
	usleep(1200000);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], asked + 1);
}

/* -------- answers that cannot be -------- */

static struct fuse_attr_out strange;

static bool hook_strange(struct raw *r)
{
	raw_reply(r, 0, &strange, sizeof(strange));
	return true;
}

static void test_values(struct raw *r)
{
	tree.attr_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	strange.attr = tree.node[T_FILE].attr;
	strange.attr.mtimensec = 4000000000U;
	strange.attr.blksize = 65536;
	strange.attr.mode = S_IFREG | S_ISVTX | 0600;
	tree.hook[FUSE_GETATTR] = hook_strange;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[1], S_IFREG | S_ISVTX | 0600);
	CHECK_IS(shared->value[2], 999999999);
	CHECK_IS(shared->value[3], 65536);
	strange.attr.blksize = 0xffffffff;
	strange.attr.size = INT64_MAX;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], INT64_MAX);
	CHECK_IS(shared->value[3], 4096);
}

static void becomes_stale(struct raw *r)
{
	tree.attr_valid = 0;
	tree.hook[FUSE_GETATTR] = hook_strange;
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	/* for good: the inode is not asked about any more */
	tree.hook[FUSE_GETATTR] = NULL;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
}

static void test_type_changes(struct raw *r)
{
	strange.attr = tree.node[T_FILE].attr;
	strange.attr.mode = S_IFDIR | 0755;
	becomes_stale(r);
}

static void test_size_impossible(struct raw *r)
{
	strange.attr = tree.node[T_FILE].attr;
	strange.attr.size = 1ULL << 63;
	becomes_stale(r);
}

static void test_setattr_insane(struct raw *r)
{
	strange.attr = tree.node[T_FILE].attr;
	strange.attr.mode = S_IFLNK | 0777;
	tree.hook[FUSE_SETATTR] = hook_strange;
	CHECK_IS(tree_run(r, chmod_wanted), EIO);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

/* -------- changes -------- */

/* How long a directory's name holds may go by who may enter it. */
static void test_chmod_name(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, chmod_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 1);
	wanted = "dir";
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
	CHECK_IS(tree_run(r, chmod_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 3);
	/* the root has none */
	wanted = "";
	CHECK_IS(tree_run(r, chmod_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 3);
}

static bool hook_refuse(struct raw *r)
{
	raw_reply(r, EPERM, NULL, 0);
	return true;
}

static void test_chmod_refused(struct raw *r)
{
	wanted = "dir";
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.hook[FUSE_SETATTR] = hook_refuse;
	CHECK_IS(tree_run(r, chmod_wanted), EPERM);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 1);
}

static int times_set(const char *dir)
{
	struct timespec ts[2] = { { 1, 2 }, { -3, 4 } };

	return utimensat(AT_FDCWD, client_path(dir, wanted), ts, 0) ? errno : 0;
}

static int times_now(const char *dir)
{
	struct timespec ts[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };

	return utimensat(AT_FDCWD, client_path(dir, wanted), ts, 0) ? errno : 0;
}

static int truncate_fd(const char *dir)
{
	int fd = open(client_path(dir, wanted), O_RDWR);

	return fd < 0 || ftruncate(fd, 2000) ? errno : 0;
}

static int open_trunc(const char *dir)
{
	int fd = open(client_path(dir, wanted), O_RDWR | O_TRUNC);

	return fd < 0 ? errno : 0;
}

static int truncate_limit(const char *dir)
{
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 500, 500 });
	return truncate_path(dir);
}

static void test_setattr(struct raw *r)
{
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	CHECK_IS(tree_run(r, chmod_wanted), 0);
	CHECK_IS(sent.valid, FATTR_MODE);
	CHECK_IS(sent.mode & 07777, 0600);
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK_IS(sent.valid, FATTR_UID | FATTR_GID);
	CHECK_IS(sent.uid * 100 + sent.gid, 1112);
	CHECK_IS(tree_run(r, times_set), 0);
	CHECK_IS(sent.valid, FATTR_ATIME | FATTR_MTIME);
	CHECK_IS(sent.atime + sent.atimensec, 3);
	CHECK_IS((int64_t)sent.mtime, -3);
	CHECK_IS(sent.mtimensec, 4);
	CHECK_IS(tree_run(r, times_now), 0);
	CHECK_IS(sent.valid, FATTR_MTIME | FATTR_MTIME_NOW);
	/* chown wants to know whether there is a setuid bit to strip */
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

static void test_truncate(struct raw *r)
{
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	CHECK_IS(tree_run(r, truncate_path), 0);
	CHECK(sent.valid & FATTR_SIZE);
	CHECK(!(sent.valid & FATTR_FH));
	CHECK((sent.valid & FATTR_LOCKOWNER) && sent.lock_owner);
	CHECK_IS(sent.size, 1000);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 1000);
	CHECK_IS(tree_run(r, truncate_fd), 0);
	CHECK((sent.valid & FATTR_FH) && sent.fh == T_FILE);
	CHECK((sent.valid & FATTR_LOCKOWNER) && sent.lock_owner);
	CHECK(!(sent.valid & FATTR_MTIME));
	CHECK_IS(tree_run(r, open_trunc), 0);
	CHECK_IS(sent.size, 0);
	CHECK(!(sent.valid & FATTR_FH));
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 0);
	CHECK_IS(tree.count[FUSE_SETATTR], 3);
	CHECK_IS(tree_run(r, truncate_limit), EFBIG);
	CHECK_IS(tree.count[FUSE_SETATTR], 3);
}

static bool hook_open_truncates(struct raw *r)
{
	struct fuse_open_in *in = r->arg;

	if (in->flags & O_TRUNC)
		tree.node[r->head->nodeid].attr.size = 0;
	return false;
}

static void test_atomic_trunc(struct raw *r)
{
	tree.node[T_FILE].attr.size = 4000;
	tree.hook[FUSE_OPEN] = hook_open_truncates;
	CHECK_IS(tree_run(r, open_trunc), 0);
	CHECK_IS(tree.count[FUSE_SETATTR], 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 0);
}

static bool hook_enospc(struct raw *r)
{
	raw_reply(r, ENOSPC, NULL, 0);
	return true;
}

static void test_truncate_fails(struct raw *r)
{
	tree.node[T_FILE].attr.size = 4000;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.hook[FUSE_SETATTR] = hook_enospc;
	CHECK_IS(tree_run(r, truncate_path), ENOSPC);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 4000);
}

/* -------- which answer wins -------- */

static int write_direct(const char *dir)
{
	static char data[4096];
	int fd = open(client_path(dir, wanted), O_WRONLY);

	return fd < 0 || pwrite(fd, data, 4096, 4096) != 4096 ? errno : 0;
}

static void test_write_expires(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, write_direct), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 8192);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

/* A GETATTR that is answered late, with a @change of ours in between. */
static void crossed(struct raw *r, client_fn change)
{
	struct fuse_attr_out old = { .attr_valid = 3600 };
	struct fuse_in_header head;
	pid_t pid;

	CHECK_IS(tree_run(r, stat_wanted), 0);
	old.attr = tree.node[T_FILE].attr;
	pid = client_start(r, stat_force);
	CHECK(tree_until(r, FUSE_GETATTR, LONG_MS));
	head = *r->head;
	CHECK_IS(tree_run(r, change), 0);
	*r->head = head;
	raw_reply(r, 0, &old, sizeof(old));
	CHECK_IS(tree_serve(r, pid), 0);
}

static void test_write_crosses(struct raw *r)
{
	crossed(r, write_direct);
	/* Who asked before the write has the answer, with the times that go with it. */
	CHECK_IS(shared->value[0], 0);
	CHECK_IS(tree_run(r, stat_dont), 0);
	CHECK_IS(shared->value[0], 8192);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 8192);
	CHECK_IS(tree.count[FUSE_GETATTR], 2);
}

/*
 * What the server says while it writes past the end may be of before or after
 * that: a new time comes with the new size, or who goes by times (an NFS server)
 * takes the old size for the new file's.
 */
static void test_write_under_way(struct raw *r)
{
	struct fuse_write_out wrote = { .size = 4096 };
	struct fuse_in_header head;
	pid_t pid;

	CHECK_IS(tree_run(r, stat_wanted), 0);
	pid = client_start(r, write_direct);
	CHECK(tree_until(r, FUSE_WRITE, LONG_MS));
	head = *r->head;
	tree.node[T_FILE].attr.size = 8192;
	tree.node[T_FILE].attr.mtimensec = 424242;
	CHECK_IS(tree_run(r, stat_force), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK(shared->value[0] == 8192 || shared->value[2] != 424242);
	*r->head = head;
	raw_reply(r, 0, &wrote, sizeof(wrote));
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], 8192);
	CHECK_IS(shared->value[2], 424242);
}

static void test_truncate_crosses(struct raw *r)
{
	tree.node[T_FILE].attr.size = 4000;
	crossed(r, truncate_path);
	CHECK_IS(tree_run(r, stat_dont), 0);
	CHECK_IS(shared->value[0], 1000);
}

static void test_chmod_crosses(struct raw *r)
{
	crossed(r, chmod_wanted);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[1] & 07777, 0600);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

/* Of two answers, that to the later question counts. */
static void test_answers_cross(struct raw *r)
{
	struct fuse_attr_out old = { .attr_valid = 3600 };
	struct fuse_in_header head;
	pid_t pid;

	CHECK_IS(tree_run(r, stat_wanted), 0);
	old.attr = tree.node[T_FILE].attr;
	pid = client_start(r, stat_force);
	CHECK(tree_until(r, FUSE_GETATTR, LONG_MS));
	head = *r->head;
	tree.node[T_FILE].attr.size = 123;
	CHECK_IS(tree_run(r, stat_force), 0);
	CHECK_IS(shared->value[0], 123);
	*r->head = head;
	raw_reply(r, 0, &old, sizeof(old));
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(tree_run(r, stat_dont), 0);
	CHECK_IS(shared->value[0], 123);
}

static int setxattr_wanted(const char *dir)
{
	return setxattr(client_path(dir, wanted), "user.a", "b", 1, 0) ?
	       errno : 0;
}

/* The same after a change whose caller was killed before its answer. */
static void killed(struct raw *r, client_fn change, uint32_t op)
{
	static char request[4096];
	struct fuse_in_header head;
	pid_t pid;

	CHECK_IS(tree_run(r, stat_wanted), 0);
	pid = client_start(r, change);
	CHECK(tree_until(r, op, LONG_MS));
	head = *r->head;
	memcpy(request, r->arg, sizeof(request));
	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	/* what the server says now does not hold behind its answer */
	CHECK_IS(tree_run(r, stat_force), 0);
	*r->head = head;
	memcpy(r->arg, request, sizeof(request));
	tree_answer(r);
	tree_serve_for(r, SHORT_MS);
	tree.count[FUSE_GETATTR] = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

static void test_killed_chmod(struct raw *r)
{
	killed(r, chmod_wanted, FUSE_SETATTR);
	CHECK_IS(shared->value[1] & 07777, 0600);
}

static void test_killed_chmod_name(struct raw *r)
{
	wanted = "dir";
	killed(r, chmod_wanted, FUSE_SETATTR);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
}

static void test_killed_setxattr(struct raw *r)
{
	killed(r, setxattr_wanted, FUSE_SETXATTR);
}

/* The server's file shrank and grew: no page of before may be seen. */
static int read_around(const char *dir)
{
	char data[8192];
	int fd = open(client_path(dir, wanted), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = pread(fd, data, sizeof(data), 0);
	shared->value[4] = n;
	stage_wait(1);
	statx_how(dir, AT_STATX_FORCE_SYNC);
	n = pread(fd, data, sizeof(data), 0);
	shared->value[5] = n;
	return 0;
}

static void test_shrinks_outside(struct raw *r)
{
	pid_t pid;

	tree.node[T_FILE].attr.size = 8192;
	pid = client_start(r, read_around);
	stage_reach(r, 1);
	tree.node[T_FILE].attr.size = 100;
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[4], 8192);
	CHECK_IS(shared->value[5], 100);
}

/* -------- who -------- */

static int stranger_stat(const char *dir)
{
	become_stranger();
	return stat_wanted(dir);
}

static int stranger_open(const char *dir)
{
	int fd;

	become_stranger();
	fd = open(client_path(dir, wanted), O_RDWR);
	return fd < 0 ? errno : 0;
}

static int stranger_chmod(const char *dir)
{
	become_stranger();
	return chmod_wanted(dir);
}

static void test_not_others(struct raw *r)
{
	CHECK_IS(tree_run(r, stranger_stat), EACCES);
	CHECK_IS(tree_run(r, stranger_open), EACCES);
	CHECK_IS(tree_run(r, stranger_chmod), EACCES);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static void test_default_permissions(struct raw *r)
{
	CHECK_IS(tree_run(r, stranger_stat), 0);
	CHECK_IS(tree_run(r, stranger_chmod), EPERM);
	CHECK_IS(tree_run(r, stranger_open), EACCES);
	/* a refusal is worth a question */
	tree.node[T_FILE].attr.mode = S_IFREG | 0666;
	CHECK_IS(tree_run(r, stranger_open), 0);
	CHECK_IS(tree.count[FUSE_ACCESS], 0);
}

static int access_wanted(const char *dir)
{
	return access(client_path(dir, wanted), R_OK | W_OK) ? errno : 0;
}

static bool hook_access(struct raw *r)
{
	struct fuse_access_in *in = r->arg;

	shared->value[6] = in->mask;
	raw_reply(r, r->head->nodeid == T_FILE ? EROFS : 0, NULL, 0);
	return true;
}

static int exec_wanted(const char *dir)
{
	execl(client_path(dir, wanted), "x", NULL);
	return errno;
}

static void test_server_decides(struct raw *r)
{
	tree.hook[FUSE_ACCESS] = hook_access;
	CHECK_IS(tree_run(r, access_wanted), EROFS);
	CHECK_IS(shared->value[6], R_OK | W_OK);
	CHECK_IS(tree_run(r, stranger_open), 0);
	CHECK_IS(tree_run(r, stranger_chmod), 0);
	CHECK_IS(tree_run(r, exec_wanted), EACCES);
	tree.node[T_FILE].attr.mode = S_IFREG | 0755;
	CHECK_IS(tree_run(r, exec_wanted), ENOEXEC);
}

static void test_no_access(struct raw *r)
{
	CHECK_IS(tree_run(r, access_wanted), 0);
	CHECK_IS(tree_run(r, access_wanted), 0);
	CHECK_IS(tree.count[FUSE_ACCESS], 1);
}

static const struct tree_test tests[] = {
	{ "kept", test_kept },
	{ "zero", test_zero },
	{ "expires", test_expires },
	{ "values", test_values },
	{ "type-changes", test_type_changes },
	{ "size-impossible", test_size_impossible },
	{ "setattr-insane", test_setattr_insane },
	{ "setattr", test_setattr },
	{ "chmod-name", test_chmod_name },
	{ "chmod-refused", test_chmod_refused },
	{ "truncate", test_truncate },
	{ "atomic-trunc", test_atomic_trunc, NULL, FUSE_ATOMIC_O_TRUNC },
	{ "truncate-fails", test_truncate_fails },
	{ "write-expires", test_write_expires },
	{ "write-crosses", test_write_crosses },
	{ "write-under-way", test_write_under_way },
	{ "truncate-crosses", test_truncate_crosses },
	{ "chmod-crosses", test_chmod_crosses },
	{ "answers-cross", test_answers_cross },
	{ "killed-chmod", test_killed_chmod },
	{ "killed-chmod-name", test_killed_chmod_name },
	{ "killed-setxattr", test_killed_setxattr },
	{ "shrinks-outside", test_shrinks_outside },
	{ "not-others", test_not_others },
	{ "default-permissions", test_default_permissions, ALL },
	{ "server-decides", test_server_decides, "allow_other" },
	{ "no-access", test_no_access },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
