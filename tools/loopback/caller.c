// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caller.h"

/* This thread's umask is its own (1), is to become it (0), or cannot be (-1). */
static __thread int own_umask;
static __thread mode_t current_umask;

static gid_t server_gid;

/*
 * With CAP_SYS_RESOURCE in effect the file system below would let every caller
 * write past a quota.
 */
static void respect_quotas(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, caps))
		return;
	caps[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective &=
		~CAP_TO_MASK(CAP_SYS_RESOURCE);
	if (syscall(SYS_capset, &head, caps))
		fuse_log(FUSE_LOG_WARNING,
			 "fusept-loopback: cannot give up CAP_SYS_RESOURCE: quotas of the source do not bind the callers\n");
}

void caller_init(struct loopback *lo)
{
	int bits;

	umask(0);
	server_gid = getegid();
	if (geteuid() != 0)
		return;
	/*
	 * Changing to another file system user must not cost capabilities:
	 * threads inherit this. A server that may not say so (a container
	 * without CAP_SETPCAP) would be refused what the caller is allowed.
	 */
	bits = prctl(PR_GET_SECUREBITS);
	if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP)) {
		fuse_log(FUSE_LOG_WARNING,
			 "fusept-loopback: CAP_SETPCAP is missing: new files will belong to the server, not to the caller\n");
		return;
	}
	lo->as_caller = true;
	respect_quotas();
}

static void enter_umask(mode_t mask)
{
	bool first = !own_umask;

	/* Until now the umask was that of the thread that started this one. */
	if (first)
		own_umask = unshare(CLONE_FS) ? -1 : 1;
	if (own_umask > 0 && (first || mask != current_umask)) {
		umask(mask);
		current_umask = mask;
	}
}

int caller_enter(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	enter_umask(ctx->umask & 0777);
	if (!loopback_of(req)->as_caller)
		return 0;
	if (ctx->gid != server_gid) {
		setfsgid(ctx->gid);
		if ((gid_t)setfsgid(-1) != ctx->gid) {
			caller_leave(req);
			return EOVERFLOW;
		}
	}
	if (ctx->uid) {
		setfsuid(ctx->uid);
		if ((uid_t)setfsuid(-1) != ctx->uid) {
			caller_leave(req);
			return EOVERFLOW;
		}
	}
	return 0;
}

void caller_leave(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	int err = errno;

	if (loopback_of(req)->as_caller) {
		if (ctx->uid)
			setfsuid(0);
		if (ctx->gid != server_gid)
			setfsgid(server_gid);
	}
	errno = err;
}

mode_t caller_mode(fuse_req_t req, mode_t mode)
{
	return own_umask < 0 ? mode & ~fuse_req_ctx(req)->umask : mode;
}

bool caller_in_group(fuse_req_t req, gid_t gid)
{
	gid_t *list = NULL;
	int n, room = 64;
	bool found = fuse_req_ctx(req)->gid == gid;

	while (!found) {
		gid_t *more = realloc(list, room * sizeof(*list));

		if (!more)
			break;
		list = more;
		n = fuse_req_getgroups(req, room, list);
		if (n > room) {
			room = n;
			continue;
		}
		for (int i = 0; i < n && !found; i++)
			found = list[i] == gid;
		break;
	}
	free(list);
	return found;
}

/* In a user namespace of its own a process has capabilities over that only. */
static bool in_our_userns(pid_t pid)
{
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return !stat(path, &theirs) && !stat("/proc/self/ns/user", &ours) &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* The caller waits for our answer: the process of that id is no other. */
bool caller_is_admin(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	unsigned long long caps = 0;
	char text[128];
	FILE *f;

	if (!ctx->uid)
		return true;
	if (!ctx->pid || !in_our_userns(ctx->pid))
		return false;
	snprintf(text, sizeof(text), "/proc/%d/status", ctx->pid);
	f = fopen(text, "re");
	if (!f)
		return false;
	while (fgets(text, sizeof(text), f))
		if (sscanf(text, "CapEff: %llx", &caps) == 1)
			break;
	fclose(f);
	return caps >> CAP_SYS_ADMIN & 1;
}
