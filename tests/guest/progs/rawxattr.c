// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes against a server made by hand: sizes, limits, lists that
 * make no sense, servers that have none.
 *
 *	rawxattr DIR [TEST]
 */
#include <linux/limits.h>
#include <sys/xattr.h>
#include "rawtree.h"

static const char *attribute = "user.x";
static size_t buffer;		/* of the caller */
static int set_flags;

static int get_it(const char *dir)
{
	static char buf[1 << 17];
	ssize_t n = getxattr(client_path(dir, wanted), attribute, buf, buffer);

	shared->value[0] = n;
	shared->value[1] = buf[0];
	return n < 0 ? errno : 0;
}

static int list_them(const char *dir)
{
	static char buf[1 << 17];
	ssize_t n = listxattr(client_path(dir, wanted), buf, buffer);

	shared->value[0] = n;
	return n < 0 ? errno : 0;
}

static int set_it(const char *dir)
{
	return setxattr(client_path(dir, wanted), attribute, "value", 5,
			set_flags) ? errno : 0;
}

static int set_large(const char *dir)
{
	static char value[XATTR_SIZE_MAX + 1];

	return setxattr(client_path(dir, wanted), attribute, value, buffer, 0) ?
	       errno : 0;
}

static int remove_it(const char *dir)
{
	return removexattr(client_path(dir, wanted), attribute) ? errno : 0;
}

static int stat_it(const char *dir)
{
	struct stat st;

	return stat(client_path(dir, wanted), &st) ? errno : 0;
}

/* -------- what the server says -------- */

static const char *value;
static uint32_t length;
static int error;

static bool hook_value(struct raw *r)
{
	const struct fuse_getxattr_in *in = r->arg;
	struct fuse_getxattr_out out = { .size = length };

	shared->value[4] = in->size;
	if (error)
		raw_reply(r, error, NULL, 0);
	else if (!in->size)
		raw_reply(r, 0, &out, sizeof(out));
	else if (in->size < length)
		raw_reply(r, ERANGE, NULL, 0);
	else
		raw_reply(r, 0, value, length);
	return true;
}

static void says(const char *text, uint32_t len, int err)
{
	value = text;
	length = len;
	error = err;
}

static void test_get(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = hook_value;
	says("hello", 5, 0);
	buffer = 0;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[0], 5);
	buffer = 5;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[0], 5);
	CHECK_IS(shared->value[1], 'h');
	buffer = 4;
	CHECK_IS(tree_run(r, get_it), ERANGE);
	says(NULL, 0, 0);
	buffer = 9;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[0], 0);
	says(NULL, 0, ENODATA);
	CHECK_IS(tree_run(r, get_it), ENODATA);
	/* every time: only security.capability is remembered */
	CHECK_IS(tree_run(r, get_it), ENODATA);
	CHECK_IS(tree.count[FUSE_GETXATTR], 6);
}

static void test_get_limits(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = hook_value;
	says(NULL, XATTR_SIZE_MAX, 0);
	buffer = 0;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[0], XATTR_SIZE_MAX);
	says(NULL, XATTR_SIZE_MAX + 1, 0);
	CHECK_IS(tree_run(r, get_it), E2BIG);
	says(NULL, 0xffffffff, 0);
	CHECK_IS(tree_run(r, get_it), E2BIG);
	/* a larger buffer does not make values larger */
	says("", 0, 0);
	buffer = 1 << 17;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[4], XATTR_SIZE_MAX);
}

static bool hook_too_long(struct raw *r)
{
	shared->value[5] = raw_reply(r, 0, "abcdef", 6);
	raw_reply(r, EIO, NULL, 0);
	return true;
}

static void test_get_too_long(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = hook_too_long;
	buffer = 5;
	CHECK_IS(tree_run(r, get_it), EIO);
	CHECK(shared->value[5] < 0);
}

static void test_list(struct raw *r)
{
	tree.hook[FUSE_LISTXATTR] = hook_value;
	buffer = 100;
	says("user.a\0user.b", 14, 0);
	CHECK_IS(tree_run(r, list_them), 0);
	CHECK_IS(shared->value[0], 14);
	says("", 0, 0);
	CHECK_IS(tree_run(r, list_them), 0);
	CHECK_IS(shared->value[0], 0);
	/* no NUL at the end, an empty name, nothing but one */
	says("user.a\0user.b", 13, 0);
	CHECK_IS(tree_run(r, list_them), EIO);
	says("user.a\0\0user.b", 15, 0);
	CHECK_IS(tree_run(r, list_them), EIO);
	says("", 1, 0);
	CHECK_IS(tree_run(r, list_them), EIO);
	buffer = 3;
	says("user.a", 7, 0);
	CHECK_IS(tree_run(r, list_them), ERANGE);
	buffer = 0;
	CHECK_IS(tree_run(r, list_them), 0);
	CHECK_IS(shared->value[0], 7);
	says(NULL, XATTR_LIST_MAX + 1, 0);
	CHECK_IS(tree_run(r, list_them), E2BIG);
}

static bool hook_look_set(struct raw *r)
{
	const struct fuse_setxattr_in *in = r->arg;
	const char *name = (char *)r->arg + FUSE_COMPAT_SETXATTR_IN_SIZE;

	shared->value[0] = in->size;
	shared->value[1] = in->flags;
	shared->value[2] = !strcmp(name, attribute) &&
			   !memcmp(name + strlen(name) + 1, "value", 5);
	raw_reply(r, error, NULL, 0);
	return true;
}

static void test_set(struct raw *r)
{
	tree.hook[FUSE_SETXATTR] = hook_look_set;
	says(NULL, 0, 0);
	set_flags = XATTR_CREATE;
	CHECK_IS(tree_run(r, stat_it), 0);
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[0], 5);
	CHECK_IS(shared->value[1], XATTR_CREATE);
	CHECK_IS(shared->value[2], 1);
	set_flags = XATTR_REPLACE;
	says(NULL, 0, ENODATA);
	CHECK_IS(tree_run(r, set_it), ENODATA);
	CHECK_IS(shared->value[1], XATTR_REPLACE);
	says(NULL, 0, 0);
	buffer = XATTR_SIZE_MAX;
	CHECK_IS(tree_run(r, set_large), 0);
	CHECK_IS(shared->value[0], XATTR_SIZE_MAX);
	buffer = XATTR_SIZE_MAX + 1;
	CHECK_IS(tree_run(r, set_large), E2BIG);
	set_flags = 0;
}

/* The ctime is another one now. */
static void test_expires(struct raw *r)
{
	CHECK_IS(tree_run(r, stat_it), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 0);
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(tree_run(r, stat_it), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
	CHECK_IS(tree_run(r, remove_it), 0);
	CHECK_IS(tree_run(r, stat_it), 0);
	CHECK_IS(tree.count[FUSE_GETATTR], 2);
}

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

static void test_none(struct raw *r)
{
	int i;

	tree.hook[FUSE_GETXATTR] = hook_enosys;
	tree.hook[FUSE_SETXATTR] = hook_enosys;
	tree.hook[FUSE_LISTXATTR] = hook_enosys;
	tree.hook[FUSE_REMOVEXATTR] = hook_enosys;
	buffer = 10;
	for (i = 0; i < 2; i++) {
		CHECK_IS(tree_run(r, get_it), EOPNOTSUPP);
		CHECK_IS(tree_run(r, set_it), EOPNOTSUPP);
		CHECK_IS(tree_run(r, list_them), EOPNOTSUPP);
		CHECK_IS(tree_run(r, remove_it), EOPNOTSUPP);
	}
	CHECK_IS(tree.count[FUSE_GETXATTR], 1);
	CHECK_IS(tree.count[FUSE_SETXATTR], 1);
	CHECK_IS(tree.count[FUSE_LISTXATTR], 1);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 1);
}

/* "Not for this one" is not "never". */
static void test_not_this(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = hook_value;
	says(NULL, 0, EOPNOTSUPP);
	buffer = 10;
	CHECK_IS(tree_run(r, get_it), EOPNOTSUPP);
	CHECK_IS(tree_run(r, get_it), EOPNOTSUPP);
	CHECK_IS(tree.count[FUSE_GETXATTR], 2);
}

static const struct tree_test tests[] = {
	{ "get", test_get },
	{ "get-limits", test_get_limits },
	{ "get-too-long", test_get_too_long },
	{ "list", test_list },
	{ "set", test_set },
	{ "expires", test_expires },
	{ "none", test_none },
	{ "not-this", test_not_this },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
