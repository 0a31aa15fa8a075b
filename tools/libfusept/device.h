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

struct fusept_bind_args {
	uint64_t nodeid;
	int32_t backing_id;
	uint32_t flags;
	uint64_t padding[2];
};

#define FUSEPT_IOC_CLONE _IOR(229, 0, uint32_t)
#define FUSEPT_IOC_BACKING_OPEN _IOW(229, 1, struct fusept_backing_map)
#define FUSEPT_IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)
#define FUSEPT_IOC_BIND _IOW(229, 0x40, struct fusept_bind_args)
#define FUSEPT_IOC_UNBIND _IOW(229, 0x41, uint64_t)

#endif
