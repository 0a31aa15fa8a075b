// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "relay.h"
#include "say.h"

/* How long a failed server's last messages are waited for: 2 s. */
#define FINISH_TRIES	40
#define FINISH_PAUSE	50000	/* microseconds */

/* Close all but the standard ones and two descriptors. */
static void keep_only(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

/* Nothing of the process that made the mount is held any longer. */
static void let_go(const char *program)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	if (chdir("/"))
		return;
	openlog(program, LOG_PID, LOG_DAEMON);
}

/* Whole lines of @text to the log; returns how much is left. */
static size_t log_lines(char *text, size_t len, size_t room)
{
	char *end;

	while ((end = memchr(text, '\n', len)) || len == room) {
		size_t n = end ? (size_t)(end - text) : len;
		size_t gone = end ? n + 1 : n;

		syslog(LOG_NOTICE, "%.*s", (int)n, text);
		len -= gone;
		memmove(text, text + gone, len);
	}
	return len;
}

static void carry(int from, int control, const char *program)
{
	struct pollfd p[2] = { { .fd = from, .events = POLLIN },
			       { .fd = control, .events = POLLIN } };
	bool logging = false;
	char text[1024];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents) {
			n = read(from, text + len, sizeof(text) - len);
			if (n <= 0)
				break;
			if (logging)
				len = log_lines(text, len + n, sizeof(text));
			else if (write(STDERR_FILENO, text, n) < 0)
				return;
		} else if (p[1].revents) {
			let_go(program);
			logging = true;
			p[1].fd = -1;
		}
	}
	if (len)
		syslog(LOG_NOTICE, "%.*s", (int)len, text);
}

void relay_start(struct relay *r, const char *program)
{
	int text[2], control[2];

	if (pipe2(text, O_CLOEXEC) || pipe2(control, O_CLOEXEC))
		die(EX_SYSTEM, "pipe: %s", strerror(errno));
	r->pid = fork();
	if (r->pid < 0)
		die(EX_SYSTEM, "fork: %s", strerror(errno));
	if (!r->pid) {
		/*
		 * Of the maker of the mount it keeps nothing else: neither the
		 * device nor the mount may depend on this process.
		 */
		keep_only(text[0], control[0]);
		setsid();
		carry(text[0], control[0], program);
		_exit(0);
	}
	close(text[0]);
	close(control[0]);
	r->input = text[1];
	r->control = control[1];
}

void relay_use(const struct relay *r)
{
	dup2(r->input, STDERR_FILENO);
}

void relay_running(struct relay *r)
{
	close(r->input);
	r->input = -1;
}

void relay_leave(struct relay *r)
{
	close(r->control);
	r->pid = 0;
}

void relay_finish(struct relay *r)
{
	/* What the server started may outlive it, with its standard error. */
	for (int i = 0; i < FINISH_TRIES; i++) {
		if (waitpid(r->pid, NULL, WNOHANG))
			break;
		usleep(FINISH_PAUSE);
	}
	relay_leave(r);
}
