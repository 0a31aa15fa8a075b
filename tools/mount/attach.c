// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mount is made detached: nobody can look into it before its server
 * answers, and a server that fails leaves nothing to unmount. Kernels (or
 * sandboxes) without fsopen(2) get mount(2), and so does an option that is too
 * long for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#include "attach.h"
#include "device.h"
#include "say.h"

static const struct {
	unsigned long ms;
	unsigned int attr;
} mount_flags[] = {
	{ MS_RDONLY, MOUNT_ATTR_RDONLY },
	{ MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ MS_NODEV, MOUNT_ATTR_NODEV },
	{ MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ MS_NOATIME, MOUNT_ATTR_NOATIME },
	{ MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },
	{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
};

static const struct {
	unsigned long ms;
	const char *name;
} super_flags[] = {
	{ MS_RDONLY, "ro" },
	{ MS_SYNCHRONOUS, "sync" },
	{ MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" },
	{ MS_LAZYTIME, "lazytime" },
};

#define VALUE_MAX	255	/* bytes that fsconfig(2) takes */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void attach_target(struct attachment *a, const char *dir,
		   struct mount_options *o)
{
	struct stat st;
	char mode[24];

	a->dir = dir;
	a->mount_fd = -1;
	a->visible = false;
	a->elsewhere = false;
	a->dir_fd = open(dir, O_PATH | O_CLOEXEC);
	if (a->dir_fd < 0 || fstat(a->dir_fd, &st))
		die(EX_USAGE_, "mount point %s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		die(EX_USAGE_, "mount point %s is neither a directory nor a regular file", dir);
	snprintf(mode, sizeof(mode), "%o", (unsigned int)(st.st_mode & S_IFMT));
	options_set_kernel(o, "rootmode", mode);
}

/* What the kernel has to say about the last call on @fs, on our stderr. */
static bool tell_log(int fs)
{
	char line[1024];
	ssize_t n;
	bool said = false;

	while ((n = read(fs, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		while (n && line[n - 1] == '\n')
			line[--n] = '\0';
		/* "e text", "w text" or "i text" */
		if (line[0] && line[1] == ' ') {
			if (line[0] == 'i' && !say_verbose)
				continue;
			said |= line[0] == 'e';
			say("kernel: %s", line + 2);
		}
	}
	return said;
}

static void config(int fs, unsigned int cmd, const char *name, const char *value)
{
	int err;

	if (!fsconfig(fs, cmd, name, value, 0))
		return;
	err = errno;
	tell_log(fs);
	die(EX_MOUNT, "kernel refuses option %s%s%s: %s", name,
	    value ? "=" : "", value ? value : "", strerror(err));
}

static const char *type_of(const struct mount_options *o)
{
	return o->type ? o->type : FUSEPT_TYPE;
}

static int create_detached(const char *source, const struct mount_options *o)
{
	unsigned int attr = 0;
	int fs, fd, err;

	fs = fsopen(type_of(o), FSOPEN_CLOEXEC);
	if (fs < 0) {
		if (errno == ENOSYS)
			return -1;
		if (errno == ENODEV)
			die(EX_MOUNT, "file system type %s is not known to the kernel; is module %s loaded?",
			    type_of(o), FUSEPT_MODULE);
		die(EX_MOUNT, "cannot create a %s file system: %s",
		    type_of(o), strerror(errno));
	}
	config(fs, FSCONFIG_SET_STRING, "source", source);
	if (o->subtype)
		config(fs, FSCONFIG_SET_STRING, "subtype", o->subtype);
	for (size_t i = 0; i < o->nr_kernel; i++)
		config(fs, o->kernel[i].value ? FSCONFIG_SET_STRING :
		       FSCONFIG_SET_FLAG, o->kernel[i].name,
		       o->kernel[i].value);
	for (size_t i = 0; i < COUNT(super_flags); i++)
		if (o->flags & super_flags[i].ms)
			config(fs, FSCONFIG_SET_FLAG, super_flags[i].name, NULL);
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		err = errno;
		tell_log(fs);
		die(EX_MOUNT, "mount of %s failed: %s", source, strerror(err));
	}
	tell_log(fs);
	for (size_t i = 0; i < COUNT(mount_flags); i++)
		if (o->flags & mount_flags[i].ms)
			attr |= mount_flags[i].attr;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, attr);
	if (fd < 0)
		die(EX_MOUNT, "mount of %s failed: %s", source, strerror(errno));
	close(fs);
	return fd;
}

/* An option's text in the comma-separated data of mount(2). */
static void add_data(char **data, const char *name, const char *value)
{
	char *more;

	if (asprintf(&more, "%s%s%s%s%s", *data ? *data : "",
		     *data ? "," : "", name, value ? "=" : "",
		     value ? value : "") < 0)
		die(EX_SYSTEM, "out of memory");
	free(*data);
	*data = more;
}

/* The option whose value fsconfig(2) does not take, or NULL. */
static const char *too_long(const char *source, const struct mount_options *o)
{
	if (strlen(source) > VALUE_MAX)
		return "source (fsname=)";
	if (o->subtype && strlen(o->subtype) > VALUE_MAX)
		return "subtype";
	for (size_t i = 0; i < o->nr_kernel; i++)
		if (o->kernel[i].value &&
		    strlen(o->kernel[i].value) > VALUE_MAX)
			return o->kernel[i].name;
	return NULL;
}

/*
 * Where a mount is that is visible before it is served: it must go when this
 * process ends. Not when a child of it does.
 */
static const char *early;
static pid_t early_owner;

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

static void hold_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(ending); i++)
		sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* Take the mount away, if there is one. Return: false with errno if it stays. */
static bool undo_early(void)
{
	bool gone = true;
	sigset_t old;
	int err;

	hold_signals(&old);
	if (early && early_owner == getpid())
		gone = !umount2(early, MNT_DETACH);
	err = errno;
	early = NULL;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return gone;
}

static void undo_at_exit(void)
{
	undo_early();
}

static void undo_and_end(int sig)
{
	undo_early();
	/* The action is the default one again, once we are back. */
	raise(sig);
}

/* mount(2) on @target, which is @dir. Return: false with errno. */
static bool mount_early(const char *source, const char *target, const char *type,
			unsigned long flags, const char *data, const char *dir)
{
	struct sigaction sa = { .sa_handler = undo_and_end, .sa_flags = SA_RESETHAND };
	struct sigaction was;
	sigset_t old;
	bool done;
	int err;

	early_owner = getpid();
	atexit(undo_at_exit);
	hold_signals(&old);
	for (size_t i = 0; i < COUNT(ending); i++)
		if (!sigaction(ending[i], NULL, &was) && was.sa_handler == SIG_DFL)
			sigaction(ending[i], &sa, NULL);
	done = !mount(source, target, type, flags, data);
	err = errno;
	if (done)
		early = dir;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return done;
}

/* @long_one: the option that is the reason to, or NULL. */
static void mount_directly(struct attachment *a, const char *source,
			   const struct mount_options *o, const char *long_one)
{
	char *data = NULL, *type = NULL, target[64], why[128] = "";

	if (long_one) {
		snprintf(why, sizeof(why), "; its %s is longer than %d bytes, which needs mount(2)",
			 long_one, VALUE_MAX);
		say_more("mount of %s%s", source, why);
	}
	if (a->elsewhere)
		die(EX_MOUNT, "mount of %s on %s failed: another mount namespace needs fsopen(2)%s",
		    source, a->dir, why);
	for (size_t i = 0; i < o->nr_kernel; i++) {
		if (o->kernel[i].value && strchr(o->kernel[i].value, ','))
			die(EX_USAGE_, "mount(2) takes no comma in option %s=%s",
			    o->kernel[i].name, o->kernel[i].value);
		add_data(&data, o->kernel[i].name, o->kernel[i].value);
	}
	/* The kernel would cut it off without a word. */
	if (data && strlen(data) >= (size_t)sysconf(_SC_PAGESIZE))
		die(EX_MOUNT, "mount of %s on %s failed: its options are longer than a page",
		    source, a->dir);
	if (asprintf(&type, "%s%s%s", type_of(o), o->subtype ? "." : "",
		     o->subtype ? o->subtype : "") < 0)
		die(EX_SYSTEM, "out of memory");
	snprintf(target, sizeof(target), "/proc/self/fd/%d", a->dir_fd);
	if (!mount_early(source, target, type, o->flags, data, a->dir))
		die(EX_MOUNT, "mount of %s on %s failed: %s%s", source, a->dir,
		    strerror(errno), why);
	free(data);
	free(type);
	a->visible = true;
	/* The O_PATH descriptor names what is below; the path, the new root. */
	a->mount_fd = open(a->dir, O_PATH | O_CLOEXEC);
	if (a->mount_fd < 0)
		die(EX_MOUNT, "mount of %s on %s failed: %s", source, a->dir,
		    strerror(errno));
}

void attach_create(struct attachment *a, const char *source, int dev_fd,
		   struct mount_options *o)
{
	const char *long_one = too_long(source, o);
	char number[16];

	snprintf(number, sizeof(number), "%d", dev_fd);
	options_set_kernel(o, "fd", number);
	a->mount_fd = long_one ? -1 : create_detached(source, o);
	if (a->mount_fd < 0)
		mount_directly(a, source, o, long_one);
}

void attach_show(struct attachment *a)
{
	early = NULL;
	if (a->visible)
		return;
	if (move_mount(a->mount_fd, "", a->dir_fd, "", MOVE_MOUNT_F_EMPTY_PATH |
		       MOVE_MOUNT_T_EMPTY_PATH))
		die(EX_MOUNT, "cannot mount on %s: %s", a->dir, strerror(errno));
	a->visible = true;
}

void attach_drop(struct attachment *a)
{
	if (a->mount_fd >= 0)
		close(a->mount_fd);
	a->mount_fd = -1;
	if (a->visible && (early ? !undo_early() : umount2(a->dir, MNT_DETACH)))
		say("cannot unmount %s: %s", a->dir, strerror(errno));
	a->visible = false;
}
