// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server of a block device: fuseptblk, mounted, used, and unmounted.
 *
 *	rawblk DIR DEVICE [dies|alone]
 *
 *	dies	at DESTROY the server closes its device instead of answering
 *	alone	the server has the mount in a mount namespace of its own, and is
 *		killed
 * Prints NAME=VALUE lines: whether the device can be opened or mounted by
 * others meanwhile, which requests came after the umount began, and whether
 * the umount waited for the last of them.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <linux/fs.h>
#include "rawserve.h"

#define FILE_ID		7
#define FIRST_BLOCK	100	/* of the file, on the device */
#define QUIET_MS	300

static bool dies;
static pid_t umounter;

static void fill_attr(struct fuse_attr *attr, uint64_t id)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = id;
	attr->nlink = 1;
	attr->mode = id == FILE_ID ? S_IFREG | 0644 : S_IFDIR | 0755;
	attr->size = 4096;
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
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
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
static const char *control(dev_t dev)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/waiting",
		 major(dev) << 20 | minor(dev));
	return result(access(path, F_OK));
}

static int client(const char *dir, const char *device)
{
	char opts[128], path[256];
	int fd, block = 3;
	struct stat st;

	printf("stat=%s\n", result(stat(dir, &st)));
	printf("stat_blksize=%ld\n", (long)st.st_blksize);
	printf("control=%s\n", control(st.st_dev));
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
	int fd, ms = 20000 * raw_slow();
	char path[128];
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
	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/abort",
		 major(st.st_rdev) << 20 | minor(st.st_rdev));
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		raw_die(path);
	close(fd);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct raw r = {};
	pid_t pid;

	dies = argc == 4 && !strcmp(argv[3], "dies");
	if (argc != 3 && !dies && (argc != 4 || strcmp(argv[3], "alone"))) {
		fprintf(stderr, "usage: rawblk DIR DEVICE [dies|alone]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 4 && !dies) {
		alone(argv[1], argv[2]);
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

	umounter = fork();
	if (!umounter) {
		close(r.fd);
		_exit(umount(argv[1]) ? 1 : 0);
	}
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
