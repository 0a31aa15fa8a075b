// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be seen of a connection: its backing files in the control fs and in
 * the fdinfo of the device, its statistics, its tracepoints. The control fs is
 * mounted at CONTROL, tracefs at TRACING.
 */
#include "ptrig.h"
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <linux/fuse_pt.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define CONTROL	"/sys/fs/fusept/connections"
#define TRACING	"/sys/kernel/tracing/instances/ptvisible"
#define SEEN	(64 << 20)

/* What no program has mapped. */
static char *volatile nowhere = (char *)8;

/* A file that is small enough, whole and NUL-terminated. */
static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;
	static char *buf;

	if (!buf)
		buf = malloc(SEEN);
	if (fd < 0)
		rig_fail("%s: %s", path, strerror(errno));
	while (len < SEEN - 1 && (n = read(fd, buf + len, SEEN - 1 - len)) > 0)
		len += n;
	EQ(n, 0);
	close(fd);
	buf[len] = 0;
	return buf;
}

static char *fdinfo(const struct rig *rig)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", rig->dev);
	return slurp(path);
}

static const char *control_file(const struct rig *rig, const char *name)
{
	static char path[128];
	char *at = strstr(fdinfo(rig), "fuse_connection:\t");

	CHECK(at);
	snprintf(path, sizeof(path), CONTROL "/%lu/%s",
		 strtoul(strchr(at, '\t'), NULL, 10), name);
	return path;
}

static const char *control(const struct rig *rig)
{
	return control_file(rig, "backing");
}

/* The line of an id in @text, cut out; "" if there is none. */
static const char *line_of(const char *text, int id)
{
	static char line[16384];
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "id=%d ", id);
	for (at = text; (at = strstr(at, start)); at++)
		if (at == text || at[-1] == '\n' || at[-1] == '\t')
			break;
	if (!at)
		return "";
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

#define IS(line, want) \
	do { \
		const char *line_ = (line), *want_ = (want); \
		if (strcmp(line_, want_)) \
			rig_fail("line %d: '%s', not '%s'", __LINE__, line_, want_); \
	} while (0)

/* What is to be said of file @name; @escaped is @name as it is shown. */
static const char *expect(const struct rig *rig, int id, const char *state,
			  int opens, const char *name, const char *escaped)
{
	static char line[16384];
	struct stat st;

	EQ(lstat(LOWER(rig, name), &st), 0);
	snprintf(line, sizeof(line),
		 "id=%d state=%s opens=%d uid=0 access=any dev=%u:%u ino=%llu mount=%s path=%s/%s",
		 id, state, opens, major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino, rig->lower, rig->lower, escaped);
	return line;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

static void opens(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int a, b, c, fd[3];

	rig_start(&rig);
	IS(slurp(control(&rig)), "");
	CHECK(strstr(fdinfo(&rig), "backing_files:\t0\n"));

	rig_make(&rig, "f", 4096, 1);
	rig_make(&rig, "g", 4096, 2);
	a = rig_register(&rig, "f");
	b = rig_register(&rig, "g");
	c = rig_register(&rig, "f");
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "open", 0, "f", "f"));
	IS(line_of(slurp(control(&rig)), b), expect(&rig, b, "open", 0, "g", "g"));
	EQ(count(slurp(control(&rig)), "\n"), 3);
	CHECK(strstr(fdinfo(&rig), "backing_files:\t3\n"));
	IS(line_of(fdinfo(&rig), b), expect(&rig, b, "open", 0, "g", "g"));

	/* an open counts where its own id is, whatever the inode began with */
	fd[0] = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, a);
	fd[1] = rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, a);
	fd[2] = rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, c);
	CHECK(fd[0] >= 0 && fd[1] >= 0 && fd[2] >= 0);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "open", 2, "f", "f"));
	IS(line_of(slurp(control(&rig)), c), expect(&rig, c, "open", 1, "f", "f"));
	/* one that failed does not */
	FAILS(rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, b), EIO);
	IS(line_of(slurp(control(&rig)), b), expect(&rig, b, "open", 0, "g", "g"));

	/* what is in use cannot be hidden */
	EQ(rig_ioc_close(&rig, a), 0);
	EQ(rig_ioc_close(&rig, b), 0);
	FAILS(rig_ioc_close(&rig, a), ENOENT);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "closed", 2, "f", "f"));
	IS(line_of(slurp(control(&rig)), b), "");
	EQ(close(fd[0]), 0);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "closed", 1, "f", "f"));
	EQ(close(fd[1]), 0);
	EQ(close(fd[2]), 0);
	/* the last release may run after close(2) */
	SOON(!*line_of(slurp(control(&rig)), a));
	SOON(!strcmp(line_of(slurp(control(&rig)), c),
		     expect(&rig, c, "open", 0, "f", "f")));
	rig_stop(&rig);
}

/* The end of the connection closes the ids; what is open stays in sight. */
static void after_the_end(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	char path[128], *text;
	int a, b, fd;

	rig_start(&rig);
	rig_make(&rig, "f", 4096, 1);
	a = rig_register(&rig, "f");
	b = rig_register(&rig, "f");
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, a);
	CHECK(fd >= 0);
	snprintf(path, sizeof(path), "%s", control(&rig));
	rig_kill(&rig);
	text = slurp(path);
	IS(line_of(text, a), expect(&rig, a, "closed", 1, "f", "f"));
	IS(line_of(text, b), "");
	close(fd);
	SOON(!*slurp(path));
	rig_stop(&rig);
}

static void paths(const char *lower, const char *mnt)
{
	static const struct {
		const char *name, *shown;
	} odd[] = {
		{ "a b", "a\\040b" },
		{ "line\nid=7 state=open", "line\\012id=7\\040state=open" },
		{ "tab\there", "tab\\011here" },
		{ "back\\040slash", "back\\134040slash" },
		{ "\xc3\xa9", "\xc3\xa9" },
	};
	struct rig rig = rig_new(lower, mnt);
	char want[8192], path[128], long_name[256];
	const char *seen;
	int id, fd, status;
	unsigned int i;
	pid_t pid;

	rig_start(&rig);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		rig_make(&rig, odd[i].name, 1, 1);
		id = rig_register(&rig, odd[i].name);
		IS(line_of(slurp(control(&rig)), id),
		   expect(&rig, id, "open", 0, odd[i].name, odd[i].shown));
	}
	EQ(count(slurp(control(&rig)), "\n"), i);

	/* each byte of the longest name is four characters */
	memset(long_name, '\n', 255);
	long_name[255] = 0;
	rig_make(&rig, long_name, 1, 1);
	id = rig_register(&rig, long_name);
	seen = strrchr(line_of(slurp(control(&rig)), id), '/');
	CHECK(seen);
	EQ(strlen(seen), 1 + 4 * 255);

	/* one that has no name any more, and one that has another */
	rig_make(&rig, "gone", 1, 1);
	id = rig_register(&rig, "gone");
	snprintf(want, sizeof(want), "path=%s/gone\\040(deleted)", lower);
	EQ(unlink(LOWER(&rig, "gone")), 0);
	CHECK(strstr(line_of(slurp(control(&rig)), id), want));
	rig_make(&rig, "old", 1, 1);
	id = rig_register(&rig, "old");
	EQ(rename(LOWER(&rig, "old"), LOWER(&rig, "new")), 0);
	snprintf(want, sizeof(want), "path=%s/new", lower);
	CHECK(strstr(line_of(slurp(control(&rig)), id), want));

	/* as seen from the reader's root */
	snprintf(path, sizeof(path), "%s", control(&rig));
	pid = fork();
	if (!pid) {
		static char text[65536];
		ssize_t n;

		fd = open(path, O_RDONLY);
		if (fd < 0 || chroot(lower) || chdir("/"))
			_exit(2);
		n = read(fd, text, sizeof(text) - 1);
		if (n <= 0)
			_exit(3);
		text[n] = 0;
		_exit(!strstr(line_of(text, 1), " mount=/ path=/a\\040b"));
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	rig_stop(&rig);
}

static void many(const char *lower, const char *mnt)
{
	const char *env = getenv("PTVISIBLE_FILES");
	int n = env ? atoi(env) : 1500, fd, i, id, seen;
	struct rig rig = rig_new(lower, mnt);
	char path[128], *at;

	rig_start(&rig);
	rig_make(&rig, "f", 1, 1);
	fd = open(LOWER(&rig, "f"), O_RDONLY);
	for (i = 0; i < n; i++)
		CHECK(rig_ioc_open(&rig, fd, 0, 0) > 0);
	snprintf(path, sizeof(path), "%s", control(&rig));
	at = slurp(path);
	for (seen = 0, id = 0; *at; at = strchr(at, '\n') + 1, seen++) {
		CHECK(sscanf(at, "id=%d ", &i) == 1 && i > id);
		id = i;
	}
	EQ(seen, n);
	/* fdinfo is made in one piece, so it has the first of them */
	at = fdinfo(&rig);
	EQ(count(at, "\nbacking:\t"), 256);
	EQ(atoi(strstr(at, "backing_files:\t") + 15), n);
	close(fd);
	rig_stop(&rig);
}

struct churn {
	struct rig	*rig;
	int		stop;
};

static long job_churn(struct rig_job *job)
{
	struct churn *churn = job->arg;
	int id, fd;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_SEQ_CST)) {
		id = rig_register(churn->rig, "f");
		fd = rig_open_as(churn->rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, id);
		if (rig_ioc_close(churn->rig, id))
			return -1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* What comes and goes under a reader; what stays is seen each time, once. */
static void churn(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct churn churn = { .rig = &rig };
	struct rig_job job = { .run = job_churn, .arg = &churn };
	char path[128], *text;
	int first, last, i;

	rig_start(&rig);
	rig_make(&rig, "f", 4096, 1);
	first = rig_register(&rig, "f");
	for (i = 0; i < 100; i++)
		last = rig_register(&rig, "f");
	snprintf(path, sizeof(path), "%s", control(&rig));
	rig_job_start(&job);
	for (i = 0; i < 15; i++) {
		text = slurp(path);
		CHECK(*line_of(text, first) && *line_of(text, last));
		EQ(count(text, "state=open opens=0 uid=0 ") >= 101, 1);
	}
	__atomic_store_n(&churn.stop, 1, __ATOMIC_SEQ_CST);
	EQ(rig_job_end(&job), 0);
	SOON(count(slurp(path), "\n") == 101);
	rig_stop(&rig);
}

/* -------- statistics -------- */

/* A value of text "NAME VALUE\n...", which has the name once. */
static long long value_in(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *at, *found = NULL;

	for (at = text; *at; at = strchr(at, '\n') + 1) {
		if (strncmp(at, name, len) || at[len] != ' ')
			continue;
		CHECK(!found);
		found = at + len;
	}
	if (!found)
		rig_fail("no %s", name);
	return atoll(found);
}

static long long value(const struct rig *rig, const char *name)
{
	return value_in(slurp(control_file(rig, "statistics")), name);
}

/* @nr calls moved @bytes since the last look, and none on another path. */
static void moved(const struct rig *rig, const char *what, long long nr,
		  long long bytes)
{
	static const char * const names[] = {
		/* of these two there are calls alone */
		"passthrough_fallocate", "passthrough_fsync",
		"passthrough_read", "passthrough_write",
		"passthrough_splice_read", "passthrough_splice_write",
		"passthrough_mmap", "passthrough_copy", "passthrough_clone",
		"cached_read", "cached_write", "cached_splice_read",
		"cached_mmap", "direct_read", "direct_write", "direct_mmap",
	};
	static long long calls[sizeof(names) / sizeof(names[0])];
	static long long sums[sizeof(names) / sizeof(names[0])];
	const char *text = slurp(control_file(rig, "statistics"));
	char name[64];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool this = what && !strcmp(what, names[i]);
		long long n, sum;

		snprintf(name, sizeof(name), "%s_calls", names[i]);
		n = value_in(text, name);
		snprintf(name, sizeof(name), "%s_bytes", names[i]);
		sum = i < 2 ? 0 : value_in(text, name);
		CHECK(i >= 2 || !strstr(text, name));
		if (what && (n - calls[i] != (this ? nr : 0) ||
			     sum - sums[i] != (this ? bytes : 0)))
			rig_fail("after %s: %s +%lld calls, +%lld bytes, not %lld, %lld",
				 what, names[i], n - calls[i], sum - sums[i],
				 this ? nr : 0, this ? bytes : 0);
		calls[i] = n;
		sums[i] = sum;
	}
}

static long aio(int fd, int op, void *buf, size_t len, off_t at)
{
	struct iocb cb = {
		.aio_fildes = fd,
		.aio_lio_opcode = op,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = len,
		.aio_offset = at,
	}, *list = &cb;
	struct io_event event;
	aio_context_t ctx = 0;

	EQ(syscall(SYS_io_setup, 1, &ctx), 0);
	EQ(syscall(SYS_io_submit, ctx, 1, &list), 1);
	EQ(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
	syscall(SYS_io_destroy, ctx);
	return event.res;
}

static void statistics(const char *lower, const char *mnt)
{
	static const struct {
		int op;
		const char *name;
	} ops[] = {
		{ FUSE_INIT, "request_init" }, { FUSE_LOOKUP, "request_lookup" },
		{ FUSE_OPEN, "request_open" }, { FUSE_READ, "request_read" },
		{ FUSE_WRITE, "request_write" }, { FUSE_FLUSH, "request_flush" },
		{ FUSE_RELEASE, "request_release" },
		{ FUSE_GETATTR, "request_getattr" },
		{ FUSE_STATFS, "request_statfs" },
		{ FUSE_GETXATTR, "request_getxattr" },
	};
	struct rig rig = rig_new(lower, mnt);
	int id, fd, odirect, p[2];
	unsigned int i;
	off64_t at = 0;
	char *buf, *map;

	buf = aligned_alloc(4096, 8192);
	rig_start(&rig);
	rig_make(&rig, "f", 10000, 1);
	rig_make(&rig, "g", 10000, 1);
	EQ(pipe(p), 0);
	moved(&rig, NULL, 0, 0);
	EQ(value(&rig, "backing_files"), 0);
	id = rig_register(&rig, "f");
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	odirect = rig_open_as(&rig, "f", O_RDWR | O_DIRECT, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	EQ(value(&rig, "backing_files"), 1);
	EQ(value(&rig, "backing_opens"), odirect >= 0 ? 2 : 1);

	for (i = 0; i < 3; i++)
		EQ(pread(fd, buf, 4096, i * 4096), i < 2 ? 4096 : 10000 - 8192);
	moved(&rig, "passthrough_read", 3, 10000);
	/* one that fails is a call, too */
	EQ(pread(fd, nowhere, 4096, 0), -1);
	moved(&rig, "passthrough_read", 1, 0);
	EQ(pwrite(fd, buf, 100, 0), 100);
	moved(&rig, "passthrough_write", 1, 100);
	EQ(splice(fd, &at, p[1], NULL, 1000, 0), 1000);
	moved(&rig, "passthrough_splice_read", 1, 1000);
	at = 0;
	EQ(splice(p[0], NULL, fd, &at, 1000, 0), 1000);
	moved(&rig, "passthrough_splice_write", 1, 1000);
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED && *map == buf[0]);
	moved(&rig, "passthrough_mmap", 1, 8192);
	munmap(map, 8192);
	if (odirect >= 0) {
		EQ(aio(odirect, IOCB_CMD_PREAD, buf, 8192, 4096), 10000 - 4096);
		moved(&rig, "passthrough_read", 1, 10000 - 4096);
		EQ(aio(odirect, IOCB_CMD_PWRITE, buf, 4096, 0), 4096);
		moved(&rig, "passthrough_write", 1, 4096);
		close(odirect);
	}
	EQ(value(&rig, "request_read"), 0);
	EQ(value(&rig, "request_write"), 0);
	close(fd);
	SOON(!value(&rig, "backing_opens"));
	EQ(rig_ioc_close(&rig, id), 0);
	EQ(value(&rig, "backing_files"), 0);

	fd = rig_open_as(&rig, "g", O_RDWR, FOPEN_DIRECT_IO, 0);
	EQ(pread(fd, buf, 4096, 0), 4096);
	moved(&rig, "direct_read", 1, 4096);
	EQ(pwrite(fd, buf, 10, 0), 10);
	moved(&rig, "direct_write", 1, 10);
	EQ(aio(fd, IOCB_CMD_PREAD, buf, 4096, 8192), 10000 - 8192);
	moved(&rig, "direct_read", 1, 10000 - 8192);
	close(fd);
	fd = rig_open_as(&rig, "g", O_RDWR, 0, 0);
	EQ(pread(fd, buf, 4096, 0), 4096);
	moved(&rig, "cached_read", 1, 4096);
	EQ(pwrite(fd, buf, 10, 0), 10);
	moved(&rig, "cached_write", 1, 10);
	at = 0;
	EQ(splice(fd, &at, p[1], NULL, 1000, 0), 1000);
	moved(&rig, "cached_splice_read", 1, 1000);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	moved(&rig, "cached_mmap", 1, 4096);
	munmap(map, 4096);
	close(fd);
	fd = rig_open_as(&rig, "g", O_RDWR | O_DIRECT, 0, 0);
	EQ(pread(fd, buf, 4096, 0), 4096);
	moved(&rig, "direct_read", 1, 4096);
	close(fd);

	/* the server was asked what it says it was asked */
	SOON(value(&rig, "request_release") == value(&rig, "request_open"));
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		SOON(value(&rig, ops[i].name) == SAID(&rig, asked[ops[i].op]));
	CHECK(value(&rig, "request_read") > 2);
	EQ(value(&rig, "request_syncfs"), 0);
	rig_stop(&rig);
}

/* Can files below share blocks? Then they can be copied there, too. */
static bool clones_below(const struct rig *rig, const char *from, const char *to)
{
	int in = open(LOWER(rig, from), O_RDONLY | O_CLOEXEC);
	int out = open(LOWER(rig, to), O_WRONLY | O_CLOEXEC);
	bool can = !ioctl(out, FICLONE, in);

	close(in);
	close(out);
	return can;
}

static int clone_page(int from, int to)
{
	struct file_clone_range range = { .src_fd = from, .src_length = 4096 };

	return ioctl(to, FICLONERANGE, &range);
}

/* Return: the bytes that both share now, or a negative errno. */
static long long dedupe_page(int from, int to)
{
	struct {
		struct file_dedupe_range	range;
		struct file_dedupe_range_info	info;
	} args = {
		.range = { .src_length = 4096, .dest_count = 1 },
		.info = { .dest_fd = to },
	};

	EQ(ioctl(from, FIDEDUPERANGE, &args), 0);
	CHECK(args.info.status != FILE_DEDUPE_RANGE_DIFFERS);
	return args.info.status ?: (long long)args.info.bytes_deduped;
}

/* Calls that the server lets the kernel do below. */
static void unasked(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd, to, clones;

	rig_start(&rig);
	rig_make(&rig, "f", 8192, 1);
	rig_make(&rig, "g", 8192, 2);
	clones = clones_below(&rig, "f", "g") ? 1 : 0;
	fd = rig_up_letting(&rig, "f", O_RDWR, FUSE_PT_BACKING_ALL,
			    FOPEN_PASSTHROUGH);
	to = rig_up_letting(&rig, "g", O_RDWR, FUSE_PT_BACKING_ALL,
			    FOPEN_PASSTHROUGH);
	moved(&rig, NULL, 0, 0);

	EQ(fallocate(fd, 0, 8192, 8192), 0);
	moved(&rig, "passthrough_fallocate", 1, 0);
	/* no file system takes that away */
	EQ(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 1, 1), -1);
	moved(&rig, "passthrough_fallocate", 1, 0);
	EQ(fsync(fd), 0);
	EQ(fdatasync(fd), 0);
	moved(&rig, "passthrough_fsync", 2, 0);

	EQ(copy_file_range(fd, &(loff_t){ 0 }, to, &(loff_t){ 0 }, 4096, 0),
	   4096);
	if (clones) {
		moved(&rig, "passthrough_copy", 1, 4096);
	} else {
		/* in vain, and then by splices */
		EQ(value(&rig, "passthrough_copy_calls"), 1);
		EQ(value(&rig, "passthrough_copy_bytes"), 0);
		EQ(value(&rig, "passthrough_splice_write_bytes"), 4096);
		moved(&rig, NULL, 0, 0);
	}
	EQ(clone_page(fd, to), clones - 1);
	moved(&rig, "passthrough_clone", 1, clones * 4096);
	EQ(dedupe_page(fd, to), clones ? 4096 : -EOPNOTSUPP);
	moved(&rig, "passthrough_clone", 1, clones * 4096);

	EQ(value(&rig, "request_fallocate"), 0);
	EQ(value(&rig, "request_fsync"), 0);
	EQ(value(&rig, "request_copy_file_range"), 0);
	/* where the server does not let it, it is a request alone */
	close(fd);
	fd = rig_up_letting(&rig, "f", O_RDWR, 0, FOPEN_PASSTHROUGH);
	EQ(fsync(fd), 0);
	moved(&rig, "", 0, 0);
	EQ(value(&rig, "request_fsync"), 1);
	close(fd);
	close(to);
	rig_stop(&rig);
}

/* -------- tracepoints -------- */

static void trace_switch(const char *on)
{
	int fd = open(TRACING "/events/fuse_pt/enable", O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(write(fd, on, 1), 1);
	close(fd);
}

/* An event of this name has this in it. */
static void traced(const char *trace, const char *event, const char *what)
{
	const char *at;
	char line[512];

	for (at = trace; (at = strstr(at, event)); at++) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (at[strlen(event)] == ':' && strstr(line, what))
			return;
	}
	rig_fail("no %s with '%s' in:\n%s", event, what, trace);
}

static void tracepoints(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	char what[128], buf[4096];
	struct stat st;
	char *trace;
	int id, fd, to, clones;

	rig_make(&rig, "f", 4096, 1);
	rig_make(&rig, "g", 12288, 2);
	clones = clones_below(&rig, "f", "g") ? 1 : 0;
	rig_make(&rig, "g", 12288, 2);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	if (mkdir(TRACING, 0700) && errno != EEXIST)
		rig_skip("no instances of tracefs here: %s", strerror(errno));
	rig_start(&rig);
	trace_switch("1");
	id = rig_register(&rig, "f");
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, 4096, 1000), 3096);
	EQ(pwrite(fd, buf, 100, 200), 100);
	FAILS(pread(fd, nowhere, 4096, 0), EFAULT);
	close(fd);
	SOON(SAID(&rig, asked[FUSE_RELEASE]) == 1);
	fd = rig_up_letting(&rig, "f", O_RDWR, FUSE_PT_BACKING_ALL,
			    FOPEN_PASSTHROUGH);
	to = rig_up_letting(&rig, "g", O_RDWR, FUSE_PT_BACKING_ALL,
			    FOPEN_PASSTHROUGH);
	EQ(fallocate(to, 0, 4096, 4096), 0);
	EQ(fsync(to), 0);
	EQ(copy_file_range(fd, &(loff_t){ 0 }, to, &(loff_t){ 4096 }, 4096, 0),
	   4096);
	EQ(clone_page(fd, to), clones - 1);
	close(fd);
	close(to);
	EQ(rig_ioc_close(&rig, id), 0);
	FAILS(open(UPPER(&rig, "none"), O_RDONLY), ENOENT);
	trace_switch("0");
	trace = slurp(TRACING "/trace");
	traced(trace, "fpt_request_start", "op=open node=2 ");
	traced(trace, "fpt_request_end", "op=open error=0");
	traced(trace, "fpt_request_end", "op=lookup error=-2");
	snprintf(what, sizeof(what), "id=%d lower=%u:%u:%llu", id,
		 major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino);
	traced(trace, "fpt_backing_open", what);
	traced(trace, "fpt_backing_close", what);
	snprintf(what, sizeof(what), "id=%d flags=", id);
	traced(trace, "fpt_passthrough_open", what);
	traced(trace, "fpt_passthrough_close", what);
	traced(trace, "fpt_passthrough_io", "op=read pos=1000 ret=3096");
	traced(trace, "fpt_passthrough_io", "op=write pos=200 ret=100");
	traced(trace, "fpt_passthrough_io", "op=read pos=0 ret=-14");
	traced(trace, "fpt_passthrough_io", "op=fallocate pos=4096 ret=0");
	traced(trace, "fpt_passthrough_io", "op=fsync pos=0 ret=0");
	traced(trace, "fpt_passthrough_io",
	       clones ? "op=copy pos=4096 ret=4096" : "op=copy pos=4096 ret=-95");
	traced(trace, "fpt_passthrough_io",
	       clones ? "op=clone pos=0 ret=4096" : "op=clone pos=0 ret=-95");
	EQ(rmdir(TRACING), 0);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "opens", opens },
	{ "after-the-end", after_the_end },
	{ "paths", paths },
	{ "many", many },
	{ "churn", churn },
	{ "statistics", statistics },
	{ "unasked", unasked },
	{ "tracepoints", tracepoints },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
