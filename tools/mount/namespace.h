/* SPDX-License-Identifier: GPL-2.0-only */
/* mount -N and umount -N: act in another mount namespace. */
#ifndef FUSEPT_NAMESPACE_H
#define FUSEPT_NAMESPACE_H

/* Where a process is: setns(2) takes it to the root of the other namespace. */
struct namespace_home {
	int ns;
	int root;
	int cwd;
};

/*
 * Descriptor of the mount namespace @which, a pid or a path, in which @dir is
 * meant: relative to what of ours, nobody could tell.
 */
int namespace_open(const char *which, const char *dir);
/* Enter it; /proc and the records stay ours. */
void namespace_enter(int fd);
/* Remember where we are, and go there again. */
void namespace_remember(struct namespace_home *home);
void namespace_return(const struct namespace_home *home);

#endif
