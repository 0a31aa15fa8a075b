// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call of the name space, as no command makes it alone; prints the error
 * in words. Calls with two names take both. readonly makes a file that can be
 * written by its maker only, and writes it; readonly-w opens it to write only.
 *
 *	namecall CALL NAME [NAME]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>

static int opened(const char *name, int flags)
{
	int fd = open(name, flags, 0666);

	return fd < 0 ? -1 : close(fd);
}

static int move(const char *from, const char *to, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int readonly(const char *name, int flags)
{
	int fd = open(name, O_CREAT | O_EXCL | flags, 0444);

	if (fd < 0 || write(fd, name, strlen(name)) < 0)
		return -1;
	return close(fd);
}

/* In the middle of a page, of which the writer cannot read the rest. */
static int unreadable(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY, 0644);

	if (fd < 0 || ftruncate(fd, 10000) || pwrite(fd, "a", 1, 5000) != 1 ||
	    fsync(fd))
		return -1;
	return close(fd);
}

/* A file without a name in @dir, written; then with one, if @name is given. */
static int nameless(const char *dir, const char *name)
{
	static const char text[] = "temporary";
	char self[64];
	int fd = open(dir, O_TMPFILE | O_RDWR, 0644);

	if (fd < 0)
		return -1;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	if (!name)
		return close(fd);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

int main(int argc, char **argv)
{
	const char *call = argc > 1 ? argv[1] : "";
	const char *a = argc > 2 ? argv[2] : "", *b = argc > 3 ? argv[3] : "";
	int ret;

	if (!strcmp(call, "create"))
		ret = opened(a, O_CREAT | O_RDWR);
	else if (!strcmp(call, "create-excl"))
		ret = opened(a, O_CREAT | O_EXCL | O_RDWR);
	else if (!strcmp(call, "create-trunc"))
		ret = opened(a, O_CREAT | O_TRUNC | O_RDWR);
	else if (!strcmp(call, "link"))
		ret = link(a, b);
	else if (!strcmp(call, "unlink"))
		ret = unlink(a);
	else if (!strcmp(call, "rename"))
		ret = move(a, b, 0);
	else if (!strcmp(call, "rename-noreplace"))
		ret = move(a, b, RENAME_NOREPLACE);
	else if (!strcmp(call, "rename-exchange"))
		ret = move(a, b, RENAME_EXCHANGE);
	else if (!strcmp(call, "rename-whiteout"))
		ret = move(a, b, RENAME_WHITEOUT);
	else if (!strcmp(call, "tmpfile"))
		ret = nameless(a, b);
	else if (!strcmp(call, "tmpfile-drop"))
		ret = nameless(a, NULL);
	else if (!strcmp(call, "tmpfile-w"))
		ret = unreadable(a);
	else if (!strcmp(call, "readonly"))
		ret = readonly(a, O_RDWR);
	else if (!strcmp(call, "readonly-w"))
		ret = readonly(a, O_WRONLY);
	else {
		fprintf(stderr, "usage: %s CALL NAME [NAME]\n", argv[0]);
		return 2;
	}
	if (ret < 0) {
		fprintf(stderr, "%s %s %s: %s\n", call, a, b, strerror(errno));
		return 1;
	}
	return 0;
}
