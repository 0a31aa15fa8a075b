// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts fusept with exactly the given options, or tries to, and shows what
 * the kernel said.
 *
 *	rawmount [-l] [-t TYPE] [-s DIR2] [-r KEY=VALUE] [-w] DIR [KEY[=VALUE] ...]
 *
 *	-l	through mount(2), which has one string for all options
 *	-t	file system type (fusept)
 *	-s	mount the same descriptor a second time, at DIR2
 *	-r	then try to change an option of the mount; KEY alone is a flag
 *	-w	leave it mounted, with the device open, until stdin ends
 * Values for fd: "dev" opens /dev/fusept, "DEV" does and hands the descriptor
 * itself to fsconfig(2), "null" opens /dev/null, others are taken as they are.
 * Prints NAME=VALUE lines: error, one message for each of the kernel's, and for
 * a mount its line of /proc/self/mountinfo. Without -w it is undone at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/mount.h, which does not go along with sys/mount.h everywhere. */
enum { SET_FLAG, SET_STRING, SET_FD = 5, CMD_CREATE, CMD_RECONFIGURE };
#define FROM_FD_EMPTY_PATH	0x00000004
#define PICK_NO_FOLLOW		0x00000002

static const char *type = "fusept";

static void say_error(int error)
{
	printf("error=%s\n", error ? strerrorname_np(error) : "OK");
}

/* The kernel's messages, each with its level in front. */
static void say_messages(int fs)
{
	char line[512];
	ssize_t n;

	while ((n = read(fs, line, sizeof(line) - 1)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		printf("message=%.*s\n", (int)n, line);
	}
}

/* Replaces dev, DEV and null; *by_fd is a descriptor to hand over, or -1. */
static char *value_of(char *key, char *value, int *by_fd)
{
	const char *path = NULL;
	int fd;

	*by_fd = -1;
	if (!value || strcmp(key, "fd"))
		return value;
	if (!strcasecmp(value, "dev"))
		path = "/dev/fusept";
	else if (!strcmp(value, "null"))
		path = "/dev/null";
	else
		return value;
	fd = open(path, O_RDWR);
	if (fd < 0) {
		perror(path);
		exit(2);
	}
	if (!strcmp(value, "DEV"))
		*by_fd = fd;
	if (asprintf(&value, "%d", fd) < 0)
		exit(2);
	return value;
}

static char *split(char *option)
{
	char *value = strchr(option, '=');

	if (value)
		*value++ = '\0';
	return value;
}

static int set_option(int fs, char *key, char *value, int by_fd)
{
	if (!value)
		return syscall(SYS_fsconfig, fs, SET_FLAG, key, NULL, 0);
	if (by_fd >= 0)
		return syscall(SYS_fsconfig, fs, SET_FD, key, NULL, by_fd);
	return syscall(SYS_fsconfig, fs, SET_STRING, key, value, 0);
}

/* Return: 0 or an errno. */
static int attach(int fs, const char *dir)
{
	int mnt;

	mnt = syscall(SYS_fsmount, fs, 0, 0);
	if (mnt < 0)
		return errno;
	if (syscall(SYS_move_mount, mnt, "", AT_FDCWD, dir, FROM_FD_EMPTY_PATH))
		return errno;
	close(mnt);
	return 0;
}

static char *keys[32], *values[32];
static int fds[32], nr;

static int mount_new(const char *dir)
{
	int fs, i, error = 0;

	fs = syscall(SYS_fsopen, type, 0);
	if (fs < 0)
		return errno;
	for (i = 0; i < nr && !error; i++)
		if (set_option(fs, keys[i], values[i], fds[i]))
			error = errno;
	if (!error && syscall(SYS_fsconfig, fs, CMD_CREATE, NULL, NULL, 0))
		error = errno;
	if (!error)
		error = attach(fs, dir);
	say_messages(fs);
	close(fs);
	return error;
}

static int mount_old(const char *dir)
{
	char all[1024] = "";
	int i;

	for (i = 0; i < nr; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all),
			 "%s%s%s%s", i ? "," : "", keys[i],
			 values[i] ? "=" : "", values[i] ?: "");
	return mount("rawmount", dir, type, 0, all) ? errno : 0;
}

static void change(const char *dir, char *option)
{
	char *value = split(option);
	int fs, error = 0;

	fs = syscall(SYS_fspick, AT_FDCWD, dir, PICK_NO_FOLLOW);
	if (fs < 0 || set_option(fs, option, value, -1) ||
	    syscall(SYS_fsconfig, fs, CMD_RECONFIGURE, NULL, NULL, 0))
		error = errno;
	printf("change_");
	say_error(error);
	if (fs >= 0) {
		say_messages(fs);
		close(fs);
	}
}

/* stat(2) would ask a server that there is not. */
static void say_mounted(const char *dir)
{
	char line[4096], at[1024];
	FILE *f = fopen("/proc/self/mountinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %*s %*s %1023s", at) == 1 &&
		    !strcmp(at, dir))
			printf("mounted=%s", line);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	const char *dir, *second = NULL;
	char *again = NULL, byte;
	int legacy = 0, wait = 0;
	int c, i, error;

	while ((c = getopt(argc, argv, "+lt:s:r:w")) != -1) {
		switch (c) {
		case 'l': legacy = 1; break;
		case 't': type = optarg; break;
		case 's': second = optarg; break;
		case 'r': again = optarg; break;
		case 'w': wait = 1; break;
		default: return 2;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "usage: rawmount [-l] [-t TYPE] [-s DIR2] [-r KEY=VALUE] [-w] DIR [KEY[=VALUE] ...]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	dir = argv[optind++];
	for (i = optind; i < argc && nr < 32; i++, nr++) {
		keys[nr] = argv[i];
		values[nr] = split(argv[i]);
		values[nr] = value_of(keys[nr], values[nr], &fds[nr]);
	}

	error = legacy ? mount_old(dir) : mount_new(dir);
	say_error(error);
	if (error)
		return 0;
	say_mounted(dir);
	if (second) {
		error = legacy ? mount_old(second) : mount_new(second);
		printf("second_");
		say_error(error);
		say_mounted(second);
	}
	if (again) {
		change(dir, again);
		say_mounted(dir);
	}
	if (wait)
		while (read(0, &byte, 1) > 0)
			;
	if (second)
		umount2(second, MNT_DETACH);
	if (umount2(dir, MNT_DETACH))
		say_error(errno);
	return 0;
}
