/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of the transport share: named checks, clients in processes of
 * their own, and a file system of a directory and a file that answers by
 * itself what a test is not about.
 *
 * A program is a table of tests, run one after the other on a mount of its
 * own; each prints "ok NAME", or "not ok NAME: what was wrong first".
 */
#ifndef RAWCHECK_H
#define RAWCHECK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "rawserve.h"

#define FILE_ID		2
#define FILE_FH		77
#define FILE_SIZE	(1 << 20)
#define MAX_WRITE	(128 * 1024)
#define TEST_SECONDS	(60 * raw_slow())
#define SHORT_MS	300
#define LONG_MS		10000
#define IN_A_SECOND	900	/* ms: what lives for 1 s still does */

static struct {
	const char	*test;
	char		first[200];	/* what was wrong first, if anything */
	int		failures;
} check;

#define CHECK(cond)	check_that(cond, __LINE__, #cond, "")
#define CHECK_IS(value, want) do { \
	long long v_ = (value), w_ = (want); \
	char note_[64]; \
	snprintf(note_, sizeof(note_), ": %lld, not %lld", v_, w_); \
	check_that(v_ == w_, __LINE__, #value, v_ == w_ ? "" : note_); \
} while (0)

static inline bool check_that(bool ok, int line, const char *what,
			      const char *note)
{
	if (!ok) {
		printf("# %s:%d: %s%s\n", check.test, line, what, note);
		if (!check.first[0])
			snprintf(check.first, sizeof(check.first),
				 "line %d: %s%s", line, what, note);
	}
	return ok;
}

static inline int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void check_alarm(int sig)
{
	/* Not what a handler should do, but the test is at its end anyway. */
	printf("not ok %s: took more than %d s\n", check.test, TEST_SECONDS);
	fflush(stdout);
	_exit(2);
}

/* -------- the file system -------- */

static inline struct fuse_attr fs_attr(uint64_t ino)
{
	return (struct fuse_attr){
		.ino = ino,
		.mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
		.size = ino == FUSE_ROOT_ID ? 0 : FILE_SIZE,
		.blksize = 4096,
	};
}

static inline struct fuse_entry_out fs_entry(uint64_t ino)
{
	return (struct fuse_entry_out){
		.nodeid = ino, .attr = fs_attr(ino), .attr_valid = 3600,
	};
}

/* Every byte of the file says where it is. */
static inline unsigned char fs_byte(uint64_t pos)
{
	return pos * 7 + (pos >> 12);
}

static inline void fs_fill(unsigned char *p, uint64_t pos, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = fs_byte(pos + i);
}

static inline bool fs_same(const unsigned char *p, uint64_t pos, size_t len)
{
	size_t i;

	for (i = 0; i < len && p[i] == fs_byte(pos + i); i++)
		;
	return i == len;
}

/* Answer the request in @r as the file system would. */
static inline void fs_answer(struct raw *r)
{
	static __thread unsigned char data[FILE_SIZE];	/* storms have many */
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = r->minor,
		.max_readahead = 128 * 1024,
		.max_background = 12,
		.congestion_threshold = 9,
		.max_write = MAX_WRITE,
		.max_pages = MAX_WRITE / 4096,
		.flags = FUSE_MAX_PAGES | FUSE_BIG_WRITES | FUSE_ASYNC_READ |
			 FUSE_PARALLEL_DIROPS,
	};
	struct fuse_attr_out attr = { .attr_valid = 3600 };
	struct fuse_open_out open = { .fh = FILE_FH };
	struct fuse_entry_out entry;
	struct fuse_kstatfs st = { .bsize = 4096, .namelen = 255 };
	struct fuse_write_out wrote = { };
	struct fuse_read_in *read_in = r->arg;
	struct fuse_write_in *write_in = r->arg;

	switch (r->head->opcode) {
	case FUSE_INIT:
		raw_reply(r, 0, &init, sizeof(init));
		return;
	case FUSE_LOOKUP:
		if (strcmp(r->arg, "file")) {
			raw_reply(r, ENOENT, NULL, 0);
			return;
		}
		entry = fs_entry(FILE_ID);
		raw_reply(r, 0, &entry, sizeof(entry));
		return;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		attr.attr = fs_attr(r->head->nodeid);
		raw_reply(r, 0, &attr, sizeof(attr));
		return;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		raw_reply(r, 0, &open, sizeof(open));
		return;
	case FUSE_READ:
		if (read_in->offset >= FILE_SIZE)
			read_in->size = 0;
		else if (read_in->size > FILE_SIZE - read_in->offset)
			read_in->size = FILE_SIZE - read_in->offset;
		fs_fill(data, read_in->offset, read_in->size);
		raw_reply(r, 0, data, read_in->size);
		return;
	case FUSE_WRITE:
		wrote.size = write_in->size;
		raw_reply(r, 0, &wrote, sizeof(wrote));
		return;
	case FUSE_STATFS:
		raw_reply(r, 0, &st, sizeof(st));
		return;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		raw_reply(r, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

/* Answer until a request of this kind comes, which is not answered. */
static inline bool fs_until(struct raw *r, uint32_t op, int ms)
{
	int n;

	while ((n = raw_next(r, ms)) > 0) {
		if (r->head->opcode == op)
			return true;
		fs_answer(r);
	}
	return false;
}

/* Answer what comes until nothing came for a while. */
static inline void fs_settle(struct raw *r, int ms)
{
	while (raw_next(r, ms) > 0)
		fs_answer(r);
}

/* -------- clients -------- */

typedef int (*client_fn)(const char *dir);

/* Runs @fn, which returns 0 or an errno, in another process. */
static inline pid_t client_start(const struct raw *r, client_fn fn)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(0);
		/* A device that it holds would not be closed by us. */
		close_range(3, ~0U, 0);
		_exit(fn(r->dir));
	}
	return pid;
}

/* What @fn returned; -1 if not within @ms, -signal if it was killed. */
static inline int client_wait(pid_t pid, int ms)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (ms <= 0)
			return -1;
		usleep(10000);
		ms -= 10;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Answer meanwhile, requests of kind @op by @answer. */
static inline int client_serve_with(struct raw *r, pid_t pid, uint32_t op,
				    void (*answer)(struct raw *r))
{
	int status, ms = LONG_MS;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (raw_next(r, 20) <= 0) {
			ms -= 20;
			if (ms <= 0)
				return -1;
		} else if (r->head->opcode == op) {
			answer(r);
		} else {
			fs_answer(r);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int client_serve(struct raw *r, pid_t pid)
{
	return client_serve_with(r, pid, 0, NULL);
}

static inline void client_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline const char *client_path(const char *dir, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static inline int client_stat(const char *dir)
{
	struct stat st;

	return stat(client_path(dir, "absent"), &st) ? errno : 0;
}

static inline int client_stat_file(const char *dir)
{
	struct stat st;

	return stat(client_path(dir, "file"), &st) ? errno : 0;
}

static inline int client_statfs(const char *dir)
{
	static char buf[512];	/* more than any struct statfs */

	return syscall(SYS_statfs, dir, buf) ? errno : 0;
}

/* -------- running -------- */

struct test {
	const char	*name;
	void		(*run)(struct raw *r);
	bool		raw;	/* does INIT itself */
};

static inline void test_unmount(struct raw *r)
{
	if (r->fd >= 0)
		close(r->fd);
	umount2(r->dir, MNT_DETACH);
	free(r->buf);
}

/* A mount whose INIT is answered, but for a test that does that itself. */
static inline void test_mounted(struct raw *r, const struct test *t,
				const char *dir)
{
	raw_mount(r, dir, "");
	if (!t->raw && CHECK(fs_until(r, FUSE_INIT, LONG_MS)))
		fs_answer(r);
}

/* Each test begins with @start, and ends unmounted. */
static inline int tests_run_from(const struct test *tests, int argc,
				 char **argv,
				 void (*start)(struct raw *r,
					       const struct test *t,
					       const char *dir))
{
	const struct test *t;
	struct raw r;

	if (argc < 2) {
		fprintf(stderr, "usage: %s DIR [TEST]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, check_alarm);
	signal(SIGPIPE, SIG_IGN);
	for (t = tests; t->name; t++) {
		if (argc > 2 && strcmp(argv[2], t->name))
			continue;
		check.test = t->name;
		check.first[0] = 0;
		alarm(TEST_SECONDS);
		start(&r, t, argv[1]);
		t->run(&r);
		test_unmount(&r);
		alarm(0);
		if (check.first[0]) {
			printf("not ok %s: %s\n", t->name, check.first);
			check.failures++;
		} else {
			printf("ok %s\n", t->name);
		}
	}
	return check.failures ? 1 : 0;
}

static inline int tests_run(const struct test *tests, int argc, char **argv)
{
	return tests_run_from(tests, argc, argv, test_mounted);
}

#endif
