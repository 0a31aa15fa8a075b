// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a killed caller leaves behind: it is gone at once, and yet the server is
 * done with its request before it hears of the end of the handle, or of what
 * comes later.
 *
 *	rawleft DIR SCENE
 */
#include <linux/falloc.h>
#include "rawfile.h"

#define PAGE	4096

static unsigned char buf[2 * PAGE] __attribute__((aligned(PAGE)));

/* -------- what the caller does -------- */

static void do_read(int fd)
{
	pread(fd, buf, PAGE, 0);
}

static void do_write(int fd)
{
	memset(buf, 'a', PAGE);
	pwrite(fd, buf, PAGE, 0);
}

static void do_fsync(int fd)
{
	fsync(fd);
}

static void do_seek(int fd)
{
	lseek(fd, 0, SEEK_HOLE);
}

static void do_punch(int fd)
{
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
}

static void do_copy(int fd)
{
	off64_t from = 2 * PAGE, to = 0;

	copy_file_range(fd, &from, fd, &to, PAGE, 0);
}

static void do_truncate(int fd)
{
	ftruncate(fd, 100);
}

static void do_empty(int fd)
{
	open(rig_path, O_RDWR | O_TRUNC);
}

static pid_t start(void (*act)(int fd), int fd)
{
	pid_t pid = fork();

	if (!pid) {
		act(fd);
		_exit(0);
	}
	return pid;
}

/* The same; it has the only descriptor, for close() waits for what is written. */
static pid_t start_alone(void (*act)(int fd), int fd)
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe(go))
		raw_die("pipe");
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) == 0)
			act(fd);
		_exit(0);
	}
	close(fd);
	close(go[0]);
	close(go[1]);
	return pid;
}

/* Kill @pid once @op is with the server. */
static void kill_in(pid_t pid, int op)
{
	rig_check(rig_came(op, 1), "sent", "the request did not come");
	usleep(100000);
	kill(pid, SIGKILL);
	rig_check(rig_ended(pid, 5) >= 0, "leaves", "the caller waits although it was killed");
}

/* -------- the handle -------- */

/* The only open of the file is the caller's. */
static void handle_of(void (*act)(int fd), int op, int flags)
{
	pid_t pid;
	int fd;

	rig_fill(4 * PAGE, 1);
	rig->hold[op] = true;
	fd = rig_open(O_RDWR | flags);
	pid = start_alone(act, fd);
	kill_in(pid, op);
	rig_settle();
	rig_equal("handle-stays", 0, rig->count[FUSE_RELEASE]);
	rig->hold[op] = false;
	rig_check(rig_came(FUSE_RELEASE, 1), "handle-ends", "no RELEASE came");
}

static void handle_read(void) { handle_of(do_read, FUSE_READ, 0); }
static void handle_read_direct(void) { handle_of(do_read, FUSE_READ, O_DIRECT); }
static void handle_write(void) { handle_of(do_write, FUSE_WRITE, 0); }
static void handle_write_direct(void) { handle_of(do_write, FUSE_WRITE, O_DIRECT); }
static void handle_fsync(void) { handle_of(do_fsync, FUSE_FSYNC, 0); }
static void handle_seek(void) { handle_of(do_seek, FUSE_LSEEK, 0); }
static void handle_punch(void) { handle_of(do_punch, FUSE_FALLOCATE, 0); }
static void handle_truncate(void) { handle_of(do_truncate, FUSE_SETATTR, 0); }

/* -------- the order -------- */

static void do_later(int fd)
{
	memset(buf, 'b', PAGE);
	pwrite(fd, buf, PAGE, 0);
}

static bool all(const unsigned char *data, int what)
{
	int i;

	for (i = 0; i < PAGE; i++)
		if (data[i] != what)
			return false;
	return true;
}

/* A write that begins after the caller is gone comes last. */
static void order_of(void (*act)(int fd), int op, int flags)
{
	int fd, plain, writes;
	pid_t pid, later;

	rig_fill(4 * PAGE, 1);
	plain = rig_open(O_RDWR);
	fd = rig_open(O_RDWR | flags);
	rig->count[op] = 0;
	rig->hold[op] = true;
	pid = start(act, fd);
	kill_in(pid, op);
	writes = rig->count[FUSE_WRITE];
	later = start(do_later, plain);
	rig_settle();
	rig_equal("later-waits", writes, rig->count[FUSE_WRITE]);
	/* and can be killed, too */
	kill(later, SIGKILL);
	rig_check(rig_ended(later, 5) >= 0, "later-leaves", "it waits although it was killed");
	later = start(do_later, plain);
	rig_settle();
	rig->hold[op] = false;
	rig_check(rig_ended(later, 20) >= 0, "later-goes-on", "it waits for ever");
	rig_check(all(rig->data, 'b'), "later-is-last", "the server has something else");
	rig_check(rig->size >= PAGE, "later-counts", "the size is %llu", (unsigned long long)rig->size);
	rig_equal("reads", PAGE, pread(plain, buf, PAGE, 0));
	rig_check(all(buf, 'b'), "reads-last", "a read gives something else");
	close(fd);
	close(plain);
}

static void order_write(void) { order_of(do_write, FUSE_WRITE, 0); }
static void order_write_direct(void) { order_of(do_write, FUSE_WRITE, O_DIRECT); }
static void order_punch(void) { order_of(do_punch, FUSE_FALLOCATE, 0); }
static void order_copy(void) { order_of(do_copy, FUSE_COPY_FILE_RANGE_64, 0); }
static void order_truncate(void) { order_of(do_truncate, FUSE_SETATTR, 0); }
static void order_empty(void) { order_of(do_empty, FUSE_OPEN, 0); }

/* Who reads beside it had the page from before; once it is done, nobody has. */
static void page_of_direct(void)
{
	int fd, cached;
	pid_t pid;

	rig_fill(4 * PAGE, 1);
	cached = rig_open(O_RDWR);
	fd = rig_open(O_RDWR | O_DIRECT);
	rig->hold[FUSE_WRITE] = true;
	pid = start(do_write, fd);
	rig_check(rig_came(FUSE_WRITE, 1), "write-sent", "the WRITE did not come");
	rig_equal("reads-before", PAGE, pread(cached, buf, PAGE, 0));
	rig_check(!all(buf, 'a'), "old-before", "a write was read that was not made");
	kill_in(pid, FUSE_WRITE);
	rig->hold[FUSE_WRITE] = false;
	rig_equal("reads-after", PAGE, pread(cached, buf, PAGE, 0));
	rig_check(all(buf, 'a'), "new-after", "the page is still the old one");
	close(fd);
	close(cached);
}

/* A second truncate waits behind the first, and can be killed, too. */
static void two_truncates(void)
{
	int fd;
	pid_t first, second;

	rig_fill(4 * PAGE, 1);
	fd = rig_open(O_RDWR);
	rig->count[FUSE_SETATTR] = 0;
	rig->hold[FUSE_SETATTR] = true;
	first = start(do_truncate, fd);
	kill_in(first, FUSE_SETATTR);
	second = start(do_truncate, fd);
	rig_settle();
	rig_equal("second-waits", 1, rig->count[FUSE_SETATTR]);
	kill(second, SIGKILL);
	rig_check(rig_ended(second, 5) >= 0, "second-leaves", "it waits although it was killed");
	rig->hold[FUSE_SETATTR] = false;
	rig_works("third", ftruncate(fd, 10));
	rig_equal("third-counts", 10, rig->size);
	close(fd);
}

/* -------- the table -------- */

static const struct rig_scene scenes[] = {
	{ "handle-read", handle_read },
	{ "handle-read-direct", handle_read_direct },
	{ "handle-write", handle_write },
	{ "handle-write-direct", handle_write_direct },
	{ "handle-fsync", handle_fsync },
	{ "handle-seek", handle_seek },
	{ "handle-punch", handle_punch },
	{ "handle-truncate", handle_truncate },
	{ "order-write", order_write },
	{ "order-write-direct", order_write_direct },
	{ "order-punch", order_punch },
	{ "order-copy", order_copy },
	{ "order-truncate", order_truncate },
	{ "order-empty", order_empty, FUSE_ATOMIC_O_TRUNC },
	{ "page-of-direct", page_of_direct },
	{ "two-truncates", two_truncates },
};

int main(int argc, char **argv)
{
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
