// SPDX-License-Identifier: GPL-2.0-only
/*
 * What requests that make objects carry beside a name: the mode, and at their end
 * labels of the security module and the directory's group, for servers that want
 * them.
 *
 *	rawextend DIR [TEST]
 *
 * "labels" is for a boot with SELinux, "no-label" for one where nothing has any.
 */
#include <grp.h>
#include "rawtree.h"

#define USER	1000
#define GROUP	5
#define LABEL_NAME	"security.selinux"

static gid_t gid, group;

static int become(void)
{
	return setgroups(group ? 1 : 0, &group) || setregid(gid, gid) ||
	       setreuid(USER, USER);
}

static int create_it(const char *dir)
{
	int fd;

	if (become())
		return 255;
	fd = open(client_path(dir, wanted), O_CREAT | O_RDWR, 0644);
	return fd < 0 ? errno : 0;
}

static int mknod_it(const char *dir)
{
	if (become())
		return 255;
	return mknod(client_path(dir, wanted), S_IFIFO | 0600, 0) ? errno : 0;
}

static int mkdir_it(const char *dir)
{
	if (become())
		return 255;
	return mkdir(client_path(dir, wanted), 0700) ? errno : 0;
}

static int symlink_it(const char *dir)
{
	if (become())
		return 255;
	return symlink("a target of some length", client_path(dir, wanted)) ?
	       errno : 0;
}

static int link_it(const char *dir)
{
	char old[512];

	snprintf(old, sizeof(old), "%s/file", dir);
	return link(old, client_path(dir, wanted)) ? errno : 0;
}

static int tmpfile_it(const char *dir)
{
	char path[512];
	int fd;

	if (become())
		return 255;
	snprintf(path, sizeof(path), "%s/dir", dir);
	fd = open(path, O_TMPFILE | O_RDWR, 0600);
	return fd < 0 ? errno : 0;
}

/* -------- what the server sees -------- */

static unsigned int words;	/* extensions of the last request, in 8 bytes */
static uint32_t ext[64];	/* and what they say */

static bool hook_look(struct raw *r)
{
	size_t len = r->head->total_extlen * 8;

	words = r->head->total_extlen;
	memset(ext, 0, sizeof(ext));
	memcpy(ext, r->buf + r->head->len - len,
	       len < sizeof(ext) ? len : sizeof(ext));
	return false;
}

static const struct {
	uint32_t	op;
	const char	*name;
	client_fn	run;
} makers[] = {
	{ FUSE_CREATE, "dir/create", create_it },
	{ FUSE_MKNOD, "dir/mknod", mknod_it },
	{ FUSE_MKDIR, "dir/mkdir", mkdir_it },
	{ FUSE_SYMLINK, "dir/symlink", symlink_it },
	{ FUSE_TMPFILE, "", tmpfile_it },
};

#define MAKERS	(sizeof(makers) / sizeof(makers[0]))

/* Request @i of the table was sent, and its name is what it was. */
static void make(struct raw *r, unsigned int i)
{
	wanted = makers[i].name;
	words = ~0;
	tree.hook[makers[i].op] = hook_look;
	CHECK_IS(tree_run(r, makers[i].run), 0);
	CHECK(words != ~0u);
	if (*wanted)
		CHECK(tree_find(T_DIR, wanted + 4));
}

/* -------- modes -------- */

#define UMASK	027

static int mknod_all(const char *dir)
{
	umask(UMASK);
	return mknod(client_path(dir, wanted), S_IFIFO | 0777, 0) ? errno : 0;
}

static int mkdir_all(const char *dir)
{
	umask(UMASK);
	return mkdir(client_path(dir, wanted), 0777) ? errno : 0;
}

static struct fuse_mknod_in mknod_in;
static struct fuse_mkdir_in mkdir_in;

static bool hook_mknod(struct raw *r)
{
	memcpy(&mknod_in, r->arg, sizeof(mknod_in));
	return false;
}

static bool hook_mkdir(struct raw *r)
{
	memcpy(&mkdir_in, r->arg, sizeof(mkdir_in));
	return false;
}

/* The server is told of the umask, whoever applies it. */
static void makes_mode(struct raw *r, mode_t mode)
{
	tree.hook[FUSE_MKNOD] = hook_mknod;
	tree.hook[FUSE_MKDIR] = hook_mkdir;
	wanted = "node";
	CHECK_IS(tree_run(r, mknod_all), 0);
	CHECK_IS(mknod_in.mode, S_IFIFO | mode);
	CHECK_IS(mknod_in.umask, UMASK);
	wanted = "folder";
	CHECK_IS(tree_run(r, mkdir_all), 0);
	CHECK_IS(mkdir_in.mode & 07777, mode);
	CHECK_IS(mkdir_in.umask, UMASK);
}

static void test_masked(struct raw *r)
{
	makes_mode(r, 0777 & ~UMASK);
}

static void test_not_masked(struct raw *r)
{
	makes_mode(r, 0777);
}

/* -------- labels and groups -------- */

static void caller(gid_t own, gid_t other)
{
	gid = own;
	group = other;
	tree.node[T_DIR].attr.gid = GROUP;
}

static void test_nothing(struct raw *r)
{
	unsigned int i;

	caller(USER, GROUP);
	for (i = 0; i < MAKERS; i++) {
		make(r, i);
		CHECK_IS(words, 0);
	}
}

static void test_group(struct raw *r)
{
	unsigned int i;

	caller(USER, GROUP);
	for (i = 0; i < MAKERS; i++) {
		make(r, i);
		CHECK_IS(words, 2);
		CHECK_IS(ext[0], 16);
		CHECK_IS(ext[1], FUSE_EXT_GROUPS);
		CHECK_IS(ext[2], 1);
		CHECK_IS(ext[3], GROUP);
	}
}

/* Nothing to say: in no such group, or it is the one in the header. */
static void test_group_not(struct raw *r)
{
	caller(USER, 0);
	make(r, 0);
	CHECK_IS(words, 0);
	caller(GROUP, 0);
	make(r, 1);
	CHECK_IS(words, 0);
	caller(GROUP, GROUP);
	make(r, 2);
	CHECK_IS(words, 0);
	/* a name is no object */
	wanted = "linked";
	tree.node[FUSE_ROOT_ID].attr.gid = GROUP;
	tree.hook[FUSE_LINK] = hook_look;
	CHECK_IS(tree_run(r, link_it), 0);
	CHECK_IS(words, 0);
}

/* Without a module that labels, the server hears that there is no label. */
static void test_no_label(struct raw *r)
{
	unsigned int i;

	caller(USER, GROUP);
	for (i = 0; i < MAKERS; i++) {
		make(r, i);
		CHECK_IS(words, 1);
		CHECK_IS(ext[0], 8);
		CHECK_IS(ext[1], 0);
	}
}

/* The last request carries one label: @value. */
static void is_label(const char *value)
{
	size_t len = strlen(value) + 1;
	size_t room = sizeof(struct fuse_secctx) + sizeof(LABEL_NAME) + len;
	const char *name = (const char *)&ext[4];

	CHECK_IS(ext[0], sizeof(struct fuse_secctx_header) + (room + 7) / 8 * 8);
	CHECK_IS(ext[0], words * 8);
	CHECK_IS(ext[1], 1);
	CHECK_IS(ext[2], len);
	CHECK_IS(strcmp(name, LABEL_NAME), 0);
	CHECK_IS(strcmp(name + sizeof(LABEL_NAME), value), 0);
}

/* SELinux gives all that is made in a mount this label before it has a policy. */
static void test_labels(struct raw *r)
{
	unsigned int i;

	caller(USER, GROUP);
	for (i = 0; i < MAKERS; i++) {
		make(r, i);
		is_label("unlabeled");
	}
}

static void test_both(struct raw *r)
{
	unsigned int i, at;

	caller(USER, GROUP);
	for (i = 0; i < MAKERS; i++) {
		make(r, i);
		at = ext[0] / 4;
		CHECK(at >= 2 && at + 4 == words * 2);
		CHECK_IS(ext[at], 16);
		CHECK_IS(ext[at + 1], FUSE_EXT_GROUPS);
		CHECK_IS(ext[at + 3], GROUP);
	}
}

static const struct tree_test tests[] = {
	{ "masked", test_masked },
	{ "not-masked", test_not_masked, NULL, FUSE_DONT_MASK },
	{ "nothing", test_nothing, "allow_other" },
	{ "group", test_group, "allow_other", FUSE_CREATE_SUPP_GROUP },
	{ "group-not", test_group_not, "allow_other", FUSE_CREATE_SUPP_GROUP },
	{ "no-label", test_no_label, "allow_other", FUSE_SECURITY_CTX },
	{ "labels", test_labels, "allow_other", FUSE_SECURITY_CTX },
	{ "both", test_both, "allow_other",
	  FUSE_SECURITY_CTX | FUSE_CREATE_SUPP_GROUP },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
