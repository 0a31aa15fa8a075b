// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request that is not answered, and a server that asked to be disconnected
 * then, or did not.
 *
 *	rawtimeout DIR SECONDS LIMIT [lock|granted]
 *
 *	SECONDS: what INIT asks for, 0 for nothing; LIMIT: how long to wait. With
 *	"lock" nothing is read any more, and who waits for a lock, which may take
 *	any time, is the first to be read. Prints the error of the call and the
 *	seconds that it took, or "waits". With "granted" who waits for a lock is
 *	answered after LIMIT, and others are meanwhile: errors of both
 */
#include <time.h>
#include "rawfile.h"

static int limit;
static bool lock, granted;

static pid_t wait_for_lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK };
	pid_t pid = fork();

	if (!pid)
		_exit(fcntl(fd, F_SETLKW, &whole) < 0 ? errno : 0);
	usleep(300000);
	return pid;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void client(void)
{
	int fd = open(rig_path, O_RDWR), status, i;
	double start = now();
	pid_t pid, locker = 0;
	char c = 0;

	if (fd < 0)
		raw_die(rig_path);
	/* Those that are answered, however many, are no reason. */
	while (now() - start < 0.5)
		if (pread(fd, &c, 1, 0) < 0)
			raw_die("read");

	/* What a first write asks for besides is known then. */
	if (pwrite(fd, &c, 1, 0) < 0)
		raw_die("write");
	rig->hold[FUSE_WRITE] = true;
	if (lock) {
		rig->deaf = true;
		locker = wait_for_lock(fd);
	}
	start = now();
	pid = fork();
	if (!pid)
		_exit(pwrite(fd, &c, 1, 0) < 0 ? errno : 0);
	for (i = 0; i < limit * 20; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			printf("%s %d\n", raw_error(WEXITSTATUS(status)), (int)(now() - start + 0.5));
			return;
		}
		usleep(50000);
	}
	printf("waits\n");
	rig->hold[FUSE_WRITE] = false;
	rig->deaf = false;
	waitpid(pid, &status, 0);
	if (locker)
		waitpid(locker, &status, 0);
}

/* The server has the request, and takes its time. */
static void client_granted(void)
{
	int fd = open(rig_path, O_RDWR), status;
	int error = 0;
	double start;
	pid_t locker;
	char c;

	if (fd < 0)
		raw_die(rig_path);
	rig->hold[FUSE_SETLKW] = true;
	locker = wait_for_lock(fd);
	if (!rig_came(FUSE_SETLKW, 1))
		raw_die("SETLKW");
	start = now();
	while (!error && now() - start < limit) {
		if (pread(fd, &c, 1, 0) < 0)
			error = errno;
		usleep(100000);
	}
	rig->hold[FUSE_SETLKW] = false;
	waitpid(locker, &status, 0);
	if (!error && pread(fd, &c, 1, 0) < 0)
		error = errno;
	printf("%s ", raw_error(WEXITSTATUS(status)));
	printf("%s\n", raw_error(error));
}

int main(int argc, char **argv)
{
	lock = argc == 5 && !strcmp(argv[4], "lock");
	granted = argc == 5 && !strcmp(argv[4], "granted");
	if (argc != 4 && !lock && !granted) {
		fprintf(stderr, "usage: rawtimeout DIR SECONDS LIMIT [lock|granted]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rig = mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rig == MAP_FAILED)
		raw_die("mmap");
	limit = atoi(argv[3]);
	rig->timeout = atoi(argv[2]);
	rig->init_flags = rig->timeout ? FUSE_REQUEST_TIMEOUT : 0;
	if (lock || granted)
		rig->init_flags |= FUSE_POSIX_LOCKS;
	rig->max_write = 1 << 17;
	rig->attr_valid = 1000;
	rig->open_flags = FOPEN_DIRECT_IO;
	return rig_run(argv[1], NULL, granted ? client_granted : client) ? 1 : 0;
}
