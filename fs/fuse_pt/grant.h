/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants: the right to register backing files without CAP_SYS_ADMIN, which the
 * module parameter backing_gid gives to a group, and max_user_backing limits.
 *
 * What is registered by a grant lends no more than its descriptor has: see
 * may_attach() in passthrough.c.
 */
#ifndef FPT_GRANT_H
#define FPT_GRANT_H

#include <linux/types.h>

struct fpt_grant;

/* May the current task register backing files, and close what is? */
bool fpt_grant_may(void);

/**
 * fpt_grant_take() - count a backing file that the current task registers
 * @grant: NULL for who has CAP_SYS_ADMIN; else its user's, to be put with the
 *	backing file
 *
 * The files of a user namespace count for the user that made the outermost one:
 * ids that are his to give do not multiply his limit.
 *
 * Return: 0; -EPERM for who may not; -EMFILE at the limit; -ENOMEM.
 */
int fpt_grant_take(struct fpt_grant **grant);
void fpt_grant_put(struct fpt_grant *grant);

#endif
