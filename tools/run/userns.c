// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../mount/say.h"
#include "userns.h"

typedef struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

static struct __user_cap_header_struct header = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};

bool userns_may_mount(void)
{
	caps c;

	if (syscall(SYS_capget, &header, c))
		return false;
	return c[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &
	       CAP_TO_MASK(CAP_SYS_ADMIN);
}

static void put(enum exit_code code, const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (n != (ssize_t)strlen(text))
		die(code, "%s: %s", file, strerror(errno));
	close(fd);
}

/* exec keeps only ambient capabilities of a user who is not root. */
static void keep_right(enum exit_code code)
{
	caps c;

	if (syscall(SYS_capget, &header, c))
		die(code, "capget: %s", strerror(errno));
	c[CAP_TO_INDEX(CAP_SYS_ADMIN)].inheritable |= CAP_TO_MASK(CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &header, c) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0))
		die(code, "the right to mount cannot be kept: %s",
		    strerror(errno));
}

void userns_enter(enum exit_code code)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		die(code, "you may not mount here, and get no user namespace to mount in: %s; run it as root, or have sysctl user.max_user_namespaces and the security modules allow one",
		    strerror(errno));
	snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	put(code, "/proc/self/uid_map", map);
	put(code, "/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	put(code, "/proc/self/gid_map", map);
	keep_right(code);
}
