// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook of security modules for access to a file's data, as a probe of the
 * kernel sees it: in every call it fires once for each file that takes part, ours
 * and the one below, and for no other.
 */
#include "ptrig.h"
#include <linux/fuse_pt.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/pthooks"
#define EVENT		INSTANCE "/events/pthooks/permission"
#define FILES		8	/* that one call may concern, and more */
#define LEN		(1 << 20)
#define PAGE		4096

static void tell(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);

	if (fd < 0)
		rig_fail("%s: %s", path, strerror(errno));
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		rig_fail("%s: '%s': %s", path, text, strerror(errno));
	close(fd);
}

/* Also of a test that failed; then there may be none. */
static void probe_end(void)
{
	static const char remove[] = "-:pthooks/permission\n";
	int fd = open(TRACING "/kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);

	rmdir(INSTANCE);
	if (fd < 0)
		return;
	if (write(fd, remove, strlen(remove)) < 0 && errno != ENOENT)
		rig_fail("removing the probe: %s", strerror(errno));
	close(fd);
}

static void probe_start(void)
{
	char pid[16];

	probe_end();
	if (access(TRACING "/kprobe_events", W_OK))
		rig_skip("no events of kprobes here");
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		rig_skip("no instances of tracefs here: %s", strerror(errno));
	tell(TRACING "/kprobe_events", O_APPEND,
	     "p:pthooks/permission security_file_permission file=$arg1:x64\n");
	snprintf(pid, sizeof(pid), "%d", getpid());
	tell(INSTANCE "/set_event_pid", O_TRUNC, pid);
}

/* How often it fired for each file since it was switched on. */
static int probe_read(unsigned int count[FILES])
{
	uint64_t file[FILES], seen;
	FILE *f = fopen(INSTANCE "/trace", "re");
	char line[512], *at;
	int n = 0, i;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, " file=");
		if (!at)
			continue;
		seen = strtoull(at + strlen(" file="), NULL, 16);
		for (i = 0; i < n && file[i] != seen; i++)
			;
		if (i == n) {
			CHECK(n < FILES);
			file[n] = seen;
			count[n++] = 0;
		}
		count[i]++;
	}
	fclose(f);
	return n;
}

/* In @call it fires for @files files, once each. */
#define ONCE_EACH(call, want, files) \
	do { \
		unsigned int count_[FILES]; \
		int n_, i_; \
		tell(INSTANCE "/trace", O_TRUNC, "\n"); \
		tell(EVENT "/enable", 0, "1"); \
		n_ = (call) == (want); \
		tell(EVENT "/enable", 0, "0"); \
		if (!n_) \
			rig_fail("line %d: %s: %s", __LINE__, #call, \
				 strerror(errno)); \
		n_ = probe_read(count_); \
		for (i_ = 0; i_ < n_; i_++) \
			if (count_[i_] != 1) \
				rig_fail("line %d: %s: %u times for one file", \
					 __LINE__, #call, count_[i_]); \
		if (n_ != (files)) \
			rig_fail("line %d: %s: for %d files, not %d", \
				 __LINE__, #call, n_, files); \
	} while (0)

/* tell() writes, too: that is for the file of the switch. */
#define SWITCH	1

/* Copies are made below, without the server. */
static int up(struct rig *rig, const char *name)
{
	return rig_up_letting(rig, name, O_RDWR, FUSE_PT_BACKING_COPY,
			      FOPEN_PASSTHROUGH);
}

static void splices(int fd, int out, int p[2])
{
	loff_t at, to;

	/* a pipe is not asked about */
	at = 0;
	ONCE_EACH(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE, 2 + SWITCH);
	at = 0;
	ONCE_EACH(splice(p[0], NULL, fd, &at, PAGE, 0), PAGE, 2 + SWITCH);
	at = 0;
	ONCE_EACH(sendfile(out, fd, &at, PAGE), PAGE, 4 + SWITCH);
	at = 0;
	to = PAGE;
	ONCE_EACH(copy_file_range(fd, &at, out, &to, PAGE, 0), PAGE, 4 + SWITCH);
}

static void hooks(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	static char buf[PAGE];
	struct iovec iov[2] = { { buf, 100 }, { buf, 200 } };
	int fd, out, p[2];

	if (rig_type(lower) == OVERLAYFS_SUPER_MAGIC)
		rig_skip("it asks about the files below itself, too");
	probe_start();
	rig_make(&rig, "g", LEN, 2);
	fd = up(&rig, "f");
	out = up(&rig, "g");
	EQ(pipe(p), 0);

	ONCE_EACH(pread(fd, buf, PAGE, 0), PAGE, 2 + SWITCH);
	ONCE_EACH(preadv(fd, iov, 2, 0), 300, 2 + SWITCH);
	ONCE_EACH(pwrite(fd, buf, PAGE, 0), PAGE, 2 + SWITCH);
	ONCE_EACH(pwritev(fd, iov, 2, 0), 300, 2 + SWITCH);
	/* Before, splice() to a file and sendfile() ask twice on any file system. */
	if (rig_kernel_at_least(6, 8))
		splices(fd, out, p);

	close(p[0]);
	close(p[1]);
	close(out);
	close(fd);
	probe_end();
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	EQ(SAID(&rig, asked[FUSE_WRITE]), 0);
	EQ(SAID(&rig, asked[FUSE_COPY_FILE_RANGE]), 0);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "hooks", hooks },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
