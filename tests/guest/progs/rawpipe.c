// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and replies by splice(2): FUSE_SPLICE_READ, FUSE_SPLICE_WRITE and
 * FUSE_SPLICE_MOVE say that they can be.
 *
 *	rawpipe DIR [TEST]
 */
#include <sched.h>
#include <sys/sendfile.h>
#include "rawcheck.h"

#define DATA_AT		8192	/* where the clients read and write */

static int fails(long ret)
{
	return ret < 0 ? errno : 0;
}

static void pipe_new(int pipes[2], int size)
{
	CHECK_IS(pipe(pipes), 0);
	if (size)
		CHECK(fcntl(pipes[1], F_SETPIPE_SZ, size) >= size);
}

static void pipe_close(int pipes[2])
{
	close(pipes[0]);
	close(pipes[1]);
}

/* The next request by way of a pipe; into @r as if it had been read. */
static ssize_t splice_next(struct raw *r, int pipes[2], int ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t n, got = 0, part;

	if (poll(&p, 1, ms) <= 0)
		return 0;
	n = splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0);
	if (n < 0)
		return -errno;
	while (got < n) {
		part = read(pipes[0], r->buf + got, n - got);
		if (part <= 0)
			return -errno;
		got += part;
	}
	return n;
}

/* A reply by way of a pipe, in pieces of @piece bytes. */
static int splice_reply(struct raw *r, int pipes[2], const void *data,
			size_t len, size_t piece)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len, .unique = r->head->unique,
	};
	size_t at, n;

	CHECK_IS(write(pipes[1], &out, sizeof(out)), sizeof(out));
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		CHECK_IS(write(pipes[1], (const char *)data + at, n), n);
	}
	n = splice(pipes[0], NULL, r->fd, NULL, out.len, 0);
	if ((ssize_t)n == -1)
		return -errno;
	CHECK_IS(n, out.len);
	return 0;
}

static void test_request(struct raw *r)
{
	pid_t pid = client_start(r, client_stat);
	int pipes[2];

	pipe_new(pipes, RAW_BUFFER);
	CHECK_IS(fails(splice(r->fd, NULL, pipes[1], NULL,
			      FUSE_MIN_READ_BUFFER, 0)), EINVAL);
	CHECK_IS(splice_next(r, pipes, LONG_MS), sizeof(*r->head) + 7);
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	CHECK_IS(r->head->pid, pid);
	CHECK(!strcmp(r->arg, "absent"));
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), ENOENT);

	fcntl(r->fd, F_SETFL, fcntl(r->fd, F_GETFL) | O_NONBLOCK);
	CHECK_IS(fails(splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0)),
		 EAGAIN);
	pipe_close(pipes);
}

static int client_write_flags(const char *dir, int flags, size_t len)
{
	int fd = open(client_path(dir, "file"), O_RDWR | flags);
	unsigned char *data;
	ssize_t n;

	if (fd < 0)
		return errno;
	if (posix_memalign((void **)&data, 4096, len))
		return ENOMEM;
	fs_fill(data, DATA_AT, len);
	n = pwrite(fd, data, len, DATA_AT);
	return n < 0 ? errno : n == (ssize_t)len ? 0 : 101;
}

static int client_write(const char *dir)
{
	return client_write_flags(dir, 0, MAX_WRITE);
}

static int client_write_direct(const char *dir)
{
	return client_write_flags(dir, O_DIRECT, MAX_WRITE);
}

static int client_write_odd(const char *dir)
{
	return client_write_flags(dir, 0, 5001);
}

static void check_writes(struct raw *r, client_fn client, size_t len)
{
	struct fuse_write_in *in = r->arg;
	pid_t pid = client_start(r, client);
	int pipes[2], status = -1;
	size_t seen = 0;
	ssize_t n;

	pipe_new(pipes, RAW_BUFFER);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		n = splice_next(r, pipes, SHORT_MS);
		if (n <= 0) {
			CHECK_IS(n, 0);
			continue;
		}
		if (r->head->opcode == FUSE_WRITE) {
			CHECK_IS(n, sizeof(*r->head) + sizeof(*in) + in->size);
			CHECK(fs_same((unsigned char *)(in + 1), in->offset,
				      in->size));
			seen += in->size;
		}
		fs_answer(r);
	}
	CHECK(WIFEXITED(status));
	CHECK_IS(WEXITSTATUS(status), 0);
	CHECK_IS(seen, len);
	pipe_close(pipes);
}

static void test_write(struct raw *r)
{
	check_writes(r, client_write, MAX_WRITE);
	check_writes(r, client_write_odd, 5001);
}

static void test_write_direct(struct raw *r)
{
	check_writes(r, client_write_direct, MAX_WRITE);
}

/* The same page twice, through one open. */
static int write_twice(const char *dir, int flags)
{
	int fd = open(client_path(dir, "file"), O_RDWR | flags);
	unsigned char *data;
	int byte;

	if (fd < 0)
		return errno;
	if (posix_memalign((void **)&data, 4096, 4096))
		return ENOMEM;
	for (byte = '1'; byte <= '2'; byte++) {
		memset(data, byte, 4096);
		if (pwrite(fd, data, 4096, DATA_AT) != 4096)
			return errno;
	}
	return 0;
}

static int client_write_twice(const char *dir)
{
	return write_twice(dir, 0);
}

static int client_write_twice_direct(const char *dir)
{
	return write_twice(dir, O_DIRECT);
}

/* What the pipe that the first WRITE went to shows after the second one. */
static void pipe_shows(struct raw *r, client_fn client, int byte)
{
	const size_t head = sizeof(*r->head) + sizeof(struct fuse_write_in);
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	unsigned char seen[4096];
	pid_t pid = client_start(r, client);
	int pipes[2];
	ssize_t n = 0;
	size_t i;

	pipe_new(pipes, RAW_BUFFER);
	while (CHECK(poll(&p, 1, LONG_MS) == 1)) {
		n = splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0);
		if (!CHECK(n > 0) || n > 4096)
			break;
		CHECK_IS(read(pipes[0], r->buf, RAW_BUFFER), n);
		fs_answer(r);
	}
	/* Its data stays. */
	CHECK_IS(n, head + sizeof(seen));
	CHECK_IS(read(pipes[0], r->buf, head), head);
	CHECK_IS(r->head->opcode, FUSE_WRITE);
	fs_answer(r);
	if (CHECK(fs_until(r, FUSE_WRITE, LONG_MS)))
		fs_answer(r);
	CHECK_IS(client_serve(r, pid), 0);
	CHECK_IS(read(pipes[0], seen, sizeof(seen)), sizeof(seen));
	for (i = 0; i < sizeof(seen) && seen[i] == byte; i++)
		;
	CHECK_IS(i, sizeof(seen));
	pipe_close(pipes);
}

/* The page cache's own pages, not copies of them. */
static void test_write_referred(struct raw *r)
{
	pipe_shows(r, client_write_twice, '2');
}

/* A caller's memory is copied: what was written stays in the pipe. */
static void test_write_copied(struct raw *r)
{
	pipe_shows(r, client_write_twice_direct, '1');
}

static int client_setxattr(const char *dir)
{
	static char value[60000];

	memset(value, 'v', sizeof(value));
	return syscall(SYS_setxattr, dir, "user.big", value, sizeof(value), 0) ?
		errno : 0;
}

/* Arguments of many pages. */
static void test_large_argument(struct raw *r)
{
	pid_t pid = client_start(r, client_setxattr);
	size_t i, vs = 0;
	int pipes[2];
	ssize_t n;

	pipe_new(pipes, RAW_BUFFER);
	n = splice_next(r, pipes, LONG_MS);
	CHECK(n > 60000);
	CHECK_IS(r->head->opcode, FUSE_SETXATTR);
	CHECK_IS(r->head->len, n);
	for (i = n - 60000; i < (size_t)n; i++)
		vs += r->buf[i] == 'v';
	CHECK_IS(vs, 60000);
	CHECK_IS(raw_reply(r, EPERM, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), EPERM);
	pipe_close(pipes);
}

static int client_read(const char *dir)
{
	static unsigned char buf[MAX_WRITE];
	int fd = open(client_path(dir, "file"), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = pread(fd, buf, sizeof(buf), DATA_AT);
	if (n < 0)
		return errno;
	return n == sizeof(buf) && fs_same(buf, DATA_AT, n) ? 0 : 101;
}

static void check_reads(struct raw *r, size_t piece)
{
	static unsigned char data[MAX_WRITE];
	struct fuse_read_in *in = r->arg;
	pid_t pid = client_start(r, client_read);
	int pipes[2];

	pipe_new(pipes, RAW_BUFFER);
	while (fs_until(r, FUSE_READ, SHORT_MS)) {
		uint64_t at = in->offset;
		size_t n = in->size;

		if (at >= FILE_SIZE)
			n = 0;
		else if (n > FILE_SIZE - at)
			n = FILE_SIZE - at;
		fs_fill(data, at, n);
		CHECK_IS(splice_reply(r, pipes, data, n, piece), 0);
	}
	CHECK_IS(client_serve(r, pid), 0);
	pipe_close(pipes);
}

static void test_reply(struct raw *r)
{
	struct fuse_entry_out entry = fs_entry(FILE_ID);
	char left[8];
	pid_t pid;
	int pipes[2];

	pipe_new(pipes, RAW_BUFFER);
	pid = client_start(r, client_stat_file);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	/* Nothing, or less than the header says, is there. */
	CHECK_IS(fails(splice(pipes[0], NULL, r->fd, NULL, 16, 0)), EINVAL);
	CHECK_IS(write(pipes[1], "0123456789", 10), 10);
	CHECK_IS(fails(splice(pipes[0], NULL, r->fd, NULL, 16, 0)), EINVAL);
	CHECK_IS(read(pipes[0], r->buf + 4096, 16), 10);
	/* Nonsense is refused, and taken out of the pipe. */
	CHECK_IS(write(pipes[1], "0123456789abcdefLEFT", 20), 20);
	CHECK_IS(fails(splice(pipes[0], NULL, r->fd, NULL, 16, 0)), EINVAL);
	CHECK_IS(read(pipes[0], left, sizeof(left)), 4);
	CHECK(!memcmp(left, "LEFT", 4));
	/* In pieces of three bytes, within few enough buffers. */
	CHECK_IS(splice_reply(r, pipes, &entry, sizeof(entry), 3), 0);
	CHECK_IS(client_serve(r, pid), 0);
	pipe_close(pipes);
}

static void test_read(struct raw *r)
{
	check_reads(r, MAX_WRITE);
}

static void test_read_pieces(struct raw *r)
{
	check_reads(r, 1000);
}

/* A reply and the beginning of what follows it in one buffer. */
static void test_reply_split(struct raw *r)
{
	struct {
		struct fuse_out_header	out;
		struct fuse_entry_out	entry;
		char			more[5];
	} __attribute__((packed)) reply = { .entry = fs_entry(FILE_ID) };
	pid_t pid = client_start(r, client_stat_file);
	char left[8];
	int pipes[2];

	pipe_new(pipes, 0);
	memcpy(reply.more, "more", 5);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	reply.out.len = sizeof(reply.out) + sizeof(reply.entry);
	reply.out.unique = r->head->unique;
	CHECK_IS(write(pipes[1], &reply, sizeof(reply)), sizeof(reply));
	CHECK_IS(splice(pipes[0], NULL, r->fd, NULL, reply.out.len, 0),
		 reply.out.len);
	CHECK_IS(read(pipes[0], left, sizeof(left)), 5);
	CHECK(!memcmp(left, "more", 5));
	CHECK_IS(client_serve(r, pid), 0);
	pipe_close(pipes);
}

/* Pages of a file as a reply: the kernel has to bring them in first. */
static void test_reply_file(struct raw *r)
{
	struct fuse_out_header out = { };
	struct fuse_read_in *in = r->arg;
	char name[] = "/tmp/rawpipe.XXXXXX";
	int fd = mkstemp(name), pipes[2];
	unsigned char *data = malloc(FILE_SIZE);
	pid_t pid;
	loff_t at;

	unlink(name);
	fs_fill(data, 0, FILE_SIZE);
	CHECK_IS(write(fd, data, FILE_SIZE), FILE_SIZE);
	pipe_new(pipes, RAW_BUFFER);
	pid = client_start(r, client_read);
	while (fs_until(r, FUSE_READ, SHORT_MS)) {
		at = in->offset;
		if (at + in->size > FILE_SIZE)
			in->size = at < FILE_SIZE ? FILE_SIZE - at : 0;
		out.len = sizeof(out) + in->size;
		out.unique = r->head->unique;
		CHECK_IS(write(pipes[1], &out, sizeof(out)), sizeof(out));
		CHECK_IS(splice(fd, &at, pipes[1], NULL, in->size, 0), in->size);
		CHECK_IS(splice(pipes[0], NULL, r->fd, NULL, out.len,
				SPLICE_F_MOVE), out.len);
	}
	CHECK_IS(client_serve(r, pid), 0);
	pipe_close(pipes);
	close(fd);
	free(data);
}

#define PAGE	4096

/* How many of the file's pages are in the page cache? */
static long pages_cached(int fd, size_t size)
{
	unsigned char in[FILE_SIZE / PAGE];
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	long n = 0;
	size_t i;

	if (at == MAP_FAILED || mincore(at, size, in))
		return -1;
	for (i = 0; i < size / PAGE; i++)
		n += in[i] & 1;
	munmap(at, size);
	return n;
}

/*
 * A file on disk whose pages are cached one by one, so that each can be moved.
 * Its data begins at @skew.
 */
static int source_open(const struct raw *r, const unsigned char *data,
		       loff_t skew)
{
	char name[512], page[PAGE];
	loff_t at;
	int fd;

	snprintf(name, sizeof(name), "%s.src", r->dir);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	CHECK_IS(pwrite(fd, data, FILE_SIZE, skew), FILE_SIZE);
	CHECK_IS(fsync(fd), 0);
	CHECK_IS(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK_IS(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	for (at = 0; at < FILE_SIZE + skew; at += PAGE)
		CHECK(pread(fd, page, PAGE, at) > 0);
	return fd;
}

/* Read twice: the second time it is the page cache alone that has the data. */
static int client_read_twice(const char *dir)
{
	int err = client_read(dir);

	return err ? err : client_read(dir);
}

/*
 * READ answered with pages of @fd, whose data begins at @skew, or with ones that
 * were written to the pipe where @fd is -1. What is in the pipe's and the
 * server's memory changes after.
 */
static void check_moves(struct raw *r, int fd, loff_t skew, unsigned char *data,
			unsigned int flags)
{
	struct fuse_out_header out = { };
	struct fuse_read_in *in = r->arg;
	pid_t pid = client_start(r, client_read_twice);
	static unsigned char junk[MAX_WRITE];
	int pipes[2], ms = LONG_MS, status = -1;
	ssize_t part;
	loff_t at;
	size_t n;

	pipe_new(pipes, RAW_BUFFER);
	memset(junk, 0xee, sizeof(junk));
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (raw_next(r, 20) <= 0) {
			ms -= 20;
			if (!CHECK(ms > 0))
				break;
			continue;
		}
		if (r->head->opcode != FUSE_READ) {
			fs_answer(r);
			continue;
		}
		at = in->offset;
		if (at + in->size > FILE_SIZE)
			in->size = at < FILE_SIZE ? FILE_SIZE - at : 0;
		out.len = sizeof(out) + in->size;
		out.unique = r->head->unique;
		CHECK_IS(write(pipes[1], &out, sizeof(out)), sizeof(out));
		if (fd >= 0)
			at += skew;
		for (n = 0; n < in->size; n += part) {
			if (fd >= 0)
				part = splice(fd, &at, pipes[1], NULL,
					      in->size - n, 0);
			else
				part = write(pipes[1], data + at + n, PAGE);
			if (!CHECK(part > 0))
				exit(2);
		}
		CHECK_IS(splice(pipes[0], NULL, r->fd, NULL, out.len, flags),
			 out.len);
		/* The pipe uses pages once more that it still has. */
		CHECK_IS(write(pipes[1], junk, sizeof(junk)), sizeof(junk));
		CHECK_IS(read(pipes[0], junk, sizeof(junk)), sizeof(junk));
	}
	CHECK(WIFEXITED(status));
	CHECK_IS(WEXITSTATUS(status), 0);
	pipe_close(pipes);
}

/*
 * Pages are moved: out of the file that they came from. And not if not asked.
 * Each CPU keeps some that were just used, but no whole READ of them.
 */
static void test_read_moved(struct raw *r)
{
	unsigned char *data = malloc(FILE_SIZE);
	cpu_set_t all, one;
	long before;
	int fd;

	CHECK_IS(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	CHECK_IS(sched_setaffinity(0, sizeof(one), &one), 0);
	fs_fill(data, 0, FILE_SIZE);
	fd = source_open(r, data, 0);
	before = pages_cached(fd, FILE_SIZE);
	CHECK_IS(before, FILE_SIZE / PAGE);
	check_moves(r, fd, 0, data, SPLICE_F_MOVE);
	printf("# %ld of %ld pages stayed\n", pages_cached(fd, FILE_SIZE), before);
	CHECK(pages_cached(fd, FILE_SIZE) < before);
	CHECK_IS(sched_setaffinity(0, sizeof(all), &all), 0);
	close(fd);
	free(data);
}

static void test_read_not_moved(struct raw *r)
{
	unsigned char *data = malloc(FILE_SIZE);
	int fd;

	fs_fill(data, 0, FILE_SIZE);
	fd = source_open(r, data, 0);
	check_moves(r, fd, 0, data, 0);
	CHECK_IS(pages_cached(fd, FILE_SIZE), FILE_SIZE / PAGE);
	close(fd);
	free(data);
}

/* Whole pages of the file, each across two of the READ: none can be moved. */
static void test_read_skewed(struct raw *r)
{
	unsigned char *data = malloc(FILE_SIZE);
	int fd;

	fs_fill(data, 0, FILE_SIZE);
	fd = source_open(r, data, PAGE / 2);
	check_moves(r, fd, PAGE / 2, data, SPLICE_F_MOVE);
	close(fd);
	free(data);
}

/* The pipe's own pages, which nobody else has. */
static void test_read_moved_own(struct raw *r)
{
	unsigned char *data = malloc(FILE_SIZE);

	fs_fill(data, 0, FILE_SIZE);
	check_moves(r, -1, 0, data, SPLICE_F_MOVE);
	free(data);
}

/*
 * Pages that have a second user stay where they are: here a copy of the pipe,
 * and the memory of the server, which writes to it afterwards.
 */
static void test_read_shared(struct raw *r)
{
	struct fuse_out_header out = { };
	struct fuse_read_in *in = r->arg;
	pid_t pid = client_start(r, client_read_twice);
	unsigned char *data, *seen = malloc(RAW_BUFFER);
	int pipes[2], copy[2], ms = LONG_MS, status = -1;
	struct iovec iov;
	size_t at;

	data = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pipe_new(pipes, RAW_BUFFER);
	pipe_new(copy, RAW_BUFFER);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (raw_next(r, 20) <= 0) {
			ms -= 20;
			if (!CHECK(ms > 0))
				break;
			continue;
		}
		if (r->head->opcode != FUSE_READ) {
			fs_answer(r);
			continue;
		}
		fs_fill(data, in->offset, in->size);
		out.len = sizeof(out) + in->size;
		out.unique = r->head->unique;
		CHECK_IS(write(pipes[1], &out, sizeof(out)), sizeof(out));
		for (at = 0; at < in->size / 2; at += PAGE)
			CHECK_IS(write(pipes[1], data + at, PAGE), PAGE);
		iov = (struct iovec){ data + at, in->size - at };
		CHECK_IS(vmsplice(pipes[1], &iov, 1, SPLICE_F_GIFT), iov.iov_len);
		CHECK_IS(tee(pipes[0], copy[1], out.len, 0), out.len);
		CHECK_IS(splice(pipes[0], NULL, r->fd, NULL, out.len,
				SPLICE_F_MOVE), out.len);
		memset(data, 0xee, FILE_SIZE);
		CHECK_IS(read(copy[0], seen, out.len), out.len);
		CHECK(fs_same(seen + sizeof(out), in->offset, at));
	}
	CHECK(WIFEXITED(status));
	CHECK_IS(WEXITSTATUS(status), 0);
	pipe_close(pipes);
	pipe_close(copy);
	munmap(data, FILE_SIZE);
	free(seen);
}

/* A pipe with less room than any request may need: as a small buffer. */
static void test_small_pipe(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int pipes[2], i, slots;
	pid_t pid;

	pid = client_start(r, client_setxattr);
	CHECK_IS(poll(&p, 1, LONG_MS), 1);
	pipe_new(pipes, 0);
	CHECK_IS(fcntl(pipes[1], F_SETPIPE_SZ, 4096), 4096);
	CHECK_IS(fails(splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0)),
		 EINVAL);
	pipe_close(pipes);

	pipe_new(pipes, RAW_BUFFER);
	slots = fcntl(pipes[1], F_GETPIPE_SZ) / 4096;
	for (i = 0; i < slots - MAX_WRITE / 4096; i++)
		CHECK_IS(write(pipes[1], r->buf, 4096), 4096);
	CHECK_IS(fails(splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0)),
		 EINVAL);
	CHECK_IS(read(pipes[0], r->buf, 4096), 4096);
	CHECK(splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0) > 60000);
	for (i = 1; i < slots - MAX_WRITE / 4096; i++)
		CHECK_IS(read(pipes[0], r->buf, 4096), 4096);
	CHECK(read(pipes[0], r->buf, RAW_BUFFER) > 60000);
	CHECK_IS(r->head->opcode, FUSE_SETXATTR);
	CHECK_IS(raw_reply(r, EPERM, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), EPERM);
	pipe_close(pipes);
}

static void test_no_reader(struct raw *r)
{
	pid_t pid = client_start(r, client_stat);
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int pipes[2];

	pipe_new(pipes, RAW_BUFFER);
	close(pipes[0]);
	CHECK_IS(poll(&p, 1, LONG_MS), 1);
	CHECK_IS(fails(splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0)),
		 EPIPE);
	close(pipes[1]);
	/* Nothing is lost. */
	CHECK_IS(client_serve(r, pid), ENOENT);
}

/* What is in a pipe when the mount goes may be read later. */
static void test_pipe_outlives(struct raw *r)
{
	struct fuse_write_in *in = r->arg;
	pid_t pid = client_start(r, client_write);
	ssize_t n = 0, got = 0, part;
	int pipes[2], ms = LONG_MS;

	pipe_new(pipes, RAW_BUFFER);
	/* Up to the first WRITE, which stays in the pipe. */
	CHECK(fs_until(r, FUSE_OPEN, LONG_MS));
	fs_answer(r);
	for (;;) {
		struct pollfd p = { .fd = r->fd, .events = POLLIN };

		if (!CHECK(poll(&p, 1, LONG_MS) == 1))
			break;
		n = splice(r->fd, NULL, pipes[1], NULL, RAW_BUFFER, 0);
		if (n > 4096)
			break;
		CHECK_IS(read(pipes[0], r->buf, RAW_BUFFER), n);
		fs_answer(r);
	}
	umount2(r->dir, MNT_FORCE);
	CHECK_IS(client_wait(pid, LONG_MS), ECONNABORTED);
	/* Unless it was not busy any more when it was forced. */
	while (umount2(r->dir, 0) && errno == EBUSY && ms > 0) {
		usleep(10000);
		ms -= 10;
	}
	CHECK(ms > 0);
	while (got < n && (part = read(pipes[0], r->buf + got, n - got)) > 0)
		got += part;
	CHECK_IS(got, n);
	CHECK_IS(r->head->opcode, FUSE_WRITE);
	CHECK(fs_same((unsigned char *)(in + 1), in->offset, in->size));
	pipe_close(pipes);
}

static const struct test tests[] = {
	{ "request", test_request },
	{ "write", test_write },
	{ "write-direct", test_write_direct },
	{ "write-referred", test_write_referred },
	{ "write-copied", test_write_copied },
	{ "large-argument", test_large_argument },
	{ "reply", test_reply },
	{ "reply-split", test_reply_split },
	{ "reply-file", test_reply_file },
	{ "read", test_read },
	{ "read-pieces", test_read_pieces },
	{ "read-moved", test_read_moved },
	{ "read-not-moved", test_read_not_moved },
	{ "read-skewed", test_read_skewed },
	{ "read-moved-own", test_read_moved_own },
	{ "read-shared", test_read_shared },
	{ "small-pipe", test_small_pipe },
	{ "no-reader", test_no_reader },
	{ "pipe-outlives", test_pipe_outlives },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run(tests, argc, argv);
}
