// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in flight, in rounds.
 */
#include "compat/compat.h"

#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "flight.h"

void fpt_flight_init(struct fpt_flight *flight)
{
	spin_lock_init(&flight->lock);
	flight->round = 0;
	flight->nr[0] = 0;
	flight->nr[1] = 0;
	init_waitqueue_head(&flight->wait);
}

u32 fpt_flight_begin(struct fpt_flight *flight)
{
	u32 round;

	spin_lock(&flight->lock);
	round = flight->round;
	flight->nr[round & 1]++;
	spin_unlock(&flight->lock);
	return round;
}

void fpt_flight_end(struct fpt_flight *flight, u32 round)
{
	bool last;

	spin_lock(&flight->lock);
	last = !--flight->nr[round & 1];
	spin_unlock(&flight->lock);
	if (last && wq_has_sleeper(&flight->wait))
		wake_up_all(&flight->wait);
}

/* Did all of @round and before end? */
static bool flight_over(struct fpt_flight *flight, u32 round)
{
	bool over;

	spin_lock(&flight->lock);
	if (flight->round == round && !flight->nr[~round & 1])
		flight->round++;
	/* Not the next round yet; the next; one that began when @round ended. */
	if (flight->round == round)
		over = false;
	else if (flight->round == round + 1)
		over = !flight->nr[round & 1];
	else
		over = true;
	spin_unlock(&flight->lock);
	return over;
}

int fpt_flight_wait(struct fpt_flight *flight, unsigned int state)
{
	u32 round = READ_ONCE(flight->round);

	return wait_event_state(flight->wait, flight_over(flight, round), state);
}

static unsigned int flight_count(struct fpt_flight *flight)
{
	unsigned int count;

	spin_lock(&flight->lock);
	count = flight->nr[0] + flight->nr[1];
	spin_unlock(&flight->lock);
	return count;
}

long fpt_flight_drain(struct fpt_flight *flight, unsigned int state, long most)
{
	unsigned int count = flight_count(flight), before;
	long left = most;
	DEFINE_WAIT(wait);

	/* A signal is there, or it is too late. */
	while (count && left > 0 &&
	       !prepare_to_wait_event(&flight->wait, &wait, state)) {
		before = count;
		if (flight_count(flight))
			left -= HZ - schedule_timeout(HZ);
		count = flight_count(flight);
		if (count < before)
			left = most;
	}
	finish_wait(&flight->wait, &wait);
	return max(left, 0L);
}
