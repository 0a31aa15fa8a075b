/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mount table of this namespace. It answers without a word to any server,
 * which a server that hangs makes the only way.
 */
#ifndef FUSEPT_TABLE_H
#define FUSEPT_TABLE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The real path of @dir, allocated, without a look at what @dir itself is; NULL
 * when its parent is not there.
 */
char *table_place(const char *dir);
/* Device number of what is mounted at @dir, topmost; 0 when nothing is. */
dev_t table_device(const char *dir);
/*
 * The options of what is mounted at @dir, topmost: the mount's and those of its
 * file system, by commas, allocated; NULL when nothing is.
 */
char *table_options(const char *dir);
/* Is the file system with device number @dev mounted anywhere? */
bool table_has(dev_t dev);

#endif
