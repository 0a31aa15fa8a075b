// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a server lets the kernel do to a backing file unasked
 * (fuse_backing_map.flags): with a bit, the request is not sent, and what comes
 * of the call is right below and above; without it, the request is sent.
 */
#include "ptrig.h"
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/fuse_pt.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#define LEN	(64 << 10)
#define PAGE	4096

static unsigned char data[LEN + PAGE], got[LEN + PAGE];

static struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	rig_make(&rig, "g", LEN, 2);
	return rig;
}

static int up(struct rig *rig, const char *name, uint32_t lets)
{
	return rig_up_letting(rig, name, O_RDWR, lets, FOPEN_PASSTHROUGH);
}

/* Requests of @op since the last time this was asked. */
static unsigned int asked(struct rig *rig, unsigned int op)
{
	return __atomic_exchange_n(&rig->said->asked[op], 0, __ATOMIC_SEQ_CST);
}

static struct stat stat_of(int fd)
{
	struct stat st;

	EQ(fstat(fd, &st), 0);
	return st;
}

static struct stat stat_below(struct rig *rig, const char *name)
{
	struct stat st;

	EQ(stat(LOWER(rig, name), &st), 0);
	return st;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Does stat(2) of @fd say what it says of the file below? */
static void same_as_below(struct rig *rig, const char *name, int fd)
{
	struct stat a = stat_of(fd), b = stat_below(rig, name);

	EQ(a.st_size, b.st_size);
	EQ(a.st_blocks, b.st_blocks);
	CHECK(same_time(a.st_atim, b.st_atim));
	CHECK(same_time(a.st_mtim, b.st_mtim));
	CHECK(same_time(a.st_ctim, b.st_ctim));
}

/* -------- registering -------- */

static void bits(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR), id, i;

	for (i = 0; i < 32; i++) {
		id = rig_ioc_open(&rig, fd, 1u << i, 0);
		if (FUSE_PT_BACKING_ALL & 1u << i) {
			CHECK(id > 0);
			EQ(rig_ioc_close(&rig, id), 0);
		} else {
			EQ(id, -1);
			EQ(errno, EINVAL);
		}
	}
	FAILS(rig_ioc_open(&rig, fd, FUSE_PT_BACKING_ALL | 1u << 31, 0), EINVAL);
	FAILS(rig_ioc_open(&rig, fd, FUSE_PT_BACKING_ALL, 1), EINVAL);
	id = rig_ioc_open(&rig, fd, FUSE_PT_BACKING_ALL, 0);
	CHECK(id > 0);
	EQ(rig_ioc_close(&rig, id), 0);
	close(fd);
	rig_stop(&rig);
}

/* -------- fsync, close -------- */

static void sync_calls(int fd)
{
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(fsync(fd), 0);
	EQ(fdatasync(fd), 0);
	EQ(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE), 0);
}

static void syncs(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = up(&rig, "f", 0);

	sync_calls(fd);
	EQ(asked(&rig, FUSE_FSYNC), 2);
	close(fd);

	fd = up(&rig, "f", FUSE_PT_BACKING_ALL & ~FUSE_PT_BACKING_FSYNC);
	sync_calls(fd);
	EQ(asked(&rig, FUSE_FSYNC), 2);
	close(fd);

	fd = up(&rig, "f", FUSE_PT_BACKING_FSYNC);
	sync_calls(fd);
	EQ(asked(&rig, FUSE_FSYNC), 0);
	close(fd);

	/* reads and writes are the server's there, and so is the rest */
	fd = rig_up_letting(&rig, "f", O_RDWR, FUSE_PT_BACKING_ALL,
		   FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO);
	sync_calls(fd);
	EQ(asked(&rig, FUSE_FSYNC), 2);
	FAILS(fallocate(fd, 0, 0, 1), EOPNOTSUPP);
	EQ(asked(&rig, FUSE_FALLOCATE), 1);
	close(fd);
	rig_stop(&rig);
}

static void flushes(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = up(&rig, "f", 0);

	close(dup(fd));
	close(fd);
	EQ(asked(&rig, FUSE_FLUSH), 2);

	fd = up(&rig, "f", FUSE_PT_BACKING_FLUSH);
	close(dup(fd));
	close(fd);
	EQ(asked(&rig, FUSE_FLUSH), 0);
	rig_stop(&rig);
}

/* Only FLUSH tells a server that keeps POSIX locks whose are to go. */
static void flush_locks(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	rig.said->init_flags |= FUSE_POSIX_LOCKS;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	rig_make(&rig, "g", LEN, 2);

	fd = up(&rig, "g", FUSE_PT_BACKING_FLUSH);
	close(fd);
	EQ(asked(&rig, FUSE_FLUSH), 0);
	fd = up(&rig, "f", FUSE_PT_BACKING_FLUSH);
	EQ(fcntl(fd, F_SETLK, &fl), 0);
	EQ(asked(&rig, FUSE_SETLK), 1);
	close(dup(fd));
	EQ(asked(&rig, FUSE_FLUSH), 1);
	close(fd);
	EQ(asked(&rig, FUSE_FLUSH), 1);
	rig_stop(&rig);
}

/* -------- ranges -------- */

static void user_is(uid_t uid)
{
	EQ(setresgid(-1, uid, -1), 0);
	EQ(setresuid(-1, uid, -1), 0);
}

static void root_again(void)
{
	EQ(setresuid(-1, 0, -1), 0);
	EQ(setresgid(-1, 0, -1), 0);
}

static void allocates(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct rlimit small = { 2 * LEN, RLIM_INFINITY }, old;
	bool remote = rig_type(lower) == NFS_SUPER_MAGIC;
	int fd = up(&rig, "f", 0);

	FAILS(fallocate(fd, 0, 0, 2 * LEN), EOPNOTSUPP);
	EQ(asked(&rig, FUSE_FALLOCATE), 1);
	close(fd);
	close(up(&rig, "g", 0));

	fd = up(&rig, "g", FUSE_PT_BACKING_FALLOCATE);
	EQ(fallocate(fd, 0, 0, 2 * LEN), 0);
	EQ(lseek(fd, 0, SEEK_END), 2 * LEN);
	same_as_below(&rig, "g", fd);
	if (remote)
		FAILS(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * LEN), EOPNOTSUPP);
	else
		EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * LEN), 0);
	same_as_below(&rig, "g", fd);
	EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE), 0);
	same_as_below(&rig, "g", fd);
	EQ(pread(fd, got, 3 * PAGE, 0), 3 * PAGE);
	CHECK(rig_same(got, PAGE, 2, 0) && rig_same(got + 2 * PAGE, PAGE, 2, 2 * PAGE));
	CHECK(!got[PAGE] && !memcmp(got + PAGE, got + PAGE + 1, PAGE - 1));
	/* the protocol has no such modes; the file system below may */
	if (!fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE)) {
		EQ(stat_of(fd).st_size, 2 * LEN - PAGE);
		same_as_below(&rig, "g", fd);
		EQ(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 2 * PAGE), 0);
		same_as_below(&rig, "g", fd);
		EQ(stat_of(fd).st_size, 2 * LEN + PAGE);
	} else {
		EQ(errno, EOPNOTSUPP);
	}
	EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	small.rlim_max = old.rlim_max;
	EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	FAILS(fallocate(fd, 0, 0, 8 * LEN), EFBIG);
	EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
	same_as_below(&rig, "g", fd);

	/* setuid goes with the data, above and below */
	EQ(fchmod(fd, 04777), 0);
	user_is(1000);
	EQ(fallocate(fd, 0, 0, LEN), 0);
	root_again();
	EQ(stat_of(fd).st_mode & 07777, 0777);
	EQ(stat_below(&rig, "g").st_mode & 07777, 0777);

	if (rig_set_flag(&rig, "g", FS_IMMUTABLE_FL)) {
		FAILS(fallocate(fd, 0, 0, LEN), EPERM);
		CHECK(rig_set_flag(&rig, "g", FS_APPEND_FL));
		FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
		CHECK(rig_set_flag(&rig, "g", 0));
	}
	EQ(asked(&rig, FUSE_FALLOCATE), 0);
	close(fd);
	rig_stop(&rig);
}

static void seeks(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = up(&rig, "f", 0);

	EQ(lseek(fd, 0, SEEK_DATA), 0);
	EQ(asked(&rig, FUSE_LSEEK), 1);
	close(fd);

	EQ(truncate(LOWER(&rig, "g"), 0), 0);
	EQ(truncate(LOWER(&rig, "g"), 4 * LEN), 0);
	fd = open(LOWER(&rig, "g"), O_RDWR);
	EQ(pwrite(fd, "x", 1, 2 * LEN), 1);
	close(fd);
	fd = up(&rig, "g", FUSE_PT_BACKING_LSEEK);
	EQ(lseek(fd, 0, SEEK_DATA), 2 * LEN);
	EQ(lseek(fd, 0, SEEK_CUR), 2 * LEN);
	EQ(read(fd, got, 1), 1);
	EQ(got[0], 'x');
	CHECK(lseek(fd, 2 * LEN, SEEK_HOLE) > 2 * LEN);
	EQ(lseek(fd, 0, SEEK_HOLE), 0);
	FAILS(lseek(fd, 4 * LEN, SEEK_DATA), ENXIO);
	/* btrfs may take that for the start */
	if (rig_type(lower) != BTRFS_SUPER_MAGIC)
		FAILS(lseek(fd, -1, SEEK_DATA), ENXIO);
	FAILS(lseek(fd, -5 * LEN, SEEK_END), EINVAL);
	/* whoever changed it */
	EQ(truncate(LOWER(&rig, "g"), LEN + 1), 0);
	EQ(lseek(fd, -1, SEEK_END), LEN);
	EQ(asked(&rig, FUSE_LSEEK), 0);
	close(fd);
	rig_stop(&rig);
}

/* -------- copies -------- */

static void copies(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int in = up(&rig, "f", FUSE_PT_BACKING_COPY), out = up(&rig, "g", 0);
	off64_t from = 0, to = PAGE;

	EQ(copy_file_range(in, &from, out, &to, PAGE, 0), PAGE);
	EQ(asked(&rig, FUSE_COPY_FILE_RANGE_64), 1);
	EQ(asked(&rig, FUSE_COPY_FILE_RANGE), 1);
	close(out);

	out = up(&rig, "g", FUSE_PT_BACKING_COPY);
	from = 100;
	to = LEN;
	EQ(copy_file_range(in, &from, out, &to, LEN, 0), LEN - 100);
	EQ(from, LEN);
	EQ(to, 2 * LEN - 100);
	EQ(lseek(out, 0, SEEK_END), 2 * LEN - 100);
	same_as_below(&rig, "g", out);
	EQ(pread(out, got, LEN, LEN), LEN - 100);
	CHECK(rig_same(got, LEN - 100, 1, 100));
	/* as a whole, where blocks can be shared */
	from = 0;
	to = 2 * LEN;
	EQ(copy_file_range(in, &from, out, &to, LEN, 0), LEN);
	EQ(pread(out, got, LEN, 2 * LEN), LEN);
	CHECK(rig_same(got, LEN, 1, 0));
	same_as_below(&rig, "g", out);
	/* within a file, and where it overlaps */
	from = 0;
	to = LEN;
	EQ(copy_file_range(out, &from, out, &to, PAGE, 0), PAGE);
	EQ(pread(out, got, PAGE, LEN), PAGE);
	CHECK(rig_same(got, PAGE, 2, 0));
	from = 0;
	to = 1;
	FAILS(copy_file_range(out, &from, out, &to, PAGE, 0), EINVAL);
	/* what lies behind the end is nothing */
	from = LEN;
	EQ(copy_file_range(in, &from, out, &to, PAGE, 0), 0);
	EQ(fcntl(out, F_SETFL, O_APPEND), 0);
	from = 0;
	FAILS(copy_file_range(in, &from, out, &to, PAGE, 0), EBADF);
	EQ(fcntl(out, F_SETFL, 0), 0);
	EQ(copy_file_range(in, &from, out, &to, PAGE, 0), PAGE);

	EQ(fchmod(out, 06777), 0);
	user_is(1000);
	EQ(copy_file_range(in, &from, out, &to, PAGE, 0), PAGE);
	root_again();
	EQ(stat_below(&rig, "g").st_mode & 07777, 0777);
	EQ(asked(&rig, FUSE_COPY_FILE_RANGE) + asked(&rig, FUSE_COPY_FILE_RANGE_64), 0);
	close(in);
	close(out);
	rig_stop(&rig);
}

static int dedupe(int in, int out, uint64_t at, uint64_t len, int64_t *done)
{
	struct {
		struct file_dedupe_range	range;
		struct file_dedupe_range_info	info;
	} arg = {
		.range = { .src_length = len, .dest_count = 1 },
		.info = { .dest_fd = out, .dest_offset = at },
	};

	if (ioctl(in, FIDEDUPERANGE, &arg))
		return -errno;
	*done = arg.info.bytes_deduped;
	return arg.info.status;
}

static void clones(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct file_clone_range part = {
		.src_length = 4 * PAGE, .dest_offset = LEN + 4 * PAGE,
	};
	int in = up(&rig, "f", 0), out = up(&rig, "g", FUSE_PT_BACKING_COPY);
	int below_in, below_out;
	int64_t done = 0;
	bool can;

	/* both have to say so; without, it is what Linux says */
	FAILS(ioctl(out, FICLONE, in), EOPNOTSUPP);
	FAILS(ioctl(in, FICLONE, out), EOPNOTSUPP);
	EQ(dedupe(in, out, 0, PAGE, &done), -EOPNOTSUPP);
	EQ(stat_below(&rig, "g").st_size, LEN);
	close(in);

	below_in = open(LOWER(&rig, "f"), O_RDONLY);
	below_out = open(LOWER(&rig, "h"), O_RDWR | O_CREAT, 0644);
	can = !ioctl(below_out, FICLONE, below_in);
	close(below_in);
	close(below_out);
	in = up(&rig, "f", FUSE_PT_BACKING_COPY);
	if (!can) {
		FAILS(ioctl(out, FICLONE, in), EOPNOTSUPP);
		EQ(stat_of(out).st_size, LEN);
		goto done;
	}
	part.src_fd = in;
	EQ(ioctl(out, FICLONERANGE, &part), 0);
	EQ(lseek(out, 0, SEEK_END), LEN + 8 * PAGE);
	same_as_below(&rig, "g", out);
	EQ(pread(out, got, 4 * PAGE, part.dest_offset), 4 * PAGE);
	CHECK(rig_same(got, 4 * PAGE, 1, 0));
	part.src_length = 100;
	FAILS(ioctl(out, FICLONERANGE, &part), EINVAL);

	EQ(dedupe(in, out, part.dest_offset, PAGE, &done), FILE_DEDUPE_RANGE_SAME);
	EQ(done, PAGE);
	EQ(dedupe(in, out, 0, PAGE, &done), FILE_DEDUPE_RANGE_DIFFERS);

	EQ(fchmod(out, 04777), 0);
	user_is(1000);
	EQ(ioctl(out, FICLONE, in), 0);
	root_again();
	EQ(stat_below(&rig, "g").st_mode & 07777, 0777);
	EQ(stat_of(out).st_mode & 07777, 0777);
	EQ(pread(out, got, LEN + PAGE, 0), LEN + PAGE);
	CHECK(rig_same(got, LEN, 1, 0));
	same_as_below(&rig, "g", out);
done:
	close(in);
	close(out);
	rig_stop(&rig);
}

/* -------- attributes -------- */

static void attributes(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = up(&rig, "f", 0), other;
	struct stat st;
	char *map;

	stat_of(fd);
	asked(&rig, FUSE_GETATTR);
	EQ(pwrite(fd, "x", 1, LEN), 1);
	same_as_below(&rig, "f", fd);
	EQ(asked(&rig, FUSE_GETATTR), 1);
	close(fd);

	fd = up(&rig, "f", FUSE_PT_BACKING_GETATTR);
	EQ(pwrite(fd, "x", 1, LEN + PAGE), 1);
	same_as_below(&rig, "f", fd);
	same_as_below(&rig, "f", fd);
	EQ(stat(UPPER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN + PAGE + 1);
	EQ(lseek(fd, 0, SEEK_END), LEN + PAGE + 1);
	EQ(pread(fd, got, PAGE, 0), PAGE);
	same_as_below(&rig, "f", fd);
	EQ(asked(&rig, FUSE_GETATTR), 0);

	/* what the server does counts from its answer on */
	EQ(ftruncate(fd, PAGE), 0);
	same_as_below(&rig, "f", fd);
	EQ(pwrite(fd, "x", 1, LEN), 1);
	EQ(ftruncate(fd, 10), 0);
	EQ(stat_of(fd).st_size, 10);
	EQ(pwrite(fd, "x", 1, 5), 1);
	EQ(stat_of(fd).st_size, 10);
	EQ(fchmod(fd, 0600), 0);
	EQ(pwrite(fd, "x", 1, 5), 1);
	EQ(stat_of(fd).st_mode & 0777, 0600);
	EQ(asked(&rig, FUSE_GETATTR), 0);

	/* stores into a mapping leave no trace but below */
	EQ(ftruncate(fd, 2 * PAGE), 0);
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	stat_of(fd);
	rig_nap(20);
	map[PAGE] = 1;
	EQ(msync(map, 2 * PAGE, MS_SYNC), 0);
	same_as_below(&rig, "f", fd);
	EQ(munmap(map, 2 * PAGE), 0);
	same_as_below(&rig, "f", fd);
	EQ(asked(&rig, FUSE_GETATTR), 0);

	/* after the last open, it is the server that knows */
	other = up(&rig, "f", FUSE_PT_BACKING_GETATTR);
	EQ(pwrite(fd, "x", 1, LEN), 1);
	close(other);
	close(fd);
	EQ(stat(UPPER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN + 1);
	EQ(asked(&rig, FUSE_GETATTR), 1);
	rig_stop(&rig);
}

/* The server's lifetimes hold for what it says, whatever the bit. */
static void lifetimes(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd;

	rig.said->life = 0;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	fd = up(&rig, "f", FUSE_PT_BACKING_GETATTR);
	asked(&rig, FUSE_GETATTR);
	EQ(chmod(LOWER(&rig, "f"), 0640), 0);
	EQ(stat_of(fd).st_mode & 0777, 0640);
	EQ(asked(&rig, FUSE_GETATTR), 1);
	EQ(pwrite(fd, "x", 1, 2 * LEN), 1);
	same_as_below(&rig, "f", fd);
	CHECK(asked(&rig, FUSE_GETATTR) >= 1);
	/* a position is about the size alone */
	EQ(lseek(fd, 0, SEEK_END), 2 * LEN + 1);
	EQ(asked(&rig, FUSE_GETATTR), 0);
	close(fd);
	rig_stop(&rig);
}

/* Who wrote sees at least what it wrote, while others write and look. */
static long grow(struct rig_job *job)
{
	struct stat st;
	long i, end;

	for (i = 0; i < 300; i++) {
		end = (i * 4 + job->at + 1) * 100;
		if (pwrite(job->fd, data, 100, end - 100) != 100)
			return -1;
		if (fstat(job->fd, &st) || st.st_size < end)
			return i + 1;
	}
	return 0;
}

static void racing(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	struct rig_job jobs[4] = {};
	int fd, i;

	EQ(truncate(LOWER(&rig, "f"), 0), 0);
	fd = up(&rig, "f", FUSE_PT_BACKING_ALL);
	for (i = 0; i < 4; i++) {
		jobs[i].run = grow;
		jobs[i].fd = fd;
		jobs[i].at = i;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < 4; i++)
		EQ(rig_job_end(&jobs[i]), 0);
	EQ(stat_of(fd).st_size, 120000);
	same_as_below(&rig, "f", fd);
	close(fd);
	rig_stop(&rig);
}

/* -------- advice -------- */

static bool page_cached(struct rig *rig, const char *name)
{
	int fd = open(LOWER(rig, name), O_RDONLY);
	unsigned char in = 0;
	void *map;

	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	EQ(mincore(map, PAGE, &in), 0);
	munmap(map, PAGE);
	close(fd);
	return in & 1;
}

static void advises(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = up(&rig, "f", 0);
	struct statfs fs;

	EQ(pread(fd, got, PAGE, 0), PAGE);
	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK(page_cached(&rig, "f"));
	close(fd);

	fd = up(&rig, "f", FUSE_PT_BACKING_FADVISE);
	EQ(pread(fd, got, PAGE, 0), PAGE);
	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	EQ(posix_fadvise(fd, 0, 0, 99), EINVAL);
	EQ(statfs(lower, &fs), 0);
	/* what is in a tmpfs is nowhere else */
	if (fs.f_type != 0x01021994) {
		EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
		CHECK(!page_cached(&rig, "f"));
		EQ(readahead(fd, 0, PAGE), 0);
		SOON(page_cached(&rig, "f"));
	}
	close(fd);
	rig_stop(&rig);
}

/* -------- extended attributes -------- */

static const unsigned char some_caps[20] = {
	0x01, 0x00, 0x00, 0x02, 0x00, 0x04,	/* revision 2, effective: net_bind_service */
};

static void xattrs(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	char value[64], list[256];
	int fd = up(&rig, "f", 0);
	ssize_t len;

	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(SAID(&rig, caps), 1);
	asked(&rig, FUSE_GETXATTR);
	FAILS(fgetxattr(fd, "user.a", value, sizeof(value)), ENODATA);
	EQ(asked(&rig, FUSE_GETXATTR), 1);
	close(fd);

	/* this server shows none: what is seen comes from below */
	fd = up(&rig, "g", FUSE_PT_BACKING_XATTR);
	if (rig_type(lower) != NFS_SUPER_MAGIC) { /* which has no such attribute */
		EQ(setxattr(LOWER(&rig, "g"), "security.capability", some_caps, sizeof(some_caps), 0), 0);
		EQ(fgetxattr(fd, "security.capability", value, sizeof(value)), sizeof(some_caps));
		EQ(pwrite(fd, "x", 1, 0), 1);
		FAILS(getxattr(LOWER(&rig, "g"), "security.capability", value, sizeof(value)), ENODATA);
		FAILS(fgetxattr(fd, "security.capability", value, sizeof(value)), ENODATA);
	}
	if (!setxattr(LOWER(&rig, "g"), "user.a", "below", 5, 0)) {
		EQ(fgetxattr(fd, "user.a", NULL, 0), 5);
		EQ(fgetxattr(fd, "user.a", value, sizeof(value)), 5);
		CHECK(!memcmp(value, "below", 5));
		FAILS(fgetxattr(fd, "user.a", value, 2), ERANGE);
		len = flistxattr(fd, list, sizeof(list));
		CHECK(len > 0 && memmem(list, len, "user.a", 7));
		EQ(chmod(UPPER(&rig, "g"), 0600), 0);
		user_is(1000);
		FAILS(fgetxattr(fd, "user.a", value, sizeof(value)), EACCES);
		root_again();
		/* it is the server that changes them */
		EQ(fsetxattr(fd, "user.a", "above", 5, 0), 0);
		EQ(asked(&rig, FUSE_SETXATTR), 1);
		FAILS(fgetxattr(fd, "user.b", value, sizeof(value)), ENODATA);
	}
	/* trusted.* is the administrator's to see, whoever registered the file */
	if (!setxattr(LOWER(&rig, "g"), "trusted.a", "below", 5, 0)) {
		len = flistxattr(fd, list, sizeof(list));
		CHECK(len > 0 && memmem(list, len, "trusted.a", 10));
		EQ(flistxattr(fd, NULL, 0), len);
		user_is(1000);
		EQ(flistxattr(fd, list, sizeof(list)), len - 10);
		CHECK(!memmem(list, len - 10, "trusted.a", 10));
		EQ(flistxattr(fd, NULL, 0), len - 10);
		if (len > 10) {
			EQ(flistxattr(fd, list, len - 10), len - 10);
			FAILS(flistxattr(fd, list, len - 11 ?: 1), ERANGE);
		}
		root_again();
	}
	EQ(asked(&rig, FUSE_GETXATTR), 0);
	EQ(asked(&rig, FUSE_LISTXATTR), 0);
	close(fd);
	/* nobody has it open: the server's turn */
	FAILS(getxattr(UPPER(&rig, "g"), "user.a", value, sizeof(value)), ENODATA);
	EQ(asked(&rig, FUSE_GETXATTR), 1);
	rig_stop(&rig);
}

static const struct rig_case tests[] = {
	{ "bits", bits },
	{ "fsync", syncs },
	{ "flush", flushes },
	{ "flush-locks", flush_locks },
	{ "fallocate", allocates },
	{ "lseek", seeks },
	{ "copy", copies },
	{ "clone", clones },
	{ "getattr", attributes },
	{ "lifetimes", lifetimes },
	{ "racing", racing },
	{ "fadvise", advises },
	{ "xattr", xattrs },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
