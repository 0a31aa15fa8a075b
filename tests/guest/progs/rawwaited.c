// SPDX-License-Identifier: GPL-2.0-only
/*
 * FLUSH and READDIRPLUS, which go on if their caller is killed: what their
 * callers wait for behind the background limit, and their signals.
 *
 *	rawwaited DIR [TEST]
 */
#include <dirent.h>
#include "rawcheck.h"
#include "rawintr.h"

/* Its reads ahead are as many requests as pages. */
static int client_read(const char *dir)
{
	static char buf[65536];
	int fd = open(client_path(dir, "file"), O_RDONLY);

	return fd < 0 || pread(fd, buf, sizeof(buf), 0) < 0 ? errno : 0;
}

/* Another open would wait for the page that is being read. Closes when told to. */
static int client_close_later(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDONLY);

	take_signal();
	if (fd < 0)
		return errno;
	pause();
	return close(fd) ? errno : 0;
}

static int client_list(const char *dir)
{
	DIR *d = opendir(dir);

	if (!d)
		return errno;
	errno = 0;
	readdir(d);
	return errno;
}

/* What a caller waits for is read at once, however many READs are unanswered. */
static void test_at_once(struct raw *r)
{
	struct fuse_in_header held;
	struct fuse_read_in in;
	pid_t reader, closer, lister;

	init_one_at_a_time(r);
	closer = client_start(r, client_close_later);
	CHECK(fs_until(r, FUSE_OPEN, LONG_MS));
	fs_answer(r);
	reader = client_start(r, client_read);
	CHECK(fs_until(r, FUSE_READ, LONG_MS));
	held = *r->head;
	memcpy(&in, r->arg, sizeof(in));

	CHECK(raw_sleeps_in(closer, SYS_pause));
	kill(closer, SIGUSR1);
	CHECK(fs_until(r, FUSE_FLUSH, LONG_MS));
	fs_answer(r);
	CHECK_IS(client_wait(closer, LONG_MS), 0);
	lister = client_start(r, client_list);
	CHECK(fs_until(r, FUSE_READDIRPLUS, LONG_MS));
	CHECK_IS(raw_reply(r, EIO, NULL, 0), 0);
	CHECK_IS(client_wait(lister, LONG_MS), EIO);
	/* Neither made room for another. */
	CHECK(!fs_until(r, FUSE_READ, SHORT_MS));
	*r->head = held;
	memcpy(r->arg, &in, sizeof(in));
	fs_answer(r);
	CHECK_IS(client_serve(r, reader), 0);
}

/* Its caller waits for FLUSH, told to close by the signal. */
static pid_t start_flush(struct raw *r)
{
	pid_t pid = client_start(r, client_close_later);

	CHECK(fs_until(r, FUSE_OPEN, LONG_MS));
	fs_answer(r);
	CHECK(raw_sleeps_in(pid, SYS_pause));
	kill(pid, SIGUSR1);
	CHECK(request_queued(r));
	CHECK(raw_sleeps_in(pid, SYS_close));
	return pid;
}

static pid_t start_flush_read(struct raw *r)
{
	pid_t pid = start_flush(r);

	CHECK(fs_until(r, FUSE_FLUSH, LONG_MS));
	return pid;
}

static int client_list_signal(const char *dir)
{
	take_signal();
	return client_list(dir);
}

static pid_t start_listing_read(struct raw *r)
{
	pid_t pid = client_start(r, client_list_signal);

	CHECK(fs_until(r, FUSE_READDIRPLUS, LONG_MS));
	CHECK(raw_sleeps_in(pid, SYS_getdents64));
	return pid;
}

typedef pid_t (*start_fn)(struct raw *r);

/* Both have a call of their own that goes on if the caller is killed. */
static const start_fn waited[2] = { start_flush_read, start_listing_read };

/* One INTERRUPT for many signals, none without; what the server says counts. */
static void test_interrupt(struct raw *r)
{
	uint64_t unique;
	unsigned int i;
	pid_t pid;

	init_one_at_a_time(r);
	for (i = 0; i < 2; i++) {
		pid = waited[i](r);
		unique = r->head->unique;
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		kill(pid, SIGUSR1);
		expect_interrupt(r, unique);
		kill(pid, SIGUSR1);
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		CHECK_IS(client_wait(pid, 0), -1);
		CHECK_IS(raw_reply(r, EAGAIN, NULL, 0), 0);
		expect_interrupt(r, unique);
		r->head->unique = unique;
		CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
		CHECK_IS(client_serve(r, pid), EINTR);
		r->head->unique = unique | 1;
		CHECK_IS(raw_reply(r, EAGAIN, NULL, 0), -ENOENT);
		fs_settle(r, SHORT_MS);
	}
}

/* Not read yet: INTERRUPT comes behind it, also when nobody waits any more. */
static void test_interrupt_queued(struct raw *r)
{
	static const int signals[] = { SIGUSR1, SIGKILL };
	struct fuse_in_header held;
	unsigned int i;
	pid_t pid;

	init_one_at_a_time(r);
	for (i = 0; i < 2; i++) {
		pid = start_flush(r);
		kill(pid, signals[i]);
		CHECK_IS(client_wait(pid, signals[i] == SIGKILL ? LONG_MS :
						SHORT_MS),
			 signals[i] == SIGKILL ? -SIGKILL : -1);
		CHECK(raw_next(r, LONG_MS) > 0);
		CHECK_IS(r->head->opcode, FUSE_FLUSH);
		held = *r->head;
		expect_interrupt(r, held.unique);
		*r->head = held;
		fs_answer(r);
		if (signals[i] != SIGKILL)
			CHECK_IS(client_serve(r, pid), 0);
		fs_settle(r, SHORT_MS);
	}
}

static void test_interrupt_killed(struct raw *r)
{
	unsigned int i;

	init_one_at_a_time(r);
	for (i = 0; i < 2; i++) {
		kill_sent(r, waited[i](r));
		CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
		/* The end of the handle waited for it. */
		CHECK(fs_until(r, i ? FUSE_RELEASEDIR : FUSE_RELEASE, LONG_MS));
		fs_answer(r);
		fs_settle(r, SHORT_MS);
	}
}

static void test_interrupt_unwanted(struct raw *r)
{
	uint64_t unique;
	unsigned int i;
	pid_t pid;

	init_one_at_a_time(r);
	pid = start_flush_read(r);
	unique = r->head->unique;
	kill(pid, SIGUSR1);
	expect_interrupt(r, unique);
	CHECK_IS(raw_reply(r, ENOSYS, NULL, 0), 0);
	r->head->unique = unique;
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), 0);
	fs_settle(r, SHORT_MS);

	for (i = 0; i < 2; i++) {
		pid = waited[i](r);
		unique = r->head->unique;
		kill(pid, SIGUSR1);
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		kill(pid, SIGKILL);
		CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		r->head->unique = unique;
		CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
		fs_settle(r, SHORT_MS);
	}
}

/* It is read again, INTERRUPT too; and an abort ends both with it unread. */
static void test_interrupt_again(struct raw *r)
{
	struct fuse_out_header again = {
		.len = sizeof(again), .error = FUSE_NOTIFY_RESEND,
	};
	pid_t pid[2];
	uint64_t unique;
	unsigned int i;

	init_one_at_a_time(r);
	for (i = 0; i < 2; i++) {
		pid[i] = waited[i](r);
		unique = r->head->unique;
		kill(pid[i], SIGUSR1);
		expect_interrupt(r, unique);
		CHECK_IS(write(r->fd, &again, sizeof(again)), sizeof(again));
		CHECK(raw_next(r, LONG_MS) > 0);
		unique |= FUSE_UNIQUE_RESEND;
		CHECK_IS(r->head->unique, unique);
		expect_interrupt(r, unique);
		r->head->unique = unique;
		CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
		CHECK_IS(client_serve(r, pid[i]), EINTR);
		fs_settle(r, SHORT_MS);
	}

	for (i = 0; i < 2; i++) {
		pid[i] = waited[i](r);
		kill(pid[i], SIGUSR1);
		/* One of them read, one not. */
		if (!i)
			expect_interrupt(r, r->head->unique);
	}
	CHECK(request_queued(r));
	umount2(r->dir, MNT_FORCE);
	for (i = 0; i < 2; i++)
		CHECK_IS(client_wait(pid[i], LONG_MS), ECONNABORTED);
}

static const struct test tests[] = {
	{ "background-waited", test_at_once, .raw = true },
	{ "waited-interrupt", test_interrupt, .raw = true },
	{ "waited-interrupt-queued", test_interrupt_queued, .raw = true },
	{ "waited-interrupt-killed", test_interrupt_killed, .raw = true },
	{ "waited-interrupt-unwanted", test_interrupt_unwanted, .raw = true },
	{ "waited-interrupt-again", test_interrupt_again, .raw = true },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run(tests, argc, argv);
}
