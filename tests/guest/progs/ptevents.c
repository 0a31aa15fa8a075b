// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who watches the file below: leases on it, and permission events of opening and
 * of every way to its data.
 */
#include "ptrig.h"
#include <linux/aio_abi.h>
#include <linux/fuse_pt.h>
#include <sys/fanotify.h>
#include <sys/sendfile.h>

#define LEN	(1 << 20)
#define PAGE	4096

/* 6.14 */
#ifndef FAN_PRE_ACCESS
#define FAN_PRE_ACCESS	0x00100000
#endif
#define ASKS		(FAN_ACCESS_PERM | FAN_PRE_ACCESS)

/* -------- leases -------- */

static long job_open(struct rig_job *job)
{
	return open(job->arg, O_RDWR | O_CLOEXEC);
}

static void leases(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	struct rig_job o = { .run = job_open };
	int fd, id, lease;

	fd = open(LOWER(&rig, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	/* the server's own descriptor must not break it */
	signal(SIGIO, SIG_IGN);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	lease = open(LOWER(&rig, "f"), O_RDONLY);
	EQ(fcntl(lease, F_SETLEASE, F_RDLCK), 0);
	o.arg = UPPER(&rig, "f");
	rig_job_start(&o);
	rig_nap(500);
	CHECK(!rig_job_done(&o));
	EQ(fcntl(lease, F_SETLEASE, F_UNLCK), 0);
	fd = rig_job_end(&o);
	CHECK(fd >= 0);
	close(fd);
	close(lease);
	rig_stop(&rig);
}

/* -------- permission events -------- */

struct watch {
	struct rig_job	job;
	int		fan;
	/* what it does before it answers, with a descriptor of the file: 0, or a line */
	int		(*first)(struct watch *w, int fd);
	void		*arg;
	int		deny;
	int		upper, lower;	/* questions seen there */
	int		modified;	/* FAN_MODIFY below */
	int		accessed;	/* FAN_ACCESS below */
	dev_t		lower_dev;
	int		stop;
};

/* Value: 0, or the line where it went wrong, with errno. */
static int watch_event(struct watch *w, const struct fanotify_event_metadata *m)
{
	struct fanotify_response r = { .fd = m->fd };
	struct stat st;
	bool below;
	int line;

	if (m->fd < 0 || fstat(m->fd, &st))
		return __LINE__;
	below = st.st_dev == w->lower_dev;
	if (below && (m->mask & FAN_MODIFY))
		__atomic_add_fetch(&w->modified, 1, __ATOMIC_SEQ_CST);
	if (below && (m->mask & FAN_ACCESS))
		__atomic_add_fetch(&w->accessed, 1, __ATOMIC_SEQ_CST);
	if (m->mask & ASKS) {
		line = w->first ? w->first(w, m->fd) : 0;
		if (line)
			return line;
		__atomic_add_fetch(below ? &w->lower : &w->upper, 1,
				   __ATOMIC_SEQ_CST);
		r.response = w->deny && below ? FAN_DENY : FAN_ALLOW;
		if (write(w->fan, &r, sizeof(r)) != sizeof(r))
			return __LINE__;
	}
	close(m->fd);
	return 0;
}

static long job_watch(struct rig_job *job)
{
	struct watch *w = job->arg;
	char buf[8192];
	struct fanotify_event_metadata *m;
	int line = 0, err;
	ssize_t n;

	while (!line && !__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		n = read(w->fan, buf, sizeof(buf));
		if (n < 0 && errno == EAGAIN) {
			rig_nap(2);
			continue;
		}
		if (n < 0)
			line = __LINE__;
		m = (struct fanotify_event_metadata *)buf;
		for (; !line && FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n))
			line = watch_event(w, m);
	}
	/* who asks is not to wait for a listener that gave up */
	err = errno;
	close(w->fan);
	errno = err;
	return line;
}

/* The flags are those of the group, and of descriptors of files of its events. */
static void watch_init(struct watch *w, const struct rig *rig, int flags,
		       int oflags)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->job.run = job_watch;
	w->job.arg = w;
	w->fan = fanotify_init(flags | FAN_NONBLOCK | FAN_CLOEXEC,
			       oflags | O_LARGEFILE);
	if (w->fan < 0)
		rig_skip("no fanotify here: %s", strerror(errno));
	EQ(stat(rig->lower, &st), 0);
	w->lower_dev = st.st_dev;
}

static int watch_mount(const struct watch *w, const char *mnt, uint64_t mask)
{
	return fanotify_mark(w->fan, FAN_MARK_ADD | FAN_MARK_MOUNT, mask,
			     AT_FDCWD, mnt);
}

static void watch_start(struct watch *w, const struct rig *rig, uint64_t mask,
			int oflags)
{
	watch_init(w, rig, FAN_CLASS_CONTENT, oflags);
	EQ(watch_mount(w, rig->lower, mask), 0);
	EQ(watch_mount(w, rig->mnt, mask), 0);
}

static void watch_stop(struct watch *w)
{
	__atomic_store_n(&w->stop, 1, __ATOMIC_SEQ_CST);
	/* or the line of what failed */
	EQ(rig_job_end(&w->job), 0);
}

#define SEEN(w, what)	__atomic_load_n(&(w).what, __ATOMIC_SEQ_CST)

static void permission_events(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, plain, p[2];
	struct watch w;
	off64_t at = 0;
	char buf[PAGE];
	int i;

	watch_start(&w, &rig, FAN_ACCESS_PERM | FAN_ACCESS | FAN_MODIFY,
		    O_RDONLY);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	rig_job_start(&w.job);
	/* only now: newer kernels note at open who listens */
	fd = rig_up(&rig, O_RDWR, id);
	plain = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(fd >= 0 && plain >= 0);
	EQ(pipe(p), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);

	/* once a call, above and below */
	for (i = 1; i <= 5; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		EQ(SEEN(w, upper), i);
		EQ(SEEN(w, lower), i);
	}
	at = 0;
	EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
	EQ(SEEN(w, lower), 6);
	at = 0;
	EQ(sendfile(plain, fd, &at, PAGE), PAGE);
	EQ(SEEN(w, lower), 7);
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(splice(p[0], NULL, fd, &at, PAGE, 0), PAGE);
	SOON(SEEN(w, modified) >= 1 && SEEN(w, accessed) >= 1);

	/* and its word counts */
	__atomic_store_n(&w.deny, 1, __ATOMIC_SEQ_CST);
	FAILS(pread(fd, buf, sizeof(buf), 0), EPERM);
	at = 0;
	FAILS(splice(fd, &at, p[1], NULL, PAGE, 0), EPERM);
	FAILS(sendfile(plain, fd, &at, PAGE), EPERM);
	__atomic_store_n(&w.deny, 0, __ATOMIC_SEQ_CST);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));

	watch_stop(&w);
	close(fd);
	close(plain);
	rig_stop(&rig);
}

/* -------- listeners that do something -------- */

/* Files of the one who is asked about them, f and g: above, and below. */
enum { F_ABOVE, G_ABOVE, F_BELOW, G_BELOW, FILES };

/**
 * struct busy - what a listener has for its I/O
 * @fd: opened beforehand, past the mounts that are watched
 * @lets: copies above are made without the server, which has no time
 * @copied: copies that were made
 */
struct busy {
	int		fd[FILES];
	bool		lets;
	int		copied;
};

/* Somewhere behind what is read and copied otherwise. */
#define ASIDE	(16 * PAGE)
#define ROUNDS	3

static bool busy_copy(struct busy *b, int in, int out)
{
	off64_t from = 0, to = ASIDE;
	ssize_t n = copy_file_range(in, &from, out, &to, PAGE, 0);

	if (n <= 0)
		return n < 0 && (errno == EXDEV || errno == EOPNOTSUPP);
	b->copied++;
	return true;
}

static bool busy_read_write(int fd)
{
	char c[16];

	return pread(fd, c, sizeof(c), 0) == sizeof(c) &&
	       pwrite(fd, c, sizeof(c), ASIDE) == sizeof(c);
}

/* Every way, on the file that it is asked about and both files, from all sides. */
static int be_busy(struct watch *w, int fd)
{
	struct busy *b = w->arg;
	int i;

	if (!busy_read_write(fd))
		return __LINE__;
	for (i = 0; i < FILES; i++)
		if (!busy_read_write(b->fd[i]))
			return __LINE__;
	if (!busy_copy(b, fd, b->fd[G_BELOW]) ||
	    !busy_copy(b, b->fd[F_BELOW], b->fd[G_BELOW]) ||
	    !busy_copy(b, b->fd[G_BELOW], b->fd[F_BELOW]))
		return __LINE__;
	if (b->lets && (!busy_copy(b, fd, b->fd[G_ABOVE]) ||
			!busy_copy(b, b->fd[F_ABOVE], b->fd[G_ABOVE]) ||
			!busy_copy(b, b->fd[G_ABOVE], b->fd[F_ABOVE])))
		return __LINE__;
	return 0;
}

/* A mount of @dir that nobody watches, and nobody sees. */
static int unwatched(const char *dir)
{
	int tree = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	CHECK(tree >= 0);
	return tree;
}

static int registered(const struct rig *rig, int dir, const char *name,
		      uint32_t lets)
{
	int fd = openat(dir, name, O_RDWR | O_CLOEXEC), id;

	CHECK(fd >= 0);
	id = rig_ioc_open(rig, fd, lets, 0);
	CHECK(id > 0);
	close(fd);
	return id;
}

static void with_busy(const char *lower, const char *mnt, uint32_t lets)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int above = unwatched(mnt), below = unwatched(lower);
	struct busy b = { .lets = lets };
	int fd, out, dir, p[2], i;
	struct watch w;
	off64_t at, to;
	char buf[PAGE];

	rig_make(&rig, "g", LEN, 2);
	dir = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EQ(pipe(p), 0);
	watch_start(&w, &rig, FAN_ACCESS_PERM, O_RDWR);
	w.first = be_busy;
	w.arg = &b;
	/* its own reads below a file that it opened are no question either */
	rig_policy(&rig, FOPEN_PASSTHROUGH, registered(&rig, below, "g", lets));
	b.fd[G_ABOVE] = openat(above, "g", O_RDWR | O_CLOEXEC);
	out = open(rig_at(mnt, "g"), O_RDWR | O_CLOEXEC);
	rig_policy(&rig, FOPEN_PASSTHROUGH, registered(&rig, below, "f", lets));
	b.fd[F_ABOVE] = openat(above, "f", O_RDWR | O_CLOEXEC);
	b.fd[F_BELOW] = openat(below, "f", O_RDWR | O_CLOEXEC);
	b.fd[G_BELOW] = openat(below, "g", O_RDWR | O_CLOEXEC);
	for (i = 0; i < FILES; i++)
		CHECK(b.fd[i] >= 0);
	rig_policy(&rig, FOPEN_PASSTHROUGH, registered(&rig, dir, "f", lets));
	rig_job_start(&w.job);
	/* the descriptors of its events go to the backing file, too */
	fd = open(rig_at(mnt, "f"), O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && out >= 0);
	for (i = 0; i < ROUNDS; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
		at = 0;
		EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
		to = 0;
		EQ(splice(p[0], NULL, out, &to, PAGE, 0), PAGE);
		at = PAGE;
		EQ(lseek(out, PAGE, SEEK_SET), PAGE);
		EQ(sendfile(out, fd, &at, PAGE), PAGE);
		at = 0;
		to = 2 * PAGE;
		CHECK(copy_file_range(fd, &at, out, &to, PAGE, 0) > 0);
	}
	watch_stop(&w);
	/* what it copies from one file system to the other, not all kernels do */
	CHECK(SEEN(w, upper) >= 4 * ROUNDS && SEEN(w, lower) >= 4 * ROUNDS);
	CHECK(b.copied >= (lets ? 5 : 2) * 8 * ROUNDS);
	for (i = 0; i < FILES; i++)
		close(b.fd[i]);
	close(fd);
	close(out);
	close(dir);
	close(above);
	close(below);
	rig_stop(&rig);
}

/* A listener that does I/O on both files, of which one is asked about, stops nobody. */
static void busy_listener(const char *lower, const char *mnt)
{
	with_busy(lower, mnt, 0);
	with_busy(lower, mnt, FUSE_PT_BACKING_COPY);
}

/* Freeze the file system below, and let it go on. */
static int freeze_below(struct watch *w, int fd)
{
	const int *dir = w->arg;

	if (ioctl(*dir, FIFREEZE, 0) || ioctl(*dir, FITHAW, 0))
		return __LINE__;
	return 0;
}

/* What asks about f, to g where it is for two. */
struct asking {
	int	fd;
	int	out;
	int	p[2];
};

static long job_read(struct rig_job *job)
{
	const struct asking *a = job->arg;
	char buf[PAGE];

	return pread(a->fd, buf, PAGE, 0);
}

static long job_splice_from(struct rig_job *job)
{
	const struct asking *a = job->arg;
	off64_t at = 0;

	return splice(a->fd, &at, a->p[1], NULL, PAGE, 0);
}

static long job_splice_to(struct rig_job *job)
{
	const struct asking *a = job->arg;
	off64_t at = 0;

	return splice(a->p[0], NULL, a->fd, &at, PAGE, 0);
}

static long job_sendfile(struct rig_job *job)
{
	const struct asking *a = job->arg;
	off64_t at = 0;

	return sendfile(a->out, a->fd, &at, PAGE);
}

static long job_copy(struct rig_job *job)
{
	const struct asking *a = job->arg;
	off64_t from = 0, to = PAGE;

	return copy_file_range(a->fd, &from, a->out, &to, PAGE, 0);
}

static long job_write(struct rig_job *job)
{
	const struct asking *a = job->arg;
	char buf[PAGE] = "w";

	return pwrite(a->fd, buf, PAGE, 0);
}

static long job_aio(struct rig_job *job)
{
	const struct asking *a = job->arg;
	char buf[PAGE] = "a";
	struct iocb cb = {
		.aio_fildes = a->fd,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = PAGE,
	}, *list = &cb;
	struct io_event event;
	aio_context_t ctx = 0;
	long n;

	if (syscall(SYS_io_setup, 1, &ctx) ||
	    syscall(SYS_io_submit, ctx, 1, &list) != 1)
		return -1;
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL);
	syscall(SYS_io_destroy, ctx);
	return n == 1 ? event.res : -1;
}

/* @run asks, below too, and ends. */
static void asks(struct watch *w, struct asking *a, const char *what,
		 long (*run)(struct rig_job *job))
{
	struct rig_job job = { .run = run, .arg = a };
	int before = SEEN(*w, lower);

	rig_job_start(&job);
	if (!WITHIN(rig_job_done(&job))) {
		/* nobody is asked any more: who freezes can, and thaws */
		close(w->fan);
		rig_job_end(&job);
		rig_job_end(&w->job);
		rig_fail("%s: asks while it keeps from being frozen", what);
	}
	if (rig_job_done(&w->job))
		watch_stop(w);
	EQ(rig_job_end(&job), PAGE);
	if (SEEN(*w, lower) == before)
		rig_fail("%s: nobody was asked about the file below", what);
}

/* While somebody is asked, the file system below can be frozen. */
static void freezing_listener(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	uint64_t mask = FAN_ACCESS_PERM | FAN_PRE_ACCESS;
	const uint32_t lets = FUSE_PT_BACKING_COPY;
	struct asking a;
	struct watch w;
	int dir;

	dir = open(lower, O_RDONLY | O_DIRECTORY);
	if (ioctl(dir, FIFREEZE, 0)) {
		close(dir);
		rig_stop(&rig);
		rig_skip("cannot be frozen");
	}
	EQ(ioctl(dir, FITHAW, 0), 0);
	rig_make(&rig, "g", LEN, 2);
	watch_init(&w, &rig, FAN_CLASS_PRE_CONTENT, O_RDONLY);
	w.first = freeze_below;
	w.arg = &dir;
	EQ(watch_mount(&w, mnt, FAN_ACCESS_PERM), 0);
	if (watch_mount(&w, lower, mask)) {
		/* before, nobody is asked about writing */
		CHECK(!rig_kernel_at_least(6, 14));
		mask = FAN_ACCESS_PERM;
		EQ(watch_mount(&w, lower, mask), 0);
	}
	a.out = rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH,
			    registered(&rig, dir, "g", lets));
	rig_policy(&rig, FOPEN_PASSTHROUGH, registered(&rig, dir, "f", lets));
	rig_job_start(&w.job);
	a.fd = open(UPPER(&rig, "f"), O_RDWR | O_CLOEXEC);
	CHECK(a.fd >= 0 && a.out >= 0);
	EQ(pipe(a.p), 0);

	asks(&w, &a, "read", job_read);
	asks(&w, &a, "splice from", job_splice_from);
	asks(&w, &a, "sendfile", job_sendfile);
	/* before, a clone asks with protection held, whoever makes it */
	if (rig_kernel_at_least(6, 8) || rig_type(lower) == EXT4_SUPER_MAGIC)
		asks(&w, &a, "copy_file_range", job_copy);
	if (mask & FAN_PRE_ACCESS) {
		asks(&w, &a, "write", job_write);
		asks(&w, &a, "AIO write", job_aio);
		asks(&w, &a, "splice to", job_splice_to);
	}

	watch_stop(&w);
	close(a.fd);
	close(a.out);
	close(dir);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "leases", leases },
	{ "permission-events", permission_events },
	{ "busy-listener", busy_listener },
	{ "freezing-listener", freezing_listener },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
