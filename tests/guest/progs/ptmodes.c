// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O modes: every transition of the table in iomode.c, but for those of mode
 * "sharing", which are ptparallel's.
 *
 *	ptmodes LOWER MNT [TEST ...]
 */
#include "ptmodes.h"
#include <sys/resource.h>

static void cached_bars_passthrough(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), c, p;

	c = rig_open_as(&rig, "f", O_RDWR, 0, 0);
	CHECK(c >= 0);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id), EIO);
	close(c);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	close(p);
	end(&rig);
}

static void passthrough_bars_cached(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), c, p;

	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	FAILS(rig_open_as(&rig, "f", O_RDONLY, 0, 0), EIO);
	FAILS(rig_open_as(&rig, "f", O_RDONLY, FOPEN_KEEP_CACHE, 0), EIO);
	close(p);
	c = rig_open_as(&rig, "f", O_RDONLY, 0, 0);
	CHECK(c >= 0);
	close(c);
	end(&rig);
}

static void passthrough_bars_direct(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), d, p;

	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0), EIO);
	close(p);
	d = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0);
	CHECK(d >= 0);
	/* the other way round it is allowed: a direct open holds nothing */
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	close(p);
	close(d);
	end(&rig);
}

static void direct_beside_cached(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	char buf[512];
	int c, d;

	c = rig_open_as(&rig, "f", O_RDWR, 0, 0);
	d = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0);
	CHECK(c >= 0 && d >= 0);
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	memset(buf, 'd', sizeof(buf));
	EQ(pwrite(d, buf, sizeof(buf), 0), sizeof(buf));
	memset(buf, 0, sizeof(buf));
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	EQ(buf[100], 'd');
	close(c);
	close(d);
	end(&rig);
}

/* Reads and writes to the server, mappings to the backing file. */
static void passthrough_and_direct(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), p, d;
	unsigned char buf[4096], *map;
	uint32_t reads;

	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	d = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO,
			id);
	CHECK(p >= 0 && d >= 0);
	EQ(pread(p, buf, sizeof(buf), 4096), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 1, 4096));
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	EQ(pread(d, buf, sizeof(buf), 8192), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 1, 8192));
	CHECK(SAID(&rig, asked[FUSE_READ]) > 0);
	EQ(pwrite(d, buf, 100, 0), 100);
	CHECK(SAID(&rig, asked[FUSE_WRITE]) > 0);
	EQ(pwrite(p, buf, 100, 0), 100);
	EQ(SAID(&rig, asked[FUSE_WRITE]), 1);

	reads = SAID(&rig, asked[FUSE_READ]);
	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, d, 0);
	CHECK(map != MAP_FAILED);
	CHECK(rig_same(map + 12288, 4096, 1, 12288));
	map[12288] = 'm';
	EQ(pread(p, buf, 1, 12288), 1);
	EQ(buf[0], 'm');
	EQ(SAID(&rig, asked[FUSE_READ]), reads);
	munmap(map, LEN);
	close(p);
	close(d);
	end(&rig);
}

static void one_backing_file(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), again = rig_register(&rig, "f");
	int other = rig_register(&rig, "g"), p, q;

	CHECK(again != id);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	q = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(q >= 0);
	close(q);
	/* a second id for the same file is as good */
	q = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, again);
	CHECK(q >= 0);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, other), EIO);
	close(p);
	/* the first is gone, the inode is still on this file */
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, other), EIO);
	close(q);
	q = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, other);
	CHECK(q >= 0);
	close(q);
	end(&rig);
}

static void bad_ids(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), p;

	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, 0), EIO);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, -1), EIO);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id + 1), EIO);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, INT32_MIN), EIO);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, INT32_MAX), EIO);
	EQ(rig_ioc_close(&rig, id), 0);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id), EIO);
	/* without the flag the id means nothing */
	p = rig_open_as(&rig, "f", O_RDWR, 0, 12345);
	CHECK(p >= 0);
	close(p);
	end(&rig);
}

static void flags_beside(const char *lower, const char *mnt)
{
	static const uint32_t no[] = {
		FOPEN_NONSEEKABLE, FOPEN_STREAM, FOPEN_CACHE_DIR, 1u << 8,
		1u << 31,
	};
	static const uint32_t yes[] = {
		FOPEN_KEEP_CACHE, FOPEN_NOFLUSH, FOPEN_PARALLEL_DIRECT_WRITES,
		FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES,
	};
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), p;
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH | no[i],
				  id), EIO);
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH | yes[i],
				id);
		CHECK(p >= 0);
		close(p);
	}
	end(&rig);
}

static void not_negotiated(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd;

	rig.said->init_flags = 0;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	fd = open(LOWER(&rig, "f"), O_RDWR);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
	FAILS(rig_ioc_close(&rig, 1), EPERM);
	close(fd);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, 1), EIO);
	fd = rig_open_as(&rig, "f", O_RDWR, 0, 0);
	CHECK(fd >= 0);
	close(fd);
	end(&rig);
}

static void direct_mmap_refused(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int d = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0), p;
	unsigned char *map;

	CHECK(d >= 0);
	CHECK(mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0) == MAP_FAILED);
	EQ(errno, ENODEV);
	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, d, 0);
	CHECK(map != MAP_FAILED);
	CHECK(rig_same(map, LEN, 1, 0));
	map[0] ^= 1;
	munmap(map, LEN);
	/* a private mapping holds no mode */
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH,
			rig_register(&rig, "f"));
	CHECK(p >= 0);
	close(p);
	close(d);
	end(&rig);
}

static void direct_mmap_beside_passthrough(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, FUSE_DIRECT_IO_ALLOW_MMAP);
	int d = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0), p;
	void *map;

	CHECK(d >= 0);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH,
			rig_register(&rig, "f"));
	CHECK(p >= 0);
	CHECK(mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0) == MAP_FAILED);
	EQ(errno, ENODEV);
	close(p);
	map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0);
	CHECK(map != MAP_FAILED);
	munmap(map, LEN);
	close(d);
	end(&rig);
}

static void no_open_server(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, FUSE_NO_OPEN_SUPPORT);
	unsigned char buf[4096];
	int c, p;

	SAY(&rig, no_open, 1);
	c = rig_open_as(&rig, "g", O_RDONLY, 0, 0);
	CHECK(c >= 0);
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	close(c);
	/* an open that sent nothing is a cached one all the same */
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "f"));
	p = open(UPPER(&rig, "new"), O_RDWR | O_CREAT | O_EXCL, 0644);
	CHECK(p >= 0);
	FAILS(open(UPPER(&rig, "new"), O_RDONLY), EIO);
	close(p);
	c = open(UPPER(&rig, "new"), O_RDONLY);
	CHECK(c >= 0);
	close(c);
	EQ(SAID(&rig, asked[FUSE_OPEN]), 1);
	SOON(SAID(&rig, asked[FUSE_RELEASE]) == 1);
	EQ(unlink(UPPER(&rig, "new")), 0);
	rig_stop(&rig);
}

static void create_through(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	unsigned char buf[4096];
	int id, p;

	rig_make(&rig, "back", LEN, 3);
	id = rig_register(&rig, "back");
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	p = open(UPPER(&rig, "c1"), O_RDWR | O_CREAT | O_EXCL, 0644);
	CHECK(p >= 0);
	EQ(pread(p, buf, sizeof(buf), 4096), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 3, 4096));
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	close(p);
	EQ(unlink(UPPER(&rig, "c1")), 0);

	/* created by the server, refused by us: released, not leaked */
	rig_policy(&rig, FOPEN_PASSTHROUGH, id + 1);
	FAILS(open(UPPER(&rig, "c2"), O_RDWR | O_CREAT | O_EXCL, 0644), EIO);
	rig_policy(&rig, FOPEN_PASSTHROUGH | FOPEN_STREAM, id);
	FAILS(open(UPPER(&rig, "c3"), O_RDWR | O_CREAT | O_EXCL, 0644), EIO);
	EQ(SAID(&rig, asked[FUSE_CREATE]), 3);
	unlink(UPPER(&rig, "c2"));
	unlink(UPPER(&rig, "c3"));
	end(&rig);
}

static void truncating_open(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), p, c;
	unsigned char buf[4096];
	struct stat st;

	p = rig_open_as(&rig, "f", O_RDWR | O_TRUNC, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	EQ(fstat(p, &st), 0);
	EQ(st.st_size, 0);
	EQ(pread(p, buf, sizeof(buf), 0), 0);
	rig_fill(buf, sizeof(buf), 9, 0);
	EQ(write(p, buf, sizeof(buf)), sizeof(buf));
	EQ(fstat(p, &st), 0);
	EQ(st.st_size, sizeof(buf));
	/* refused, but emptied by the server: nobody sees the old size */
	FAILS(rig_open_as(&rig, "f", O_RDWR | O_TRUNC, 0, 0), EIO);
	EQ(stat(UPPER(&rig, "f"), &st), 0);
	EQ(st.st_size, 0);
	close(p);
	c = rig_open_as(&rig, "f", O_RDONLY, 0, 0);
	CHECK(c >= 0);
	EQ(read(c, buf, sizeof(buf)), 0);
	close(c);
	end(&rig);
}

/* Passthrough writes and ends; the next cached open keeps no older page. */
static void last_through(struct rig *rig, int p)
{
	unsigned char buf[4096];
	int c;

	memset(buf, 'p', sizeof(buf));
	EQ(pwrite(p, buf, sizeof(buf), 0), sizeof(buf));
	close(p);

	c = rig_open_as(rig, "f", O_RDONLY, FOPEN_KEEP_CACHE, 0);
	CHECK(c >= 0);
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	EQ(buf[17], 'p');
	close(c);
}

/* Pages of a cached open are no answer after passthrough wrote. */
static void cache_left_behind(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), c, p;
	unsigned char buf[4096];
	char *map;

	c = rig_open_as(&rig, "f", O_RDWR, 0, 0);
	CHECK(c >= 0);
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 1, 0));
	/* dirty through a mapping, to be found in the backing file */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, c, 8192);
	CHECK(map != MAP_FAILED);
	map[5] = 'z';
	munmap(map, 4096);
	close(c);

	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	EQ(pread(p, buf, 1, 8192 + 5), 1);
	EQ(buf[0], 'z');
	last_through(&rig, p);
	end(&rig);
}

/* Nor are pages that a private mapping brought while passthrough wrote. */
static void cache_filled_beside(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int d = rig_open_as(&rig, "f", O_RDONLY, FOPEN_DIRECT_IO, 0), c, p;
	unsigned char buf[4096], *map;
	unsigned int before;

	CHECK(d >= 0);
	map = mmap(NULL, sizeof(buf), PROT_READ, MAP_PRIVATE, d, 0);
	CHECK(map != MAP_FAILED);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH,
			rig_register(&rig, "f"));
	CHECK(p >= 0);
	CHECK(rig_same(map, sizeof(buf), 1, 0));
	last_through(&rig, p);

	/* from here on it is kept */
	before = SAID(&rig, asked[FUSE_READ]);
	c = rig_open_as(&rig, "f", O_RDONLY, FOPEN_KEEP_CACHE, 0);
	CHECK(c >= 0);
	EQ(pread(c, buf, sizeof(buf), 0), sizeof(buf));
	EQ(SAID(&rig, asked[FUSE_READ]), before);
	close(c);
	munmap(map, sizeof(buf));
	close(d);
	end(&rig);
}

/* -------- what the kernel writes -------- */

#define CORE_LIMIT	100	/* between the headers of a core file */

static void say_core(const char *file, const char *what)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(write(fd, what, strlen(what)), strlen(what));
	close(fd);
}

/* A core file of which no more is written than may be. */
static void direct_keeps_limit(const char *lower, const char *mnt)
{
	static const char pattern[] = "/proc/sys/kernel/core_pattern";
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit few = { CORE_LIMIT, CORE_LIMIT };
	struct rig rig = begin(lower, mnt, 0);
	char before[256] = "";
	int fd, status;
	struct stat st;
	pid_t pid;

	fd = open(pattern, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(read(fd, before, sizeof(before) - 1) > 0);
	close(fd);
	rig_policy(&rig, FOPEN_DIRECT_IO, 0);
	say_core(pattern, UPPER(&rig, "core"));

	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		if (setrlimit(RLIMIT_CORE, &all) || setrlimit(RLIMIT_FSIZE, &few))
			_exit(1);
		abort();
	}
	EQ(waitpid(pid, &status, 0), pid);
	say_core(pattern, before);
	CHECK(WIFSIGNALED(status));
	EQ(SAID(&rig, asked[FUSE_CREATE]), 1);
	EQ(stat(LOWER(&rig, "core"), &st), 0);
	EQ(st.st_size, CORE_LIMIT);
	EQ(unlink(LOWER(&rig, "core")), 0);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "cached-bars-passthrough", cached_bars_passthrough },
	{ "passthrough-bars-cached", passthrough_bars_cached },
	{ "passthrough-bars-direct", passthrough_bars_direct },
	{ "direct-beside-cached", direct_beside_cached },
	{ "passthrough-and-direct", passthrough_and_direct },
	{ "one-backing-file", one_backing_file },
	{ "bad-ids", bad_ids },
	{ "flags-beside", flags_beside },
	{ "not-negotiated", not_negotiated },
	{ "direct-mmap-refused", direct_mmap_refused },
	{ "direct-mmap-beside-passthrough", direct_mmap_beside_passthrough },
	{ "no-open-server", no_open_server },
	{ "create-through", create_through },
	{ "truncating-open", truncating_open },
	{ "cache-left-behind", cache_left_behind },
	{ "cache-filled-beside", cache_filled_beside },
	{ "direct-keeps-limit", direct_keeps_limit },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
