/* SPDX-License-Identifier: LGPL-2.1-only */
/* The device's calls that older headers lack; the same for fuse and fusept. */
#ifndef FUSEPT_DEVICE_H
#define FUSEPT_DEVICE_H

#include <stdint.h>
#include <sys/ioctl.h>

struct fusept_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define FUSEPT_IOC_CLONE _IOR(229, 0, uint32_t)
#define FUSEPT_IOC_BACKING_OPEN _IOW(229, 1, struct fusept_backing_map)
#define FUSEPT_IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)

#endif
