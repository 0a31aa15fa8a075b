// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications about data, by a server made by hand: dropped, stored, retrieved,
 * what a new time or size of a file drops, and what all that means in passthrough.
 *
 *	rawstore DIR [TEST]
 */
#include <linux/userfaultfd.h>
#include "rawtell.h"

/* -------- INVAL_INODE -------- */

/* Which of three pages is asked for again after this? */
static void drops(struct raw *r, int64_t off, int64_t len, unsigned int pages)
{
	unsigned int page, asked = 0;

	for (page = 0; page < 3; page++)
		ask(r, DO_READ, "", page * PAGE, PAGE);
	content++;
	CHECK_IS(tell_inode(r, T_FILE, off, len), 0);
	ask(r, DO_STAT, "file", 0, 0);
	for (page = 0; page < 3; page++) {
		CHECK_IS(ask(r, DO_READ, "", page * PAGE, PAGE), PAGE);
		if (desk->value == content)
			asked |= 1u << page;
	}
	CHECK_IS(asked, pages);
	/* All of the same content again. */
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
}

static void test_data(struct raw *r)
{
	file_of_pages(r, 3);
	drops(r, 0, 0, 7);
	drops(r, 0, -1, 7);
	drops(r, -1, 0, 0);
	drops(r, INT64_MIN, PAGE, 0);
	drops(r, PAGE, PAGE, 2);
	drops(r, PAGE, PAGE + 1, 6);
	drops(r, PAGE + 10, 1, 2);
	drops(r, PAGE, 0, 6);
	drops(r, 2 * PAGE, INT64_MAX, 4);
	drops(r, INT64_MAX, INT64_MAX, 0);
	drops(r, 3 * PAGE, 0, 0);
	/* What is no regular file has no pages that are written. */
	CHECK_IS(ask(r, DO_STAT, "link", 0, 0), 0);
	CHECK_IS(tell_inode(r, T_LINK, 0, 0), 0);
	desk_end(r);
}

/* Answer until the byte that was stored came. */
static void until_stored(struct raw *r)
{
	/*
	 * One WRITE of the page as it was may come before: a fault makes the page
	 * dirty, and the store is behind that.
	 */
	while (written != 'm' && raw_next(r, LONG_MS) > 0)
		tree_answer(r);
	CHECK_IS(written, 'm');
}

/* In a process of its own, as it waits. */
static pid_t start_inval(struct raw *r)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(0);
		_exit(-tell_inode(r, T_FILE, 0, 0));
	}
	usleep(200000);
	return pid;
}

/*
 * What was stored through a mapping is at the server when the notification ends,
 * so that the server may give the file to somebody else.
 */
static void test_dirty(struct raw *r)
{
	int status;
	pid_t pid;

	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	written = 0;
	CHECK_IS(ask(r, DO_POKE, "", PAGE, 0), 0);
	content = 'b';
	pid = start_inval(r);
	CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
	until_stored(r);
	CHECK_IS(waitpid(pid, &status, 0), pid);
	CHECK_IS(status, 0);
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'b');
	CHECK_IS(ask(r, DO_READ, "", PAGE, PAGE), PAGE);
	CHECK_IS(desk->value, 'b');

	/* Nothing is lost if who notifies is killed. */
	written = 0;
	CHECK_IS(ask(r, DO_POKE, "", PAGE, 0), 0);
	pid = start_inval(r);
	kill(pid, SIGKILL);
	CHECK_IS(waitpid(pid, &status, 0), pid);
	CHECK_IS(WTERMSIG(status), SIGKILL);
	until_stored(r);
	desk_end(r);
}

/* -------- STORE -------- */

static void test_store(struct raw *r)
{
	file_of_pages(r, 3);
	tree.node[T_FILE].attr.size = 2 * PAGE + 100;
	CHECK_IS(tell_inode(r, T_FILE, -1, 0), 0);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);

	/* Whole pages, and the file's end. */
	CHECK_IS(tell_store(r, T_FILE, 0, 's', 2 * PAGE + 100), 0);
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 's');
	CHECK_IS(ask(r, DO_READ, "", 2 * PAGE, 100), 100);
	CHECK_IS(desk->value, 's');
	CHECK_IS(tree.count[FUSE_READ], 0);

	/* Part of a page that is cached. */
	CHECK_IS(tell_store(r, T_FILE, PAGE + 10, 't', 20), 0);
	CHECK_IS(ask(r, DO_READ, "", PAGE + 10, 1), 1);
	CHECK_IS(desk->value, 't');
	CHECK_IS(ask(r, DO_READ, "", PAGE + 30, 1), 1);
	CHECK_IS(desk->value, 's');
	CHECK_IS(tree.count[FUSE_READ], 0);

	/* Part of one that is not: nothing is known of the rest. */
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
	CHECK_IS(tell_store(r, T_FILE, PAGE + 10, 'u', 20), 0);
	CHECK_IS(ask(r, DO_READ, "", PAGE, 1), 1);
	CHECK_IS(desk->value, 'a');
	CHECK(tree.count[FUSE_READ] > 0);
	desk_end(r);
}

static void test_store_grows(struct raw *r)
{
	file_of_pages(r, 1);
	tree.node[T_FILE].attr.size = 50;
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
	CHECK_IS(ask(r, DO_READ, "", 0, 50), 50);
	memset(tree.count, 0, sizeof(tree.count));

	tree.node[T_FILE].attr.size = 2 * PAGE;
	CHECK_IS(tell_store(r, T_FILE, PAGE, 's', PAGE), 0);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(desk->value, 2 * PAGE);
	CHECK_IS(ask(r, DO_READ, "", PAGE, PAGE), PAGE);
	CHECK_IS(desk->value, 's');
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(tree.count[FUSE_READ], 0);
	/* What was behind the end is a hole. */
	CHECK_IS(ask(r, DO_READ, "", 50, 1), 1);
	CHECK_IS(desk->value, 0);
	desk_end(r);
}

/* In a process of its own, as it may have to wait. */
static pid_t start_store(struct raw *r, int byte)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(0);
		_exit(-tell_store(r, T_FILE, 0, byte, PAGE));
	}
	usleep(100000);
	return pid;
}

static void test_store_crossing(struct raw *r)
{
	struct fuse_in_header held;
	pid_t pid;

	file_of_pages(r, 2);
	/* READ has its folios locked: who waits for them can be killed. */
	order(DO_READ, "", 0, 2 * PAGE);
	CHECK(tree_until(r, FUSE_READ, LONG_MS));
	held = *r->head;
	pid = start_store(r, 's');
	CHECK(!raw_ended(pid));
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	pid = fork();
	if (!pid) {
		alarm(0);
		_exit(-tell_inode(r, T_FILE, 0, 0));
	}
	usleep(100000);
	CHECK(!raw_ended(pid));
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);

	/* The one that waits wins. */
	pid = start_store(r, 's');
	*r->head = held;
	hook_read(r);
	CHECK_IS(done(r), 2 * PAGE);
	CHECK_IS(client_wait(pid, LONG_MS), 0);
	CHECK_IS(ask(r, DO_READ, "", 0, 1), 1);
	CHECK_IS(desk->value, 's');
	desk_end(r);
}

/* WRITE sends the page cache itself: what is on its way is not touched. */
static void test_store_writing(struct raw *r)
{
	struct fuse_write_out out = { .size = PAGE };

	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	order(DO_WRITE, "", 0, PAGE);
	CHECK(tree_until(r, FUSE_WRITE, LONG_MS));
	CHECK_IS(tell_store(r, T_FILE, 0, 's', 2 * PAGE), 0);
	raw_reply(r, 0, &out, sizeof(out));
	CHECK_IS(done(r), PAGE);
	memset(tree.count, 0, sizeof(tree.count));
	CHECK_IS(ask(r, DO_READ, "", PAGE, 1), 1);
	CHECK_IS(desk->value, 's');
	CHECK_IS(tree.count[FUSE_READ], 0);
	CHECK_IS(ask(r, DO_READ, "", 0, 1), 1);
	CHECK_IS(desk->value, 'a');
	CHECK(tree.count[FUSE_READ] > 0);
	desk_end(r);
}

/* Memory that ends within the page: refused, at once and for good. */
static void test_store_cut(struct raw *r)
{
	const struct fuse_notify_store_out out = {
		.nodeid = T_FILE, .size = PAGE,
	};
	char *mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int ret;

	CHECK(mem != MAP_FAILED);
	memset(mem, 's', PAGE);
	CHECK_IS(munmap(mem + PAGE, PAGE), 0);
	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	pid = fork();
	if (!pid) {
		alarm(0);
		_exit(-tell(r, FUSE_NOTIFY_STORE, &out, sizeof(out),
			    mem + PAGE - 100, PAGE));
	}
	ret = client_wait(pid, LONG_MS);
	CHECK_IS(ret, EFAULT);
	if (ret == -1)
		client_kill(pid);
	CHECK_IS(ask(r, DO_READ, "", 0, 1), 1);
	CHECK_IS(desk->value, 'a');
	desk_end(r);
	munmap(mem, PAGE);
}

/* From memory that never comes. */
static void store_never(struct raw *r)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	const struct fuse_notify_store_out out = {
		.nodeid = T_FILE, .size = PAGE,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *mem;

	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)mem;
	reg.range.len = PAGE;
	if (mem == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		_exit(1);
	_exit(-tell(r, FUSE_NOTIFY_STORE, &out, sizeof(out), mem, PAGE));
}

/* umount does not wait for a server's memory, nor does who waits for umount. */
static void test_store_stalled(struct raw *r)
{
	pid_t store, pid;
	int ret;

	file_of_pages(r, 1);
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	store = fork();
	if (!store) {
		alarm(0);
		store_never(r);
	}
	usleep(SHORT_MS * 1000);
	CHECK(!raw_ended(store));
	desk_end(r);
	pid = raw_start_umount(r);
	tree_serve_for(r, SHORT_MS);
	ret = client_wait(pid, LONG_MS);
	CHECK_IS(ret, 0);
	CHECK(!raw_ended(store));
	client_kill(store);
	if (ret == -1)
		client_wait(pid, LONG_MS);

	/* Another mount, for the end of the test. */
	tree_reset();
	tree_remount(r, NULL);
	tree_start(r);
}

/* -------- RETRIEVE -------- */

/* What comes after RETRIEVE: its length, all of its bytes being @byte. */
static long retrieved(struct raw *r, uint64_t unique, uint64_t off, int byte)
{
	const struct fuse_notify_retrieve_in *in = r->arg;
	const unsigned char *data = (void *)(in + 1);
	uint32_t i;

	if (!CHECK(tree_until(r, FUSE_NOTIFY_REPLY, LONG_MS)))
		return -1;
	CHECK_IS(r->head->unique, unique);
	CHECK_IS(r->head->nodeid, T_FILE);
	CHECK_IS(in->offset, off);
	CHECK_IS(r->head->len, sizeof(*r->head) + sizeof(*in) + in->size);
	for (i = 0; i < in->size && data[i] == byte; i++)
		;
	CHECK_IS(i, in->size);
	return in->size;
}

static void test_retrieve(struct raw *r)
{
	file_of_pages(r, 3);
	CHECK_IS(tell_retrieve(r, 77, T_FILE, 0, PAGE), 0);
	CHECK_IS(retrieved(r, 77, 0, 0), 0);

	CHECK_IS(ask(r, DO_READ, "", 0, 3 * PAGE), 3 * PAGE);
	/* An id is the server's choice, whatever it is. */
	CHECK_IS(tell_retrieve(r, 2, T_FILE, 100, PAGE), 0);
	CHECK_IS(retrieved(r, 2, 100, 'a'), PAGE);
	CHECK_IS(tell_retrieve(r, UINT64_MAX, T_FILE, 0, UINT32_MAX), 0);
	CHECK_IS(retrieved(r, UINT64_MAX, 0, 'a'), 3 * PAGE);
	CHECK_IS(tell_retrieve(r, 3, T_FILE, 2 * PAGE + 1, 2 * PAGE), 0);
	CHECK_IS(retrieved(r, 3, 2 * PAGE + 1, 'a'), PAGE - 1);
	CHECK_IS(tell_retrieve(r, 4, T_FILE, 3 * PAGE, PAGE), 0);
	CHECK_IS(retrieved(r, 4, 3 * PAGE, 'a'), 0);
	CHECK_IS(tell_retrieve(r, 5, T_FILE, 0, 0), 0);
	CHECK_IS(retrieved(r, 5, 0, 'a'), 0);

	/* As far as it is cached without a gap. */
	CHECK_IS(tell_inode(r, T_FILE, PAGE, PAGE), 0);
	CHECK_IS(tell_retrieve(r, 6, T_FILE, 0, 3 * PAGE), 0);
	CHECK_IS(retrieved(r, 6, 0, 'a'), PAGE);
	desk_end(r);
}

/* All of 64 cached pages asked for, of a server that takes so much at a time. */
static void retrieve_most(struct raw *r, uint32_t max_write, uint32_t pages,
			  uint64_t off, long len)
{
	int i;

	tree.max_write = max_write;
	tree.pages = pages;
	tree_remount(r, NULL);
	tree_start(r);
	file_of_pages(r, 64);
	for (i = 0; i < 64; i += 16)
		CHECK_IS(ask(r, DO_READ, "", i * PAGE, 16 * PAGE), 16 * PAGE);
	CHECK_IS(tell_retrieve(r, 7, T_FILE, off, UINT32_MAX), 0);
	CHECK_IS(retrieved(r, 7, off, 'a'), len);
	desk_end(r);
	tree_settled(r);
}

static void test_retrieve_most(struct raw *r)
{
	retrieve_most(r, 8 * PAGE, 32, 0, 8 * PAGE);
	retrieve_most(r, 8 * PAGE, 32, 100, 8 * PAGE);
	/* Pages count that are sent in part. */
	retrieve_most(r, 32 * PAGE, 8, 0, 8 * PAGE);
	retrieve_most(r, 32 * PAGE, 8, 100, 8 * PAGE - 100);
}

/* -------- data that changes by itself -------- */

/* How many pages of three are asked for again? */
static unsigned int again(struct raw *r)
{
	unsigned int page, asked = 0;

	content++;
	for (page = 0; page < 3; page++) {
		CHECK_IS(ask(r, DO_READ, "", page * PAGE, PAGE), PAGE);
		asked += desk->value == content;
	}
	return asked;
}

static void test_auto(struct raw *r)
{
	tree.attr_valid = 0;
	file_of_pages(r, 3);
	CHECK_IS(again(r), 3);
	CHECK_IS(again(r), 0);
	/* A read looks, by itself. */
	tree.node[T_FILE].attr.mtimensec = 5;
	CHECK_IS(again(r), 3);
	CHECK_IS(again(r), 0);
	/* Nor is it hidden by a change of ours that says it as well. */
	tree.node[T_FILE].attr.mtimensec = 7;
	CHECK_IS(ask(r, DO_CHMOD, "file", 0, 0600), 0);
	CHECK_IS(again(r), 3);
	CHECK_IS(again(r), 0);
	tree.node[T_FILE].attr.size = 4 * PAGE;
	CHECK_IS(again(r), 3);
	/* Not while the attributes are good. */
	tree.attr_valid = 3600;
	CHECK_IS(again(r), 0);
	tree.node[T_FILE].attr.mtimensec = 6;
	CHECK_IS(again(r), 0);
	desk_end(r);
}

/* sendfile(2) looks as a read does. */
static void test_auto_send(struct raw *r)
{
	tree.attr_valid = 0;
	file_of_pages(r, 3);
	CHECK_IS(ask(r, DO_SEND, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'a');
	content = 'b';
	CHECK_IS(ask(r, DO_SEND, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'a');
	tree.node[T_FILE].attr.mtimensec = 5;
	CHECK_IS(ask(r, DO_SEND, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'b');
	desk_end(r);
}

static void test_not_auto(struct raw *r)
{
	tree.attr_valid = 0;
	file_of_pages(r, 3);
	CHECK_IS(again(r), 3);
	tree.node[T_FILE].attr.mtimensec = 5;
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(again(r), 0);
	tree.node[T_FILE].attr.size = 4 * PAGE;
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(again(r), 3);
	desk_end(r);
}

static void test_explicit(struct raw *r)
{
	tree.attr_valid = 0;
	file_of_pages(r, 3);
	CHECK_IS(again(r), 3);
	tree.node[T_FILE].attr.mtimensec = 5;
	tree.node[T_FILE].attr.size = 4 * PAGE;
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(desk->value, 4 * PAGE);
	CHECK_IS(again(r), 0);
	/* What is behind a new end is no data, told or not. */
	tree.node[T_FILE].attr.size = PAGE;
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	tree.node[T_FILE].attr.size = 3 * PAGE;
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(again(r), 2);
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
	CHECK_IS(again(r), 3);
	desk_end(r);
}

/* -------- passthrough -------- */

static int backing_id;

static bool hook_through(struct raw *r)
{
	struct fuse_open_out out = {
		.fh = r->head->nodeid, .open_flags = FOPEN_PASSTHROUGH,
		.backing_id = backing_id,
	};

	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.handles++;
	return true;
}

static void test_through(struct raw *r)
{
	struct fuse_backing_map map = { };
	char data[2 * PAGE];
	FILE *lower = tmpfile();

	memset(data, 'l', sizeof(data));
	map.fd = fileno(lower);
	CHECK_IS(write(map.fd, data, sizeof(data)), sizeof(data));
	backing_id = ioctl(r->fd, FUSE_DEV_IOC_BACKING_OPEN, &map);
	CHECK(backing_id > 0);

	tree.node[T_FILE].attr.size = sizeof(data);
	tree.hook[FUSE_OPEN] = hook_through;
	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "file", 0, O_RDWR), 0);
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'l');
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);

	/* The attributes go; the backing file stays what is read. */
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 1);
	/* Nothing is stored, nor is the file longer for it, or asked about. */
	CHECK_IS(tell_store(r, T_FILE, sizeof(data), 's', PAGE), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 0);
	CHECK_IS(desk->value, sizeof(data));
	CHECK_IS(tell_store(r, T_FILE, 0, 's', PAGE), 0);
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'l');
	CHECK_IS(tell_retrieve(r, 9, T_FILE, 0, PAGE), 0);
	CHECK_IS(retrieved(r, 9, 0, 0), 0);
	CHECK_IS(tree.count[FUSE_READ], 0);
	desk_end(r);
	CHECK_IS(ioctl(r->fd, FUSE_DEV_IOC_BACKING_CLOSE, &backing_id), 0);
	fclose(lower);
}

static const struct tree_test tests[] = {
	{ "data", test_data },
	{ "dirty", test_dirty },
	{ "store", test_store },
	{ "store-grows", test_store_grows },
	{ "store-crossing", test_store_crossing },
	{ "store-cut", test_store_cut },
	{ "store-writing", test_store_writing },
	{ "store-stalled", test_store_stalled },
	{ "retrieve", test_retrieve },
	{ "retrieve-most", test_retrieve_most },
	{ "auto", test_auto, NULL, FUSE_AUTO_INVAL_DATA },
	{ "auto-before-explicit", test_auto, NULL,
	  FUSE_AUTO_INVAL_DATA | FUSE_EXPLICIT_INVAL_DATA },
	{ "auto-send", test_auto_send, NULL, FUSE_AUTO_INVAL_DATA },
	{ "not-auto", test_not_auto },
	{ "explicit", test_explicit, NULL, FUSE_EXPLICIT_INVAL_DATA },
	{ "through", test_through, NULL, FUSE_PASSTHROUGH },
	{ }
};

int main(int argc, char **argv)
{
	return tell_main(tests, argc, argv);
}
