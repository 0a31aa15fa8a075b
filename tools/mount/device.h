/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUSEPT_DEVICE_H
#define FUSEPT_DEVICE_H

#include "say.h"

/* The tests on a machine without the module build against the kernel's fuse. */
#ifndef FUSEPT_TYPE
#define FUSEPT_DEVICE "/dev/fusept"
#define FUSEPT_MODULE "fuse_pt"
#define FUSEPT_TYPE "fusept"
#endif

/*
 * A new /dev/fusept descriptor above 2, loading the module when needed. Exits
 * with @code where there is none.
 */
int device_open(enum exit_code code);

#endif
