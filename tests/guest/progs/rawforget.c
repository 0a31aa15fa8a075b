// SPDX-License-Identifier: GPL-2.0-only
/*
 * FORGET, and a killed caller's request that names the node: the server may
 * free the node with the one, and is at work on it with the other. Each test
 * has the caller killed while its request is at the server, and the inode
 * evicted then; it fails when FORGET is read before the answer, or never.
 *
 *	rawforget DIR [TEST]
 */
#include <sys/xattr.h>
#include "rawcheck.h"

/* The caller leaves; its request stays, and is in @r afterwards. */
static void leave(struct raw *r, pid_t pid)
{
	struct fuse_in_header held = *r->head;

	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	*r->head = held;
}

/* Whatever nobody uses is evicted: a name that was in use needs two rounds. */
static void evict(void)
{
	int i;

	for (i = 0; i < 3; i++)
		raw_drop_caches();
}

/* The next message but INTERRUPT, and what closing leaves behind; 0 if none. */
static uint32_t next_op(struct raw *r, int ms)
{
	while (raw_next(r, ms) > 0) {
		if (r->head->opcode != FUSE_INTERRUPT)
			return r->head->opcode;
	}
	return 0;
}

/* No FORGET as long as the request in @r is not answered. */
static void none_yet(struct raw *r)
{
	struct fuse_in_header held = *r->head;

	evict();
	CHECK_IS(next_op(r, SHORT_MS), 0);
	*r->head = held;
}

static void forgotten(struct raw *r)
{
	CHECK_IS(next_op(r, LONG_MS), FUSE_FORGET);
	CHECK_IS(r->head->nodeid, FILE_ID);
}

static int client_getxattr(const char *dir)
{
	char value[16];

	return getxattr(client_path(dir, "file"), "user.x", value, sizeof(value)) < 0 ? errno : 0;
}

static void test_node(struct raw *r)
{
	pid_t pid = client_start(r, client_getxattr);

	CHECK(fs_until(r, FUSE_GETXATTR, LONG_MS));
	leave(r, pid);
	none_yet(r);
	CHECK_IS(raw_reply(r, ENODATA, NULL, 0), 0);
	forgotten(r);
}

/* Of two, FORGET waits for both. */
static void test_two(struct raw *r)
{
	pid_t one = client_start(r, client_getxattr), two;
	struct fuse_in_header first;

	CHECK(fs_until(r, FUSE_GETXATTR, LONG_MS));
	leave(r, one);
	first = *r->head;
	two = client_start(r, client_getxattr);
	CHECK(fs_until(r, FUSE_GETXATTR, LONG_MS));
	leave(r, two);
	none_yet(r);
	CHECK_IS(raw_reply(r, ENODATA, NULL, 0), 0);
	*r->head = first;
	none_yet(r);
	CHECK_IS(raw_reply(r, ENODATA, NULL, 0), 0);
	forgotten(r);
}

static int client_link(const char *dir)
{
	char from[4096];

	snprintf(from, sizeof(from), "%s/file", dir);
	return link(from, client_path(dir, "other")) ? errno : 0;
}

/* The node is not the one of the header. */
static void test_second(struct raw *r)
{
	pid_t pid = client_start(r, client_link);

	CHECK(fs_until(r, FUSE_LINK, LONG_MS));
	CHECK_IS(r->head->nodeid, FUSE_ROOT_ID);
	leave(r, pid);
	none_yet(r);
	CHECK_IS(raw_reply(r, EEXIST, NULL, 0), 0);
	forgotten(r);
}

static int client_open(const char *dir)
{
	return open(client_path(dir, "file"), O_RDONLY) < 0 ? errno : 0;
}

static int client_open_empty(const char *dir)
{
	return open(client_path(dir, "file"), O_RDWR | O_TRUNC) < 0 ? errno : 0;
}

/* The handle of a late answer is given back before the node is. */
static void open_then(struct raw *r, client_fn fn)
{
	struct fuse_open_out open = { .fh = 1234 };
	pid_t pid = client_start(r, fn);

	CHECK(fs_until(r, FUSE_OPEN, LONG_MS));
	leave(r, pid);
	none_yet(r);
	CHECK_IS(raw_reply(r, 0, &open, sizeof(open)), 0);
	CHECK_IS(next_op(r, LONG_MS), FUSE_RELEASE);
	CHECK_IS(r->head->nodeid, FILE_ID);
	none_yet(r);
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	forgotten(r);
}

static void test_open(struct raw *r)
{
	open_then(r, client_open);
}

/* @timeout: seconds that the server gives itself, 0 for any */
static void init_with(struct raw *r, uint32_t flags, unsigned int timeout)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = MAX_WRITE,
		.max_background = 12,
		.flags = flags | FUSE_INIT_EXT,
		.flags2 = timeout ? FUSE_REQUEST_TIMEOUT >> 32 : 0,
		.request_timeout = timeout,
	};

	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	CHECK_IS(raw_reply(r, 0, &init, sizeof(init)), 0);
}

/* Its orphan keeps the inode, and lets it go with RELEASE still unread. */
static void test_open_empty(struct raw *r)
{
	init_with(r, FUSE_ATOMIC_O_TRUNC, 0);
	open_then(r, client_open_empty);
}

/* -------- a server that lost what it had read -------- */

static int tell_resend(struct raw *r)
{
	struct fuse_out_header out = {
		.len = sizeof(out), .error = FUSE_NOTIFY_RESEND,
	};

	return write(r->fd, &out, sizeof(out)) < 0 ? -errno : 0;
}

/* It is not at work on the node any more. */
static void test_lost(struct raw *r)
{
	pid_t pid = client_start(r, client_getxattr);

	CHECK(fs_until(r, FUSE_GETXATTR, LONG_MS));
	leave(r, pid);
	none_yet(r);
	CHECK_IS(tell_resend(r), 0);
	forgotten(r);
}

/* And so it is not late with it, whatever the time that it has for an answer. */
static void test_lost_timeout(struct raw *r)
{
	const unsigned int timeout = 5 * raw_slow();
	pid_t pid;

	init_with(r, 0, timeout);
	pid = client_start(r, client_getxattr);
	CHECK(fs_until(r, FUSE_GETXATTR, LONG_MS));
	leave(r, pid);
	CHECK_IS(tell_resend(r), 0);
	sleep(2 * timeout);
	CHECK_IS(client_serve(r, client_start(r, client_stat_file)), 0);
}

static int client_write(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR);

	return fd < 0 || pwrite(fd, "w", 1, 0) < 0 ? errno : 0;
}

/* Nor on bytes that others want to change; what it held is given back. */
static void test_lost_write(struct raw *r)
{
	struct fuse_in_header lost;
	pid_t pid = client_start(r, client_write);

	CHECK(fs_until(r, FUSE_WRITE, LONG_MS));
	leave(r, pid);
	lost = *r->head;
	CHECK_IS(tell_resend(r), 0);
	CHECK_IS(client_serve(r, client_start(r, client_write)), 0);
	/* A server that has it after all is heard, and that is all. */
	*r->head = lost;
	CHECK_IS(raw_reply(r, EIO, NULL, 0), 0);
	CHECK_IS(raw_reply(r, EIO, NULL, 0), -ENOENT);
	fs_settle(r, SHORT_MS);
	CHECK_IS(client_serve(r, client_start(r, client_write)), 0);
}

static const struct test tests[] = {
	{ "forget-waits", test_node },
	{ "forget-waits-for-both", test_two },
	{ "forget-of-second", test_second },
	{ "forget-after-release", test_open },
	{ "forget-after-emptying", test_open_empty, .raw = true },
	{ "lost-forget", test_lost },
	{ "lost-timeout", test_lost_timeout, .raw = true },
	{ "lost-write", test_lost_write },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run(tests, argc, argv);
}
