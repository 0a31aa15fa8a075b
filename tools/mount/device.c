// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "say.h"

extern char **environ;

static void load_module(void)
{
	char *argv[] = { "modprobe", FUSEPT_MODULE, NULL };
	char *paths[] = { "/sbin/modprobe", "/usr/sbin/modprobe" };
	pid_t pid;
	int status;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (posix_spawn(&pid, paths[i], NULL, NULL, argv, environ))
			continue;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return;
	}
}

static bool is_missing(int err)
{
	return err == ENOENT || err == ENXIO || err == ENODEV;
}

int device_open(enum exit_code code)
{
	struct utsname u;
	int fd = open(FUSEPT_DEVICE, O_RDWR);

	if (fd < 0 && is_missing(errno)) {
		say_more("%s is missing, loading module %s", FUSEPT_DEVICE,
			 FUSEPT_MODULE);
		load_module();
		fd = open(FUSEPT_DEVICE, O_RDWR);
	}
	if (fd < 0 && is_missing(errno)) {
		uname(&u);
		die(code,
		    "%s: %s; is module %s built for kernel %s (dkms status) and loaded (modprobe %s)?",
		    FUSEPT_DEVICE, strerror(errno), FUSEPT_MODULE, u.release,
		    FUSEPT_MODULE);
	}
	if (fd < 0)
		die(code, "%s: %s", FUSEPT_DEVICE, strerror(errno));
	return fd;
}
