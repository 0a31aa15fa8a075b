// SPDX-License-Identifier: GPL-2.0-only
/*
 * The name space as the server sees it: what is looked up and when, what a
 * creation sends, what happens where the server lacks a request or answers
 * what cannot be; and that every lookup and handle comes back.
 *
 *	rawnames DIR [TEST]
 */
#include "absent.h"
#include "rawnames.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE	(1 << 0)
#define RENAME_EXCHANGE		(1 << 1)
#define RENAME_WHITEOUT		(1 << 2)
#endif

static int create_excl(const char *dir)
{
	return open_wanted(dir, O_CREAT | O_EXCL | O_RDWR);
}

static int readlink_wanted(const char *dir)
{
	char buf[8192];
	ssize_t n = readlink(client_path(dir, wanted), buf, sizeof(buf));

	shared->value[0] = n;
	return n < 0 ? errno : 0;
}

/* -------- lifetimes -------- */

static void test_entry_kept(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 1);
	CHECK_IS(shared->value[0], T_FILE);
}

static void test_entry_zero(struct raw *r)
{
	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 3);
}

static int read_wanted(const char *dir)
{
	char c;
	int fd = open(client_path(dir, wanted), O_RDONLY);

	if (fd < 0)
		return errno;
	return read(fd, &c, 1) < 0 || close(fd) ? errno : 0;
}

/* The node and its pages outlive their use: asked again is only for the name. */
static void test_entry_zero_kept(struct raw *r)
{
	tree.entry_valid = 0;
	tree.node[T_FILE].attr.size = 100;
	tree.open_flags = FOPEN_KEEP_CACHE;
	CHECK_IS(tree_run(r, read_wanted), 0);
	CHECK_IS(tree_run(r, read_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
	CHECK_IS(tree.count[FUSE_READ], 1);
	CHECK_IS(tree.node[T_FILE].owed, 2);
}

#define REMOVED	50

static int make_and_remove(const char *dir)
{
	char path[PATH_MAX];
	long before = absent_names();
	int i, fd;

	for (i = 0; i < REMOVED; i++) {
		snprintf(path, sizeof(path), "%s/removed%d", dir, i);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd < 0 || close(fd) || unlink(path))
			return errno;
	}
	shared->value[0] = before < 0 ? -1 : absent_names() - before;
	return 0;
}

/* Whoever removes a million files does not fill the memory with their names. */
static void test_removed_not_kept(struct raw *r)
{
	CHECK_IS(tree_run(r, make_and_remove), 0);
	CHECK(shared->value[0] != -1);
	CHECK(shared->value[0] < REMOVED / 2);
}

static void test_entry_expires(struct raw *r)
{
	int64_t begin = now_ms();
	unsigned int asked;

	tree.entry_valid = 1;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	asked = tree.count[FUSE_LOOKUP];
	if (now_ms() - begin < IN_A_SECOND)
		CHECK_IS(asked, 1);
	usleep(1200000);
	tree.node[T_FILE].attr.size = 77;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], asked + 1);
	/* the reply's attributes are taken, without GETATTR */
	CHECK_IS(shared->value[2], 77);
	CHECK_IS(tree.count[FUSE_GETATTR], 0);
}

static void test_negative_kept(struct raw *r)
{
	wanted = "absent";
	tree.negative_valid = 3600;
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree.count[FUSE_LOOKUP], 1);
}

static void test_negative_error_asks_again(struct raw *r)
{
	wanted = "absent";
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
}

static void test_negative_expires(struct raw *r)
{
	int64_t begin = now_ms();
	int err;

	wanted = "late";
	tree.negative_valid = 1;
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	tree_add(FUSE_ROOT_ID, "late", S_IFREG | 0600);
	err = tree_run(r, stat_wanted);
	if (now_ms() - begin < IN_A_SECOND)
		CHECK_IS(err, ENOENT);
	usleep(1200000);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
}

/* Whether or not a name is believed absent, making it asks. */
static void test_negative_create(struct raw *r)
{
	wanted = "made";
	tree.negative_valid = 3600;
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	tree_add(FUSE_ROOT_ID, "made", S_IFREG | 0600);
	CHECK_IS(tree_run(r, create_excl), EEXIST);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

/* -------- revalidation -------- */

static int hold_open(const char *dir)
{
	struct stat st;
	int fd = open(client_path(dir, "file"), O_RDONLY);

	if (fd < 0)
		return errno;
	stage_wait(1);
	if (stat(client_path(dir, "file"), &st))
		return errno;
	shared->value[0] = st.st_ino;
	if (fstat(fd, &st))
		return errno;
	shared->value[1] = st.st_ino;
	return 0;
}

static void test_other_node(struct raw *r)
{
	pid_t pid;

	tree.entry_valid = 0;
	pid = client_start(r, hold_open);
	stage_reach(r, 1);
	tree.node[T_FILE].parent = 0;
	tree_add(FUSE_ROOT_ID, "file", S_IFREG | 0644);
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[0], tree.nr);
	CHECK_IS(shared->value[1], T_FILE);
}

/* The same id as another type: the old inode is of no use any more. */
static void test_other_type(struct raw *r)
{
	pid_t pid;

	tree.entry_valid = 0;
	tree.attr_valid = 0;
	pid = client_start(r, hold_open);
	stage_reach(r, 1);
	tree.node[T_FILE].attr.mode = S_IFDIR | 0755;
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), EIO);
}

static bool hook_eio(struct raw *r)
{
	raw_reply(r, EIO, NULL, 0);
	return true;
}

static void test_revalidate_error(struct raw *r)
{
	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.hook[FUSE_LOOKUP] = hook_eio;
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	tree.hook[FUSE_LOOKUP] = NULL;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.node[T_FILE].parent = 0;
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
}

/* -------- answers that cannot be -------- */

static struct fuse_entry_out strange;

static bool hook_strange(struct raw *r)
{
	if (raw_reply(r, 0, &strange, sizeof(strange)) == 0 &&
	    strange.nodeid == T_FILE)
		tree.node[T_FILE].owed++;
	return true;
}

/* A server that is wrong about the root itself: errors, and an end. */
static struct fuse_attr_out root_attr;

static bool hook_root_attr(struct raw *r)
{
	raw_reply(r, 0, &root_attr, sizeof(root_attr));
	return true;
}

static int stat_root(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? errno : 0;
}

static void test_insane_root(struct raw *r)
{
	root_attr.attr = tree.node[T_FILE].attr;
	tree.hook[FUSE_GETATTR] = hook_root_attr;
	CHECK_IS(tree_run(r, stat_root), EIO);
	tree.hook[FUSE_GETATTR] = NULL;
	CHECK_IS(tree_run(r, stat_root), EIO);
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	CHECK_IS(tree_run(r, create_wanted), EIO);
}

static void test_insane_entry(struct raw *r)
{
	tree.hook[FUSE_LOOKUP] = hook_strange;
	strange = tree_entry(T_FILE);
	strange.attr.mode = 0;
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	strange = tree_entry(T_FILE);
	strange.attr.size = 1ULL << 63;
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	strange = tree_entry(T_FILE);
	strange.nodeid = FUSE_ROOT_ID;
	CHECK_IS(tree_run(r, stat_wanted), EIO);
	strange = tree_entry(T_FILE);
	strange.attr.mtimensec = 2000000000;
	strange.attr.ctime = -1;
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static void test_create_wrong_type(struct raw *r)
{
	wanted = "new";
	strange = tree_entry(T_FILE);
	strange.attr.mode = S_IFREG | 0644;
	tree.hook[FUSE_MKDIR] = hook_strange;
	CHECK_IS(tree_run(r, mkdir_wanted), EIO);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
}

/* A directory that says it is its own parent's parent. */
static int mkdir_below(const char *dir)
{
	return mkdir(client_path(dir, "dir/below"), 0777) ? errno : 0;
}

static bool hook_ancestor(struct raw *r)
{
	tree_reply_entry(r, T_DIR);
	return true;
}

static void test_mkdir_loop(struct raw *r)
{
	tree.hook[FUSE_MKDIR] = hook_ancestor;
	CHECK_IS(tree_run(r, mkdir_below), ELOOP);
	wanted = "dir";
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static const char *target;
static size_t target_len;

static bool hook_target(struct raw *r)
{
	raw_reply(r, 0, target, target_len);
	return true;
}

static void test_readlink(struct raw *r)
{
	static char longest[8192];

	wanted = "link";
	memset(longest, 'x', sizeof(longest));
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(shared->value[0], strlen("file"));

	tree.hook[FUSE_READLINK] = hook_target;
	target = longest;
	target_len = 4095;
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(shared->value[0], 4095);
	target_len = 4096;
	CHECK_IS(tree_run(r, readlink_wanted), EIO);
}

static void reads_target(struct raw *r, const char *bytes, size_t len,
			 size_t seen)
{
	target = bytes;
	target_len = len;
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(shared->value[0], seen);
}

/* It ends at a NUL: that of a server that sends it, too, or another. */
static void test_link_nul(struct raw *r)
{
	wanted = "link";
	tree.hook[FUSE_READLINK] = hook_target;
	reads_target(r, "file", 5, 4);
	wanted = "link/";
	CHECK_IS(tree_run(r, stat_wanted), ENOTDIR);
	target = "dir\0x";
	target_len = 5;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], T_DIR);
	/* one without a byte leads no further than the link's own directory */
	target_len = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], FUSE_ROOT_ID);
	wanted = "link";
	reads_target(r, "a\0b", 3, 1);
	reads_target(r, "", 0, 0);
	reads_target(r, "\0b", 2, 0);
}

static void test_link_nul_kept(struct raw *r)
{
	tree.hook[FUSE_READLINK] = hook_target;
	wanted = "link";
	reads_target(r, "", 0, 0);
	reads_target(r, "unseen", 6, 0);
	wanted = "other";
	tree_add(FUSE_ROOT_ID, wanted, S_IFLNK | 0777);
	reads_target(r, "a\0b", 3, 1);
	reads_target(r, "unseen", 6, 1);
	CHECK_IS(tree.count[FUSE_READLINK], 2);
}

/* Kept, but not what was no target. */
static void test_link_kept(struct raw *r)
{
	static char longest[4096];

	wanted = "link";
	tree.hook[FUSE_READLINK] = hook_target;
	target = longest;
	target_len = sizeof(longest);
	CHECK_IS(tree_run(r, readlink_wanted), EIO);
	target = "first";
	target_len = 5;
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(shared->value[0], 5);
	/* whatever size the server shows */
	target_len = 1;
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(shared->value[0], 5);
	wanted = "link/x";
	target = ".";
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree.count[FUSE_READLINK], 2);
}

static void test_link_not_kept(struct raw *r)
{
	wanted = "link";
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(tree_run(r, readlink_wanted), 0);
	CHECK_IS(tree.count[FUSE_READLINK], 2);
}

/* -------- what the server lacks -------- */

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

static void test_no_create(struct raw *r)
{
	tree.hook[FUSE_CREATE] = hook_enosys;
	wanted = "one";
	CHECK_IS(tree_run(r, create_wanted), 0);
	wanted = "two";
	CHECK_IS(tree_run(r, create_excl), 0);
	CHECK_IS(tree_run(r, create_excl), EEXIST);
	CHECK_IS(tree.count[FUSE_CREATE], 1);
	CHECK_IS(tree.count[FUSE_MKNOD], 2);
	CHECK_IS(tree.count[FUSE_OPEN], 2);
}

static int tmpfile_in(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	return fd < 0 ? errno : 0;
}

static void test_no_tmpfile(struct raw *r)
{
	tree.hook[FUSE_TMPFILE] = hook_enosys;
	CHECK_IS(tree_run(r, tmpfile_in), EOPNOTSUPP);
	CHECK_IS(tree_run(r, tmpfile_in), EOPNOTSUPP);
	CHECK_IS(tree.count[FUSE_TMPFILE], 1);
}

static bool hook_tmpfile(struct raw *r)
{
	struct fuse_create_in *in = r->arg;

	shared->value[0] = in->mode;
	tree_make(r, "#tmp", in->mode, true);
	tree.node[tree.nr].parent = 0;
	tree.node[tree.nr].attr.nlink = 0;
	return true;
}

static int tmpfile_link(const char *dir)
{
	char fd_path[64];
	struct stat st;
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		return errno;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, fd_path, AT_FDCWD, client_path(dir, "linked"),
		   AT_SYMLINK_FOLLOW))
		return errno;
	return stat(client_path(dir, "linked"), &st) ? errno : 0;
}

static void test_tmpfile(struct raw *r)
{
	tree.hook[FUSE_TMPFILE] = hook_tmpfile;
	CHECK_IS(tree_run(r, tmpfile_in), 0);
	CHECK_IS(shared->value[0], S_IFREG | 0600);
	CHECK_IS(tree_run(r, tmpfile_link), 0);
	CHECK_IS(tree.count[FUSE_LINK], 1);
}

static void test_no_link(struct raw *r)
{
	tree.hook[FUSE_LINK] = hook_enosys;
	wanted = "hard";
	CHECK_IS(tree_run(r, link_file), EPERM);
	CHECK_IS(tree_run(r, link_file), EPERM);
	CHECK_IS(tree.count[FUSE_LINK], 1);
}

static int rename_noreplace(const char *dir)
{
	return rename_flags(dir, RENAME_NOREPLACE);
}

static int rename_unknown(const char *dir)
{
	return rename_flags(dir, 1 << 10);
}

static bool hook_rename2(struct raw *r)
{
	const struct fuse_rename2_in *in = r->arg;
	const char *from = (const char *)(in + 1);

	shared->value[0] = in->flags;
	shared->value[1] = in->newdir;
	shared->value[2] = !strcmp(from, "file") &&
			   !strcmp(from + strlen(from) + 1, "moved");
	raw_reply(r, EPERM, NULL, 0);
	return true;
}

static int rename_exchange(const char *dir)
{
	return rename_flags(dir, RENAME_EXCHANGE);
}

static int rename_whiteout(const char *dir)
{
	return rename_flags(dir, RENAME_WHITEOUT);
}

/* Each goes as it is, with the names behind it. */
static void test_rename_flags(struct raw *r)
{
	tree.hook[FUSE_RENAME2] = hook_rename2;
	CHECK_IS(tree_run(r, rename_noreplace), EPERM);
	CHECK_IS(shared->value[0], RENAME_NOREPLACE);
	CHECK_IS(shared->value[1], FUSE_ROOT_ID);
	CHECK_IS(shared->value[2], 1);
	CHECK_IS(tree_run(r, rename_whiteout), EPERM);
	CHECK_IS(shared->value[0], RENAME_WHITEOUT);
	CHECK_IS(tree_run(r, rename_exchange), ENOENT);
	tree_add(FUSE_ROOT_ID, "moved", S_IFREG | 0644);
	CHECK_IS(tree_run(r, rename_exchange), EPERM);
	CHECK_IS(shared->value[0], RENAME_EXCHANGE);
	CHECK_IS(tree.count[FUSE_RENAME2], 3);
	CHECK_IS(tree.count[FUSE_RENAME], 0);
}

static void test_no_rename2(struct raw *r)
{
	tree.hook[FUSE_RENAME2] = hook_enosys;
	CHECK_IS(tree_run(r, rename_noreplace), EINVAL);
	CHECK_IS(tree_run(r, rename_noreplace), EINVAL);
	CHECK_IS(tree.count[FUSE_RENAME2], 1);
	CHECK_IS(tree_run(r, rename_unknown), EINVAL);
	CHECK_IS(tree_run(r, rename_plain), 0);
	CHECK_IS(tree.count[FUSE_RENAME], 1);
	wanted = "moved";
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[0], T_FILE);
	wanted = "file";
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
}

/* -------- what is sent -------- */

static bool hook_look_create(struct raw *r)
{
	struct fuse_create_in *in = r->arg;

	shared->value[4] = in->mode;
	shared->value[5] = in->umask;
	shared->value[6] = in->flags;
	return false;
}

static int create_umask(const char *dir)
{
	umask(027);
	return create_excl(dir);
}

static void test_umask(struct raw *r)
{
	tree.hook[FUSE_CREATE] = hook_look_create;
	wanted = "masked";
	CHECK_IS(tree_run(r, create_umask), 0);
	CHECK_IS(shared->value[4], S_IFREG | 0640);
	CHECK_IS(shared->value[5], 027);
	CHECK(shared->value[6] & O_EXCL);
}

static void test_dont_mask(struct raw *r)
{
	tree.hook[FUSE_CREATE] = hook_look_create;
	wanted = "unmasked";
	CHECK_IS(tree_run(r, create_umask), 0);
	CHECK_IS(shared->value[4], S_IFREG | 0666);
	CHECK_IS(shared->value[5], 027);
}

static void test_long_name(struct raw *r)
{
	static char name[4096];

	/* Where a request may be longer than a page, a path is what limits it. */
	memset(name, 'n', 3000);
	wanted = name;
	CHECK_IS(tree_run(r, mkdir_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static void test_long_name_of_page(struct raw *r)
{
	static char name[1100];

	memset(name, 'n', 1025);
	wanted = name;
	CHECK_IS(tree_run(r, stat_wanted), ENAMETOOLONG);
	CHECK_IS(tree_run(r, create_wanted), ENAMETOOLONG);
	CHECK_IS(tree_run(r, mkdir_wanted), ENAMETOOLONG);
	CHECK_IS(tree.count[FUSE_LOOKUP] + tree.count[FUSE_MKDIR], 0);
	name[1024] = 0;
	CHECK_IS(tree_run(r, mkdir_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

/* -------- what contradicts the cache -------- */

static void test_unlink_enoent(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.node[T_FILE].parent = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, unlink_wanted), ENOENT);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree_run(r, create_excl), 0);
}

static int rmdir_wanted(const char *dir)
{
	return rmdir(client_path(dir, wanted)) ? errno : 0;
}

static bool hook_full(struct raw *r)
{
	CHECK(!strcmp(r->arg, "dir"));
	raw_reply(r, ENOTEMPTY, NULL, 0);
	return true;
}

/* The server says whether a directory may go; only one that went is forgotten. */
static void test_rmdir(struct raw *r)
{
	wanted = "dir";
	tree.hook[FUSE_RMDIR] = hook_full;
	CHECK_IS(tree_run(r, rmdir_wanted), ENOTEMPTY);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.hook[FUSE_RMDIR] = NULL;
	CHECK_IS(tree_run(r, rmdir_wanted), 0);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
	CHECK_IS(tree.count[FUSE_RMDIR], 2);
	wanted = "file";
	CHECK_IS(tree_run(r, rmdir_wanted), ENOTDIR);
	CHECK_IS(tree.count[FUSE_RMDIR], 2);
}

static int link_count(const char *dir)
{
	struct stat st;

	if (link_file(dir))
		return errno;
	if (stat(client_path(dir, "file"), &st))
		return errno;
	shared->value[0] = st.st_nlink;
	if (unlink(client_path(dir, wanted)))
		return errno;
	if (stat(client_path(dir, "file"), &st))
		return errno;
	shared->value[1] = st.st_nlink;
	return 0;
}

static bool hook_count_link(struct raw *r)
{
	tree.node[T_FILE].attr.nlink++;
	return false;
}

static bool hook_count_unlink(struct raw *r)
{
	tree.node[T_FILE].attr.nlink--;
	raw_reply(r, 0, NULL, 0);
	return true;
}

static void test_link_count(struct raw *r)
{
	wanted = "hard";
	tree.hook[FUSE_LINK] = hook_count_link;
	tree.hook[FUSE_UNLINK] = hook_count_unlink;
	CHECK_IS(tree_run(r, link_count), 0);
	CHECK_IS(shared->value[0], 2);
	CHECK_IS(shared->value[1], 1);
	/* the reply to LINK told the first, a GETATTR the second */
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

/* A directory's own attributes change with its names. */
static void test_parent_changes(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
	wanted = "new";
	CHECK_IS(tree_run(r, create_wanted), 0);
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 2);
	CHECK_IS(tree_run(r, unlink_wanted), 0);
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 3);
}

static const struct tree_test tests[] = {
	{ "entry-kept", test_entry_kept },
	{ "entry-zero", test_entry_zero },
	{ "entry-zero-kept", test_entry_zero_kept },
	{ "removed-not-kept", test_removed_not_kept },
	{ "entry-expires", test_entry_expires },
	{ "negative-kept", test_negative_kept },
	{ "negative-error-asks-again", test_negative_error_asks_again },
	{ "negative-expires", test_negative_expires },
	{ "negative-create", test_negative_create },
	{ "other-node", test_other_node },
	{ "other-type", test_other_type },
	{ "revalidate-error", test_revalidate_error },
	{ "insane-entry", test_insane_entry },
	{ "insane-root", test_insane_root },
	{ "create-wrong-type", test_create_wrong_type },
	{ "mkdir-loop", test_mkdir_loop },
	{ "readlink", test_readlink },
	{ "link-nul", test_link_nul },
	{ "link-nul-kept", test_link_nul_kept, NULL, FUSE_CACHE_SYMLINKS },
	{ "link-kept", test_link_kept, NULL, FUSE_CACHE_SYMLINKS },
	{ "link-not-kept", test_link_not_kept },
	{ "no-create", test_no_create },
	{ "no-tmpfile", test_no_tmpfile },
	{ "tmpfile", test_tmpfile },
	{ "no-link", test_no_link },
	{ "no-rename2", test_no_rename2 },
	{ "rename-flags", test_rename_flags },
	{ "umask", test_umask },
	{ "dont-mask", test_dont_mask, NULL, FUSE_DONT_MASK },
	{ "long-name", test_long_name },
	{ "long-name-of-page", test_long_name_of_page, NULL, 0, 1 },
	{ "unlink-enoent", test_unlink_enoent },
	{ "rmdir", test_rmdir },
	{ "link-count", test_link_count },
	{ "parent-changes", test_parent_changes },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
