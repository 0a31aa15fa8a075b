/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block device whose I/O stays on its way for as long as a test likes: one of
 * the device mapper, straight onto another. Suspended, it takes all and ends none.
 */
#ifndef PTDISK_H
#define PTDISK_H

#include "ptrig.h"
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <sys/sysmacros.h>

#define DISK_NAME	"ptdisk"
#define DISK_LIMIT	60000	/* ms that it may be held */

/* @cmd for the device, with what @more tells beside its name. */
static inline int disk_do(unsigned long cmd, uint32_t flags, const char *below,
			  uint64_t sectors, uint64_t *dev)
{
	struct {
		struct dm_ioctl		head;
		struct dm_target_spec	target;
		char			params[256];
	} arg = {
		.head = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(arg),
			.data_start = sizeof(arg.head),
			.target_count = !!below,
			.flags = flags,
			.name = DISK_NAME,
		},
		.target = { .length = sectors, .target_type = "linear" },
	};
	int ctl = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), err;

	if (ctl < 0)
		return -1;
	snprintf(arg.params, sizeof(arg.params), "%s 0", below ? below : "");
	err = ioctl(ctl, cmd, &arg);
	close(ctl);
	if (dev)
		*dev = arg.head.dev;
	return err;
}

/* Goes on with what it held, too. */
static inline int disk_go(void)
{
	return disk_do(DM_DEV_SUSPEND, 0, NULL, 0, NULL);
}

static inline int disk_hold(void)
{
	return disk_do(DM_DEV_SUSPEND, DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG,
		       NULL, 0, NULL);
}

/* Make it, over the block device @below. Value: its path, or NULL. */
static inline const char *disk_make(const char *below)
{
	int fd = open(below, O_RDONLY | O_CLOEXEC), err;
	static char path[64];
	uint64_t bytes, dev;

	if (fd < 0)
		return NULL;
	err = ioctl(fd, BLKGETSIZE64, &bytes);
	close(fd);
	if (err || disk_do(DM_DEV_CREATE, 0, NULL, 0, &dev) ||
	    disk_do(DM_TABLE_LOAD, 0, below, bytes / 512, NULL) || disk_go())
		return NULL;
	snprintf(path, sizeof(path), "/dev/dm-%u", minor(dev));
	return path;
}

/* Free as soon as its last user is gone. */
static inline bool disk_end(void)
{
	return WITHIN(!disk_do(DM_DEV_REMOVE, 0, NULL, 0, NULL));
}

/* Who sees to it that I/O goes on. */
static struct {
	int	fd;
	pid_t	pid;
} disk_keeper;

/*
 * From here on I/O goes on when the caller and all that it will have forked are
 * gone, however they end, or after a time; or at disk_kept().
 */
static inline void disk_keep(void)
{
	struct pollfd end = { .events = POLLIN };
	int p[2];

	EQ(pipe(p), 0);
	disk_keeper.pid = fork();
	CHECK(disk_keeper.pid >= 0);
	if (!disk_keeper.pid) {
		setpgid(0, 0);
		dup2(p[0], 0);
		close_range(1, ~0U, 0);
		poll(&end, 1, DISK_LIMIT);
		_exit(disk_go());
	}
	close(p[0]);
	disk_keeper.fd = p[1];
}

static inline void disk_kept(void)
{
	close(disk_keeper.fd);
	EQ(waitpid(disk_keeper.pid, NULL, 0), disk_keeper.pid);
}

#endif
