/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Request timeouts. The time that a request may take from its birth to its
 * answer counts whether it waits to be read or to be answered, and whether or
 * not somebody still waits for it; but for SETLKW, which waits for the holder
 * of a lock. An abort comes up to a quarter of it late.
 */
#ifndef FPT_TIMEOUT_H
#define FPT_TIMEOUT_H

struct fpt_conn;

void fpt_timeout_init(struct fpt_conn *conn);

/**
 * fpt_timeout_start() - from INIT's answer on
 * @seconds: what the server asks for, 0 if for nothing; the module's
 *	parameters have the last word
 */
void fpt_timeout_start(struct fpt_conn *conn, unsigned int seconds);

/* No abort comes after; the connection must not be started any more. May sleep. */
void fpt_timeout_stop(struct fpt_conn *conn);

#endif
