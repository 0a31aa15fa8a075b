// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks between two processes and between open files, as any local file system
 * has them: conflicts, waiting, signals, and what a close gives up.
 *
 *	lockpair DIR PREFIX [later]
 *
 * Uses DIR/file, and makes it if need be. Prints a line for each case, named PREFIX-case.
 * later: what a RELEASE ends may be free some time after the close, as where the
 * server passes it on to other machines; else it must be free with the close.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS		150

static char path[4096];
static const char *prefix;
static bool later;
static int failures;

static void result(const char *name, bool good, const char *why)
{
	if (good) {
		printf("ok %s-%s\n", prefix, name);
		return;
	}
	printf("not ok %s-%s: %s (errno %d: %s)\n", prefix, name, why, errno,
	       strerror(errno));
	failures++;
}

static int open_file(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static int set(int fd, int cmd, int type, off_t from, off_t len)
{
	struct flock fl = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = from, .l_len = len,
	};

	return fcntl(fd, cmd, &fl);
}

static bool busy(int ret)
{
	return ret < 0 && (errno == EAGAIN || errno == EACCES);
}

/* -------- another process that holds a lock -------- */

enum kind { POSIX, OFD, FLOCK };

static struct {
	pid_t	pid;
	int	done[2];	/* closed by us: let go */
} holder;

static volatile bool *gone;	/* all that the holder still does is exit */

static int take(enum kind kind, int fd, bool shared, bool waits)
{
	int type = shared ? F_RDLCK : F_WRLCK;

	switch (kind) {
	case POSIX:
		return set(fd, waits ? F_SETLKW : F_SETLK, type, 10, 10);
	case OFD:
		return set(fd, waits ? F_OFD_SETLKW : F_OFD_SETLK, type, 10, 10);
	default:
		return flock(fd, (shared ? LOCK_SH : LOCK_EX) |
			     (waits ? 0 : LOCK_NB));
	}
}

/* A process that has a lock when this returns, for @ms or until let_go(). */
static void hold(enum kind kind, bool shared, int ms)
{
	int ready[2];
	char c;

	if (pipe(ready) || pipe(holder.done))
		exit(2);
	*gone = false;
	holder.pid = fork();
	if (!holder.pid) {
		int fd = open_file();

		close(holder.done[1]);
		if (take(kind, fd, shared, false) || write(ready[1], "", 1) != 1)
			_exit(1);
		if (ms)
			usleep(ms * 1000);
		else if (read(holder.done[0], &c, 1) < 0)
			_exit(1);
		*gone = true;
		_exit(0);
	}
	close(ready[1]);
	close(holder.done[0]);
	if (read(ready[0], &c, 1) != 1) {
		printf("not ok %s: the other process got no lock\n", prefix);
		exit(1);
	}
	close(ready[0]);
}

static void let_go(void)
{
	close(holder.done[1]);
	waitpid(holder.pid, NULL, 0);
}

static void on_alarm(int sig)
{
}

/* -------- cases for every kind -------- */

/* Once who held it is gone; what a FLUSH ends is free with the close. */
static int take_free(enum kind kind, int fd)
{
	int tries, ret;

	for (tries = later && kind != POSIX ? 1000 : 1; tries > 0; tries--) {
		ret = take(kind, fd, false, false);
		if (!busy(ret))
			break;
		usleep(20000);
	}
	return ret;
}

static const char *name_of(enum kind kind, const char *what)
{
	static char name[64];
	static const char *const names[] = { "posix", "ofd", "flock" };

	snprintf(name, sizeof(name), "%s-%s", names[kind], what);
	return name;
}

static void both(enum kind kind)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = open_file(), ret;

	hold(kind, false, 0);
	result(name_of(kind, "conflict"), busy(take(kind, fd, false, false)),
	       "not refused");
	result(name_of(kind, "conflict-shared"),
	       busy(take(kind, fd, true, false)), "not refused");

	/* Once more, and again: the first may come before there is a wait. */
	sigaction(SIGALRM, &sa, NULL);
	ualarm(WAIT_MS * 1000, WAIT_MS * 1000);
	ret = take(kind, fd, false, true);
	ualarm(0, 0);
	result(name_of(kind, "interrupted"), ret < 0 && errno == EINTR,
	       "not by the signal");
	let_go();
	result(name_of(kind, "exit-releases"), !take_free(kind, fd),
	       "still held");
	close(fd);

	fd = open_file();
	hold(kind, false, WAIT_MS);
	ret = take(kind, fd, false, true);
	result(name_of(kind, "waits"), !ret && *gone,
	       "did not wait for the other's end");
	let_go();
	close(fd);

	fd = open_file();
	hold(kind, true, 0);
	result(name_of(kind, "shares"), !take(kind, fd, true, false), "refused");
	result(name_of(kind, "upgrade-refused"),
	       busy(take(kind, fd, false, false)), "not refused");
	let_go();
	result(name_of(kind, "upgrade"), !take_free(kind, fd), "refused");
	close(fd);
}

/* -------- what only one kind has -------- */

static void posix_alone(void)
{
	struct flock fl = { .l_type = F_WRLCK };
	int fd = open_file(), other, status;
	pid_t pid;

	hold(POSIX, false, 0);
	result("posix-getlk", !fcntl(fd, F_GETLK, &fl) && fl.l_type == F_WRLCK &&
	       fl.l_start == 10 && fl.l_len == 10 && fl.l_pid == holder.pid,
	       "not the other's lock");
	result("posix-ranges", !set(fd, F_SETLK, F_WRLCK, 20, 5) &&
	       !set(fd, F_SETLK, F_WRLCK, 0, 10) &&
	       busy(set(fd, F_SETLK, F_WRLCK, 19, 1)), "wrong range");
	let_go();
	fl = (struct flock){ .l_type = F_WRLCK };
	result("posix-getlk-free", !fcntl(fd, F_GETLK, &fl) &&
	       fl.l_type == F_UNLCK, "own locks are no conflict");

	/* A close of any descriptor ends all of the process's. */
	other = open_file();
	close(other);
	pid = fork();
	if (!pid)
		_exit(set(fd, F_SETLK, F_WRLCK, 0, 0) ? 1 : 0);
	waitpid(pid, &status, 0);
	result("posix-close", !status, "another descriptor's close kept it");
	close(fd);
}

static void ofd_alone(void)
{
	struct flock fl = { .l_type = F_WRLCK };
	int one = open_file(), two = open_file(), copy = dup(one), status;
	pid_t pid;

	result("ofd-two-opens", !take(OFD, one, false, false) &&
	       busy(take(OFD, two, false, false)), "same process, two opens");
	result("ofd-getlk", !fcntl(two, F_OFD_GETLK, &fl) &&
	       fl.l_type == F_WRLCK && fl.l_start == 10 && fl.l_pid == -1,
	       "not the other's lock");
	pid = fork();
	if (!pid)
		_exit(take(OFD, one, false, false) ? 1 : 0);
	waitpid(pid, &status, 0);
	result("ofd-inherited", !status, "a child's is the same");
	close(open_file());
	close(one);
	result("ofd-copy-keeps", busy(take(OFD, two, false, false)),
	       "gone with one of two descriptors");
	close(copy);
	/* No FLUSH names the owner of such a lock. */
	result("ofd-close", !take_free(OFD, two), "still held");
	/* Not left to a RELEASE, which may be late for the next cases. */
	set(two, F_OFD_SETLK, F_UNLCK, 10, 10);
	close(two);
}

/* A closed file's flock goes with RELEASE, which close(2) does not wait for. */
static bool flock_freed(int fd)
{
	int tries = 1000;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || !--tries)
			return false;
		usleep(10000);
	}
	return true;
}

static void flock_alone(void)
{
	int one = open_file(), two = open_file(), copy = dup(one);

	result("flock-two-opens", !flock(one, LOCK_EX) &&
	       busy(flock(two, LOCK_EX | LOCK_NB)), "same process, two opens");
	close(one);
	result("flock-copy-keeps", busy(flock(two, LOCK_SH | LOCK_NB)),
	       "gone with one of two descriptors");
	result("flock-unlock", !flock(copy, LOCK_UN) &&
	       !flock(two, LOCK_SH | LOCK_NB), "still held");
	result("flock-not-posix", !take(POSIX, copy, false, false),
	       "the kinds stand in each other's way");
	close(two);
	result("flock-close", flock_freed(copy), "still held");
	close(copy);
}

static void directory(const char *dir)
{
	int one = open(dir, O_RDONLY | O_DIRECTORY);
	int two = open(dir, O_RDONLY | O_DIRECTORY);

	result("dir-flock", !flock(one, LOCK_EX) &&
	       busy(flock(two, LOCK_EX | LOCK_NB)), "no conflict");
	close(one);
	result("dir-flock-close", flock_freed(two), "still held");
	close(two);
}

int main(int argc, char **argv)
{
	later = argc == 4 && !strcmp(argv[3], "later");
	if (argc != 3 && !later) {
		fprintf(stderr, "usage: %s DIR PREFIX [later]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	gone = mmap(NULL, sizeof(*gone), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (gone == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/file", argv[1]);
	prefix = argv[2];
	both(POSIX);
	both(OFD);
	both(FLOCK);
	posix_alone();
	ofd_alone();
	flock_alone();
	directory(argv[1]);
	return failures ? 1 : 0;
}
