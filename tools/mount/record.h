/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which process serves a mount: /run/fusept/MAJOR:MINOR holds its pid and the
 * start time that tells it from a later process of the same pid. umount.fusept
 * waits for it.
 */
#ifndef FUSEPT_RECORD_H
#define FUSEPT_RECORD_H

#include <sys/types.h>

/*
 * Device number of the mount at @path below @at, or of the descriptor @at when
 * @path is empty, without a word to its server; 0 when it cannot be told.
 */
dev_t device_of(int at, const char *path);
/* Note that @pid serves the mount with device number @dev. Best effort. */
void record_write(dev_t dev, pid_t pid);
/* A pidfd of the live server of @dev, or -1. */
int record_pidfd(dev_t dev);
void record_remove(dev_t dev);

#endif
