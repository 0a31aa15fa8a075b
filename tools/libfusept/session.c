// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device.h"
#include "internal.h"

#define DEPTH_MAX 2	/* what every kernel allows */

struct fusept *fusept_new(struct fuse_session *se,
			  const struct fusept_config *config)
{
	static const struct fusept_config defaults;
	struct fusept *fp;
	int err;

	if (!config)
		config = &defaults;
	if (config->max_stack_depth > DEPTH_MAX || config->reserved) {
		errno = EINVAL;
		return NULL;
	}
	fp = calloc(1, sizeof(*fp));
	if (!fp)
		return NULL;
	fp->se = se;
	fp->fd = fuse_session_fd(se);
	fp->depth = config->max_stack_depth ? config->max_stack_depth : 1;
	fp->clone_fd = config->clone_fd;
	fp->wanted = !config->no_passthrough;
	fp->reason = "the kernel has not started the session yet";
	err = fusept_attach(fp);
	if (err) {
		free(fp);
		errno = -err;
		return NULL;
	}
	return fp;
}

void fusept_destroy(struct fusept *fp)
{
	if (!fp)
		return;
	fusept_detach(fp);
	free(fp);
}

void fusept_decide(struct fusept *fp, enum fusept_state state, const char *why)
{
	fp->reason = why;
	fp->state = state;
}

/*
 * Registering no file at all must fail, and how it fails tells what a real
 * registration would meet. Known only after the kernel has our INIT reply.
 * Return: EBADF when all but the file is well, another errno, or 0 if it worked.
 */
static int ask(struct fusept *fp, uint32_t flags)
{
	struct fusept_backing_map map = { .fd = -1, .flags = flags };

	if (ioctl(fp->fd, FUSEPT_IOC_BACKING_OPEN, &map) >= 0)
		return 0;
	/* By older modules, who has all that a grant gives is told that first. */
	return errno == EMFILE ? EBADF : errno;
}

static void probe(struct fusept *fp)
{
	switch (ask(fp, 0)) {
	case 0:
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the kernel registers files that do not exist");
		break;
	case EBADF:
		fusept_decide(fp, FUSEPT_ON, "passthrough is on");
		break;
	case ENOMEM:
		/* The next request asks again. */
		fusept_decide(fp, FUSEPT_PENDING,
			      "the kernel had no memory to answer");
		break;
	case EPERM:
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the kernel lets this process register no backing files: CAP_SYS_ADMIN or group backing_gid is needed");
		break;
	case ENOTTY:
	case EINVAL:
	case EOPNOTSUPP:
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the kernel has no passthrough on this device");
		break;
	default:
		fusept_decide(fp, FUSEPT_REFUSED,
			      "the device does not answer (unmounted?)");
	}
}

enum fusept_state fusept_state(struct fusept *fp)
{
	if (fp->state == FUSEPT_PENDING && fp->offered)
		probe(fp);
	return fp->state;
}

const char *fusept_reason(struct fusept *fp)
{
	return fp->reason;
}

/* Flags are looked at before all that is of the moment. */
uint32_t fusept_kernel_bits(struct fusept *fp, uint32_t bits)
{
	uint32_t known = 0, bit;
	int err;

	if (fusept_state(fp) != FUSEPT_ON)
		return 0;
	for (bit = 1; bit; bit <<= 1) {
		err = bits & bit ? ask(fp, bit) : 0;
		if (err == EBADF || err == ENOMEM)
			known |= bit;
	}
	return known;
}

int fusept_backing_open(struct fusept *fp, int fd)
{
	return fusept_backing_open_for(fp, fd, 0);
}

int fusept_backing_open_for(struct fusept *fp, int fd, uint32_t bits)
{
	struct fusept_backing_map map = { .fd = fd, .flags = bits };
	int id;

	if (fusept_state(fp) != FUSEPT_ON)
		return -EPERM;
	id = ioctl(fp->fd, FUSEPT_IOC_BACKING_OPEN, &map);
	if (id < 0)
		return -errno;
	return id ? id : -EIO;
}

int fusept_backing_close(struct fusept *fp, int backing_id)
{
	uint32_t id = backing_id;

	return ioctl(fp->fd, FUSEPT_IOC_BACKING_CLOSE, &id) ? -errno : 0;
}

int fusept_bind(struct fusept *fp, fuse_ino_t ino, int backing_id,
		uint32_t flags)
{
	struct fusept_bind_args args = {
		.nodeid = ino, .backing_id = backing_id, .flags = flags,
	};

	if (fusept_state(fp) != FUSEPT_ON)
		return -EPERM;
	return ioctl(fp->fd, FUSEPT_IOC_BIND, &args) ? -errno : 0;
}

int fusept_unbind(struct fusept *fp, fuse_ino_t ino)
{
	uint64_t node = ino;

	return ioctl(fp->fd, FUSEPT_IOC_UNBIND, &node) ? -errno : 0;
}

int fusept_clone_device(int fd)
{
	char path[32];
	uint32_t master = fd;
	int clone, err;

	/* Opens the same device again, whatever it is called. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	clone = open(path, O_RDWR | O_CLOEXEC);
	if (clone < 0)
		return -1;
	if (ioctl(clone, FUSEPT_IOC_CLONE, &master)) {
		err = errno;
		close(clone);
		errno = err;
		return -1;
	}
	return clone;
}
