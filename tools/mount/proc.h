/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our own /proc. In the mount namespace of a container, which has process ids of
 * its own, /proc does not know this process.
 */
#ifndef FUSEPT_PROC_H
#define FUSEPT_PROC_H

#include <stdio.h>

/* Keep it for when this process is in another mount namespace. */
void proc_keep(void);
/*
 * Open @name in it for reading; NULL with errno. "self/mountinfo" is that of the
 * namespace that this process is in now.
 */
FILE *proc_open(const char *name);

#endif
