// SPDX-License-Identifier: GPL-2.0-only
/*
 * What limits in the control file system do to what a server is sent.
 *
 *	rawctl DIR SCENE
 *	rawctl -l
 */
#include <sys/sysmacros.h>
#include "rawfile.h"

#define PAGE	4096
#define AHEAD	12	/* pages, of a READ each */

static void set_limit(int fd, const char *name, unsigned int value)
{
	char path[128];
	struct stat st;
	FILE *f;

	if (fstat(fd, &st))
		raw_die(rig_path);
	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/%s",
		 minor(st.st_dev), name);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%u\n", value) < 0 || fclose(f))
		raw_die(path);
}

/* What was there to be read before this has been read, once it is answered. */
static void rig_read_all(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_SIZE, &st))
		raw_die("statx");
}

/* -------- asynchronous requests at a time -------- */

/* So many READs came, and who sends them waits for room. */
static void sent(const char *name, int fd, pid_t sender, uint32_t want)
{
	int tries;

	for (tries = 0; tries < 4 && !rig_came(FUSE_READ, want); tries++)
		;
	if (!raw_sleeps_in(sender, SYS_readahead))
		rig_check(false, name, "it does not wait");
	rig_read_all(fd);
	rig_equal(name, want, rig->count[FUSE_READ]);
}

static void answer_held(int fd, uint32_t nr)
{
	rig->let = nr;
	while (rig->let)
		usleep(1000);
	/* the last one, too */
	rig_read_all(fd);
}

static void background(void)
{
	pid_t pid;
	int fd;

	rig_fill(AHEAD * PAGE, 1);
	fd = rig_open(O_RDONLY);
	set_limit(fd, "max_background", 2);
	rig->hold[FUSE_READ] = true;
	pid = fork();
	if (!pid)
		_exit(readahead(fd, 0, AHEAD * PAGE) ? 1 : 0);
	sent("limit-2", fd, pid, 2);
	set_limit(fd, "max_background", 5);
	sent("more-at-once", fd, pid, 5);

	/* Four are answered, and the one that is left is as many as may be. */
	set_limit(fd, "max_background", 1);
	answer_held(fd, 4);
	sent("fewer", fd, pid, 5);
	answer_held(fd, 1);
	sent("one-for-one", fd, pid, 6);

	set_limit(fd, "max_background", AHEAD);
	rig->hold[FUSE_READ] = false;
	rig_equal("ends", 0, rig_ended(pid, 20));
	rig_read_all(fd);
	rig_equal("all", AHEAD, rig->count[FUSE_READ]);
}

/* -------- pure read-ahead -------- */

/*
 * The first pages of a file are read one by one: READs that this takes. The first
 * brings more than its page, and the page behind is where what follows them is
 * asked for, for nobody yet.
 */
static uint32_t read_begin(void)
{
	uint32_t before = rig->count[FUSE_READ];
	int fd = rig_open(O_RDONLY), page;
	char data[PAGE];

	for (page = 0; page < 3; page++)
		if (pread(fd, data, PAGE, page * PAGE) != PAGE)
			raw_die("read");
	rig_read_all(fd);
	return rig->count[FUSE_READ] - before;
}

static void congestion(void)
{
	int fd;

	rig_fill(64 * PAGE, 1);
	fd = rig_open(O_RDONLY);
	/* One asynchronous request that is not answered. */
	rig->hold[FUSE_RELEASE] = true;
	close(rig_open(O_RDONLY));
	if (!rig_came(FUSE_RELEASE, 1))
		rig_check(false, "release", "none came");

	set_limit(fd, "congestion_threshold", 2);
	rig_equal("not-yet", 2, read_begin());
	set_limit(fd, "congestion_threshold", 1);
	rig_equal("holds-back", 1, read_begin());
	set_limit(fd, "congestion_threshold", 2);
	rig_equal("not-any-more", 2, read_begin());
	rig->hold[FUSE_RELEASE] = false;
}

static const struct rig_scene scenes[] = {
	{ "background", background, .init_flags = FUSE_ASYNC_READ, .max_pages = 1 },
	{ "congestion", congestion, .init_flags = FUSE_ASYNC_READ },
};

int main(int argc, char **argv)
{
	return rig_scenes(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]));
}
