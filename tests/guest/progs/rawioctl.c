// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands, file attributes and polling against a server by hand.
 *
 *	rawioctl DIR [TEST]
 */
#include <linux/fs.h>
#include <linux/fsverity.h>
#include "rawcheck.h"

#define WRONG		200
#define RESULT		5
#define MINOR_DIR	18

struct words { uint32_t w[4]; };

#define CMD_BOTH	_IOWR('x', 1, struct words)
#define CMD_IN		_IOW('x', 2, struct words)
#define CMD_OUT		_IOR('x', 3, struct words)
#define CMD_NONE	_IO('x', 4)

static const struct words asked = { { 1, 2, 3, 4 } };
static const struct words answered = { { 50, 60, 70, 80 } };

static struct fuse_ioctl_in *io_in(const struct raw *r)
{
	return r->arg;
}

static bool next_is(struct raw *r, uint32_t op)
{
	return CHECK(fs_until(r, op, LONG_MS));
}

static void command_is(struct raw *r, uint32_t cmd, uint32_t in, uint32_t out,
		       uint32_t flags)
{
	next_is(r, FUSE_IOCTL);
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*io_in(r)) + in);
	CHECK_IS(io_in(r)->fh, FILE_FH);
	CHECK_IS(io_in(r)->cmd, cmd);
	CHECK_IS(io_in(r)->flags, flags);
	CHECK_IS(io_in(r)->in_size, in);
	CHECK_IS(io_in(r)->out_size, out);
}

static int answer(struct raw *r, int result, uint32_t flags, const void *data,
		  size_t len)
{
	static struct {
		struct fuse_ioctl_out	out;
		char			data[8192];
	} reply;

	reply.out = (struct fuse_ioctl_out){ .result = result, .flags = flags };
	if (len)
		memcpy(reply.data, data, len);
	return raw_reply(r, 0, &reply, sizeof(reply.out) + len);
}

/* -------- commands -------- */

static unsigned int client_cmd;		/* of the next client */
static bool client_on_dir;

/* 0 if all was as expected, an errno, or WRONG. */
static int client_ioctl(const char *dir)
{
	int fd = client_on_dir ? open(dir, O_RDONLY | O_DIRECTORY) :
		 open(client_path(dir, "file"), O_RDWR);
	struct words w = asked;
	bool out = _IOC_DIR(client_cmd) & _IOC_READ;
	int ret = ioctl(fd, client_cmd, &w);

	if (ret < 0)
		return errno;
	if (ret != RESULT)
		return WRONG;
	return memcmp(&w, out ? &answered : &asked, sizeof(w)) ? WRONG + 1 : 0;
}

static pid_t client_sends(struct raw *r, unsigned int cmd)
{
	client_cmd = cmd;
	return client_start(r, client_ioctl);
}

static void test_sizes(struct raw *r)
{
	pid_t pid = client_sends(r, CMD_BOTH);

	command_is(r, CMD_BOTH, sizeof(asked), sizeof(asked), 0);
	CHECK_IS(r->head->nodeid, FILE_ID);
	CHECK(io_in(r)->arg);
	CHECK(!memcmp(io_in(r) + 1, &asked, sizeof(asked)));
	answer(r, RESULT, 0, &answered, sizeof(answered));
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_sends(r, CMD_IN);
	command_is(r, CMD_IN, sizeof(asked), 0, 0);
	CHECK(!memcmp(io_in(r) + 1, &asked, sizeof(asked)));
	answer(r, RESULT, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_sends(r, CMD_OUT);
	command_is(r, CMD_OUT, 0, sizeof(asked), 0);
	answer(r, RESULT, 0, &answered, sizeof(answered));
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_sends(r, CMD_NONE);
	command_is(r, CMD_NONE, 0, 0, 0);
	answer(r, RESULT, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);

	/* Less than it may answer leaves the rest of the memory alone. */
	pid = client_sends(r, CMD_OUT);
	next_is(r, FUSE_IOCTL);
	answer(r, RESULT, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), WRONG + 1);
}

static int refused(struct raw *r, int result, uint32_t flags, size_t len)
{
	static const char data[8192];
	pid_t pid = client_sends(r, CMD_BOTH);

	next_is(r, FUSE_IOCTL);
	answer(r, result, flags, data, len);
	return client_serve(r, pid);
}

static void test_refused(struct raw *r)
{
	struct fuse_ioctl_iovec iov[2] = { { 0, 16 }, { 0, 16 } };
	pid_t pid;

	CHECK_IS(refused(r, -EPERM, 0, 0), EPERM);
	CHECK_IS(refused(r, -ENOSYS, 0, 0), ENOTTY);
	/* -ERESTARTSYS is nothing that a server may say. */
	CHECK_IS(refused(r, -512, 0, 0), EIO);
	CHECK_IS(refused(r, RESULT, 0, sizeof(asked) + 1), EIO);
	CHECK_IS(refused(r, RESULT, 0, 8192), EIO);

	/* Other memory than the command's is not given. */
	pid = client_sends(r, CMD_BOTH);
	next_is(r, FUSE_IOCTL);
	CHECK_IS(answer(r, 0, FUSE_IOCTL_RETRY, iov, sizeof(iov)), 0);
	CHECK_IS(client_serve(r, pid), EIO);
	CHECK_IS(refused(r, RESULT, FUSE_IOCTL_RETRY, sizeof(asked)), EIO);

	pid = client_sends(r, CMD_BOTH);
	next_is(r, FUSE_IOCTL);
	raw_reply(r, ENOSYS, NULL, 0);
	CHECK_IS(client_serve(r, pid), ENOTTY);
	/* Said of one command, not of all. */
	pid = client_sends(r, CMD_BOTH);
	command_is(r, CMD_BOTH, sizeof(asked), sizeof(asked), 0);
	raw_reply(r, EBUSY, NULL, 0);
	CHECK_IS(client_serve(r, pid), EBUSY);
}

static int client_fault(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR);
	int in = ioctl(fd, CMD_IN, (void *)16) < 0 ? errno : 0;
	int out = ioctl(fd, CMD_OUT, (void *)16) < 0 ? errno : 0;

	return in == EFAULT && out == EFAULT ? 0 : WRONG;
}

static void test_fault(struct raw *r)
{
	pid_t pid = client_start(r, client_fault);

	/* The first is not even asked. */
	command_is(r, CMD_OUT, 0, sizeof(asked), 0);
	answer(r, 0, 0, &answered, sizeof(answered));
	CHECK_IS(client_serve(r, pid), 0);
}

static void test_dir(struct raw *r)
{
	pid_t pid;

	client_on_dir = true;
	pid = client_sends(r, CMD_BOTH);
	command_is(r, CMD_BOTH, sizeof(asked), sizeof(asked), FUSE_IOCTL_DIR);
	CHECK_IS(r->head->nodeid, FUSE_ROOT_ID);
	answer(r, RESULT, 0, &answered, sizeof(answered));
	CHECK_IS(client_serve(r, pid), 0);
	client_on_dir = false;
}

/* A server from before then is not asked. */
static void test_dir_old(struct raw *r)
{
	pid_t pid;

	r->minor = MINOR_DIR - 1;
	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	fs_answer(r);
	client_on_dir = true;
	pid = client_sends(r, CMD_BOTH);
	CHECK(!fs_until(r, FUSE_IOCTL, SHORT_MS));
	CHECK_IS(client_serve(r, pid), ENOTTY);
	client_on_dir = false;
}

#ifdef __x86_64__
/* ioctl(2) as a 32-bit program calls it. */
static int ioctl_32(int fd, unsigned int cmd, void *arg)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret) :
		     "a" (54), "b" (fd), "c" (cmd), "d" (arg) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int client_32(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR), ret;
	struct words *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (w == MAP_FAILED)
		return errno;
	*w = asked;
	ret = ioctl_32(fd, CMD_BOTH, w);
	if (ret != RESULT)
		return ret < 0 ? -ret : WRONG;
	return memcmp(w, &answered, sizeof(*w)) ? WRONG + 1 : 0;
}

static void test_compat(struct raw *r)
{
	pid_t pid = client_start(r, client_32);

	command_is(r, CMD_BOTH, sizeof(asked), sizeof(asked),
		   FUSE_IOCTL_COMPAT | FUSE_IOCTL_32BIT);
	CHECK(!(io_in(r)->arg >> 32));
	answer(r, RESULT, 0, &answered, sizeof(answered));
	CHECK_IS(client_serve(r, pid), 0);
}
#endif

/* -------- fs-verity: the two whose number does not say it all -------- */

static int client_measure(const char *dir)
{
	struct { struct fsverity_digest d; uint8_t digest[32]; } m = { };
	int fd = open(client_path(dir, "file"), O_RDONLY);

	m.d.digest_size = sizeof(m.digest);
	if (ioctl(fd, FS_IOC_MEASURE_VERITY, &m))
		return errno;
	return m.digest[31] == 31 ? 0 : WRONG;
}

static int client_enable(const char *dir)
{
	struct fsverity_enable_arg arg = {
		.version = 1,
		.salt_size = 4, .salt_ptr = (uintptr_t)"salt",
		.sig_size = 3, .sig_ptr = (uintptr_t)"sig",
	};
	int fd = open(client_path(dir, "file"), O_RDONLY);

	return ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ? errno : 0;
}

static int client_enable_huge(const char *dir)
{
	struct fsverity_enable_arg arg = { .version = 1, .salt_size = ~0U };
	int fd = open(client_path(dir, "file"), O_RDONLY);

	return ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ? errno : 0;
}

static void test_verity(struct raw *r)
{
	struct { struct fsverity_digest d; uint8_t digest[32]; } m = { };
	const size_t head = sizeof(struct fsverity_enable_arg);
	pid_t pid = client_start(r, client_measure);

	m.d.digest_size = sizeof(m.digest);
	m.digest[31] = 31;
	command_is(r, FS_IOC_MEASURE_VERITY, sizeof(m), sizeof(m), 0);
	answer(r, 0, 0, &m, sizeof(m));
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_start(r, client_enable);
	command_is(r, FS_IOC_ENABLE_VERITY, head + 7, 0, 0);
	CHECK(!memcmp((char *)(io_in(r) + 1) + head, "saltsig", 7));
	answer(r, 0, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);

	pid = client_start(r, client_enable_huge);
	CHECK(!fs_until(r, FUSE_IOCTL, SHORT_MS));
	CHECK_IS(client_serve(r, pid), ENOMEM);
}

/* -------- file attributes -------- */

static int client_flags(const char *dir)
{
	int fd = client_on_dir ? open(dir, O_RDONLY | O_DIRECTORY) :
		 open(client_path(dir, "file"), O_RDONLY);
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return errno;
	if (flags != FS_NODUMP_FL)
		return WRONG;
	flags = FS_NODUMP_FL | FS_NOATIME_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? errno : 0;
}

static void flags_asked(struct raw *r, uint32_t extra)
{
	const struct fsxattr x = { .fsx_xflags = FS_XFLAG_NODUMP };
	const uint32_t flags = FS_NODUMP_FL;
	pid_t pid = client_start(r, client_flags);

	command_is(r, FS_IOC_GETFLAGS, 0, sizeof(flags), extra);
	answer(r, 0, 0, &flags, sizeof(flags));
	/* What it changes, the VFS asks for first, in the other form. */
	command_is(r, FS_IOC_FSGETXATTR, 0, sizeof(x), extra);
	answer(r, 0, 0, &x, sizeof(x));
	command_is(r, FS_IOC_SETFLAGS, sizeof(flags), 0, extra);
	CHECK_IS(*(uint32_t *)(io_in(r) + 1), FS_NODUMP_FL | FS_NOATIME_FL);
	answer(r, 0, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static int flags_refused(struct raw *r, int result, size_t len)
{
	const uint32_t flags = FS_NODUMP_FL;
	pid_t pid = client_start(r, client_flags);

	next_is(r, FUSE_IOCTL);
	answer(r, result, 0, &flags, len);
	return client_serve(r, pid);
}

static void test_flags(struct raw *r)
{
	pid_t pid;

	flags_asked(r, 0);
	client_on_dir = true;
	flags_asked(r, FUSE_IOCTL_DIR);
	client_on_dir = false;

	CHECK_IS(flags_refused(r, -EPERM, 0), EPERM);
	CHECK_IS(flags_refused(r, 0, 2), EIO);
	pid = client_start(r, client_flags);
	next_is(r, FUSE_IOCTL);
	raw_reply(r, ENOSYS, NULL, 0);
	CHECK_IS(client_serve(r, pid), ENOTTY);
}

static void answer_unsupported(struct raw *r)
{
	CHECK_IS(io_in(r)->out_size, sizeof(int));
	answer(r, -EOPNOTSUPP, 0, NULL, 0);
}

/*
 * Where they are not supported, newer kernels send the caller's own command as
 * well: that is about an int, whatever its number says.
 */
static void test_flags_unsupported(struct raw *r)
{
	pid_t pid = client_start(r, client_flags);

	command_is(r, FS_IOC_GETFLAGS, 0, sizeof(int), 0);
	answer(r, -EOPNOTSUPP, 0, NULL, 0);
	CHECK_IS(client_serve_with(r, pid, FUSE_IOCTL, answer_unsupported),
		 EOPNOTSUPP);
}

/* A handle of its own, read-only, and closed again. */
static void test_flags_handle(struct raw *r)
{
	struct fuse_open_out open = { .fh = FILE_FH + 1 };
	struct fuse_open_in *in = r->arg;
	struct fuse_release_in *release = r->arg;
	const uint32_t flags = FS_NODUMP_FL;
	pid_t pid = client_start(r, client_flags);

	next_is(r, FUSE_OPEN);
	fs_answer(r);
	next_is(r, FUSE_OPEN);
	CHECK_IS(in->flags & O_ACCMODE, O_RDONLY);
	raw_reply(r, 0, &open, sizeof(open));
	next_is(r, FUSE_IOCTL);
	CHECK_IS(io_in(r)->fh, FILE_FH + 1);
	answer(r, -EPERM, 0, &flags, 0);
	next_is(r, FUSE_RELEASE);
	while (release->fh != FILE_FH + 1) {
		fs_answer(r);
		if (!next_is(r, FUSE_RELEASE))
			break;
	}
	fs_answer(r);
	CHECK_IS(client_serve(r, pid), EPERM);
}

static int client_fsx(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDONLY);
	struct fsxattr x = { };

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x))
		return errno;
	if (x.fsx_xflags != FS_XFLAG_NODUMP || x.fsx_projid != 9)
		return WRONG;
	x.fsx_projid = 10;
	return ioctl(fd, FS_IOC_FSSETXATTR, &x) ? errno : 0;
}

static void test_fsx(struct raw *r)
{
	const struct fsxattr x = {
		.fsx_xflags = FS_XFLAG_NODUMP, .fsx_projid = 9,
	};
	pid_t pid = client_start(r, client_fsx);

	command_is(r, FS_IOC_FSGETXATTR, 0, sizeof(x), 0);
	answer(r, 0, 0, &x, sizeof(x));
	command_is(r, FS_IOC_FSGETXATTR, 0, sizeof(x), 0);
	answer(r, 0, 0, &x, sizeof(x));
	command_is(r, FS_IOC_FSSETXATTR, sizeof(x), 0, 0);
	CHECK_IS(((struct fsxattr *)(io_in(r) + 1))->fsx_projid, 10);
	CHECK_IS(((struct fsxattr *)(io_in(r) + 1))->fsx_xflags, FS_XFLAG_NODUMP);
	answer(r, 0, 0, NULL, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static int client_bmap(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDONLY), block = 0;

	if (ioctl(fd, FIBMAP, &block))
		return errno;
	return block ? WRONG : 0;
}

/* Without a device below there are no blocks, and nothing is asked. */
static void test_bmap(struct raw *r)
{
	pid_t pid = client_start(r, client_bmap);

	CHECK(!fs_until(r, FUSE_BMAP, SHORT_MS));
	CHECK_IS(client_serve(r, pid), 0);
}

/* -------- poll -------- */

static int poll_ms;

/* revents, or WRONG. */
static int client_poll(const char *dir)
{
	struct pollfd p = { .events = POLLIN | POLLPRI };

	p.fd = open(client_path(dir, "file"), O_RDWR);
	return poll(&p, 1, poll_ms) < 0 ? WRONG : p.revents;
}

static uint64_t poll_is(struct raw *r, uint32_t flags)
{
	struct fuse_poll_in *in = r->arg;

	next_is(r, FUSE_POLL);
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*in));
	CHECK_IS(in->fh, FILE_FH);
	CHECK_IS(in->flags, flags);
	CHECK_IS(in->events & (POLLIN | POLLPRI | POLLOUT), POLLIN | POLLPRI);
	CHECK(in->kh);
	return in->kh;
}

static void poll_answer(struct raw *r, uint32_t revents)
{
	struct fuse_poll_out out = { .revents = revents };

	raw_reply(r, 0, &out, sizeof(out));
}

static void test_poll(struct raw *r)
{
	uint64_t kh;
	pid_t pid;

	poll_ms = LONG_MS;
	pid = client_start(r, client_poll);
	kh = poll_is(r, FUSE_POLL_SCHEDULE_NOTIFY);
	poll_answer(r, POLLPRI);
	CHECK_IS(client_serve(r, pid), POLLPRI);

	/* Another open, another key. */
	pid = client_start(r, client_poll);
	CHECK(poll_is(r, FUSE_POLL_SCHEDULE_NOTIFY) != kh);
	raw_reply(r, EIO, NULL, 0);
	CHECK_IS(client_serve(r, pid), POLLERR);

	/* Who does not wait needs no news. */
	poll_ms = 0;
	pid = client_start(r, client_poll);
	poll_is(r, 0);
	poll_answer(r, POLLIN | POLLOUT);
	CHECK_IS(client_serve(r, pid), POLLIN);

	/* Not ready for as long as it waits: asked again at the end. */
	poll_ms = SHORT_MS;
	pid = client_start(r, client_poll);
	kh = poll_is(r, FUSE_POLL_SCHEDULE_NOTIFY);
	poll_answer(r, 0);
	next_is(r, FUSE_POLL);
	CHECK_IS(((struct fuse_poll_in *)r->arg)->kh, kh);
	poll_answer(r, 0);
	CHECK_IS(client_serve(r, pid), 0);
}

static void test_poll_missing(struct raw *r)
{
	pid_t pid;

	poll_ms = LONG_MS;
	pid = client_start(r, client_poll);
	next_is(r, FUSE_POLL);
	raw_reply(r, ENOSYS, NULL, 0);
	CHECK_IS(client_serve(r, pid), POLLIN);
	pid = client_start(r, client_poll);
	CHECK(!fs_until(r, FUSE_POLL, SHORT_MS));
	CHECK_IS(client_serve(r, pid), POLLIN);
}

/* The server ends while somebody waits for its news. */
static void test_poll_end(struct raw *r)
{
	pid_t pid;

	poll_ms = LONG_MS * 2;
	pid = client_start(r, client_poll);
	next_is(r, FUSE_POLL);
	poll_answer(r, 0);
	CHECK_IS(client_wait(pid, SHORT_MS), -1);
	close(r->fd);
	r->fd = -1;
	CHECK_IS(client_wait(pid, LONG_MS), POLLERR);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "sizes", test_sizes },
		{ "refused", test_refused },
		{ "fault", test_fault },
		{ "dir", test_dir },
		{ "dir-old", test_dir_old, true },
#ifdef __x86_64__
		{ "compat", test_compat },
#endif
		{ "verity", test_verity },
		{ "flags", test_flags },
		{ "flags-unsupported", test_flags_unsupported },
		{ "flags-handle", test_flags_handle },
		{ "fsx", test_fsx },
		{ "bmap", test_bmap },
		{ "poll", test_poll },
		{ "poll-missing", test_poll_missing },
		{ "poll-end", test_poll_end },
		{ }
	};

	return tests_run(tests, argc, argv);
}
