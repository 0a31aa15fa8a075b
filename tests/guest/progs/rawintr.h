/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of signals share: the INTERRUPT that is read for one. */
#ifndef RAWINTR_H
#define RAWINTR_H

#include "rawcheck.h"

static inline void on_signal(int sig)
{
}

/* Client: SIGUSR1 interrupts from here on, and does not end it. */
static inline void take_signal(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
}

/* A request is there to be read, and is left there. */
static inline bool request_queued(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	return poll(&p, 1, LONG_MS) == 1 && p.revents == POLLIN;
}

/* The next message must be INTERRUPT for this request. */
static inline void expect_interrupt(struct raw *r, uint64_t unique)
{
	struct fuse_interrupt_in *in = r->arg;

	if (!CHECK(raw_next(r, LONG_MS) > 0))
		return;
	CHECK_IS(r->head->opcode, FUSE_INTERRUPT);
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*in));
	CHECK_IS(r->head->unique, unique | 1);
	CHECK_IS(in->unique, unique);
}

/* Kill the caller of the request in @r; it must not wait for the server. */
static inline uint64_t kill_sent(struct raw *r, pid_t pid)
{
	uint64_t unique = r->head->unique;

	usleep(SHORT_MS * 1000);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	expect_interrupt(r, unique);
	r->head->unique = unique;
	return unique;
}

#endif
