/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A probe of one function of the kernel that is called for a file: how often was
 * it, in a call of this process, and for which files?
 */
#ifndef PTPROBE_H
#define PTPROBE_H

#include "ptrig.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/ptprobe"
#define EVENT		INSTANCE "/events/ptprobe/call"
#define FILES		8	/* that one call may concern, and more */

static inline void tell(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);

	if (fd < 0)
		rig_fail("%s: %s", path, strerror(errno));
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		rig_fail("%s: '%s': %s", path, text, strerror(errno));
	close(fd);
}

/* Also of a test that failed; then there may be none. */
static inline void probe_end(void)
{
	static const char remove[] = "-:ptprobe/call\n";
	int fd = open(TRACING "/kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);

	rmdir(INSTANCE);
	if (fd < 0)
		return;
	if (write(fd, remove, strlen(remove)) < 0 && errno != ENOENT)
		rig_fail("removing the probe: %s", strerror(errno));
	close(fd);
}

/* Of calls of @symbol, whose @arg-th argument is the file. */
static inline void probe_start(const char *symbol, int arg)
{
	char probe[128], mine[32];

	probe_end();
	if (access(TRACING "/kprobe_events", W_OK))
		rig_skip("no events of kprobes here");
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		rig_skip("no instances of tracefs here: %s", strerror(errno));
	snprintf(probe, sizeof(probe), "p:ptprobe/call %s file=$arg%d:x64\n",
		 symbol, arg);
	tell(TRACING "/kprobe_events", O_APPEND, probe);
	/*
	 * Code that two processors run is changed as seldom as can be, which is much
	 * for an emulator: once, and not for set_event_pid, of the scheduler's.
	 */
	snprintf(mine, sizeof(mine), "common_pid == %d", getpid());
	tell(EVENT "/filter", 0, mine);
	tell(INSTANCE "/tracing_on", 0, "0");
	tell(EVENT "/enable", 0, "1");
}

/* How often it fired for each file since tracing was switched on. */
static inline int probe_read(unsigned int count[FILES])
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
		tell(INSTANCE "/tracing_on", 0, "1"); \
		n_ = (call) == (want); \
		tell(INSTANCE "/tracing_on", 0, "0"); \
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

#endif
