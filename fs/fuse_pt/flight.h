/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in flight, for who waits until what began before has ended, however
 * much begins meanwhile.
 *
 * Everything belongs to the round that it began in. Who waits has the next round
 * begin, once the one before is over: so never more than two are under way, and
 * what comes later is nobody's business.
 */
#ifndef FPT_FLIGHT_H
#define FPT_FLIGHT_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

/**
 * struct fpt_flight - things in flight
 * @lock: guards what follows; innermost
 * @round: the current round
 * @nr: what is in flight of the current round and of the one before, by its
 *	lowest bit
 * @wait: woken when one of them falls to 0
 */
struct fpt_flight {
	spinlock_t		lock;	/* see above */
	u32			round;
	unsigned int		nr[2];
	wait_queue_head_t	wait;
};

void fpt_flight_init(struct fpt_flight *flight);

/* One more. Return: its round, for fpt_flight_end(). */
u32 fpt_flight_begin(struct fpt_flight *flight);
void fpt_flight_end(struct fpt_flight *flight, u32 round);

/**
 * fpt_flight_wait() - until all that began before has ended
 * @state: to sleep in
 * Return: 0, or -ERESTARTSYS for a signal that @state lets through.
 */
int fpt_flight_wait(struct fpt_flight *flight, unsigned int state);

/**
 * fpt_flight_drain() - until nothing is in flight, as long as it gets less
 * @state: to sleep in; a signal that it lets through ends the wait, too
 * @most: jiffies to wait for the next to end
 *
 * To be called when nothing begins any more.
 *
 * Return: what is left of @most, 0 if it took longer.
 */
long fpt_flight_drain(struct fpt_flight *flight, unsigned int state, long most);

#endif
