// SPDX-License-Identifier: GPL-2.0-only
/*
 * FUSE_DEV_IOC_SYNC_INIT: mount(2) waits for INIT's answer, in a process of its
 * own, while the server reads from a device that need not be mounted yet.
 *
 *	rawsync DIR
 */
#include "rawcheck.h"

#define QUIET_MS	200

static void open_device(struct raw *r, const struct test *t, const char *dir)
{
	memset(r, 0, sizeof(*r));
	r->dir = dir;
	r->minor = FUSE_KERNEL_MINOR_VERSION;
	r->fd = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	r->buf = malloc(RAW_BUFFER);
	if (r->fd < 0 || !r->buf)
		raw_die("/dev/fusept");
	r->head = (struct fuse_in_header *)r->buf;
	r->arg = r->head + 1;
}

/* Mounts in another process, after @ms; it ends with mount(2)'s errno. */
static pid_t start_mount(const struct raw *r, int ms)
{
	char opts[128];
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(0);
	usleep(ms * 1000);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0", r->fd);
	_exit(mount("raw", r->dir, "fusept", 0, opts) ? errno : 0);
}

static bool mounted(const char *dir)
{
	char line[4096];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= !!strstr(line, dir);
	if (f)
		fclose(f);
	return found;
}

static int read_error(struct raw *r)
{
	return read(r->fd, r->buf, RAW_BUFFER) < 0 ? errno : 0;
}

static void test_waits(struct raw *r)
{
	pid_t pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	/* The read comes before the mount. */
	pid = start_mount(r, QUIET_MS);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(r->head->opcode, FUSE_INIT);
	CHECK_IS(client_wait(pid, QUIET_MS), -1);
	CHECK(!mounted(r->dir));
	fs_answer(r);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	CHECK(mounted(r->dir));
	CHECK_IS(client_serve(r, client_start(r, client_stat_file)), 0);
	/* Too late. */
	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT) ? errno : 0, EINVAL);
}

static void test_refused(struct raw *r)
{
	pid_t pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	pid = start_mount(r, 0);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(raw_reply(r, EPROTO, NULL, 0), 0);
	CHECK_IS(client_wait(pid, LONG_MS), ENOTCONN);
	CHECK(!mounted(r->dir));
	CHECK_IS(read_error(r), ENODEV);
}

static void test_nonsense(struct raw *r)
{
	struct fuse_init_out out = { .major = 6, .minor = 1 };
	pid_t pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	pid = start_mount(r, 0);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(raw_reply(r, 0, &out, sizeof(out)), 0);
	CHECK_IS(client_wait(pid, LONG_MS), ENOTCONN);
	CHECK(!mounted(r->dir));
}

/* A newer major is asked again, and the mount waits for that, too. */
static void test_asked_again(struct raw *r)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION + 1 };
	pid_t pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	pid = start_mount(r, 0);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(raw_reply(r, 0, &out, sizeof(out)), 0);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(r->head->opcode, FUSE_INIT);
	CHECK_IS(client_wait(pid, QUIET_MS), -1);
	fs_answer(r);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
}

/*
 * The server goes without an answer. Who mounts holds the device open as well,
 * as fusermount3 does: so it is a process that is killed.
 */
static void test_killed(struct raw *r)
{
	pid_t pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	pid = start_mount(r, 0);
	CHECK_IS(read_error(r), 0);
	CHECK_IS(client_wait(pid, QUIET_MS), -1);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	CHECK_IS(read_error(r), ENODEV);
	CHECK(!mounted(r->dir));
}

/* Without the ioctl nothing waits, neither the mount nor the read before it. */
static void test_not_asked(struct raw *r)
{
	CHECK_IS(read_error(r), EPERM);
	CHECK_IS(client_wait(start_mount(r, 0), LONG_MS), 0);
	CHECK(mounted(r->dir));
	CHECK_IS(read_error(r), 0);
	CHECK_IS(r->head->opcode, FUSE_INIT);
}

static void on_signal(int sig)
{
}

static void test_read_interrupted(struct raw *r)
{
	struct sigaction act = { .sa_handler = on_signal };
	pid_t parent = getpid(), pid;

	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_SYNC_INIT), 0);
	sigaction(SIGUSR1, &act, NULL);
	pid = fork();
	if (!pid) {
		/* The first may come before the read. */
		do {
			usleep(QUIET_MS * 1000);
		} while (!kill(parent, SIGUSR1));
		_exit(0);
	}
	CHECK_IS(read_error(r), EINTR);
	signal(SIGUSR1, SIG_IGN);
	client_kill(pid);
}

/*
 * The last close of a device that waits for its mount, and tells of input by a
 * signal: nobody is left who could mount it.
 */
static void test_last_close(struct raw *r)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		fd = open("/dev/fusept", O_RDWR | O_ASYNC);
		if (fd < 0 || ioctl(fd, FUSE_DEV_IOC_SYNC_INIT))
			_exit(200);
		_exit(0);
	}
	CHECK_IS(client_wait(pid, LONG_MS), 0);
}

static const struct test tests[] = {
	{ "waits", test_waits },
	{ "refused", test_refused },
	{ "nonsense", test_nonsense },
	{ "asked-again", test_asked_again },
	{ "killed", test_killed },
	{ "not-asked", test_not_asked },
	{ "read-interrupted", test_read_interrupted },
	{ "last-close", test_last_close },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run_from(tests, argc, argv, open_device);
}
