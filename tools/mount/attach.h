/* SPDX-License-Identifier: GPL-2.0-only */
/* Making the mount, and putting it in its place. */
#ifndef FUSEPT_ATTACH_H
#define FUSEPT_ATTACH_H

#include <stdbool.h>

#include "options.h"

struct attachment {
	const char *dir;
	int dir_fd;	/* O_PATH, opened before anything is mounted there */
	int mount_fd;	/* the root of the new mount */
	bool visible;	/* it is already in the namespace */
	bool elsewhere;	/* @dir is in another one: only a detached mount gets there */
};

/* Open the mount point and note its type in the kernel options. */
void attach_target(struct attachment *a, const char *dir,
		   struct mount_options *o);
/* Create the file system on device @dev_fd, not yet visible where possible. */
void attach_create(struct attachment *a, const char *source, int dev_fd,
		   struct mount_options *o);
/* Make it visible. */
void attach_show(struct attachment *a);
/* Give it up. */
void attach_drop(struct attachment *a);

#endif
