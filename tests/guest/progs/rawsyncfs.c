// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYNCFS: what syncfs(2) asks the server of a block device, and what has to be
 * at the server before.
 *
 *	rawsyncfs DIR DEVICE [TEST]	DEVICE may be "none", for a mount without
 */
#include "rawtree.h"

#define PAGE		4096
#define QUIET_MS	200
#define HELD		16
/* Who has not come to his end after as many WRITEs of another never will. */
#define STARVED		1000

/* WRITEs and SYNCFS that are not answered yet */
static struct fuse_in_header held[HELD];
static struct fuse_write_in held_write[HELD];
static int nr_held;
static bool hold_writes, hold_sync;
static int sync_error;
static uint64_t sync_node;

static void reply_to(struct raw *r, const struct fuse_in_header *head, int error,
		     const void *data, size_t len)
{
	struct fuse_in_header saved = *r->head;

	*r->head = *head;
	raw_reply(r, error, data, len);
	*r->head = saved;
}

static bool hook_write(struct raw *r)
{
	if (!hold_writes || nr_held == HELD)
		return false;
	held[nr_held] = *r->head;
	held_write[nr_held++] = *(struct fuse_write_in *)r->arg;
	return true;
}

static bool hook_sync(struct raw *r)
{
	sync_node = r->head->nodeid;
	if (hold_sync)
		held[nr_held++] = *r->head;
	else
		raw_reply(r, sync_error, NULL, 0);
	return true;
}

/* Answer what was held up to now. */
static void let_go(struct raw *r)
{
	int i;

	for (i = 0; i < nr_held; i++) {
		struct fuse_write_out out = { .size = held_write[i].size };

		if (held[i].opcode == FUSE_WRITE)
			reply_to(r, &held[i], 0, &out, sizeof(out));
		else
			reply_to(r, &held[i], 0, NULL, 0);
	}
	nr_held = 0;
}

static void prepare(void)
{
	tree.node[T_FILE].attr.size = 64 * PAGE;
	/* No open takes away pages, which others would have to read again. */
	tree.open_flags = FOPEN_KEEP_CACHE;
	tree.hook[FUSE_WRITE] = hook_write;
	tree.hook[FUSE_SYNCFS] = hook_sync;
	hold_writes = false;
	hold_sync = false;
	sync_error = 0;
	sync_node = 0;
	nr_held = 0;
}

static int client_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return 200;
	return syncfs(fd) ? errno : 0;
}

/* Dirty a page through a mapping, then sync. */
static int client_dirty_sync(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR);
	char *p;

	if (fd < 0)
		return 200;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 201;
	p[0] = 'x';
	shared->value[0] = 1;
	return syncfs(fd) ? errno : 0;
}

/* Writes one page after the other and starts writeback of it, until stage 1. */
static int client_busy(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_RDWR), i;
	char *p;

	if (fd < 0)
		return 200;
	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 201;
	for (i = 8; !shared->go; i = i < 63 ? i + 1 : 8) {
		p[i * PAGE] = 'y';
		sync_file_range(fd, i * PAGE, PAGE, SYNC_FILE_RANGE_WRITE);
		usleep(5000);
	}
	close(fd);
	return 0;
}

static unsigned int syncs(void)
{
	return tree.count[FUSE_SYNCFS];
}

static void until_held(struct raw *r)
{
	while (!nr_held && raw_next(r, LONG_MS) > 0)
		tree_answer(r);
	CHECK_IS(nr_held, 1);
}

/*
 * The same for client_dirty_sync(). The flusher may have been there between its
 * page and its byte: another WRITE will follow then.
 */
static void until_held_dirty(struct raw *r)
{
	int ms = LONG_MS;

	until_held(r);
	while (!shared->value[0] && ms > 0)
		if (raw_next(r, 20) > 0)
			tree_answer(r);
		else
			ms -= 20;
	CHECK_IS(shared->value[0], 1);
	CHECK_IS(nr_held, 1);
}

static void test_asks(struct raw *r)
{
	prepare();
	CHECK_IS(tree_run(r, client_sync), 0);
	CHECK_IS(syncs(), 1);
	CHECK_IS(sync_node, FUSE_ROOT_ID);
	sync_error = EIO;
	CHECK_IS(tree_run(r, client_sync), EIO);
	CHECK_IS(syncs(), 2);
}

static int client_remount(const char *dir)
{
	return mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) ? errno : 0;
}

/* Whatever the server makes of it, the mount can be made read-only. */
static void test_remount(struct raw *r)
{
	prepare();
	sync_error = EIO;
	CHECK_IS(tree_run(r, client_remount), 0);
	CHECK(syncs() > 0);
}

static void test_no_syncfs(struct raw *r)
{
	prepare();
	sync_error = ENOSYS;
	CHECK_IS(tree_run(r, client_sync), 0);
	CHECK_IS(tree_run(r, client_sync), 0);
	CHECK_IS(syncs(), 1);
}

/* SYNCFS comes when the WRITE before it was answered, and not earlier. */
static void test_after_writes(struct raw *r)
{
	pid_t pid;

	prepare();
	hold_writes = true;
	pid = client_start(r, client_dirty_sync);
	until_held_dirty(r);
	CHECK_IS(syncs(), 0);
	CHECK_IS(client_wait(pid, QUIET_MS), -1);
	hold_writes = false;
	let_go(r);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(syncs(), 1);
}

/* Answer the first @nr of those that are held. */
static void let_go_of(struct raw *r, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		struct fuse_write_out out = { .size = held_write[i].size };

		reply_to(r, &held[i], 0, &out, sizeof(out));
	}
	nr_held -= nr;
	memmove(held, held + nr, nr_held * sizeof(*held));
	memmove(held_write, held_write + nr, nr_held * sizeof(*held_write));
}

/*
 * However much is written meanwhile: from the beginning on there is a WRITE in
 * flight, as one is answered when the next one is there. Nobody may wait for a
 * WRITE that is held, therefore, as who reads its page would.
 */
static void test_not_starved(struct raw *r)
{
	pid_t busy, pid;
	int nr, late = 0;

	prepare();
	busy = client_start(r, client_busy);
	while (tree.count[FUSE_WRITE] < 4 && raw_next(r, LONG_MS) > 0)
		tree_answer(r);
	hold_writes = true;
	pid = client_start(r, client_dirty_sync);
	while (!syncs() && late < STARVED) {
		nr = nr_held;
		while (nr_held == nr && !syncs()) {
			if (!CHECK(raw_next(r, LONG_MS) > 0))
				goto end;
			tree_answer(r);
		}
		if (shared->value[0])
			late += nr;
		if (!syncs())
			let_go_of(r, nr);
	}
	CHECK_IS(syncs(), 1);
	CHECK(nr_held > 0);
end:
	hold_writes = false;
	let_go_of(r, nr_held);
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(tree_serve(r, busy), 0);
	printf("# %d WRITEs were answered meanwhile\n", late);
}

/* Who waits for a WRITE, or for the answer, can be killed. */
static void test_killed(struct raw *r)
{
	pid_t pid;

	prepare();
	hold_writes = true;
	pid = client_start(r, client_dirty_sync);
	until_held_dirty(r);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	hold_writes = false;
	let_go(r);
	tree_serve_for(r, 50);
	hold_sync = true;
	pid = client_start(r, client_sync);
	until_held(r);
	CHECK_IS(syncs(), 1);
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	let_go(r);
	tree_serve_for(r, 50);
}

static void test_not_a_device(struct raw *r)
{
	prepare();
	CHECK_IS(tree_run(r, client_dirty_sync), 0);
	CHECK_IS(syncs(), 0);
}

static const struct tree_test on_device[] = {
	{ "asks", test_asks },
	{ "remount", test_remount },
	{ "no-syncfs", test_no_syncfs },
	{ "after-writes", test_after_writes },
	{ "after-writes-cached", test_after_writes, "", FUSE_WRITEBACK_CACHE },
	{ "not-starved", test_not_starved },
	{ "not-starved-cached", test_not_starved, "", FUSE_WRITEBACK_CACHE },
	{ "killed", test_killed },
	{ }
}, without[] = {
	{ "not-a-device", test_not_a_device },
	{ }
};

static void run(const struct tree_test *t, const char *dir, const char *device)
{
	struct raw r = {};
	pid_t pid;

	check.test = t->name;
	check.first[0] = 0;
	alarm(TEST_SECONDS);
	memset((void *)shared, 0, sizeof(*shared));
	tree_reset();
	tree.flags = t->flags;
	if (strcmp(device, "none"))
		raw_mount_as(&r, device, dir, "fuseptblk", NULL);
	else
		raw_mount(&r, dir, NULL);
	tree_start(&r);
	t->run(&r);
	tree_settled(&r);
	/* DESTROY is not known to the tree, and answered by that. */
	pid = raw_start_umount(&r);
	tree_serve(&r, pid);
	test_unmount(&r);
	alarm(0);
	printf("%s %s%s%s\n", check.first[0] ? "not ok" : "ok", t->name,
	       check.first[0] ? ": " : "", check.first);
	check.failures += !!check.first[0];
}

int main(int argc, char **argv)
{
	const struct tree_test *t;

	if (argc < 3) {
		fprintf(stderr, "usage: rawsyncfs DIR DEVICE [TEST]\n");
		return 2;
	}
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		raw_die("mmap");
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, check_alarm);
	for (t = strcmp(argv[2], "none") ? on_device : without; t->name; t++)
		if (argc < 4 || !strcmp(argv[3], t->name))
			run(t, argv[1], argv[2]);
	return check.failures ? 1 : 0;
}
