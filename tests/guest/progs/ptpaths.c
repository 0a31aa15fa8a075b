// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose path a passthrough file shows: the user's, wherever the kernel can
 * tell. Kernels before 6.7 show one path of a mapped file only, and there it
 * is that of the file below.
 */
#include "ptrig.h"
#include <sys/fanotify.h>

#define LEN	65536
#define PAGE	4096

static struct rig begin(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);

	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	return rig;
}

/* What /proc/self/maps says of the mapping at @map. */
static void mapped_path(const void *map, char *path, unsigned int *dev,
			unsigned long *ino)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int major, minor;
	unsigned long from;
	char line[8192];

	CHECK(maps);
	while (fgets(line, sizeof(line), maps)) {
		path[0] = 0;
		if (sscanf(line, "%lx-%*x %*s %*x %x:%x %lu %4095[^\n]", &from,
			   &major, &minor, ino, path) < 4)
			continue;
		if (from != (unsigned long)map)
			continue;
		*dev = major << 20 | minor;
		fclose(maps);
		return;
	}
	rig_fail("no line for the mapping");
}

static void mappings(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, kind;
	char path[4096], want[4096];
	unsigned long ino;
	struct stat st;
	unsigned int dev;
	void *map;

	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	for (kind = 0; kind < 2; kind++) {
		map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   kind ? MAP_PRIVATE : MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		mapped_path(map, path, &dev, &ino);
		snprintf(want, sizeof(want), "%s/f",
			 rig_kernel_at_least(6, 7) ? mnt : lower);
		if (strcmp(path, want))
			rig_fail("mapping %d is of '%s', not '%s'", kind, path,
				 want);
		/* device and inode are of the same file as the path */
		EQ(stat(want, &st), 0);
		EQ(ino, st.st_ino);
		munmap(map, PAGE);
	}
	close(fd);
	rig_stop(&rig);
}

static void descriptors(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd;
	char link[64], path[4096], want[4096];
	struct stat up, st;
	ssize_t n;

	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	CHECK(n > 0);
	path[n] = 0;
	snprintf(want, sizeof(want), "%s/f", mnt);
	if (strcmp(path, want))
		rig_fail("the descriptor is of '%s', not '%s'", path, want);
	EQ(fstat(fd, &st), 0);
	EQ(stat(want, &up), 0);
	EQ(st.st_dev, up.st_dev);
	EQ(st.st_ino, up.st_ino);
	/* and what is open twice is the user's file, by either name */
	EQ(stat(link, &st), 0);
	EQ(st.st_dev, up.st_dev);
	close(fd);
	rig_stop(&rig);
}

/* Events of the mount above carry files of the mount above. */
static void events(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = rig_register(&rig, "f"), fd, fan, seen = 0;
	char buf[4096], link[64], path[4096], want[4096];
	struct fanotify_event_metadata *m;
	ssize_t n, len;

	fan = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
			    O_RDONLY | O_LARGEFILE);
	if (fan < 0)
		rig_skip("no fanotify here: %s", strerror(errno));
	/* what its own opens of the file are answered with */
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	EQ(fanotify_mark(fan, FAN_MARK_ADD | FAN_MARK_MOUNT,
			 FAN_ACCESS | FAN_MODIFY | FAN_CLOSE_WRITE, AT_FDCWD,
			 mnt), 0);
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, 10, 0), 10);
	EQ(pwrite(fd, buf, 10, 0), 10);
	close(fd);
	snprintf(want, sizeof(want), "%s/f", mnt);
	while ((n = read(fan, buf, sizeof(buf))) > 0) {
		m = (struct fanotify_event_metadata *)buf;
		for (; FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
			CHECK(m->fd >= 0);
			snprintf(link, sizeof(link), "/proc/self/fd/%d", m->fd);
			len = readlink(link, path, sizeof(path) - 1);
			CHECK(len > 0);
			path[len] = 0;
			if (strcmp(path, want))
				rig_fail("an event names '%s', not '%s'", path,
					 want);
			seen |= m->mask & (FAN_ACCESS | FAN_MODIFY | FAN_CLOSE_WRITE);
			close(m->fd);
		}
	}
	EQ(seen, FAN_ACCESS | FAN_MODIFY | FAN_CLOSE_WRITE);
	close(fan);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "mappings", mappings },
	{ "descriptors", descriptors },
	{ "events", events },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
