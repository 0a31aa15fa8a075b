// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a binding ends: by the server's word, with the inode or the connection, and
 * not with a name, or a notification that leaves the inode; that what was open goes
 * on behind it, and that opens find their file beside bindings that come and go.
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

/* -------- names and notifications -------- */

static int tell_inode(const struct rig *rig, uint64_t node)
{
	const struct fuse_notify_inval_inode_out out = { .ino = node };

	return tell(rig, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL, 0);
}

static int tell_entry(const struct rig *rig, const char *name,
		      uint32_t flags)
{
	const struct fuse_notify_inval_entry_out out = {
		.parent = FUSE_ROOT_ID, .namelen = strlen(name), .flags = flags,
	};

	return tell(rig, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof(out), name,
		    out.namelen + 1);
}

static int tell_delete(const struct rig *rig, uint64_t node,
		       const char *name)
{
	const struct fuse_notify_delete_out out = {
		.parent = FUSE_ROOT_ID, .child = node, .namelen = strlen(name),
	};

	return tell(rig, FUSE_NOTIFY_DELETE, &out, sizeof(out), name,
		    out.namelen + 1);
}

static int tell_prune(const struct rig *rig, uint64_t node)
{
	const struct fuse_notify_prune_out out = { .count = 1 };

	return tell(rig, FUSE_NOTIFY_PRUNE, &out, sizeof(out), &node,
		    sizeof(node));
}

static int tell_store(const struct rig *rig, uint64_t node, uint64_t at,
		      uint32_t len)
{
	const struct fuse_notify_store_out out = {
		.nodeid = node, .offset = at, .size = len,
	};
	static unsigned char data[SOME];

	return tell(rig, FUSE_NOTIFY_STORE, &out, sizeof(out), data, len);
}

/* Is it still bound? Opens of @name ask nobody. It is not any more after this. */
static void kept(struct rig *rig, const char *name, size_t len)
{
	unsigned int opens = asked(rig, FUSE_OPEN);
	int fd = open(UPPER(rig, name), O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	reads(fd, len, SEED);
	close(fd);
	EQ(asked(rig, FUSE_OPEN), opens);
	EQ(unbind(rig, RIG_FIRST), 0);
}

/* It is not bound any more: the server is asked. */
static void ended(struct rig *rig)
{
	unsigned int opens = asked(rig, FUSE_OPEN);

	FAILS(unbind(rig, RIG_FIRST), ENOENT);
	close(open_a(rig, O_RDONLY));
	EQ(asked(rig, FUSE_OPEN), opens + 1);
}

static int rename_as(struct rig *rig, const char *from, const char *to,
		     unsigned int flags)
{
	return renameat2(AT_FDCWD, UPPER(rig, from), AT_FDCWD, UPPER(rig, to),
			 flags);
}

static void open_at(struct rig *rig, const char *name, unsigned int opens)
{
	int fd = open(UPPER(rig, name), O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	close(fd);
	EQ(asked(rig, FUSE_OPEN), opens);
}

static void renamed(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd = open_a(&rig, O_RDWR);

	rig_make(&rig, "other", 5, SEED);
	unlink(LOWER(&rig, "moved"));
	unlink(LOWER(&rig, "again"));
	EQ(rename_as(&rig, "a", "moved", 0), 0);
	EQ(asked(&rig, FUSE_RENAME), 1);
	FAILS(open(UPPER(&rig, "a"), O_RDONLY), ENOENT);
	open_at(&rig, "moved", 0);
	EQ(rename_as(&rig, "moved", "again", RENAME_NOREPLACE), 0);
	EQ(asked(&rig, FUSE_RENAME2), 1);
	open_at(&rig, "again", 0);
	EQ(rename_as(&rig, "again", "other", RENAME_EXCHANGE), 0);
	open_at(&rig, "other", 0);
	open_at(&rig, "again", 1);
	/* It takes the place of another. */
	EQ(rename_as(&rig, "other", "again", 0), 0);
	reads(fd, SOME, SEED);
	close(fd);
	kept(&rig, "again", SOME);
	rig_stop(&rig);

	/* Another takes its place: it is open, and then it is gone. */
	rig = bound_rig(lower, mnt, 0);
	rig_make(&rig, "other", 5, SEED);
	fd = open_a(&rig, O_RDWR);
	EQ(rename_as(&rig, "other", "a", 0), 0);
	open_at(&rig, "a", 1);
	reads(fd, SOME, SEED);
	EQ(pwrite(fd, "x", 1, SOME), 1);
	EQ(asked(&rig, FUSE_WRITE), 0);
	close(fd);
	SOON(unbind(&rig, RIG_FIRST) == -1 && errno == ENOENT);
	rig_stop(&rig);
	unlink(LOWER(&rig, "again"));
}

/* Attributes are asked for anew, where they come from. */
static void told_inode(const char *lower, const char *mnt)
{
	unsigned int stats, all;
	struct stat st;
	struct rig rig;
	int fd;

	for (all = 0; all < 2; all++) {
		rig = bound_rig(lower, mnt, all ? FUSE_PT_BIND_ATTR : 0);
		EQ(chmod(LOWER(&rig, "a"), 0644), 0);
		fd = open_a(&rig, O_RDWR);
		EQ(fstat(fd, &st), 0);
		EQ(chmod(LOWER(&rig, "a"), 0604), 0);
		EQ(truncate(LOWER(&rig, "a"), 77), 0);
		EQ(fstat(fd, &st), 0);
		EQ(st.st_mode, S_IFREG | 0644);
		EQ(st.st_size, SOME);
		stats = SAID(&rig, file_stats);
		EQ(tell_inode(&rig, RIG_FIRST), 0);
		EQ(fstat(fd, &st), 0);
		EQ(st.st_mode, S_IFREG | 0604);
		EQ(st.st_size, 77);
		EQ(SAID(&rig, file_stats), stats + !all);
		reads(fd, 77, SEED);
		close(fd);
		kept(&rig, "a", 77);
		rig_stop(&rig);
		untold(&rig);
	}
}

/* A name is looked up again; an inode that nobody uses goes with it. */
static void told_entry(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd = open_a(&rig, O_RDONLY);

	EQ(asked(&rig, FUSE_LOOKUP), 1);
	EQ(tell_entry(&rig, "a", 0), 0);
	open_at(&rig, "a", 0);
	EQ(asked(&rig, FUSE_LOOKUP), 2);
	reads(fd, SOME, SEED);
	close(fd);
	kept(&rig, "a", SOME);
	rig_stop(&rig);
	untold(&rig);

	rig = bound_rig(lower, mnt, 0);
	open_at(&rig, "a", 0);
	EQ(tell_entry(&rig, "a", FUSE_EXPIRE_ONLY), 0);
	open_at(&rig, "a", 0);
	EQ(asked(&rig, FUSE_LOOKUP), 2);
	EQ(tell_entry(&rig, "a", 0), 0);
	ended(&rig);
	EQ(asked(&rig, FUSE_LOOKUP), 3);
	rig_stop(&rig);
}

static void told_deleted(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd = open_a(&rig, O_RDWR);

	/* The server has it all the same: the inode is the same, too. */
	EQ(tell_delete(&rig, RIG_FIRST, "a"), 0);
	EQ(asked(&rig, FUSE_LOOKUP), 1);
	reads(fd, SOME, SEED);
	kept(&rig, "a", SOME);
	EQ(asked(&rig, FUSE_LOOKUP), 2);
	close(fd);
	rig_stop(&rig);
	untold(&rig);

	/* It is gone there: here with the last who has it open. */
	rig = bound_rig(lower, mnt, 0);
	fd = open_a(&rig, O_RDWR);
	EQ(unlink(LOWER(&rig, "a")), 0);
	EQ(tell_delete(&rig, RIG_FIRST, "a"), 0);
	FAILS(open(UPPER(&rig, "a"), O_RDONLY), ENOENT);
	reads(fd, SOME, SEED);
	EQ(pwrite(fd, "x", 1, SOME), 1);
	EQ(lseek(fd, 0, SEEK_END), SOME + 1);
	close(fd);
	SOON(unbind(&rig, RIG_FIRST) == -1 && errno == ENOENT);
	rig_stop(&rig);
	untold(&rig);
}

static void told_pruned(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, 0);
	int fd = open_a(&rig, O_RDONLY);

	EQ(tell_prune(&rig, RIG_FIRST), 0);
	kept(&rig, "a", SOME);
	EQ(asked(&rig, FUSE_LOOKUP), 1);
	close(fd);
	rig_stop(&rig);
	untold(&rig);

	/* Nobody uses it. */
	rig = bound_rig(lower, mnt, 0);
	open_at(&rig, "a", 0);
	EQ(tell_prune(&rig, RIG_FIRST), 0);
	ended(&rig);
	EQ(asked(&rig, FUSE_LOOKUP), 2);
	rig_stop(&rig);
}

/* Nothing is stored, and so there is nothing to tell the server. */
static void told_store(const char *lower, const char *mnt)
{
	struct rig rig = bound_rig(lower, mnt, FUSE_PT_BIND_WRITE_ATTR);
	int fd = open_a(&rig, O_RDWR);
	struct statx sx;
	struct stat st;

	EQ(fstat(fd, &st), 0);
	EQ(tell_store(&rig, RIG_FIRST, 0, 4096), 0);
	EQ(tell_store(&rig, RIG_FIRST, SOME, 4096), 0);
	/* What is known here, without a look below. */
	EQ(statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE, &sx), 0);
	EQ(sx.stx_size, SOME);
	EQ(stat(LOWER(&rig, "a"), &st), 0);
	EQ(st.st_size, SOME);
	reads(fd, SOME, SEED);
	close(fd);
	kept(&rig, "a", SOME);
	rig_stop(&rig);
	EQ(SAID(&rig, told), 0);
	untold(&rig);
}

/* The server uses the id for another file: that is not bound, until it says so. */
static void another_generation(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct stat st;
	int fd, id;
	char c;

	rig.said->life = 0;
	start_bound(&rig, 0);
	fd = open_a(&rig, O_RDWR);
	SAY(&rig, generation, 1);
	EQ(stat(UPPER(&rig, "a"), &st), 0);
	ended(&rig);
	FAILS(pread(fd, &c, 1, 0), EIO);
	FAILS(pwrite(fd, "x", 1, 0), EIO);
	/* what did not fit the name as it was known */
	SOON(asked(&rig, FUSE_FORGET) == 1);

	/* With the last of the former inode nothing of this one ends. */
	id = rig_register(&rig, "a");
	SOON(!bind_as(&rig, RIG_FIRST, id, 0));
	close(fd);
	SOON(asked(&rig, FUSE_FORGET) == 2);
	kept(&rig, "a", SOME);
	rig_stop(&rig);
}

/* -------- ends -------- */

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
	{ "renamed", renamed },
	{ "told-inode", told_inode },
	{ "told-entry", told_entry },
	{ "told-deleted", told_deleted },
	{ "told-pruned", told_pruned },
	{ "told-store", told_store },
	{ "another-generation", another_generation },
	{ "aborted", aborted },
	{ "killed", killed },
	{ "storm", storm },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
