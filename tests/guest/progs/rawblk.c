// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server of a block device: fuseptblk, mounted, used, and unmounted.
 *
 *	rawblk DIR DEVICE [dies]
 *
 *	dies	at DESTROY the server closes its device instead of answering
 * Prints NAME=VALUE lines: whether the device can be opened or mounted by
 * others meanwhile, which requests came after the umount began, and whether
 * the umount waited for the last of them.
 */
#include <stdbool.h>
#include "rawserve.h"

#define QUIET_MS	300

static bool dies;
static pid_t umounter;

static void fill_attr(struct fuse_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = FUSE_ROOT_ID;
	attr->nlink = 2;
	attr->mode = S_IFDIR | 0755;
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
	struct fuse_attr attr;

	switch (r->head->opcode) {
	case FUSE_INIT:
		raw_reply(r, 0, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
		fill_attr(&attr);
		raw_reply_attr(r, &attr);
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

static int client(const char *dir, const char *device)
{
	char opts[128];
	struct stat st;
	int fd;

	printf("stat=%s\n", result(stat(dir, &st)));
	printf("stat_blksize=%ld\n", (long)st.st_blksize);
	fd = open(device, O_RDWR | O_EXCL);
	printf("exclusive=%s\n", fd < 0 && errno == EBUSY ? "EBUSY" : result(fd));
	fd = open("/dev/fusept", O_RDWR);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0", fd);
	printf("second=%s\n", mount(device, dir, "fuseptblk", 0, opts) &&
	       errno == EBUSY ? "EBUSY" : "taken");
	return 0;
}

int main(int argc, char **argv)
{
	struct raw r = {};
	pid_t pid;

	dies = argc == 4 && !strcmp(argv[3], "dies");
	if (argc != 3 && !dies) {
		fprintf(stderr, "usage: rawblk DIR DEVICE [dies]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
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
