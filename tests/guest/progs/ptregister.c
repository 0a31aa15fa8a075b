// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registering a backing file: who may, of which file, and how many.
 *
 * LOWER is the root of a file system of its own.
 */
#include "ptrig.h"
#include <sched.h>

#define LEN	(1 << 20)
#define PAGE	4096

static void registering(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int fd = open(LOWER(&rig, "f"), O_RDWR), other, id, p[2];

	FAILS(rig_ioc_open(&rig, fd, 0, 1), EINVAL);
	FAILS(rig_ioc_open(&rig, fd, 0, 1ull << 63), EINVAL);
	FAILS(rig_ioc_open(&rig, fd, 1u << 31, 0), EINVAL);
	FAILS(rig_ioc_open(&rig, -1, 0, 0), EBADF);
	FAILS(rig_ioc_open(&rig, 999, 0, 0), EBADF);
	other = open(lower, O_RDONLY | O_DIRECTORY);
	FAILS(rig_ioc_open(&rig, other, 0, 0), EISDIR);
	close(other);
	other = open("/dev/zero", O_RDWR);
	FAILS(rig_ioc_open(&rig, other, 0, 0), EINVAL);
	close(other);
	EQ(pipe(p), 0);
	FAILS(rig_ioc_open(&rig, p[0], 0, 0), EINVAL);
	FAILS(rig_ioc_open(&rig, rig.dev, 0, 0), EINVAL);
	FAILS(ioctl(rig.dev, FUSE_DEV_IOC_BACKING_OPEN, (void *)8), EFAULT);

	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	FAILS(rig_ioc_close(&rig, 0), EINVAL);
	FAILS(rig_ioc_close(&rig, -1), EINVAL);
	FAILS(rig_ioc_close(&rig, id + 1), ENOENT);
	EQ(rig_ioc_close(&rig, id), 0);
	FAILS(rig_ioc_close(&rig, id), ENOENT);

	/* a path alone will do: opens get what they need from it */
	other = open(LOWER(&rig, "f"), O_PATH);
	id = rig_ioc_open(&rig, other, 0, 0);
	CHECK(id > 0);
	close(other);
	other = rig_up(&rig, O_RDWR, id);
	CHECK(other >= 0);
	EQ(pwrite(other, "x", 1, 0), 1);
	close(other);
	close(fd);
	rig_stop(&rig);
}

/* What only the file's own operations can map. */
static void huge_pages(const char *lower, const char *mnt)
{
	int fd = memfd_create("huge", MFD_HUGETLB | MFD_CLOEXEC);
	struct rig rig;

	if (fd < 0)
		rig_skip("no huge pages here: %s", strerror(errno));
	rig = rig_new(lower, mnt);
	rig_start(&rig);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EOPNOTSUPP);
	close(fd);
	rig_stop(&rig);
}

static void capability(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int fd = open(LOWER(&rig, "f"), O_RDWR), id, status;
	pid_t pid;

	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	rig_drop_cap(CAP_SYS_ADMIN, true);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
	FAILS(rig_ioc_close(&rig, id), EPERM);
	rig_drop_cap(CAP_SYS_ADMIN, false);

	/* being root in a user namespace is not it */
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(RIG_SKIP);
		FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
		FAILS(rig_ioc_close(&rig, id), EPERM);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	CHECK(status == 0 || WEXITSTATUS(status) == RIG_SKIP);
	EQ(rig_ioc_close(&rig, id), 0);
	close(fd);
	rig_stop(&rig);
}

static void loops(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int fd = rig_open_as(&rig, "f", O_RDWR, 0, 0);

	CHECK(fd >= 0);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
	close(fd);
	fd = open(UPPER(&rig, "f"), O_PATH);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
	close(fd);
	rig_stop(&rig);
}

/* A stacked file system below: as deep as was agreed, and no deeper. */
static void depth(const char *lower, const char *mnt)
{
	const char *top = rig_scratch(mnt);
	struct rig rig = rig_new(lower, mnt);
	unsigned char buf[PAGE];
	char opts[16384];
	int fd, id, deep;

	rig_make(&rig, "f", LEN, 1);
	EQ(mkdir(LOWER(&rig, "l"), 0755) && errno != EEXIST, 0);
	EQ(mkdir(LOWER(&rig, "u"), 0755) && errno != EEXIST, 0);
	EQ(mkdir(LOWER(&rig, "w"), 0755) && errno != EEXIST, 0);
	snprintf(opts, sizeof(opts), "lowerdir=%s,upperdir=%s,workdir=%s",
		 LOWER(&rig, "l"), LOWER(&rig, "u"), LOWER(&rig, "w"));
	if (mount("overlay", top, "overlay", 0, opts))
		rig_skip("no overlay here: %s", strerror(errno));

	for (deep = 1; deep <= 2; deep++) {
		rig = rig_new(lower, mnt);
		rig.said->depth = deep;
		rig_start(&rig);
		fd = open(rig_at(top, "f"), O_RDWR | O_CREAT, 0644);
		CHECK(fd >= 0);
		EQ(pwrite(fd, "overlay", 7, 0), 7);
		if (deep == 1) {
			FAILS(rig_ioc_open(&rig, fd, 0, 0), ELOOP);
			close(fd);
			rig_stop(&rig);
			continue;
		}
		id = rig_ioc_open(&rig, fd, 0, 0);
		CHECK(id > 0);
		close(fd);
		fd = rig_up(&rig, O_RDWR, id);
		CHECK(fd >= 0);
		EQ(pread(fd, buf, 7, 0), 7);
		CHECK(!memcmp(buf, "overlay", 7));
		EQ(pwrite(fd, "O", 1, 0), 1);
		EQ(pread(fd, buf, 7, 0), 7);
		EQ(buf[0], 'O');
		close(fd);
		rig_stop(&rig);
	}
	EQ(umount(top), 0);
	EQ(rmdir(top), 0);
}

/* A server that wants to stack deeper than the kernel does gets nothing. */
static void too_deep(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int fd;

	rig.said->depth = 3;
	rig_start(&rig);
	rig_make(&rig, "f", LEN, 1);
	fd = open(LOWER(&rig, "f"), O_RDWR);
	FAILS(rig_ioc_open(&rig, fd, 0, 0), EPERM);
	close(fd);
	rig_stop(&rig);
}

static void many_ids(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int fd = open(LOWER(&rig, "f"), O_RDWR), i, id, last = 0, *ids;

	ids = calloc(20000, sizeof(*ids));
	for (i = 0; i < 20000; i++) {
		ids[i] = rig_ioc_open(&rig, fd, 0, 0);
		CHECK(ids[i] > last);
		last = ids[i];
	}
	for (i = 0; i < 20000; i += 2)
		EQ(rig_ioc_close(&rig, ids[i]), 0);
	/* an id that was just closed is not given out at once */
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > last);
	close(fd);
	fd = rig_up(&rig, O_RDWR, ids[1]);
	CHECK(fd >= 0);
	close(fd);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "registering", registering },
	{ "huge-pages", huge_pages },
	{ "capability", capability },
	{ "loops", loops },
	{ "depth", depth },
	{ "too-deep", too_deep },
	{ "many-ids", many_ids },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
