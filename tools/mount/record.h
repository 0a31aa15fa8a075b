/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which process serves a mount: /run/fusept/MAJOR:MINOR holds its pid and the
 * start time that tells it from a later process of the same pid. umount.fusept
 * waits for it.
 */
#ifndef FUSEPT_RECORD_H
#define FUSEPT_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct record - what one says
 * @dev: device number of the mount, free for another as soon as this one is gone
 * @pid: its server, 0 if nothing is known
 * @start: when that started, in ticks since boot
 */
struct record {
	dev_t			dev;
	pid_t			pid;
	unsigned long long	start;
};

/* Keep where they are for when this process is in another mount namespace. */
void record_keep(void);
/* Note that @pid serves the mount with device number @dev. Best effort. */
void record_write(dev_t dev, pid_t pid);
/* Read @dev's. Return: false if there is none. */
bool record_read(struct record *rec, dev_t dev);
/* A pidfd of the server if it still lives, or -1. */
int record_pidfd(const struct record *rec);
/* Return: true if it was there; that of a later mount stays. */
bool record_remove(const struct record *rec);

#endif
