// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: threads that serve, each with a device of its own that it
 * closes and clones anew at times, by read and write or by splice, with right
 * answers and wrong ones; clients that are interrupted and killed at any
 * moment; and an abort in the middle, or the mount taken away under it.
 *
 *	rawstorm DIR [SEED [ROUNDS]]
 *
 * Prints the seed. Each round must leave every client ended soon after the
 * abort, and every thread told that the connection is gone.
 */
#include <pthread.h>
#include <signal.h>
#include "rawcheck.h"

#define SERVERS		4
#define CLIENTS		8
#define ROUND_MS	1500
#define ROUNDS		6

static struct {
	struct raw	r;
	unsigned int	seed;
	int		errors;
} storm;

static void note(const char *what, long value)
{
	printf("# %s: %ld\n", what, value);
	__atomic_add_fetch(&storm.errors, 1, __ATOMIC_RELAXED);
}

/* -------- servers -------- */

static int clone_of(int fd)
{
	int new = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	uint32_t arg = fd;

	/* It fails once the device it is to clone is one of a dead mount. */
	if (new >= 0 && ioctl(new, FUSE_DEV_IOC_CLONE, &arg)) {
		close(new);
		return -1;
	}
	return new;
}

static ssize_t take_by_pipe(struct raw *r, int pipes[2])
{
	ssize_t got = 0, part;
	ssize_t n = splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0);

	while (got < n) {
		part = read(pipes[0], r->buf + got, n - got);
		if (part <= 0) {
			note("pipe ends early", got);
			return -1;
		}
		got += part;
	}
	return n;
}

/* Something that no server should send. */
static void answer_wrong(struct raw *r, unsigned int *seed)
{
	/* To a READ, short junk is a right answer. */
	bool reads = r->head->opcode == FUSE_READ;
	uint64_t unique = r->head->unique;
	static const char junk[300];

	switch (reads ? 1 + rand_r(seed) % 2 : rand_r(seed) % 4) {
	case 0:
		raw_reply(r, 0, junk, rand_r(seed) % sizeof(junk));
		break;
	case 1:
		raw_reply(r, 1 + rand_r(seed) % 700, junk, rand_r(seed) % 2);
		break;
	case 2:
		r->head->unique ^= rand_r(seed) % 8;
		raw_reply(r, EIO, NULL, 0);
		r->head->unique = unique;
		break;
	case 3:
		raw_reply(r, 0, NULL, 0);
		break;
	}
}

static void *serve(void *arg)
{
	unsigned int seed = storm.seed + (long)arg;
	bool by_pipe = (long)arg % 2;
	struct raw r = storm.r;
	int pipes[2], fresh;
	ssize_t n;

	r.fd = clone_of(storm.r.fd);
	r.buf = malloc(RAW_BUFFER);
	r.head = (struct fuse_in_header *)r.buf;
	r.arg = r.head + 1;
	if (r.fd < 0 || !r.buf || pipe(pipes)) {
		note("no server", errno);
		return NULL;
	}
	fcntl(pipes[1], F_SETPIPE_SZ, RAW_BUFFER);

	for (;;) {
		n = by_pipe ? take_by_pipe(&r, pipes) :
			      read(r.fd, r.buf, RAW_BUFFER);
		if (n < 0) {
			if (errno == ENODEV)
				break;
			note("read", errno);
			break;
		}
		if (n != r.head->len)
			note("length of a request", n);
		if (rand_r(&seed) % 8 == 0)
			usleep(rand_r(&seed) % 20000);
		if (rand_r(&seed) % 100 == 0) {
			/* What it had goes with it. */
			fresh = clone_of(storm.r.fd);
			if (fresh < 0)
				break;
			close(r.fd);
			r.fd = fresh;
			continue;
		}
		if (r.head->opcode == FUSE_INTERRUPT) {
			if (rand_r(&seed) % 4 == 0)
				raw_reply(&r, EAGAIN, NULL, 0);
			continue;
		}
		if (rand_r(&seed) % 20 == 0 && r.head->opcode != FUSE_FORGET &&
		    r.head->opcode != FUSE_BATCH_FORGET)
			answer_wrong(&r, &seed);
		fs_answer(&r);
	}
	close(r.fd);
	close(pipes[0]);
	close(pipes[1]);
	free(r.buf);
	return NULL;
}

/* -------- clients -------- */

static void on_signal(int sig)
{
}

/* Whatever goes wrong but silently: the errors are what the storm is about. */
static void use(const char *dir, unsigned int seed)
{
	static unsigned char buf[MAX_WRITE] __attribute__((aligned(4096)));
	struct sigaction sa = { .sa_handler = on_signal };
	struct stat st;
	size_t len;
	off_t at;
	int fd;

	sigaction(SIGUSR1, &sa, NULL);
	for (;;) {
		at = rand_r(&seed) % (FILE_SIZE / 4096) * 4096;
		len = (rand_r(&seed) % 32 + 1) * 4096;
		if (at + len > FILE_SIZE)
			len = FILE_SIZE - at;
		switch (rand_r(&seed) % 5) {
		case 0:
			stat(client_path(dir, "absent"), &st);
			break;
		case 1:
			client_statfs(dir);
			break;
		default:
			fd = open(client_path(dir, "file"), O_RDWR |
				  (rand_r(&seed) % 2 ? O_DIRECT : 0));
			/* The mount ended, or is not there any more. */
			if (fd < 0 && (errno == ENOTCONN || errno == ENOENT))
				_exit(0);
			if (fd < 0)
				break;
			if (rand_r(&seed) % 2) {
				ssize_t n = pread(fd, buf, len, at);

				if (n > 0 && !fs_same(buf, at, n))
					_exit(1);
			} else {
				fs_fill(buf, at, len);
				if (pwrite(fd, buf, len, at) < 0 &&
				    errno == ENOTCONN)
					_exit(0);
			}
			close(fd);
		}
	}
}

static pid_t use_start(unsigned int seed)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(0);
		close_range(3, ~0U, 0);
		use(storm.r.dir, seed);
	}
	return pid;
}

static void use_ended(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		note("a client read what nobody wrote", 1);
}

/* -------- rounds -------- */

static int elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void round_run(const char *dir, int number)
{
	unsigned int seed = storm.seed + 1000 * number;
	pthread_t server[SERVERS];
	pid_t client[CLIENTS];
	struct timespec start;
	int i, status;
	pid_t pid;

	alarm(TEST_SECONDS);
	raw_mount(&storm.r, dir, "");
	if (!fs_until(&storm.r, FUSE_INIT, LONG_MS)) {
		note("no INIT", 0);
		return;
	}
	fs_answer(&storm.r);
	for (i = 0; i < SERVERS; i++)
		pthread_create(&server[i], NULL, serve, (void *)(long)i);
	for (i = 0; i < CLIENTS; i++)
		client[i] = use_start(seed + i);

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (elapsed_ms(&start) < ROUND_MS) {
		usleep(rand_r(&seed) % 30000);
		i = rand_r(&seed) % CLIENTS;
		kill(client[i], rand_r(&seed) % 3 ? SIGUSR1 : SIGKILL);
		pid = waitpid(-1, &status, WNOHANG);
		for (i = 0; pid > 0 && i < CLIENTS; i++) {
			if (client[i] == pid) {
				use_ended(status);
				client[i] = use_start(rand_r(&seed));
			}
		}
	}

	/* One way or the other: the answer is the same for all. */
	if (number % 2)
		umount2(dir, MNT_FORCE);
	umount2(dir, MNT_DETACH);
	if (!(number % 2)) {
		for (i = 0; i < CLIENTS; i++)
			kill(client[i], SIGKILL);
	}
	for (i = 0; i < CLIENTS; i++) {
		waitpid(client[i], &status, 0);
		use_ended(status);
	}
	for (i = 0; i < SERVERS; i++)
		pthread_join(server[i], NULL);
	close(storm.r.fd);
	free(storm.r.buf);
	alarm(0);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : ROUNDS;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: %s DIR [SEED [ROUNDS]]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, check_alarm);
	check.test = "storm";
	storm.seed = time(NULL);
	if (argc > 2)
		storm.seed = strtoul(argv[2], NULL, 0);
	printf("# seed %u\n", storm.seed);
	for (i = 0; i < rounds; i++)
		round_run(argv[1], i);
	if (storm.errors)
		printf("not ok storm: %d complaints\n", storm.errors);
	else
		printf("ok storm\n");
	return storm.errors ? 1 : 0;
}
