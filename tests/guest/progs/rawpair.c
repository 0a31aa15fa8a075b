// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two files of one server: what is said of one is not taken for the other, also
 * where the second has the node id of the first.
 *
 *	rawpair DIR [TEST]
 */
#include "rawtree.h"

#define PAGE	4096

/* -------- copies side by side -------- */

static int copy_to(const char *dir, const char *name)
{
	int in = open(client_path(dir, "file"), O_RDONLY);
	int out = open(client_path(dir, name), O_RDWR);
	loff_t from = 0, to = 0;

	if (in < 0 || out < 0)
		return errno;
	errno = EPROTO;
	return copy_file_range(in, &from, out, &to, PAGE, 0) == PAGE ? 0 : errno;
}

static int copy_one(const char *dir)
{
	return copy_to(dir, "one");
}

static int copy_two(const char *dir)
{
	return copy_to(dir, "two");
}

static bool hook_copy(struct raw *r)
{
	const struct fuse_copy_file_range_in *in = r->arg;
	struct fuse_write_out out = { .size = in->len };

	raw_reply(r, 0, &out, sizeof(out));
	return true;
}

/* One learns that the request is missing while the other's is being done. */
static void test_copy_apart(struct raw *r)
{
	struct fuse_copy_file_range_out done = { .bytes_copied = PAGE };
	struct fuse_in_header head;
	pid_t one, two;

	tree.node[T_FILE].attr.size = PAGE;
	tree_add(FUSE_ROOT_ID, "one", S_IFREG | 0644);
	tree_add(FUSE_ROOT_ID, "two", S_IFREG | 0644);
	tree.hook[FUSE_COPY_FILE_RANGE] = hook_copy;

	one = client_start(r, copy_one);
	CHECK(tree_until(r, FUSE_COPY_FILE_RANGE_64, LONG_MS));
	head = *r->head;
	two = client_start(r, copy_two);
	CHECK_IS(tree_serve(r, two), 0);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 1);
	*r->head = head;
	CHECK_IS(raw_reply(r, 0, &done, sizeof(done)), 0);
	CHECK_IS(tree_serve(r, one), 0);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 1);
}

static const struct tree_test tests[] = {
	{ "copy-apart", test_copy_apart },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
