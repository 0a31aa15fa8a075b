// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call that libfusept-run.so stands before, as a server could make it:
 *
 *	fusept-run runcalls DIR
 *
 * What asks for the kernel's fuse must get fusept; what asks for something else
 * must get that. Functions are looked up by name, because headers turn one name
 * into another. DIR is mounted on and unmounted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of linux/mount.h, which does not go along with sys/mount.h everywhere. */
enum { SET_STRING = 1, CMD_CREATE = 6 };
#define FROM_FD_EMPTY_PATH	0x00000004

#define HELPER_SAYS	"fusermount of fusept-run"

struct how {
	uint64_t flags, mode, resolve;
};

extern char **environ;
static const char *dir;
static dev_t fusept, null;
static int failures;

static void verdict(const char *name, bool ok, const char *why)
{
	if (ok)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	failures += !ok;
}

static void *find(const char *name)
{
	void *f = dlsym(RTLD_DEFAULT, name);

	if (!f)
		verdict(name, false, "the C library has none");
	return f;
}

/* -------- the device -------- */

static int by_open(const char *name, const char *path)
{
	int (*f)(const char *path, int flags, ...) = find(name);

	return f ? f(path, O_RDWR) : -1;
}

static int by_openat(const char *name, const char *path)
{
	int (*f)(int at, const char *path, int flags, ...) = find(name);

	return f ? f(AT_FDCWD, path, O_RDWR) : -1;
}

static int by_open_call(const char *name, const char *path)
{
	return syscall(SYS_open, path, O_RDWR);
}

static int by_openat_call(const char *name, const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_RDWR);
}

static int by_openat2_call(const char *name, const char *path)
{
	struct how how = { .flags = O_RDWR };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static const struct {
	const char *name;
	int (*open)(const char *name, const char *path);
} openers[] = {
	{ "open", by_open },
	{ "open64", by_open },
	{ "__open_2", by_open },
	{ "__open64_2", by_open },
	{ "openat", by_openat },
	{ "openat64", by_openat },
	{ "__openat_2", by_openat },
	{ "__openat64_2", by_openat },
	{ "syscall-open", by_open_call },
	{ "syscall-openat", by_openat_call },
	{ "syscall-openat2", by_openat2_call },
};

static bool opens(int fd, dev_t want)
{
	struct stat st;
	bool ok = fd >= 0 && !fstat(fd, &st) && st.st_rdev == want;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void test_devices(void)
{
	char name[64], made[4096];
	struct stat st;
	int fd;

	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
		const char *n = openers[i].name;

		verdict(n, opens(openers[i].open(n, "/dev/fuse"), fusept),
			"not /dev/fusept");
		snprintf(name, sizeof(name), "%s-of-another", n);
		verdict(name, opens(openers[i].open(n, "/dev/null"), null),
			"not /dev/null");
	}
	/* The mode of a new file comes through. */
	umask(0);
	snprintf(made, sizeof(made), "%s/made", dir);
	fd = open(made, O_CREAT | O_EXCL | O_RDWR, 0615);
	verdict("open-mode", fd >= 0 && !fstat(fd, &st) &&
		(st.st_mode & 07777) == 0615, "the mode is lost");
	close(fd);
	unlink(made);
}

/* -------- the type -------- */

static int data_for(char *data, size_t room, int fd)
{
	return snprintf(data, room, "fd=%d,rootmode=40000,user_id=%u,group_id=%u",
			fd, getuid(), getgid());
}

static int by_mount(const char *type, int fd)
{
	int (*f)(const char *source, const char *target, const char *type,
		 unsigned long flags, const void *data) = find("mount");
	char data[128];

	data_for(data, sizeof(data), fd);
	return f ? f("here", dir, type, 0, strcmp(type, "tmpfs") ? data : NULL) : -1;
}

static int by_mount_call(const char *type, int fd)
{
	char data[128];

	data_for(data, sizeof(data), fd);
	return syscall(SYS_mount, "here", dir, type, 0, data);
}

static int finish(int fs, int fd)
{
	char data[128], *save, *key, *value;
	int mount_fd, ret;

	if (fs < 0)
		return -1;
	data_for(data, sizeof(data), fd);
	for (key = strtok_r(data, ",", &save); key; key = strtok_r(NULL, ",", &save)) {
		value = strchr(key, '=');
		*value++ = '\0';
		if (syscall(SYS_fsconfig, fs, SET_STRING, key, value, 0))
			return -1;
	}
	if (syscall(SYS_fsconfig, fs, CMD_CREATE, NULL, NULL, 0))
		return -1;
	mount_fd = syscall(SYS_fsmount, fs, 0, 0);
	close(fs);
	if (mount_fd < 0)
		return -1;
	ret = syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, dir,
		      FROM_FD_EMPTY_PATH);
	close(mount_fd);
	return ret;
}

static int by_fsopen(const char *type, int fd)
{
	int (*f)(const char *type, unsigned int flags) = find("fsopen");

	return f ? finish(f(type, 0), fd) : -1;
}

static int by_fsopen_call(const char *type, int fd)
{
	return finish(syscall(SYS_fsopen, type, 0), fd);
}

/* The type of what is mounted at DIR, without a word to its server. */
static void mounted(char *type, size_t room)
{
	char line[4096], at[1024], name[128];
	FILE *f = fopen("/proc/self/mounts", "r");

	snprintf(type, room, "nothing");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %1023s %127s", at, name) == 2 &&
		    !strcmp(at, dir))
			snprintf(type, room, "%s", name);
	if (f)
		fclose(f);
}

static void test_types(void)
{
	static const struct {
		const char *name;
		int (*mount)(const char *type, int fd);
		const char *type, *want;
	} mounts[] = {
		{ "mount", by_mount, "fuse", "fusept" },
		{ "mount-subtype", by_mount, "fuse.cup", "fusept.cup" },
		{ "mount-of-another", by_mount, "tmpfs", "tmpfs" },
		{ "syscall-mount", by_mount_call, "fuse.cup", "fusept.cup" },
		{ "fsopen", by_fsopen, "fuse", "fusept" },
		{ "syscall-fsopen", by_fsopen_call, "fuse", "fusept" },
	};
	char type[128], why[300];
	int fd, err;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		fd = open("/dev/fuse", O_RDWR);
		err = mounts[i].mount(mounts[i].type, fd) ? errno : 0;
		mounted(type, sizeof(type));
		snprintf(why, sizeof(why), "%s is mounted (%s)", type,
			 strerror(err));
		verdict(mounts[i].name, !strcmp(type, mounts[i].want), why);
		close(fd);
		umount2(dir, MNT_DETACH);
	}
}

/* -------- fusermount -------- */

static void in_child(const char *name, const char *file)
{
	char *const argv[] = { (char *)file, "-V", NULL };
	pid_t pid;

	if (!strcmp(name, "execv"))
		execv(file, argv);
	else if (!strcmp(name, "execve"))
		execve(file, argv, environ);
	else if (!strcmp(name, "execvp"))
		execvp(file, argv);
	else if (!strcmp(name, "execvpe"))
		execvpe(file, argv, environ);
	else if (!strcmp(name, "execl"))
		execl(file, file, "-V", NULL);
	else if (!strcmp(name, "execlp"))
		execlp(file, file, "-V", NULL);
	else if (!strcmp(name, "execle"))
		execle(file, file, "-V", NULL, environ);
	else if (!strcmp(name, "posix_spawn") &&
		 !posix_spawn(&pid, file, NULL, NULL, argv, environ))
		waitpid(pid, NULL, 0);
	else if (!strcmp(name, "posix_spawnp") &&
		 !posix_spawnp(&pid, file, NULL, NULL, argv, environ))
		waitpid(pid, NULL, 0);
	_exit(0);
}

static void test_programs(void)
{
	static const struct {
		const char *name, *file;
	} calls[] = {
		{ "execv", "/usr/bin/fusermount3" },
		{ "execve", "/bin/fusermount" },
		{ "execvp", "fusermount3" },
		{ "execvpe", "fusermount" },
		{ "execl", "/usr/bin/fusermount3" },
		{ "execlp", "fusermount3" },
		{ "execle", "/bin/fusermount3" },
		{ "posix_spawn", "/usr/bin/fusermount3" },
		{ "posix_spawnp", "fusermount3" },
	};
	char said[256];
	int pipes[2];
	ssize_t n;
	pid_t pid;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		fflush(stdout);
		if (pipe(pipes) || (pid = fork()) < 0)
			exit(2);
		if (!pid) {
			dup2(pipes[1], 1);
			in_child(calls[i].name, calls[i].file);
		}
		close(pipes[1]);
		n = read(pipes[0], said, sizeof(said) - 1);
		said[n < 0 ? 0 : n] = '\0';
		close(pipes[0]);
		waitpid(pid, NULL, 0);
		verdict(calls[i].name, !strncmp(said, HELPER_SAYS, strlen(HELPER_SAYS)),
			"another program answers");
	}
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc != 2 || stat("/dev/fusept", &st)) {
		fprintf(stderr, "usage: fusept-run runcalls DIR, with /dev/fusept\n");
		return 2;
	}
	dir = argv[1];
	fusept = st.st_rdev;
	stat("/dev/null", &st);
	null = st.st_rdev;
	test_devices();
	test_types();
	test_programs();
	return failures > 0;
}
