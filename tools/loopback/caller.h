/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Acting for a caller: new objects get its user, group and umask. Only those:
 * the caller's right to create was checked by its kernel, so the server keeps
 * its capabilities meanwhile, and a directory that the caller may write through
 * an additional group, or a capability, needs no further care. What the file
 * system below makes of a set-group-ID directory and of default ACLs is its own.
 */
#ifndef LOOPBACK_CALLER_H
#define LOOPBACK_CALLER_H

#include "loopback.h"

/* Once, before threads start: can we act for callers at all? */
void caller_init(struct loopback *lo);
/* Be the caller of @req in this thread. 0 or an errno. */
int caller_enter(fuse_req_t req);
/* Be the server again. Keeps errno. */
void caller_leave(fuse_req_t req);
/* The mode to create with, where the umask could not be made the thread's. */
mode_t caller_mode(fuse_req_t req, mode_t mode);
/* Is the caller of @req in group @gid? */
bool caller_in_group(fuse_req_t req, gid_t gid);
/*
 * Has the caller of @req CAP_SYS_ADMIN? Taken to be so of user 0, as which kernels
 * ask on behalf of others too (overlayfs); no, where it cannot be told.
 */
bool caller_is_admin(fuse_req_t req);

#endif
