// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX ACLs against a server made by hand: when they decide, how long they are
 * kept, what is sent to change them, what a server without the feature sees.
 *
 *	rawacl DIR [TEST]
 *	rawacl DIR userns	in a user namespace, where no id but 0 is known
 */
#include <grp.h>
#include <sys/xattr.h>
#include "rawtree.h"

#define USER		1000
#define STRANGER	1001
#define GROUP		5

#define ACCESS	"system.posix_acl_access"
#define DEFAULT	"system.posix_acl_default"

struct acl_entry {
	uint16_t	tag, perm;
	uint32_t	id;
};

struct acl {
	uint32_t		version;
	struct acl_entry	entry[5];
};

/* rw-------, and for USER r--. */
static const struct acl user_reads = {
	.version = 2,
	.entry = {
		{ 1, 6, -1 }, { 2, 4, USER }, { 4, 0, -1 }, { 16, 4, -1 },
		{ 32, 0, -1 },
	},
};

/* The same for the only id that there is in a user namespace. */
static const struct acl root_reads = {
	.version = 2,
	.entry = {
		{ 1, 6, -1 }, { 2, 4, 0 }, { 4, 0, -1 }, { 16, 4, -1 },
		{ 32, 0, -1 },
	},
};

static const struct acl *stored = &user_reads;
static const char *attribute = ACCESS;
static uid_t as_uid;

static int become(void)
{
	return as_uid && (setgroups(0, NULL) || setregid(as_uid, as_uid) ||
			  setreuid(as_uid, as_uid));
}

static int read_it(const char *dir)
{
	int fd;

	if (become())
		return 255;
	fd = open(client_path(dir, wanted), O_RDONLY);
	return fd < 0 ? errno : (close(fd), 0);
}

static int get_it(const char *dir)
{
	static char buf[1 << 16];
	ssize_t n = getxattr(client_path(dir, wanted), attribute, buf,
			     sizeof(buf));

	shared->value[0] = n;
	shared->value[1] = n == sizeof(user_reads) &&
			   !memcmp(buf, &user_reads, n);
	return n < 0 ? errno : 0;
}

static int set_it(const char *dir)
{
	if (become())
		return 255;
	return setxattr(client_path(dir, wanted), attribute, stored,
			sizeof(*stored), 0) ? errno : 0;
}

static int remove_it(const char *dir)
{
	return removexattr(client_path(dir, wanted), attribute) ? errno : 0;
}

static int chmod_it(const char *dir)
{
	return chmod(client_path(dir, wanted), 0640) ? errno : 0;
}

/* -------- what the server says -------- */

static const void *acl = &user_reads;
static uint32_t length = sizeof(user_reads);
static int error;
static uint64_t whose;

static bool hook_get(struct raw *r)
{
	const struct fuse_getxattr_in *in = r->arg;
	struct fuse_getxattr_out out = { .size = length };
	const char *name = (const char *)(in + 1);

	if (strcmp(name, ACCESS) && strcmp(name, DEFAULT))
		return false;
	if (r->head->nodeid != whose) {
		raw_reply(r, ENODATA, NULL, 0);
		return true;
	}
	shared->value[7]++;
	if (error || strcmp(name, attribute))
		raw_reply(r, error ? error : ENODATA, NULL, 0);
	else if (!in->size)
		raw_reply(r, 0, &out, sizeof(out));
	else if (in->size < length)
		raw_reply(r, ERANGE, NULL, 0);
	else
		raw_reply(r, 0, acl, length);
	return true;
}

static long acls_asked(void)
{
	return shared->value[7];
}

/* Which layout, flags and value a SETXATTR has. */
static bool hook_set(struct raw *r)
{
	const struct fuse_setxattr_in *in = r->arg;
	bool full = tree.flags & FUSE_SETXATTR_EXT;
	const char *name = (char *)r->arg +
		(full ? sizeof(*in) : FUSE_COMPAT_SETXATTR_IN_SIZE);

	shared->value[2] = in->size;
	shared->value[3] = full ? in->setxattr_flags : 0;
	shared->value[4] = !strcmp(name, attribute) &&
		!memcmp(name + strlen(name) + 1, &user_reads,
			sizeof(user_reads));
	raw_reply(r, error, NULL, 0);
	return true;
}

static void begin(void)
{
	acl = &user_reads;
	length = sizeof(user_reads);
	error = 0;
	as_uid = 0;
	whose = T_FILE;
	attribute = ACCESS;
	tree.hook[FUSE_GETXATTR] = hook_get;
	tree.hook[FUSE_SETXATTR] = hook_set;
	/* The group bits show the mask. */
	tree.node[T_FILE].attr.mode = S_IFREG | 0640;
}

static void test_decides(struct raw *r)
{
	begin();
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	as_uid = STRANGER;
	CHECK_IS(tree_run(r, read_it), EACCES);
	/* without bits for the mask an ACL gives nobody anything */
	tree.node[T_FILE].attr.mode = S_IFREG | 0604;
	tree.attr_valid = 0;
	CHECK_IS(tree_run(r, chmod_it), 0);
	tree.node[T_FILE].attr.mode = S_IFREG | 0600;
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), EACCES);
}

static void test_none(struct raw *r)
{
	begin();
	error = ENODATA;
	tree.node[T_FILE].attr.gid = STRANGER;
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), EACCES);
	as_uid = STRANGER;
	CHECK_IS(tree_run(r, read_it), 0);
}

static void test_kept(struct raw *r)
{
	long asked;

	begin();
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	asked = acls_asked();
	CHECK(asked > 0);
	CHECK_IS(tree_run(r, read_it), 0);
	CHECK_IS(tree_run(r, read_it), 0);
	CHECK_IS(acls_asked(), asked);
	/* as getxattr(2) sees it, too */
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[1], 1);
	CHECK_IS(acls_asked(), asked);
}

static void test_forgotten(struct raw *r)
{
	long asked;

	begin();
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	asked = acls_asked();
	as_uid = 0;
	CHECK_IS(tree_run(r, chmod_it), 0);
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	CHECK_IS(acls_asked(), asked + 1);
	as_uid = 0;
	CHECK_IS(tree_run(r, remove_it), 0);
	error = ENODATA;
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), EACCES);
}

/* With attributes that do not hold, ACLs do not either. */
static void test_not_kept(struct raw *r)
{
	begin();
	tree.attr_valid = 0;
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	error = ENODATA;
	CHECK_IS(tree_run(r, read_it), EACCES);
}

static void test_set(struct raw *r)
{
	begin();
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[2], sizeof(user_reads));
	CHECK_IS(shared->value[3], 0);
	CHECK_IS(shared->value[4], 1);
	error = EPERM;
	CHECK_IS(tree_run(r, set_it), EPERM);
	error = 0;
	wanted = "dir";
	attribute = DEFAULT;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[4], 1);
	CHECK_IS(tree_run(r, remove_it), 0);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 1);
	CHECK_IS(tree.count[FUSE_SETXATTR], 3);
	/* a file has no default, and strangers set nothing */
	wanted = "file";
	CHECK_IS(tree_run(r, set_it), EACCES);
	attribute = ACCESS;
	as_uid = STRANGER;
	CHECK_IS(tree_run(r, set_it), EPERM);
	CHECK_IS(tree.count[FUSE_SETXATTR], 3);
}

/* The owner is not in the file's group. */
static void test_setgid(struct raw *r)
{
	begin();
	tree.node[T_FILE].attr.uid = USER;
	tree.node[T_FILE].attr.gid = GROUP;
	as_uid = USER;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[3], FUSE_SETXATTR_ACL_KILL_SGID);
	as_uid = 0;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[3], 0);
}

static void test_setgid_group(struct raw *r)
{
	begin();
	tree.node[T_FILE].attr.uid = USER;
	tree.node[T_FILE].attr.gid = USER;
	as_uid = USER;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[3], 0);
}

/* A server that knows ACLs but not the longer request. */
static void test_short_request(struct raw *r)
{
	begin();
	tree.node[T_FILE].attr.uid = USER;
	tree.node[T_FILE].attr.gid = GROUP;
	as_uid = USER;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[4], 1);
}

static void test_nonsense(struct raw *r)
{
	static const struct acl other_version = { .version = 3 };
	static char huge[1 << 16];

	begin();
	as_uid = USER;
	acl = &other_version;
	CHECK(tree_run(r, read_it) != 0);
	acl = &user_reads;
	length = sizeof(user_reads) - 3;
	CHECK_IS(tree_run(r, read_it), EINVAL);
	acl = huge;
	length = sizeof(huge);
	CHECK(tree_run(r, read_it) != 0);
	error = EIO;
	CHECK_IS(tree_run(r, read_it), EIO);
	/* an error is not remembered */
	begin();
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
}

/* More entries than fit a page; of those that make no difference. */
static void test_large(struct raw *r)
{
	static struct {
		uint32_t		version;
		struct acl_entry	entry[1004];
	} large = { .version = 2 };
	int i, n = 1000;

	begin();
	large.entry[0] = user_reads.entry[0];
	for (i = 0; i < n; i++)
		large.entry[1 + i] = (struct acl_entry){ 2, 4, USER + i };
	memcpy(large.entry + 1 + n, user_reads.entry + 2,
	       3 * sizeof(struct acl_entry));
	acl = &large;
	length = sizeof(large);
	as_uid = USER + n - 1;
	CHECK_IS(tree_run(r, read_it), 0);
	as_uid = USER + n;
	CHECK_IS(tree_run(r, read_it), EACCES);
}

static void test_no_xattrs(struct raw *r)
{
	begin();
	error = ENOSYS;
	tree.node[T_FILE].attr.gid = USER;
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), 0);
	CHECK_IS(tree_run(r, set_it), EPERM);
	as_uid = 0;
	CHECK_IS(tree_run(r, set_it), EOPNOTSUPP);
	CHECK_IS(tree_run(r, set_it), EOPNOTSUPP);
	CHECK_IS(tree.count[FUSE_SETXATTR], 1);
}

/* Without the feature: values for the server, none of which is kept. */
static void test_values(struct raw *r)
{
	begin();
	tree.node[T_FILE].attr.uid = USER;
	tree.node[T_FILE].attr.gid = GROUP;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[1], 1);
	CHECK(acls_asked() >= 2);
	as_uid = USER;
	CHECK_IS(tree_run(r, set_it), 0);
	CHECK_IS(shared->value[4], 1);
	CHECK_IS(shared->value[3], 0);
	as_uid = 0;
	CHECK_IS(tree_run(r, remove_it), 0);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 1);
	error = ENODATA;
	CHECK_IS(tree_run(r, get_it), ENODATA);
	error = 0;
	wanted = "";
	whose = FUSE_ROOT_ID;
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(tree_run(r, get_it), 0);
	CHECK_IS(shared->value[1], 1);
}

/* Nor does anything but the mode decide. */
static void test_values_mode(struct raw *r)
{
	begin();
	as_uid = USER;
	CHECK_IS(tree_run(r, read_it), EACCES);
	CHECK_IS(acls_asked(), 0);
}

/* -------- in a user namespace -------- */

/* All of it given back: caches of the machine are not dropped in there. */
static void prune_file(struct raw *r)
{
	struct {
		struct fuse_out_header		head;
		struct fuse_notify_prune_out	prune;
		uint64_t			id;
	} __attribute__((packed)) out = {
		.head = { .len = sizeof(out), .error = FUSE_NOTIFY_PRUNE },
		.prune = { .count = 1 },
		.id = T_FILE,
	};

	CHECK_IS(write(r->fd, &out, sizeof(out)), sizeof(out));
	tree_serve_for(r, SHORT_MS);
}

/* Ids in an ACL would be those of whoever: nobody passes one on, either way. */
static void test_refused(struct raw *r)
{
	begin();
	stored = &root_reads;
	tree.node[T_FILE].attr.mode = S_IFREG | 0644;
	CHECK_IS(tree_run(r, get_it), EOPNOTSUPP);
	CHECK_IS(tree_run(r, set_it), EOPNOTSUPP);
	CHECK_IS(tree_run(r, remove_it), EOPNOTSUPP);
	CHECK_IS(acls_asked(), 0);
	CHECK_IS(tree.count[FUSE_SETXATTR], 0);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 0);
	prune_file(r);
}

/* With the feature the kernel knows whose they are. */
static void test_asked(struct raw *r)
{
	begin();
	error = ENODATA;
	CHECK_IS(tree_run(r, get_it), ENODATA);
	CHECK(acls_asked() > 0);
	CHECK_IS(tree_run(r, remove_it), 0);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 1);
	prune_file(r);
}

#define WITH	(FUSE_POSIX_ACL | FUSE_SETXATTR_EXT)

static const struct tree_test tests[] = {
	{ "decides", test_decides, "allow_other", WITH },
	{ "none", test_none, "allow_other", WITH },
	{ "kept", test_kept, "allow_other", WITH },
	{ "forgotten", test_forgotten, "allow_other", WITH },
	{ "not-kept", test_not_kept, "allow_other", WITH },
	{ "set", test_set, "allow_other", WITH },
	{ "setgid", test_setgid, "allow_other", WITH },
	{ "setgid-group", test_setgid_group, "allow_other", WITH },
	{ "short-request", test_short_request, "allow_other", FUSE_POSIX_ACL },
	{ "nonsense", test_nonsense, "allow_other", WITH },
	{ "large", test_large, "allow_other", WITH },
	{ "no-xattrs", test_no_xattrs, "allow_other", WITH },
	{ "values", test_values, "allow_other", FUSE_SETXATTR_EXT },
	{ "values-mode", test_values_mode, "allow_other,default_permissions" },
	{ }
};

static const struct tree_test inside[] = {
	{ "acl-refused", test_refused },
	{ "acl-asked", test_asked, NULL, WITH },
	{ }
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[2], "userns"))
		return tree_tests(inside, 2, argv);
	return tree_tests(tests, argc, argv);
}
