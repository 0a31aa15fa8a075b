/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps a program from mounting the kernel's own fuse by itself. */
#ifndef FUSEPT_NOMOUNT_H
#define FUSEPT_NOMOUNT_H

#include "../mount/say.h"

/*
 * mount(2) fails with EPERM from here on, in this process and all that it
 * starts. Programs then turn to fusermount, whose place ours has: it mounts by
 * fsopen(2).
 */
void nomount_enter(enum exit_code code);

#endif
