/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications by a server made by hand: a client in a process of its own that
 * does what it is told, so that the server decides what happens between two
 * calls of it, and one function for each notification.
 */
#ifndef RAWTELL_H
#define RAWTELL_H

#include <sys/inotify.h>
#include <sys/sendfile.h>
#include "rawtree.h"

#define PAGE	4096

/* -------- a client that does what it is told -------- */

enum order {
	DO_STAT,	/* size, in value */
	DO_FSTAT,	/* of the open file: number of links */
	DO_CHMOD,	/* to .len */
	DO_OPEN,
	DO_CLOSE,
	DO_READ,	/* value: the first byte */
	DO_SEND,	/* as DO_READ, by sendfile(2) */
	DO_WRITE,
	DO_POKE,	/* the byte at .off through a shared mapping */
	DO_DELETED,	/* is the open file's name gone? */
	DO_MAKE,	/* in the open directory */
	DO_RENAME,	/* to "moved" and .off, beside it */
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

static inline void desk_stat(const char *path)
{
	struct stat st;

	desk->ret = stat(path, &st) ? -errno : 0;
	desk->value = st.st_size;
}

static inline void desk_read(int fd)
{
	static unsigned char data[16 * PAGE];

	desk->ret = pread(fd, data, desk->len, desk->off);
	if (desk->ret < 0)
		desk->ret = -errno;
	desk->value = data[0];
}

static inline void desk_send(int fd)
{
	unsigned char data[PAGE];
	off_t off = desk->off;
	int pipes[2];

	if (pipe(pipes)) {
		desk->ret = -errno;
		return;
	}
	desk->ret = sendfile(pipes[1], fd, &off, desk->len);
	if (desk->ret < 0)
		desk->ret = -errno;
	else if (desk->ret && read(pipes[0], data, sizeof(data)) > 0)
		desk->value = data[0];
	close(pipes[0]);
	close(pipes[1]);
}

static inline void desk_write(int fd)
{
	static unsigned char data[16 * PAGE];

	memset(data, 'w', sizeof(data));
	desk->ret = pwrite(fd, data, desk->len, desk->off);
	if (desk->ret < 0)
		desk->ret = -errno;
}

/* The page stays dirty until somebody asks for it. */
static inline void desk_poke(int fd)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       0);

	desk->ret = p == MAP_FAILED ? -errno : -keep_dirty(fd);
	if (p != MAP_FAILED)
		p[desk->off] = 'm';
}

static inline void desk_deleted(int fd)
{
	char path[64], to[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, to, sizeof(to) - 1);
	desk->ret = n < 0 ? -errno : 0;
	to[n < 0 ? 0 : n] = 0;
	desk->value = !!strstr(to, " (deleted)");
}

static inline void desk_rename(const char *path)
{
	char to[PATH_MAX + 32];

	snprintf(to, sizeof(to), "%.*s/moved%ld",
		 (int)(strrchr(path, '/') - path), path, desk->off);
	desk->ret = rename(path, to) ? -errno : 0;
}

static inline void desk_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	desk->ret = poll(&p, 1, LONG_MS) < 0 ? -errno : 0;
	desk->value = p.revents;
}

static inline void desk_watched(int fd)
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

static inline int desk_client(const char *dir)
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
		case DO_CHMOD:
			desk->ret = chmod(path, desk->len) ? -errno : 0;
			break;
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
		case DO_SEND:
			desk_send(fd);
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
		case DO_RENAME:
			desk_rename(path);
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

static inline void desk_start(struct raw *r)
{
	memset((void *)desk, 0, sizeof(*desk));
	desk_pid = client_start(r, desk_client);
}

static inline void order(int what, const char *path, long off, long len)
{
	snprintf((char *)desk->path, sizeof(desk->path), "%s", path);
	desk->order = what;
	desk->off = off;
	desk->len = len;
	__sync_synchronize();
	desk->go++;
}

/* Answer until the client has done what it was told: how that ended. */
static inline long done(struct raw *r)
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

static inline long ask(struct raw *r, int what, const char *path, long off, long len)
{
	order(what, path, off, len);
	return done(r);
}

static inline void desk_end(struct raw *r)
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

static inline bool hook_read(struct raw *r)
{
	static unsigned char data[MAX_WRITE];
	const struct fuse_read_in *in = r->arg;
	uint64_t size = tree.node[r->head->nodeid].attr.size;
	uint64_t left = in->offset < size ? size - in->offset : 0;

	memset(data, content, sizeof(data));
	raw_reply(r, 0, data, in->size < left ? in->size : left);
	return true;
}

static inline bool hook_write(struct raw *r)
{
	const struct fuse_write_in *in = r->arg;

	written = *(const unsigned char *)(in + 1);
	return false;
}

static inline bool hook_keep(struct raw *r)
{
	struct fuse_open_out out = {
		.fh = r->head->nodeid, .open_flags = FOPEN_KEEP_CACHE,
	};

	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.handles++;
	return true;
}

static inline void file_of_pages(struct raw *r, int pages)
{
	content = 'a';
	tree.node[T_FILE].attr.size = pages * PAGE;
	tree.hook[FUSE_READ] = hook_read;
	tree.hook[FUSE_WRITE] = hook_write;
	tree.hook[FUSE_OPEN] = hook_keep;
	desk_start(r);
	CHECK_IS(ask(r, DO_OPEN, "file", 0, O_RDWR), 0);
}

static inline int tell_iov(struct raw *r, int code, struct iovec *iov, int nr)
{
	struct fuse_out_header out = { .len = sizeof(out), .error = code };
	int i;

	iov[0] = (struct iovec){ &out, sizeof(out) };
	for (i = 1; i < nr; i++)
		out.len += iov[i].iov_len;
	return writev(r->fd, iov, nr) < 0 ? -errno : 0;
}

/* A head, and what follows it. Return: 0 or -errno. */
static inline int tell(struct raw *r, int code, const void *head, size_t len,
		const void *more, size_t more_len)
{
	struct iovec iov[3] = {
		{ }, { (void *)head, len }, { (void *)more, more_len },
	};

	return tell_iov(r, code, iov, 3);
}

/* The same as one buffer, by write(2) or through a pipe. */
static inline int tell_whole(struct raw *r, bool splicing, int code, const void *head,
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

static inline int tell_inode(struct raw *r, uint64_t id, int64_t off, int64_t len)
{
	const struct fuse_notify_inval_inode_out out = { id, off, len };

	return tell(r, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL, 0);
}

static inline int tell_entry(struct raw *r, uint64_t parent, const char *name,
		      uint32_t flags)
{
	const struct fuse_notify_inval_entry_out out = {
		.parent = parent, .namelen = strlen(name), .flags = flags,
	};

	return tell(r, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof(out), name,
		    out.namelen + 1);
}

static inline int tell_delete(struct raw *r, uint64_t parent, uint64_t child,
		       const char *name)
{
	const struct fuse_notify_delete_out out = {
		.parent = parent, .child = child, .namelen = strlen(name),
	};

	return tell(r, FUSE_NOTIFY_DELETE, &out, sizeof(out), name,
		    out.namelen + 1);
}

static inline int tell_store(struct raw *r, uint64_t id, uint64_t off, int byte,
		      size_t len)
{
	const struct fuse_notify_store_out out = {
		.nodeid = id, .offset = off, .size = len,
	};
	static char data[16 * PAGE];

	memset(data, byte, sizeof(data));
	return tell(r, FUSE_NOTIFY_STORE, &out, sizeof(out), data, len);
}

static inline int tell_retrieve(struct raw *r, uint64_t unique, uint64_t id,
			 uint64_t off, uint32_t size)
{
	const struct fuse_notify_retrieve_out out = {
		.notify_unique = unique, .nodeid = id, .offset = off,
		.size = size,
	};

	return tell(r, FUSE_NOTIFY_RETRIEVE, &out, sizeof(out), NULL, 0);
}

static inline int tell_bare(struct raw *r, int code)
{
	return tell(r, code, NULL, 0, NULL, 0);
}

static inline int tell_main(const struct tree_test *tests, int argc, char **argv)
{
	desk = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (desk == MAP_FAILED)
		raw_die("mmap");
	return tree_tests(tests, argc, argv);
}

#endif
