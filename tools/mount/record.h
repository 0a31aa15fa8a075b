/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which process serves a mount: /run/fusept/MAJOR:MINOR holds its pid and the
 * start time that tells it from a later process of the same pid. umount.fusept
 * waits for it.
 */
#ifndef FUSEPT_RECORD_H
#define FUSEPT_RECORD_H

#include <sys/types.h>

/* Note that @pid serves the mount with device number @dev. Best effort. */
void record_write(dev_t dev, pid_t pid);
/* A pidfd of the live server of @dev, or -1. */
int record_pidfd(dev_t dev);
void record_remove(dev_t dev);

#endif
