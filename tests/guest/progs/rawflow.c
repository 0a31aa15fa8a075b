// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much of the page cache's work is at the server at once: READs of one
 * read-ahead, WRITEs of a file that is written back, and what a connection that
 * is congested holds back.
 *
 *	rawflow DIR SCENE	prints result lines; SCENE is one of the table below
 */
#include "rawfile.h"

#define PAGE	4096
#define KIB	1024
#define MIB	(1024 * KIB)

static unsigned char buf[4 * MIB];

/* -------- reading -------- */

/* Start a child that reads, through an open of its own; 0 if that was right. */
static pid_t start_read(size_t len, off_t at)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(rig_path, O_RDONLY);
	_exit(pread(fd, buf, len, at) == (ssize_t)len && server_has(buf, at, len) ? 0 : 1);
}

/* READs of 128 KiB that a server has at once, which takes 16 KiB at a time. */
static uint32_t reads_in_flight(uint32_t least)
{
	uint32_t most;
	pid_t pid;

	rig_fill(MIB, 1);
	rig->hold[FUSE_READ] = true;
	pid = start_read(128 * KIB, 0);
	rig_check(rig_came(FUSE_READ, least), "come", "%u READs", rig->count[FUSE_READ]);
	rig_check(raw_sleeps_in(pid, SYS_pread64), "waits", "it does not");
	rig_settle();
	most = rig->count[FUSE_READ];
	rig->hold[FUSE_READ] = false;
	rig_equal("read", 0, rig_ended(pid, 20));
	rig_equal("largest", 16 * KIB, rig->last[FUSE_READ].largest);
	return most;
}

static void async_reads(void)
{
	uint32_t n = reads_in_flight(2);

	rig_check(n >= 2, "in-flight", "%u", n);
}

static void sync_reads(void)
{
	rig_equal("in-flight", 1, reads_in_flight(1));
}

/*
 * One READ is held. Going on in what was read ahead begins the next read-ahead,
 * which nobody waits for, as @ahead says; a read is asked for as ever.
 */
static void beside_a_read(bool ahead)
{
	pid_t held, waits;
	uint32_t before;
	int fd, i;

	rig_fill(8 * MIB, 2);
	/* Each read has an open of its own. */
	rig->open_flags = FOPEN_KEEP_CACHE;
	fd = rig_open(O_RDONLY);
	rig_equal("first", PAGE, pread(fd, buf, PAGE, 0));
	before = rig->count[FUSE_READ];
	rig->hold[FUSE_READ] = true;
	held = start_read(PAGE, 6 * MIB);
	rig_check(rig_came(FUSE_READ, before + 1), "held", "no READ came");
	for (i = 1; i < 4; i++)
		rig_equal("goes-on", PAGE, pread(fd, buf, PAGE, i * PAGE));
	if (ahead)
		rig_came(FUSE_READ, before + 2);
	rig_settle();
	rig_equal("ahead", ahead, rig->count[FUSE_READ] - before - 1);

	before = rig->count[FUSE_READ];
	waits = start_read(64 * KIB, 4 * MIB);
	rig_check(rig_came(FUSE_READ, before + 1), "waited-for", "no READ came");
	rig_equal("waited-for-whole", 64 * KIB, rig->last[FUSE_READ].size);
	rig->hold[FUSE_READ] = false;
	rig_equal("held-ends", 0, rig_ended(held, 20));
	rig_equal("waited-for-ends", 0, rig_ended(waits, 20));
	close(fd);
}

static void congested(void)
{
	beside_a_read(false);
}

static void not_congested(void)
{
	beside_a_read(true);
}

/* -------- writing back -------- */

/* 32 WRITEs, of which max_background are at the server. */
static void background(void)
{
	uint32_t n;
	size_t i;
	pid_t pid;
	int fd;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 29 + (i >> 9);
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	rig->hold[FUSE_WRITE] = true;
	rig_equal("write", sizeof(buf), pwrite(fd, buf, sizeof(buf), 0));
	pid = fork();
	/* Who does not wait for the data stops where the server owes so much. */
	if (!pid)
		_exit(fsync(fd) ? 1 : 0);
	for (n = RIG_BACKGROUND; n < RIG_BACKGROUND + 4; n++) {
		rig_check(rig_came(FUSE_WRITE, n), "come", "%u, not %u", rig->count[FUSE_WRITE], n);
		rig_settle();
		rig_equal("no-more", n, rig->count[FUSE_WRITE]);
		rig->let = 1;
	}
	rig->hold[FUSE_WRITE] = false;
	rig_equal("fsync", 0, rig_ended(pid, 20));
	rig_check(server_has(buf, 0, sizeof(buf)), "written", "the server has something else");
	close(fd);
}

/* -------- the table -------- */

static const struct rig_scene scenes[] = {
	{ "async-reads", async_reads, FUSE_ASYNC_READ, "max_read=16384" },
	{ "sync-reads", sync_reads, 0, "max_read=16384" },
	{ "congested", congested, FUSE_ASYNC_READ, .congestion = 1 },
	{ "not-congested", not_congested, FUSE_ASYNC_READ },
	{ "background", background, FUSE_WRITEBACK_CACHE | FUSE_ASYNC_READ },
};

int main(int argc, char **argv)
{
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
