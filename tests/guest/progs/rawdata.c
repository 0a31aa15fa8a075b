// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cached files: what of reads, writes and mappings reaches the server, when,
 * and what becomes of answers that are short, late or wrong.
 *
 *	rawdata DIR SCENE	prints result lines; SCENE is one of the table below
 */
#include <limits.h>
#include <sys/resource.h>
#include "rawfile.h"

#define PAGE	4096
#define KIB	1024

static unsigned char buf[RIG_SPACE];

static void fill(void *at, size_t len, unsigned int salt)
{
	unsigned char *p = at;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = i * 31 + (i >> 8) + salt;
}

static void no_cache(int fd)
{
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* -------- reading -------- */

static void reading(void)
{
	int fd, i;
	bool good = true;

	rig_fill(1024 * KIB, 1);
	rig->attr_valid = 0;
	fd = rig_open(O_RDONLY);
	for (i = 0; i < 256; i++)
		good = good && read(fd, buf, PAGE) == PAGE && server_has(buf, (size_t)i * PAGE, PAGE);
	rig_check(good, "sequential-data", "a page differs");
	rig_check(rig->count[FUSE_READ] <= 64, "readahead", "%u READs for 256 pages", rig->count[FUSE_READ]);
	rig_check(rig->last[FUSE_READ].largest >= 64 * KIB, "readahead-size", "largest READ is %u",
		  rig->last[FUSE_READ].largest);
	i = rig->count[FUSE_READ];
	rig_equal("again", 1024 * KIB, pread(fd, buf, 1024 * KIB, 0));
	rig_equal("again-from-cache", i, rig->count[FUSE_READ]);
	rig_equal("at-end", 0, pread(fd, buf, 100, 1024 * KIB));
	rig_equal("over-end", 10, pread(fd, buf, 100, 1024 * KIB - 10));

	/* The server's file grew: a read behind the end finds out. */
	rig->size += 100;
	no_cache(fd);
	close(fd);
	fd = rig_open(O_RDONLY);
	rig_equal("grown", 100, pread(fd, buf, 200, 1024 * KIB));
	close(fd);
}

static void max_read(void)
{
	int fd;

	rig_fill(512 * KIB, 2);
	fd = rig_open(O_RDONLY);
	rig_equal("read", 512 * KIB, read(fd, buf, 512 * KIB));
	rig_check(server_has(buf, 0, 512 * KIB), "data", "it differs");
	rig_equal("largest-READ", 8 * KIB, rig->last[FUSE_READ].largest);
	close(fd);
}

static void short_read(void)
{
	int fd;

	/* Attributes say 64 KiB, the server has half of it. */
	rig_fill(64 * KIB, 3);
	fd = rig_open(O_RDONLY);
	rig->size = 32 * KIB;
	rig_equal("read", 32 * KIB, read(fd, buf, 64 * KIB));
	rig_check(server_has(buf, 0, 32 * KIB), "data", "it differs");
	rig_equal("size", 32 * KIB, lseek(fd, 0, SEEK_END));
	close(fd);

	fd = rig_open(O_RDONLY);
	rig->error[FUSE_READ] = EIO;
	no_cache(fd);
	rig_fails("refused", EIO, pread(fd, buf, PAGE, 0));
	rig->error[FUSE_READ] = 0;
	rig_equal("asked-again", PAGE, pread(fd, buf, PAGE, 0));
	close(fd);
}

/* The last byte that a file can have: nothing behind it is asked for. */
static void last_page(void)
{
	char last = 'x';
	int fd;

	rig->size = INT64_MAX;
	fd = rig_open(O_RDONLY);
	rig_equal("read", 1, pread(fd, &last, 1, INT64_MAX - 1));
	rig_equal("data", 0, last);
	rig_equal("asked-to", INT64_MAX, rig->last[FUSE_READ].offset + rig->last[FUSE_READ].size);
	rig_equal("size-kept", INT64_MAX, lseek(fd, 0, SEEK_END));
	close(fd);
}

/* -------- writing -------- */

/* Bytes that this process has written, as iotop(1) shows them. */
static long long accounted(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	char line[128];
	long long n = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "write_bytes: %lld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static void writing(void)
{
	int fd = rig_open(O_RDWR);
	long long before;
	ssize_t wrote;

	fill(buf, 300 * KIB, 4);
	/* The results that are printed count, too. */
	before = accounted();
	wrote = pwrite(fd, buf, PAGE, 0);
	before = accounted() - before;
	rig_equal("write", PAGE, wrote);
	rig_equal("accounted", PAGE, before);
	rig_equal("one-WRITE", 1, rig->count[FUSE_WRITE]);
	rig_check(server_has(buf, 0, PAGE), "through-at-once", "the server has something else");
	rig_equal("no-cache-flag", 0, rig->last[FUSE_WRITE].how & FUSE_WRITE_CACHE);
	rig_equal("read-back", PAGE, pread(fd, buf + PAGE, PAGE, 0));
	rig_equal("from-cache", 0, rig->count[FUSE_READ]);

	fill(buf, 300 * KIB, 5);
	rig_equal("large-write", 300 * KIB, pwrite(fd, buf, 300 * KIB, 0));
	rig_equal("large-WRITEs", 1 + 3, rig->count[FUSE_WRITE]);
	rig_equal("large-most", 128 * KIB, rig->last[FUSE_WRITE].largest);
	rig_check(server_has(buf, 0, 300 * KIB), "large-data", "it differs");

	/* A part of a page that is not cached: the rest is the server's. */
	rig_fill(64 * KIB, 6);
	no_cache(fd);
	close(fd);
	fd = rig_open(O_RDWR);
	rig->count[FUSE_READ] = 0;
	rig_equal("part", 100, pwrite(fd, buf, 100, 5000));
	rig_equal("part-no-READ", 0, rig->count[FUSE_READ]);
	rig_equal("part-size", 100, rig->last[FUSE_WRITE].size);
	rig_equal("part-read", PAGE, pread(fd, buf, PAGE, PAGE));
	rig_check(server_has(buf, PAGE, PAGE), "part-merged", "it differs");
	close(fd);
}

/* The server did not agree to more: a page at a time, and no more than is of one. */
static void small_writes(void)
{
	int fd = rig_open(O_RDWR);

	fill(buf, 16 * KIB, 5);
	rig_equal("write", 16 * KIB, pwrite(fd, buf, 16 * KIB, 0));
	rig_equal("WRITEs", 4, rig->count[FUSE_WRITE]);
	rig_equal("most", PAGE, rig->last[FUSE_WRITE].largest);
	rig_equal("across", PAGE, pwrite(fd, buf + 7, PAGE, 100));
	rig_equal("across-WRITEs", 6, rig->count[FUSE_WRITE]);
	rig_equal("across-last", 100, rig->last[FUSE_WRITE].size);
	rig_check(server_has(buf + 7, 100, PAGE), "data", "it differs");
	close(fd);
}

static void append(void)
{
	struct rlimit limit = { .rlim_cur = 12 * KIB, .rlim_max = RLIM_INFINITY };
	int fd;

	rig_fill(1000, 7);
	fd = rig_open(O_WRONLY | O_APPEND);
	rig_equal("append", 24, write(fd, "abcdefghijklmnopqrstuvwxyz", 24));
	rig_equal("append-offset", 1000, rig->last[FUSE_WRITE].offset);
	rig_equal("append-size", 1024, lseek(fd, 0, SEEK_END));
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	rig_equal("limit-cuts", 11 * KIB, write(fd, buf, 64 * KIB));
	rig_fails("limit", EFBIG, write(fd, buf, 1));
	close(fd);
	fd = rig_open(O_RDONLY);
	rig_fails("read-only", EBADF, write(fd, buf, 1));
	close(fd);
}

static void bad_writes(void)
{
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	rig_fill(64 * KIB, 8);
	fd = rig_open(O_RDWR);
	pread(fd, buf, 64 * KIB, 0);
	fill(buf, 64 * KIB, 9);
	rig->most = 1000;
	rig_equal("short", 1000, pwrite(fd, buf, 64 * KIB, 0));
	rig->most = 0;
	rig_equal("short-read", 64 * KIB, pread(fd, buf, 64 * KIB, 0));
	rig_check(server_has(buf, 0, 64 * KIB), "short-seen", "the cache has what the server has not");

	fill(buf, 64 * KIB, 10);
	rig->error[FUSE_WRITE] = ENOSPC;
	rig_fails("refused", ENOSPC, pwrite(fd, buf, 64 * KIB, 0));
	rig->error[FUSE_WRITE] = 0;
	rig_equal("refused-read", 64 * KIB, pread(fd, buf, 64 * KIB, 0));
	rig_check(server_has(buf, 0, 64 * KIB), "refused-seen", "the cache has what the server has not");

	rig->claim = 1;
	rig_fails("more-than-sent", EIO, pwrite(fd, buf, PAGE, 0));
	rig->claim = -PAGE;
	rig_fails("nothing", EIO, pwrite(fd, buf, PAGE, 0));
	rig->claim = 0;
	rig_fails("bad-memory", EFAULT, pwrite(fd, nowhere, PAGE, 0));
	rig_equal("still-works", PAGE, pwrite(fd, buf, PAGE, 0));
	close(fd);
}

/* Of the caller's memory a part is there: that much is written. */
static void half_memory(void)
{
	unsigned char *half = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	munmap(half + PAGE, PAGE);
	memset(half, 'h', PAGE);
	rig_fill(0, 0);
	fd = rig_open(O_RDWR);
	rig_equal("new", 100, pwrite(fd, half + PAGE - 100, PAGE, 0));
	rig_equal("behind", 100, pwrite(fd, half + PAGE - 100, PAGE, 10 * PAGE));
	rig_equal("across", 100, pwrite(fd, half + PAGE - 100, PAGE, 10 * PAGE + 50));
	fsync(fd);
	rig_equal("size", 10 * PAGE + 150, rig->size);
	rig_check(server_has(half, 0, 100) && server_has(half, 10 * PAGE, 150), "data", "the server has something else");
	close(fd);
}

/* Pieces of memory, however small, are one request. */
static void vectors(void)
{
	struct iovec iov[8];
	unsigned int i;
	int fd;

	rig_fill(64 * KIB, 3);
	for (i = 0; i < 8; i++)
		iov[i] = (struct iovec){ buf + i * 2 * PAGE + PAGE - 10, 20 };
	rig->open_flags = FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR);
	rig_equal("write", 160, pwritev(fd, iov, 8, 0));
	rig_equal("writes", 1, rig->count[FUSE_WRITE]);
	rig_equal("read", 160, preadv(fd, iov, 8, 0));
	rig_equal("reads", 1, rig->count[FUSE_READ]);
	close(fd);
}

/* The end of a file is no news about it; and splice from an O_DIRECT open. */
static void at_the_end(void)
{
	struct statx st;
	int fd, p[2];

	rig_fill(PAGE + 100, 4);
	fd = rig_open(O_RDONLY);
	rig_equal("read", PAGE + 100, pread(fd, buf, 64 * KIB, 0));
	rig->count[FUSE_GETATTR] = 0;
	rig_works("statx", statx(fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_MTIME, &st));
	rig_equal("size", PAGE + 100, st.stx_size);
	rig_equal("questions", 0, rig->count[FUSE_GETATTR]);
	close(fd);

	fd = rig_open(O_RDONLY | O_DIRECT);
	rig_works("pipe", pipe(p));
	rig_check(splice(fd, NULL, p[1], NULL, PAGE, 0) > 0, "splice-direct", "%s", strerror(errno));
	close(fd);
}

static void sync_writes(void)
{
	int fd = rig_open(O_RDWR | O_SYNC);

	rig_equal("o-sync", 100, write(fd, buf, 100));
	rig_equal("o-sync-FSYNC", 1, rig->count[FUSE_FSYNC]);
	close(fd);
	fd = rig_open(O_RDWR);
	write(fd, buf, 100);
	rig_equal("none-FSYNC", 1, rig->count[FUSE_FSYNC]);
	rig_works("fsync", fsync(fd));
	rig_equal("fsync-how", 0, rig->last[FUSE_FSYNC].how);
	rig_works("fdatasync", fdatasync(fd));
	rig_equal("fdatasync-how", FUSE_FSYNC_FDATASYNC, rig->last[FUSE_FSYNC].how);
	rig->error[FUSE_FSYNC] = EIO;
	rig_fails("fsync-refused", EIO, fsync(fd));
	rig->error[FUSE_FSYNC] = ENOSYS;
	rig_works("fsync-unknown", fsync(fd));
	rig_works("fsync-unknown-again", fsync(fd));
	rig_equal("FSYNCs", 5, rig->count[FUSE_FSYNC]);
	close(fd);
}

/* The server that asked for every write by itself sees in it what it is to be. */
static void sync_direct(void)
{
	int fd;

	rig_fill(64 * KIB, 10);
	fd = rig_open(O_RDWR | O_DSYNC | O_DIRECT);
	rig_equal("o-direct", PAGE, pwrite(fd, buf, PAGE, 0));
	rig_equal("o-direct-FSYNC", 1, rig->count[FUSE_FSYNC]);
	close(fd);
	rig->open_flags = FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR | O_DSYNC);
	rig_equal("direct", 100, pwrite(fd, buf, 100, 0));
	rig_equal("direct-no-FSYNC", 1, rig->count[FUSE_FSYNC]);
	rig_equal("direct-flag", O_DSYNC, rig->last[FUSE_WRITE].flags & O_DSYNC);
	close(fd);
}

/* -------- mappings -------- */

static unsigned char *map_file(int fd, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED) {
		rig_check(false, "mmap", "%s", strerror(errno));
		exit(1);
	}
	return map;
}

/*
 * Dirty @len bytes, write them out. Return: WRITEs it took, the fewest of some
 * attempts: the kernel's flusher may come in between on a slow machine.
 */
static int written_by(unsigned char *map, size_t len)
{
	int fewest = INT_MAX;

	for (int attempt = 0; attempt < 5; attempt++) {
		int before = rig->count[FUSE_WRITE], took;

		fill(map, len, 12 + attempt);
		if (msync(map, len, MS_SYNC))
			return -errno;
		took = (int)rig->count[FUSE_WRITE] - before;
		if (took < fewest)
			fewest = took;
	}
	return fewest;
}

static void mapping(void)
{
	unsigned char *map;
	int fd, end;

	rig_fill(300 * KIB + 100, 11);
	fd = rig_open(O_RDWR);
	map = map_file(fd, 304 * KIB);
	rig_check(!memcmp(map, rig->data, 300 * KIB + 100), "read", "it differs");
	fill(map, 300 * KIB + 100, 12);
	rig_works("msync", msync(map, 304 * KIB, MS_SYNC));
	rig_check(server_has(map, 0, 300 * KIB + 100), "written", "the server has something else");
	rig_equal("cache-flag", FUSE_WRITE_CACHE, rig->last[FUSE_WRITE].how & FUSE_WRITE_CACHE);
	rig_equal("WRITEs", 3, written_by(map, 300 * KIB + 100));
	rig_equal("size-kept", 300 * KIB + 100, rig->size);

	/* A server may take less at a time. */
	rig->most = 5000;
	map[0] = map[PAGE] = map[2 * PAGE] = 99;
	rig_works("in-pieces", msync(map, 304 * KIB, MS_SYNC));
	rig_check(server_has(map, 0, 300 * KIB + 100), "in-pieces-written", "the server has something else");
	rig->most = 0;

	/* Nobody calls msync: it is there before FLUSH, and before RELEASE. */
	map[7 * PAGE] ^= 1;
	rig->logged = 0;
	munmap(map, 304 * KIB);
	close(fd);
	rig_came(FUSE_RELEASE, 1);
	end = rig_logged(FUSE_FLUSH, 0);
	rig_check(rig_logged(FUSE_WRITE, 0) >= 0 && rig_logged(FUSE_WRITE, 0) < end, "written-before-flush",
		  "WRITE at %d, FLUSH at %d", rig_logged(FUSE_WRITE, 0), end);
	rig_check(end < rig_logged(FUSE_RELEASE, 0), "flush-before-release", "RELEASE at %d", rig_logged(FUSE_RELEASE, 0));

	/* The descriptor goes first, then the mapping. */
	fd = rig_open(O_RDWR);
	map = map_file(fd, PAGE);
	close(fd);
	rig->logged = 0;
	map[5] ^= 1;
	munmap(map, PAGE);
	rig_came(FUSE_RELEASE, 2);
	end = rig_logged(FUSE_RELEASE, 0);
	rig_check(rig_logged(FUSE_WRITE, 0) >= 0 && rig_logged(FUSE_WRITE, 0) < end, "written-before-release",
		  "WRITE at %d, RELEASE at %d", rig_logged(FUSE_WRITE, 0), end);

	/* Private: nothing leaves. */
	fd = rig_open(O_RDONLY);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	rig_check(map != MAP_FAILED, "private", "%s", strerror(errno));
	rig->count[FUSE_WRITE] = 0;
	map[0] ^= 1;
	munmap(map, PAGE);
	rig_fails("shared-of-read-only", EACCES,
		  mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	close(fd);
	rig_equal("private-no-WRITE", 0, rig->count[FUSE_WRITE]);
}

/*
 * A dirty page goes to the server through an open that is mapped. A server that
 * opened its own file with the flags of another one could not write it there:
 * with O_APPEND it would be put behind the end, with O_DIRECT be refused.
 */
static void mapping_handle(void)
{
	static const struct {
		const char *name;
		int flags;
		uint32_t open_flags;
	} others[] = {
		{ "append", O_WRONLY | O_APPEND },
		{ "o-direct", O_RDWR | O_DIRECT },
		{ "direct-io", O_RDWR, FOPEN_DIRECT_IO },
		{ "read-only", O_RDONLY },
	};
	unsigned char *map;
	int fd, other, i;
	uint64_t fh;

	rig_fill(64 * KIB, 15);
	fd = rig_open(O_RDWR);
	fh = rig->fh;
	map = map_file(fd, 64 * KIB);
	for (i = 0; i < (int)(sizeof(others) / sizeof(others[0])); i++) {
		rig->open_flags = others[i].open_flags;
		map[i * PAGE] ^= 1;
		other = rig_open(others[i].flags);
		map[i * PAGE] ^= 3;
		rig_check(!fsync(other) && rig->last[FUSE_WRITE].fh == fh &&
			  server_has(map + i * PAGE, i * PAGE, PAGE),
			  others[i].name, "WRITE is of handle %llu, not %llu",
			  (unsigned long long)rig->last[FUSE_WRITE].fh,
			  (unsigned long long)fh);
		close(other);
	}
	munmap(map, 64 * KIB);
	close(fd);
}

static void mapping_errors(void)
{
	unsigned char *map;
	int fd;

	rig_fill(64 * KIB, 13);
	fd = rig_open(O_RDWR);
	map = map_file(fd, 64 * KIB);
	rig->error[FUSE_WRITE] = EIO;
	map[0] ^= 1;
	rig_fails("msync", EIO, msync(map, 64 * KIB, MS_SYNC));
	rig->error[FUSE_WRITE] = 0;
	rig_works("msync-once", msync(map, 64 * KIB, MS_SYNC));
	rig->error[FUSE_WRITE] = ENOSPC;
	map[PAGE] ^= 1;
	rig_fails("fsync", ENOSPC, fsync(fd));
	map[PAGE] ^= 1;
	rig_fails("close", ENOSPC, close(fd));
	rig->error[FUSE_WRITE] = 0;
	munmap(map, 64 * KIB);
}

/* sync(2), reclaim and page faults must not wait for a server. */
static void mapping_held(void)
{
	unsigned char *map, first;
	int fd, status;
	time_t start;
	pid_t pid;

	rig_fill(64 * KIB, 14);
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	map = map_file(fd, 64 * KIB);
	rig->hold[FUSE_WRITE] = true;
	first = ++map[0];
	start = time(NULL);
	sync();
	rig_check(time(NULL) - start < 20, "sync-returns", "it took %d s", (int)(time(NULL) - start));
	rig_check(rig_came(FUSE_WRITE, 1), "sync-sends", "no WRITE came");

	/* The page changes again while its WRITE is under way. */
	start = time(NULL);
	map[0]++;
	rig_check(time(NULL) - start < 20, "store-goes-on", "it took %d s", (int)(time(NULL) - start));
	pid = fork();
	if (!pid)
		_exit(msync(map, 64 * KIB, MS_SYNC) ? 1 : 0);
	rig_settle();
	rig_equal("second-waits", 1, rig->count[FUSE_WRITE]);
	rig_equal("msync-waits", 0, waitpid(pid, &status, WNOHANG));
	rig_check(rig->data[0] != first, "not-yet-written", "it is");
	rig->hold[FUSE_WRITE] = false;
	waitpid(pid, &status, 0);
	rig_equal("msync-ends", 0, status);
	rig_equal("second-sent", 2, rig->count[FUSE_WRITE]);
	rig_equal("newest-last", map[0], rig->data[0]);

	/* Who reads a page that is not cached any more gets what was written. */
	rig->hold[FUSE_WRITE] = true;
	map[3 * PAGE] ^= 0xff;
	first = map[3 * PAGE];
	sync();
	rig_came(FUSE_WRITE, 3);
	munmap(map, 64 * KIB);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	pid = fork();
	if (!pid) {
		unsigned char c = 0;

		_exit(pread(fd, &c, 1, 3 * PAGE) == 1 && c == first ? 0 : 1);
	}
	rig_settle();
	rig->hold[FUSE_WRITE] = false;
	waitpid(pid, &status, 0);
	rig_equal("reader-waits", 0, status);

	/* A truncate while a WRITE is under way: it waits, and wins. */
	map = map_file(fd, 64 * KIB);
	rig->hold[FUSE_WRITE] = true;
	map[4 * PAGE] ^= 0xff;
	map[0] ^= 0xff;
	sync();
	rig_came(FUSE_WRITE, 5);
	pid = fork();
	if (!pid)
		_exit(ftruncate(fd, 2 * PAGE) ? 1 : 0);
	rig_settle();
	rig_equal("truncate-waits", 0, rig->count[FUSE_SETATTR]);
	rig->hold[FUSE_WRITE] = false;
	waitpid(pid, &status, 0);
	rig_equal("truncate", 0, status);
	fsync(fd);
	rig_equal("truncate-wins", 2 * PAGE, rig->size);
	munmap(map, 64 * KIB);

	/* A killed process does not wait for WRITE, and loses none. */
	rig_fill(64 * KIB, 15);
	rig->hold[FUSE_WRITE] = true;
	pid = fork();
	if (!pid) {
		fd = open(rig_path, O_RDWR);
		map = map_file(fd, 64 * KIB);
		map[0] = 0xaa;
		raise(SIGKILL);
	}
	start = time(NULL);
	waitpid(pid, &status, 0);
	rig_check(time(NULL) - start < 20, "killed-ends", "it took %d s", (int)(time(NULL) - start));
	rig->hold[FUSE_WRITE] = false;
	fsync(fd);
	rig_equal("killed-written", 0xaa, rig->data[0]);
	close(fd);
}

/* -------- the table -------- */

static const struct rig_scene scenes[] = {
	{ "reading", reading, FUSE_ASYNC_READ },
	{ "reading-sync", reading },
	{ "max-read", max_read, FUSE_ASYNC_READ, "max_read=8192" },
	{ "short-read", short_read, FUSE_ASYNC_READ },
	{ "last-page", last_page, FUSE_ASYNC_READ },
	{ "writing", writing },
	{ "small-writes", small_writes, .small_writes = true },
	{ "append", append },
	{ "bad-writes", bad_writes },
	{ "half-memory", half_memory },
	{ "half-memory-cached", half_memory, FUSE_WRITEBACK_CACHE },
	{ "vectors", vectors },
	{ "at-the-end", at_the_end },
	{ "sync-writes", sync_writes },
	{ "sync-direct", sync_direct },
	{ "mapping", mapping },
	{ "mapping-handle", mapping_handle },
	{ "mapping-handle-cached", mapping_handle, FUSE_WRITEBACK_CACHE },
	{ "mapping-errors", mapping_errors },
	{ "mapping-held", mapping_held },
};

int main(int argc, char **argv)
{
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
