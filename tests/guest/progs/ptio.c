// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passthrough I/O: every call that reads or writes a file, against the file below,
 * with the server asked for nothing that it need not be asked for.
 */
#include "ptpair.h"
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND	0x00000020
#endif

static void read_write(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), d = down(&rig);
	unsigned char *buf = malloc(LEN), *was = malloc(LEN);
	void *volatile nowhere = (void *)8;
	struct iovec iov[3];
	unsigned int seed = 7;
	size_t at, len;
	int i;

	EQ(read(u, buf, LEN), LEN);
	CHECK(rig_same(buf, LEN, 1, 0));
	EQ(read(u, buf, LEN), 0);
	EQ(lseek(u, 0, SEEK_CUR), LEN);
	rig_fill(was, LEN, 1, 0);
	for (i = 0; i < 500; i++) {
		at = rand_r(&seed) % LEN;
		len = 1 + rand_r(&seed) % (LEN - at < 70000 ? LEN - at : 70000);
		if (rand_r(&seed) % 2) {
			rig_fill(was + at, len, i, at);
			EQ(pwrite(u, was + at, len, at), len);
			EQ(pread(d, buf, len, at), len);
		} else {
			EQ(pread(u, buf, len, at), len);
		}
		CHECK(!memcmp(buf, was + at, len));
	}
	/* vectors, and nothing at all */
	iov[0] = (struct iovec){ buf, 100 };
	iov[1] = (struct iovec){ buf + 100, 0 };
	iov[2] = (struct iovec){ buf + 100, 5000 };
	EQ(preadv(u, iov, 3, 12345), 5100);
	CHECK(!memcmp(buf, was + 12345, 5100));
	EQ(pwritev(u, iov, 3, 777), 5100);
	EQ(pread(d, was, 5100, 777), 5100);
	CHECK(!memcmp(buf, was, 5100));
	EQ(pread(u, buf, 0, 0), 0);
	EQ(pwrite(u, buf, 0, 0), 0);
	EQ(pread(u, buf, 10, LEN), 0);
	FAILS(pread(u, buf, 10, -1), EINVAL);
	FAILS(pwrite(u, nowhere, 10, 0), EFAULT);
	close(u);
	u = up(&rig, O_RDONLY);
	FAILS(pwrite(u, buf, 1, 0), EBADF);
	close(u);
	close(d);
	end(&rig);
}

static void sizes(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), v = up(&rig, O_RDWR);
	char buf[PAGE] = "x";
	struct stat st;
	off_t end_;

	EQ(pwrite(u, buf, 100, LEN), 100);
	/* no round trip is needed for the size, and other opens see it */
	EQ(lseek(v, 0, SEEK_END), LEN + 100);
	EQ(fstat(v, &st), 0);
	EQ(st.st_size, LEN + 100);
	same_stat(&rig, v);
	EQ(pwrite(v, buf, 1, LEN + 5000000), 1);
	same_stat(&rig, u);
	end_ = lseek(u, 0, SEEK_END);
	EQ(end_, LEN + 5000001);
	EQ(ftruncate(u, 10), 0);
	same_stat(&rig, v);
	EQ(pread(v, buf, sizeof(buf), 0), 10);
	EQ(pwrite(u, buf, 10, 10), 10);
	EQ(lseek(v, 0, SEEK_END), 20);
	same_stat(&rig, v);
	EQ(link(UPPER(&rig, "f"), UPPER(&rig, "f2")), 0);
	EQ(pwrite(u, buf, 10, 20), 10);
	EQ(stat(UPPER(&rig, "f2"), &st), 0);
	EQ(st.st_size, 30);
	same_stat(&rig, v);
	close(u);
	close(v);
	end(&rig);
}

static void appending(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int a, u = up(&rig, O_RDWR), pipes[2];
	struct iovec iov = { "abc", 3 };
	off64_t at = 0;
	char c[8];

	a = up(&rig, O_RDWR | O_APPEND);
	EQ(write(a, "111", 3), 3);
	EQ(lseek(a, 0, SEEK_CUR), LEN + 3);
	EQ(pwrite(u, "222", 3, LEN + 3), 3);
	EQ(write(a, "333", 3), 3);
	EQ(pread(u, c, 8, LEN + 3), 6);
	CHECK(!memcmp(c, "222333", 6));
	/* pwrite() to an append-only open appends, as on any file system */
	EQ(pwrite(a, "444", 3, 0), 3);
	EQ(lseek(u, 0, SEEK_END), LEN + 12);
	EQ(pread(u, c, 3, LEN + 9), 3);
	CHECK(!memcmp(c, "444", 3));

	/* per call, either way */
	EQ(pwritev2(u, &iov, 1, 0, RWF_APPEND), 3);
	/* of which overlayfs of 6.1 takes no notice, whoever calls it */
	if (rig_type(lower) == OVERLAYFS_SUPER_MAGIC &&
	    lseek(u, 0, SEEK_END) == LEN + 12)
		EQ(write(a, "abc", 3), 3);
	EQ(pread(u, c, 3, LEN + 12), 3);
	CHECK(!memcmp(c, "abc", 3));
	if (rig_type(lower) == OVERLAYFS_SUPER_MAGIC) {
		/* that appends, as overlayfs does to who calls it himself */
	} else if (pwritev2(a, &iov, 1, 5, RWF_NOAPPEND) == 3) {
		EQ(pread(u, c, 3, 5), 3);
		CHECK(!memcmp(c, "abc", 3));
		EQ(lseek(u, 0, SEEK_END), LEN + 15);
	} else {
		EQ(errno, EOPNOTSUPP);
	}

	/* F_SETFL, both ways; a splice does not append then either */
	EQ(fcntl(a, F_SETFL, 0), 0);
	EQ(pwrite(a, "zz", 2, 1), 2);
	EQ(pread(u, c, 2, 1), 2);
	CHECK(!memcmp(c, "zz", 2));
	EQ(pipe(pipes), 0);
	EQ(write(pipes[1], "yyyy", 4), 4);
	at = 100;
	EQ(splice(pipes[0], NULL, a, &at, 4, 0), 4);
	EQ(at, 104);
	EQ(pread(u, c, 4, 100), 4);
	CHECK(!memcmp(c, "yyyy", 4));
	EQ(lseek(u, 0, SEEK_END), LEN + 15);
	EQ(fcntl(u, F_SETFL, O_APPEND), 0);
	EQ(pwrite(u, "end", 3, 0), 3);
	EQ(lseek(u, 0, SEEK_END), LEN + 18);
	same_stat(&rig, u);
	close(u);
	close(a);
	end(&rig);
}

static void size_limit(const char *lower, const char *mnt)
{
	const struct rlimit limit = { LEN + 10, RLIM_INFINITY };
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR);
	char buf[100] = "";

	signal(SIGXFSZ, SIG_IGN);
	EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	EQ(pwrite(u, buf, 100, LEN), 10);
	FAILS(pwrite(u, buf, 1, LEN + 10), EFBIG);
	EQ(lseek(u, 0, SEEK_END), LEN + 10);
	close(u);
	end(&rig);
}

static void direct(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int d = open(LOWER(&rig, "f"), O_RDWR | O_DIRECT), u;
	unsigned char *buf;
	long got, want;

	CHECK(!posix_memalign((void **)&buf, PAGE, LEN));
	if (d < 0) {
		/* what the file system below cannot, we cannot, and say so */
		FAILS(open(UPPER(&rig, "f"), O_RDWR | O_DIRECT), EINVAL);
		u = up(&rig, O_RDWR);
		if (fcntl(u, F_SETFL, O_DIRECT) == 0)
			FAILS(pread(u, buf, PAGE, 0), EINVAL);
		EQ(fcntl(u, F_SETFL, 0), 0);
		EQ(pread(u, buf, PAGE, 0), PAGE);
		close(u);
		end(&rig);
		rig_skip("no O_DIRECT here");
	}
	u = up(&rig, O_RDWR | O_DIRECT);
	EQ(pread(u, buf, LEN, 0), LEN);
	CHECK(rig_same(buf, LEN, 1, 0));
	rig_fill(buf, LEN, 2, 0);
	EQ(pwrite(u, buf, LEN, 0), LEN);
	EQ(pread(d, buf, LEN, 0), LEN);
	CHECK(rig_same(buf, LEN, 2, 0));
	EQ(pwrite(u, buf, PAGE, LEN), PAGE);
	EQ(lseek(u, 0, SEEK_END), LEN + PAGE);
	same_stat(&rig, u);
	/* misaligned: as below */
	got = pread(u, buf + 1, 100, 3);
	want = pread(d, buf + 1, 100, 3);
	EQ(got, want);
	/* on and off */
	EQ(fcntl(u, F_SETFL, 0), 0);
	EQ(pread(u, buf + 1, 100, 3), 100);
	EQ(pwrite(u, buf + 1, 100, 3), 100);
	EQ(fcntl(u, F_SETFL, O_DIRECT), 0);
	EQ(pread(u, buf, PAGE, 0), PAGE);
	close(u);
	close(d);
	end(&rig);
}

/* What @call gives without waiting, as a count or a negative errno. */
static long nowait_of(int fd, ssize_t (*call)(int, const struct iovec *, int, off_t, int))
{
	static char buf[PAGE];
	struct iovec iov = { buf, sizeof(buf) };
	long n = call(fd, &iov, 1, 0, RWF_NOWAIT);

	return n < 0 ? -errno : n;
}

/*
 * A file system below may have to wait at one moment (its log, for a time that
 * went on), and not at the next: once, at least, both say the same in a row.
 */
static void nowait_same(int d, int u, ssize_t (*call)(int, const struct iovec *, int, off_t, int))
{
	long got, want;
	int i = 0;

	do {
		want = nowait_of(d, call);
		got = nowait_of(u, call);
	} while (got != want && ++i < 20);
	EQ(got, want);
}

static void nowait(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), d = down(&rig);
	char buf[PAGE];

	/* in the page cache below, and privileges known */
	EQ(pread(u, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwrite(u, buf, sizeof(buf), 0), sizeof(buf));
	nowait_same(d, u, preadv2);
	nowait_same(d, u, pwritev2);
	close(u);
	close(d);
	end(&rig);
}

/* The file below syncs itself: the server hears nothing. */
static void synchronous(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR | O_SYNC), v = up(&rig, O_RDWR);
	char buf[PAGE] = "s";
	struct iovec iov = { buf, sizeof(buf) };

	EQ(pwrite(u, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwritev2(v, &iov, 1, 0, RWF_DSYNC), sizeof(buf));
	EQ(pwritev2(v, &iov, 1, 0, RWF_SYNC), sizeof(buf));
	EQ(SAID(&rig, asked[FUSE_FSYNC]), 0);
	EQ(fsync(v), 0);
	EQ(SAID(&rig, asked[FUSE_FSYNC]), 1);
	close(u);
	close(v);
	end(&rig);
}

/* Written and not synced: an error, and yet the file is another. */
static void sync_fails(const char *lower, const char *mnt)
{
	struct rig base = rig_new(lower, rig_scratch(mnt)), rig;
	char buf[PAGE] = "s";
	struct iovec iov = { buf, sizeof(buf) };
	struct stat st;
	int u;

	/* below is one more mount of the kind, and its server's sync fails */
	base.said->init_flags = 0;
	rig_start(&base);
	rig_make(&base, "f", PAGE, 1);
	rig = rig_new(base.mnt, mnt);
	rig_start(&rig);
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "f"));
	u = up(&rig, O_RDWR);
	EQ(fstat(u, &st), 0);
	EQ(st.st_size, PAGE);

	SAY(&base, fsync, EIO);
	FAILS(pwritev2(u, &iov, 1, PAGE, RWF_SYNC), EIO);
	SAY(&base, fsync, 0);
	EQ(fstat(u, &st), 0);
	EQ(st.st_size, 2 * PAGE);
	close(u);
	rig_stop(&rig);
	rig_stop(&base);
}

/* -------- splice -------- */

static void splicing(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), v, p[2], q[2], plain;
	unsigned char buf[16384];
	off64_t at, to;
	ssize_t n;
	size_t done;

	EQ(pipe(p), 0);
	EQ(pipe(q), 0);
	at = 5000;
	n = splice(u, &at, p[1], NULL, sizeof(buf), 0);
	CHECK(n > 0);
	EQ(at, 5000 + n);
	EQ(read(p[0], buf, n), n);
	CHECK(rig_same(buf, n, 1, 5000));

	/* into the file, at a position and at the file's own */
	rig_fill(buf, sizeof(buf), 5, 0);
	EQ(write(p[1], buf, sizeof(buf)), sizeof(buf));
	EQ(tee(p[0], q[1], sizeof(buf), 0), sizeof(buf));
	to = LEN - 100;
	EQ(splice(p[0], NULL, u, &to, sizeof(buf), 0), sizeof(buf));
	EQ(to, LEN - 100 + sizeof(buf));
	EQ(lseek(u, 0, SEEK_END), LEN - 100 + sizeof(buf));
	same_stat(&rig, u);
	EQ(pread(u, buf, sizeof(buf), LEN - 100), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 5, 0));
	EQ(lseek(u, 77, SEEK_SET), 77);
	EQ(splice(q[0], NULL, u, NULL, sizeof(buf), 0), sizeof(buf));
	EQ(lseek(u, 0, SEEK_CUR), 77 + sizeof(buf));
	EQ(pread(u, buf, sizeof(buf), 77), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 5, 0));

	/* behind the end there is nothing */
	at = 1 << 30;
	EQ(splice(u, &at, p[1], NULL, 100, 0), 0);

	/* sendfile out of, into and within the mount */
	plain = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(plain >= 0);
	at = 0;
	for (done = 0; done < LEN; done += n) {
		n = sendfile(plain, u, &at, LEN - done);
		CHECK(n > 0);
	}
	rig_make(&rig, "g", 0, 0);
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "g"));
	v = open(UPPER(&rig, "g"), O_RDWR);
	CHECK(v >= 0);
	at = 0;
	for (done = 0; done < LEN; done += n) {
		n = sendfile(v, plain, &at, LEN - done);
		CHECK(n > 0);
	}
	EQ(lseek(v, 0, SEEK_END), LEN);
	for (done = 0; done < LEN; done += sizeof(buf)) {
		unsigned char other[sizeof(buf)];

		EQ(pread(u, buf, sizeof(buf), done), sizeof(buf));
		EQ(pread(v, other, sizeof(buf), done), sizeof(buf));
		CHECK(!memcmp(buf, other, sizeof(buf)));
	}
	at = 0;
	EQ(lseek(v, 0, SEEK_SET), 0);
	CHECK(sendfile(v, u, &at, 65536) > 0);

	/* a read-only or append-only open takes no splice */
	close(v);
	v = open(UPPER(&rig, "g"), O_RDWR | O_APPEND);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, v, NULL, 1, 0), EINVAL);
	close(v);
	v = open(UPPER(&rig, "g"), O_RDONLY);
	FAILS(splice(p[0], NULL, v, NULL, 1, 0), EBADF);
	close(v);
	close(u);
	close(plain);
	end(&rig);
}

static void copying(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), v;
	off64_t from = 0, to = 10;
	unsigned char buf[PAGE];
	struct stat st;
	ssize_t n;

	rig_make(&rig, "g", 0, 0);
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "g"));
	v = open(UPPER(&rig, "g"), O_RDWR);
	CHECK(v >= 0);
	n = copy_file_range(u, &from, v, &to, 100000, 0);
	CHECK(n > 0);
	EQ(lseek(v, 0, SEEK_END), 10 + n);
	EQ(fstat(v, &st), 0);
	EQ(st.st_size, 10 + n);
	EQ(pread(v, buf, PAGE, 10), PAGE);
	CHECK(rig_same(buf, PAGE, 1, 0));
	close(u);
	close(v);
	rig_stop(&rig);
}

/* -------- attributes -------- */

static void few_questions(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), i;
	char buf[PAGE] = "";
	uint32_t before;

	for (i = 0; i < 200; i++)
		EQ(pwrite(u, buf, sizeof(buf), i * 100), sizeof(buf));
	EQ(SAID(&rig, caps), 1);
	same_stat(&rig, u);
	for (i = 0; i < 200; i++)
		EQ(pwrite(u, buf, sizeof(buf), i * 100), sizeof(buf));
	EQ(SAID(&rig, caps), 1);
	/* what may give it capabilities asks again, once */
	EQ(fsetxattr(u, "user.x", "1", 1, 0), 0);
	for (i = 0; i < 20; i++)
		EQ(pwrite(u, buf, sizeof(buf), i * 100), sizeof(buf));
	CHECK(SAID(&rig, caps) <= 2);
	before = SAID(&rig, caps);
	EQ(setxattr(UPPER(&rig, "f"), "security.capability", "1234567890123456789",
		    20, 0) && errno != EINVAL, 0);
	EQ(fchown(u, 1000, 1000), 0);
	for (i = 0; i < 20; i++)
		EQ(pwrite(u, buf, sizeof(buf), i * 100), sizeof(buf));
	EQ(SAID(&rig, caps), before + 1);
	/* reads ask nothing at all */
	before = SAID(&rig, asked[FUSE_GETATTR]);
	for (i = 0; i < 200; i++)
		EQ(pread(u, buf, sizeof(buf), i * 100), sizeof(buf));
	EQ(SAID(&rig, asked[FUSE_GETATTR]), before);
	close(u);
	end(&rig);
}

static void privileges(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), status, p[2];
	struct stat st;
	pid_t pid;

	EQ(pipe(p), 0);
	EQ(fchmod(u, 06777), 0);
	EQ(pwrite(u, "r", 1, 0), 1);
	EQ(fstat(u, &st), 0);
	EQ(st.st_mode & 07777, 06777);
	/* by a user without CAP_FSETID: gone, before the data changes */
	pid = fork();
	if (!pid) {
		if (setgid(1000) || setuid(1000))
			_exit(2);
		_exit(pwrite(u, "u", 1, 0) != 1);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(fstat(u, &st), 0);
	EQ(st.st_mode & 07777, 0777);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 0777);
	/* by splice too */
	EQ(fchmod(u, 04777), 0);
	EQ(write(p[1], "s", 1), 1);
	pid = fork();
	if (!pid) {
		if (setgid(1000) || setuid(1000))
			_exit(2);
		_exit(splice(p[0], NULL, u, NULL, 1, 0) != 1);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(fstat(u, &st), 0);
	EQ(st.st_mode & 07777, 0777);
	close(u);
	end(&rig);
}

static void access_time(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR);
	const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct stat a, b;
	char c;

	EQ(futimens(u, old), 0);
	EQ(fstat(u, &a), 0);
	EQ(a.st_atim.tv_sec, 1000);
	EQ(pread(u, &c, 1, 0), 1);
	EQ(fstat(u, &a), 0);
	EQ(stat(LOWER(&rig, "f"), &b), 0);
	EQ(a.st_atim.tv_sec, b.st_atim.tv_sec);
	EQ(a.st_atim.tv_nsec, b.st_atim.tv_nsec);
	close(u);
	end(&rig);
}

/* The file below shrinks and grows behind our back. */
static void behind_our_back(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), d = down(&rig), p[2];
	unsigned char buf[PAGE];
	off64_t at;

	EQ(pipe(p), 0);
	EQ(ftruncate(d, 100), 0);
	EQ(pread(u, buf, sizeof(buf), 0), 100);
	EQ(pread(u, buf, sizeof(buf), 50000), 0);
	at = 50000;
	EQ(splice(u, &at, p[1], NULL, 100, 0), 0);
	at = 0;
	EQ(splice(u, &at, p[1], NULL, PAGE, 0), 100);
	EQ(ftruncate(d, 0), 0);
	EQ(pread(u, buf, sizeof(buf), 0), 0);
	EQ(pwrite(d, "grown", 5, 10 * LEN), 5);
	EQ(pread(u, buf, sizeof(buf), 10 * LEN), 5);
	CHECK(!memcmp(buf, "grown", 5));
	EQ(pwrite(u, "x", 1, 20 * LEN), 1);
	EQ(pread(d, buf, 1, 20 * LEN), 1);
	/* replaced below: this open keeps what it has */
	EQ(rename(LOWER(&rig, "f"), LOWER(&rig, "old")), 0);
	rig_make(&rig, "f", 10, 9);
	EQ(pread(u, buf, sizeof(buf), 10 * LEN), PAGE);
	EQ(unlink(LOWER(&rig, "old")), 0);
	EQ(pread(u, buf, sizeof(buf), 10 * LEN), PAGE);
	close(u);
	close(d);
	end(&rig);
}

/* -------- many at once -------- */

#define WRITERS	6

static long job_region(struct rig_job *job)
{
	unsigned char buf[PAGE];
	int i;

	for (i = 0; i < 300; i++) {
		rig_fill(buf, sizeof(buf), job->at + i, 0);
		if (pwrite(job->fd, buf, sizeof(buf),
			   LEN + (i * WRITERS + job->at) * PAGE) != PAGE)
			return -1;
	}
	return 0;
}

static long job_watch(struct rig_job *job)
{
	struct rig *rig = job->arg;
	struct stat st;
	off_t last = 0;

	while (!SAID(rig, hold)) {
		if (fstat(job->fd, &st) || st.st_size < last)
			return -1;
		last = st.st_size;
	}
	return 0;
}

static void side_by_side(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), i, k;
	struct rig_job jobs[WRITERS] = {}, watch = {
		.run = job_watch, .arg = &rig, .fd = u,
	};
	unsigned char buf[PAGE];

	rig_job_start(&watch);
	for (i = 0; i < WRITERS; i++) {
		jobs[i].run = job_region;
		jobs[i].fd = u;
		jobs[i].at = i;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < WRITERS; i++)
		EQ(rig_job_end(&jobs[i]), 0);
	SAY(&rig, hold, 1);
	EQ(rig_job_end(&watch), 0);
	SAY(&rig, hold, 0);
	EQ(lseek(u, 0, SEEK_END), LEN + 300 * WRITERS * PAGE);
	same_stat(&rig, u);
	for (i = 0; i < WRITERS; i++) {
		for (k = 0; k < 300; k++) {
			EQ(pread(u, buf, PAGE, LEN + (k * WRITERS + i) * PAGE),
			   PAGE);
			CHECK(rig_same(buf, PAGE, i + k, 0));
		}
	}
	close(u);
	end(&rig);
}

/* Appenders do not overwrite each other. */
static long job_append(struct rig_job *job)
{
	char line[17];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "%07ld %07d\n", job->at, i);
		if (write(job->fd, line, 16) != 16)
			return -1;
	}
	return 0;
}

static void append_side_by_side(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), i, next[WRITERS] = {}, n;
	struct rig_job jobs[WRITERS] = {};
	char line[17] = "";
	long who;

	for (i = 0; i < WRITERS; i++) {
		jobs[i].run = job_append;
		jobs[i].fd = up(&rig, O_WRONLY | O_APPEND);
		jobs[i].at = i;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < WRITERS; i++) {
		EQ(rig_job_end(&jobs[i]), 0);
		close(jobs[i].fd);
	}
	EQ(lseek(u, 0, SEEK_END), LEN + WRITERS * 200 * 16);
	for (i = 0; i < WRITERS * 200; i++) {
		EQ(pread(u, line, 16, LEN + i * 16), 16);
		EQ(sscanf(line, "%ld %d", &who, &n), 2);
		EQ(n, next[who]);
		next[who]++;
	}
	close(u);
	end(&rig);
}

static long job_truncate(struct rig_job *job)
{
	return truncate(job->arg, 100);
}

/* A write between a truncate and its answer, which says what was before it. */
static void truncate_crossed(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct rig_job job = { .run = job_truncate };
	int u = up(&rig, O_RDWR);
	char page[PAGE] = "";

	/* whether there are capabilities is known from here on */
	EQ(pwrite(u, page, PAGE, 0), PAGE);
	job.arg = strdup(UPPER(&rig, "f"));
	SAY(&rig, late, 1);
	rig_job_start(&job);
	SOON(SAID(&rig, late) == 2);
	EQ(pwrite(u, page, PAGE, 0), PAGE);
	SAY(&rig, late, 0);
	EQ(rig_job_end(&job), 0);
	EQ(lseek(u, 0, SEEK_END), PAGE);
	same_stat(&rig, u);
	close(u);
	end(&rig);
}

static const struct rig_case cases[] = {
	{ "read-write", read_write },
	{ "sizes", sizes },
	{ "appending", appending },
	{ "size-limit", size_limit },
	{ "direct", direct },
	{ "nowait", nowait },
	{ "synchronous", synchronous },
	{ "sync-fails", sync_fails },
	{ "splicing", splicing },
	{ "copying", copying },
	{ "few-questions", few_questions },
	{ "privileges", privileges },
	{ "access-time", access_time },
	{ "behind-our-back", behind_our_back },
	{ "side-by-side", side_by_side },
	{ "append-side-by-side", append_side_by_side },
	{ "truncate-crossed", truncate_crossed },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
