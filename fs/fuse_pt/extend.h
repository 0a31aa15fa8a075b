/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extensions of a request that makes an object: what the server needs to know
 * of the caller to make it right in one step.
 */
#ifndef FPT_EXTEND_H
#define FPT_EXTEND_H

#include <linux/fs.h>
#include "request.h"

/**
 * fpt_extend() - append the extensions that the server agreed to
 * @call: all other pieces are in; gets one more, if there is anything to say
 * @idmap: of the mount
 * @dir: where the object will be
 * @dentry: its name
 * @mode: with its type
 *
 * FUSE_SECURITY_CTX: the label that the LSM wants on it.
 * FUSE_CREATE_SUPP_GROUP: the group of @dir, where the caller is in it other
 * than by its fsgid: a server that takes on the caller's ids needs it, or it
 * would be refused.
 *
 * Return: 0, and fpt_extend_end() is due after the call; or a negative errno.
 */
int fpt_extend(struct fpt_call *call, struct mnt_idmap *idmap,
	       const struct inode *dir, struct dentry *dentry, umode_t mode);

/* After the call: frees what fpt_extend() appended. */
void fpt_extend_end(struct fpt_call *call);

#endif
