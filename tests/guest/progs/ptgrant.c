// SPDX-License-Identifier: GPL-2.0-only
/*
 * What group backing_gid may, and what it may not: registering without
 * CAP_SYS_ADMIN, up to a limit per user, and never more access to a file than
 * the descriptor has that was registered.
 */
#include "ptgrant.h"

static void who(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC), other, id;
	pid_t pid;
	int status;

	CHECK(fd >= 0);
	id = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id > 0);
	EQ(register_as(&rig, USER, GROUP + 1, rig.dev, fd, false), -EPERM);
	EQ(register_as(&rig, USER, 0, rig.dev, fd, false), -EPERM);
	/* in a user namespace groups are what they were, and root is nobody */
	other = register_as(&rig, USER, GROUP, rig.dev, fd, true);
	CHECK(other >= 0);
	other = register_as(&rig, USER, 0, rig.dev, fd, true);
	CHECK(other == -EPERM || !other);
	/* a clone of the device is the same connection */
	other = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	EQ(ioctl(other, FUSE_DEV_IOC_CLONE, &rig.dev), 0);
	CHECK(register_as(&rig, USER, GROUP, other, fd, false) > 0);
	EQ(register_as(&rig, USER, 0, other, fd, false), -EPERM);
	close(other);
	/* and may close what is there */
	pid = fork();
	if (!pid) {
		become(USER, 0);
		if (rig_ioc_close(&rig, id) != -1 || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	pid = fork();
	if (!pid) {
		become(USER, GROUP);
		_exit(rig_ioc_close(&rig, id) != 0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);

	param("backing_gid", -1);
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EPERM);
	close(fd);
	rig_stop(&rig);
}

static void limit(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC), id[3], i, up_fd;

	param("max_user_backing", 3);
	for (i = 0; i < 3; i++) {
		id[i] = register_as(&rig, USER, GROUP, rig.dev, fd, false);
		CHECK(id[i] > 0);
	}
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EMFILE);
	/* which flags there are can be asked for all the same */
	EQ(register_as(&rig, USER, GROUP, rig.dev, -1, false), -EBADF);
	EQ(register_for(&rig, USER, GROUP, rig.dev, -1, false, 1u << 31), -EINVAL);
	/* each user has his own, the administrator none */
	CHECK(register_as(&rig, USER + 1, GROUP, rig.dev, fd, false) > 0);
	CHECK(rig_ioc_open(&rig, fd, 0, 0) > 0);
	/* not one more by being somebody else in there */
	i = register_as(&rig, USER, GROUP, rig.dev, fd, true);
	CHECK(i == -EMFILE || !i);
	/* what is refused for another reason does not count */
	EQ(rig_ioc_close(&rig, id[0]), 0);
	EQ(register_as(&rig, USER, GROUP, rig.dev, rig.dev, false), -EINVAL);
	id[0] = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id[0] > 0);
	/* a closed id counts as long as its file is in use */
	up_fd = up(&rig, O_RDONLY, id[0]);
	CHECK(up_fd >= 0);
	EQ(rig_ioc_close(&rig, id[0]), 0);
	EQ(register_as(&rig, USER, GROUP, rig.dev, fd, false), -EMFILE);
	close(up_fd);
	SOON((i = register_as(&rig, USER, GROUP, rig.dev, fd, false)) > 0);
	/* and the end of the connection gives all back */
	close(fd);
	rig_stop(&rig);
	rig = begin(lower, mnt);
	fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC);
	for (i = 0; i < 3; i++)
		CHECK(register_as(&rig, USER, GROUP, rig.dev, fd, false) > 0);
	param("max_user_backing", 4096);
	close(fd);
	rig_stop(&rig);
}

/* Nothing writes to what was registered for reading. */
static void read_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDONLY), fd, p[2];
	struct stat st;
	char buf[64];
	void *map;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDWR, id), EACCES);
	FAILS(up(&rig, O_WRONLY, id), EACCES);
	FAILS(up(&rig, O_WRONLY | O_APPEND, id), EACCES);
	FAILS(up(&rig, O_RDWR | O_DIRECT, id), EACCES);
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO,
			  id), EACCES);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_same((unsigned char *)buf, sizeof(buf), 1, 0));
	FAILS(pwrite(fd, buf, 1, 0), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096),
	      EBADF);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EBADF);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	EQ(errno, EACCES);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(mprotect(map, 4096, PROT_READ | PROT_WRITE), EACCES);
	munmap(map, 4096);
	FAILS(copy_file_range(fd, NULL, fd, NULL, 10, 0), EBADF);
	CHECK(ioctl(fd, FICLONE, fd) == -1);
	close(fd);
	/* nor does opening anew what is open */
	fd = up(&rig, O_RDONLY, id);
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
	FAILS(open(buf, O_RDWR), EACCES);
	close(fd);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN);
	rig_stop(&rig);
}

/* Nor reads what was registered for writing. */
static void write_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_WRONLY), fd;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDONLY, id), EACCES);
	FAILS(up(&rig, O_RDWR, id), EACCES);
	fd = up(&rig, O_WRONLY, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	rig_stop(&rig);
}

/* A path, or what neither reads nor writes, lends nothing. */
static void path_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);

	EQ(lend(&rig, "f", O_PATH), -EBADF);
	EQ(lend(&rig, "f", O_ACCMODE), -EBADF);
	/* nor does a directory's */
	EQ(lend_for(&rig, ".", O_PATH | O_DIRECTORY, FUSE_PT_BACKING_FSYNC),
	   -EBADF);
	CHECK(lend_for(&rig, ".", O_RDONLY | O_DIRECTORY,
		       FUSE_PT_BACKING_FSYNC) > 0);
	rig_stop(&rig);
}

/* What was open for appending appends, whatever becomes of the flag. */
static void append_only(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDWR | O_APPEND), fd, p[2];
	struct iovec iov = { "x", 1 };
	struct stat st;
	char c;

	CHECK(id > 0);
	FAILS(up(&rig, O_RDWR, id), EPERM);
	FAILS(up(&rig, O_WRONLY, id), EPERM);
	fd = up(&rig, O_RDONLY, id);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	close(fd);
	fd = up(&rig, O_RDWR | O_APPEND, id);
	CHECK(fd >= 0);
	EQ(write(fd, "app", 3), 3);
	/* pwrite(2) appends, too */
	EQ(pwrite(fd, "end", 3, 0), 3);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_size, LEN + 6);
	EQ(pread(fd, &c, 1, LEN + 3), 1);
	EQ(c, 'e');
	CHECK(pwritev2(fd, &iov, 1, 0, RWF_NOAPPEND) == -1);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	EQ(errno, EACCES);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	EQ(pipe(p), 0);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EPERM);
	EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	EQ(write(fd, "x", 1), 1);
	close(fd);
	/* its mappings are of the file below also where the rest is the server's */
	fd = rig_open_as(&rig, "f", O_RDWR | O_APPEND,
			 FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO, id);
	CHECK(fd >= 0);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	      MAP_FAILED);
	EQ(errno, EACCES);
	close(fd);
	fd = open(LOWER(&rig, "f"), O_RDONLY);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ((unsigned char)c, rig_byte(1, 0));
	close(fd);
	rig_stop(&rig);
}

/* Clone the first page of @in into that of @out. */
static int clone_page(int in, int out)
{
	struct file_clone_range range = { .src_fd = in, .src_length = 4096 };

	return ioctl(out, FICLONERANGE, &range);
}

/* The same of a page that both have. Return: 0 or an errno. */
static int dedupe_page(int in, int out)
{
	struct {
		struct file_dedupe_range	range;
		struct file_dedupe_range_info	info;
	} args = {
		.range = { .src_length = 4096, .dest_count = 1 },
		.info = { .dest_fd = out },
	};

	if (ioctl(in, FIDEDUPERANGE, &args))
		return errno;
	CHECK(args.info.status <= 0);
	return -args.info.status;
}

static int copy_page(int in, int out)
{
	return copy_file_range(in, &(loff_t){ 0 }, out, &(loff_t){ 0 }, 4096, 0);
}

/* An append-only open keeps what the file has, with the flag @cleared, too. */
static void append_operations(struct rig *rig, int fd, int in, int twin,
			      bool cleared)
{
	unsigned int before = SAID(rig, asked[FUSE_COPY_FILE_RANGE]);

	if (cleared)
		EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			4096) == -1);
	CHECK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == -1);
	CHECK(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) == -1);
	CHECK(clone_page(in, fd) == -1);
	CHECK(dedupe_page(twin, fd));
	untouched(rig, 0);
	if (copy_page(in, fd) > 0)
		CHECK(SAID(rig, asked[FUSE_COPY_FILE_RANGE]) > before);
	else
		untouched(rig, 0);
	if (cleared)
		FAILS(write(fd, "x", 1), EPERM);
	else
		EQ(write(fd, "x", 1), 1);
}

/*
 * The calls that the kernel may do below unasked are no way around either. What
 * the server is asked for instead is in its own power.
 */
static void operations(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	bool clones = rig_type(lower) == XFS_SUPER_MAGIC;
	int ro, rw, wo, app, cleared, in, twin, fd;

	ro = lend_for(&rig, "f", O_RDONLY, FUSE_PT_BACKING_ALL);
	rw = lend_for(&rig, "f", O_RDWR, FUSE_PT_BACKING_ALL);
	wo = lend_for(&rig, "f", O_WRONLY, FUSE_PT_BACKING_ALL);
	app = lend_for(&rig, "f", O_RDWR | O_APPEND, FUSE_PT_BACKING_ALL);
	CHECK(ro > 0 && rw > 0 && wo > 0 && app > 0);
	rig_make(&rig, "g", LEN, 2);
	in = rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH,
			 lend_for(&rig, "g", O_RDWR, FUSE_PT_BACKING_ALL));
	/* of the same bytes as "f" */
	rig_make(&rig, "h", LEN, 1);
	twin = rig_open_as(&rig, "h", O_RDWR, FOPEN_PASSTHROUGH,
			   lend_for(&rig, "h", O_RDWR, FUSE_PT_BACKING_ALL));
	CHECK(in >= 0 && twin >= 0);

	fd = up(&rig, O_RDONLY, ro);
	CHECK(fd >= 0);
	FAILS(fallocate(fd, 0, 0, LEN * 2), EBADF);
	FAILS(copy_page(in, fd), EBADF);
	FAILS(clone_page(in, fd), EBADF);
	/* for which root needs no descriptor that writes: the user does */
	EQ(dedupe_page(twin, fd), clones ? EPERM : EOPNOTSUPP);
	close(fd);

	fd = up(&rig, O_WRONLY, wo);
	CHECK(fd >= 0);
	FAILS(copy_page(fd, in), EBADF);
	FAILS(ioctl(in, FICLONE, fd), EBADF);
	FAILS(clone_page(fd, in), EBADF);
	EQ(dedupe_page(fd, twin), EINVAL);
	close(fd);
	untouched(&rig, 0);

	for (cleared = 0; cleared < 2; cleared++) {
		fd = up(&rig, O_RDWR | O_APPEND, app);
		CHECK(fd >= 0);
		append_operations(&rig, fd, in, twin, cleared);
		close(fd);
	}

	/* all of which a descriptor that can do it may */
	rig_make(&rig, "f", LEN, 1);
	fd = up(&rig, O_RDWR, rw);
	CHECK(fd >= 0);
	EQ(dedupe_page(twin, fd), clones ? 0 : EOPNOTSUPP);
	EQ(clone_page(in, fd), clones ? 0 : -1);
	EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
	close(fd);
	close(twin);
	close(in);
	rig_stop(&rig);
}

/* Of two ids of one file, each open has what its own lends. */
static void two_ids(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int ro = lend(&rig, "f", O_RDONLY), rw = lend(&rig, "f", O_RDWR);
	int any = rig_register(&rig, "f"), fd[2];

	CHECK(ro > 0 && rw > 0);
	fd[0] = up(&rig, O_RDWR, rw);
	CHECK(fd[0] >= 0);
	EQ(pwrite(fd[0], "x", 1, 0), 1);
	FAILS(up(&rig, O_RDWR, ro), EACCES);
	fd[1] = up(&rig, O_RDONLY, ro);
	CHECK(fd[1] >= 0);
	close(fd[1]);
	fd[1] = up(&rig, O_RDWR, any);
	CHECK(fd[1] >= 0);
	close(fd[0]);
	FAILS(up(&rig, O_WRONLY, ro), EACCES);
	close(fd[1]);
	rig_stop(&rig);
}

/* Writing below is the registering user's: setuid goes, and O_NOATIME with it. */
static void credentials(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int id = lend(&rig, "f", O_RDWR), fd;
	struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct stat st;
	char c;

	CHECK(id > 0);
	EQ(chmod(LOWER(&rig, "f"), 04755), 0);
	fd = up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	EQ(st.st_mode & 07777, 0755);
	close(fd);
	/* the upper file is root's, so root may: not so the user below */
	EQ(utimensat(AT_FDCWD, LOWER(&rig, "f"), old, 0), 0);
	fd = up(&rig, O_RDONLY | O_NOATIME, id);
	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(stat(LOWER(&rig, "f"), &st), 0);
	CHECK(st.st_atim.tv_sec != 1000);
	close(fd);
	rig_stop(&rig);
}

/* A descriptor that nothing can be stored through any more, by its file's seals. */
static void seal_one(const char *lower, const char *mnt, int seal, bool mapped)
{
	struct rig rig = begin(lower, mnt);
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC), id, up_fd;
	void *old = MAP_FAILED, *map;

	CHECK(fd >= 0);
	EQ(ftruncate(fd, LEN), 0);
	EQ(pwrite(fd, "old", 3, 0), 3);
	id = register_as(&rig, USER, GROUP, rig.dev, fd, false);
	CHECK(id > 0);
	up_fd = up(&rig, O_RDWR, id);
	CHECK(up_fd >= 0);
	if (mapped) {
		/* as long as somebody can store, F_SEAL_WRITE is refused */
		old = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, up_fd, 0);
		CHECK(old != MAP_FAILED);
		FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
		if (seal == F_SEAL_WRITE) {
			/* or an open that could, with another mmap under way */
			EQ(munmap(old, LEN), 0);
			FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
			close(up_fd);
			up_fd = up(&rig, O_RDWR, id);
			CHECK(up_fd >= 0);
		}
	}
	EQ(fcntl(fd, F_ADD_SEALS, seal), 0);

	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, up_fd, 0);
	CHECK(map == MAP_FAILED);
	EQ(errno, EPERM);
	/* for reading alone as below, and no way from there */
	map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		CHECK(mmap(NULL, LEN, PROT_READ, MAP_SHARED, up_fd, 0) == MAP_FAILED);
	} else {
		munmap(map, LEN);
		map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, up_fd, 0);
		CHECK(map != MAP_FAILED);
		CHECK(mprotect(map, LEN, PROT_READ | PROT_WRITE) == -1);
		EQ(errno, EACCES);
		munmap(map, LEN);
	}
	map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, up_fd, 0);
	CHECK(map != MAP_FAILED);
	memcpy(map, "new", 3);
	munmap(map, LEN);
	FAILS(pwrite(up_fd, "new", 3, 0), EPERM);
	/* and none of that undid the seal */
	CHECK(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	EQ(errno, EPERM);
	map = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	EQ(memcmp(map, "old", 3), 0);
	munmap(map, LEN);
	if (mapped && seal != F_SEAL_WRITE)
		EQ(munmap(old, LEN), 0);
	close(up_fd);
	close(fd);
	rig_stop(&rig);
}

static void sealed(const char *lower, const char *mnt)
{
	seal_one(lower, mnt, F_SEAL_WRITE, false);
	seal_one(lower, mnt, F_SEAL_WRITE, true);
}

/* A thread that maps and unmaps anew all the time: never what is sealed. */
static int racing_stop;

static long map_often(struct rig_job *job)
{
	void *map;

	while (!__atomic_load_n(&racing_stop, __ATOMIC_SEQ_CST)) {
		map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			   job->fd, 0);
		if (map == MAP_FAILED)
			return errno == EPERM ? 0 : -1;
		if (fcntl(job->at, F_GET_SEALS) & F_SEAL_WRITE)
			return -2;
		munmap(map, LEN);
	}
	return 0;
}

/*
 * The seal comes while a mapping is made: whoever is first, of the seal and a
 * mapping that can be stored through there is one.
 */
static void sealed_racing(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int i, tries;

	for (i = 0; i < 50; i++) {
		struct rig_job job = { .run = map_often };
		int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		void *map;

		CHECK(fd >= 0);
		EQ(ftruncate(fd, LEN), 0);
		job.at = fd;
		job.fd = up(&rig, O_RDWR, register_as(&rig, USER, GROUP, rig.dev,
						      fd, false));
		CHECK(job.fd >= 0);
		__atomic_store_n(&racing_stop, 0, __ATOMIC_SEQ_CST);
		rig_job_start(&job);
		for (tries = 0; tries < 2000; tries++)
			if (!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
				break;
		__atomic_store_n(&racing_stop, 1, __ATOMIC_SEQ_CST);
		EQ(rig_job_end(&job), 0);
		map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			   job.fd, 0);
		if (tries < 2000) {
			CHECK(map == MAP_FAILED);
			EQ(errno, EPERM);
		} else {
			CHECK(map != MAP_FAILED);
			munmap(map, LEN);
		}
		close(job.fd);
		if (tries == 2000)
			EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
		/* what was mapped has undone nothing of the seal */
		CHECK(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		      MAP_FAILED);
		EQ(errno, EPERM);
		close(fd);
	}
	rig_stop(&rig);
}

static void sealed_future(const char *lower, const char *mnt)
{
	seal_one(lower, mnt, F_SEAL_FUTURE_WRITE, false);
	seal_one(lower, mnt, F_SEAL_FUTURE_WRITE, true);
}

static const struct rig_case cases[] = {
	{ "who", who },
	{ "limit", limit },
	{ "read-only", read_only },
	{ "write-only", write_only },
	{ "path-only", path_only },
	{ "append-only", append_only },
	{ "operations", operations },
	{ "two-ids", two_ids },
	{ "credentials", credentials },
	{ "sealed", sealed },
	{ "sealed-racing", sealed_racing },
	{ "sealed-future", sealed_future },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
