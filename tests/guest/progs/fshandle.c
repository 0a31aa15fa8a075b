// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles of files, kept in a file between two runs.
 *
 *	fshandle take STORE [connectable]	paths on standard input
 *	fshandle open MOUNT STORE
 *	fshandle hold PATH
 *
 * take saves a handle of each path, with the inode number. open prints a line for
 * each: the path, then "ok" and where the kernel says it is, "other" when it is
 * another inode than was saved, or the name of the error. A connectable handle of a
 * file (Linux 6.13) has its directory, too, so that it has a path again. hold keeps
 * the inode without an open, says "held", and with each line on standard input what
 * number it has: over NFS the server is asked with the handle, and no name.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* AT_HANDLE_CONNECTABLE, which older headers lack */
#define CONNECTABLE	0x002

struct saved {
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	};
	ino_t ino;
	char path[512];
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static int take(FILE *store, int flags)
{
	struct saved s;
	struct stat st;
	int mount;

	while (memset(&s, 0, sizeof(s)), fgets(s.path, sizeof(s.path), stdin)) {
		s.path[strcspn(s.path, "\n")] = '\0';
		s.handle.handle_bytes = MAX_HANDLE_SZ;
		if (name_to_handle_at(AT_FDCWD, s.path, &s.handle, &mount, flags) ||
		    lstat(s.path, &st))
			fail(s.path);
		s.ino = st.st_ino;
		if (fwrite(&s, sizeof(s), 1, store) != 1)
			fail("store");
	}
	return 0;
}

static int open_all(const char *mount, FILE *store)
{
	int mount_fd = open(mount, O_RDONLY | O_DIRECTORY);
	char link[64], place[PATH_MAX + 1];
	struct saved s;
	struct stat st;
	ssize_t n;
	int fd;

	if (mount_fd < 0)
		fail(mount);
	while (fread(&s, sizeof(s), 1, store) == 1) {
		fd = open_by_handle_at(mount_fd, &s.handle, O_PATH | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &st)) {
			printf("%s %s\n", s.path, errno == ESTALE ? "ESTALE" :
			       strerror(errno));
		} else if (st.st_ino != s.ino) {
			printf("%s other\n", s.path);
		} else {
			snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
			n = readlink(link, place, PATH_MAX);
			printf("%s ok %.*s\n", s.path, n < 0 ? 0 : (int)n, place);
		}
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int hold(const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW);
	char line[8];
	struct stat st;

	if (fd < 0)
		fail(path);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("held");
	while (fgets(line, sizeof(line), stdin)) {
		if (fstat(fd, &st))
			puts(strerror(errno));
		else
			printf("%ju\n", (uintmax_t)st.st_ino);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool connectable = argc == 4 && !strcmp(argv[3], "connectable");
	FILE *store;

	if ((argc == 3 || connectable) && !strcmp(argv[1], "take")) {
		store = fopen(argv[2], "w");
		return store ? take(store, connectable ? CONNECTABLE : 0) ||
			       fclose(store) : (perror(argv[2]), 2);
	}
	if (argc == 4 && !strcmp(argv[1], "open")) {
		store = fopen(argv[3], "r");
		return store ? open_all(argv[2], store) : (perror(argv[3]), 2);
	}
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	fprintf(stderr, 
		"usage: fshandle take STORE [connectable] | open MOUNT STORE | hold PATH\n");
	return 2;
}
