// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a binding ends: by the server's word, with the inode or the connection, and
 * not with a name; that what was open goes on behind it, and that opens find their
 * file beside bindings that come and go.
 *
 *	ptunbind LOWER MNT [TEST ...]
 */
#include "ptbound.h"

static void unbound(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int id = rig_register(&rig, "a");
	int fd = open_a(&rig, O_RDWR), other;

	EQ(unbind(&rig, RIG_FIRST), 0);
	FAILS(unbind(&rig, RIG_FIRST), ENOENT);
	reads(fd, SOME, SEED);
	untold(&rig);

	/* The old open is in passthrough: so are new ones. */
	FAILS(rig_open_as(&rig, "a", O_RDONLY, 0, 0), EIO);
	other = rig_open_as(&rig, "a", O_RDONLY, FOPEN_PASSTHROUGH, id);
	CHECK(other >= 0);
	EQ(asked(&rig, FUSE_OPEN), 2);
	close(other);
	close(fd);
	fd = rig_open_as(&rig, "a", O_RDONLY, 0, 0);
	CHECK(fd >= 0);
	reads(fd, SOME, SEED);
	CHECK(asked(&rig, FUSE_READ) >= 1);
	close(fd);
	rig_stop(&rig);
}

static void forgotten(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	struct stat st;
	int id, fd;

	/* Evicted: the binding went along. */
	close(open_a(&rig, O_RDONLY));
	untold(&rig);
	id = rig_register(&rig, "a");
	drop_caches();
	SOON(unbind(&rig, RIG_FIRST) == -1 && errno == ENOENT);
	fd = rig_open_as(&rig, "a", O_RDONLY, FOPEN_PASSTHROUGH, id);
	CHECK(fd >= 0);
	EQ(asked(&rig, FUSE_OPEN), 1);
	/* It may be bound again. */
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	close(fd);
	close(open_a(&rig, O_RDONLY));
	EQ(asked(&rig, FUSE_OPEN), 1);

	/* What waits for an inode that does not come goes with the FORGET. */
	EQ(bind_as(&rig, RIG_FIRST + 1, id, 0), 0);
	SAY(&rig, bad_entry, 1);
	FAILS(stat(UPPER(&rig, "nonsense"), &st), EIO);
	SOON(unbind(&rig, RIG_FIRST + 1) == -1 && errno == ENOENT);
	rig_stop(&rig);
}

static void names(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd;

	fd = open_a(&rig, O_RDWR);
	EQ(link(UPPER(&rig, "a"), UPPER(&rig, "a2")), 0);
	close(open(UPPER(&rig, "a2"), O_RDONLY));
	EQ(unlink(UPPER(&rig, "a")), 0);
	EQ(unlink(UPPER(&rig, "a2")), 0);
	reads(fd, SOME, SEED);
	EQ(pwrite(fd, "x", 1, SOME), 1);
	EQ(lseek(fd, 0, SEEK_END), SOME + 1);
	close(fd);
	SOON(unbind(&rig, RIG_FIRST) == -1 && errno == ENOENT);
	rig_stop(&rig);
	untold(&rig);
}

/* A file system of its own below, that is to be free at the end. */
static void aborted(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st;
	int root, fd, id;

	if (mkdir(LOWER(&rig, "sub"), 0755))
		EQ(errno, EEXIST);
	EQ(mount("ptunbind", LOWER(&rig, "sub"), "tmpfs", 0, NULL), 0);
	rig_make(&rig, "sub/x", SOME, SEED);
	rig_make(&rig, "a", SOME, SEED);
	rig_start(&rig);
	id = rig_register(&rig, "sub/x");
	EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
	EQ(bind_as(&rig, RIG_FIRST + 1, id, 0), 0);
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	fd = open_a(&rig, O_RDONLY);
	root = open(mnt, O_RDONLY | O_DIRECTORY);
	CHECK(root >= 0);

	FAILS(umount2(LOWER(&rig, "sub"), 0), EBUSY);
	umount2(mnt, MNT_FORCE);
	FAILS(umount2(LOWER(&rig, "sub"), 0), EBUSY);
	/* The one open is all that keeps it. */
	reads(fd, SOME, SEED);
	close(fd);
	SOON(!umount2(LOWER(&rig, "sub"), 0));
	FAILS(bind_as(&rig, RIG_FIRST, id, 0), ENOENT);
	close(root);
	rig_stop(&rig);
	rmdir(LOWER(&rig, "sub"));
}

static void killed(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_ATTR);
	int fd = open_a(&rig, O_RDWR);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	rig_kill(&rig);
	/* What was open goes on, what is new does not. */
	reads(fd, SOME, SEED);
	map[0]++;
	SOON(open(UPPER(&rig, "other"), O_RDONLY) < 0 && errno == ENOTCONN);
	EQ(munmap(map, 4096), 0);
	close(fd);
	rig_stop(&rig);
}

static long job_open(struct rig_job *job)
{
	struct rig *rig = job->arg;
	int fd;

	while (!__atomic_load_n(&job->at, __ATOMIC_SEQ_CST)) {
		fd = open(UPPER(rig, "a"), O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		reads(fd, SOME, SEED);
		close(fd);
	}
	return 0;
}

/* Opens beside bindings that come and go, the inode too. */
static void storm(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	struct rig_job jobs[3] = {};
	int id = rig_register(&rig, "a"), i;

	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	for (i = 0; i < 3; i++) {
		jobs[i].run = job_open;
		jobs[i].arg = &rig;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < 300; i++) {
		EQ(bind_as(&rig, RIG_FIRST, id, 0), 0);
		if (i % 100 == 50)
			drop_caches();
		if (unbind(&rig, RIG_FIRST))
			EQ(errno, ENOENT);
	}
	for (i = 0; i < 3; i++)
		__atomic_store_n(&jobs[i].at, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 3; i++)
		EQ(rig_job_end(&jobs[i]), 0);
	rig_stop(&rig);
}

static long job_fsync(struct rig_job *job)
{
	return fsync(job->fd);
}

/*
 * The binding ends while the server is at what it was told, by a close or by
 * fsync: what was written since is told all the same.
 */
static void unbound_telling(const char *lower, const char *mnt)
{
	struct rig_job job = { .run = job_fsync };
	struct rig rig;
	int syncs, fd;

	for (syncs = 0; syncs < 2; syncs++) {
		rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
		fd = open_a(&rig, O_RDWR);
		SAY(&rig, hold, 1);
		EQ(pwrite(fd, "x", 1, SOME), 1);
		job.fd = fd;
		if (syncs)
			rig_job_start(&job);
		else
			close(fd);
		SOON(SAID(&rig, told) == 1);
		if (!syncs)
			fd = open_a(&rig, O_RDWR);
		EQ(pwrite(fd, "y", 1, SOME + 1), 1);
		EQ(unbind(&rig, RIG_FIRST), 0);
		EQ(SAID(&rig, told), 1);
		SAY(&rig, hold, 0);
		SOON(SAID(&rig, told) == 2);
		EQ(rig.said->news.size, SOME + 2);
		if (syncs)
			EQ(rig_job_end(&job), 0);
		close(fd);
		rig_stop(&rig);
		EQ(SAID(&rig, told), 2);
	}
}

static const struct rig_case cases[] = {
	{ "unbound", unbound },
	{ "unbound-telling", unbound_telling },
	{ "forgotten", forgotten },
	{ "names", names },
	{ "aborted", aborted },
	{ "killed", killed },
	{ "storm", storm },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
