// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications by a server made by hand: what each drops, keeps and refuses,
 * also while callers wait for the server that sends it; requests sent once
 * more; what a new time or size drops; what an aborted device reads.
 *
 *	rawnotify DIR [TEST]
 */
#include <sys/inotify.h>
#include "rawtree.h"

#define PAGE	4096
#define FOREIGN	9999	/* a node that is not known */

/* -------- a client that does what it is told -------- */

enum order {
	DO_STAT,	/* size, in value */
	DO_FSTAT,	/* of the open file: number of links */
	DO_OPEN,
	DO_CLOSE,
	DO_READ,	/* value: the first byte */
	DO_WRITE,
	DO_POKE,	/* the byte at .off through a shared mapping */
	DO_DELETED,	/* is the open file's name gone? */
	DO_MAKE,	/* in the open directory */
	DO_POLL,	/* value: events */
	DO_WATCH,
	DO_WATCHED,	/* value: events since */
	DO_END,
};

static volatile struct {
	int	go, at;
	int	order;
	char	path[64];
	long	off, len;
	long	ret, value;
} *desk;

static void desk_stat(const char *path)
{
	struct stat st;

	desk->ret = stat(path, &st) ? -errno : 0;
	desk->value = st.st_size;
}

static void desk_read(int fd)
{
	static unsigned char data[16 * PAGE];

	desk->ret = pread(fd, data, desk->len, desk->off);
	if (desk->ret < 0)
		desk->ret = -errno;
	desk->value = data[0];
}

static void desk_write(int fd)
{
	static unsigned char data[16 * PAGE];

	memset(data, 'w', sizeof(data));
	desk->ret = pwrite(fd, data, desk->len, desk->off);
	if (desk->ret < 0)
		desk->ret = -errno;
}

static void desk_poke(int fd)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       0);

	desk->ret = p == MAP_FAILED ? -errno : 0;
	if (p != MAP_FAILED)
		p[desk->off] = 'm';
}

static void desk_deleted(int fd)
{
	char path[64], to[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, to, sizeof(to) - 1);
	desk->ret = n < 0 ? -errno : 0;
	to[n < 0 ? 0 : n] = 0;
	desk->value = !!strstr(to, " (deleted)");
}

static void desk_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	desk->ret = poll(&p, 1, LONG_MS) < 0 ? -errno : 0;
	desk->value = p.revents;
}

static void desk_watched(int fd)
{
	char events[1024] __attribute__((aligned(8)));
	ssize_t n = read(fd, events, sizeof(events)), at;

	desk->ret = n < 0 ? -errno : 0;
	desk->value = 0;
	for (at = 0; at < n;) {
		const struct inotify_event *e = (void *)(events + at);

		desk->value |= e->mask;
		at += sizeof(*e) + e->len;
	}
}

static int desk_client(const char *dir)
{
	int fd = -1, watch = inotify_init1(IN_NONBLOCK), made;
	char path[PATH_MAX];

	for (;;) {
		while (desk->go == desk->at)
			usleep(500);
		snprintf(path, sizeof(path), "%s/%s", dir,
			 (const char *)desk->path);
		desk->ret = 0;
		switch (desk->order) {
		case DO_STAT:
			desk_stat(path);
			break;
		case DO_FSTAT: {
			struct stat st;

			desk->ret = fstat(fd, &st) ? -errno : 0;
			desk->value = st.st_nlink;
			break;
		}
		case DO_OPEN:
			fd = open(path, desk->len);
			desk->ret = fd < 0 ? -errno : 0;
			break;
		case DO_CLOSE:
			close(fd);
			fd = -1;
			break;
		case DO_READ:
			desk_read(fd);
			break;
		case DO_WRITE:
			desk_write(fd);
			break;
		case DO_POKE:
			desk_poke(fd);
			break;
		case DO_DELETED:
			desk_deleted(fd);
			break;
		case DO_MAKE:
			made = openat(fd, "made", O_CREAT | O_EXCL | O_WRONLY,
				      0600);
			desk->ret = made < 0 ? -errno : 0;
			close(made);
			break;
		case DO_POLL:
			desk_poll(fd);
			break;
		case DO_WATCH:
			desk->ret = inotify_add_watch(watch, path,
						      IN_DELETE_SELF) < 0 ?
				    -errno : 0;
			break;
		case DO_WATCHED:
			desk_watched(watch);
			break;
		case DO_END:
			desk->at = desk->go;
			return 0;
		}
		desk->at = desk->go;
	}
}

static pid_t desk_pid;

static void desk_start(struct raw *r)
{
	memset((void *)desk, 0, sizeof(*desk));
	desk_pid = client_start(r, desk_client);
}

static void order(int what, const char *path, long off, long len)
{
	snprintf((char *)desk->path, sizeof(desk->path), "%s", path);
	desk->order = what;
	desk->off = off;
	desk->len = len;
	__sync_synchronize();
	desk->go++;
}

/* Answer until the client has done what it was told: how that ended. */
static long done(struct raw *r)
{
	int ms = LONG_MS;

	while (desk->at != desk->go && ms > 0)
		if (raw_next(r, 2) > 0)
			tree_answer(r);
		else
			ms -= 2;
	CHECK(desk->at == desk->go);
	return desk->ret;
}

static long ask(struct raw *r, int what, const char *path, long off, long len)
{
	order(what, path, off, len);
	return done(r);
}

static void desk_end(struct raw *r)
{
	ask(r, DO_END, "", 0, 0);
	CHECK_IS(tree_serve(r, desk_pid), 0);
}

/* Requests of this kind while @what is done. */
#define ASKED(op, what) ({						\
	unsigned int before_ = tree.count[op];				\
	CHECK_IS(what, 0);						\
	tree.count[op] - before_;					\
})

/* -------- the server's part -------- */

static unsigned char content;	/* every byte of every file */
static int written;		/* first byte of the last WRITE */

static bool hook_read(struct raw *r)
{
	static unsigned char data[MAX_WRITE];
	const struct fuse_read_in *in = r->arg;
	uint64_t size = tree.node[r->head->nodeid].attr.size;
	uint64_t left = in->offset < size ? size - in->offset : 0;

	memset(data, content, sizeof(data));
	raw_reply(r, 0, data, in->size < left ? in->size : left);
	return true;
}

static bool hook_write(struct raw *r)
{
	const struct fuse_write_in *in = r->arg;

	written = *(const unsigned char *)(in + 1);
	return false;
}

static bool hook_keep(struct raw *r)
{
	struct fuse_open_out out = {
		.fh = r->head->nodeid, .open_flags = FOPEN_KEEP_CACHE,
	};

	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.handles++;
	return true;
}

static void file_of_pages(struct raw *r, int pages)
{
	content = 'a';
	tree.node[T_FILE].attr.size = pages * PAGE;
	tree.hook[FUSE_READ] = hook_read;
	tree.hook[FUSE_WRITE] = hook_write;
	tree.hook[FUSE_OPEN] = hook_keep;
	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "file", 0, O_RDWR), 0);
}

static int tell_iov(struct raw *r, int code, struct iovec *iov, int nr)
{
	struct fuse_out_header out = { .len = sizeof(out), .error = code };
	int i;

	iov[0] = (struct iovec){ &out, sizeof(out) };
	for (i = 1; i < nr; i++)
		out.len += iov[i].iov_len;
	return writev(r->fd, iov, nr) < 0 ? -errno : 0;
}

/* A head, and what follows it. Return: 0 or -errno. */
static int tell(struct raw *r, int code, const void *head, size_t len,
		const void *more, size_t more_len)
{
	struct iovec iov[3] = {
		{ }, { (void *)head, len }, { (void *)more, more_len },
	};

	return tell_iov(r, code, iov, 3);
}

/* The same as one buffer, by write(2) or through a pipe. */
static int tell_whole(struct raw *r, bool splicing, int code, const void *head,
		      size_t len, const void *more, size_t more_len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len + more_len, .error = code,
	};
	char buf[3 * PAGE];
	int pipes[2], err;

	memcpy(buf, &out, sizeof(out));
	memcpy(buf + sizeof(out), head, len);
	memcpy(buf + sizeof(out) + len, more, more_len);
	if (!splicing)
		return write(r->fd, buf, out.len) < 0 ? -errno : 0;
	CHECK_IS(pipe(pipes), 0);
	CHECK_IS(write(pipes[1], buf, out.len), out.len);
	err = splice(pipes[0], NULL, r->fd, NULL, out.len, 0) < 0 ? -errno : 0;
	close(pipes[0]);
	close(pipes[1]);
	return err;
}

static int tell_inode(struct raw *r, uint64_t id, int64_t off, int64_t len)
{
	const struct fuse_notify_inval_inode_out out = { id, off, len };

	return tell(r, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL, 0);
}

static int tell_entry(struct raw *r, uint64_t parent, const char *name,
		      uint32_t flags)
{
	const struct fuse_notify_inval_entry_out out = {
		.parent = parent, .namelen = strlen(name), .flags = flags,
	};

	return tell(r, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof(out), name,
		    out.namelen + 1);
}

static int tell_delete(struct raw *r, uint64_t parent, uint64_t child,
		       const char *name)
{
	const struct fuse_notify_delete_out out = {
		.parent = parent, .child = child, .namelen = strlen(name),
	};

	return tell(r, FUSE_NOTIFY_DELETE, &out, sizeof(out), name,
		    out.namelen + 1);
}

static int tell_store(struct raw *r, uint64_t id, uint64_t off, int byte,
		      size_t len)
{
	const struct fuse_notify_store_out out = {
		.nodeid = id, .offset = off, .size = len,
	};
	static char data[16 * PAGE];

	memset(data, byte, sizeof(data));
	return tell(r, FUSE_NOTIFY_STORE, &out, sizeof(out), data, len);
}

static int tell_retrieve(struct raw *r, uint64_t unique, uint64_t id,
			 uint64_t off, uint32_t size)
{
	const struct fuse_notify_retrieve_out out = {
		.notify_unique = unique, .nodeid = id, .offset = off,
		.size = size,
	};

	return tell(r, FUSE_NOTIFY_RETRIEVE, &out, sizeof(out), NULL, 0);
}

static int tell_bare(struct raw *r, int code)
{
	return tell(r, code, NULL, 0, NULL, 0);
}

/* -------- what is malformed -------- */

static void refuse_names(struct raw *r, int code)
{
	/* Both kinds in one: the length is the last member but one. */
	union {
		struct fuse_notify_inval_entry_out entry;
		struct fuse_notify_delete_out removed;
	} out = { };
	bool removed = code == FUSE_NOTIFY_DELETE;
	size_t len = removed ? sizeof(out.removed) : sizeof(out.entry);
	uint32_t *namelen = removed ? &out.removed.namelen : &out.entry.namelen;
	static char longer[1100];

	if (removed)
		out.removed = (struct fuse_notify_delete_out){
			.parent = FUSE_ROOT_ID, .child = T_FILE,
		};
	else
		out.entry.parent = FUSE_ROOT_ID;
	memset(longer, 'x', sizeof(longer) - 1);

	*namelen = 4;
	CHECK_IS(tell(r, code, &out, len - 1, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, "file", 4), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, "file\0", 6), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, "file!", 5), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, "fi\0e", 5), -EINVAL);
	CHECK_IS(tell(r, code, &out, len, "fi/e", 5), -EINVAL);
	*namelen = 0;
	CHECK_IS(tell(r, code, &out, len, "", 1), -EINVAL);
	*namelen = UINT32_MAX;
	CHECK_IS(tell(r, code, &out, len, "file", 5), -ENAMETOOLONG);
	*namelen = 1025;
	CHECK_IS(tell(r, code, &out, len, longer, 1026), -ENAMETOOLONG);
	*namelen = 4;
	CHECK_IS(tell(r, code, &out, len, "none", 5), -ENOENT);
	out.entry.parent = FOREIGN;
	CHECK_IS(tell(r, code, &out, len, "file", 5), -ENOENT);
	out.entry.parent = T_FILE;
	CHECK_IS(tell(r, code, &out, len, "file", 5), -ENOTDIR);
}

static void refuse_data(struct raw *r)
{
	struct fuse_notify_store_out store = { .nodeid = T_FILE, .size = 8 };
	struct fuse_notify_retrieve_out get = { .nodeid = T_FILE, .size = 8 };
	const int s = FUSE_NOTIFY_STORE, g = FUSE_NOTIFY_RETRIEVE;

	CHECK_IS(tell(r, s, &store, sizeof(store) - 1, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, s, &store, sizeof(store), "1234567", 7), -EINVAL);
	CHECK_IS(tell(r, s, &store, sizeof(store), "123456789", 9), -EINVAL);
	store.offset = UINT64_MAX - 4;
	CHECK_IS(tell(r, s, &store, sizeof(store), "12345678", 8), -EINVAL);
	store.offset = INT64_MAX;
	CHECK_IS(tell(r, s, &store, sizeof(store), "12345678", 8), -EINVAL);
	CHECK_IS(tell_store(r, T_DIR, 0, 's', 8), -EINVAL);
	CHECK_IS(tell_store(r, FOREIGN, 0, 's', 8), -ENOENT);

	CHECK_IS(tell(r, g, &get, sizeof(get) - 1, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, g, &get, sizeof(get), "x", 1), -EINVAL);
	CHECK_IS(tell_retrieve(r, 1, T_FILE, UINT64_MAX, 8), -EINVAL);
	CHECK_IS(tell_retrieve(r, 1, T_DIR, 0, 8), -EINVAL);
	CHECK_IS(tell_retrieve(r, 1, FOREIGN, 0, 8), -ENOENT);
}

static void test_refused(struct raw *r)
{
	const struct fuse_notify_inval_inode_out inode = { T_FILE, 0, 0 };
	const struct fuse_notify_prune_out prune = { .count = 2 };
	const uint64_t ids[3] = { T_FILE, T_DIR, T_LINK };
	struct fuse_out_header odd = { .len = 16, .error = FUSE_NOTIFY_RESEND };
	struct iovec bad[2] = { { }, { (void *)8, sizeof(inode) } };

	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	CHECK_IS(ask(r, DO_STAT, "dir", 0, 0), 0);

	CHECK_IS(tell_bare(r, 0), -EINVAL);
	CHECK_IS(tell_bare(r, -1), -EINVAL);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_POLL), -EINVAL);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_PRUNE + 1), -EINVAL);
	CHECK_IS(tell_bare(r, INT32_MAX), -EINVAL);
	odd.len = sizeof(odd) + 1;
	CHECK_IS(write(r->fd, &odd, sizeof(odd)) < 0 ? errno : 0, EINVAL);
	CHECK_IS(tell_iov(r, FUSE_NOTIFY_INVAL_INODE, bad, 2), -EFAULT);

	CHECK_IS(tell(r, FUSE_NOTIFY_INVAL_INODE, &inode, sizeof(inode) - 1,
		      NULL, 0), -EINVAL);
	CHECK_IS(tell(r, FUSE_NOTIFY_INVAL_INODE, &inode, sizeof(inode), "x",
		      1), -EINVAL);
	CHECK_IS(tell_inode(r, FOREIGN, 0, 0), -ENOENT);
	CHECK_IS(tell_inode(r, 0, 0, 0), -ENOENT);
	CHECK_IS(tell(r, FUSE_NOTIFY_RESEND, "x", 1, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, FUSE_NOTIFY_INC_EPOCH, "x", 1, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, FUSE_NOTIFY_PRUNE, &prune, 8, NULL, 0), -EINVAL);
	CHECK_IS(tell(r, FUSE_NOTIFY_PRUNE, &prune, sizeof(prune), ids,
		      sizeof(ids)), -EINVAL);
	refuse_names(r, FUSE_NOTIFY_INVAL_ENTRY);
	refuse_names(r, FUSE_NOTIFY_DELETE);
	refuse_data(r);

	/* And nothing of what is known was lost. */
	memset(tree.count, 0, sizeof(tree.count));
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	CHECK_IS(desk->value, 'a');
	CHECK_IS(ask(r, DO_STAT, "dir", 0, 0), 0);
	CHECK_IS(tree.count[FUSE_READ] + tree.count[FUSE_GETATTR] +
		 tree.count[FUSE_FORGET], 0);
	desk_end(r);
}

static void test_early(struct raw *r)
{
	tree_remount(r, "");
	CHECK_IS(tell_inode(r, FUSE_ROOT_ID, -1, 0), -EINVAL);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), -EINVAL);
	tree_start(r);
	tree_serve_for(r, 50);
	CHECK_IS(tell_inode(r, FUSE_ROOT_ID, -1, 0), 0);
}

static void test_ways(struct raw *r)
{
	const struct fuse_notify_inval_entry_out out = {
		.parent = FUSE_ROOT_ID, .namelen = 4,
	};
	const struct fuse_notify_store_out store = {
		.nodeid = T_FILE, .size = PAGE,
	};
	static char page[PAGE];
	int splicing;

	file_of_pages(r, 2);
	for (splicing = 0; splicing < 2; splicing++) {
		CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
		CHECK_IS(tell_whole(r, splicing, FUSE_NOTIFY_INVAL_ENTRY, &out,
				    sizeof(out), "file", 5), 0);
		CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
		CHECK_IS(tell_whole(r, splicing, FUSE_NOTIFY_INVAL_ENTRY, &out,
				    sizeof(out), "file", 4), -EINVAL);

		memset(page, '0' + splicing, PAGE);
		CHECK_IS(tell_whole(r, splicing, FUSE_NOTIFY_STORE, &store,
				    sizeof(store), page, PAGE), 0);
		CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
		CHECK_IS(desk->value, '0' + splicing);
	}
	CHECK_IS(tree.count[FUSE_READ], 0);
	desk_end(r);
}

/* -------- INVAL_INODE -------- */

static void test_attributes(struct raw *r)
{
	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	CHECK_IS(ask(r, DO_WRITE, "", 0, 10), 10);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(tree.caps_asked, 1);
	memset(tree.count, 0, sizeof(tree.count));
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 0);

	CHECK_IS(tell_inode(r, T_FILE, -1, 0), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 0);
	CHECK_IS(ask(r, DO_READ, "", PAGE, PAGE), PAGE);
	CHECK_IS(tree.count[FUSE_READ], 0);

	/* What is known of capabilities goes, too. */
	CHECK_IS(ask(r, DO_WRITE, "", 0, 10), 10);
	CHECK_IS(tree.caps_asked, 2);
	CHECK_IS(ask(r, DO_WRITE, "", 0, 10), 10);
	CHECK_IS(tree.caps_asked, 2);

	/* Of directories and links as well. */
	CHECK_IS(ask(r, DO_STAT, "dir", 0, 0), 0);
	CHECK_IS(tell_inode(r, T_DIR, 0, 0), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "dir", 0, 0)), 1);
	desk_end(r);
}

/* A GETATTR that was answered before must not make old attributes new. */
static void test_attributes_crossing(struct raw *r)
{
	tree.attr_valid = 0;
	desk_start(r);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	tree.attr_valid = 3600;
	order(DO_STAT, "file", 0, 0);
	CHECK(tree_until(r, FUSE_GETATTR, LONG_MS));
	CHECK_IS(tell_inode(r, T_FILE, -1, 0), 0);
	tree_reply_attr(r, T_FILE);
	CHECK_IS(done(r), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "file", 0, 0)), 0);
	desk_end(r);
}

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
	desk_end(r);
}

static void test_dirty(struct raw *r)
{
	file_of_pages(r, 2);
	CHECK_IS(ask(r, DO_READ, "", 0, 2 * PAGE), 2 * PAGE);
	CHECK_IS(ask(r, DO_POKE, "", PAGE, 0), 0);
	content = 'b';
	CHECK_IS(tell_inode(r, T_FILE, 0, 0), 0);
	/* What was stored through the mapping is not lost by that. */
	CHECK_IS(ask(r, DO_READ, "", 0, PAGE), PAGE);
	CHECK_IS(desk->value, 'b');
	CHECK(tree.count[FUSE_WRITE] > 0);
	CHECK_IS(written, 'm');
	desk_end(r);
}

/* -------- INVAL_ENTRY -------- */

static void test_entry(struct raw *r)
{
	tree.negative_valid = 3600;
	desk_start(r);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 0);
	CHECK_IS(ask(r, DO_STAT, "dir", 0, 0), 0);
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "file", 0), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 0);
	/* Not the other names, but the directory's attributes. */
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 0);
	CHECK_IS(ASKED(FUSE_GETATTR, ask(r, DO_STAT, "", 0, 0)), 1);

	/* That there is no such name may be out of date as well. */
	CHECK_IS(ask(r, DO_STAT, "new", 0, 0), -ENOENT);
	tree_add(FUSE_ROOT_ID, "new", S_IFREG | 0644);
	CHECK_IS(ask(r, DO_STAT, "new", 0, 0), -ENOENT);
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "new", 0), 0);
	CHECK_IS(ask(r, DO_STAT, "new", 0, 0), 0);
	desk_end(r);
}

static void test_expire(struct raw *r)
{
	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "dir", 0, O_RDONLY), 0);
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "dir", FUSE_EXPIRE_ONLY), 0);
	CHECK_IS(ask(r, DO_DELETED, "", 0, 0), 0);
	CHECK_IS(desk->value, 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 0);

	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "dir", 0), 0);
	CHECK_IS(ask(r, DO_DELETED, "", 0, 0), 0);
	CHECK_IS(desk->value, 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 1);
	desk_end(r);
}

/*
 * The caller of LOOKUP has the directory locked while it waits for this server:
 * a notification does not wait for it, and its reply is not believed for long.
 */
static void test_entry_crossing(struct raw *r)
{
	desk_start(r);
	order(DO_STAT, "file", 0, 0);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "file", 0), -ENOENT);
	tree_reply_entry(r, T_FILE);
	CHECK_IS(done(r), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 0);

	/* The same while a name that is known is looked up again. */
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "file", FUSE_EXPIRE_ONLY), 0);
	order(DO_STAT, "file", 0, 0);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "file", FUSE_EXPIRE_ONLY), 0);
	tree_reply_entry(r, T_FILE);
	CHECK_IS(done(r), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);

	/* And beside a change of the directory. */
	CHECK_IS(ask(r, DO_OPEN, "dir", 0, O_RDONLY), 0);
	order(DO_MAKE, "", 0, 0);
	CHECK(tree_until(r, FUSE_CREATE, LONG_MS));
	CHECK_IS(tell_entry(r, T_DIR, "other", 0), -ENOENT);
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "dir", FUSE_EXPIRE_ONLY), 0);
	tree_answer(r);
	CHECK_IS(done(r), 0);
	desk_end(r);
}

/* -------- DELETE -------- */

static void test_delete_file(struct raw *r)
{
	desk_start(r);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(ask(r, DO_WATCH, "file", 0, 0), 0);
	/* Another node has that name: it is asked for, and not removed. */
	CHECK_IS(tell_delete(r, FUSE_ROOT_ID, T_DIR, "file"), -ENOENT);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ask(r, DO_WATCHED, "", 0, 0), -EAGAIN);

	tree.node[T_FILE].parent = 0;
	tree.node[T_FILE].attr.nlink = 0;
	CHECK_IS(tell_delete(r, FUSE_ROOT_ID, T_FILE, "file"), 0);
	CHECK_IS(ask(r, DO_WATCHED, "", 0, 0), 0);
	CHECK(desk->value & IN_DELETE_SELF);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), -ENOENT);
	desk_end(r);
}

static void test_delete_open(struct raw *r)
{
	file_of_pages(r, 1);
	CHECK_IS(ask(r, DO_FSTAT, "", 0, 0), 0);
	CHECK_IS(desk->value, 1);
	tree.node[T_FILE].parent = 0;
	tree.node[T_FILE].attr.nlink = 0;
	CHECK_IS(tell_delete(r, FUSE_ROOT_ID, T_FILE, "file"), 0);
	CHECK_IS(ask(r, DO_DELETED, "", 0, 0), 0);
	CHECK_IS(desk->value, 1);
	CHECK_IS(ask(r, DO_FSTAT, "", 0, 0), 0);
	CHECK_IS(desk->value, 0);
	CHECK_IS(ask(r, DO_READ, "", 0, 10), 10);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), -ENOENT);
	desk_end(r);
}

static void test_delete_dir(struct raw *r)
{
	uint64_t inner = tree_add(T_DIR, "inner", S_IFDIR | 0755);

	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "dir/inner", 0, O_RDONLY), 0);
	CHECK_IS(tell_delete(r, FUSE_ROOT_ID, T_DIR, "dir"), -ENOTEMPTY);
	CHECK_IS(ask(r, DO_STAT, "dir/inner", 0, 0), 0);

	tree.node[inner].parent = 0;
	CHECK_IS(tell_delete(r, T_DIR, inner, "inner"), 0);
	CHECK_IS(ask(r, DO_DELETED, "", 0, 0), 0);
	CHECK_IS(desk->value, 1);
	/* Nothing is made in it any more, and nobody is asked to. */
	CHECK_IS(ask(r, DO_MAKE, "", 0, 0), -ENOENT);
	CHECK_IS(tree.count[FUSE_CREATE], 0);
	desk_end(r);
}

/* -------- EPOCH, PRUNE -------- */

static void test_epoch(struct raw *r)
{
	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "dir", 0, O_RDONLY), 0);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_INC_EPOCH), 0);
	CHECK_IS(ask(r, DO_DELETED, "", 0, 0), 0);
	CHECK_IS(desk->value, 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "file", 0, 0)), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 0);

	/* What was asked for before belongs to the epoch before. */
	order(DO_STAT, "link", 0, 0);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_INC_EPOCH), 0);
	tree_reply_entry(r, T_LINK);
	CHECK_IS(done(r), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "link", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "link", 0, 0)), 0);
	desk_end(r);
}

static void test_prune(struct raw *r)
{
	const struct fuse_notify_prune_out head = { .count = 3 };
	const uint64_t ids[3] = { T_FILE, FOREIGN, T_DIR };

	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "dir", 0, O_RDONLY), 0);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(tree.node[T_FILE].owed, 1);
	CHECK_IS(tell(r, FUSE_NOTIFY_PRUNE, &head, sizeof(head), ids,
		      sizeof(ids)), 0);
	tree_serve_for(r, 50);
	CHECK_IS(tree.node[T_FILE].owed, 0);
	/* What is in use stays. */
	CHECK_IS(tree.node[T_DIR].owed, 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "dir", 0, 0)), 0);
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
	CHECK_IS(client_wait(pid, 2000), -SIGKILL);
	pid = fork();
	if (!pid) {
		alarm(0);
		_exit(-tell_inode(r, T_FILE, 0, 0));
	}
	usleep(100000);
	CHECK(!raw_ended(pid));
	kill(pid, SIGKILL);
	CHECK_IS(client_wait(pid, 2000), -SIGKILL);

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

/* -------- POLL -------- */

static uint64_t polled(struct raw *r, uint32_t revents)
{
	struct fuse_poll_out out = { .revents = revents };
	uint64_t kh = ((struct fuse_poll_in *)r->arg)->kh;

	raw_reply(r, 0, &out, sizeof(out));
	return kh;
}

static void test_poll(struct raw *r)
{
	struct fuse_notify_poll_wakeup_out out;

	file_of_pages(r, 1);
	order(DO_POLL, "", 0, 0);
	CHECK(tree_until(r, FUSE_POLL, LONG_MS));
	out.kh = polled(r, 0);
	CHECK_IS(tell(r, FUSE_NOTIFY_POLL, &out, sizeof(out) - 1, NULL, 0),
		 -EINVAL);
	/* Who is not polled has nobody to wake. */
	out.kh ^= 1ULL << 40;
	CHECK_IS(tell(r, FUSE_NOTIFY_POLL, &out, sizeof(out), NULL, 0), 0);
	CHECK(!tree_until(r, FUSE_POLL, SHORT_MS));
	out.kh ^= 1ULL << 40;
	CHECK_IS(tell(r, FUSE_NOTIFY_POLL, &out, sizeof(out), NULL, 0), 0);
	CHECK(tree_until(r, FUSE_POLL, LONG_MS));
	CHECK_IS(polled(r, POLLIN), out.kh);
	CHECK_IS(done(r), 0);
	CHECK_IS(desk->value, POLLIN);
	desk_end(r);
}

/* -------- RESEND -------- */

static bool is_again(const struct raw *r, uint64_t unique)
{
	return r->head->unique == (unique | FUSE_UNIQUE_RESEND);
}

static void test_resend(struct raw *r)
{
	struct fuse_in_header held;
	pid_t other;

	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	desk_start(r);
	order(DO_STAT, "file", 0, 0);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	held = *r->head;
	other = client_start(r, client_statfs);
	CHECK(tree_until(r, FUSE_STATFS, LONG_MS));

	/* In the order of old. Twice is as once. */
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	CHECK(tree_until(r, FUSE_LOOKUP, 0));
	CHECK(is_again(r, held.unique));
	CHECK(!strcmp(r->arg, "file"));
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	CHECK(tree_until(r, FUSE_LOOKUP, 0));
	CHECK(is_again(r, held.unique));

	/* Nobody waits for the old id. */
	r->head->unique = held.unique;
	CHECK_IS(raw_reply(r, ENOENT, NULL, 0), -ENOENT);
	r->head->unique = held.unique | FUSE_UNIQUE_RESEND;
	tree_reply_entry(r, T_FILE);
	CHECK_IS(done(r), 0);
	CHECK_IS(tree_serve(r, other), 0);
	desk_end(r);
}

static void on_signal(int sig)
{
}

static int client_interrupted(const char *dir)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct stat st;

	sigaction(SIGUSR1, &sa, NULL);
	return stat(client_path(dir, "file"), &st) ? errno : 0;
}

/* INTERRUPT follows the request again, and names it as it is named then. */
static void test_resend_interrupted(struct raw *r)
{
	const struct fuse_interrupt_in *intr = r->arg;
	pid_t pid = client_start(r, client_interrupted);
	uint64_t unique;
	int unread;

	for (unread = 0; unread < 2; unread++) {
		if (unread)
			pid = client_start(r, client_interrupted);
		CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
		unique = r->head->unique;
		kill(pid, SIGUSR1);
		/* Read before it is sent again, or still to be read then. */
		if (!unread)
			CHECK(tree_until(r, FUSE_INTERRUPT, LONG_MS));
		else
			usleep(100000);
		CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
		CHECK(raw_next(r, LONG_MS) > 0);
		CHECK_IS(r->head->opcode, FUSE_LOOKUP);
		CHECK(is_again(r, unique));
		CHECK(raw_next(r, LONG_MS) > 0);
		CHECK_IS(r->head->opcode, FUSE_INTERRUPT);
		CHECK_IS(intr->unique, unique | FUSE_UNIQUE_RESEND);
		r->head->unique = intr->unique;
		CHECK_IS(raw_reply(r, EINTR, NULL, 0), 0);
		CHECK_IS(tree_serve(r, pid), EINTR);
	}
}

/* Is it not read again? INTERRUPT may be, of a caller that was killed. */
static void none_again(struct raw *r)
{
	uint64_t unique = r->head->unique;

	CHECK(!tree_until(r, FUSE_LOOKUP, 50));
	r->head->unique = unique;
}

static void test_resend_killed(struct raw *r)
{
	pid_t pid = client_start(r, client_stat_file);

	/* A caller that is gone has nothing to send; its answer is taken. */
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	client_kill(pid);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	none_again(r);
	tree_reply_entry(r, T_FILE);
	tree_serve_for(r, 50);
	CHECK_IS(tree.node[T_FILE].owed, 0);

	/* Killed while it is to be read again: there is nothing to read. */
	pid = client_start(r, client_stat_file);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), 0);
	client_kill(pid);
	none_again(r);
	CHECK_IS(raw_reply(r, ENOENT, NULL, 0), -ENOENT);
}

/* -------- the end of a connection -------- */

static void connection_file(struct raw *r, char *path, size_t len)
{
	char line[256];
	unsigned int minor = 0;
	FILE *f;

	snprintf(path, len, "/proc/self/fdinfo/%d", r->fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "fuse_connection: %u", &minor);
	if (f)
		fclose(f);
	snprintf(path, len, "/sys/fs/fusept/connections/%u/abort", minor);
}

/* Abort it; then it reads @error. */
static void aborted_reads(struct raw *r, bool by_hand, int error)
{
	char path[128];
	int fd;

	if (by_hand) {
		connection_file(r, path, sizeof(path));
		fd = open(path, O_WRONLY);
		CHECK_IS(write(fd, "1", 1), 1);
		close(fd);
	} else {
		CHECK_IS(umount2(r->dir, MNT_FORCE) ? errno : 0, 0);
	}
	CHECK_IS(read(r->fd, r->buf, RAW_BUFFER) < 0 ? errno : 0, error);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_RESEND), -EINVAL);
	tree_remount(r, "");
	tree_start(r);
}

static void test_abort_error(struct raw *r)
{
	aborted_reads(r, true, ECONNABORTED);
	aborted_reads(r, false, ENODEV);
}

static void test_abort_plain(struct raw *r)
{
	aborted_reads(r, true, ENODEV);
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
	tree.node[T_FILE].attr.size = 4 * PAGE;
	CHECK_IS(again(r), 3);
	/* Not while the attributes are good. */
	tree.attr_valid = 3600;
	CHECK_IS(again(r), 0);
	tree.node[T_FILE].attr.mtimensec = 6;
	CHECK_IS(again(r), 0);
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
	{ "refused", test_refused },
	{ "early", test_early },
	{ "ways", test_ways },
	{ "attributes", test_attributes },
	{ "attributes-crossing", test_attributes_crossing },
	{ "data", test_data },
	{ "dirty", test_dirty },
	{ "entry", test_entry },
	{ "expire", test_expire },
	{ "entry-crossing", test_entry_crossing },
	{ "delete-file", test_delete_file },
	{ "delete-open", test_delete_open },
	{ "delete-dir", test_delete_dir },
	{ "epoch", test_epoch },
	{ "prune", test_prune },
	{ "store", test_store },
	{ "store-grows", test_store_grows },
	{ "store-crossing", test_store_crossing },
	{ "store-writing", test_store_writing },
	{ "retrieve", test_retrieve },
	{ "poll", test_poll },
	{ "resend", test_resend },
	{ "resend-interrupted", test_resend_interrupted },
	{ "resend-killed", test_resend_killed },
	{ "abort-error", test_abort_error, NULL, FUSE_ABORT_ERROR },
	{ "abort-plain", test_abort_plain },
	{ "auto", test_auto, NULL, FUSE_AUTO_INVAL_DATA },
	{ "auto-before-explicit", test_auto, NULL,
	  FUSE_AUTO_INVAL_DATA | FUSE_EXPLICIT_INVAL_DATA },
	{ "not-auto", test_not_auto },
	{ "explicit", test_explicit, NULL, FUSE_EXPLICIT_INVAL_DATA },
	{ "through", test_through, NULL, FUSE_PASSTHROUGH },
	{ }
};

int main(int argc, char **argv)
{
	desk = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (desk == MAP_FAILED)
		raw_die("mmap");
	return tree_tests(tests, argc, argv);
}
