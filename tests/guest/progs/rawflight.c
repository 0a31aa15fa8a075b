// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on names while they are on their way: answers that cross them, callers
 * that are killed before their answer is there, and two look-ups in one directory.
 *
 *	rawflight DIR [TEST]
 */
#include "rawnames.h"

/* -------- crossing -------- */

static int stat_forced(const char *dir)
{
	struct statx stx;

	return statx(AT_FDCWD, client_path(dir, "file"), AT_STATX_FORCE_SYNC,
		     STATX_BASIC_STATS, &stx) ? errno : 0;
}

static int stat_nlink(const char *dir)
{
	struct stat st;

	if (stat(client_path(dir, "file"), &st))
		return errno;
	shared->value[0] = st.st_nlink;
	return 0;
}

/* A GETATTR that is asked later than a LINK, and answered from before it. */
static void link_crossed(struct raw *r, bool answered_first)
{
	struct fuse_attr_out old = { .attr_valid = 3600 };
	struct fuse_in_header linked, asked;
	pid_t linker, looker;

	CHECK_IS(tree_run(r, stat_nlink), 0);
	old.attr = tree.node[T_FILE].attr;
	wanted = "hard";
	linker = client_start(r, link_file);
	CHECK(tree_until(r, FUSE_LINK, LONG_MS));
	linked = *r->head;
	looker = client_start(r, stat_forced);
	CHECK(tree_until(r, FUSE_GETATTR, LONG_MS));
	asked = *r->head;
	if (answered_first) {
		raw_reply(r, 0, &old, sizeof(old));
		CHECK_IS(tree_serve(r, looker), 0);
	}
	*r->head = linked;
	tree.node[T_FILE].attr.nlink++;
	tree_reply_entry(r, T_FILE);
	CHECK_IS(tree_serve(r, linker), 0);
	if (!answered_first) {
		*r->head = asked;
		raw_reply(r, 0, &old, sizeof(old));
		CHECK_IS(tree_serve(r, looker), 0);
	}
	CHECK_IS(tree_run(r, stat_nlink), 0);
	CHECK_IS(shared->value[0], 2);
}

static void test_link_crossed(struct raw *r)
{
	link_crossed(r, true);
}

static void test_link_crosses(struct raw *r)
{
	link_crossed(r, false);
}

/* -------- killed callers -------- */

static void kill_at(struct raw *r, client_fn fn, uint32_t op)
{
	pid_t pid = client_start(r, fn);

	if (CHECK(tree_until(r, op, LONG_MS))) {
		usleep(SHORT_MS * 1000);
		kill(pid, SIGKILL);
		CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	}
}

static void test_killed_lookup(struct raw *r)
{
	kill_at(r, stat_wanted, FUSE_LOOKUP);
	tree_lookup(r);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.node[T_FILE].owed, 0);
	CHECK_IS(tree.count[FUSE_FORGET] + tree.count[FUSE_BATCH_FORGET], 1);
}

static void test_killed_create(struct raw *r)
{
	wanted = "new";
	kill_at(r, create_wanted, FUSE_CREATE);
	tree_make(r, "new", S_IFREG | 0644, true);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.handles, 0);
	CHECK_IS(tree.node[tree.nr].owed, 0);
	/* it is there now, and that is not hidden */
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static void test_killed_mkdir(struct raw *r)
{
	wanted = "new";
	kill_at(r, mkdir_wanted, FUSE_MKDIR);
	tree_make(r, "new", S_IFDIR | 0755, false);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.node[tree.nr].owed, 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static void test_killed_unlink(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	kill_at(r, unlink_wanted, FUSE_UNLINK);
	tree_unlink(r);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree_run(r, stat_wanted), ENOENT);
}

/*
 * Between the kill of a caller and the answer to its request, somebody asks and
 * is told what was so before; behind it, that does not count.
 */
static struct {
	struct fuse_in_header	head;
	char			arg[8192];
} kept;

/* Its caller is gone, and the server has it still. */
static void kill_keeping(struct raw *r, client_fn fn, uint32_t op)
{
	kill_at(r, fn, op);
	kept.head = *r->head;
	memcpy(kept.arg, r->arg, sizeof(kept.arg));
}

static void answer_kept(struct raw *r)
{
	*r->head = kept.head;
	memcpy(r->arg, kept.arg, sizeof(kept.arg));
	tree.count[kept.head.opcode]--;
	tree_answer(r);
	tree_serve_for(r, SHORT_MS);
}

static void killed_told(struct raw *r, client_fn fn, uint32_t op, int before,
			int after)
{
	kill_keeping(r, fn, op);
	CHECK_IS(tree_run(r, stat_wanted), before);
	answer_kept(r);
	CHECK_IS(tree_run(r, stat_wanted), after);
}

static void test_told_unlink(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	killed_told(r, unlink_wanted, FUSE_UNLINK, 0, ENOENT);
}

static void test_told_rename(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_wanted), 0);
	killed_told(r, rename_plain, FUSE_RENAME, 0, ENOENT);
	wanted = "moved";
	CHECK_IS(tree_run(r, stat_wanted), 0);
}

static int rename_up(const char *dir)
{
	char from[512];

	snprintf(from, sizeof(from), "%s/dir/inner", dir);
	return rename(from, client_path(dir, "moved")) ? errno : 0;
}

static int stat_root(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? errno : 0;
}

/* The directory that a name is moved to is asked about again as well. */
static void test_told_target(struct raw *r)
{
	unsigned int asked;

	tree_add(T_DIR, "inner", S_IFREG | 0644);
	kill_keeping(r, rename_up, FUSE_RENAME);
	CHECK_IS(tree_run(r, stat_root), 0);
	asked = tree.count[FUSE_GETATTR];
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], asked);
	answer_kept(r);
	CHECK_IS(tree_run(r, stat_root), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], asked + 1);
}

static void test_told_create(struct raw *r)
{
	tree.negative_valid = 3600;
	wanted = "new";
	killed_told(r, create_wanted, FUSE_CREATE, ENOENT, 0);
}

static void test_told_mkdir(struct raw *r)
{
	tree.negative_valid = 3600;
	wanted = "new";
	killed_told(r, mkdir_wanted, FUSE_MKDIR, ENOENT, 0);
}

/* -------- side by side -------- */

/* Two look-ups in one directory: is the second sent before the first is done? */
static void side_by_side(struct raw *r, bool both)
{
	int ms = both ? LONG_MS : 2 * SHORT_MS;
	struct fuse_in_header first;
	pid_t one, two;

	wanted = "file";
	one = client_start(r, stat_wanted);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	first = *r->head;
	wanted = "link";
	two = client_start(r, stat_wanted);
	CHECK_IS(tree_until(r, FUSE_LOOKUP, ms), both);
	if (both)
		tree_lookup(r);
	*r->head = first;
	strcpy(r->arg, "file");
	tree_lookup(r);
	CHECK_IS(tree_serve(r, one), 0);
	CHECK_IS(tree_serve(r, two), 0);
}

static void test_serial_lookups(struct raw *r)
{
	side_by_side(r, false);
}

/* Names that are known are asked about whoever else waits. */
static void test_serial_known(struct raw *r)
{
	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	wanted = "link";
	CHECK_IS(tree_run(r, stat_wanted), 0);
	side_by_side(r, true);
	CHECK_IS(tree.count[FUSE_LOOKUP], 4);
}

static int list_root(const char *dir)
{
	DIR *d = opendir(dir);

	return d && readdir(d) ? 0 : EPROTO;
}

/* The same during a listing; one that is not known waits for its end. */
static void test_serial_listing(struct raw *r)
{
	struct fuse_read_in args;
	struct fuse_in_header head;
	pid_t lister, looker;

	tree.entry_valid = 0;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	lister = client_start(r, list_root);
	CHECK(tree_until(r, FUSE_READDIR, LONG_MS));
	head = *r->head;
	memcpy(&args, r->arg, sizeof(args));
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
	wanted = "link";
	looker = client_start(r, stat_wanted);
	tree_serve_for(r, 2 * SHORT_MS);
	CHECK_IS(tree.count[FUSE_LOOKUP], 2);
	*r->head = head;
	memcpy(r->arg, &args, sizeof(args));
	tree_readdir(r, false);
	CHECK_IS(tree_serve(r, lister), 0);
	CHECK_IS(tree_serve(r, looker), 0);
}

/* Who waits for its turn can be killed, though the first is never answered. */
static void test_serial_killed(struct raw *r)
{
	struct fuse_in_header first;
	pid_t one, two;

	one = client_start(r, stat_wanted);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	first = *r->head;
	wanted = "link";
	two = client_start(r, stat_wanted);
	tree_serve_for(r, SHORT_MS);
	kill(two, SIGKILL);
	CHECK_IS(client_wait(two, LONG_MS), -SIGKILL);
	*r->head = first;
	strcpy(r->arg, "file");
	tree_lookup(r);
	CHECK_IS(tree_serve(r, one), 0);
}

static void test_parallel_lookups(struct raw *r)
{
	side_by_side(r, true);
}

static const struct tree_test tests[] = {
	{ "link-crossed", test_link_crossed },
	{ "link-crosses", test_link_crosses },
	{ "killed-lookup", test_killed_lookup },
	{ "killed-create", test_killed_create },
	{ "killed-mkdir", test_killed_mkdir },
	{ "killed-unlink", test_killed_unlink },
	{ "told-unlink", test_told_unlink },
	{ "told-rename", test_told_rename },
	{ "told-target", test_told_target },
	{ "told-create", test_told_create },
	{ "told-mkdir", test_told_mkdir },
	{ "serial-lookups", test_serial_lookups },
	{ "serial-known", test_serial_known },
	{ "serial-listing", test_serial_listing },
	{ "serial-killed", test_serial_killed },
	{ "parallel-lookups", test_parallel_lookups, NULL, FUSE_PARALLEL_DIROPS },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
