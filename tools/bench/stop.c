// SPDX-License-Identifier: GPL-2.0-only
/* The run is stopped from outside: it ends at the next measurement, and cleans up. */
#include <signal.h>
#include <stddef.h>
#include "bench.h"

static volatile sig_atomic_t stopped_by;

static void note(int sig)
{
	stopped_by = sig;
}

void stop_begin(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = note, .sa_flags = SA_RESTART }, was;

	/* what nohup(1) has us ignore stays ignored */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &was) && was.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
}

int stop_signal(void)
{
	return stopped_by;
}
