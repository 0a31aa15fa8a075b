/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A passthrough file and the file below it, side by side. The server is asked for
 * no data of it: end() sees to that.
 */
#ifndef PTPAIR_H
#define PTPAIR_H

#include "ptrig.h"

#define LEN	(1 << 20)
#define PAGE	4096

static inline struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);

	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "f"));
	return rig;
}

static inline int up(struct rig *rig, int oflags)
{
	int fd = open(UPPER(rig, "f"), oflags | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline int down(struct rig *rig)
{
	int fd = open(LOWER(rig, "f"), O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline void end(struct rig *rig)
{
	EQ(SAID(rig, asked[FUSE_READ]), 0);
	EQ(SAID(rig, asked[FUSE_WRITE]), 0);
	rig_stop(rig);
}

/* File systems whose blocks are those of the last moment that they had time. */
static inline bool counts_late(const char *lower)
{
	long type = rig_type(lower);

	return type == BTRFS_SUPER_MAGIC || type == NFS_SUPER_MAGIC;
}

/*
 * Blocks are counted alike. btrfs counts those of direct writes some time
 * later, and twice or not at all in between, and NFS when it asks its server:
 * there ours, which had its answer of such a moment kept, is asked until both
 * agree.
 */
static inline void same_blocks(struct rig *rig, int fd)
{
	struct statx again;
	struct stat a, b;
	int tries = 1000;

	EQ(fstat(fd, &a), 0);
	EQ(stat(LOWER(rig, "f"), &b), 0);
	while (counts_late(rig->lower) && a.st_blocks != b.st_blocks && tries--) {
		usleep(10000);
		EQ(statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BLOCKS, &again), 0);
		a.st_blocks = again.stx_blocks;
		EQ(stat(LOWER(rig, "f"), &b), 0);
	}
	EQ(a.st_blocks, b.st_blocks);
}

/* What stat says above is what it says below. */
static inline void same_stat(struct rig *rig, int fd)
{
	struct stat a, b;

	EQ(fstat(fd, &a), 0);
	EQ(stat(LOWER(rig, "f"), &b), 0);
	EQ(a.st_size, b.st_size);
	EQ(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	EQ(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	EQ(a.st_ctim.tv_sec, b.st_ctim.tv_sec);
	EQ(a.st_ctim.tv_nsec, b.st_ctim.tv_nsec);
	EQ(stat(UPPER(rig, "f"), &a), 0);
	EQ(a.st_size, b.st_size);
	EQ(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	same_blocks(rig, fd);
}

#endif
