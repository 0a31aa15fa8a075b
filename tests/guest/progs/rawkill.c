// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends: signals, killed callers and what their late replies leave behind,
 * aborts, and a server that faults on its own file system.
 *
 *	rawkill DIR [TEST]
 */
#include <pthread.h>
#include <sched.h>
#include "rawcheck.h"
#include "rawintr.h"

/* A stat that a signal may interrupt. */
static int client_stat_signal(const char *dir)
{
	take_signal();
	return client_stat(dir);
}

static void test_interrupt(struct raw *r)
{
	pid_t pid = client_start(r, client_stat_signal);
	uint64_t unique;

	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	unique = r->head->unique;
	usleep(SHORT_MS * 1000);
	kill(pid, SIGUSR1);
	expect_interrupt(r, unique);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	/* The server had not found it yet: once more. */
	CHECK_IS(raw_reply(r, EAGAIN, NULL, 0), 0);
	expect_interrupt(r, unique);
	/* An answer with a body is none. */
	CHECK_IS(raw_reply(r, EAGAIN, "body", 4), -EINVAL);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	r->head->unique = unique;
	CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), EINTR);
	r->head->unique = unique | 1;
	CHECK_IS(raw_reply(r, EAGAIN, NULL, 0), -ENOENT);
}

/* A signal before the server read the request: INTERRUPT comes after it. */
static void test_interrupt_queued(struct raw *r)
{
	pid_t pid = client_start(r, client_stat_signal);
	uint64_t unique;

	CHECK(request_queued(r));
	kill(pid, SIGUSR1);
	usleep(SHORT_MS * 1000);
	CHECK(raw_next(r, LONG_MS) > 0);
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	unique = r->head->unique;
	expect_interrupt(r, unique);
	r->head->unique = unique;
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);
}

static void test_interrupt_unwanted(struct raw *r)
{
	pid_t pid = client_start(r, client_stat_signal);
	uint64_t unique;

	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	unique = r->head->unique;
	usleep(SHORT_MS * 1000);
	kill(pid, SIGUSR1);
	expect_interrupt(r, unique);
	CHECK_IS(raw_reply(r, ENOSYS, NULL, 0), 0);
	r->head->unique = unique;
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);

	pid = client_start(r, client_stat_signal);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	usleep(SHORT_MS * 1000);
	kill(pid, SIGUSR1);
	unique = r->head->unique;
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	r->head->unique = unique;
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);
}

/* A caller killed before the server saw its request leaves nothing. */
static void test_kill_queued(struct raw *r)
{
	pid_t pid = client_start(r, client_stat);

	CHECK(request_queued(r));
	client_kill(pid);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
}

static void test_late_lookup(struct raw *r)
{
	struct fuse_entry_out entry = fs_entry(FILE_ID);
	struct fuse_forget_in *in = r->arg;
	pid_t pid = client_start(r, client_stat_file);

	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	kill_sent(r, pid);
	CHECK_IS(raw_reply(r, 0, &entry, sizeof(entry)), 0);
	/* What it handed out comes back. */
	CHECK(raw_next(r, LONG_MS) > 0);
	CHECK_IS(r->head->opcode, FUSE_FORGET);
	CHECK_IS(r->head->nodeid, FILE_ID);
	CHECK_IS(in->nlookup, 1);

	/* An error and nonsense hand out nothing. */
	pid = client_start(r, client_stat_file);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	kill_sent(r, pid);
	CHECK_IS(raw_reply(r, ENOENT, NULL, 0), 0);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	pid = client_start(r, client_stat_file);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	kill_sent(r, pid);
	CHECK_IS(raw_reply(r, 0, &entry, 11), 0);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	CHECK_IS(raw_reply(r, 0, &entry, 11), -ENOENT);
}

static int client_open(const char *dir)
{
	return open(client_path(dir, "file"), O_RDONLY) < 0 ? errno : 0;
}

static void test_late_open(struct raw *r)
{
	struct fuse_open_out open = { .fh = 1234 };
	struct fuse_release_in *in = r->arg;
	pid_t pid = client_start(r, client_open);

	CHECK(fs_until(r, FUSE_OPEN, LONG_MS));
	kill_sent(r, pid);
	CHECK_IS(raw_reply(r, 0, &open, sizeof(open)), 0);
	CHECK(fs_until(r, FUSE_RELEASE, LONG_MS));
	CHECK_IS(in->fh, 1234);
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
}

/* A reader whose buffer is gone: nothing of the reply is written to it. */
static int client_read(const char *dir)
{
	static char buf[65536];
	int fd = open(client_path(dir, "file"), O_RDONLY);

	return fd < 0 || pread(fd, buf, sizeof(buf), 0) < 0 ? errno : 0;
}

static void test_late_read(struct raw *r)
{
	static char data[MAX_WRITE];
	struct fuse_read_in *in = r->arg;
	pid_t pid = client_start(r, client_read);
	uint32_t size;

	CHECK(fs_until(r, FUSE_READ, LONG_MS));
	size = in->size;
	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	usleep(SHORT_MS * 1000);
	CHECK_IS(raw_reply(r, 0, data, size), 0);
	fs_settle(r, SHORT_MS);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	/* The page cache is as good as before. */
	CHECK_IS(client_serve(r, client_start(r, client_read)), 0);
}

static int client_write(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR);

	return fd < 0 || pwrite(fd, "w", 1, 0) < 0 ? errno : 0;
}

static int client_write_stay(const char *dir)
{
	int err = client_write(dir);

	if (!err)
		pause();
	return err;
}

/* Nobody could kill it once more. Who exits by himself waits. */
static void test_kill_flush(struct raw *r)
{
	static const int signals[] = { SIGTERM, SIGSEGV, SIGKILL };
	struct fuse_in_header held;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		pid = client_start(r, client_write_stay);
		CHECK(fs_until(r, FUSE_WRITE, LONG_MS));
		fs_answer(r);
		fs_settle(r, SHORT_MS);
		kill(pid, signals[i]);
		CHECK(fs_until(r, FUSE_FLUSH, LONG_MS));
		CHECK_IS(client_wait(pid, LONG_MS), -signals[i]);
		/* What it wrote is not to be given up: no INTERRUPT. */
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		fs_answer(r);
		fs_settle(r, SHORT_MS);
	}

	pid = client_start(r, client_write);
	CHECK(fs_until(r, FUSE_FLUSH, LONG_MS));
	held = *r->head;
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	*r->head = held;
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), 0);
}

/* -------- the background limit -------- */

/* Of many READs ahead, the server sees the next after it answered one. */
static void test_background(struct raw *r)
{
	pid_t pid;
	int i;

	init_one_at_a_time(r);
	pid = client_start(r, client_read);
	for (i = 0; i < 5; i++) {
		CHECK(fs_until(r, FUSE_READ, LONG_MS));
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		fs_answer(r);
	}
	CHECK_IS(client_serve(r, pid), 0);
}

static int tell_retrieve(struct raw *r, uint64_t id, uint32_t size)
{
	struct {
		struct fuse_out_header			head;
		struct fuse_notify_retrieve_out		out;
	} msg = {
		{ .len = sizeof(msg), .error = FUSE_NOTIFY_RETRIEVE },
		{ .notify_unique = 8, .nodeid = id, .size = size },
	};

	return write(r->fd, &msg, sizeof(msg)) < 0 ? -errno : 0;
}

/* What a server asked for it reads before it has answered anything. */
static void test_background_retrieve(struct raw *r)
{
	struct fuse_in_header held;
	struct fuse_read_in in;
	pid_t pid;
	int i;

	init_one_at_a_time(r);
	pid = client_start(r, client_read);
	CHECK(fs_until(r, FUSE_READ, LONG_MS));
	held = *r->head;
	memcpy(&in, r->arg, sizeof(in));
	for (i = 0; i < 3; i++)
		CHECK_IS(tell_retrieve(r, FILE_ID, 4096), 0);
	for (i = 0; i < 3; i++) {
		CHECK(raw_next(r, LONG_MS) > 0);
		CHECK_IS(r->head->opcode, FUSE_NOTIFY_REPLY);
		CHECK_IS(r->head->unique, 8);
	}
	/* The limit is as it was. */
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	*r->head = held;
	memcpy(r->arg, &in, sizeof(in));
	fs_answer(r);
	for (i = 0; i < 5; i++) {
		CHECK(fs_until(r, FUSE_READ, LONG_MS));
		CHECK_IS(raw_next(r, SHORT_MS), 0);
		fs_answer(r);
	}
	CHECK_IS(client_serve(r, pid), 0);
}

#define READERS		20	/* seconds until the last is answered */

/* Each a page of its own, all at the same time. */
static int client_read_beside(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDONLY), i, status, err;
	char c;

	if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM))
		return errno;
	for (i = 0; i < READERS; i++)
		if (!fork())
			_exit(pread(fd, &c, 1, i * 16384) < 0 ? errno : 0);
	for (err = 0; wait(&status) > 0; )
		if (status)
			err = WEXITSTATUS(status);
	return err;
}

/* Waiting for room is not waiting for the server, which answers in time. */
static void test_background_patience(struct raw *r)
{
	pid_t pid;
	int i;

	/* The module looks several times in as many seconds. */
	init_limited(r, 5);
	pid = client_start(r, client_read_beside);
	for (i = 0; i < READERS; i++) {
		if (!CHECK(fs_until(r, FUSE_READ, LONG_MS)))
			break;
		sleep(1);
		fs_answer(r);
	}
	CHECK_IS(client_serve(r, pid), 0);
}

static void test_background_killed(struct raw *r)
{
	uint64_t unique;
	pid_t pid;

	init_one_at_a_time(r);
	pid = client_start(r, client_read);
	CHECK(fs_until(r, FUSE_READ, LONG_MS));
	unique = r->head->unique;
	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	/* Nobody waits for it, but its pages do. */
	r->head->unique = unique;
	r->head->opcode = FUSE_READ;
	fs_answer(r);
	fs_settle(r, SHORT_MS);
	CHECK_IS(client_serve(r, client_start(r, client_read)), 0);
}

/* -------- the end of the connection -------- */

static void *read_thread(void *arg)
{
	struct raw *r = arg;
	static char buf[RAW_BUFFER];

	return (void *)(long)(read(r->fd, buf, sizeof(buf)) < 0 ? errno : 0);
}

static void check_dead(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN | POLLOUT };

	CHECK_IS(read(r->fd, r->buf, RAW_BUFFER), -1);
	CHECK_IS(errno, ENODEV);
	CHECK_IS(poll(&p, 1, 0), 1);
	CHECK_IS(p.revents, POLLERR);
	CHECK_IS(raw_reply(r, ENOENT, NULL, 0), -ENOENT);
}

static void test_abort(struct raw *r)
{
	int hold = open(r->dir, O_PATH);	/* keeps it mounted */
	pid_t sent, queued;
	pthread_t thread;
	void *err;

	CHECK(hold >= 0);
	sent = client_start(r, client_stat);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	queued = client_start(r, client_stat_file);
	CHECK(request_queued(r));
	CHECK_IS(umount2(r->dir, MNT_FORCE) ? errno : 0, EBUSY);
	CHECK_IS(client_wait(sent, LONG_MS), ECONNABORTED);
	CHECK_IS(client_wait(queued, LONG_MS), ECONNABORTED);
	check_dead(r);
	CHECK_IS(client_stat(r->dir), ENOTCONN);
	close(hold);
	CHECK_IS(pthread_create(&thread, NULL, read_thread, r), 0);
	pthread_join(thread, &err);
	CHECK_IS((long)err, ENODEV);
}

static void test_abort_wakes(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	pthread_t thread[3];
	unsigned int i;
	pid_t pid;
	void *err;

	for (i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, read_thread, r);
	usleep(SHORT_MS * 1000);
	pid = fork();
	if (!pid) {
		close(r->fd);
		usleep(SHORT_MS * 1000);
		umount2(r->dir, MNT_FORCE);
		_exit(0);
	}
	CHECK_IS(poll(&p, 1, LONG_MS), 1);
	CHECK_IS(p.revents, POLLERR);
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], &err);
		CHECK_IS((long)err, ENODEV);
	}
	CHECK_IS(client_wait(pid, LONG_MS), 0);
}

static void test_umount(struct raw *r)
{
	pid_t pid = raw_start_umount(r);

	while (raw_next(r, SHORT_MS) > 0)
		fs_answer(r);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	check_dead(r);
}

static int client_map(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (map == MAP_FAILED)
		return errno;
	map[0] = 'm';
	return 0;
}

/*
 * A server that has a mount namespace and a mount to itself in the end, and a
 * WRITE that it does not answer: it takes the mount down when it exits.
 */
static void serve_alone(const char *dir, bool killed)
{
	struct raw r;
	pid_t pid;

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    umount2(dir, MNT_DETACH))
		_exit(100);
	raw_mount(&r, dir, "");
	if (!fs_until(&r, FUSE_INIT, LONG_MS))
		_exit(101);
	fs_answer(&r);
	pid = client_start(&r, client_map);
	if (!fs_until(&r, FUSE_WRITE, LONG_MS))
		_exit(102);
	if (client_wait(pid, LONG_MS))
		_exit(103);
	if (killed)
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void test_last_of_namespace(struct raw *r)
{
	int killed;
	pid_t pid;

	for (killed = 1; killed >= 0; killed--) {
		pid = fork();
		if (!pid) {
			alarm(0);
			close_range(3, ~0U, 0);
			serve_alone(r->dir, killed);
		}
		CHECK_IS(client_wait(pid, killed ? 5000 : 20000),
			 killed ? -SIGKILL : 0);
	}
}

/* Before INIT was answered: those who wait for it are let go. */
static void test_abort_init(struct raw *r)
{
	pid_t pid = client_start(r, client_stat);

	CHECK(raw_next(r, LONG_MS) > 0);
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	umount2(r->dir, MNT_FORCE);
	CHECK_IS(client_wait(pid, LONG_MS), ENOTCONN);
	check_dead(r);
}

static void test_close(struct raw *r)
{
	pid_t sent, queued;

	sent = client_start(r, client_stat);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	queued = client_start(r, client_stat_file);
	CHECK(request_queued(r));
	close(r->fd);
	r->fd = -1;
	CHECK_IS(client_wait(sent, LONG_MS), ECONNABORTED);
	CHECK_IS(client_wait(queued, LONG_MS), ECONNABORTED);
	CHECK_IS(client_stat(r->dir), ENOTCONN);
	CHECK_IS(client_statfs(r->dir), ENOTCONN);
}

/* -------- buffers in the file system that is served -------- */

static struct {
	struct raw	r;	/* of the thread that faults */
	volatile pid_t	tid;
	char		*map;
	long		got;
	int		error;
} faulting;

static void *fault_thread(void *arg)
{
	faulting.tid = gettid();
	faulting.got = read(faulting.r.fd, faulting.map, FILE_SIZE);
	faulting.error = errno;
	return NULL;
}

/* A thread that reads a request into a mapping of the mounted file. */
static bool fault_start(struct raw *r, pthread_t *thread, pid_t *client)
{
	pid_t pid;
	int fd;

	/* Who opens the file needs answers meanwhile. */
	pid = fork();
	if (!pid) {
		for (;;)
			if (raw_next(r, LONG_MS) > 0)
				fs_answer(r);
			else
				_exit(0);
	}
	fd = open(client_path(r->dir, "file"), O_RDWR);
	if (!CHECK(fd >= 0))
		return false;
	faulting.map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE, fd, 0);
	close(fd);
	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!CHECK(faulting.map != MAP_FAILED))
		return false;

	faulting.r = *r;
	faulting.got = 0;
	faulting.tid = 0;
	*client = client_start(r, client_stat);
	CHECK(request_queued(r));
	CHECK_IS(pthread_create(thread, NULL, fault_thread, NULL), 0);
	while (!faulting.tid)
		usleep(1000);
	/* It took the request and waits for a page: we are asked for that. */
	CHECK(raw_sleeps_in(faulting.tid, SYS_read));
	return CHECK(fs_until(r, FUSE_READ, LONG_MS));
}

static void test_fault_served(struct raw *r)
{
	pthread_t thread;
	pid_t client;

	if (!fault_start(r, &thread, &client))
		return;
	CHECK_IS(client_wait(client, SHORT_MS), -1);
	fs_answer(r);
	fs_settle(r, SHORT_MS);
	pthread_join(thread, NULL);
	CHECK_IS(faulting.got, sizeof(*r->head) + sizeof("absent"));
	r->head = (struct fuse_in_header *)faulting.map;
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	r->head = (struct fuse_in_header *)r->buf;
	CHECK_IS(client_serve(r, client), ENOTDIR);
	munmap(faulting.map, FILE_SIZE);
	fs_settle(r, SHORT_MS);
}

/* The caller is killed while its request waits for the server's page. */
static void test_fault_killed(struct raw *r)
{
	pthread_t thread;
	pid_t client, next;

	if (!fault_start(r, &thread, &client))
		return;
	kill(client, SIGKILL);
	CHECK_IS(client_wait(client, LONG_MS), -SIGKILL);
	/* The thread drops it, and gets the next one from the start. */
	next = client_start(r, client_stat_file);
	usleep(SHORT_MS * 1000);
	fs_answer(r);
	pthread_join(thread, NULL);
	CHECK_IS(faulting.got, sizeof(*r->head) + sizeof("file"));
	r->head = (struct fuse_in_header *)faulting.map;
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	CHECK(!strcmp((char *)(r->head + 1), "file"));
	/* It is known already; after an error it is looked up anew. */
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	r->head = (struct fuse_in_header *)r->buf;
	CHECK_IS(client_serve(r, next), 0);
	munmap(faulting.map, FILE_SIZE);
	fs_settle(r, SHORT_MS);
}

static void test_fault_aborted(struct raw *r)
{
	pthread_t thread;
	pid_t client;

	if (!fault_start(r, &thread, &client))
		return;
	umount2(r->dir, MNT_FORCE);
	CHECK_IS(client_wait(client, LONG_MS), ECONNABORTED);
	pthread_join(thread, NULL);
	CHECK_IS(faulting.got, -1);
	CHECK(faulting.error == ENODEV || faulting.error == EFAULT);
	check_dead(r);
	munmap(faulting.map, FILE_SIZE);
}

static const struct test tests[] = {
	{ "interrupt", test_interrupt },
	{ "interrupt-queued", test_interrupt_queued },
	{ "interrupt-unwanted", test_interrupt_unwanted },
	{ "kill-queued", test_kill_queued },
	{ "late-lookup", test_late_lookup },
	{ "late-open", test_late_open },
	{ "late-read", test_late_read },
	{ "kill-flush", test_kill_flush },
	{ "background", test_background, .raw = true },
	{ "background-retrieve", test_background_retrieve, .raw = true },
	{ "background-patience", test_background_patience, .raw = true },
	{ "background-killed", test_background_killed, .raw = true },
	{ "abort", test_abort },
	{ "abort-wakes", test_abort_wakes },
	{ "umount", test_umount },
	{ "last-of-namespace", test_last_of_namespace },
	{ "abort-init", test_abort_init, .raw = true },
	{ "close", test_close },
	{ "fault-served", test_fault_served },
	{ "fault-killed", test_fault_killed },
	{ "fault-aborted", test_fault_aborted },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run(tests, argc, argv);
}
