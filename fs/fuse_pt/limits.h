/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of all connections: module parameters, seen and changed in
 * /sys/module/fuse_pt/parameters. A change is for connections to come.
 */
#ifndef FPT_LIMITS_H
#define FPT_LIMITS_H

/* What the protocol's 16 bits can say. */
#define FPT_LIMIT_MOST	65535u

/* The most pages that one request may have (max_pages_limit). */
unsigned int fpt_limit_pages(void);

/**
 * fpt_limit_background() - asynchronous calls of a server without CAP_SYS_ADMIN
 * fpt_limit_congestion() - its congestion threshold
 *
 * The parameters max_user_bgreq and max_user_congthresh; by default a share of
 * the memory there is.
 */
unsigned int fpt_limit_background(void);
unsigned int fpt_limit_congestion(void);

/* Backing files of a user without CAP_SYS_ADMIN: max_user_backing, see grant.h. */
unsigned int fpt_limit_backing(void);

/**
 * fpt_limit_timeout() - seconds that a request may take, 0 for any time
 * @asked: what the server asks for, 0 if for nothing
 *
 * default_request_timeout stands in for a server that asks for nothing;
 * nobody gets more than max_request_timeout.
 */
unsigned int fpt_limit_timeout(unsigned int asked);

#endif
