// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server of a block device: fuseptblk, mounted, used, and unmounted.
 *
 *	rawblk DIR DEVICE [dies|alone|closes|silent|forced|writes|stores]
 *
 *	dies	at DESTROY the server closes its device instead of answering
 *	alone	the server has the mount in a mount namespace of its own, and is
 *		killed
 *	closes	files are closed before, whose RELEASEs are answered late
 *	silent	those are not answered at all
 *	forced	unmounted by force with a file open, and mounted again
 *	writes	the same when a writer is held up, as the server does not write
 *	stores	the same, through a mapping
 * Prints NAME=VALUE lines: whether the device can be opened or mounted by
 * others meanwhile, which requests came after the umount began, and whether
 * the umount waited for the last of them.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <linux/fs.h>
#include "rawserve.h"

#define FILE_ID		7
#define FIRST_BLOCK	100	/* of the file, on the device */
#define QUIET_MS	300

static bool dies;
static uint32_t init_flags;
static size_t file_size = 4096;
static pid_t umounter;

/* In a process that does not keep the device open. */
static void start_umount(const struct raw *r)
{
	umounter = fork();
	if (!umounter) {
		close(r->fd);
		_exit(umount(r->dir) ? 1 : 0);
	}
}

static void fill_attr(struct fuse_attr *attr, uint64_t id)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = id;
	attr->nlink = 1;
	attr->mode = id == FILE_ID ? S_IFREG | 0644 : S_IFDIR | 0755;
	attr->size = file_size;
}

static void on_lookup(struct raw *r)
{
	struct fuse_entry_out entry = { .nodeid = FILE_ID };

	fill_attr(&entry.attr, FILE_ID);
	raw_reply_entry(r, &entry);
}

static void on_bmap(struct raw *r)
{
	const struct fuse_bmap_in *in = r->arg;
	struct fuse_bmap_out out = { .block = FIRST_BLOCK + in->block };

	printf("bmap_blocksize=%u\n", in->blocksize);
	raw_reply(r, 0, &out, sizeof(out));
}

/* The umount must still be there some time after it asked. */
static void on_destroy(struct raw *r)
{
	printf("destroy=yes\nasks_after=%d\n", raw_next(r, QUIET_MS));
	printf("umount_waits=%s\n", raw_ended(umounter) ? "no" : "yes");
	if (dies)
		close(r->fd);
	else
		printf("answered=%s\n", raw_error(-raw_reply(r, 0, NULL, 0)));
}

static void answer(struct raw *r)
{
	static const char zeros[1 << 17];
	const struct fuse_read_in *read = r->arg;
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		.flags = init_flags,
	};
	struct fuse_open_out open = {};
	struct fuse_attr attr;

	switch (r->head->opcode) {
	case FUSE_INIT:
		printf("submounts=%s\n", ((struct fuse_init_in *)r->arg)->flags &
		       FUSE_SUBMOUNTS ? "offered" : "no");
		raw_reply(r, 0, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
		fill_attr(&attr, r->head->nodeid);
		raw_reply_attr(r, &attr);
		break;
	case FUSE_LOOKUP:
		on_lookup(r);
		break;
	case FUSE_OPEN:
		raw_reply(r, 0, &open, sizeof(open));
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		raw_reply(r, 0, NULL, 0);
		break;
	case FUSE_READ:
		raw_reply(r, 0, zeros, read->size < sizeof(zeros) ?
			  read->size : sizeof(zeros));
		break;
	case FUSE_BMAP:
		on_bmap(r);
		break;
	case FUSE_DESTROY:
		on_destroy(r);
		break;
	case FUSE_INTERRUPT:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

static const char *result(int ret)
{
	return raw_error(ret < 0 ? errno : 0);
}

/* It is named by the whole device number, in the kernel's encoding. */
static const char *control_file(dev_t dev, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/%s",
		 major(dev) << 20 | minor(dev), name);
	return path;
}

static void control_abort(dev_t dev)
{
	const char *path = control_file(dev, "abort");
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		raw_die(path);
	close(fd);
}

static int client(const char *dir, const char *device)
{
	char opts[128], path[256];
	int fd, block = 3;
	struct stat st;

	printf("stat=%s\n", result(stat(dir, &st)));
	printf("stat_blksize=%ld\n", (long)st.st_blksize);
	printf("control=%s\n",
	       result(access(control_file(st.st_dev, "waiting"), F_OK)));
	fd = open(device, O_RDWR | O_EXCL);
	printf("exclusive=%s\n", fd < 0 && errno == EBUSY ? "EBUSY" : result(fd));
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDONLY);
	printf("bmap=%s\n", result(ioctl(fd, FIBMAP, &block)));
	printf("bmap_block=%d\n", block);
	close(fd);
	fd = open("/dev/fusept", O_RDWR);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0", fd);
	printf("second=%s\n", mount(device, dir, "fuseptblk", 0, opts) &&
	       errno == EBUSY ? "EBUSY" : "taken");
	return 0;
}

static void serve_alone(const char *dir, const char *device)
{
	struct raw r = {};

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(100);
	raw_mount_as(&r, device, dir, "fuseptblk", NULL);
	if (raw_next(&r, 10000) <= 0 || r.head->opcode != FUSE_INIT)
		_exit(101);
	answer(&r);
	kill(getpid(), SIGKILL);
}

/* It takes the mount down when it exits, and cannot wait for itself for long. */
static void alone(const char *dir, const char *device)
{
	int ms = 20000 * raw_slow();
	struct stat st;
	pid_t pid;

	pid = fork();
	if (!pid)
		serve_alone(dir, device);
	for (; !raw_ended(pid) && ms > 0; ms -= 20)
		usleep(20000);
	printf("ends=%s\n", ms > 0 ? "yes" : "no");
	if (ms > 0 || stat(device, &st))
		return;
	/* Or it would stay for good. */
	control_abort(st.st_rdev);
	waitpid(pid, NULL, 0);
}

#define FILES	40	/* more than asynchronous requests at a time */

static int client_files(const char *dir)
{
	int fd[FILES], i, bad = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/f", dir);
	for (i = 0; i < FILES; i++)
		fd[i] = open(path, O_RDONLY);
	for (i = 0; i < FILES; i++)
		bad |= fd[i] < 0 || close(fd[i]);
	return bad;
}

/* RELEASEs that were read, and the next of them to be answered. */
static uint64_t released[FILES];
static unsigned int nr_released, nr_answered;

static void hold_releases(struct raw *r)
{
	if (r->head->opcode == FUSE_RELEASE && nr_released < FILES)
		released[nr_released++] = r->head->unique;
	else
		answer(r);
}

/* Until DESTROY came, which is not answered, or the umount ended. */
static void answer_releases(struct raw *r, bool silent)
{
	int quiet = 1000;	/* ms until the first is answered */

	while (!raw_ended(umounter)) {
		if (raw_next(r, 20) > 0) {
			if (r->head->opcode == FUSE_DESTROY)
				return;
			hold_releases(r);
		} else if (quiet > 0) {
			quiet -= 20;
		} else if (!silent && nr_answered < nr_released) {
			r->head->unique = released[nr_answered++];
			raw_reply(r, 0, NULL, 0);
		}
	}
	umounter = 0;
}

static void closes(const char *dir, const char *device, bool silent)
{
	time_t start = time(NULL);
	struct raw r = {};
	pid_t pid;

	raw_mount_as(&r, device, dir, "fuseptblk", NULL);
	pid = fork();
	if (!pid)
		_exit(client_files(dir));
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			hold_releases(&r);
	start_umount(&r);
	answer_releases(&r, silent);
	printf("destroy=%s\n", umounter ? "yes" : "no");
	printf("released=%u\nanswered=%u\n", nr_released, nr_answered);
	printf("seconds=%d\n", (int)(time(NULL) - start));
	raw_reply(&r, 0, NULL, 0);
	if (umounter)
		waitpid(umounter, NULL, 0);
}

/* Keeps a file of a mount open, dirties a page of it when told to. */
static int client_holds(const char *dir)
{
	char path[256], *map;
	sigset_t usr1;
	int fd, sig;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDWR);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || map[0])
		return 1;
	sigwait(&usr1, &sig);
	map[0] = 'd';
	return pause();
}

static int client_stat(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? errno : 0;
}

static const char *served_stat(struct raw *r)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(client_stat(r->dir));
	while (waitpid(pid, &status, WNOHANG) != pid)
		if (raw_next(r, 20) > 0)
			answer(r);
	return raw_error(WEXITSTATUS(status));
}

/* Served by another, with the old one still there where nobody sees it. */
static void use_again(struct raw *r, const char *device)
{
	struct stat st;

	printf("again_stat=%s\n", served_stat(r));
	if (stat(device, &st))
		raw_die(device);
	control_abort(st.st_rdev);
	printf("again_aborted=%s\n", served_stat(r));
	umount2(r->dir, MNT_DETACH);
}

/* The last use of a mount may end in the background. */
static void until_free(const char *device)
{
	int tries = 100 * raw_slow(), fd;

	while (tries-- && (fd = open(device, O_RDWR | O_EXCL)) < 0)
		usleep(50000);
	if (fd >= 0)
		close(fd);
}

static void forced(const char *dir, const char *device)
{
	int fd;
	struct raw r = {};
	char opts[128];
	pid_t pid;

	raw_mount_as(&r, device, dir, "fuseptblk", NULL);
	pid = fork();
	if (!pid)
		_exit(client_holds(dir));
	while (raw_next(&r, 1000 * raw_slow()) > 0)
		answer(&r);
	printf("holds=%s\n", raw_sleeps_in(pid, SYS_rt_sigtimedwait) ? "yes" : "no");
	printf("forced=%s\n", umount2(dir, MNT_FORCE) && errno == EBUSY ?
	       "EBUSY" : "taken");
	/* Once more does no harm. */
	umount2(dir, MNT_FORCE);
	printf("detached=%s\n", result(umount2(dir, MNT_DETACH)));

	fd = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0", fd);
	if (mount(device, dir, "fuseptblk", 0, opts)) {
		printf("again=%s\n", errno == EBUSY ? "EBUSY" : result(-1));
	} else {
		printf("again=OK\n");
		r.fd = fd;
		use_again(&r, device);
	}
	kill(pid, SIGUSR1);
	usleep(QUIET_MS * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	until_free(device);
}

#define MUCH	(64U << 20)	/* more than may be dirty */

static int client_dirties(const char *dir, bool mapped, volatile size_t *at)
{
	static const char page[4096];
	char path[256], *map = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDWR);
	if (mapped)
		map = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	for (; *at < MUCH; *at += sizeof(page))
		if (mapped)
			map[*at] = 'd';
		else if (pwrite(fd, page, sizeof(page), *at) != sizeof(page))
			return errno;
	return 0;
}

/* All but WRITE is answered, until nothing moves any more. */
static void serve_no_write(struct raw *r, volatile size_t *at)
{
	size_t before;

	do {
		before = *at;
		while (raw_next(r, 3000 * raw_slow()) > 0)
			if (r->head->opcode != FUSE_WRITE)
				answer(r);
	} while (*at < MUCH && *at != before);
}

static void held_up(const char *dir, const char *device, bool mapped)
{
	volatile size_t *at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ms = 20000 * raw_slow(), status = 0;
	struct raw r = {};
	pid_t pid;

	file_size = MUCH;
	init_flags = mapped ? 0 : FUSE_WRITEBACK_CACHE;
	raw_mount_as(&r, device, dir, "fuseptblk", NULL);
	pid = fork();
	if (!pid)
		_exit(client_dirties(dir, mapped, at));
	serve_no_write(&r, at);
	printf("held_up=%s\n", *at && *at < MUCH ? "yes" : "no");
	/* Busy, unless the writer is gone at once. */
	umount2(dir, MNT_FORCE);
	for (; !waitpid(pid, &status, WNOHANG) && ms > 0; ms -= 20)
		usleep(20000);
	if (ms <= 0)
		printf("writer=stuck\n");
	else
		printf("writer=%s\n", WIFSIGNALED(status) ?
		       strsignal(WTERMSIG(status)) :
		       raw_error(WEXITSTATUS(status)));
	if (ms <= 0 && !kill(pid, SIGKILL))
		waitpid(pid, NULL, 0);
	umount2(dir, MNT_DETACH);
	until_free(device);
}

int main(int argc, char **argv)
{
	const char *how = argc == 4 ? argv[3] : "";
	struct raw r = {};
	pid_t pid;

	dies = !strcmp(how, "dies");
	if (argc != 3 && !dies && strcmp(how, "alone") &&
	    strcmp(how, "closes") && strcmp(how, "silent") &&
	    strcmp(how, "forced") && strcmp(how, "writes") &&
	    strcmp(how, "stores")) {
		fprintf(stderr, "usage: rawblk DIR DEVICE [dies|alone|closes|silent|forced|writes|stores]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 4 && !dies) {
		if (!strcmp(how, "alone"))
			alone(argv[1], argv[2]);
		else if (!strcmp(how, "forced"))
			forced(argv[1], argv[2]);
		else if (!strcmp(how, "writes") || !strcmp(how, "stores"))
			held_up(argv[1], argv[2], !strcmp(how, "stores"));
		else
			closes(argv[1], argv[2], !strcmp(how, "silent"));
		printf("device_is_free=%s\n",
		       result(open(argv[2], O_RDWR | O_EXCL)));
		return 0;
	}
	raw_mount_as(&r, argv[2], argv[1], "fuseptblk", NULL);
	pid = fork();
	if (!pid)
		_exit(client(argv[1], argv[2]));
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);

	start_umount(&r);
	while (!kill(umounter, 0)) {
		if (raw_next(&r, 20) > 0)
			answer(&r);
		if (raw_ended(umounter))
			break;
	}
	pid = open(argv[2], O_RDWR | O_EXCL);
	printf("device_is_free=%s\n", result(pid));
	return 0;
}
