// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks that the server keeps: what it is asked, what its answers do, and what
 * is given back when callers and open files end.
 *
 *	rawlock DIR [TEST]
 */
#include <sys/file.h>
#include "rawcheck.h"

#define BOTH		(FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS)
#define LK_END		INT64_MAX
#define WRONG		200	/* exit of a client that saw something else */
#define MINOR_FLOCK	17
#define NEVER_MS	150	/* long enough for what must not come */

static struct fuse_lk_in *lk_in(const struct raw *r)
{
	return r->arg;
}

static void start(struct raw *r, uint32_t minor, uint32_t flags)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = minor,
		.max_readahead = 128 * 1024,
		.max_write = MAX_WRITE,
		.flags = flags | FUSE_BIG_WRITES,
	};

	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	CHECK_IS(raw_reply(r, 0, &init, sizeof(init)), 0);
}

static bool next_is(struct raw *r, uint32_t op)
{
	return CHECK(fs_until(r, op, LONG_MS));
}

/* No request of that kind comes while others are answered. */
static void never(struct raw *r, uint32_t op)
{
	CHECK(!fs_until(r, op, NEVER_MS));
}

static void lock_is(struct raw *r, pid_t pid, uint32_t type, uint64_t from,
		    uint64_t to, uint32_t flags)
{
	struct fuse_lk_in *in = lk_in(r);

	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*in));
	CHECK_IS(r->head->nodeid, FILE_ID);
	CHECK_IS(in->fh, FILE_FH);
	CHECK(in->owner);
	CHECK_IS(in->lk.type, type);
	CHECK_IS(in->lk.start, from);
	CHECK_IS(in->lk.end, to);
	CHECK_IS(in->lk.pid, pid);
	CHECK_IS(in->lk_flags, flags);
	CHECK_IS(in->padding, 0);
}

static int open_file(const char *dir)
{
	return open(client_path(dir, "file"), O_RDWR);
}

static int set(int fd, int cmd, int type, off_t from, off_t len)
{
	struct flock fl = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = from, .l_len = len,
	};

	return fcntl(fd, cmd, &fl) ? errno : 0;
}

/* -------- POSIX locks -------- */

static int client_posix(const char *dir)
{
	int fd = open_file(dir), err;

	err = set(fd, F_SETLK, F_WRLCK, 10, 10);
	if (err)
		return err;
	err = set(fd, F_SETLKW, F_RDLCK, 0, 0);
	if (err != EDEADLK)
		return WRONG;
	return set(fd, F_SETLK, F_UNLCK, 12, 2);
}

static void test_posix(struct raw *r)
{
	struct fuse_flush_in *flush = r->arg;
	struct fuse_release_in *release = r->arg;
	uint64_t owner;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_posix);
	next_is(r, FUSE_SETLK);
	lock_is(r, pid, F_WRLCK, 10, 19, 0);
	owner = lk_in(r)->owner;
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLKW);
	lock_is(r, pid, F_RDLCK, 0, LK_END, 0);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, EDEADLK, NULL, 0);
	next_is(r, FUSE_SETLK);
	lock_is(r, 0, F_UNLCK, 12, 13, 0);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, 0, NULL, 0);
	/* The end of the process names the owner that loses its locks. */
	next_is(r, FUSE_FLUSH);
	CHECK(flush->lock_owner == owner);
	CHECK_IS(flush->fh, FILE_FH);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_RELEASE);
	CHECK_IS(release->release_flags, 0);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static int client_getlk(const char *dir)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 3, .l_len = 4 };

	if (fcntl(open_file(dir), F_GETLK, &fl))
		return errno;
	if (fl.l_type == F_UNLCK)
		return 0;
	return fl.l_type == F_RDLCK && fl.l_start == 5 && fl.l_len == 2 &&
	       fl.l_whence == SEEK_SET ? 100 + (fl.l_pid == getppid()) : WRONG;
}

static int getlk(struct raw *r, int error, const struct fuse_lk_out *out)
{
	pid_t pid = client_start(r, client_getlk);

	next_is(r, FUSE_GETLK);
	lock_is(r, 0, F_WRLCK, 3, 6, 0);
	raw_reply(r, error, out, error ? 0 : sizeof(*out));
	return client_serve(r, pid);
}

static void test_getlk(struct raw *r)
{
	struct fuse_lk_out out = { .lk = {
		.start = 5, .end = 6, .type = F_RDLCK, .pid = getpid(),
	} };

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	CHECK_IS(getlk(r, 0, &out), 101);
	out.lk.pid = 0x7fffffff;
	CHECK_IS(getlk(r, 0, &out), 100);
	out.lk.type = 7;
	CHECK_IS(getlk(r, 0, &out), EIO);
	out.lk.type = F_RDLCK;
	out.lk.start = 7;
	CHECK_IS(getlk(r, 0, &out), EIO);
	out.lk.start = 5;
	out.lk.end = 1ULL << 63;
	CHECK_IS(getlk(r, 0, &out), EIO);
	out.lk.type = F_UNLCK;
	CHECK_IS(getlk(r, 0, &out), 0);
	CHECK_IS(getlk(r, EACCES, NULL), EACCES);
}

/* -------- locks of open files -------- */

static int client_flock(const char *dir)
{
	int fd = open_file(dir);

	if (flock(fd, LOCK_SH))
		return errno;
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return WRONG;
	if (flock(fd, LOCK_UN | LOCK_NB))
		return errno;
	return flock(fd, LOCK_EX | LOCK_NB) ? errno : 0;
}

static void test_flock(struct raw *r)
{
	struct fuse_flush_in *flush = r->arg;
	struct fuse_release_in *release = r->arg;
	uint64_t owner;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_flock);
	next_is(r, FUSE_SETLKW);
	lock_is(r, pid, F_RDLCK, 0, LK_END, FUSE_LK_FLOCK);
	owner = lk_in(r)->owner;
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	lock_is(r, pid, F_WRLCK, 0, LK_END, FUSE_LK_FLOCK);
	raw_reply(r, EWOULDBLOCK, NULL, 0);
	next_is(r, FUSE_SETLK);
	lock_is(r, 0, F_UNLCK, 0, LK_END, FUSE_LK_FLOCK);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_FLUSH);
	CHECK(flush->lock_owner != owner);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_RELEASE);
	CHECK_IS(release->release_flags, FUSE_RELEASE_FLOCK_UNLOCK);
	CHECK(release->lock_owner == owner);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static int client_ofd(const char *dir)
{
	int one = open_file(dir), two = open_file(dir), err;

	err = set(one, F_OFD_SETLK, F_WRLCK, 0, 5);
	if (!err)
		err = set(dup(one), F_OFD_SETLKW, F_WRLCK, 5, 5);
	return err ? err : set(two, F_OFD_SETLK, F_RDLCK, 20, 1);
}

/* What an open file owns ends before its handle does. */
static void test_ofd(struct raw *r)
{
	uint64_t one, two;
	unsigned int gone = 0, released = 0;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_ofd);
	next_is(r, FUSE_SETLK);
	lock_is(r, pid, F_WRLCK, 0, 4, 0);
	one = lk_in(r)->owner;
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLKW);
	CHECK(lk_in(r)->owner == one);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	two = lk_in(r)->owner;
	CHECK(two != one);
	raw_reply(r, 0, NULL, 0);

	while (released < 2 && CHECK(raw_next(r, LONG_MS) > 0)) {
		if (r->head->opcode == FUSE_SETLK) {
			lock_is(r, 0, F_UNLCK, 0, LK_END, 0);
			CHECK(lk_in(r)->owner == one || lk_in(r)->owner == two);
			gone++;
			raw_reply(r, 0, NULL, 0);
			continue;
		}
		if (r->head->opcode == FUSE_RELEASE) {
			released++;
			CHECK(gone >= released);
		}
		fs_answer(r);
	}
	CHECK_IS(gone, 2);
	CHECK_IS(client_serve(r, pid), 0);
}

/* Again and again: a struct file is used anew as soon as it is closed. */
static int client_ofd_anew(const char *dir)
{
	int i, fd, err;

	for (i = 0; i < 8; i++) {
		fd = open_file(dir);
		err = set(fd, F_OFD_SETLK, F_WRLCK, 0, 5);
		if (err)
			return err;
		close(fd);
	}
	return 0;
}

/* Nobody else is called what the one was whose end the server has yet to hear. */
static void test_ofd_anew(struct raw *r)
{
	struct fuse_in_header release[8];
	uint64_t owner[8];
	int locks = 0, released = 0, i;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_ofd_anew);
	while (locks < 8 && CHECK(raw_next(r, LONG_MS) > 0)) {
		if (r->head->opcode == FUSE_RELEASE) {
			release[released++] = *r->head;
			continue;
		}
		if (r->head->opcode == FUSE_SETLK &&
		    lk_in(r)->lk.type == F_WRLCK) {
			owner[locks] = lk_in(r)->owner;
			for (i = 0; i < locks; i++)
				CHECK(owner[i] != owner[locks]);
			locks++;
			raw_reply(r, 0, NULL, 0);
			continue;
		}
		fs_answer(r);
	}
	while (released) {
		*r->head = release[--released];
		raw_reply(r, 0, NULL, 0);
	}
	CHECK_IS(client_serve(r, pid), 0);
}

static int client_flock_refused(const char *dir)
{
	return flock(open_file(dir), LOCK_EX | LOCK_NB) ? errno : 0;
}

/* Who got no lock has none to give back. */
static void test_flock_refused(struct raw *r)
{
	struct fuse_release_in *release = r->arg;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_flock_refused);
	next_is(r, FUSE_SETLK);
	raw_reply(r, EWOULDBLOCK, NULL, 0);
	next_is(r, FUSE_RELEASE);
	CHECK_IS(release->release_flags, 0);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), EWOULDBLOCK);
}

/* A server that has neither OPEN nor RELEASE still learns of the end. */
static void test_flock_no_open(struct raw *r)
{
	uint64_t owner;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_flock);
	next_is(r, FUSE_OPEN);
	raw_reply(r, ENOSYS, NULL, 0);
	next_is(r, FUSE_SETLKW);
	owner = lk_in(r)->owner;
	CHECK_IS(lk_in(r)->fh, 0);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	raw_reply(r, EWOULDBLOCK, NULL, 0);
	next_is(r, FUSE_SETLK);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk.type, F_UNLCK);
	CHECK_IS(lk_in(r)->lk_flags, FUSE_LK_FLOCK);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

/* -------- waiting -------- */

static void on_signal(int sig)
{
}

static int client_wait_posix(const char *dir)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	return set(open_file(dir), F_SETLKW, F_WRLCK, 7, 1);
}

static int client_wait_flock(const char *dir)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	return flock(open_file(dir), LOCK_EX) ? errno : 0;
}

static uint64_t expect_interrupt(struct raw *r, uint64_t unique)
{
	struct fuse_interrupt_in *in = r->arg;

	if (next_is(r, FUSE_INTERRUPT))
		CHECK_IS(in->unique, unique);
	r->head->unique = unique;
	return unique;
}

static void interrupted(struct raw *r, client_fn fn)
{
	pid_t pid = client_start(r, fn);
	uint64_t unique;

	next_is(r, FUSE_SETLKW);
	unique = r->head->unique;
	usleep(NEVER_MS * 1000);
	kill(pid, SIGUSR1);
	expect_interrupt(r, unique);
	CHECK_IS(client_wait(pid, NEVER_MS), -1);
	CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), EINTR);

	/* The server may say so without a signal. */
	pid = client_start(r, fn);
	next_is(r, FUSE_SETLKW);
	raw_reply(r, EINTR, NULL, 0);
	CHECK_IS(client_serve(r, pid), EINTR);
}

static void test_interrupted(struct raw *r)
{
	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	interrupted(r, client_wait_posix);
	interrupted(r, client_wait_flock);
}

static int client_restart_posix(const char *dir)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &sa, NULL);
	return set(open_file(dir), F_SETLKW, F_WRLCK, 7, 1);
}

static int client_restart_flock(const char *dir)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &sa, NULL);
	return flock(open_file(dir), LOCK_EX) ? errno : 0;
}

/* A signal that the caller does not want to hear of: the lock is asked for anew. */
static void restarted(struct raw *r, client_fn fn)
{
	pid_t pid = client_start(r, fn);
	uint64_t unique, owner;

	next_is(r, FUSE_SETLKW);
	unique = r->head->unique;
	owner = lk_in(r)->owner;
	kill(pid, SIGUSR1);
	expect_interrupt(r, unique);
	CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
	if (next_is(r, FUSE_SETLKW)) {
		CHECK(r->head->unique != unique);
		CHECK(lk_in(r)->owner == owner);
		CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	}
	CHECK_IS(client_serve(r, pid), 0);
}

static void test_restarted(struct raw *r)
{
	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	restarted(r, client_restart_posix);
	restarted(r, client_restart_flock);
}

static uint64_t kill_waiting(struct raw *r, client_fn fn, uint64_t *owner)
{
	pid_t pid = client_start(r, fn);
	uint64_t unique;

	next_is(r, FUSE_SETLKW);
	unique = r->head->unique;
	*owner = lk_in(r)->owner;
	usleep(NEVER_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	expect_interrupt(r, unique);
	/* The handle is in use as long as this is not answered. */
	never(r, FUSE_RELEASE);
	r->head->unique = unique;
	return unique;
}

/* Granted to a process that is gone: given back, and only then released. */
static void test_killed(struct raw *r)
{
	struct fuse_release_in *release = r->arg;
	uint64_t owner;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	kill_waiting(r, client_wait_posix, &owner);
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	next_is(r, FUSE_SETLK);
	lock_is(r, 0, F_UNLCK, 7, 7, 0);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_RELEASE);
	raw_reply(r, 0, NULL, 0);

	/* Refused: nothing to give back. */
	kill_waiting(r, client_wait_posix, &owner);
	CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
	next_is(r, FUSE_RELEASE);
	raw_reply(r, 0, NULL, 0);
	never(r, FUSE_SETLK);

	/* The open file owns it, and ends with RELEASE. */
	kill_waiting(r, client_wait_flock, &owner);
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	next_is(r, FUSE_RELEASE);
	CHECK_IS(release->release_flags, FUSE_RELEASE_FLOCK_UNLOCK);
	CHECK(release->lock_owner == owner);
	raw_reply(r, 0, NULL, 0);
}

static int client_wait_ofd(const char *dir)
{
	return set(open_file(dir), F_OFD_SETLKW, F_WRLCK, 7, 1);
}

/* Granted to an open file that has given all back: that is given back, too. */
static void test_killed_ofd(struct raw *r)
{
	uint64_t unique, owner;
	unsigned int gone = 0;
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_wait_ofd);
	next_is(r, FUSE_SETLKW);
	unique = r->head->unique;
	owner = lk_in(r)->owner;
	usleep(NEVER_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	while (raw_next(r, NEVER_MS) > 0) {
		CHECK(r->head->opcode != FUSE_RELEASE);
		if (r->head->opcode != FUSE_SETLK) {
			fs_answer(r);
			continue;
		}
		gone++;
		lock_is(r, 0, F_UNLCK, 0, LK_END, 0);
		CHECK(lk_in(r)->owner == owner);
		raw_reply(r, 0, NULL, 0);
	}
	CHECK_IS(gone, 1);

	r->head->unique = unique;
	CHECK_IS(raw_reply(r, 0, NULL, 0), 0);
	next_is(r, FUSE_SETLK);
	lock_is(r, 0, F_UNLCK, 7, 7, 0);
	CHECK(lk_in(r)->owner == owner);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_RELEASE);
	raw_reply(r, 0, NULL, 0);
}

/* The mount goes away while a dead caller's lock is still waited for. */
static void test_killed_umount(struct raw *r)
{
	uint64_t owner;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	kill_waiting(r, client_wait_posix, &owner);
	CHECK_IS(umount2(r->dir, 0), 0);
	CHECK_IS(raw_reply(r, 0, NULL, 0), -ENOENT);
}

/* -------- who keeps them -------- */

static int client_both(const char *dir)
{
	int fd = open_file(dir), err;

	err = set(fd, F_SETLK, F_WRLCK, 0, 0);
	if (err)
		return err;
	return flock(fd, LOCK_EX | LOCK_NB) ? errno : 0;
}

static int client_getlk_free(const char *dir)
{
	struct flock fl = { .l_type = F_WRLCK };

	if (fcntl(open_file(dir), F_GETLK, &fl))
		return errno;
	return fl.l_type == F_UNLCK ? 0 : WRONG;
}

/* Neither agreed to: the server is not asked. */
static void test_local(struct raw *r)
{
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, 0);
	pid = client_start(r, client_both);
	never(r, FUSE_SETLK);
	CHECK_IS(client_serve(r, pid), 0);
}

/* One without the other. */
static void test_flock_alone(struct raw *r)
{
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, FUSE_FLOCK_LOCKS);
	pid = client_start(r, client_both);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, FUSE_LK_FLOCK);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static void test_posix_alone(struct raw *r)
{
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, FUSE_POSIX_LOCKS);
	pid = client_start(r, client_both);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, 0);
	raw_reply(r, 0, NULL, 0);
	never(r, FUSE_SETLK);
	CHECK_IS(client_serve(r, pid), 0);
}

/* Before flock had a flag of its own. */
static void test_flock_old(struct raw *r)
{
	pid_t pid;

	r->minor = MINOR_FLOCK - 1;
	start(r, r->minor, FUSE_POSIX_LOCKS);
	pid = client_start(r, client_both);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, 0);
	raw_reply(r, 0, NULL, 0);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, FUSE_LK_FLOCK);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

/* ENOSYS leaves a kind to the kernel, and the other as it is. */
static void test_missing(struct raw *r)
{
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_getlk_free);
	next_is(r, FUSE_GETLK);
	raw_reply(r, ENOSYS, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
	pid = client_start(r, client_getlk_free);
	never(r, FUSE_GETLK);
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_start(r, client_both);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, 0);
	raw_reply(r, ENOSYS, NULL, 0);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, FUSE_LK_FLOCK);
	raw_reply(r, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_start(r, client_both);
	next_is(r, FUSE_SETLK);
	CHECK_IS(lk_in(r)->lk_flags, FUSE_LK_FLOCK);
	raw_reply(r, ENOSYS, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
	pid = client_start(r, client_both);
	never(r, FUSE_SETLK);
	CHECK_IS(client_serve(r, pid), 0);
}

static int client_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (flock(fd, LOCK_EX))
		return errno;
	return flock(open(dir, O_RDONLY | O_DIRECTORY), LOCK_SH | LOCK_NB) &&
	       errno == EWOULDBLOCK ? 0 : WRONG;
}

/* A directory's are the kernel's, whatever was agreed on. */
static void test_dir(struct raw *r)
{
	pid_t pid;

	start(r, FUSE_KERNEL_MINOR_VERSION, BOTH);
	pid = client_start(r, client_dir);
	never(r, FUSE_SETLKW);
	CHECK_IS(client_serve(r, pid), 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "posix", test_posix, true },
		{ "getlk", test_getlk, true },
		{ "flock", test_flock, true },
		{ "ofd", test_ofd, true },
		{ "ofd-anew", test_ofd_anew, true },
		{ "flock-refused", test_flock_refused, true },
		{ "flock-no-open", test_flock_no_open, true },
		{ "interrupted", test_interrupted, true },
		{ "restarted", test_restarted, true },
		{ "killed", test_killed, true },
		{ "killed-ofd", test_killed_ofd, true },
		{ "killed-umount", test_killed_umount, true },
		{ "local", test_local, true },
		{ "flock-alone", test_flock_alone, true },
		{ "posix-alone", test_posix_alone, true },
		{ "flock-old", test_flock_old, true },
		{ "missing", test_missing, true },
		{ "dir", test_dir, true },
		{ }
	};

	return tests_run(tests, argc, argv);
}
