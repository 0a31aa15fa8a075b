/* SPDX-License-Identifier: GPL-2.0-only */
/* mount -N and umount -N: act in another mount namespace. */
#ifndef FUSEPT_NAMESPACE_H
#define FUSEPT_NAMESPACE_H

/* Descriptor of the mount namespace @which, a pid or a path. */
int namespace_open(const char *which);
/* Enter it. */
void namespace_enter(int fd);

#endif
