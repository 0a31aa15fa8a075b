// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two files of one server: what is said of one is not taken for the other, also
 * where the second has the node id of the first.
 *
 *	rawpair DIR [TEST]
 */
#include "rawtree.h"

#define PAGE	4096

/* -------- copies side by side -------- */

static int copy_to(const char *dir, const char *name)
{
	int in = open(client_path(dir, "file"), O_RDONLY);
	int out = open(client_path(dir, name), O_RDWR);
	loff_t from = 0, to = 0;

	if (in < 0 || out < 0)
		return errno;
	errno = EPROTO;
	return copy_file_range(in, &from, out, &to, PAGE, 0) == PAGE ? 0 : errno;
}

static int copy_one(const char *dir)
{
	return copy_to(dir, "one");
}

static int copy_two(const char *dir)
{
	return copy_to(dir, "two");
}

static bool hook_copy(struct raw *r)
{
	const struct fuse_copy_file_range_in *in = r->arg;
	struct fuse_write_out out = { .size = in->len };

	raw_reply(r, 0, &out, sizeof(out));
	return true;
}

/* One learns that the request is missing while the other's is being done. */
static void test_copy_apart(struct raw *r)
{
	struct fuse_copy_file_range_out done = { .bytes_copied = PAGE };
	struct fuse_in_header head;
	pid_t one, two;

	tree.node[T_FILE].attr.size = PAGE;
	tree_add(FUSE_ROOT_ID, "one", S_IFREG | 0644);
	tree_add(FUSE_ROOT_ID, "two", S_IFREG | 0644);
	tree.hook[FUSE_COPY_FILE_RANGE] = hook_copy;

	one = client_start(r, copy_one);
	CHECK(tree_until(r, FUSE_COPY_FILE_RANGE_64, LONG_MS));
	head = *r->head;
	two = client_start(r, copy_two);
	CHECK_IS(tree_serve(r, two), 0);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 1);
	*r->head = head;
	CHECK_IS(raw_reply(r, 0, &done, sizeof(done)), 0);
	CHECK_IS(tree_serve(r, one), 0);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 1);
}

/* -------- copies longer than 32 bits -------- */

#define GIB	(1ULL << 30)
#define WIDE	(5 * GIB + 3)

static uint64_t asked_len, reply_len;

/* What a copy of WIDE bytes did, and the target's size with and without asking. */
static int copy_wide(const char *dir)
{
	int in = open(client_path(dir, "file"), O_RDONLY);
	int out = open(client_path(dir, wanted), O_RDWR);
	loff_t from = 0, to = 0;
	struct statx known;
	struct stat st;

	if (in < 0 || out < 0)
		return errno;
	shared->value[0] = copy_file_range(in, &from, out, &to, WIDE, 0);
	if (shared->value[0] < 0)
		return errno;
	if (statx(out, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE,
		  &known) || fstat(out, &st))
		return errno;
	shared->value[1] = known.stx_size;
	shared->value[2] = st.st_size;
	shared->value[3] = from;
	shared->value[4] = to;
	return 0;
}

static bool hook_wide(struct raw *r)
{
	const struct fuse_copy_file_range_in *in = r->arg;
	struct fuse_copy_file_range_out wide = { .bytes_copied = reply_len };
	struct fuse_write_out narrow = { .size = reply_len };

	asked_len = in->len;
	tree.node[tree_find(FUSE_ROOT_ID, wanted)].attr.size = reply_len;
	if (r->head->opcode == FUSE_COPY_FILE_RANGE)
		raw_reply(r, 0, &narrow, sizeof(narrow));
	else
		raw_reply(r, 0, &wide, sizeof(wide));
	return true;
}

/* To a new file: the request asks for @len bytes, the answer is @copied. */
static void copies_wide(struct raw *r, const char *to, uint64_t len,
			uint64_t copied)
{
	int i;

	tree_add(FUSE_ROOT_ID, to, S_IFREG | 0644);
	wanted = to;
	asked_len = 0;
	reply_len = copied;
	CHECK_IS(tree_run(r, copy_wide), 0);
	CHECK_IS(asked_len, len);
	for (i = 0; i < 5; i++)
		CHECK_IS(shared->value[i], copied);
}

static void test_copy_wide(struct raw *r)
{
	const uint64_t most = UINT32_MAX & ~(uint64_t)(PAGE - 1);

	tree.node[T_FILE].attr.size = 6 * GIB;
	tree.hook[FUSE_COPY_FILE_RANGE_64] = hook_wide;
	tree.hook[FUSE_COPY_FILE_RANGE] = hook_wide;
	copies_wide(r, "wide", WIDE, WIDE);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE_64], 1);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 0);

	/* The older request is asked for what its answer can tell. */
	tree.hook[FUSE_COPY_FILE_RANGE_64] = NULL;
	copies_wide(r, "older", most, most);
	copies_wide(r, "short", most, 3 * GIB + 1);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE_64], 2);
	CHECK_IS(tree.count[FUSE_COPY_FILE_RANGE], 2);
}

/* -------- another file under the id of one that was written -------- */

static bool hook_no_open(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

/* What is dirty when the server gives the id away stays here. */
static int dirty_and_stale(const char *dir, bool mapped)
{
	int fd = open(client_path(dir, "file"), O_RDWR);
	struct stat st;
	char *p;
	int err;

	if (fd < 0)
		return errno;
	err = keep_dirty(fd);
	if (err)
		return err;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return errno;
	if (mapped)
		p[10] = 1;
	else if (pwrite(fd, "data", 4, 10) != 4)
		return errno;
	stage_wait(1);
	if (stat(client_path(dir, "file"), &st))
		return errno;
	if (!fstat(fd, &st) || errno != EIO)
		return EPROTO;
	munmap(p, PAGE);
	close(fd);
	return 0;
}

static int dirty_map(const char *dir)
{
	return dirty_and_stale(dir, true);
}

static int dirty_write(const char *dir)
{
	return dirty_and_stale(dir, false);
}

static void give_id_away(struct raw *r, client_fn fn)
{
	pid_t pid;

	tree.entry_valid = 0;
	tree.node[T_FILE].attr.size = PAGE;
	tree.hook[FUSE_OPEN] = hook_no_open;
	pid = client_start(r, fn);
	stage_reach(r, 1);
	tree.node[T_FILE].generation = 7;
	stage_go(1);
	CHECK_IS(tree_serve(r, pid), 0);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.count[FUSE_WRITE], 0);
	CHECK_IS(tree.count[FUSE_SETATTR], 0);
}

static void test_stale_map(struct raw *r)
{
	give_id_away(r, dirty_map);
}

static void test_stale_write(struct raw *r)
{
	give_id_away(r, dirty_write);
}

static const struct tree_test tests[] = {
	{ "copy-apart", test_copy_apart },
	{ "copy-wide", test_copy_wide },
	{ "stale-map", test_stale_map, NULL, FUSE_NO_OPEN_SUPPORT },
	{ "stale-write", test_stale_write, NULL,
	  FUSE_NO_OPEN_SUPPORT | FUSE_WRITEBACK_CACHE },
	{ }
};

int main(int argc, char **argv)
{
	return tree_tests(tests, argc, argv);
}
