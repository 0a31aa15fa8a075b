// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: what OPEN, FLUSH, FSYNC and RELEASE carry, how often they are
 * sent, what the FOPEN flags do, direct I/O, and ranges.
 *
 *	rawopen DIR SCENE	prints result lines; SCENE is one of the table below
 */
#include <linux/falloc.h>
#include "rawfile.h"

#define PAGE	4096
#define KIB	1024

static unsigned char *buf;

static pid_t child(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		alarm(60);
		run();
		_exit(0);
	}
	return pid;
}

/* -------- opening -------- */

static void opening(void)
{
	int fd;

	rig_fill(64 * KIB, 1);
	fd = open(rig_path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	rig_works("open", fd);
	rig_equal("flags-rw", O_RDWR, rig->last[FUSE_OPEN].flags & O_ACCMODE);
	rig_equal("flags-not-sent", 0, rig->last[FUSE_OPEN].flags & (O_CREAT | O_EXCL | O_NOCTTY));
	pread(fd, buf, PAGE, 0);
	rig_equal("fh-of-READ", 1, rig->last[FUSE_READ].fh);
	close(fd);
	rig_check(rig_came(FUSE_RELEASE, 1), "release", "none came");
	rig_equal("fh-of-RELEASE", 1, rig->last[FUSE_RELEASE].fh);
	rig_equal("flags-of-RELEASE", O_RDWR, rig->last[FUSE_RELEASE].flags & O_ACCMODE);
	rig_equal("fh-of-FLUSH", 1, rig->last[FUSE_FLUSH].fh);
	rig_equal("one-OPEN", 1, rig->count[FUSE_OPEN]);
	rig_equal("one-FLUSH", 1, rig->count[FUSE_FLUSH]);
	rig_settle();
	rig_equal("one-RELEASE", 1, rig->count[FUSE_RELEASE]);

	/* Two descriptors of one open: two FLUSHes, one RELEASE. */
	fd = rig_open(O_RDONLY);
	close(dup(fd));
	rig_equal("dup-FLUSH", 2, rig->count[FUSE_FLUSH]);
	rig_settle();
	rig_equal("dup-no-RELEASE", 1, rig->count[FUSE_RELEASE]);
	close(fd);
	rig_came(FUSE_RELEASE, 2);
	rig_equal("dup-RELEASE", 2, rig->count[FUSE_RELEASE]);

	rig->error[FUSE_OPEN] = EACCES;
	rig_fails("refused", EACCES, open(rig_path, O_RDONLY));
	rig->error[FUSE_OPEN] = 0;
	rig_settle();
	rig_equal("refused-no-RELEASE", 2, rig->count[FUSE_RELEASE]);

	rig->error[FUSE_FLUSH] = EDQUOT;
	fd = rig_open(O_RDWR);
	rig_fails("close-tells", EDQUOT, close(fd));
	rig->error[FUSE_FLUSH] = ENOSYS;
	fd = rig_open(O_RDWR);
	rig_works("close-unknown", close(fd));
	fd = rig_open(O_RDWR);
	rig->count[FUSE_FLUSH] = 0;
	rig_works("close-unknown-again", close(fd));
	rig_equal("flush-not-asked-again", 0, rig->count[FUSE_FLUSH]);
}

/* The server has no OPEN. */
static void no_open(void)
{
	int fd;

	rig_fill(64 * KIB, 2);
	rig->error[FUSE_OPEN] = ENOSYS;
	fd = rig_open(O_RDWR);
	rig_equal("read", PAGE, pread(fd, buf, PAGE, 0));
	rig_equal("fh", 0, rig->last[FUSE_READ].fh);
	rig_equal("write", 10, pwrite(fd, buf, 10, 0));
	close(fd);
	fd = rig_open(O_RDONLY);
	rig_equal("not-asked-again", 1, rig->count[FUSE_OPEN]);
	rig->count[FUSE_READ] = 0;
	rig_equal("read-again", PAGE, pread(fd, buf, PAGE, 0));
	rig_equal("cache-kept", 0, rig->count[FUSE_READ]);
	close(fd);
	rig_settle();
	rig_equal("no-RELEASE", 0, rig->count[FUSE_RELEASE]);
}

/* Nor does anybody tell it of O_TRUNC then but SETATTR. */
static void no_open_empties(void)
{
	unsigned char *map;
	int fd;

	rig_fill(64 * KIB, 2);
	rig->error[FUSE_OPEN] = ENOSYS;
	fd = rig_open(O_RDWR);
	/* Of what is not emptied in the end nothing is lost. */
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[0] = ~rig->data[0];
	rig->error[FUSE_SETATTR] = EPERM;
	rig_fails("refused", EPERM, open(rig_path, O_RDWR | O_TRUNC));
	rig->error[FUSE_SETATTR] = 0;
	rig_equal("fsync", 0, fsync(fd));
	rig_equal("store-stays", map[0], rig->data[0]);
	munmap(map, PAGE);
	close(fd);

	close(rig_open(O_RDWR | O_TRUNC));
	rig_equal("at-the-server", 0, rig->size);
}

static void keep_cache(void)
{
	int fd;

	rig_fill(64 * KIB, 3);
	rig->open_flags = FOPEN_KEEP_CACHE;
	fd = rig_open(O_RDONLY);
	read(fd, buf, 64 * KIB);
	close(fd);
	rig->count[FUSE_READ] = 0;
	fd = rig_open(O_RDONLY);
	rig_equal("kept-read", 64 * KIB, read(fd, buf, 64 * KIB));
	rig_equal("kept", 0, rig->count[FUSE_READ]);
	close(fd);
	rig->open_flags = 0;
	rig_fill(64 * KIB, 4);
	fd = rig_open(O_RDONLY);
	rig_equal("dropped-read", 64 * KIB, read(fd, buf, 64 * KIB));
	rig_check(server_has(buf, 0, 64 * KIB), "dropped", "it reads what was there before");
	close(fd);
}

static void positions(void)
{
	int fd;

	rig_fill(64 * KIB, 5);
	rig->open_flags = FOPEN_NONSEEKABLE;
	fd = rig_open(O_RDWR);
	rig_fails("nonseekable-lseek", ESPIPE, lseek(fd, 0, SEEK_SET));
	rig_fails("nonseekable-pread", ESPIPE, pread(fd, buf, 10, 0));
	rig_fails("nonseekable-pwrite", ESPIPE, pwrite(fd, buf, 10, 0));
	rig_equal("nonseekable-read", 10, read(fd, buf, 10));
	close(fd);
	rig->open_flags = FOPEN_STREAM | FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR);
	rig_fails("stream-lseek", ESPIPE, lseek(fd, 0, SEEK_SET));
	rig_fails("stream-pread", ESPIPE, pread(fd, buf, 10, 0));
	rig_equal("stream-read", 10, read(fd, buf, 10));
	rig_equal("stream-read-again", 10, read(fd, buf, 10));
	rig_equal("stream-offset", 0, rig->last[FUSE_READ].offset);
	close(fd);
	rig->open_flags = FOPEN_NOFLUSH;
	fd = rig_open(O_RDWR);
	rig->count[FUSE_FLUSH] = 0;
	rig_works("noflush-close", close(fd));
	rig_equal("noflush", 0, rig->count[FUSE_FLUSH]);
}

static void emptying(void)
{
	unsigned char *map;
	struct stat st;
	int fd, fd2;

	rig_fill(64 * KIB, 6);
	fd = rig_open(O_RDWR);
	read(fd, buf, 64 * KIB);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[0] ^= 1;
	fd2 = rig_open(O_RDWR | O_TRUNC);
	rig_equal("flag-sent", O_TRUNC, rig->last[FUSE_OPEN].flags & O_TRUNC);
	rig_equal("no-SETATTR", 0, rig->count[FUSE_SETATTR]);
	fstat(fd, &st);
	rig_equal("size", 0, st.st_size);
	rig_equal("read", 0, pread(fd, buf, PAGE, 0));
	munmap(map, PAGE);
	fsync(fd);
	rig_equal("no-dirty-page-after", 0, rig->size);
	rig_equal("write", 5, write(fd2, "hello", 5));
	rig_equal("read-new", 5, pread(fd, buf, PAGE, 0));
	close(fd);
	close(fd2);
}

static int appender;

static void append_twice(void)
{
	memset(buf, 'a', PAGE);
	if (write(appender, buf, PAGE) != PAGE)
		_exit(1);
	/* the opener has the lock that it waited for, and its open is done */
	usleep(300000);
	memset(buf, 'b', PAGE);
	if (write(appender, buf, PAGE) != PAGE)
		_exit(1);
}

static void just_empty(void)
{
	close(open(rig_path, O_WRONLY | O_TRUNC));
}

/* OPEN empties once: what others write as soon as it is answered stays. */
static void emptying_beside(void)
{
	pid_t opener, writer;

	rig_fill(64 * KIB, 12);
	appender = rig_open(O_WRONLY | O_APPEND);
	rig->hold[FUSE_OPEN] = true;
	opener = child(just_empty);
	rig_check(rig_came(FUSE_OPEN, 2), "open-came", "it did not");
	rig->hold[FUSE_WRITE] = true;
	writer = child(append_twice);
	usleep(100000);
	rig->hold[FUSE_OPEN] = false;
	rig_check(rig_came(FUSE_WRITE, 1), "write-came", "it did not");
	usleep(100000);
	rig->hold[FUSE_WRITE] = false;
	rig_equal("writer", 0, rig_ended(writer, 20));
	rig_equal("opener", 0, rig_ended(opener, 20));
	rig_equal("size", 2 * PAGE, rig->size);
	rig_equal("first", 'a', rig->data[0]);
	rig_equal("second", 'b', rig->data[PAGE]);
	close(appender);
}

/* Without ATOMIC_O_TRUNC it takes a SETATTR. */
static void emptying_twice(void)
{
	int fd;

	rig_fill(64 * KIB, 7);
	fd = rig_open(O_RDWR | O_TRUNC);
	rig_equal("flag-not-sent", 0, rig->last[FUSE_OPEN].flags & O_TRUNC);
	rig_equal("SETATTR", 1, rig->count[FUSE_SETATTR]);
	rig_equal("size", 0, rig->size);
	close(fd);
}

/* -------- killed -------- */

static void just_open(void)
{
	open(rig_path, O_RDONLY);
}

static void open_and_read(void)
{
	int fd = open(rig_path, O_RDWR);

	if (pread(fd, buf, PAGE, 0) < 0)
		_exit(1);
}

static void killed(void)
{
	pid_t pid;

	rig_fill(64 * KIB, 8);
	/* The answer to an OPEN that nobody waits for is given back. */
	rig->hold[FUSE_OPEN] = true;
	pid = child(just_open);
	rig_check(rig_came(FUSE_OPEN, 1), "open-came", "it did not");
	kill(pid, SIGKILL);
	rig_check(rig_ended(pid, 10) != -1, "opener-ends", "it waits for the server");
	rig_equal("nothing-to-release-yet", 0, rig->count[FUSE_RELEASE]);
	rig->hold[FUSE_OPEN] = false;
	rig_check(rig_came(FUSE_RELEASE, 1), "late-open-released", "no RELEASE came");
	rig_equal("late-open-fh", rig->fh, rig->last[FUSE_RELEASE].fh);

	/* Killed in a read: FLUSH and RELEASE come, and nobody waits for FLUSH. */
	rig->hold[FUSE_READ] = true;
	rig->hold[FUSE_FLUSH] = true;
	pid = child(open_and_read);
	rig_check(rig_came(FUSE_READ, 1), "read-came", "it did not");
	kill(pid, SIGKILL);
	rig_check(rig_ended(pid, 10) != -1, "reader-ends", "it waits for the server");
	rig_check(rig_came(FUSE_FLUSH, 1), "killed-flush", "no FLUSH came");
	rig->hold[FUSE_READ] = false;
	rig->hold[FUSE_FLUSH] = false;
	rig_check(rig_came(FUSE_RELEASE, 2), "killed-release", "no RELEASE came");
}

/* -------- direct -------- */

static void direct(void)
{
	unsigned char *map;
	int fd, i;

	rig_fill(1024 * KIB, 9);
	rig->open_flags = FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR);
	for (i = 0; i < 3; i++)
		rig_equal("read", 100, pread(fd, buf + 13, 100, 5000));
	rig_equal("each-asks", 3, rig->count[FUSE_READ]);
	rig_equal("exactly", 100, rig->last[FUSE_READ].size);
	rig_check(server_has(buf + 13, 5000, 100), "data", "it differs");
	rig_check(rig->last[FUSE_READ].how & FUSE_READ_LOCKOWNER, "lock-owner", "not there");
	rig_equal("write", 100, pwrite(fd, buf, 100, 7000));
	rig_check(server_has(buf, 7000, 100), "written", "it differs");
	rig->count[FUSE_READ] = 0;
	rig_equal("large-read", 1000 * KIB, pread(fd, buf + 1, 1000 * KIB, 0));
	rig_check(server_has(buf + 1, 0, 1000 * KIB), "large-data", "it differs");
	rig_check(rig->count[FUSE_READ] <= 2, "large-in-few", "%u READs", rig->count[FUSE_READ]);
	rig->count[FUSE_WRITE] = 0;
	memset(buf, 0x5a, 300 * KIB + 5);
	rig_equal("large-write", 300 * KIB + 5, pwrite(fd, buf, 300 * KIB + 5, 3));
	rig_equal("large-WRITEs", 3, rig->count[FUSE_WRITE]);
	rig_check(server_has(buf, 3, 300 * KIB + 5), "large-written", "it differs");
	rig_equal("behind-end", 0, pread(fd, buf, 10, 2048 * KIB));

	/* Short and wrong answers. */
	rig->most = 1000;
	rig_equal("short-read", 1000, pread(fd, buf, 8000, 0));
	rig_equal("short-write", 1000, pwrite(fd, buf, 8000, 0));
	rig->most = 0;
	rig->claim = 1;
	rig_fails("more-than-sent", EIO, pwrite(fd, buf, 100, 0));
	/* The caller of a direct write gets what the server says. */
	rig->claim = -100;
	rig_equal("nothing-written", 0, pwrite(fd, buf, 100, 0));
	rig->claim = 0;
	rig->error[FUSE_READ] = ENXIO;
	rig_fails("read-refused", ENXIO, pread(fd, buf, 100, 0));
	rig->error[FUSE_READ] = 0;
	map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	rig_fails("bad-memory-read", EFAULT, pread(fd, map, PAGE, 0));
	mprotect(map, PAGE, PROT_NONE);
	rig_fails("bad-memory-write", EFAULT, pwrite(fd, map, PAGE, 0));
	munmap(map, 2 * PAGE);

	/* Mappings: private only. */
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	rig_check(map != MAP_FAILED, "private", "%s", strerror(errno));
	if (map != MAP_FAILED)
		rig_check(server_has(map, 0, PAGE), "private-data", "it differs");
	munmap(map, PAGE);
	rig_fails("shared", ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	close(fd);
}

static void direct_mmap(void)
{
	unsigned char *map;
	int fd;

	rig_fill(64 * KIB, 10);
	rig->open_flags = FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR);
	map = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rig_check(map != MAP_FAILED, "shared", "%s", strerror(errno));
	if (map == MAP_FAILED)
		return;
	map[0] = 0xa5;
	map[PAGE + 7] = 0xa6;
	rig_equal("read", 2, pread(fd, buf, 1, 0) + pread(fd, buf + 1, 1, PAGE + 7));
	rig_equal("read-sees-store", 0xa5a6, buf[0] << 8 | buf[1]);
	memset(buf, 0x11, PAGE);
	rig_equal("write", PAGE, pwrite(fd, buf, PAGE, 0));
	rig_equal("store-sees-write", 0x11, map[0]);
	munmap(map, 64 * KIB);
	close(fd);
}

/* O_DIRECT on a file that is cached. */
static void o_direct(void)
{
	unsigned char *map;
	int fd, direct_fd;

	rig_fill(64 * KIB, 11);
	fd = rig_open(O_RDWR);
	direct_fd = rig_open(O_RDWR | O_DIRECT);
	read(fd, buf, 64 * KIB);
	rig->count[FUSE_READ] = 0;
	rig_equal("read", PAGE, pread(direct_fd, buf, PAGE, 0));
	rig_equal("asks", 1, rig->count[FUSE_READ]);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[1] = 0x77;
	rig_equal("read-dirty", PAGE, pread(direct_fd, buf, PAGE, 0));
	rig_equal("sees-store", 0x77, buf[1]);
	memset(buf, 0x66, PAGE);
	rig_equal("write", PAGE, pwrite(direct_fd, buf, PAGE, 0));
	rig_equal("mapping-sees-write", 0x66, map[1]);
	munmap(map, PAGE);
	rig_equal("cached-read", PAGE, pread(fd, buf + PAGE, PAGE, 0));
	rig_check(server_has(buf + PAGE, 0, PAGE), "cached-sees-write", "it reads what was there before");
	close(direct_fd);
	close(fd);
}

static void write_page_0(void)
{
	int fd = open(rig_path, O_WRONLY);

	if (pwrite(fd, buf, PAGE, 0) != PAGE)
		_exit(1);
}

static void write_page_9(void)
{
	int fd = open(rig_path, O_WRONLY);

	if (pwrite(fd, buf, PAGE, 9 * PAGE) != PAGE)
		_exit(1);
}

static void write_at_end(void)
{
	int fd = open(rig_path, O_WRONLY | O_APPEND);

	if (write(fd, buf, PAGE) != PAGE)
		_exit(1);
}

/* How many of two writes are at the server at once? */
static void side_by_side(const char *name, unsigned int want, void (*one)(void), void (*two)(void))
{
	pid_t first, second;

	rig->count[FUSE_WRITE] = 0;
	rig->hold[FUSE_WRITE] = true;
	first = child(one);
	rig_came(FUSE_WRITE, 1);
	second = child(two);
	if (want > 1)
		rig_came(FUSE_WRITE, want);
	rig_settle();
	rig_equal(name, want, rig->count[FUSE_WRITE]);
	rig->hold[FUSE_WRITE] = false;
	if (rig_ended(first, 20) || rig_ended(second, 20))
		rig_check(false, name, "a write failed");
}

static void parallel(void)
{
	int fd;

	rig_fill(64 * KIB, 12);
	rig->open_flags = FOPEN_DIRECT_IO;
	side_by_side("without-the-flag", 1, write_page_0, write_page_9);
	rig->open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
	side_by_side("with-it", 2, write_page_0, write_page_9);
	side_by_side("appends", 1, write_at_end, write_at_end);
	rig->open_flags = 0;
	fd = rig_open(O_RDONLY);
	rig->open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
	side_by_side("beside-a-cached-open", 1, write_page_0, write_page_9);
	close(fd);
	side_by_side("after-it", 2, write_page_0, write_page_9);
	rig->open_flags = FOPEN_PARALLEL_DIRECT_WRITES;
	side_by_side("not-for-cached-files", 1, write_page_0, write_page_9);
}

static void kill_priv(void)
{
	int fd;

	rig_fill(64 * KIB, 14);
	fd = rig_open(O_RDWR);
	rig_equal("root-writes", 10, pwrite(fd, buf, 10, 0));
	rig_equal("root-keeps", 0, rig->last[FUSE_WRITE].how & FUSE_WRITE_KILL_SUIDGID);
	if (setuid(1000))
		raw_die("setuid");
	pwrite(fd, buf, 10, 0);
	rig_equal("user-strips", FUSE_WRITE_KILL_SUIDGID, rig->last[FUSE_WRITE].how & FUSE_WRITE_KILL_SUIDGID);
	close(fd);
}

/* -------- ranges -------- */

static void seeking(void)
{
	int fd;

	rig_fill(64 * KIB, 15);
	rig->attr_valid = 0;
	fd = rig_open(O_RDONLY);
	rig_equal("set", 100, lseek(fd, 100, SEEK_SET));
	rig_equal("cur", 150, lseek(fd, 50, SEEK_CUR));
	rig_equal("end", 64 * KIB - 6, lseek(fd, -6, SEEK_END));
	rig->size = 70 * KIB;
	rig_equal("end-is-asked-for", 70 * KIB, lseek(fd, 0, SEEK_END));
	rig_equal("data", 1000, lseek(fd, 1000, SEEK_DATA));
	rig_equal("data-asked", 1, rig->count[FUSE_LSEEK]);
	rig_equal("data-how", SEEK_DATA, rig->last[FUSE_LSEEK].how);
	rig_equal("data-moves", 1000, lseek(fd, 0, SEEK_CUR));
	rig->error[FUSE_LSEEK] = ENXIO;
	rig_fails("hole-refused", ENXIO, lseek(fd, 1000, SEEK_HOLE));
	rig->error[FUSE_LSEEK] = ENOSYS;
	rig_equal("hole-unknown", 70 * KIB, lseek(fd, 1000, SEEK_HOLE));
	rig->error[FUSE_LSEEK] = 0;
	rig_equal("data-unknown", 2000, lseek(fd, 2000, SEEK_DATA));
	rig_fails("data-behind-end", ENXIO, lseek(fd, 70 * KIB, SEEK_DATA));
	rig_equal("not-asked-again", 3, rig->count[FUSE_LSEEK]);
	rig_fails("negative", EINVAL, lseek(fd, -1, SEEK_SET));
	rig_fails("unknown-whence", EINVAL, lseek(fd, 0, 77));
	close(fd);
}

static void allocating(void)
{
	unsigned char *map;
	struct stat st;
	int fd;

	rig_fill(64 * KIB, 16);
	fd = rig_open(O_RDWR);
	read(fd, buf, 64 * KIB);
	map = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[PAGE] = 1;
	rig_works("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 3 * PAGE));
	rig_equal("punch-how", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, rig->last[FUSE_FALLOCATE].how);
	rig_equal("punch-read", 64 * KIB, pread(fd, buf, 64 * KIB, 0));
	rig_check(server_has(buf, 0, 64 * KIB) && !buf[100] && !buf[PAGE], "punch-seen", "the cache has what was there");
	rig_equal("punch-mapping", 0, map[PAGE]);
	munmap(map, 64 * KIB);
	rig_works("zero", fallocate(fd, FALLOC_FL_ZERO_RANGE, 60 * KIB, 8 * KIB));
	fstat(fd, &st);
	rig_equal("zero-grows", 68 * KIB, st.st_size);
	rig_works("allocate", fallocate(fd, 0, 0, 100 * KIB));
	rig_equal("allocate-grows", 100 * KIB, lseek(fd, 0, SEEK_END));
	rig_works("keep-size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 200 * KIB));
	rig_equal("keep-size-keeps", 100 * KIB, lseek(fd, 0, SEEK_END));
	rig->count[FUSE_FALLOCATE] = 0;
	rig_fails("collapse", EOPNOTSUPP, fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
	rig_equal("collapse-not-asked", 0, rig->count[FUSE_FALLOCATE]);
	rig->error[FUSE_FALLOCATE] = ENOSPC;
	rig_fails("refused", ENOSPC, fallocate(fd, 0, 0, 300 * KIB));
	rig->error[FUSE_FALLOCATE] = ENOSYS;
	rig_fails("unknown", EOPNOTSUPP, fallocate(fd, 0, 0, PAGE));
	rig->error[FUSE_FALLOCATE] = 0;
	rig_fails("unknown-again", EOPNOTSUPP, fallocate(fd, 0, 0, PAGE));
	rig_equal("not-asked-again", 2, rig->count[FUSE_FALLOCATE]);
	close(fd);
}

static void punch_page_0(void)
{
	int fd = open(rig_path, O_RDWR);

	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE))
		_exit(1);
}

static void read_two_pages(void)
{
	int fd = open(rig_path, O_RDONLY);

	if (pread(fd, buf, PAGE, 9 * PAGE) != PAGE || pread(fd, buf, PAGE, 0) != PAGE)
		_exit(1);
}

/* Who reads does not wait for a range to be cleared, nor keep what was there. */
static void allocating_beside(void)
{
	pid_t puncher, reader;
	int fd;

	rig_fill(64 * KIB, 16);
	rig->open_flags = FOPEN_KEEP_CACHE;
	rig->hold[FUSE_FALLOCATE] = true;
	puncher = child(punch_page_0);
	rig_check(rig_came(FUSE_FALLOCATE, 1), "came", "it did not");
	reader = child(read_two_pages);
	rig_equal("reads", 0, rig_ended(reader, 10));
	rig->hold[FUSE_FALLOCATE] = false;
	rig_equal("punches", 0, rig_ended(puncher, 10));
	fd = rig_open(O_RDONLY);
	rig_equal("read-after", PAGE, pread(fd, buf, PAGE, 0));
	rig_check(server_has(buf, 0, PAGE) && !buf[0] && !buf[PAGE - 1], "cleared", "the cache has what was there");
	close(fd);
}

static void copying_wide(void)
{
	off_t in = 0, out = 100 * KIB;
	int fd;

	rig_fill(64 * KIB, 17);
	fd = rig_open(O_RDWR);
	rig_equal("copy", 10000, copy_file_range(fd, &in, fd, &out, 10000, 0));
	rig_equal("asked", 1, rig->count[FUSE_COPY_FILE_RANGE_64]);
	rig_equal("not-the-older", 0, rig->count[FUSE_COPY_FILE_RANGE]);
	rig_check(!memcmp(rig->data, rig->data + 100 * KIB, 10000), "data", "it differs");
	rig->error[FUSE_COPY_FILE_RANGE_64] = EIO;
	rig_fails("error", EIO, copy_file_range(fd, &in, fd, &out, 10000, 0));
	rig_equal("error-is-no-absence", 0, rig->count[FUSE_COPY_FILE_RANGE]);
	rig->error[FUSE_COPY_FILE_RANGE_64] = 0;
	rig->claim = 1;
	rig_fails("more-than-asked", EIO, copy_file_range(fd, &in, fd, &out, 10000, 0));
	close(fd);
}

static void copying(void)
{
	off_t in = 0, out = 100 * KIB;
	struct stat st;
	int fd;

	rig->error[FUSE_COPY_FILE_RANGE_64] = ENOSYS;
	rig_fill(64 * KIB, 17);
	fd = rig_open(O_RDWR);
	read(fd, buf, 64 * KIB);
	rig_equal("copy", 10000, copy_file_range(fd, &in, fd, &out, 10000, 0));
	rig_equal("asked", 1, rig->count[FUSE_COPY_FILE_RANGE]);
	rig_equal("no-WRITE", 0, rig->count[FUSE_WRITE]);
	fstat(fd, &st);
	rig_equal("size", 100 * KIB + 10000, st.st_size);
	rig_equal("read", 10000, pread(fd, buf, 10000, 100 * KIB));
	rig_check(server_has(buf, 100 * KIB, 10000) && server_has(buf, 0, 10000), "data", "it differs");
	rig->claim = 1;
	in = 0;
	out = 100 * KIB;
	rig_fails("more-than-asked", EIO, copy_file_range(fd, &in, fd, &out, 10000, 0));
	rig->claim = 0;
	rig->error[FUSE_COPY_FILE_RANGE] = ENOSYS;
	rig->count[FUSE_COPY_FILE_RANGE] = 0;
	rig_fill(64 * KIB, 18);
	close(fd);
	fd = rig_open(O_RDWR);
	in = 0;
	out = 100 * KIB;
	rig_equal("unknown", 10000, copy_file_range(fd, &in, fd, &out, 10000, 0));
	rig_check(rig->count[FUSE_WRITE] > 0, "unknown-by-WRITE", "no WRITE came");
	rig_check(!memcmp(rig->data, rig->data + 100 * KIB, 10000), "unknown-data", "it differs");
	copy_file_range(fd, &in, fd, &out, 10000, 0);
	rig_equal("not-asked-again", 1, rig->count[FUSE_COPY_FILE_RANGE]);
	rig_equal("wide-not-asked-again", 1, rig->count[FUSE_COPY_FILE_RANGE_64]);
	close(fd);
}

/* -------- the table -------- */

static const struct rig_scene scenes[] = {
	{ "opening", opening },
	{ "no-open", no_open, FUSE_NO_OPEN_SUPPORT },
	{ "no-open-empties", no_open_empties,
	  FUSE_NO_OPEN_SUPPORT | FUSE_ATOMIC_O_TRUNC },
	{ "keep-cache", keep_cache },
	{ "positions", positions },
	{ "emptying", emptying, FUSE_ATOMIC_O_TRUNC },
	{ "emptying-beside", emptying_beside, FUSE_ATOMIC_O_TRUNC },
	{ "emptying-twice", emptying_twice },
	{ "killed", killed },
	{ "direct", direct },
	{ "direct-mmap", direct_mmap, FUSE_DIRECT_IO_ALLOW_MMAP },
	{ "o-direct", o_direct },
	{ "parallel", parallel },
	{ "kill-priv", kill_priv, FUSE_HANDLE_KILLPRIV_V2, "allow_other" },
	{ "seeking", seeking },
	{ "allocating", allocating },
	{ "allocating-beside", allocating_beside },
	{ "copying", copying },
	{ "copying-wide", copying_wide },
};

int main(int argc, char **argv)
{
	if (posix_memalign((void **)&buf, PAGE, RIG_SPACE))
		raw_die("memory");
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
