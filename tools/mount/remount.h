/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUSEPT_REMOUNT_H
#define FUSEPT_REMOUNT_H

#include <stdbool.h>

/*
 * Change the flags of what is mounted at @dir, of those in @given (MS_*) to what
 * they are in @set; a flag in @set only is added, the mount keeps all others.
 * With @fake only look whether it is there. Returns 0 or an errno.
 */
int remount(const char *dir, unsigned long set, unsigned long given, bool fake);

#endif
