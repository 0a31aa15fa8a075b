// SPDX-License-Identifier: GPL-2.0-only
/*
 * umount.fusept: what umount(8) runs for file systems of type fusept. Unmounts,
 * then waits for the server to end, so that what it holds is free afterwards:
 * its data is written, and the file systems below it can be unmounted.
 * See umount.fusept(8).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "namespace.h"
#include "record.h"
#include "remount.h"
#include "say.h"
#include "table.h"

#define WAIT_SECONDS 30		/* default of FUSEPT_UMOUNT_WAIT */

static const char usage_text[] =
"Usage: umount.fusept DIR [-flnrv] [-N NAMESPACE] [-t TYPE]\n"
"Unmounts a fusept file system and waits for its server; run by umount(8).\n"
"\n"
"  -f            abort the connection: calls in progress fail\n"
"  -l            detach now, clean up when it is no longer busy; no waiting\n"
"  -r            remount read-only when it is busy\n"
"  -N NAMESPACE  in the mount namespace of this pid or path\n"
"  -v            say what is done\n"
"  -n, -t TYPE   accepted for umount(8), without effect\n"
"  -h, -V        this help; the version\n"
"See umount.fusept(8).\n";

static int wait_seconds(void)
{
	const char *text = getenv("FUSEPT_UMOUNT_WAIT");
	char *end;
	long n;

	if (!text)
		return WAIT_SECONDS;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > 86400)
		die(EX_USAGE_, "FUSEPT_UMOUNT_WAIT=%s: a number of seconds from 0 to 86400 is needed",
		    text);
	return n;
}

static void wait_for(int pidfd, int seconds)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, seconds * 1000);
	} while (n < 0 && errno == EINTR);
	if (!n)
		say("unmounted, but the server still runs after %d s", seconds);
}

int main(int argc, char **argv)
{
	bool lazy = false, readonly = false;
	const char *dir, *ns = NULL;
	int flags = 0, pidfd, seconds, c;
	struct record rec = { 0 };
	dev_t dev;

	operands_first();
	while ((c = getopt(argc, argv, "fhlnN:rt:vV")) != -1) {
		switch (c) {
		case 'f':
			flags |= MNT_FORCE;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EX_OK;
		case 'l':
			flags |= MNT_DETACH;
			lazy = true;
			break;
		case 'N':
			ns = optarg;
			break;
		case 'r':
			readonly = true;
			break;
		case 'v':
			say_verbose = true;
			break;
		case 'V':
			printf("umount.fusept %s\n", FUSEPT_VERSION);
			return EX_OK;
		case 'n':
		case 't':
			break;
		default:
			fputs(usage_text, stderr);
			return EX_USAGE_;
		}
	}
	if (argc - optind != 1) {
		fputs(usage_text, stderr);
		die(EX_USAGE_, "one mount point is needed");
	}
	dir = argv[optind];
	seconds = wait_seconds();
	if (ns)
		namespace_enter(namespace_open(ns, dir));
	dev = table_device(dir);
	pidfd = dev && record_read(&rec, dev) ? record_pidfd(&rec) : -1;
	if (umount2(dir, flags | UMOUNT_NOFOLLOW)) {
		if (errno == EBUSY && readonly) {
			if (!remount(dir, MS_RDONLY, MS_RDONLY, false)) {
				say("%s is busy: remounted read-only", dir);
				return EX_OK;
			}
			errno = EBUSY;
		}
		die(EX_MOUNT, "%s: %s", dir, strerror(errno));
	}
	say_more("%s unmounted", dir);
	/* Detached, or mounted elsewhere too: the server has reason to live. */
	if (lazy || !dev || table_has(dev))
		return EX_OK;
	if (pidfd >= 0)
		wait_for(pidfd, seconds);
	record_remove(&rec);
	return EX_OK;
}
