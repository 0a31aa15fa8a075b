// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets of links, whose answers cross what the server takes back.
 *
 *	rawcross DIR [TEST]
 */
#include "rawnames.h"
#include "rawtell.h"

/* -------- targets -------- */

static int read_link(const char *dir)
{
	char to[64];

	if (readlink(client_path(dir, "link"), to, sizeof(to)) < 0)
		return errno;
	shared->value[0] = to[0];
	return 0;
}

/* The link leads to @target, which takes so many requests. */
static void leads_to(struct raw *r, const char *target, unsigned int asked)
{
	CHECK_IS(ASKED(FUSE_READLINK, tree_run(r, read_link)), asked);
	CHECK_IS(shared->value[0], target[0]);
}

static void test_link_taken_back(struct raw *r)
{
	tree.node[T_LINK].target = "first";
	leads_to(r, "first", 1);
	tree.node[T_LINK].target = "second";
	leads_to(r, "first", 0);
	CHECK_IS(tell_inode(r, T_LINK, 0, 0), 0);
	leads_to(r, "second", 1);
	leads_to(r, "second", 0);
}

/* Taken back before it is there: not kept, though its caller gets it. */
static void test_link_crossed(struct raw *r)
{
	pid_t pid = client_start(r, read_link);

	CHECK(tree_until(r, FUSE_READLINK, LONG_MS));
	CHECK_IS(tell_inode(r, T_LINK, 0, 0), 0);
	CHECK_IS(raw_reply(r, 0, "first", 5), 0);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[0], 'f');
	tree.node[T_LINK].target = "second";
	leads_to(r, "second", 1);
	leads_to(r, "second", 0);
}

static const struct tree_test tests[] = {
	{ "link-taken-back", test_link_taken_back, NULL, FUSE_CACHE_SYMLINKS },
	{ "link-crossed", test_link_crossed, NULL, FUSE_CACHE_SYMLINKS },
	{ }
};

int main(int argc, char **argv)
{
	return tell_main(tests, argc, argv);
}
