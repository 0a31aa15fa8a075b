// SPDX-License-Identifier: GPL-2.0-only
/*
 * STATX against a server made by hand: asked for birth times and nothing else,
 * replies that are complete, lack members, or cannot be.
 *
 *	rawstatx DIR [TEST]
 */
#include "rawtree.h"

#define BORN		1234567890
#define BORN_NSEC	987654321

static unsigned int asks = STATX_BASIC_STATS | STATX_BTIME;
static int how;

static int statx_it(const char *dir)
{
	struct statx stx;

	if (statx(AT_FDCWD, client_path(dir, wanted), how, asks, &stx))
		return errno;
	shared->value[0] = stx.stx_mask & STATX_BTIME ? stx.stx_btime.tv_sec : -1;
	shared->value[1] = stx.stx_btime.tv_nsec;
	shared->value[2] = stx.stx_size;
	shared->value[3] = stx.stx_mode;
	shared->value[4] = stx.stx_mtime.tv_sec;
	shared->value[5] = stx.stx_nlink;
	return 0;
}

static struct fuse_statx_out say;

static bool hook_statx(struct raw *r)
{
	const struct fuse_statx_in *in = r->arg;

	shared->value[6] = in->sx_mask;
	raw_reply(r, 0, &say, sizeof(say));
	return true;
}

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

static void begin(void)
{
	how = 0;
	asks = STATX_BASIC_STATS | STATX_BTIME;
	tree.hook[FUSE_STATX] = hook_statx;
	say = (struct fuse_statx_out){
		.attr_valid = 3600,
		.stat = {
			.mask = STATX_BASIC_STATS | STATX_BTIME,
			.blksize = 4096,
			.nlink = 3,
			.mode = S_IFREG | 0640,
			.ino = T_FILE,
			.size = 4711,
			.mtime = { .tv_sec = 55 },
			.btime = { .tv_sec = BORN, .tv_nsec = BORN_NSEC },
		},
	};
}

static void test_birth(struct raw *r)
{
	begin();
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], BORN);
	CHECK_IS(shared->value[1], BORN_NSEC);
	CHECK_IS(shared->value[6], STATX_BASIC_STATS | STATX_BTIME);
	/* what else came with it is taken, and GETATTR saved */
	CHECK_IS(shared->value[2], 4711);
	CHECK_IS(shared->value[3], S_IFREG | 0640);
	CHECK_IS(shared->value[4], 55);
	CHECK_IS(shared->value[5], 3);
	CHECK_IS(tree.count[FUSE_GETATTR], 0);
	/* it does not change, so it is asked for once */
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], BORN);
	how = AT_STATX_FORCE_SYNC;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], BORN);
	CHECK_IS(tree.count[FUSE_STATX], 1);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

static void test_not_asked(struct raw *r)
{
	begin();
	asks = STATX_BASIC_STATS;
	how = AT_STATX_FORCE_SYNC;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], -1);
	asks |= STATX_BTIME;
	how = AT_STATX_DONT_SYNC;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(tree.count[FUSE_STATX], 0);
}

static void test_unknown(struct raw *r)
{
	begin();
	tree.hook[FUSE_STATX] = hook_enosys;
	tree.attr_valid = 0;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], -1);
	CHECK_IS(tree_run(r, statx_it), 0);
	wanted = "dir";
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(tree.count[FUSE_STATX], 1);
	CHECK_IS(tree.count[FUSE_GETATTR], 3);
}

/* The server knows of no birth, or of nothing else. */
static void test_partial(struct raw *r)
{
	begin();
	say.stat.mask = STATX_BASIC_STATS;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], -1);
	CHECK_IS(shared->value[2], 4711);
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(tree.count[FUSE_STATX], 1);

	wanted = "dir";
	tree.attr_valid = 0;
	say.stat.mask = STATX_BTIME;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[0], BORN);
	CHECK_IS(shared->value[2], 0);
	CHECK_IS(shared->value[3], S_IFDIR | 0755);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
}

static void test_nonsense_size(struct raw *r)
{
	begin();
	say.stat.size = 1ULL << 63;
	CHECK_IS(tree_run(r, statx_it), EIO);
}

static void test_nonsense_type(struct raw *r)
{
	begin();
	say.stat.mode = S_IFDIR | 0755;
	CHECK_IS(tree_run(r, statx_it), EIO);
}

static void test_nonsense_time(struct raw *r)
{
	begin();
	say.stat.btime.tv_nsec = 4000000000u;
	CHECK_IS(tree_run(r, statx_it), 0);
	CHECK_IS(shared->value[1], 999999999);
}

static const struct tree_test tests[] = {
	{ "birth", test_birth, NULL, 0 },
	{ "not-asked", test_not_asked, NULL, 0 },
	{ "unknown", test_unknown, NULL, 0 },
	{ "partial", test_partial, NULL, 0 },
	{ "nonsense-size", test_nonsense_size, NULL, 0 },
	{ "nonsense-type", test_nonsense_type, NULL, 0 },
	{ "nonsense-time", test_nonsense_time, NULL, 0 },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
