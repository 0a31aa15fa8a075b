// SPDX-License-Identifier: GPL-2.0-only
/*
 * fstimes: which of a file's times does a call move? Do every call in a local
 * directory and in the tested one, and demand the same answer for the file, the
 * directories and the other name concerned.
 *
 *   fstimes [-v] LOCAL TESTED
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 15000000	/* longer than the clock of any file system */

static bool verbose;
static int failures;

/* The objects that are looked at after each call. */
static const char *watched[] = { "f", "g", "l", "d", "d/sub", "h", "." };
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

struct picture {
	struct stat st[WATCHED];
	bool there[WATCHED];
};

static void look(int dir, struct picture *p)
{
	for (size_t i = 0; i < WATCHED; i++)
		p->there[i] = !fstatat(dir, watched[i], &p->st[i],
				       AT_SYMLINK_NOFOLLOW);
}

static char moved(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec || a->tv_nsec != b->tv_nsec;
}

/* "f:mc .:m": which times of which objects moved. Access times are the VFS's. */
static void describe(const struct picture *a, const struct picture *b,
		     char *text)
{
	*text = '\0';
	for (size_t i = 0; i < WATCHED; i++) {
		const struct stat *x = &a->st[i], *y = &b->st[i];
		bool m, c;

		if (a->there[i] != b->there[i]) {
			text += sprintf(text, "%s:%s ", watched[i],
					b->there[i] ? "new" : "gone");
			continue;
		}
		if (!a->there[i])
			continue;
		m = moved(&x->st_mtim, &y->st_mtim);
		c = moved(&x->st_ctim, &y->st_ctim);
		if (m || c || x->st_mode != y->st_mode)
			text += sprintf(text, "%s:%s%s%s ", watched[i],
					m ? "m" : "", c ? "c" : "",
					x->st_mode != y->st_mode ? "M" : "");
	}
}

static void pause_tick(void)
{
	struct timespec ts = { 0, TICK_NS };

	nanosleep(&ts, NULL);
}

static int fd;		/* "f", open for reading and writing */

static long write_fd(int dir) { return pwrite(fd, "text", 4, 0); }
static long append_fd(int dir) { return pwrite(fd, "text", 4, 100); }
static long truncate_fd(int dir) { return ftruncate(fd, 50); }
static long truncate_same(int dir) { return ftruncate(fd, 50); }
static long truncate_path(int dir)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/f", dir);
	return truncate(path, 60);
}
static long fallocate_fd(int dir) { return fallocate(fd, 0, 0, 10000); }
static long punch_fd(int dir) { return fallocate(fd, 3, 0, 4096); }
static long keep_size(int dir) { return fallocate(fd, 1, 20000, 4096); }
static long chmod_f(int dir) { return fchmodat(dir, "f", 0600, 0); }
static long chmod_again(int dir) { return fchmodat(dir, "f", 0600, 0); }
static long chown_f(int dir) { return fchownat(dir, "f", 1000, 1000, 0); }
static long chown_none(int dir) { return fchownat(dir, "f", -1, -1, 0); }
static long chown_l(int dir) { return fchownat(dir, "l", 1000, -1, AT_SYMLINK_NOFOLLOW); }
static long link_f(int dir) { return linkat(dir, "f", dir, "h", 0); }
static long unlink_h(int dir) { return unlinkat(dir, "h", 0); }
static long rename_f(int dir) { return renameat(dir, "f", dir, "g"); }
static long rename_back(int dir) { return renameat(dir, "g", dir, "f"); }
static long rename_into(int dir) { return renameat(dir, "f", dir, "d/f"); }
static long rename_out(int dir) { return renameat(dir, "d/f", dir, "f"); }
static long make_sub(int dir) { return mkdirat(dir, "d/sub", 0755); }
static long move_sub(int dir) { return renameat(dir, "d/sub", dir, "h"); }
static long move_back(int dir) { return renameat(dir, "h", dir, "d/sub"); }
static long remove_sub(int dir) { return unlinkat(dir, "d/sub", AT_REMOVEDIR); }
static long symlink_d(int dir) { return symlinkat("x", dir, "d/l"); }
static long mknod_d(int dir) { return mknodat(dir, "d/p", S_IFIFO | 0600, 0); }
static long create_d(int dir) { return close(openat(dir, "d/n", O_CREAT | O_EXCL | O_WRONLY, 0644)); }
static long open_trunc(int dir) { return close(openat(dir, "f", O_WRONLY | O_TRUNC)); }
static long open_creat(int dir) { return close(openat(dir, "f", O_WRONLY | O_CREAT, 0644)); }
static long exchange(int dir) { return renameat2(dir, "f", dir, "d/n", 2); }
static long set_xattr(int dir) { return fsetxattr(fd, "user.x", "1", 1, 0); }
static long remove_xattr(int dir) { return fremovexattr(fd, "user.x"); }
static long read_fd(int dir) { char c; return pread(fd, &c, 1, 0); }
static long fsync_fd(int dir) { return fsync(fd); }
static long copy_fd(int dir)
{
	off_t in = 0, out = 200;

	return copy_file_range(fd, &in, fd, &out, 50, 0);
}
static long suid_write(int dir)
{
	long r;

	/* A write by a user takes set-user-ID away. */
	if (fchmod(fd, 06777) || fchown(fd, 0, 0) || fchmod(fd, 06777) ||
	    seteuid(1000))
		return -1;
	r = pwrite(fd, "x", 1, 0);
	return seteuid(0) ? -1 : r;
}
static long suid_truncate(int dir)
{
	long r;

	if (fchmod(fd, 06777) || seteuid(1000))
		return -1;
	r = ftruncate(fd, 10);
	return seteuid(0) ? -1 : r;
}
static long suid_open_trunc(int dir)
{
	long r;

	if (fchmod(fd, 06777) || seteuid(1000))
		return -1;
	r = close(openat(dir, "f", O_WRONLY | O_TRUNC));
	return seteuid(0) ? -1 : r;
}
static long suid_chown(int dir)
{
	if (fchmod(fd, 06777))
		return -1;
	return fchown(fd, 1000, 1000);
}
static long utimes_set(int dir)
{
	struct timespec ts[2] = { { 1000, 1 }, { 2000, 2 } };

	return futimens(fd, ts);
}
static long utimes_now(int dir) { return futimens(fd, NULL); }
static long utimes_omit(int dir)
{
	struct timespec ts[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	return futimens(fd, ts);
}

static const struct {
	const char *name;
	long (*call)(int dir);
} calls[] = {
#define C(f) { #f, f }
	C(write_fd), C(append_fd), C(truncate_fd), C(truncate_same),
	C(truncate_path),
	C(fallocate_fd), C(keep_size), C(punch_fd), C(copy_fd), C(read_fd),
	C(fsync_fd), C(chmod_f), C(chmod_again), C(chown_f), C(chown_none),
	C(chown_l), C(link_f), C(unlink_h), C(rename_f), C(rename_back),
	C(rename_into), C(rename_out), C(make_sub), C(move_sub), C(move_back),
	C(remove_sub), C(symlink_d), C(mknod_d), C(create_d), C(open_trunc),
	C(open_creat), C(exchange), C(exchange), C(set_xattr), C(remove_xattr),
	C(utimes_set), C(utimes_now), C(utimes_omit), C(suid_write),
	C(suid_truncate), C(suid_open_trunc), C(suid_chown),
};

struct answer {
	long ret;
	char text[512];
};

static void run(const char *path, struct answer *answers)
{
	struct picture before, after;
	int dir = open(path, O_RDONLY | O_DIRECTORY);

	if (dir < 0) {
		perror(path);
		exit(2);
	}
	fd = openat(dir, "f", O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || symlinkat("f", dir, "l") || mkdirat(dir, "d", 0755)) {
		fprintf(stderr, "fstimes: %s must be an empty directory: %s\n",
			path, strerror(errno));
		exit(2);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		pause_tick();
		look(dir, &before);
		errno = 0;
		answers[i].ret = calls[i].call(dir);
		if (answers[i].ret < 0)
			answers[i].ret = -errno;
		look(dir, &after);
		describe(&before, &after, answers[i].text);
	}
	close(fd);
	close(dir);
}

int main(int argc, char **argv)
{
	static struct answer a[sizeof(calls) / sizeof(calls[0])];
	static struct answer b[sizeof(calls) / sizeof(calls[0])];
	size_t n = sizeof(calls) / sizeof(calls[0]);

	if (argc > 1 && !strcmp(argv[1], "-v")) {
		verbose = true;
		argv++;
		argc--;
	}
	if (argc != 3) {
		fputs("Usage: fstimes [-v] LOCAL TESTED\n", stderr);
		return 2;
	}
	umask(022);
	run(argv[1], a);
	run(argv[2], b);
	for (size_t i = 0; i < n; i++) {
		bool same = a[i].ret == b[i].ret && !strcmp(a[i].text, b[i].text);

		if (!same)
			failures++;
		if (!same || verbose)
			printf("%s %s: local %ld %s, tested %ld %s\n",
			       same ? "same" : "DIFFERENT", calls[i].name,
			       a[i].ret, a[i].text, b[i].ret, b[i].text);
	}
	printf("fstimes: %zu calls, %d different\n", n, failures);
	return failures != 0;
}
