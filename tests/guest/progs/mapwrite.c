// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a text to a file through a shared mapping that outlives its
 * descriptor. Between its line "ready" and the end of the mapping it needs
 * nothing of the server: it waits for a line on stdin and writes.
 *
 *	mapwrite FILE TEXT
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t len;
	size_t i;
	char byte, *map;
	volatile char seen;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: mapwrite FILE TEXT\n");
		return 2;
	}
	len = strlen(argv[2]);
	fd = open(argv[1], O_RDWR | O_CREAT, 0644);
	if (fd < 0 || ftruncate(fd, len)) {
		perror(argv[1]);
		return 1;
	}
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	close(fd);
	for (i = 0; i < len; i += 512)
		seen = map[i];
	(void)seen;
	puts("ready");
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		return 1;
	memcpy(map, argv[2], len);
	return munmap(map, len) ? 1 : 0;
}
