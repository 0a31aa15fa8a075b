// SPDX-License-Identifier: GPL-2.0-only
/*
 * FUSE_WRITEBACK_CACHE: what is written when, who owns size and times, and what
 * becomes of errors and of servers that do not answer. FUSE_ASYNC_DIO: how much
 * of a call is in flight.
 *
 *	rawback DIR SCENE	prints result lines; SCENE is one of the table below
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "rawfile.h"

#define PAGE	4096
#define KIB	1024
#define MIB	(1024 * KIB)

static unsigned char buf[RIG_SPACE] __attribute__((aligned(PAGE)));

static void fill(void *at, size_t len, unsigned int salt)
{
	unsigned char *p = at;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = i * 29 + (i >> 9) + salt;
}

static struct stat file_stat(int fd)
{
	struct stat st = {};

	rig_works("stat", fstat(fd, &st));
	return st;
}

/* -------- when it is written -------- */

static void cached(void)
{
	struct stat st;
	int fd, i;

	rig->attr_valid = 0;
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	fill(buf, 4000, 1);
	rig->logged = 0;
	for (i = 0; i < 40; i++)
		if (pwrite(fd, buf + i * 100, 100, i * 100) != 100)
			rig_check(false, "write", "%s", strerror(errno));
	rig_settle();
	rig_equal("kept-back", 0, rig->count[FUSE_WRITE]);
	rig_equal("nothing-read", 0, rig->count[FUSE_READ]);

	/* The server says 0 for all three whenever it is asked. */
	st = file_stat(fd);
	rig_equal("size-is-ours", 4000, st.st_size);
	rig_check(st.st_mtime, "mtime-is-ours", "it is the server's");
	rig_check(st.st_ctime, "ctime-is-ours", "it is the server's");
	rig_check(rig->count[FUSE_GETATTR], "asked-for-the-rest", "no GETATTR");
	rig_equal("read-back", 4000, pread(fd, buf + 8 * KIB, 8 * KIB, 0));
	rig_check(!memcmp(buf, buf + 8 * KIB, 4000), "read-back-data", "it differs");

	rig_works("close", close(fd));
	rig_came(FUSE_RELEASE, 1);
	rig_equal("close-WRITEs", 1, rig->count[FUSE_WRITE]);
	rig_equal("cache-flag", FUSE_WRITE_CACHE, rig->last[FUSE_WRITE].how);
	rig_check(server_has(buf, 0, 4000), "written", "the server has something else");
	rig_equal("size-written", 4000, rig->size);
	rig_equal("one-SETATTR", 1, rig->count[FUSE_SETATTR]);
	rig_equal("times-sent", FATTR_MTIME | FATTR_CTIME | FATTR_FH, rig->last[FUSE_SETATTR].how);
	rig_equal("mtime-sent", st.st_mtime, rig->last[FUSE_SETATTR].mtime);
	rig_equal("times-handle", rig->fh, rig->last[FUSE_SETATTR].fh);
	rig_equal("times-uid", 0, rig->last[FUSE_SETATTR].uid);
	rig_check(rig_logged(FUSE_WRITE, 0) < rig_logged(FUSE_SETATTR, 0) &&
		  rig_logged(FUSE_SETATTR, 0) < rig_logged(FUSE_FLUSH, 0) &&
		  rig_logged(FUSE_FLUSH, 0) < rig_logged(FUSE_RELEASE, 0), "order", "WRITE %d SETATTR %d FLUSH %d RELEASE %d",
		  rig_logged(FUSE_WRITE, 0), rig_logged(FUSE_SETATTR, 0), rig_logged(FUSE_FLUSH, 0), rig_logged(FUSE_RELEASE, 0));

	/* Closed: the server's word counts again. */
	rig->size = 3000;
	stat(rig_path, &st);
	rig_equal("server-again-size", 3000, st.st_size);
	rig_equal("server-again-mtime", 0, st.st_mtime);

	/* A reader changes nothing, and sends no times. */
	fd = rig_open(O_RDONLY);
	rig_equal("reader", 3000, pread(fd, buf + 8 * KIB, 8 * KIB, 0));
	close(fd);
	rig_came(FUSE_RELEASE, 2);
	rig_equal("reader-no-SETATTR", 1, rig->count[FUSE_SETATTR]);
}

static void through(void)
{
	int fd = rig_open(O_RDWR);

	/* Not agreed on: the same calls, and each is at the server at once. */
	rig_equal("write", 100, pwrite(fd, buf, 100, 0));
	rig_equal("at-once", 1, rig->count[FUSE_WRITE]);
	rig_equal("no-flag", 0, rig->last[FUSE_WRITE].how);
	rig_equal("server-mtime", 0, file_stat(fd).st_mtime);
	close(fd);
	rig_equal("no-SETATTR", 0, rig->count[FUSE_SETATTR]);
}

static void syncing(void)
{
	int fd = rig_open(O_RDWR), other, i;

	rig_keep_dirty(fd);
	fill(buf, MIB, 2);
	rig_equal("write", MIB, pwrite(fd, buf, MIB, 0));
	rig_works("fdatasync", fdatasync(fd));
	rig_check(server_has(buf, 0, MIB), "fdatasync-data", "the server has something else");
	rig_equal("fdatasync-FSYNC", 1, rig->count[FUSE_FSYNC]);
	rig_check(rig->last[FUSE_WRITE].largest == 128 * KIB, "large-WRITEs", "largest is %u",
		  rig->last[FUSE_WRITE].largest);
	rig_works("fsync", fsync(fd));
	rig_equal("fsync-times", FATTR_MTIME, rig->last[FUSE_SETATTR].how & FATTR_MTIME);
	i = rig->count[FUSE_SETATTR];
	rig_works("fsync-again", fsync(fd));
	rig_equal("fsync-again-times", i, rig->count[FUSE_SETATTR]);

	/* Somebody else's close of the same file writes it, too. */
	fill(buf, PAGE, 3);
	pwrite(fd, buf, PAGE, 0);
	other = rig_open(O_RDONLY);
	rig_works("other-close", close(other));
	rig_check(server_has(buf, 0, PAGE), "other-close-data", "the server has something else");

	/* O_SYNC does not return before. */
	close(fd);
	fd = rig_open(O_RDWR | O_SYNC);
	fill(buf, PAGE, 4);
	rig_equal("o-sync", 100, pwrite(fd, buf, 100, 50));
	rig_check(server_has(buf, 50, 100), "o-sync-data", "the server has something else");
	close(fd);

	/* sync(2): WRITE and times go out, nobody waits for the answer. */
	fd = rig_open(O_RDWR);
	i = rig->count[FUSE_WRITE];
	rig->hold[FUSE_WRITE] = true;
	fill(buf, PAGE, 5);
	pwrite(fd, buf, PAGE, 0);
	sync();
	rig_check(rig_came(FUSE_WRITE, i + 1), "sync-sends", "no WRITE came");
	rig->hold[FUSE_WRITE] = false;
	fsync(fd);
	rig_check(server_has(buf, 0, PAGE), "sync-data", "the server has something else");
	close(fd);
}

static void write_out(int fd, off_t at, uint32_t writes)
{
	rig_equal("write", PAGE, pwrite(fd, buf, PAGE, at));
	rig_works("write-out", sync_file_range(fd, at, PAGE, SYNC_FILE_RANGE_WRITE));
	rig_check(rig_came(FUSE_WRITE, writes), "WRITE", "none came");
}

/* fsync is about what was written before: others may write without an end. */
static void sync_beside(void)
{
	int fd = rig_open(O_RDWR);
	uint32_t times;
	pid_t pid;

	rig->hold[FUSE_WRITE] = true;
	write_out(fd, 0, 1);
	pid = fork();
	if (!pid)
		_exit(fsync(fd) ? 1 : 0);
	rig_check(raw_sleeps_in(pid, SYS_fsync), "begun", "it does not wait");
	rig_settle();
	rig_equal("waits-for-what-was-before", 0, rig->count[FUSE_FSYNC]);
	write_out(fd, 64 * PAGE, 2);
	rig->let = 1;
	rig_check(rig_came(FUSE_FSYNC, 1), "not-for-what-came-later", "no FSYNC came");
	/* Which moves the server's times once more. */
	times = rig->count[FUSE_SETATTR];
	rig->hold[FUSE_WRITE] = false;
	rig_works("fsync", fsync(fd));
	rig_check(rig_came(FUSE_SETATTR, times + 1), "times-once-more", "no SETATTR came");
	rig_equal("fsync-beside", 0, rig_ended(pid, 10));
	close(fd);
}

/* -------- parts of pages -------- */

static void parts(void)
{
	int fd, i;

	rig_fill(64 * KIB, 6);
	fill(buf, 64 * KIB, 7);
	fd = rig_open(O_RDWR);
	rig_equal("part", 100, pwrite(fd, buf, 100, 5000));
	rig_equal("part-READ", 1, rig->count[FUSE_READ]);
	rig_equal("part-READ-at", PAGE, rig->last[FUSE_READ].offset);
	rig_equal("part-READ-size", PAGE, rig->last[FUSE_READ].size);
	rig_works("part-fsync", fsync(fd));
	rig_equal("part-WRITE-at", PAGE, rig->last[FUSE_WRITE].offset);
	rig_equal("part-WRITE-size", PAGE, rig->last[FUSE_WRITE].size);
	rig_check(server_has(buf, 5000, 100), "part-written", "it differs");
	for (i = PAGE; i < 2 * PAGE; i++)
		if ((i < 5000 || i >= 5100) && rig->data[i] != (unsigned char)((i >> 12) * 7 + i + 6))
			break;
	rig_equal("part-merged", 2 * PAGE, i);

	/* What needs nothing of the server's asks for nothing. */
	i = rig->count[FUSE_READ];
	rig_equal("whole", PAGE, pwrite(fd, buf, PAGE, 4 * PAGE));
	rig_equal("behind-end", 10, pwrite(fd, buf, 10, 100 * KIB + 10));
	rig_equal("over-end", 5000, pwrite(fd, buf, 5000, 25 * PAGE));
	rig_equal("no-READ", i, rig->count[FUSE_READ]);
	rig_works("grown-fsync", fsync(fd));
	rig_equal("grown-size", 25 * PAGE + 5000, rig->size);
	for (i = 64 * KIB; i < 100 * KIB && !rig->data[i]; i++)
		;
	rig_equal("grown-zeros", 100 * KIB, i);

	/* A page that cannot be read fails the write. */
	rig->error[FUSE_READ] = EIO;
	rig_fails("part-EIO", EIO, pwrite(fd, buf, 100, 7 * PAGE + 5));
	/* A handle that cannot be read from: the bytes go as they are. */
	rig->error[FUSE_READ] = EBADF;
	close(fd);
	fd = rig_open(O_WRONLY);
	rig->last[FUSE_WRITE].how = ~0u;
	rig_equal("write-only", 100, pwrite(fd, buf, 100, 8 * PAGE + 5));
	rig_equal("write-only-through", 0, rig->last[FUSE_WRITE].how);
	rig_equal("write-only-size", 100, rig->last[FUSE_WRITE].size);
	rig_check(server_has(buf, 8 * PAGE + 5, 100), "write-only-data", "it differs");
	close(fd);

	rig->error[FUSE_READ] = 0;
	rig->size = 1000;
	fd = rig_open(O_RDWR | O_APPEND);
	rig_equal("append", 24, write(fd, buf, 24));
	rig_equal("append-more", 24, write(fd, buf + 24, 24));
	close(fd);
	rig_equal("append-size", 1048, rig->size);
	rig_check(server_has(buf, 1000, 48), "append-data", "it differs");
	rig_equal("append-flag", 0, rig->last[FUSE_WRITE].flags & O_APPEND);
}

/* -------- errors -------- */

static void errors(void)
{
	int fd = rig_open(O_RDWR), other = rig_open(O_RDWR);

	rig->error[FUSE_WRITE] = ENOSPC;
	rig_equal("write", PAGE, pwrite(fd, buf, PAGE, 0));
	rig_fails("fsync", ENOSPC, fsync(fd));
	rig_works("fsync-once", fsync(fd));
	rig_fails("fsync-other", ENOSPC, fsync(other));
	rig->error[FUSE_WRITE] = EIO;
	rig_equal("write-2", PAGE, pwrite(fd, buf, PAGE, 0));
	rig_fails("close", EIO, close(fd));
	rig->error[FUSE_WRITE] = 0;
	rig_fails("fsync-after-close", EIO, fsync(other));
	rig_equal("write-3", PAGE, pwrite(other, buf, PAGE, 0));
	rig_works("fsync-good", fsync(other));
	rig->error[FUSE_SETATTR] = EACCES;
	pwrite(other, buf, PAGE, 0);
	rig_fails("times-refused", EACCES, fsync(other));
	rig_works("times-refused-once", fsync(other));
	rig->error[FUSE_SETATTR] = ENOSYS;
	pwrite(other, buf, PAGE, 0);
	rig_works("times-unknown", fsync(other));
	close(other);
}

/* -------- what the kernel owns -------- */

/* The server gets what is dirty before it changes whose the file is, and how. */
static void data_first(const char *name, int fd, int (*change)(int fd))
{
	char label[32];

	pwrite(fd, buf, PAGE, 0);
	rig->logged = 0;
	rig_works(name, change(fd));
	snprintf(label, sizeof(label), "%s-data-first", name);
	rig_check(rig_logged(FUSE_WRITE, 0) >= 0 &&
		  rig_logged(FUSE_WRITE, 0) < rig_logged(FUSE_SETATTR, 0),
		  label, "it is not");
}

static int change_mode(int fd) { return fchmod(fd, 0600); }
static int change_owner(int fd) { return fchown(fd, 1000, -1); }
static int change_group(int fd) { return fchown(fd, -1, 1000); }

static void owned(void)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { 1234, 0 } };
	unsigned char *map;
	struct statx stx;
	struct stat st;
	int fd, other;

	rig->attr_valid = 0;
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	fill(buf, 64 * KIB, 8);
	rig_equal("write", 64 * KIB, pwrite(fd, buf, 64 * KIB, 0));

	/* Another open asks for its size and drops what is cached: not this. */
	other = rig_open(O_RDONLY);
	stat(rig_path, &st);
	rig_equal("lookup-size", 64 * KIB, st.st_size);
	rig_equal("other-reads", 64 * KIB, pread(other, buf + MIB, 64 * KIB, 0));
	rig_check(!memcmp(buf, buf + MIB, 64 * KIB), "other-data", "it differs");
	close(other);

	data_first("chown", fd, change_owner);
	data_first("chgrp", fd, change_group);
	/* It is ours to say when. */
	data_first("chmod", fd, change_mode);
	rig_equal("chmod-ctime", FATTR_CTIME, rig->last[FUSE_SETATTR].how & FATTR_CTIME);

	rig_works("utimes", futimens(fd, times));
	rig_equal("utimes-kept", 1234, file_stat(fd).st_mtime);

	/* truncate(2) moves them if it changes something, and only the kernel says so. */
	rig_works("same-size", truncate(rig_path, 64 * KIB));
	rig_equal("same-size-mtime", 1234, file_stat(fd).st_mtime);
	rig_works("truncate", truncate(rig_path, 32 * KIB));
	rig_check(file_stat(fd).st_mtime > 1234, "truncate-mtime", "it did not move");
	rig_equal("truncate-sent", FATTR_SIZE | FATTR_MTIME | FATTR_CTIME,
		  rig->last[FUSE_SETATTR].how & (FATTR_SIZE | FATTR_MTIME | FATTR_CTIME));
	rig_works("utimes-again", futimens(fd, times));
	close(fd);
	rig_equal("utimes-sent", 1234, rig->last[FUSE_SETATTR].mtime);

	/* A store through a mapping moves the times as a write does. */
	fd = rig_open(O_RDWR);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rig_equal("map-before", 0, file_stat(fd).st_mtime);
	map[3] ^= 1;
	rig_check(file_stat(fd).st_mtime, "map-mtime", "it did not move");
	close(fd);
	rig->logged = 0;
	map[4] ^= 1;
	munmap(map, PAGE);
	rig_came(FUSE_RELEASE, 3);
	rig_check(rig_logged(FUSE_WRITE, 0) >= 0 && rig_logged(FUSE_WRITE, 0) < rig_logged(FUSE_SETATTR, 0) &&
		  rig_logged(FUSE_SETATTR, 0) < rig_logged(FUSE_RELEASE, 0), "map-order", "WRITE %d SETATTR %d RELEASE %d",
		  rig_logged(FUSE_WRITE, 0), rig_logged(FUSE_SETATTR, 0), rig_logged(FUSE_RELEASE, 0));

	/* O_TRUNC at the server: empty at once, and it stays so. */
	rig_fill(64 * KIB, 9);
	fd = rig_open(O_RDWR | O_TRUNC);
	/* of which the one is ours to say, and the other known */
	rig_works("o-trunc-size-owner", statx(fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_UID, &stx));
	rig_equal("o-trunc-size", 0, file_stat(fd).st_size);
	rig_check(file_stat(fd).st_mtime, "o-trunc-mtime", "it did not move");
	close(fd);
}

/*
 * The server is asked while the size is ours to say, and answers as it was before it
 * got the data; by then they are written, and it is not ours any more.
 */
static void disowned(void)
{
	uint32_t asked;
	struct statx st;
	int fd, p[2];
	pid_t pid;
	char c;

	/* before there is a descriptor that it would keep open */
	if (pipe(p))
		raw_die("pipe");
	pid = fork();
	if (!pid) {
		close(p[1]);
		if (read(p[0], &c, 1) != 1)
			_exit(2);
		_exit(statx(AT_FDCWD, rig_path, AT_STATX_FORCE_SYNC, STATX_SIZE, &st) || st.stx_size != 4000);
	}
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	rig_equal("write", 4000, pwrite(fd, buf, 4000, 0));
	asked = rig->count[FUSE_GETATTR];
	rig->hold[FUSE_GETATTR] = true;
	rig_equal("goes", 1, write(p[1], "", 1));
	rig_check(rig_came(FUSE_GETATTR, asked + 1), "asks", "it does not");
	rig_works("close", close(fd));
	rig_equal("written", 4000, rig->size);
	rig->old_size = 0;
	rig->outdated = true;
	rig->hold[FUSE_GETATTR] = false;
	rig_equal("size-stays", 0, rig_ended(pid, 20));
	rig_check(!rig->outdated, "answered", "it is not");
	close(p[0]);
	close(p[1]);
}

#define LONG_AGO	1000000000

/**
 * struct watcher - looks at a file of which byte N is appended at the N-th second
 * @fd: of it
 * @stop: it is to end
 * @looks, @torn: how often it looked, and saw a byte before the time that made it
 * @error: it could not look any more, an errno
 */
struct watcher {
	int		fd;
	volatile bool	stop;
	unsigned int	looks;
	unsigned int	torn;
	int		error;
};

static void *watch(void *arg)
{
	struct watcher *w = arg;
	struct statx st;

	while (!w->stop) {
		w->error = statx(w->fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_MTIME, &st) ? errno : 0;
		if (w->error)
			break;
		w->looks++;
		w->torn += st.stx_mtime.tv_sec < LONG_AGO && (int64_t)st.stx_size > st.stx_mtime.tv_sec;
	}
	return NULL;
}

/* Size and mtime that are ours to say are of one moment, too. */
static void owned_growing(void)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, {} }, from, now;
	struct watcher w = {};
	bool works = true;
	pthread_t thread;
	off_t i;

	w.fd = rig_open(O_RDWR);
	rig_keep_dirty(w.fd);
	pthread_create(&thread, NULL, watch, &w);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; works; i++) {
		times[1].tv_sec = i;
		works = !futimens(w.fd, times) &&
			(i % 8 ? pwrite(w.fd, "x", 1, i) == 1 : !ftruncate(w.fd, i + 1));
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (i > 100 && (now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 > 500)
			break;
	}
	w.stop = true;
	pthread_join(thread, NULL);
	rig_check(works, "grows", "%s", strerror(errno));
	rig_check(w.looks && !w.error, "looks", "%u times: %s", w.looks, strerror(w.error));
	rig_check(!w.torn, "one-moment", "%u of %u looks in %lld turns saw a size without its time",
		  w.torn, w.looks, (long long)i);
	close(w.fd);
}

/* Which times SETATTR may carry. */
static void sent_times(uint32_t times)
{
	int fd = rig_open(O_RDWR);

	rig_keep_dirty(fd);
	rig_equal("write", 100, pwrite(fd, buf, 100, 0));
	rig_works("chmod", fchmod(fd, 0600));
	rig_equal("with-mode", FATTR_MODE | (times & FATTR_CTIME),
		  rig->last[FUSE_SETATTR].how & (FATTR_MODE | FATTR_CTIME));
	rig_works("close", close(fd));
	rig_equal("at-close", times, rig->last[FUSE_SETATTR].how & (FATTR_MTIME | FATTR_CTIME));
	rig_equal("ever", times, rig->last[FUSE_SETATTR].any & (FATTR_MTIME | FATTR_CTIME));
}

static void no_ctime(void)
{
	sent_times(FATTR_MTIME);
}

static void first_ctime(void)
{
	sent_times(FATTR_MTIME | FATTR_CTIME);
}

static void ranges(void)
{
	loff_t from = 0, to = 300 * KIB;
	int fd, direct, i;

	fill(buf, 64 * KIB, 10);
	fd = rig_open(O_RDWR);
	pwrite(fd, buf, 64 * KIB, 0);
	rig_works("shrink", ftruncate(fd, 10000));
	rig_works("grow", ftruncate(fd, 20000));
	rig_works("fsync", fsync(fd));
	rig_equal("size", 20000, rig->size);
	rig_check(server_has(buf, 0, 10000), "kept", "it differs");
	for (i = 10000; i < 20000 && !rig->data[i]; i++)
		;
	rig_equal("cut-off", 20000, i);

	pwrite(fd, buf, PAGE, 8 * PAGE);
	rig_works("allocate", fallocate(fd, 0, 0, 100 * KIB));
	rig_equal("allocate-size", 100 * KIB, file_stat(fd).st_size);
	pwrite(fd, buf, 3 * PAGE, 0);
	rig_works("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	rig_equal("punch-read", PAGE, pread(fd, buf + MIB, PAGE, PAGE));
	for (i = 0; i < PAGE && !buf[MIB + i]; i++)
		;
	rig_equal("punched", PAGE, i);

	/*
	 * The size is that of a page that is only cached: who asks the server
	 * for what lies before must not be told of an earlier end.
	 */
	pwrite(fd, buf, PAGE, 200 * KIB);
	rig_equal("copy", 150 * KIB, copy_file_range(fd, &from, fd, &to, 150 * KIB, 0));
	rig_check(!memcmp(rig->data, rig->data + 300 * KIB, 150 * KIB), "copied", "it differs");
	rig_equal("copy-size", 450 * KIB, file_stat(fd).st_size);
	pwrite(fd, buf, PAGE, 600 * KIB);
	direct = open(rig_path, O_RDWR | O_DIRECT | O_CLOEXEC);
	rig_equal("direct-read", 64 * KIB, pread(direct, buf + MIB, 64 * KIB, 460 * KIB));
	fill(buf, PAGE, 11);
	pwrite(fd, buf, PAGE, 0);
	rig_equal("direct-reads-cached", PAGE, pread(direct, buf + MIB, PAGE, 0));
	rig_check(!memcmp(buf, buf + MIB, PAGE), "direct-data", "it differs");
	fill(buf + MIB, PAGE, 12);
	rig_equal("direct-write", PAGE, pwrite(direct, buf + MIB, PAGE, 0));
	rig_equal("cached-reads-direct", PAGE, pread(fd, buf, PAGE, 0));
	rig_check(!memcmp(buf, buf + MIB, PAGE), "cached-data", "it differs");
	rig_equal("hole-search", 700 * KIB, lseek(fd, 700 * KIB, SEEK_SET));
	close(direct);
	close(fd);
}

/* The file became setuid at the server: a write that strips it is no secret. */
static void setuid_meanwhile(void)
{
	int fd;

	rig->attr_valid = 0;
	fd = rig_open(O_RDWR);
	rig_keep_dirty(fd);
	if (setuid(1000))
		raw_die("setuid");
	rig_equal("write", 100, pwrite(fd, buf, 100, 0));
	rig_settle();
	rig_equal("kept-back", 0, rig->count[FUSE_WRITE]);
	rig->mode = 04666;
	rig_equal("write-strips", 100, pwrite(fd, buf, 100, 100));
	rig_equal("tells", FUSE_WRITE_KILL_SUIDGID, rig->last[FUSE_WRITE].how & FUSE_WRITE_KILL_SUIDGID);
	rig->mode = 0666;
	rig_equal("size-is-ours", 200, file_stat(fd).st_size);
	close(fd);
	rig_equal("size", 200, rig->size);
}

/* -------- a server that does not answer -------- */

static void limits(void)
{
	int fd, status, i;
	time_t start;
	pid_t pid;

	rig->hold[FUSE_WRITE] = true;
	pid = fork();
	if (!pid) {
		fd = open(rig_path, O_RDWR);
		for (i = 0; i < 8; i++)
			if (pwrite(fd, buf, RIG_SPACE, 0) < 0)
				_exit(1);
		_exit(0);
	}
	sleep(3);
	rig_equal("writer-is-held-up", 0, waitpid(pid, &status, WNOHANG));
	start = time(NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	rig_check(time(NULL) - start < 20, "writer-is-killed", "it took %d s", (int)(time(NULL) - start));
	rig->hold[FUSE_WRITE] = false;
	fd = rig_open(O_RDWR);
	rig_works("goes-on", fsync(fd));
	rig_equal("goes-on-write", MIB, pwrite(fd, buf, MIB, 0));
	rig_works("goes-on-close", close(fd));
}

/* Writes until it is held up, and is killed then. */
static void write_and_die(void)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		fd = open(rig_path, O_RDWR);
		for (;;)
			pwrite(fd, buf, MIB, 0);
	}
	raw_sleeps_in(pid, SYS_pwrite64);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * What those leave who are killed is copied at their end, and dirty memory no
 * more: another limit counts, of 12 times 128 KiB twice, and what one may have
 * dirty of a file.
 */
static void limits_killed(void)
{
	int fd, i;

	rig->hold[FUSE_WRITE] = true;
	for (i = 0; i < 200; i++)
		write_and_die();
	rig->hold[FUSE_WRITE] = false;
	fd = rig_open(O_RDWR);
	rig_works("goes-on", fsync(fd));
	rig_check(rig->written >= 3 * MIB, "reached", "only %llu bytes came",
		  (unsigned long long)rig->written);
	rig_check(rig->written <= 5 * MIB, "kept", "%llu bytes were on their way",
		  (unsigned long long)rig->written);
	rig_equal("goes-on-write", MIB, pwrite(fd, buf, MIB, 0));
	rig_works("goes-on-close", close(fd));
}

/* -------- direct I/O in parts -------- */

/* Start a child that reads or writes; it exits with 0 if all of it was. */
static pid_t direct_child(bool write, size_t len, off_t at)
{
	pid_t pid = fork();
	ssize_t n;
	int fd;

	if (pid)
		return pid;
	fd = open(rig_path, O_RDWR | O_DIRECT);
	n = write ? pwrite(fd, buf, len, at) : pread(fd, buf, len, at);
	_exit(n == (ssize_t)len && server_has(buf, at, len) ? 0 : 1);
}

/* How many requests a call of four times their size has in flight. */
static void direct_parts(const char *name, int op, bool write, off_t at, uint32_t want)
{
	uint32_t before = rig->count[op];
	char text[64];
	int status;
	pid_t pid;

	rig->hold[op] = true;
	pid = direct_child(write, 128 * KIB, at);
	rig_came(op, before + want);
	rig_settle();
	snprintf(text, sizeof(text), "%s-in-flight", name);
	rig_equal(text, want, rig->count[op] - before);
	rig->hold[op] = false;
	waitpid(pid, &status, 0);
	snprintf(text, sizeof(text), "%s-data", name);
	rig_equal(text, 0, status);
	snprintf(text, sizeof(text), "%s-in-all", name);
	rig_equal(text, 4, rig->count[op] - before);
}

static void direct_split(void)
{
	int fd, status;
	pid_t pid;

	rig_fill(MIB, 13);
	fill(buf, 128 * KIB, 14);
	direct_parts("write", FUSE_WRITE, true, 64 * KIB, 4);
	direct_parts("read", FUSE_READ, false, 512 * KIB, 4);
	/* What extends the file goes part by part. */
	direct_parts("extend", FUSE_WRITE, true, MIB - 64 * KIB, 1);

	/* One part fails, or comes short: what is before it counts. */
	fd = rig_open(O_RDWR | O_DIRECT);
	rig->most = 20 * KIB;
	rig_equal("short", 20 * KIB, pread(fd, buf, 128 * KIB, 0));
	rig->most = 0;
	rig->error[FUSE_WRITE] = ENOSPC;
	rig_fails("refused", ENOSPC, pwrite(fd, buf, 128 * KIB, 0));
	rig->error[FUSE_WRITE] = 0;
	rig_equal("at-end", 64 * KIB, pread(fd, buf, 128 * KIB, MIB));
	rig_equal("again", 128 * KIB, pwrite(fd, buf, 128 * KIB, 0));

	/* A killed caller leaves; what it asked for ends without it. */
	rig->hold[FUSE_READ] = true;
	pid = direct_child(false, 128 * KIB, 0);
	rig_settle();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	rig_equal("killed", SIGKILL, WTERMSIG(status));
	rig->hold[FUSE_READ] = false;
	rig_equal("goes-on", 128 * KIB, pread(fd, buf, 128 * KIB, 0));
	close(fd);
}

/* Its memory is a mapping of what it writes, which no page of is there. */
static void direct_own_mapping(void)
{
	int fd, status;
	void *map;
	pid_t pid;

	rig_fill(MIB, 17);
	memcpy(buf, rig->data, MIB);
	fd = rig_open(O_RDWR | O_DIRECT);
	map = mmap(NULL, 128 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		raw_die("mmap");
	pid = fork();
	if (!pid)
		_exit(pwrite(fd, map, 128 * KIB, 0) != 128 * KIB);
	status = rig_ended(pid, 10);
	if (rig_check(status >= 0, "own-mapping-ends", "it waits for ever")) {
		rig_equal("own-mapping", 0, status);
	} else {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	rig_check(!memcmp(buf, rig->data, MIB), "own-mapping-data", "the server has something else");
	munmap(map, 128 * KIB);
	close(fd);
}

/* What one write asks for is in its WRITE, beside what the open asked for. */
static void write_flags(void)
{
	static const struct {
		const char *name;
		int open, how;
		uint32_t want;
	} cases[] = {
		{ "flags-none", 0, 0, 0 },
		{ "flags-dsync", 0, RWF_DSYNC, O_DSYNC },
		{ "flags-sync", 0, RWF_SYNC, O_SYNC },
		{ "flags-direct-dsync", O_DIRECT, RWF_DSYNC, O_DSYNC },
		{ "flags-of-open", O_SYNC, 0, O_SYNC },
	};
	struct iovec iov = { .iov_base = buf, .iov_len = PAGE };
	unsigned int i;
	int fd;

	rig_fill(MIB, 18);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = rig_open(O_RDWR | cases[i].open);
		if (pwritev2(fd, &iov, 1, 0, cases[i].how) != PAGE)
			rig_check(false, cases[i].name, "write: %s", strerror(errno));
		else
			rig_equal(cases[i].name, cases[i].want,
				  rig->last[FUSE_WRITE].flags & O_SYNC);
		close(fd);
	}
}

static void direct_single(void)
{
	rig_fill(MIB, 15);
	fill(buf, 128 * KIB, 16);
	direct_parts("write", FUSE_WRITE, true, 64 * KIB, 1);
	direct_parts("read", FUSE_READ, false, 512 * KIB, 1);
}

/* -------- the table -------- */

#define WB	(FUSE_WRITEBACK_CACHE | FUSE_ASYNC_READ)

static const struct rig_scene scenes[] = {
	{ "cached", cached, WB },
	{ "through", through, FUSE_ASYNC_READ },
	{ "syncing", syncing, WB },
	{ "sync-beside", sync_beside, WB },
	{ "parts", parts, WB },
	{ "errors", errors, WB },
	{ "owned", owned, WB | FUSE_ATOMIC_O_TRUNC },
	{ "disowned", disowned, WB },
	{ "owned-growing", owned_growing, WB },
	{ "no-ctime", no_ctime, WB, .minor = 22 },
	{ "first-ctime", first_ctime, WB, .minor = 23 },
	{ "ranges", ranges, WB },
	{ "setuid-meanwhile", setuid_meanwhile, WB | FUSE_HANDLE_KILLPRIV_V2, "allow_other" },
	{ "limits-killed", limits_killed, WB },
	{ "limits", limits, WB },
	{ "direct-split", direct_split, FUSE_ASYNC_DIO, .max_pages = 8 },
	{ "direct-own-mapping", direct_own_mapping, FUSE_ASYNC_DIO, .max_pages = 8 },
	{ "direct-single", direct_single, .max_pages = 8 },
	{ "write-flags", write_flags },
};

int main(int argc, char **argv)
{
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
