// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asynchronous and large direct I/O: how many requests are in flight for one
 * call, and what becomes of a call whose file is closed meanwhile.
 *
 *	rawaio DIR SCENE	prints result lines; SCENE is one of the table below
 */
#include <linux/aio_abi.h>
#include "rawfile.h"

#define PAGE	4096
#define KIB	1024

static unsigned char *buf;
static volatile long *result;	/* of a child */
static aio_context_t ctx;

static void setup(void)
{
	rig_works("io_setup", syscall(SYS_io_setup, 1, &ctx));
}

/* Return: 1, or an error. */
static long submit(int fd, int op, size_t len, off_t at)
{
	struct iocb cb = {
		.aio_fildes = fd,
		.aio_lio_opcode = op,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = len,
		.aio_offset = at,
	}, *list[] = { &cb };

	return syscall(SYS_io_submit, ctx, 1, list);
}

/* What came of it, once it ended. */
static long outcome(void)
{
	struct io_event event = {};

	return syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL) == 1 ? event.res : -1;
}

/* -------- at once -------- */

static void aio(void)
{
	int fd;

	rig_fill(1024 * KIB, 13);
	rig->open_flags = FOPEN_DIRECT_IO;
	fd = rig_open(O_RDWR | O_DIRECT);
	setup();

	rig->hold[FUSE_READ] = true;
	rig_equal("read-submit", 1, submit(fd, IOCB_CMD_PREAD, 512 * KIB, 0));
	rig_check(rig_came(FUSE_READ, 4), "read-parts-at-once", "%u", rig->count[FUSE_READ]);
	rig->hold[FUSE_READ] = false;
	rig_equal("read", 512 * KIB, outcome());
	rig_check(server_has(buf, 0, 512 * KIB), "read-data", "it differs");

	memset(buf, 0x3c, 512 * KIB);
	rig->hold[FUSE_WRITE] = true;
	rig_equal("write-submit", 1, submit(fd, IOCB_CMD_PWRITE, 512 * KIB, 0));
	rig_check(rig_came(FUSE_WRITE, 4), "write-parts-at-once", "%u", rig->count[FUSE_WRITE]);
	rig->hold[FUSE_WRITE] = false;
	rig_equal("write", 512 * KIB, outcome());
	rig_check(server_has(buf, 0, 512 * KIB), "write-data", "it differs");

	/* A gap ends what counts: every part is cut short, only the first stays. */
	rig->most = 1000;
	rig_equal("short-submit", 1, submit(fd, IOCB_CMD_PWRITE, 512 * KIB, 0));
	rig_equal("short", 1000, outcome());
	rig->most = 0;
	rig->error[FUSE_WRITE] = ENOSPC;
	rig_equal("refused-submit", 1, submit(fd, IOCB_CMD_PWRITE, 512 * KIB, 0));
	rig_equal("refused", -ENOSPC, outcome());
	rig->error[FUSE_WRITE] = 0;

	/* An extending one has the size right when it is submitted. */
	rig_equal("extending-submit", 1, submit(fd, IOCB_CMD_PWRITE, 512 * KIB, 1024 * KIB));
	rig_equal("extending-size", 1536 * KIB, lseek(fd, 0, SEEK_END));
	rig_equal("extending", 512 * KIB, outcome());

	/* Closed while under way: RELEASE comes after the last part. */
	rig->hold[FUSE_READ] = true;
	rig->count[FUSE_READ] = 0;
	rig_equal("closed-submit", 1, submit(fd, IOCB_CMD_PREAD, 512 * KIB, 0));
	rig_came(FUSE_READ, 4);
	close(fd);
	rig_settle();
	rig_equal("closed-not-released", 0, rig->count[FUSE_RELEASE]);
	rig->hold[FUSE_READ] = false;
	rig_equal("closed", 512 * KIB, outcome());
	rig_check(rig_came(FUSE_RELEASE, 1), "closed-released", "no RELEASE came");
}

/* -------- one after the other -------- */

static void read_sync(int fd)
{
	*result = pread(fd, buf, 512 * KIB, 0);
}

static void write_sync(int fd)
{
	*result = pwrite(fd, buf, 512 * KIB, 0);
}

static void read_aio(int fd)
{
	*result = submit(fd, IOCB_CMD_PREAD, 512 * KIB, 0) == 1 ? outcome() : -1;
}

static void write_aio(int fd)
{
	*result = submit(fd, IOCB_CMD_PWRITE, 512 * KIB, 0) == 1 ? outcome() : -1;
}

/* A call of four requests: only the first is there until it is answered. */
static void one_by_one(const char *name, int op, int flags, void (*call)(int fd))
{
	uint32_t before = rig->count[op];
	char text[64];
	pid_t pid;
	int fd;

	snprintf(text, sizeof(text), "%s-in-flight", name);
	fd = rig_open(O_RDWR | flags);
	rig->hold[op] = true;
	pid = fork();
	if (!pid) {
		alarm(60);
		if (syscall(SYS_io_setup, 1, &ctx))
			_exit(1);
		call(fd);
		_exit(0);
	}
	rig_came(op, before + 1);
	rig_settle();
	rig_equal(text, 1, rig->count[op] - before);
	rig->hold[op] = false;
	snprintf(text, sizeof(text), "%s-ends", name);
	rig_equal(text, 0, rig_ended(pid, 20));
	snprintf(text, sizeof(text), "%s-result", name);
	rig_equal(text, rig->most ? rig->most : 512 * KIB, *result);
	snprintf(text, sizeof(text), "%s-in-all", name);
	rig_equal(text, rig->most ? 1 : 4, rig->count[op] - before);
	close(fd);
}

/*
 * What the server has read and written directly may be a stream: nothing is asked
 * for behind a short answer. Nor are two WRITEs there that it did not ask for.
 */
static void in_turn(void)
{
	int fd;

	rig_fill(1024 * KIB, 14);
	rig->open_flags = FOPEN_DIRECT_IO;
	one_by_one("read", FUSE_READ, 0, read_sync);
	one_by_one("write", FUSE_WRITE, 0, write_sync);
	one_by_one("read-o-direct", FUSE_READ, O_DIRECT, read_sync);
	one_by_one("aio-read", FUSE_READ, 0, read_aio);
	one_by_one("aio-write", FUSE_WRITE, 0, write_aio);
	rig->most = 1000;
	one_by_one("short-read", FUSE_READ, 0, read_sync);
	one_by_one("short-aio-read", FUSE_READ, 0, read_aio);
	rig->most = 0;

	/* One request is no reason to wait. */
	setup();
	fd = rig_open(O_RDWR);
	rig->hold[FUSE_READ] = true;
	rig_equal("one-submit", 1, submit(fd, IOCB_CMD_PREAD, 128 * KIB, 0));
	rig->hold[FUSE_READ] = false;
	rig_equal("one", 128 * KIB, outcome());
	close(fd);
}

/* Without FUSE_ASYNC_DIO. */
static void not_agreed(void)
{
	rig_fill(1024 * KIB, 15);
	one_by_one("read", FUSE_READ, O_DIRECT, read_aio);
	one_by_one("write", FUSE_WRITE, O_DIRECT, write_aio);
	rig->open_flags = FOPEN_DIRECT_IO;
	one_by_one("direct-read", FUSE_READ, O_DIRECT, read_aio);
	one_by_one("direct-write", FUSE_WRITE, O_DIRECT, write_aio);
}

/* -------- closed -------- */

static void stat_file(void)
{
	struct stat st;

	if (stat(rig_path, &st))
		_exit(1);
}

/* Its answer to the write is the last use of the file. */
static void closed_by_server(void)
{
	pid_t pid;
	int fd;

	rig_fill(64 * KIB, 16);
	rig->attr_valid = 0;
	fd = rig_open(O_RDWR | O_DIRECT);
	setup();
	rig->hold[FUSE_WRITE] = true;
	rig_equal("submit", 1, submit(fd, IOCB_CMD_PWRITE, PAGE, 0));
	rig_check(rig_came(FUSE_WRITE, 1), "WRITE", "none came");
	rig_works("close", close(fd));
	rig_equal("no-times-yet", 0, rig->count[FUSE_SETATTR]);
	rig->hold[FUSE_WRITE] = false;
	rig_check(rig_came(FUSE_RELEASE, 1), "RELEASE", "none came");
	rig_check(rig_logged(FUSE_SETATTR, 0) >= 0 && rig_logged(FUSE_SETATTR, 0) < rig_logged(FUSE_RELEASE, 0),
		  "times-before", "SETATTR %d RELEASE %d", rig_logged(FUSE_SETATTR, 0), rig_logged(FUSE_RELEASE, 0));
	rig_equal("result", PAGE, outcome());
	pid = fork();
	if (!pid) {
		stat_file();
		_exit(0);
	}
	rig_equal("goes-on", 0, rig_ended(pid, 10));
}

/* -------- the table -------- */

static const struct rig_scene scenes[] = {
	{ "aio", aio, FUSE_ASYNC_DIO, "max_read=131072" },
	{ "in-turn", in_turn, FUSE_ASYNC_DIO, "max_read=131072" },
	{ "not-agreed", not_agreed, 0, "max_read=131072" },
	{ "closed-by-server", closed_by_server, FUSE_ASYNC_DIO | FUSE_WRITEBACK_CACHE },
};

int main(int argc, char **argv)
{
	result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED || posix_memalign((void **)&buf, PAGE, 1024 * KIB))
		raw_die("memory");
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
