// SPDX-License-Identifier: GPL-2.0-only
/*
 * Privileges of a file that is written, emptied or given away: when a write asks
 * for security.capability, and who takes that, setuid and setgid away.
 *
 *	rawprivs DIR [TEST]
 */
#include <sys/xattr.h>
#include "rawattr.h"

#define WRITES	50

static int writes(const char *dir)
{
	static char data[4096];
	int i, fd = open(client_path(dir, wanted), O_WRONLY);

	if (fd < 0)
		return errno;
	for (i = 0; i < WRITES; i++)
		if (pwrite(fd, data, sizeof(data), 0) != sizeof(data))
			return errno;
	return 0;
}

static int set_caps(const char *dir)
{
	/* cap_net_raw, version 2 of the attribute */
	static const unsigned char caps[20] = { 1, 0, 0, 2, 0, 0x20 };

	return setxattr(client_path(dir, wanted), "security.capability", caps,
			sizeof(caps), 0) ? errno : 0;
}

static int set_user(const char *dir)
{
	return setxattr(client_path(dir, wanted), "user.x", "y", 1, 0) ?
	       errno : 0;
}

static void caps_once(struct raw *r)
{
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.caps_asked, 1);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(tree_run(r, set_user), 0);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.caps_asked, 1);
	/* what may give the file capabilities */
	CHECK_IS(tree_run(r, set_caps), 0);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.caps_asked, 2);
	CHECK_IS(tree_run(r, chmod_wanted), 0);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.caps_asked, 3);
}

static void test_caps_cached(struct raw *r)
{
	caps_once(r);
}

/* The server writes the file itself, and what it writes drops them. */
static void test_caps_direct(struct raw *r)
{
	tree.open_flags = FOPEN_DIRECT_IO;
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree_run(r, set_caps), 0);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.count[FUSE_WRITE], 2 * WRITES);
	CHECK_IS(tree.caps_asked, 0);
}

static int backing = -1;

static bool hook_open_through(struct raw *r)
{
	struct fuse_backing_map map = { };
	struct fuse_open_out out = {
		.fh = r->head->nodeid, .open_flags = FOPEN_PASSTHROUGH,
	};
	char name[] = "/var/tmp/rawprivs.XXXXXX";

	if (backing < 0) {
		backing = mkstemp(name);
		unlink(name);
	}
	map.fd = backing;
	out.backing_id = ioctl(r->fd, FUSE_DEV_IOC_BACKING_OPEN, &map);
	CHECK(out.backing_id > 0);
	raw_reply(r, 0, &out, sizeof(out));
	tree.handles++;
	return true;
}

static bool hook_release_through(struct raw *r)
{
	/* ids grow: the oldest is the one that is left */
	static uint32_t id = 1;

	ioctl(r->fd, FUSE_DEV_IOC_BACKING_CLOSE, &id);
	return false;
}

static void test_caps_through(struct raw *r)
{
	tree.hook[FUSE_OPEN] = hook_open_through;
	tree.hook[FUSE_RELEASE] = hook_release_through;
	caps_once(r);
	CHECK_IS(tree.count[FUSE_WRITE], 0);
}

static void test_caps_zero_life(struct raw *r)
{
	tree.attr_valid = 0;
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.caps_asked, WRITES);
}

/*
 * GETATTR makes attributes live longer, and not what is known of this. A machine
 * that takes longer for the first part than that lives tries again.
 */
static void test_caps_expire(struct raw *r)
{
	uint32_t asked;
	int64_t begin;
	int tries;

	tree.attr_valid = 2;
	for (tries = 5; tries; tries--) {
		begin = now_ms();
		CHECK_IS(tree_run(r, writes), 0);
		asked = tree.caps_asked;
		usleep(1500000);
		CHECK_IS(tree_run(r, stat_force), 0);
		CHECK_IS(tree_run(r, writes), 0);
		if (now_ms() - begin < 2000)
			break;
		usleep(2100000);
	}
	if (tries)
		CHECK_IS(tree.caps_asked, asked);
	usleep(700000);
	CHECK_IS(tree_run(r, writes), 0);
	if (tries)
		CHECK_IS(tree.caps_asked, asked + 1);
}

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

static int make_flags;

/* Makes what is wanted and writes to it twice. */
static int make_and_write(const char *dir)
{
	int fd = open(client_path(dir, wanted), make_flags | O_WRONLY, 0600);

	if (fd < 0)
		return errno;
	return pwrite(fd, "x", 1, 0) == 1 && pwrite(fd, "y", 1, 1) == 1 ? 0 : errno;
}

/* How often was the server asked for capabilities of what was made so? */
static uint32_t made(struct raw *r, const char *name, int flags)
{
	uint32_t before = tree.caps_asked;

	wanted = name;
	make_flags = flags;
	CHECK_IS(tree_run(r, make_and_write), 0);
	return tree.caps_asked - before;
}

/* It makes the file as anybody does, but it is not empty. */
static bool hook_make_full(struct raw *r)
{
	uint64_t id = tree_add(r->head->nodeid, wanted, S_IFREG | 0600);

	tree.node[id].attr.size = 100;
	tree_reply_created(r, id);
	return true;
}

/* Nobody can have given capabilities to a file that this very call made. */
static void test_caps_made(struct raw *r)
{
	CHECK_IS(made(r, "exclusive", O_CREAT | O_EXCL), 0);
	CHECK_IS(tree.count[FUSE_CREATE], 1);
	CHECK_IS(made(r, "", O_TMPFILE), 0);
	CHECK_IS(tree.count[FUSE_TMPFILE], 1);

	/* This one may have been there, as somebody else may have made it. */
	CHECK_IS(made(r, "perhaps", O_CREAT), 1);
	tree.hook[FUSE_CREATE] = hook_make_full;
	CHECK_IS(made(r, "full", O_CREAT | O_EXCL), 1);

	/* What is known is dropped as if it had been asked. */
	tree.hook[FUSE_CREATE] = NULL;
	CHECK_IS(made(r, "changed", O_CREAT | O_EXCL), 0);
	CHECK_IS(tree_run(r, set_caps), 0);
	CHECK_IS(made(r, "changed", 0), 1);

	/* And lasts no longer than attributes do. */
	tree.attr_valid = 0;
	CHECK_IS(made(r, "short", O_CREAT | O_EXCL), 2);
	tree.attr_valid = 100;

	/* The same by MKNOD. */
	tree.hook[FUSE_CREATE] = hook_enosys;
	CHECK_IS(made(r, "node", O_CREAT | O_EXCL), 0);
	CHECK_IS(tree.count[FUSE_MKNOD], 1);
}

static void test_caps_never(struct raw *r)
{
	tree.attr_valid = 0;
	tree.hook[FUSE_GETXATTR] = hook_enosys;
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.count[FUSE_GETXATTR], 1);
}

static bool hook_has_caps(struct raw *r)
{
	const struct fuse_getxattr_in *in = r->arg;
	static const unsigned char caps[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct fuse_getxattr_out out = { .size = sizeof(caps) };

	if (in->size)
		raw_reply(r, 0, caps, sizeof(caps));
	else
		raw_reply(r, 0, &out, sizeof(out));
	return true;
}

static bool hook_caps_removed(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = NULL;
	return false;
}

static void test_caps_stripped(struct raw *r)
{
	tree.hook[FUSE_GETXATTR] = hook_has_caps;
	tree.hook[FUSE_REMOVEXATTR] = hook_caps_removed;
	CHECK_IS(tree_run(r, writes), 0);
	CHECK_IS(tree.count[FUSE_REMOVEXATTR], 1);
}

static int stranger_writes(const char *dir)
{
	int fd = open(client_path(dir, wanted), O_WRONLY);

	if (fd < 0)
		return errno;
	become_stranger();
	return write(fd, "x", 1) == 1 ? 0 : errno;
}

static void suid(struct raw *r, unsigned int setattrs)
{
	tree.node[T_FILE].attr.mode = S_IFREG | 06777;
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	sent.valid = 0;
	CHECK_IS(tree_run(r, stranger_writes), 0);
	CHECK_IS(tree.count[FUSE_SETATTR], setattrs);
	if (!setattrs)
		return;
	CHECK_IS(sent.valid & ~FATTR_FH, FATTR_MODE);
	CHECK_IS(sent.mode & 07777, 0777);
}

static void test_suid(struct raw *r)
{
	suid(r, 1);
}

static void test_suid_server_strips(struct raw *r)
{
	suid(r, 0);
}

static void test_suid_through(struct raw *r)
{
	tree.hook[FUSE_OPEN] = hook_open_through;
	tree.hook[FUSE_RELEASE] = hook_release_through;
	suid(r, 1);
}

/* The mode is not put back to what it was thought to be. */
static void test_suid_fresh_mode(struct raw *r)
{
	tree.node[T_FILE].attr.mode = S_IFREG | 04777;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.node[T_FILE].attr.mode = S_IFREG | 04770;
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	CHECK_IS(tree_run(r, stranger_writes), 0);
	CHECK_IS(sent.mode & 07777, 0770);
}

/* A bit that somebody else set meanwhile is not forgotten. */
static void test_chown_fresh_mode(struct raw *r)
{
	tree.node[T_FILE].attr.mode = S_IFREG | 0775;
	CHECK_IS(tree_run(r, stat_wanted), 0);
	tree.node[T_FILE].attr.mode = S_IFREG | 06775;
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK_IS(sent.valid, FATTR_UID | FATTR_GID | FATTR_MODE);
	CHECK_IS(sent.mode & 07777, 0775);
	/* without execution by the group, setgid is no privilege */
	tree.node[T_FILE].attr.mode = S_IFREG | 02765;
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK_IS(sent.valid, FATTR_UID | FATTR_GID);
}

static void test_kill_on_truncate(struct raw *r)
{
	tree.node[T_FILE].attr.mode = S_IFREG | 06777;
	tree.hook[FUSE_SETATTR] = hook_look_setattr;
	CHECK_IS(tree_run(r, truncate_path), 0);
	CHECK(!(sent.valid & FATTR_KILL_SUIDGID));
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK(!(sent.valid & FATTR_MODE));
	/* whoever it is: what it costs to give a file away, it costs root too */
	CHECK(sent.valid & FATTR_KILL_SUIDGID);
	/* of a directory, setgid says something else */
	wanted = "dir";
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK(!(sent.valid & FATTR_KILL_SUIDGID));
}

/* -------- who is told to strip -------- */

static bool strange;	/* clients are strangers, not root */

static int open_as(const char *dir, int flags)
{
	if (strange)
		become_stranger();
	return open(client_path(dir, wanted), flags, 0666);
}

static int open_emptied(const char *dir)
{
	return open_as(dir, O_WRONLY | O_TRUNC) < 0 ? errno : 0;
}

static int create_emptied(const char *dir)
{
	return open_as(dir, O_CREAT | O_WRONLY | O_TRUNC) < 0 ? errno : 0;
}

static int write_as(const char *dir, int flags)
{
	static char data[4096] __attribute__((aligned(4096)));
	int fd = open_as(dir, O_WRONLY | flags);

	if (fd < 0)
		return errno;
	return write(fd, data, sizeof(data)) == sizeof(data) ? 0 : errno;
}

static int write_plain(const char *dir)
{
	return write_as(dir, 0);
}

static int write_direct(const char *dir)
{
	return write_as(dir, O_DIRECT);
}

static int truncate_as(const char *dir)
{
	if (strange)
		become_stranger();
	return truncate_path(dir);
}

static bool told;	/* by the last request of those that can */

static bool hook_told(struct raw *r)
{
	switch (r->head->opcode) {
	case FUSE_OPEN:
		told = ((struct fuse_open_in *)r->arg)->open_flags &
		       FUSE_OPEN_KILL_SUIDGID;
		break;
	case FUSE_CREATE:
		told = ((struct fuse_create_in *)r->arg)->open_flags &
		       FUSE_OPEN_KILL_SUIDGID;
		break;
	case FUSE_WRITE:
		told = ((struct fuse_write_in *)r->arg)->write_flags &
		       FUSE_WRITE_KILL_SUIDGID;
		break;
	case FUSE_SETATTR:
		told = ((struct fuse_setattr_in *)r->arg)->valid &
		       FATTR_KILL_SUIDGID;
		break;
	}
	return false;
}

static void tells(struct raw *r, client_fn fn, uint32_t op, bool want)
{
	unsigned int before = tree.count[op];

	tree.hook[op] = hook_told;
	told = !want;
	CHECK_IS(tree_run(r, fn), 0);
	CHECK_IS(tree.count[op], before + 1);
	CHECK_IS(told, want);
}

/* Does a server hear of it when a stranger, or root, empties or writes a file? */
static void all_tell(struct raw *r, bool empties, bool writes)
{
	wanted = "file";
	tells(r, open_emptied, FUSE_OPEN, empties);
	tells(r, truncate_as, FUSE_SETATTR, empties);
	tells(r, write_direct, FUSE_WRITE, writes);
	tree.open_flags = FOPEN_DIRECT_IO;
	tells(r, write_plain, FUSE_WRITE, writes);
	tree.open_flags = 0;
	wanted = strange ? "strange" : "own";
	tells(r, create_emptied, FUSE_CREATE, empties);
}

static void test_told(struct raw *r)
{
	strange = true;
	all_tell(r, true, true);
	strange = false;
	all_tell(r, false, false);
}

/* What is not agreed on only direct writes say, as they do in Linux. */
static void test_not_told(struct raw *r)
{
	strange = true;
	all_tell(r, false, true);
	strange = false;
	all_tell(r, false, false);
}

/* A server of the first version strips by itself, and is not told to. */
static void test_kill_first(struct raw *r)
{
	suid(r, 0);
	CHECK_IS(tree_run(r, truncate_path), 0);
	CHECK(sent.valid & FATTR_SIZE);
	CHECK(!(sent.valid & (FATTR_MODE | FATTR_KILL_SUIDGID)));
	CHECK_IS(tree_run(r, chown_wanted), 0);
	CHECK(sent.valid & (FATTR_UID | FATTR_GID));
	CHECK(!(sent.valid & FATTR_MODE));
}

static const struct tree_test tests[] = {
	{ "caps-cached", test_caps_cached },
	{ "caps-direct", test_caps_direct },
	{ "caps-through", test_caps_through, NULL, FUSE_PASSTHROUGH },
	{ "caps-zero-life", test_caps_zero_life },
	{ "caps-expire", test_caps_expire },
	{ "caps-never", test_caps_never },
	{ "caps-made", test_caps_made },
	{ "caps-stripped", test_caps_stripped },
	{ "suid", test_suid, "allow_other" },
	{ "suid-server-strips", test_suid_server_strips, "allow_other",
	  FUSE_HANDLE_KILLPRIV_V2 },
	{ "suid-through", test_suid_through, "allow_other",
	  FUSE_HANDLE_KILLPRIV_V2 | FUSE_PASSTHROUGH },
	{ "suid-fresh-mode", test_suid_fresh_mode, "allow_other" },
	{ "chown-fresh-mode", test_chown_fresh_mode },
	{ "kill-on-truncate", test_kill_on_truncate, NULL,
	  FUSE_HANDLE_KILLPRIV_V2 },
	{ "told", test_told, "allow_other",
	  FUSE_HANDLE_KILLPRIV_V2 | FUSE_ATOMIC_O_TRUNC },
	{ "not-told", test_not_told, "allow_other", FUSE_ATOMIC_O_TRUNC },
	{ "kill-first", test_kill_first, "allow_other",
	  FUSE_HANDLE_KILLPRIV },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
