// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cached listings against a server made by hand: what is asked for a second
 * time, what must be, and that nobody ever sees names that are not there.
 *
 *	rawdircache DIR [TEST]
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/syscall.h>
#include "rawtree.h"

#define MANY	50
#define PAGE	4096

struct entry {
	uint64_t	ino;
	int64_t		off;
	uint16_t	len;
	uint8_t		type;
	char		name[];
};

/* How the client lists: bytes at once, in how many steps before it waits. */
static size_t room = 1 << 16;
static int pause_after;
static uint64_t from;		/* directory offset to begin at */

/* value[0]: entries; value[1]: a sum over their names; value[2]: last offset. */
static int list(const char *dir)
{
	static char buf[1 << 16];
	int fd = open(dir, O_RDONLY | O_DIRECTORY), steps = 0;
	long n, at;

	shared->value[0] = shared->value[1] = shared->value[2] = 0;
	if (fd < 0)
		return errno;
	if (from && lseek(fd, from, SEEK_SET) != (off_t)from)
		return errno;
	while ((n = syscall(SYS_getdents64, fd, buf, room)) > 0) {
		for (at = 0; at < n; ) {
			const struct entry *e = (void *)(buf + at);
			const char *c;

			shared->value[0]++;
			for (c = e->name; *c; c++)
				shared->value[1] = (shared->value[1] * 31 + *c) &
						   0xffffff;
			shared->value[2] = e->off;
			at += e->len;
		}
		if (++steps == pause_after)
			stage_wait(1);
	}
	if (n < 0)
		return errno;
	close(fd);
	return 0;
}

static int make_dir(const char *dir)
{
	return mkdir(client_path(dir, "made"), 0755) ? errno : 0;
}

static int remove_file(const char *dir)
{
	return unlink(client_path(dir, "file")) ? errno : 0;
}

static int rename_file(const char *dir)
{
	char to[512];

	snprintf(to, sizeof(to), "%s/dir/moved", dir);
	return rename(client_path(dir, "file"), to) ? errno : 0;
}

/* -------- the server -------- */

static void begin(uint32_t flags)
{
	room = 1 << 16;
	pause_after = 0;
	from = 0;
	tree.open_flags = flags;
}

/* Long names, so that the listing has several pages. */
static void add_many(void)
{
	char name[252];
	int i;

	for (i = 0; i < MANY; i++) {
		memset(name, 'a' + i % 26, sizeof(name));
		snprintf(name, 8, "%06d", i);
		name[6] = '-';
		name[200 + i] = '\0';
		tree_add(FUSE_ROOT_ID, name, S_IFREG | 0644);
	}
}

#define KEEP	(FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE)
/* What the server was asked to list: once for entries, once for the end. */
#define ASKED	tree.count[FUSE_READDIR]

static void lists(struct raw *r, long entries)
{
	CHECK_IS(tree_run(r, list), 0);
	CHECK_IS(shared->value[0], entries);
}

static void test_kept(struct raw *r)
{
	begin(KEEP);
	lists(r, 3);
	CHECK_IS(ASKED, 2);
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 2);
	CHECK_IS(tree.count[FUSE_OPENDIR], 3);
}

static void test_not_asked_for(struct raw *r)
{
	begin(FOPEN_KEEP_CACHE);
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 4);
}

/* An open that does not keep what there is begins anew. */
static void test_not_kept(struct raw *r)
{
	begin(KEEP);
	lists(r, 3);
	tree.open_flags = FOPEN_CACHE_DIR;
	lists(r, 3);
	CHECK_IS(ASKED, 4);
	tree.open_flags = KEEP;
	lists(r, 3);
	CHECK_IS(ASKED, 4);
}

/* Lists a directory without names, that is kept all the same. */
static void lists_none(struct raw *r)
{
	begin(KEEP);
	for (int id = 2; id <= 4; id++)
		tree.node[id].parent = 0;
	lists(r, 0);
	lists(r, 0);
	CHECK_IS(ASKED, 1);
}

static void test_many(struct raw *r)
{
	long sum;
	unsigned int asked;

	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	sum = shared->value[1];
	asked = ASKED;
	for (room = 1 << 16; room >= 512; room /= 2) {
		lists(r, MANY + 3);
		CHECK_IS(shared->value[1], sum);
	}
	CHECK_IS(ASKED, asked);
	/* in the first place by somebody who takes little at once */
	tree.open_flags = FOPEN_CACHE_DIR;
	room = 1024;
	lists(r, MANY + 3);
	CHECK_IS(shared->value[1], sum);
	asked = ASKED;
	tree.open_flags = KEEP;
	lists(r, MANY + 3);
	CHECK_IS(shared->value[1], sum);
	CHECK_IS(ASKED, asked);
}

static void test_plus(struct raw *r)
{
	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	CHECK(tree.count[FUSE_READDIRPLUS] >= 1);
	tree.count[FUSE_READDIRPLUS] = 0;
	lists(r, MANY + 3);
	CHECK_IS(tree.count[FUSE_READDIRPLUS] + ASKED, 0);
}

static void test_seek(struct raw *r)
{
	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	from = 20;
	ASKED = 0;
	lists(r, MANY + 4 - 20);
	CHECK_IS(ASKED, 0);
	/* where no entry ends, the server has to know */
	from = 1;
	lists(r, MANY + 3);
	CHECK(ASKED > 0);
}

/* Our own changes. */
static void test_changed(struct raw *r)
{
	begin(KEEP);
	lists(r, 3);
	CHECK_IS(tree_run(r, make_dir), 0);
	lists(r, 4);
	CHECK_IS(tree_run(r, remove_file), 0);
	lists(r, 3);
	tree_add(FUSE_ROOT_ID, "file", S_IFREG | 0644);
	CHECK_IS(tree_run(r, make_dir), EEXIST);
	CHECK_IS(tree_run(r, rename_file), 0);
	lists(r, 3);
	CHECK_IS(ASKED, 8);
}

/* And those of others, which the mtime shows. */
static void test_mtime(struct raw *r)
{
	begin(KEEP);
	tree.attr_valid = 0;
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 2);
	tree_add(FUSE_ROOT_ID, "new", S_IFREG | 0644);
	tree.node[FUSE_ROOT_ID].attr.mtimensec++;
	lists(r, 4);
	lists(r, 4);
	CHECK_IS(ASKED, 4);
}

static int tell(struct raw *r, int code, const void *body, size_t len)
{
	struct fuse_out_header out = { .len = sizeof(out) + len, .error = code };
	struct iovec iov[] = { { &out, sizeof(out) }, { (void *)body, len } };

	return writev(r->fd, iov, 2) < 0 ? -errno : 0;
}

/* The server takes back all names, or one. */
static void test_taken_back(struct raw *r)
{
	const struct {
		struct fuse_notify_inval_entry_out out;
		char name[5];
	} one = { { .parent = FUSE_ROOT_ID, .namelen = 4 }, "file" };
	int err;

	begin(KEEP);
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 2);
	CHECK_IS(tell(r, FUSE_NOTIFY_INC_EPOCH, NULL, 0), 0);
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 4);
	/* Whether the name is known is another matter. */
	err = tell(r, FUSE_NOTIFY_INVAL_ENTRY, &one, sizeof(one.out) + 5);
	CHECK(err == 0 || err == -ENOENT);
	lists(r, 3);
	CHECK_IS(ASKED, 6);
}

static int take_back_dir(struct raw *r)
{
	const struct fuse_notify_inval_inode_out out = { .ino = FUSE_ROOT_ID };

	return tell(r, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out));
}

/* The same of a directory: also one that had no names, and in the midst of it. */
static void test_inode_taken_back(struct raw *r)
{
	pid_t pid;

	lists_none(r);
	CHECK_IS(take_back_dir(r), 0);
	lists(r, 0);
	CHECK_IS(ASKED, 2);

	CHECK_IS(take_back_dir(r), 0);
	pid = client_start(r, list);
	CHECK(tree_until(r, FUSE_READDIR, LONG_MS));
	CHECK_IS(take_back_dir(r), 0);
	tree_answer(r);
	CHECK_IS(tree_serve(r, pid), 0);
	/* What is waited for is counted twice. */
	CHECK_IS(ASKED, 4);
	lists(r, 0);
	CHECK_IS(ASKED, 5);
}

/* Who reads while it changes still gets every name that was there throughout. */
static void test_change_within(struct raw *r)
{
	pid_t pid;

	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	room = 1024;
	pause_after = 2;
	pid = client_start(r, list);
	stage_reach(r, 1);
	CHECK_IS(tree_run(r, make_dir), 0);
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	/* and the new one, as the server lists it last */
	CHECK_IS(shared->value[0], MANY + 4);
	pause_after = 0;
	lists(r, MANY + 4);
}

/* Memory that getdents64(2) fills: all but its first page is there after step 1. */
static struct {
	int			fd;
	struct uffdio_range	range;
} late;

static void *late_comes(void *unused)
{
	struct uffdio_zeropage zero = { .range = late.range };
	struct uffd_msg msg;

	if (read(late.fd, &msg, sizeof(msg)) != sizeof(msg))
		_exit(3);
	stage_wait(1);
	if (ioctl(late.fd, UFFDIO_ZEROPAGE, &zero))
		_exit(4);
	return unused;
}

static char *late_memory(size_t len)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t thread;
	char *buf;

	buf = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	late.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	late.range.start = (uintptr_t)buf + PAGE;
	late.range.len = len - PAGE;
	reg.range = late.range;
	if (buf == MAP_FAILED || late.fd < 0 ||
	    ioctl(late.fd, UFFDIO_API, &api) ||
	    ioctl(late.fd, UFFDIO_REGISTER, &reg) ||
	    pthread_create(&thread, NULL, late_comes, NULL))
		_exit(2);
	buf[0] = 0;
	return buf;
}

/* value[3]: entries */
static int list_late(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	char *buf = late_memory(room);
	long n, at, nr = 0;

	if (fd < 0)
		return errno;
	while ((n = syscall(SYS_getdents64, fd, buf, room)) > 0)
		for (at = 0; at < n; at += ((struct entry *)(buf + at))->len)
			nr++;
	shared->value[3] = nr;
	return n < 0 ? errno : 0;
}

/*
 * A reader is stopped within a page, and a newer listing, without what it had
 * already, is there when it goes on: it does not read on in that one.
 */
static void test_newer_within(struct raw *r)
{
	pid_t pid;
	int id;

	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	pid = client_start(r, list_late);
	stage_reach(r, 1);
	for (id = T_LINK + 1; id <= T_LINK + 10; id++)
		tree.node[id].parent = 0;
	CHECK_IS(tell(r, FUSE_NOTIFY_INC_EPOCH, NULL, 0), 0);
	lists(r, MANY - 7);
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[3], MANY + 3);
}

/* Nothing is kept of a reply that makes no sense. */
static bool hook_nonsense(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	char buf[512];
	size_t at;

	if (in->offset)
		return false;
	/* what came before would be all that the caller sees of it */
	at = tree_dirent(buf, 0, T_DIR, 3, DT_DIR, "d/r", 3);
	at = tree_dirent(buf, at, T_FILE, 2, DT_REG, "file", 4);
	raw_reply(r, 0, buf, at);
	return true;
}

static void test_nonsense(struct raw *r)
{
	begin(KEEP);
	tree.hook[FUSE_READDIR] = hook_nonsense;
	CHECK_IS(tree_run(r, list), EIO);
	CHECK_IS(tree_run(r, list), EIO);
	CHECK_IS(ASKED, 2);
	tree.hook[FUSE_READDIR] = NULL;
	lists(r, 3);
}

/* Cut off inside an entry: the rest is asked for, and kept behind it. */
static bool hook_cut(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	char buf[512];
	size_t at;

	if (in->offset)
		return false;
	at = tree_dirent(buf, 0, T_FILE, 2, DT_REG, "file", 4);
	tree_dirent(buf, at, T_DIR, 3, DT_DIR, "dir", 3);
	raw_reply(r, 0, buf, at + FUSE_NAME_OFFSET + 1);
	return true;
}

static void test_cut(struct raw *r)
{
	begin(KEEP);
	tree.hook[FUSE_READDIR] = hook_cut;
	lists(r, 3);
	CHECK_IS(ASKED, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 3);
}

/* Names that end at a NUL are kept like others, and no further. */
static bool hook_nul(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	char buf[512];
	size_t at;

	at = tree_dirent(buf, 0, T_FILE, 2, DT_REG, "file", 5);
	at = tree_dirent(buf, at, T_DIR, 3, DT_DIR, "dir\0and much more", 17);
	raw_reply(r, 0, buf, in->offset ? 0 : at);
	return true;
}

static void test_nul(struct raw *r)
{
	long sum;

	begin(KEEP);
	tree.hook[FUSE_READDIR] = hook_nul;
	lists(r, 2);
	sum = shared->value[1];
	lists(r, 2);
	CHECK_IS(shared->value[1], sum);
	CHECK_IS(ASKED, 2);
}

/* The end of a listing, but not of what is kept. */
static bool hook_remnant(struct raw *r)
{
	raw_reply(r, 0, (char[10]){ }, 10);
	return true;
}

static void test_cut_all(struct raw *r)
{
	begin(KEEP);
	tree.hook[FUSE_READDIR] = hook_remnant;
	lists(r, 0);
	CHECK_IS(ASKED, 1);
	tree.hook[FUSE_READDIR] = NULL;
	lists(r, 3);
	CHECK_IS(ASKED, 3);
}

/* Pages go when memory is short. */
static void test_reclaimed(struct raw *r)
{
	long sum;

	begin(KEEP);
	add_many();
	lists(r, MANY + 3);
	sum = shared->value[1];
	{
		int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

		CHECK(fd >= 0 && write(fd, "1", 1) == 1);
		close(fd);
	}
	ASKED = 0;
	lists(r, MANY + 3);
	CHECK_IS(shared->value[1], sum);
	CHECK(ASKED > 0);
	ASKED = 0;
	lists(r, MANY + 3);
	CHECK_IS(shared->value[1], sum);
	CHECK_IS(ASKED, 0);
}

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

/* A server without opens leaves it to the kernel. */
static void test_no_opendir(struct raw *r)
{
	begin(0);
	tree.hook[FUSE_OPENDIR] = hook_enosys;
	lists(r, 3);
	lists(r, 3);
	CHECK_IS(ASKED, 2);
}

static const struct tree_test tests[] = {
	{ "kept", test_kept, NULL, FUSE_PARALLEL_DIROPS },
	{ "not-asked-for", test_not_asked_for, NULL, 0 },
	{ "not-kept", test_not_kept, NULL, 0 },
	{ "empty", lists_none, NULL, 0 },
	{ "many", test_many, NULL, 0 },
	{ "plus", test_plus, NULL, FUSE_DO_READDIRPLUS },
	{ "seek", test_seek, NULL, 0 },
	{ "changed", test_changed, NULL, 0 },
	{ "inode-taken-back", test_inode_taken_back },
	{ "taken-back", test_taken_back, NULL, 0 },
	{ "mtime", test_mtime, NULL, 0 },
	{ "change-within", test_change_within, NULL, FUSE_PARALLEL_DIROPS },
	{ "newer-within", test_newer_within, NULL, FUSE_PARALLEL_DIROPS },
	{ "nonsense", test_nonsense, NULL, 0 },
	{ "cut", test_cut, NULL, 0 },
	{ "nul", test_nul, NULL, 0 },
	{ "cut-all", test_cut_all, NULL, 0 },
	{ "reclaimed", test_reclaimed, NULL, 0 },
	{ "no-opendir", test_no_opendir, NULL, 0 },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
