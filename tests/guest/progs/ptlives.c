// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetimes of passthrough: every object that keeps a backing file, crossed
 * with every end that can come over it. A case is OBJECT-END: the object is
 * made, the end comes, what must still work is used, the object is let go.
 * Then nothing may be left: the file system below, a fresh one on the block
 * device LIVES_DEV, unmounts.
 *
 * AIO is in flight while the end comes: the disk is held.
 */
#include "ptdisk.h"
#include "ptbound.h"
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <sys/syscall.h>

#define PAGE	4096
#define AIOS	16
#define LEN	(AIOS * PAGE)

/**
 * struct life - one case
 * @rig: mount and server
 * @top: mount point of the file system below
 * @id: the registration, 0 when its id was closed
 * @fd: the open of the object, or -1
 * @map: its mapping, or NULL
 * @ctx: its AIO in flight, or 0
 * @blocked: the child that is in a write, or 0
 * @frozen: the file system below, frozen, or -1
 * @known: the inode was looked up
 * @bound: and is bound
 * @dead: connection or server ended: no more requests
 * @gone: the mount is detached
 */
struct life {
	struct rig	rig;
	char		top[4096];
	int		id;
	int		fd;
	char		*map;
	aio_context_t	ctx;
	pid_t		blocked;
	int		frozen;
	bool		known;
	bool		bound;
	bool		dead;
	bool		gone;
};

static const char *disk;
static unsigned char *io_buf;	/* of LEN bytes, for direct I/O */

/* The journal keeps no timer that could go off while the disk is held. */
static void mount_below(const char *top)
{
	EQ(mount(disk, top, "ext4", 0, "commit=600"), 0);
}

static int opened(struct life *l, int oflags)
{
	int fd = rig_open_as(&l->rig, "f", oflags, FOPEN_PASSTHROUGH, l->id);

	CHECK(fd >= 0);
	l->known = true;
	/* what the server is asked before the first write, it is asked now */
	EQ(pwrite(fd, io_buf, PAGE, LEN), PAGE);
	return fd;
}

/* -------- objects: make, use while and after the end, let go -------- */

static void make_id(struct life *l) { }

static void use_id(struct life *l)
{
	unsigned char buf[PAGE];
	int fd;

	if (l->dead || l->gone || !l->id)
		return;
	fd = rig_open_as(&l->rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, l->id);
	/* its name may be what ended */
	if (fd < 0) {
		EQ(errno, ENOENT);
		return;
	}
	EQ(pread(fd, buf, PAGE, PAGE), PAGE);
	CHECK(rig_same(buf, PAGE, 1, PAGE));
	close(fd);
}

static void make_open(struct life *l)
{
	l->fd = opened(l, O_RDWR);
}

static void use_open(struct life *l)
{
	unsigned char buf[PAGE];

	EQ(pread(l->fd, buf, PAGE, PAGE), PAGE);
	CHECK(rig_same(buf, PAGE, 1, PAGE));
	EQ(pwrite(l->fd, io_buf, PAGE, LEN), PAGE);
}

static void drop_open(struct life *l)
{
	close(l->fd);
	l->fd = -1;
}

static void make_map(struct life *l)
{
	int fd = opened(l, O_RDWR);

	l->map = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(l->map != MAP_FAILED);
	l->map[0] = 'm';
	close(fd);
}

static void use_map(struct life *l)
{
	CHECK(rig_same((unsigned char *)l->map + PAGE, PAGE, 1, PAGE));
	/* a page that was not there before, and one that is written */
	l->map[LEN - 1] ^= 1;
	l->map[0]++;
	EQ(msync(l->map, LEN, MS_ASYNC), 0);
}

static void drop_map(struct life *l)
{
	EQ(munmap(l->map, LEN), 0);
	l->map = NULL;
}

/* Into or from blocks that the file has, which is done while nobody waits. */
static void aio_start(struct life *l, int op)
{
	struct iocb cbs[AIOS], *list[AIOS];
	int fd = opened(l, O_RDWR | O_DIRECT), i;

	memset(io_buf, 'a', LEN);
	for (i = 0; i < AIOS; i++) {
		cbs[i] = (struct iocb){
			.aio_fildes = fd,
			.aio_lio_opcode = op,
			.aio_buf = (uintptr_t)io_buf + i * PAGE,
			.aio_nbytes = PAGE,
			.aio_offset = i * PAGE,
		};
		list[i] = &cbs[i];
	}
	EQ(syscall(SYS_io_setup, AIOS, &l->ctx), 0);
	EQ(disk_hold(), 0);
	EQ(syscall(SYS_io_submit, l->ctx, AIOS, list), AIOS);
	close(fd);
}

static void make_aio(struct life *l)
{
	aio_start(l, IOCB_CMD_PWRITE);
}

static void make_aio_read(struct life *l)
{
	aio_start(l, IOCB_CMD_PREAD);
}

static void use_aio(struct life *l)
{
	struct io_event events[AIOS];
	struct timespec now = {};
	int i;

	/* the end came, and nothing had ended yet */
	EQ(syscall(SYS_io_getevents, l->ctx, 0, AIOS, events, &now), 0);
	EQ(disk_go(), 0);
	EQ(syscall(SYS_io_getevents, l->ctx, AIOS, AIOS, events, NULL), AIOS);
	for (i = 0; i < AIOS; i++)
		EQ(events[i].res, PAGE);
}

static void use_aio_read(struct life *l)
{
	use_aio(l);
	CHECK(rig_same(io_buf, LEN, 1, 0));
}

static void drop_aio(struct life *l)
{
	EQ(syscall(SYS_io_destroy, l->ctx), 0);
	l->ctx = 0;
}

/* A child in a write, which the file system below, frozen, does not let end. */
static void make_blocked(struct life *l)
{
	int fd = opened(l, O_RDWR);

	l->frozen = open(l->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(l->frozen >= 0);
	EQ(ioctl(l->frozen, FIFREEZE, 0), 0);
	l->blocked = fork();
	CHECK(l->blocked >= 0);
	if (!l->blocked) {
		close(l->frozen);
		if (l->rig.dev >= 0)
			close(l->rig.dev);
		_exit(pwrite(fd, io_buf, PAGE, 2 * LEN) != PAGE);
	}
	close(fd);
	rig_nap(50);
	EQ(waitpid(l->blocked, NULL, WNOHANG), 0);
}

static void use_blocked(struct life *l)
{
	int status;

	EQ(ioctl(l->frozen, FITHAW, 0), 0);
	close(l->frozen);
	l->frozen = -1;
	EQ(waitpid(l->blocked, &status, 0), l->blocked);
	EQ(status, 0);
	l->blocked = 0;
}

static void drop_nothing(struct life *l) { }

/* "f" is the first name that is looked up. */
static void make_bound(struct life *l)
{
	struct stat st;

	EQ(bind_as(&l->rig, RIG_FIRST, l->id, 0), 0);
	EQ(stat(UPPER(&l->rig, "f"), &st), 0);
	l->known = true;
	l->bound = true;
}

static void use_bound(struct life *l)
{
	if (l->dead || l->gone)
		return;
	/* what the server says where the kernel does ask it */
	l->fd = rig_open_as(&l->rig, "f", O_RDWR, FOPEN_PASSTHROUGH, l->id);
	if (l->fd < 0) {
		EQ(errno, ENOENT);
		return;
	}
	if (l->bound)
		EQ(SAID(&l->rig, asked[FUSE_OPEN]), 0);
	use_open(l);
	drop_open(l);
}

static void make_bound_open(struct life *l)
{
	make_bound(l);
	l->fd = opened(l, O_RDWR);
	EQ(SAID(&l->rig, asked[FUSE_OPEN]), 0);
}

static void make_bound_map(struct life *l)
{
	make_bound(l);
	make_map(l);
	EQ(SAID(&l->rig, asked[FUSE_OPEN]), 0);
}

static void make_bound_aio(struct life *l)
{
	make_bound(l);
	make_aio(l);
	EQ(SAID(&l->rig, asked[FUSE_OPEN]), 0);
}

/**
 * struct object - what keeps a backing file
 * @holds: it still does after the connection's end
 * @frozen: while it lives no name below can be changed
 * @held: and no block read or written
 */
static const struct object {
	const char	*name;
	void		(*make)(struct life *l);
	void		(*use)(struct life *l);
	void		(*drop)(struct life *l);
	bool		holds;
	bool		frozen;
	bool		held;
} objects[] = {
	{ "id", make_id, use_id, drop_nothing, false, false, false },
	{ "open", make_open, use_open, drop_open, true, false, false },
	{ "map", make_map, use_map, drop_map, true, false, false },
	{ "aio", make_aio, use_aio, drop_aio, true, false, true },
	{ "aioread", make_aio_read, use_aio_read, drop_aio, true, false, true },
	{ "blocked", make_blocked, use_blocked, drop_nothing, true, true, false },
	{ "bound", make_bound, use_bound, drop_nothing, false, false, false },
	{ "boundopen", make_bound_open, use_open, drop_open, true, false, false },
	{ "boundmap", make_bound_map, use_map, drop_map, true, false, false },
	{ "boundaio", make_bound_aio, use_aio, drop_aio, true, false, true },
};

/* -------- ends -------- */

static void end_id_close(struct life *l)
{
	EQ(rig_ioc_close(&l->rig, l->id), 0);
	l->id = 0;
}

static void end_unbind(struct life *l)
{
	if (l->bound)
		EQ(unbind(&l->rig, RIG_FIRST), 0);
	else
		FAILS(unbind(&l->rig, RIG_FIRST), ENOENT);
	l->bound = false;
}

static void end_unlink(struct life *l)
{
	EQ(unlink(UPPER(&l->rig, "f")), 0);
}

static void end_rename(struct life *l)
{
	EQ(rename(UPPER(&l->rig, "f"), UPPER(&l->rig, "old")), 0);
}

/* Nothing of the inode is cached here that could end with it. */
static void end_inval(struct life *l)
{
	const struct fuse_notify_inval_inode_out out = { .ino = RIG_FIRST };
	int err = tell(&l->rig, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out),
		       NULL, 0);

	if (l->known)
		EQ(err, 0);
	else
		FAILS(err, ENOENT);
}

static void end_unlink_below(struct life *l)
{
	EQ(unlink(LOWER(&l->rig, "f")), 0);
}

static void end_replace_below(struct life *l)
{
	EQ(rename(LOWER(&l->rig, "f"), LOWER(&l->rig, "old")), 0);
	EQ(rename(LOWER(&l->rig, "g"), LOWER(&l->rig, "f")), 0);
}

static void end_forget(struct life *l)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(fd >= 0);
	EQ(write(fd, "2", 1), 1);
	close(fd);
	/* ends with the inode, if nothing is open */
	l->bound = false;
}

static void end_killed(struct life *l)
{
	rig_kill(&l->rig);
	l->dead = true;
}

static void end_abort(struct life *l)
{
	char path[128];
	struct stat st;
	int fd;

	EQ(stat(l->rig.mnt, &st), 0);
	snprintf(path, sizeof(path), "/sys/fs/fusept/connections/%u/abort",
		 minor(st.st_dev));
	if (access(path, F_OK))
		EQ(mount("none", "/sys/fs/fusept/connections", "fuseptctl", 0,
			 NULL), 0);
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0);
	EQ(write(fd, "1", 1), 1);
	close(fd);
	l->dead = true;
}

static void end_force(struct life *l)
{
	/* busy or not, its requests end */
	if (umount2(l->rig.mnt, MNT_FORCE))
		EQ(errno, EBUSY);
	else
		l->gone = true;
	l->dead = true;
}

static void end_detach(struct life *l)
{
	EQ(umount2(l->rig.mnt, MNT_DETACH), 0);
	l->gone = true;
}

static void end_umount_below(struct life *l)
{
	FAILS(umount(l->top), EBUSY);
	EQ(umount2(l->top, MNT_DETACH), 0);
	mount_below(l->top);
}

static void end_rmmod(struct life *l)
{
	FAILS(syscall(SYS_delete_module, "fuse_pt", O_NONBLOCK), EWOULDBLOCK);
}

/**
 * struct end - what comes over an object
 * @names: it changes names below
 * @dies: the connection ends with it
 */
static const struct end {
	const char	*name;
	void		(*come)(struct life *l);
	bool		names;
	bool		dies;
} ends[] = {
	{ "id-close", end_id_close, false, false },
	{ "unbind", end_unbind, false, false },
	{ "rename", end_rename, true, false },
	{ "inval", end_inval, false, false },
	{ "unlink", end_unlink, true, false },
	{ "unlink-below", end_unlink_below, true, false },
	{ "replace-below", end_replace_below, true, false },
	{ "forget", end_forget, false, false },
	{ "killed", end_killed, false, true },
	{ "abort", end_abort, false, true },
	{ "force", end_force, false, true },
	{ "detach", end_detach, false, false },
	{ "umount-below", end_umount_below, false, false },
	{ "rmmod", end_rmmod, false, false },
};

/* -------- a case -------- */

static const struct object *object_of(const char *name, const struct end **end)
{
	size_t o, e, n;

	for (o = 0; o < sizeof(objects) / sizeof(objects[0]); o++) {
		n = strlen(objects[o].name);
		if (strncmp(name, objects[o].name, n) || name[n] != '-')
			continue;
		for (e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
			if (strcmp(name + n + 1, ends[e].name))
				continue;
			*end = &ends[e];
			return &objects[o];
		}
	}
	rig_fail("no such case");
}

static void cell(const char *top, const char *mnt)
{
	const struct end *end;
	const struct object *object = object_of(rig_test, &end);
	struct life l = { .fd = -1, .frozen = -1 };
	int status;

	snprintf(l.top, sizeof(l.top), "%s", top);
	CHECK(!posix_memalign((void **)&io_buf, PAGE, LEN));
	memset(io_buf, 'a', LEN);
	if (object->held)
		disk_keep();
	mount_below(top);
	l.rig = rig_new(top, mnt);
	rig_start(&l.rig);
	rig_make(&l.rig, "f", LEN, 1);
	/* what may take its place: held, no disk makes one */
	rig_make(&l.rig, "g", LEN, 2);
	l.id = rig_register(&l.rig, "f");

	object->make(&l);
	end->come(&l);
	if (object->holds && !object->frozen && end->come != end_umount_below)
		FAILS(umount(top), EBUSY);
	object->use(&l);
	object->drop(&l);

	/* AIO lets go of its file when its event is there already */
	if (!l.gone)
		SOON(!umount2(mnt, 0));
	if (l.rig.dev >= 0)
		close(l.rig.dev);
	if (l.rig.server) {
		EQ(waitpid(l.rig.server, &status, 0), l.rig.server);
		EQ(status, 0);
	}
	SOON(!umount(top));
	/* and is whole: it mounts again where nothing keeps it */
	mount_below(top);
	unlink(rig_at(top, "g"));
	unlink(rig_at(top, "f"));
	unlink(rig_at(top, "old"));
	EQ(umount(top), 0);
	if (object->held)
		disk_kept();
}

int main(int argc, char **argv)
{
	static struct rig_case cases[sizeof(objects) / sizeof(objects[0]) *
				     sizeof(ends) / sizeof(ends[0])];
	const char *dev = getenv("LIVES_DEV");
	size_t o, e, nr = 0;
	char *name;
	int failed;

	disk = dev ? disk_make(dev) : NULL;
	if (!disk) {
		fprintf(stderr, "LIVES_DEV=%s: a block device, by device mapper: %s\n",
			dev, strerror(errno));
		return 2;
	}
	for (o = 0; o < sizeof(objects) / sizeof(objects[0]); o++) {
		for (e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
			/* a frozen file system lets no name change */
			if (objects[o].frozen &&
			    (ends[e].names || ends[e].come == end_umount_below))
				continue;
			if (asprintf(&name, "%s-%s", objects[o].name,
				     ends[e].name) < 0)
				return 2;
			cases[nr++] = (struct rig_case){ name, cell };
		}
	}
	failed = rig_main(argc, argv, cases, nr);
	if (disk_end())
		return failed;
	printf("not ok disk: still in use\n");
	return 1;
}
