/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages of a server that is left in the background: on our standard error
 * while the mount is being made, in the system log afterwards. A process of its
 * own carries them, so that the server never holds our standard error open.
 */
#ifndef FUSEPT_RELAY_H
#define FUSEPT_RELAY_H

#include <sys/types.h>

struct relay {
	pid_t pid;
	int input;	/* the server's standard error */
	int control;	/* closed when the mount is made */
};

/* Start carrying messages of @program. */
void relay_start(struct relay *r, const char *program);
/* In the server: its standard error is the relay's. */
void relay_use(const struct relay *r);
/* In the parent, once the server runs. */
void relay_running(struct relay *r);
/* The mount is made: on to the system log. */
void relay_leave(struct relay *r);
/*
 * The server is gone, or told to go: wait until all it said is out, or for a
 * while; what comes later goes to the system log.
 */
void relay_finish(struct relay *r);

#endif
