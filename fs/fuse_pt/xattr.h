/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extended attributes as requests, for those parts of the kernel's that are
 * attributes of the server's. Nothing is checked here but what the server says.
 */
#ifndef FPT_XATTR_H
#define FPT_XATTR_H

#include <linux/types.h>

struct inode;

/**
 * fpt_xattr_fetch() - GETXATTR
 * @size: of @buf; 0 asks how much there is
 * Return: length of the value, or a negative errno.
 */
ssize_t fpt_xattr_fetch(struct inode *inode, const char *name, void *buf,
			size_t size);

/**
 * fpt_xattr_send() - SETXATTR
 * @flags: XATTR_*
 * @more: FUSE_SETXATTR_*; dropped where the server does not know of them
 * Return: 0, or a negative errno. What is known of the inode is brought up to
 * date.
 */
int fpt_xattr_send(struct inode *inode, const char *name, const void *value,
		   size_t size, int flags, u32 more);

/* REMOVEXATTR; likewise. */
int fpt_xattr_send_remove(struct inode *inode, const char *name);

#endif
