// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submounts: directories that the server marks as roots of their own.
 *
 *	rawsub DIR [TEST]
 *
 * The tree: sub/in, sub/dir, sub/deep/low, twin; sub and twin are one node in
 * two places, deep is marked, too.
 */
#include "rawtree.h"
#include <linux/fuse_pt.h>

#define MARK		FUSE_ATTR_SUBMOUNT
#define SPARE		"/tmp/rawsub.bound"
#define BACKING		"/var/tmp/rawsub.backing"

enum { T_SUB = 5, T_IN, T_INDIR, T_DEEP, T_LOW };

static bool twin;	/* the name leads to T_SUB as well */

static bool hook_lookup(struct raw *r)
{
	struct fuse_entry_out out;

	if (!twin || r->head->nodeid != FUSE_ROOT_ID || strcmp(r->arg, "twin"))
		return false;
	out = tree_entry(T_SUB);
	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.node[T_SUB].owed++;
	return true;
}

/* A handle is looked up again by "." and "..". */
static bool hook_lookup_dots(struct raw *r)
{
	uint64_t id = r->head->nodeid;

	if (!strcmp(r->arg, "..") && tree_node(id))
		id = tree.node[id].parent;
	else if (strcmp(r->arg, "."))
		return hook_lookup(r);
	if (id == FUSE_ROOT_ID) {
		struct fuse_entry_out out = tree_entry(id);

		raw_reply(r, 0, &out, sizeof(out));
	} else {
		tree_reply_entry(r, id);
	}
	return true;
}

static void make_tree(void)
{
	CHECK_IS(tree_add(FUSE_ROOT_ID, "sub", S_IFDIR | 0755), T_SUB);
	CHECK_IS(tree_add(T_SUB, "in", S_IFREG | 0644), T_IN);
	CHECK_IS(tree_add(T_SUB, "dir", S_IFDIR | 0755), T_INDIR);
	CHECK_IS(tree_add(T_SUB, "deep", S_IFDIR | 0755), T_DEEP);
	CHECK_IS(tree_add(T_DEEP, "low", S_IFREG | 0644), T_LOW);
	tree.node[T_SUB].attr.flags = MARK;
	tree.node[T_DEEP].attr.flags = MARK;
	tree.node[T_IN].attr.size = 4096;
	tree.hook[FUSE_LOOKUP] = hook_lookup;
	twin = false;
}

/* -------- clients -------- */

/* What a client found wrong: a line of this file. */
#define WANT(cond)	do { if (!(cond)) return wrong(__LINE__, #cond); } while (0)

static int wrong(int line, const char *what)
{
	printf("# line %d: %s (errno %d)\n", line, what, errno);
	return 99;
}

static const char *at(const char *dir, const char *name)
{
	static char path[4][PATH_MAX];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], PATH_MAX, "%s/%s", dir, name);
	return path[turn];
}

/* st_dev, or 0 */
static dev_t dev_of(const char *dir, const char *name)
{
	struct stat st;

	return stat(at(dir, name), &st) ? 0 : st.st_dev;
}

static int client_crosses(const char *dir)
{
	struct dirent *d;
	struct stat st;
	int names = 0;
	DIR *list;

	/* To look at the mountpoint does not mount. */
	WANT(dev_of(dir, "sub") == dev_of(dir, ""));
	WANT(dev_of(dir, "sub/") && dev_of(dir, "sub/") != dev_of(dir, ""));
	WANT(dev_of(dir, "sub/in") == dev_of(dir, "sub/"));
	WANT(dev_of(dir, "sub/dir") == dev_of(dir, "sub/"));
	WANT(dev_of(dir, "sub/deep/low") == dev_of(dir, "sub/deep/"));
	WANT(dev_of(dir, "sub/deep/") != dev_of(dir, "sub/"));
	WANT(dev_of(dir, "sub/deep/") != dev_of(dir, ""));
	WANT(!stat(at(dir, "sub/"), &st) && st.st_ino == T_SUB);
	WANT(rename(at(dir, "file"), at(dir, "sub/file")) && errno == EXDEV);
	WANT(link(at(dir, "file"), at(dir, "sub/file")) && errno == EXDEV);
	WANT(rmdir(at(dir, "sub")) && errno == EBUSY);
	list = opendir(at(dir, "sub"));
	WANT(list);
	while ((d = readdir(list)))
		names++;
	closedir(list);
	WANT(names == 3);
	WANT(!mkdir(at(dir, "sub/made"), 0755));
	WANT(dev_of(dir, "sub/made") == dev_of(dir, "sub/"));
	return 0;
}

static int client_plain(const char *dir)
{
	WANT(dev_of(dir, "sub/in") == dev_of(dir, ""));
	WANT(dev_of(dir, "sub/deep/low") == dev_of(dir, ""));
	return 0;
}

static int client_enter(const char *dir)
{
	WANT(dev_of(dir, "sub/in") && dev_of(dir, "sub/in") != dev_of(dir, ""));
	return 0;
}

/* Which mount is there now? */
static int client_note(const char *dir)
{
	shared->value[1] = dev_of(dir, "sub/in");
	return shared->value[1] ? 0 : errno;
}

static int client_list(const char *dir)
{
	DIR *list = opendir(dir);

	WANT(list);
	while (readdir(list))
		;
	closedir(list);
	return 0;
}

static int client_enter_deep(const char *dir)
{
	WANT(dev_of(dir, "sub/deep/low"));
	return 0;
}

static int client_umount_sub(const char *dir)
{
	return umount2(at(dir, "sub"), UMOUNT_NOFOLLOW) ? errno : 0;
}

static int client_umount_deep(const char *dir)
{
	return umount2(at(dir, "sub/deep"), UMOUNT_NOFOLLOW) ? errno : 0;
}

static int client_umount(const char *dir)
{
	return umount2(dir, 0) ? errno : 0;
}

static int client_umount_force(const char *dir)
{
	umount2(dir, MNT_FORCE);
	return 0;
}

static int client_detach(const char *dir)
{
	return umount2(dir, MNT_DETACH) ? errno : 0;
}

/* Holds sub/in open from stage 1 to 2. */
static int client_hold(const char *dir)
{
	int fd = open(at(dir, "sub/in"), O_RDONLY);
	struct stat st;

	WANT(fd >= 0);
	stage_wait(1);
	shared->value[0] = fstat(fd, &st) ? errno : 0;
	close(fd);
	stage_wait(2);
	return 0;
}

static int client_open_close(const char *dir)
{
	int fd = open(at(dir, "sub/in"), O_RDONLY);

	WANT(fd >= 0);
	close(fd);
	return 0;
}

static int client_write_close(const char *dir)
{
	int fd = open(at(dir, "sub/in"), O_WRONLY);

	WANT(fd >= 0);
	WANT(pwrite(fd, "x", 1, 9000) == 1);
	close(fd);
	return 0;
}

static int client_stat_in(const char *dir)
{
	struct stat st;

	return stat(at(dir, "sub/in"), &st) ? errno : 0;
}

static int client_stat_twins(const char *dir)
{
	WANT(dev_of(dir, "sub/in"));
	WANT(dev_of(dir, "twin/in"));
	WANT(dev_of(dir, "twin/in") != dev_of(dir, "sub/in"));
	return 0;
}

static int client_umount_twin(const char *dir)
{
	return umount2(at(dir, "twin"), UMOUNT_NOFOLLOW) ? errno : 0;
}

static int client_loop(const char *dir)
{
	struct stat st;

	return stat(at(dir, "sub/again/"), &st) ? errno : 0;
}

static int client_bind(const char *dir)
{
	mkdir(SPARE, 0755);
	return mount(at(dir, "sub/"), SPARE, NULL, MS_BIND, NULL) ? errno : 0;
}

static int client_stat_bound(const char *dir)
{
	struct stat st;

	return stat(SPARE "/in", &st) ? errno : 0;
}

static int client_umount_bound(const char *dir)
{
	return umount2(SPARE, 0) ? errno : 0;
}

struct handle {
	struct file_handle	head;
	unsigned char		room[64];
};

static int open_handle(const char *mount, struct handle *h)
{
	int dir = open(mount, O_RDONLY | O_DIRECTORY), fd;

	if (dir < 0)
		return -1;
	fd = open_by_handle_at(dir, &h->head, O_PATH);
	close(dir);
	return fd;
}

static int take_handle(const char *path, struct handle *h)
{
	int mount_id;

	h->head.handle_bytes = sizeof(h->room);
	return name_to_handle_at(AT_FDCWD, path, &h->head, &mount_id, 0);
}

static int client_handles(const char *dir)
{
	struct handle in, root, point;
	struct stat st;
	int fd;

	WANT(!take_handle(at(dir, "sub/in"), &in));
	WANT(!take_handle(at(dir, "sub/"), &root));
	fd = open_handle(at(dir, "sub/"), &in);
	WANT(fd >= 0 && !fstat(fd, &st) && st.st_ino == T_IN);
	WANT(st.st_dev == dev_of(dir, "sub/"));
	close(fd);
	fd = open_handle(at(dir, "sub/"), &root);
	WANT(fd >= 0 && !fstat(fd, &st) && st.st_ino == T_SUB);
	close(fd);
	/* The mountpoint itself is in the other superblock, and no way in. */
	WANT(!umount2(at(dir, "sub"), UMOUNT_NOFOLLOW));
	WANT(!take_handle(at(dir, "sub"), &point));
	WANT(open_handle(dir, &point) < 0 && errno == ESTALE);
	return 0;
}

/* -------- tests -------- */

/* Until no lookup of the node is owed: what does it may be a worker's turn. */
static bool given_back(struct raw *r, uint64_t id)
{
	while (tree.node[id].owed && raw_next(r, LONG_MS) > 0)
		tree_answer(r);
	return !tree.node[id].owed;
}

/* What is read once nothing came for a while: 0, or -errno of the end. */
static int read_last(struct raw *r, int ms)
{
	int n;

	while ((n = raw_next(r, ms)) > 0)
		tree_answer(r);
	return n;
}

static void test_crosses(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_crosses), 0);
	/* What is mounted in it goes first. */
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

/* A server that did not take it up has something else in that field. */
static void test_not_agreed(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_plain), 0);
}

static void test_umount_alone(struct raw *r)
{
	pid_t pid;

	make_tree();
	pid = client_start(r, client_hold);
	stage_reach(r, 1);
	CHECK_IS(tree_run(r, client_umount_sub), EBUSY);
	stage_go(1);
	stage_reach(r, 2);
	stage_go(2);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[0], 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
	/* Its inodes are given back, and only the mountpoint is left. */
	CHECK(given_back(r, T_IN));
	CHECK(tree.node[T_SUB].owed > 0);
	/* And again. */
	CHECK_IS(tree_run(r, client_enter), 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

static void test_umount_all(struct raw *r)
{
	pid_t pid;

	make_tree();
	pid = client_start(r, client_hold);
	stage_reach(r, 1);
	CHECK_IS(tree_run(r, client_enter_deep), 0);
	CHECK_IS(tree_run(r, client_umount), EBUSY);
	stage_go(1);
	stage_reach(r, 2);
	stage_go(2);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(tree_run(r, client_enter_deep), 0);
	CHECK_IS(tree_run(r, client_umount), 0);
	CHECK_IS(read_last(r, LONG_MS), -ENODEV);
	tree.nr = 0;
	tree.handles = 0;
}

/* The root of a submount keeps the lookups of the mountpoint's name. */
static void test_lookups_kept(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_bind), 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
	tree_drop_caches(r);
	CHECK(tree.node[T_SUB].owed > 0);
	CHECK_IS(tree_run(r, client_stat_bound), 0);
	CHECK_IS(tree_run(r, client_umount_bound), 0);
}

/* Bound to another place, it outlives the mount and keeps the connection. */
static void test_outlives(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_bind), 0);
	CHECK_IS(tree_run(r, client_detach), 0);
	tree_drop_caches(r);
	CHECK_IS(tree_run(r, client_stat_bound), 0);
	CHECK_IS(read_last(r, SHORT_MS), 0);
	CHECK_IS(tree_run(r, client_umount_bound), 0);
	CHECK_IS(read_last(r, LONG_MS), -ENODEV);
	tree.nr = 0;
	tree.handles = 0;
}

/* Umount does not wait for RELEASE, and the inode does for its superblock. */
static void test_release_in_flight(struct raw *r)
{
	pid_t pid;

	make_tree();
	pid = client_start(r, client_open_close);
	CHECK(tree_until(r, FUSE_RELEASE, LONG_MS));
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	pid = client_start(r, client_umount_sub);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	CHECK(tree.node[T_IN].owed > 0);
	raw_reply(r, 0, NULL, 0);
	tree.handles--;
	CHECK(given_back(r, T_IN));
}

/* The same with a SETATTR of what I/O on a backing file changed. */
static void test_bound(struct raw *r)
{
	struct fuse_backing_map map = {
		.fd = open(BACKING, O_RDWR | O_CREAT | O_TRUNC, 0600),
	};
	struct fuse_pt_bind bind = {
		.nodeid = T_IN, .flags = FUSE_PT_BIND_WRITE_ATTR,
	};
	pid_t pid;

	make_tree();
	bind.backing_id = ioctl(r->fd, FUSE_DEV_IOC_BACKING_OPEN, &map);
	CHECK(bind.backing_id > 0);
	CHECK_IS(ioctl(r->fd, FUSE_PT_DEV_IOC_BIND, &bind), 0);
	pid = client_start(r, client_write_close);
	CHECK(tree_until(r, FUSE_SETATTR, LONG_MS));
	CHECK_IS(((struct fuse_setattr_in *)r->arg)->size, 9001);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	pid = client_start(r, client_umount_sub);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	CHECK(tree.node[T_IN].owed > 0);
	tree_setattr(r);
	CHECK(given_back(r, T_IN));
	CHECK_IS(ioctl(r->fd, FUSE_PT_DEV_IOC_UNBIND, &bind.nodeid), -1);
	CHECK_IS(errno, ENOENT);
	close(map.fd);
	unlink(BACKING);
}

static void test_abort(struct raw *r)
{
	pid_t pid;

	make_tree();
	CHECK_IS(tree_run(r, client_enter_deep), 0);
	pid = client_start(r, client_hold);
	stage_reach(r, 1);
	CHECK_IS(client_wait(client_start(r, client_umount_force), LONG_MS), 0);
	stage_go(2);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	CHECK_IS(client_wait(client_start(r, client_umount), LONG_MS), 0);
	CHECK_IS(read_last(r, LONG_MS), -ENODEV);
	tree.nr = 0;
	tree.handles = 0;
}

/* The server ends with all of them mounted: what was not looked up is not. */
static void test_server_ends(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_enter_deep), 0);
	close(r->fd);
	r->fd = -1;
	CHECK_IS(client_wait(client_start(r, client_stat_in), LONG_MS), ENOTCONN);
	CHECK_IS(client_wait(client_start(r, client_umount), LONG_MS), 0);
	tree.nr = 0;
	tree.handles = 0;
}

static int tell_inval(struct raw *r, uint64_t id)
{
	struct {
		struct fuse_out_header			out;
		struct fuse_notify_inval_inode_out	inode;
	} say = {
		{ .len = sizeof(say), .error = FUSE_NOTIFY_INVAL_INODE },
		{ .ino = id },
	};

	return write(r->fd, &say, sizeof(say)) < 0 ? -errno : 0;
}

/* A node that is in two superblocks is found in both; and in one of them. */
static void test_notify(struct raw *r)
{
	unsigned int asked;

	make_tree();
	twin = true;
	CHECK_IS(tree_run(r, client_stat_twins), 0);
	asked = tree.count[FUSE_GETATTR];
	CHECK_IS(tree_run(r, client_stat_twins), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], asked);
	CHECK_IS(tell_inval(r, T_IN), 0);
	CHECK_IS(tree_run(r, client_stat_twins), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], asked + 2);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
	CHECK_IS(tell_inval(r, T_IN), 0);
	CHECK_IS(tree_run(r, client_umount_twin), 0);
	CHECK_IS(tell_inval(r, T_IN), -ENOENT);
}

/* What is mounted stays, however often the name is looked up again. */
static void test_stays(struct raw *r)
{
	long mount;

	make_tree();
	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, client_note), 0);
	mount = shared->value[1];
	CHECK_IS(tree_run(r, client_note), 0);
	CHECK_IS(shared->value[1], mount);
	CHECK_IS(tree_run(r, client_list), 0);
	CHECK(tree.count[FUSE_READDIRPLUS] > 0);
	CHECK_IS(tree_run(r, client_note), 0);
	CHECK_IS(shared->value[1], mount);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

/* The server takes the mark away: what is mounted there goes. */
static void test_unmarked(struct raw *r)
{
	make_tree();
	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, client_enter), 0);
	tree.node[T_SUB].attr.flags = 0;
	tree.node[T_DEEP].attr.flags = 0;
	CHECK_IS(tree_run(r, client_plain), 0);
	tree.node[T_SUB].attr.flags = MARK;
	CHECK_IS(tree_run(r, client_enter), 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

/* The root of a submount is in no directory of it. */
static bool hook_again(struct raw *r)
{
	struct fuse_entry_out out = tree_entry(T_SUB);

	if (strcmp(r->arg, "again"))
		return false;
	out.attr.flags = 0;
	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.node[T_SUB].owed++;
	return true;
}

static void test_loop(struct raw *r)
{
	make_tree();
	tree.hook[FUSE_LOOKUP] = hook_again;
	CHECK_IS(tree_run(r, client_loop), ELOOP);
	CHECK_IS(tree_run(r, client_enter), 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

static void test_handles(struct raw *r)
{
	make_tree();
	tree.hook[FUSE_LOOKUP] = hook_lookup_dots;
	CHECK_IS(tree_run(r, client_handles), 0);
}

static void test_nested_umount(struct raw *r)
{
	make_tree();
	CHECK_IS(tree_run(r, client_enter_deep), 0);
	CHECK_IS(tree_run(r, client_umount_deep), 0);
	CHECK_IS(tree_run(r, client_umount_sub), 0);
}

static const struct tree_test tests[] = {
	{ "crosses", test_crosses, "", FUSE_SUBMOUNTS },
	{ "not-agreed", test_not_agreed, "", 0 },
	{ "umount-alone", test_umount_alone, "", FUSE_SUBMOUNTS },
	{ "umount-all", test_umount_all, "", FUSE_SUBMOUNTS },
	{ "lookups-kept", test_lookups_kept, "", FUSE_SUBMOUNTS },
	{ "outlives", test_outlives, "", FUSE_SUBMOUNTS },
	{ "release-in-flight", test_release_in_flight, "", FUSE_SUBMOUNTS },
	{ "bound", test_bound, "", FUSE_SUBMOUNTS | FUSE_PASSTHROUGH },
	{ "abort", test_abort, "", FUSE_SUBMOUNTS },
	{ "server-ends", test_server_ends, "", FUSE_SUBMOUNTS },
	{ "notify", test_notify, "", FUSE_SUBMOUNTS },
	{ "stays", test_stays, "", FUSE_SUBMOUNTS | FUSE_DO_READDIRPLUS },
	{ "unmarked", test_unmarked, "", FUSE_SUBMOUNTS },
	{ "loop", test_loop, "", FUSE_SUBMOUNTS },
	{ "handles", test_handles, "", FUSE_SUBMOUNTS | FUSE_EXPORT_SUPPORT },
	{ "nested-umount", test_nested_umount, "", FUSE_SUBMOUNTS },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
