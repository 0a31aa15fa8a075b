/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes that the kernel has forgotten and may ask for again by their id: a
 * handle that an NFS client holds outlives the kernel's inode. With option
 * export=N the N nodes that were forgotten last are kept, without a
 * descriptor but with a handle of the file system below.
 *
 * forgotten_lock() is around all of it, and outside of the lock of a shard.
 * Without the option none of it is used.
 */
#ifndef LOOPBACK_FORGOTTEN_H
#define LOOPBACK_FORGOTTEN_H

#include <stdbool.h>
#include <stdint.h>

struct loopback;
struct node;

/*
 * Prepare for handles on the file system of @source, and try one. 1 when it
 * does not work, which has been said on standard error then; else 0.
 */
int forgotten_init(struct loopback *lo, const char *source);
void forgotten_destroy(struct loopback *lo);

void forgotten_lock(struct loopback *lo);
void forgotten_unlock(struct loopback *lo);

/* Every node is known by its id. 0 or an errno. */
int ids_add(struct loopback *lo, struct node *node);
void ids_remove(struct loopback *lo, struct node *node);
/* The node of @id, which may be any number. */
struct node *ids_find(uint64_t id);

/* Keep @node for later, without descriptor; false: it cannot be found again. */
bool forgotten_keep(struct loopback *lo, struct node *node);
/* Open what the kept @node was; a descriptor or -errno. */
int forgotten_open(struct loopback *lo, const struct node *node);
/* Is what @fd has open the inode of the kept @node, not one of its number? */
bool forgotten_is(const struct node *node, int fd);
/* @node is kept no longer: it gets a descriptor again, or ends. */
void forgotten_drop(struct loopback *lo, struct node *node);
/* The node that was kept longest, when more are kept than shall be. */
struct node *forgotten_surplus(struct loopback *lo);

#endif
