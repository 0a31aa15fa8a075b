// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device as a server sees it: what may be read and written, and what is
 * refused.
 *
 *	rawdev DIR [TEST]
 */
#include "rawcheck.h"

/* A second open of the device for the same connection, or -errno. */
static int dev_clone(int of)
{
	uint32_t arg = of;
	int fd = open("/dev/fusept", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, FUSE_DEV_IOC_CLONE, &arg)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static int fails(long ret)
{
	return ret < 0 ? errno : 0;
}

static void test_no_connection(struct raw *r)
{
	struct fuse_backing_map map = { .fd = 0 };
	int fd = open("/dev/fusept", O_RDWR);
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	uint32_t arg = fd, none = 9999, tty;
	int pipes[2];

	CHECK(fd >= 0);
	CHECK_IS(fails(read(fd, r->buf, RAW_BUFFER)), EPERM);
	CHECK_IS(fails(write(fd, r->buf, 16)), EPERM);
	CHECK_IS(pipe(pipes), 0);
	CHECK_IS(fails(splice(fd, NULL, pipes[1], NULL, 65536, 0)), EPERM);
	CHECK_IS(write(pipes[1], r->buf, 16), 16);
	CHECK_IS(fails(splice(pipes[0], NULL, fd, NULL, 16, 0)), EPERM);
	CHECK_IS(poll(&p, 1, 0), 1);
	CHECK_IS(p.revents, POLLERR);
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_BACKING_OPEN, &map)), EPERM);
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_BACKING_CLOSE, &arg)), EPERM);
	CHECK_IS(fails(ioctl(fd, _IO('f', 99), 0)), ENOTTY);
	/* Neither a clone of nothing, of something else, nor of itself. */
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_CLONE, &none)), EINVAL);
	tty = pipes[0];
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_CLONE, &tty)), EINVAL);
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_CLONE, &arg)), EPERM);
	CHECK_IS(fails(ioctl(fd, FUSE_DEV_IOC_CLONE, NULL)), EFAULT);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

static void test_init(struct raw *r)
{
	pid_t pid;

	/* Calls wait for INIT, and waiting can be ended. */
	pid = client_start(r, client_stat);
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	client_kill(pid);

	CHECK(raw_next(r, LONG_MS) > 0);
	CHECK_IS(r->head->opcode, FUSE_INIT);
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(struct fuse_init_in));
	CHECK(r->head->unique && !(r->head->unique & 1));
	CHECK_IS(r->head->nodeid, 0);
	CHECK_IS(r->head->uid, 0);
	CHECK_IS(r->head->pid, 0);
	CHECK_IS(raw_next(r, SHORT_MS), 0);
	pid = client_start(r, client_stat);
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), ENOENT);
}

static void test_header(struct raw *r)
{
	pid_t pid = client_start(r, client_stat);
	uint64_t first;

	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof("absent"));
	CHECK_IS(r->head->nodeid, FUSE_ROOT_ID);
	CHECK_IS(r->head->uid, getuid());
	CHECK_IS(r->head->gid, getgid());
	CHECK_IS(r->head->pid, pid);
	CHECK(!strcmp(r->arg, "absent"));
	first = r->head->unique;
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), ENOENT);

	pid = client_start(r, client_stat);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK(r->head->unique > first && !(r->head->unique & 1));
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), ENOENT);
}

static void test_read_sizes(struct raw *r)
{
	size_t least = MAX_WRITE + sizeof(struct fuse_in_header) +
		       sizeof(struct fuse_write_in);
	struct iovec iov[2] = { { r->buf, 100 }, { r->buf + 100, least - 101 } };
	pid_t pid = client_start(r, client_stat);

	CHECK_IS(fails(read(r->fd, r->buf, 0)), EINVAL);
	CHECK_IS(fails(read(r->fd, r->buf, FUSE_MIN_READ_BUFFER)), EINVAL);
	CHECK_IS(fails(read(r->fd, r->buf, least - 1)), EINVAL);
	CHECK_IS(fails(readv(r->fd, iov, 2)), EINVAL);
	CHECK_IS(read(r->fd, r->buf, least), sizeof(*r->head) + 7);
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), ENOENT);
}

static void test_poll(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN | POLLOUT };
	int flags = fcntl(r->fd, F_GETFL);
	pid_t pid;

	fcntl(r->fd, F_SETFL, flags | O_NONBLOCK);
	CHECK_IS(poll(&p, 1, 0), 1);
	CHECK_IS(p.revents, POLLOUT);
	CHECK_IS(fails(read(r->fd, r->buf, RAW_BUFFER)), EAGAIN);
	pid = client_start(r, client_stat);
	p.events = POLLIN;
	CHECK_IS(poll(&p, 1, LONG_MS), 1);
	CHECK_IS(p.revents, POLLIN);
	CHECK(read(r->fd, r->buf, RAW_BUFFER) > 0);
	CHECK_IS(poll(&p, 1, 0), 0);
	fs_answer(r);
	fcntl(r->fd, F_SETFL, flags);
	CHECK_IS(client_serve(r, pid), ENOENT);
}

static volatile sig_atomic_t got_io;

static void on_io(int sig)
{
	got_io++;
}

static void test_sigio(struct raw *r)
{
	int flags = fcntl(r->fd, F_GETFL);
	pid_t pid;

	got_io = 0;
	signal(SIGIO, on_io);
	fcntl(r->fd, F_SETOWN, getpid());
	CHECK_IS(fcntl(r->fd, F_SETFL, flags | O_ASYNC), 0);
	pid = client_start(r, client_stat);
	CHECK_IS(client_serve(r, pid), ENOENT);
	CHECK(got_io > 0);
	/* And once more at the end. */
	got_io = 0;
	umount2(r->dir, MNT_FORCE);
	CHECK(got_io > 0);
	signal(SIGIO, SIG_DFL);
}

static void test_pieces(struct raw *r)
{
	enum { PIECES = 60 };
	struct fuse_out_header out = { };
	struct fuse_entry_out entry = fs_entry(FILE_ID);
	unsigned char *bytes = (unsigned char *)r->buf;
	struct iovec iov[PIECES + 1];
	unsigned char reply[sizeof(out) + sizeof(entry)];
	pid_t pid = client_start(r, client_stat_file);
	ssize_t n;
	int i;

	/* One byte at a time, and the rest. */
	for (i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ bytes + i, 1 };
	iov[PIECES] = (struct iovec){ bytes + PIECES, RAW_BUFFER - PIECES };
	n = readv(r->fd, iov, PIECES + 1);
	CHECK_IS(n, sizeof(*r->head) + sizeof("file"));
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	CHECK(!strcmp(r->arg, "file"));

	out.len = sizeof(reply);
	out.unique = r->head->unique;
	memcpy(reply, &out, sizeof(out));
	memcpy(reply + sizeof(out), &entry, sizeof(entry));
	for (i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ reply + i, 1 };
	iov[PIECES] = (struct iovec){ reply + PIECES, sizeof(reply) - PIECES };
	CHECK_IS(writev(r->fd, iov, PIECES + 1), sizeof(reply));
	CHECK_IS(client_serve(r, pid), 0);
}

/* Replies that are refused and do not end the request. */
static void test_replies_ignored(struct raw *r)
{
	static const int errors[] = { 1, 5, 512, -512, -1000, -4096, 1 << 30 };
	struct fuse_out_header out = { .len = sizeof(out) };
	pid_t pid = client_start(r, client_stat);
	void *volatile nowhere = NULL;
	unsigned int i;

	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	for (i = 0; i < sizeof(out); i++)
		CHECK_IS(fails(write(r->fd, &out, i)), EINVAL);
	CHECK_IS(fails(write(r->fd, nowhere, sizeof(out))), EFAULT);

	out.unique = r->head->unique;
	out.len = sizeof(out) + 1;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), EINVAL);
	out.len = 0;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), EINVAL);
	out.len = sizeof(out);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		out.error = errors[i];
		CHECK_IS(fails(write(r->fd, &out, sizeof(out))), EINVAL);
	}
	out.error = 0;
	out.unique += 2;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), ENOENT);
	out.unique = 0;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), EINVAL);
	/* An answer to an INTERRUPT that never was. */
	out.unique = r->head->unique | 1;
	out.error = -EAGAIN;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), EINVAL);
	out.unique += 2;
	CHECK_IS(fails(write(r->fd, &out, sizeof(out))), ENOENT);

	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), -ENOENT);
}

/* Replies that are refused, and fail the request. */
static void test_replies_failed(struct raw *r)
{
	struct fuse_entry_out entry = fs_entry(FILE_ID);
	unsigned char more[sizeof(entry) + 8] = { };
	struct fuse_out_header out = { };
	struct iovec iov[2] = { { &out, sizeof(out) }, { NULL, sizeof(entry) } };
	pid_t pid;

	memcpy(more, &entry, sizeof(entry));

	pid = client_start(r, client_stat_file);	/* an error with a body */
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(raw_reply(r, ENOENT, &entry, sizeof(entry)), -EINVAL);
	CHECK_IS(client_serve(r, pid), EIO);

	pid = client_start(r, client_stat_file);	/* too short */
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(raw_reply(r, 0, &entry, sizeof(entry) - 1), -EINVAL);
	CHECK_IS(client_serve(r, pid), EIO);

	pid = client_start(r, client_stat_file);	/* empty */
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(raw_reply(r, 0, NULL, 0), -EINVAL);
	CHECK_IS(client_serve(r, pid), EIO);

	pid = client_start(r, client_stat_file);	/* too long */
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(raw_reply(r, 0, more, sizeof(more)), -EINVAL);
	CHECK_IS(client_serve(r, pid), EIO);

	pid = client_start(r, client_stat_file);	/* no memory there */
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	out.len = sizeof(out) + sizeof(entry);
	out.unique = r->head->unique;
	CHECK_IS(fails(writev(r->fd, iov, 2)), EFAULT);
	CHECK_IS(client_serve(r, pid), EIO);

	pid = client_start(r, client_stat_file);	/* and all is well */
	CHECK_IS(client_serve(r, pid), 0);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK_IS(write(fd, "3", 1), 1);
	close(fd);
}

static int client_read_short(const char *dir)
{
	static unsigned char buf[3 * 4096];
	int fd = open(client_path(dir, "file"), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = pread(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return errno;
	if (n < 5000 || !fs_same(buf, 0, 5000))
		return 101;
	/* What a short reply leaves out is zero or is not there. */
	for (ssize_t i = 5000; i < n; i++)
		if (buf[i])
			return 102;
	return 0;
}

/* More than was asked for. */
static void answer_more(struct raw *r)
{
	static unsigned char more[MAX_WRITE + 8];
	const struct fuse_read_in *in = r->arg;

	CHECK_IS(raw_reply(r, 0, more, in->size + 8), -EINVAL);
}

static void test_short_read(struct raw *r)
{
	struct fuse_read_in *in = r->arg;
	static unsigned char data[5000];
	pid_t pid;

	fs_fill(data, 0, sizeof(data));
	pid = client_start(r, client_read_short);
	CHECK(fs_until(r, FUSE_READ, LONG_MS));
	CHECK(in->size > sizeof(data));
	CHECK_IS(raw_reply(r, 0, data, sizeof(data)), 0);
	CHECK_IS(client_serve(r, pid), 0);

	drop_caches();
	pid = client_start(r, client_read_short);
	CHECK_IS(client_serve_with(r, pid, FUSE_READ, answer_more), EIO);
}

static void test_bad_memory(struct raw *r)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t len = MAX_WRITE + 2 * page;
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *was = r->buf;
	pid_t pid;

	CHECK(map != MAP_FAILED);
	/* None at all: the request is lost, its caller told. */
	pid = client_start(r, client_stat);
	mprotect(map, len, PROT_NONE);
	CHECK_IS(fails(read(r->fd, map, len)), EFAULT);
	CHECK_IS(client_serve(r, pid), EIO);

	/* Ends inside the header. */
	pid = client_start(r, client_stat);
	mprotect(map, page, PROT_READ | PROT_WRITE);
	CHECK_IS(fails(read(r->fd, map + page - 20, len - page)), EFAULT);
	CHECK_IS(client_serve(r, pid), EIO);

	/* Good, but not there yet. */
	mprotect(map, len, PROT_READ | PROT_WRITE);
	madvise(map, len, MADV_DONTNEED);
	pid = client_start(r, client_stat);
	CHECK_IS(read(r->fd, map + page - 20, len - page),
		 sizeof(*r->head) + 7);
	r->head = (struct fuse_in_header *)(map + page - 20);
	CHECK_IS(r->head->opcode, FUSE_LOOKUP);
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);
	r->head = (struct fuse_in_header *)was;
	munmap(map, len);
}

/* A reply from a file's pages that are not mapped yet. */
static void test_reply_faults(struct raw *r)
{
	struct fuse_out_header out = { };
	struct fuse_entry_out entry = fs_entry(FILE_ID);
	char *buf = calloc(1, 8192), *map;
	char name[] = "/tmp/rawdev.XXXXXX";
	int fd = mkstemp(name);
	pid_t pid = client_start(r, client_stat_file);
	size_t at = 4096 - 40, len = sizeof(out) + sizeof(entry);

	unlink(name);
	CHECK(fs_until(r, FUSE_LOOKUP, LONG_MS));
	out.len = len;
	out.unique = r->head->unique;
	memcpy(buf + at, &out, sizeof(out));
	memcpy(buf + at + sizeof(out), &entry, sizeof(entry));
	CHECK_IS(write(fd, buf, 8192), 8192);
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_IS(write(r->fd, map + at, len), len);
	CHECK_IS(client_serve(r, pid), 0);
	munmap(map, 8192);
	close(fd);
	free(buf);
}

static int client_setxattr(const char *dir)
{
	static char value[60000];

	return syscall(SYS_setxattr, dir, "user.big", value, sizeof(value), 0) ?
		errno : 0;
}

static void test_too_large(struct raw *r)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	pid_t pid, next;

	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	CHECK_IS(raw_reply(r, 0, &init, sizeof(init)), 0);
	/* It is answered for the server, which goes on to the next. */
	pid = client_start(r, client_setxattr);
	CHECK_IS(poll(&p, 1, LONG_MS), 1);
	usleep(SHORT_MS * 1000);
	next = client_start(r, client_stat);
	CHECK_IS(read(r->fd, r->buf, FUSE_MIN_READ_BUFFER),
		 sizeof(*r->head) + 7);
	CHECK_IS(client_wait(pid, LONG_MS), E2BIG);
	fs_answer(r);
	CHECK_IS(client_serve(r, next), ENOENT);
	pid = client_start(r, client_setxattr);
	CHECK(raw_next(r, LONG_MS) > 60000);
	CHECK_IS(r->head->opcode, FUSE_SETXATTR);
	CHECK_IS(raw_reply(r, EPERM, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), EPERM);
}

static void test_clone(struct raw *r)
{
	struct raw two = *r;
	uint32_t arg = r->fd;
	pid_t pid;

	two.fd = dev_clone(r->fd);
	CHECK(two.fd >= 0);
	CHECK_IS(fails(ioctl(two.fd, FUSE_DEV_IOC_CLONE, &arg)), EINVAL);

	/* A reply belongs to the device that the request was read from. */
	pid = client_start(r, client_stat);
	CHECK(raw_next(&two, LONG_MS) > 0);
	CHECK_IS(raw_reply(r, ENOTDIR, NULL, 0), -ENOENT);
	CHECK_IS(raw_reply(&two, ENOTDIR, NULL, 0), 0);
	CHECK_IS(client_serve(r, pid), ENOTDIR);

	/* What a device had goes down with it, and nothing else does. */
	pid = client_start(r, client_stat);
	CHECK(raw_next(&two, LONG_MS) > 0);
	close(two.fd);
	CHECK_IS(client_wait(pid, LONG_MS), ECONNABORTED);
	pid = client_start(r, client_stat);
	CHECK_IS(client_serve(r, pid), ENOENT);

	/* The connection lives as long as one device does. */
	two.fd = dev_clone(r->fd);
	close(r->fd);
	r->fd = two.fd;
	pid = client_start(r, client_stat);
	CHECK_IS(client_serve(r, pid), ENOENT);
	pid = client_start(r, client_stat);
	CHECK(raw_next(r, LONG_MS) > 0);
	close(r->fd);
	r->fd = -1;
	CHECK_IS(client_wait(pid, LONG_MS), ECONNABORTED);
	CHECK_IS(client_stat(r->dir), ENOTCONN);
}

static int client_look_up_many(const char *dir)
{
	struct stat st;
	char name[64];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (stat(client_path(dir, name), &st))
			return errno;
	}
	return 0;
}

/* Look up a thousand files, have them forgotten, count. */
static void forget_many(struct raw *r, size_t buffer, unsigned int most)
{
	struct fuse_batch_forget_in *batch = r->arg;
	struct fuse_forget_one *one = (void *)(batch + 1);
	struct fuse_forget_in *single = r->arg;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	struct fuse_entry_out entry;
	unsigned int i, messages = 0;
	uint64_t sum = 0;
	pid_t pid;

	pid = client_start(r, client_look_up_many);
	for (i = 0; i < 1000 && fs_until(r, FUSE_LOOKUP, LONG_MS); i++) {
		entry = fs_entry(100 + i);
		entry.attr.mode = S_IFREG | 0644;
		raw_reply(r, 0, &entry, sizeof(entry));
	}
	CHECK_IS(client_serve(r, pid), 0);

	drop_caches();
	while (poll(&p, 1, SHORT_MS) == 1) {
		CHECK_IS(read(r->fd, r->buf, buffer), r->head->len);
		if (r->head->opcode == FUSE_FORGET) {
			CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*single));
			sum += single->nlookup;
		} else if (r->head->opcode == FUSE_BATCH_FORGET) {
			CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*batch) +
				 batch->count * sizeof(*one));
			CHECK(batch->count > 0 && r->head->len <= buffer);
			for (i = 0; i < batch->count; i++) {
				CHECK(one[i].nodeid >= 100 &&
				      one[i].nodeid < 1100);
				sum += one[i].nlookup;
			}
		} else {
			fs_answer(r);
			continue;
		}
		messages++;
	}
	CHECK_IS(sum, 1000);
	CHECK(messages <= most);
}

static void test_forget_batches(struct raw *r)
{
	forget_many(r, RAW_BUFFER, 100);
}

static void test_forget_singles(struct raw *r)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 15,
		.max_write = 4096,
	};

	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	/* A server of that age knows the reply without the last members. */
	CHECK_IS(raw_reply(r, 0, &init, FUSE_COMPAT_22_INIT_OUT_SIZE), 0);
	forget_many(r, FUSE_MIN_READ_BUFFER, 1000);
}

static const struct test tests[] = {
	{ "no-connection", test_no_connection },
	{ "init", test_init, .raw = true },
	{ "header", test_header },
	{ "read-sizes", test_read_sizes },
	{ "poll", test_poll },
	{ "sigio", test_sigio },
	{ "pieces", test_pieces },
	{ "replies-ignored", test_replies_ignored },
	{ "replies-failed", test_replies_failed },
	{ "short-read", test_short_read },
	{ "bad-memory", test_bad_memory },
	{ "reply-faults", test_reply_faults },
	{ "too-large", test_too_large, .raw = true },
	{ "clone", test_clone },
	{ "forget-batches", test_forget_batches },
	{ "forget-singles", test_forget_singles, .raw = true },
	{ }
};

int main(int argc, char **argv)
{
	return tests_run(tests, argc, argv);
}
