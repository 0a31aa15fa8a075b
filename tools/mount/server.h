/* SPDX-License-Identifier: GPL-2.0-only */
/* The server process of a mount. */
#ifndef FUSEPT_SERVER_H
#define FUSEPT_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "options.h"
#include "relay.h"

struct server {
	const char *program;
	pid_t child;	/* what we started; 0 once reaped */
	int status;	/* its wait status then */
	pid_t daemon;	/* the process that serves, 0 when not known */
	struct relay relay;	/* of a background server; pid 0: none */
};

/* PATH and HOME where mount(8), which cleans the environment, has left none. */
void server_environment(void);
/*
 * Look up the user of setuid=; its ids become the mount's owner, and what protects
 * from an owner or a server without root's rights is set.
 */
void server_user(struct mount_options *o);
/* Exits with a message when @program is not there to be run. */
void server_check(const char *program);
/*
 * Start @program on device @dev_fd, which is closed in this process. Returns 0,
 * or an exit code when it cannot be executed; a message has been given.
 */
int server_start(struct server *s, const char *program, const char *source,
		 int dev_fd, const struct mount_options *o);
/*
 * Wait until the server serves the mount whose root is @mount_fd. Returns 0,
 * or an exit code when it does not come up; a message has been given.
 */
int server_ready(struct server *s, int mount_fd, const struct mount_options *o);
/* Let the server be: it serves, and @ok, or it did not and is to end. */
void server_leave(struct server *s, bool ok);
/* Stay until a foreground server ends; returns an exit code. */
int server_wait(struct server *s);

#endif
