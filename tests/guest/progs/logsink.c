// SPDX-License-Identifier: GPL-2.0-only
/*
 * A system log: what comes to /dev/log is printed, a line each.
 *
 *	logsink
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[4096];
	ssize_t n;

	umask(0);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at))) {
		fprintf(stderr, "%s: %s\n", at.sun_path, strerror(errno));
		return 1;
	}
	while ((n = recv(s, text, sizeof(text), 0)) >= 0) {
		printf("%.*s\n", (int)n, text);
		fflush(stdout);
	}
	return 1;
}
