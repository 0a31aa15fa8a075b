// SPDX-License-Identifier: GPL-2.0-only
/*
 * umount2(2) and nothing else: no look at the mount, no helper, no wait for a
 * server.
 *
 *	umount2 DIR
 */
#include <stdio.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: umount2 DIR\n");
		return 2;
	}
	if (umount2(argv[1], UMOUNT_NOFOLLOW)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
