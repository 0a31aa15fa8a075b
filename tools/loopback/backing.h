/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who does the I/O of an open file: the kernel, on a registered backing file,
 * or this server. The kernel demands one answer for all opens of an inode that
 * are open at a time, and one backing id; so the node decides, with its first
 * open, and the answer stands until its last release.
 */
#ifndef LOOPBACK_BACKING_H
#define LOOPBACK_BACKING_H

#include "loopback.h"

/*
 * Count @h in, setting h->through and *@id (0 when the server does the I/O).
 * 0, or an errno: with passthrough=on, why the kernel cannot do it.
 */
int backing_get(struct loopback *lo, struct handle *h, int *id);
/*
 * With bound=on: let the kernel open @node, a file or a directory, by itself.
 * @again: it was told so, but asks. @h: NULL, or what there is open of a new file.
 * Return: is it bound, and with @h, without a handle? Where not, the kernel asks as
 * ever.
 */
bool backing_bind(struct loopback *lo, struct node *node, bool again,
		  const struct handle *h);
/* Count @h out. */
void backing_put(struct loopback *lo, struct handle *h);

#endif
