/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of signals share: the INTERRUPT that is read for one, and the
 * background limit that callers wait behind.
 */
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

/* Asynchronous requests one at a time. @timeout: seconds, 0 for none. */
static inline void init_limited(struct raw *r, unsigned int timeout)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = MAX_WRITE,
		.max_background = 1,
		.congestion_threshold = 1,
		.max_write = 4096,
		.max_pages = 1,
		.flags = FUSE_MAX_PAGES | FUSE_ASYNC_READ | FUSE_DO_READDIRPLUS |
			 FUSE_INIT_EXT,
		.flags2 = timeout ? FUSE_REQUEST_TIMEOUT >> 32 : 0,
		.request_timeout = timeout,
	};

	CHECK(fs_until(r, FUSE_INIT, LONG_MS));
	CHECK_IS(raw_reply(r, 0, &init, sizeof(init)), 0);
}

static inline void init_one_at_a_time(struct raw *r)
{
	init_limited(r, 0);
}

#endif
