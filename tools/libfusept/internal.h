/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef FUSEPT_INTERNAL_H
#define FUSEPT_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "fusept.h"

/*
 * What passthrough needs is in libfuse from 3.17 on (native.c); before, it is
 * put on top (custom.c). One of the two is compiled.
 */
#define FUSEPT_NATIVE (FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17))

struct fusept {
	struct fuse_session *se;
	int fd;				/* the session's device */
	unsigned int depth;
	bool clone_fd;
	bool wanted;			/* passthrough was asked of us */
	_Atomic(bool) offered;		/* INIT offered it, and we accepted */
	_Atomic(bool) initialised;	/* INIT is answered; custom.c only */
	_Atomic(int) state;		/* enum fusept_state, once it is known */
	_Atomic(const char *) reason;
	struct fusept *next;		/* all sessions, under the list's lock */
};

/* Settle the state. */
void fusept_decide(struct fusept *fp, enum fusept_state state, const char *why);

/* A descriptor of the same device on the connection of @fd, or -1 with errno. */
int fusept_clone_device(int fd);

/* What custom.c and native.c differ in. */
int fusept_attach(struct fusept *fp);
void fusept_detach(struct fusept *fp);

#endif
