/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small file system in memory, spoken by hand, for tests that look at what
 * the kernel asks and when: every request is counted, any can be answered by
 * the test itself, and lookup counts and handles are kept, so that a test can
 * see that all were given back.
 */
#ifndef RAWTREE_H
#define RAWTREE_H

#include <dirent.h>
#include "rawcheck.h"

#define TREE_NODES	256
#define TREE_OPS	64
#define TREE_NAME	4096

struct tnode {
	char			name[TREE_NAME];
	uint64_t		parent;	/* 0: no name */
	uint64_t		generation;
	struct fuse_attr	attr;
	const char		*target;
	long			owed;	/* lookups not given back */
};

/* Tells whether it answered the request that is in @r. */
typedef bool (*tree_hook)(struct raw *r);

static struct {
	uint32_t	pages;		/* max_pages, 0: as many as MAX_WRITE */
	uint32_t	max_write;	/* 0: MAX_WRITE */
	struct tnode	node[TREE_NODES];	/* by id; 0 is none */
	uint64_t	nr;
	uint64_t	entry_valid, attr_valid;	/* s */
	uint64_t	negative_valid;			/* 0: ENOENT */
	uint64_t	flags;				/* of INIT, beside the usual */
	uint32_t	open_flags;			/* of OPEN and OPENDIR */
	unsigned	count[TREE_OPS];
	unsigned	caps_asked;
	long		handles;			/* opened, not released */
	long		strange;			/* FORGETs of no node */
	tree_hook	hook[TREE_OPS];
} tree;

static const char *wanted;	/* name that clients use */

/* What client and server tell each other, see stage_wait(). */
static volatile struct {
	int	at, go;
	long	value[8];
} *shared;

static inline struct tnode *tree_node(uint64_t id)
{
	return id && id <= tree.nr ? &tree.node[id] : NULL;
}

static inline uint64_t tree_add(uint64_t parent, const char *name, mode_t mode)
{
	struct tnode *n = &tree.node[++tree.nr];

	if (tree.nr >= TREE_NODES) {
		printf("# too many nodes\n");
		exit(2);
	}
	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->parent = parent;
	n->attr.ino = tree.nr;
	n->attr.mode = mode;
	n->attr.nlink = 1;
	n->attr.blksize = 4096;
	return tree.nr;
}

static inline uint64_t tree_find(uint64_t parent, const char *name)
{
	uint64_t id;

	for (id = 2; id <= tree.nr; id++)
		if (tree.node[id].parent == parent &&
		    !strcmp(tree.node[id].name, name))
			return id;
	return 0;
}

static inline struct fuse_entry_out tree_entry(uint64_t id)
{
	return (struct fuse_entry_out){
		.nodeid = id,
		.generation = tree.node[id].generation,
		.entry_valid = tree.entry_valid,
		.attr_valid = tree.attr_valid,
		.attr = tree.node[id].attr,
	};
}

static inline void tree_reply_entry(struct raw *r, uint64_t id)
{
	struct fuse_entry_out out = tree_entry(id);

	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.node[id].owed++;
}

static inline void tree_reply_attr(struct raw *r, uint64_t id)
{
	struct fuse_attr_out out = {
		.attr_valid = tree.attr_valid, .attr = tree.node[id].attr,
	};

	raw_reply(r, 0, &out, sizeof(out));
}

static inline void tree_forget(uint64_t id, uint64_t n)
{
	struct tnode *node = tree_node(id);

	if (node)
		node->owed -= n;
	else
		tree.strange++;
}

static inline void tree_lookup(struct raw *r)
{
	uint64_t id = tree_find(r->head->nodeid, r->arg);
	struct fuse_entry_out none = { .entry_valid = tree.negative_valid };

	if (id)
		tree_reply_entry(r, id);
	else if (tree.negative_valid)
		raw_reply(r, 0, &none, sizeof(none));
	else
		raw_reply(r, ENOENT, NULL, 0);
}

static inline void tree_reply_created(struct raw *r, uint64_t id)
{
	struct { struct fuse_entry_out entry; struct fuse_open_out open; } out;

	out.entry = tree_entry(id);
	out.open = (struct fuse_open_out){ .fh = id };
	if (raw_reply(r, 0, &out, sizeof(out)) == 0) {
		tree.node[id].owed++;
		tree.handles++;
	}
}

static inline void tree_make(struct raw *r, const char *name, mode_t mode,
			     bool open)
{
	uint64_t id;

	if (tree_find(r->head->nodeid, name)) {
		raw_reply(r, EEXIST, NULL, 0);
		return;
	}
	id = tree_add(r->head->nodeid, name, mode);
	if (open)
		tree_reply_created(r, id);
	else
		tree_reply_entry(r, id);
}

static inline void tree_setattr(struct raw *r)
{
	const struct fuse_setattr_in *in = r->arg;
	struct fuse_attr *attr = &tree.node[r->head->nodeid].attr;

	if (in->valid & FATTR_MODE)
		attr->mode = (attr->mode & S_IFMT) | (in->mode & 07777);
	if (in->valid & FATTR_UID)
		attr->uid = in->uid;
	if (in->valid & FATTR_GID)
		attr->gid = in->gid;
	if (in->valid & FATTR_SIZE)
		attr->size = in->size;
	if (in->valid & FATTR_MTIME) {
		attr->mtime = in->mtime;
		attr->mtimensec = in->mtimensec;
	}
	tree_reply_attr(r, r->head->nodeid);
}

/* Names of the request in @r that begin at @arg: source, then target. */
static inline void tree_rename(struct raw *r, uint64_t newdir, const char *from)
{
	const char *to = from + strlen(from) + 1;
	uint64_t id = tree_find(r->head->nodeid, from);
	uint64_t over = tree_find(newdir, to);

	if (!id) {
		raw_reply(r, ENOENT, NULL, 0);
		return;
	}
	if (over)
		tree.node[over].parent = 0;
	tree.node[id].parent = newdir;
	snprintf(tree.node[id].name, TREE_NAME, "%s", to);
	raw_reply(r, 0, NULL, 0);
}

/* Appends a dirent to @buf at @at; returns where the next one goes. */
static inline size_t tree_dirent(char *buf, size_t at, uint64_t ino,
				 uint64_t off, uint32_t type, const char *name,
				 size_t len)
{
	struct fuse_dirent *d = (void *)(buf + at);

	d->ino = ino;
	d->off = off;
	d->type = type;
	d->namelen = len;
	memset(d->name, 0, FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + len) -
	       FUSE_NAME_OFFSET);
	memcpy(d->name, name, len);
	return at + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + len);
}

static inline void tree_readdir(struct raw *r, bool plus)
{
	static char buf[1 << 17];
	const struct fuse_read_in *in = r->arg;
	struct fuse_entry_out entry;
	uint64_t id;
	size_t at = 0, need;

	for (id = in->offset + 1; id <= tree.nr; id++) {
		struct tnode *n = &tree.node[id];

		if (n->parent != r->head->nodeid)
			continue;
		need = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + strlen(n->name));
		if (at + need + (plus ? sizeof(entry) : 0) > in->size)
			break;
		if (plus) {
			entry = tree_entry(id);
			memcpy(buf + at, &entry, sizeof(entry));
			at += sizeof(entry);
			n->owed++;
		}
		at = tree_dirent(buf, at, n->attr.ino, id,
				 (n->attr.mode & S_IFMT) >> 12, n->name,
				 strlen(n->name));
	}
	raw_reply(r, 0, buf, at);
}

static inline void tree_open(struct raw *r)
{
	struct fuse_open_out out = {
		.fh = r->head->nodeid,
		.open_flags = tree.open_flags,
	};

	if (raw_reply(r, 0, &out, sizeof(out)) == 0)
		tree.handles++;
}

static inline void tree_init(struct raw *r)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = r->minor,
		.max_readahead = 128 * 1024,
		.max_background = 12,
		.congestion_threshold = 9,
		.max_write = tree.max_write ? tree.max_write : MAX_WRITE,
		.max_pages = tree.pages ? tree.pages : MAX_WRITE / 4096,
		.time_gran = 1,
		.max_stack_depth = 1,
		.flags = FUSE_MAX_PAGES | FUSE_BIG_WRITES | FUSE_ASYNC_READ |
			 FUSE_INIT_EXT | (uint32_t)tree.flags,
		.flags2 = tree.flags >> 32,
	};

	raw_reply(r, 0, &out, sizeof(out));
}

static inline void tree_write(struct raw *r)
{
	const struct fuse_write_in *in = r->arg;
	struct fuse_write_out out = { .size = in->size };
	struct fuse_attr *attr = &tree.node[r->head->nodeid].attr;

	if (in->offset + in->size > attr->size)
		attr->size = in->offset + in->size;
	raw_reply(r, 0, &out, sizeof(out));
}

static inline void tree_read(struct raw *r)
{
	static char zeros[MAX_WRITE];
	const struct fuse_read_in *in = r->arg;
	uint64_t size = tree.node[r->head->nodeid].attr.size;
	uint32_t len = in->size;

	if (in->offset >= size)
		len = 0;
	else if (len > size - in->offset)
		len = size - in->offset;
	raw_reply(r, 0, zeros, len);
}

static inline void tree_unlink(struct raw *r)
{
	uint64_t id = tree_find(r->head->nodeid, r->arg);

	if (id) {
		tree.node[id].parent = 0;
		tree.node[id].attr.nlink--;
	}
	raw_reply(r, id ? 0 : ENOENT, NULL, 0);
}

static inline void tree_batch_forget(struct raw *r)
{
	const struct fuse_batch_forget_in *batch = r->arg;
	const struct fuse_forget_one *one = (void *)(batch + 1);
	uint32_t i;

	for (i = 0; i < batch->count; i++)
		tree_forget(one[i].nodeid, one[i].nlookup);
}

/* Answers the request in @r, which is counted. */
static inline void tree_answer(struct raw *r)
{
	uint32_t op = r->head->opcode;
	char *arg = r->arg;
	struct fuse_statfs_out st = { .st = { .bsize = 4096, .namelen = 255 } };

	if (op < TREE_OPS) {
		tree.count[op]++;
		if (tree.hook[op] && tree.hook[op](r))
			return;
	}
	if (!tree_node(r->head->nodeid) && op != FUSE_INIT &&
	    op != FUSE_BATCH_FORGET && op != FUSE_INTERRUPT) {
		if (op == FUSE_FORGET)
			tree.strange++;
		else
			raw_reply(r, ESTALE, NULL, 0);
		return;
	}

	switch (op) {
	case FUSE_INIT:
		tree_init(r);
		break;
	case FUSE_LOOKUP:
		tree_lookup(r);
		break;
	case FUSE_FORGET:
		tree_forget(r->head->nodeid, ((struct fuse_forget_in *)arg)->nlookup);
		break;
	case FUSE_BATCH_FORGET:
		tree_batch_forget(r);
		break;
	case FUSE_INTERRUPT:
		break;
	case FUSE_GETATTR:
		tree_reply_attr(r, r->head->nodeid);
		break;
	case FUSE_SETATTR:
		tree_setattr(r);
		break;
	case FUSE_MKNOD:
		tree_make(r, arg + sizeof(struct fuse_mknod_in),
			  ((struct fuse_mknod_in *)arg)->mode, false);
		break;
	case FUSE_MKDIR:
		tree_make(r, arg + sizeof(struct fuse_mkdir_in), S_IFDIR |
			  ((struct fuse_mkdir_in *)arg)->mode, false);
		break;
	case FUSE_CREATE:
	case FUSE_TMPFILE:
		tree_make(r, arg + sizeof(struct fuse_create_in),
			  ((struct fuse_create_in *)arg)->mode, true);
		break;
	case FUSE_SYMLINK:
		tree_make(r, arg, S_IFLNK | 0777, false);
		break;
	case FUSE_LINK:
		tree_reply_entry(r, ((struct fuse_link_in *)arg)->oldnodeid);
		break;
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		tree_unlink(r);
		break;
	case FUSE_RENAME:
		tree_rename(r, ((struct fuse_rename_in *)arg)->newdir,
			    arg + sizeof(struct fuse_rename_in));
		break;
	case FUSE_RENAME2:
		tree_rename(r, ((struct fuse_rename2_in *)arg)->newdir,
			    arg + sizeof(struct fuse_rename2_in));
		break;
	case FUSE_READLINK:
		raw_reply(r, 0, tree.node[r->head->nodeid].target,
			  strlen(tree.node[r->head->nodeid].target));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		tree_open(r);
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		tree.handles--;
		raw_reply(r, 0, NULL, 0);
		break;
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:
		tree_readdir(r, op == FUSE_READDIRPLUS);
		break;
	case FUSE_READ:
		tree_read(r);
		break;
	case FUSE_WRITE:
		tree_write(r);
		break;
	case FUSE_STATFS:
		raw_reply(r, 0, &st, sizeof(st));
		break;
	case FUSE_FLUSH:
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
		raw_reply(r, 0, NULL, 0);
		break;
	case FUSE_GETXATTR:
		if (!strcmp(arg + sizeof(struct fuse_getxattr_in),
			    "security.capability"))
			tree.caps_asked++;
		raw_reply(r, ENODATA, NULL, 0);
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

/* -------- running -------- */

/* Everything as it is in the beginning: a file, a directory, a link. */
static inline void tree_reset(void)
{
	memset(&tree, 0, sizeof(tree));
	wanted = "file";
	tree.entry_valid = 3600;
	tree.attr_valid = 3600;
	tree_add(0, "", S_IFDIR | 0755);
	tree_add(FUSE_ROOT_ID, "file", S_IFREG | 0644);
	tree_add(FUSE_ROOT_ID, "dir", S_IFDIR | 0755);
	tree_add(FUSE_ROOT_ID, "link", S_IFLNK | 0777);
	tree.node[4].target = "file";
}

#define T_FILE	2
#define T_DIR	3
#define T_LINK	4

static inline void tree_serve_for(struct raw *r, int ms)
{
	while (raw_next(r, ms) > 0)
		tree_answer(r);
}

/* Answer until the client ends: what it returned, or -1 if it never did. */
static inline int tree_serve(struct raw *r, pid_t pid)
{
	int status, n, ms = LONG_MS;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		n = raw_next(r, 20);
		if (n > 0) {
			tree_answer(r);
			continue;
		}
		/* The end of the connection is there at once, each time. */
		if (n < 0)
			usleep(20000);
		ms -= 20;
		if (ms <= 0)
			return -1;
	}
	tree_serve_for(r, 50);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int tree_run(struct raw *r, client_fn fn)
{
	return tree_serve(r, client_start(r, fn));
}

/* Answer until the next request is @op, which stays unanswered. */
static inline bool tree_until(struct raw *r, uint32_t op, int ms)
{
	while (raw_next(r, ms) > 0) {
		if (r->head->opcode == op) {
			tree.count[op]++;
			return true;
		}
		tree_answer(r);
	}
	return false;
}

/* Client: step @n is done; go on once the server says so. */
static inline void stage_wait(int n)
{
	shared->at = n;
	while (shared->go < n)
		usleep(2000);
}

/* Server: answer until the client has done step @n. */
static inline void stage_reach(struct raw *r, int n)
{
	int ms = LONG_MS;

	while (shared->at < n && ms > 0)
		if (raw_next(r, 20) > 0)
			tree_answer(r);
		else
			ms -= 20;
	CHECK(shared->at >= n);
	tree_serve_for(r, 50);
}

static inline void stage_go(int n)
{
	shared->go = n;
}

/* The mount that the test is on, with other options. */
static inline void tree_remount(struct raw *r, const char *options)
{
	const char *dir = r->dir;

	close(r->fd);
	umount2(dir, MNT_DETACH);
	free(r->buf);
	raw_mount(r, dir, options);
}

/* Answer INIT. Call after tree.flags and what else it depends on are set. */
static inline void tree_start(struct raw *r)
{
	if (CHECK(tree_until(r, FUSE_INIT, LONG_MS)))
		tree_init(r);
}

static inline void tree_drop_caches(struct raw *r)
{
	pid_t pid = fork();

	if (!pid) {
		int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

		_exit(fd < 0 || write(fd, "2", 1) != 1);
	}
	tree_serve(r, pid);
}

/* All lookups and handles that were given out must have come back. */
static inline void tree_settled(struct raw *r)
{
	uint64_t id;
	int round;

	for (round = 0; round < 50; round++) {
		tree_drop_caches(r);
		for (id = 2; id <= tree.nr && !tree.node[id].owed; id++)
			;
		if (id > tree.nr && !tree.handles)
			break;
	}
	for (id = 2; id <= tree.nr; id++)
		if (tree.node[id].owed) {
			CHECK_IS(tree.node[id].owed, 0);
			printf("# lookups of node %llu, \"%s\"\n",
			       (unsigned long long)id, tree.node[id].name);
		}
	CHECK_IS(tree.handles, 0);
	CHECK_IS(tree.strange, 0);
}

struct tree_test {
	const char	*name;
	void		(*run)(struct raw *r);
	const char	*options;
	uint64_t	flags;
	uint32_t	pages;		/* max_pages, or 0 */
};

/* As tests_run(), for tests that begin on a tree and end with all given back. */
static inline int tree_tests(const struct tree_test *tests, int argc, char **argv)
{
	const struct tree_test *t;
	struct raw r;

	if (argc < 2) {
		fprintf(stderr, "usage: %s DIR [TEST]\n", argv[0]);
		return 2;
	}
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		raw_die("mmap");
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, check_alarm);
	signal(SIGPIPE, SIG_IGN);
	for (t = tests; t->name; t++) {
		if (argc > 2 && strcmp(argv[2], t->name))
			continue;
		check.test = t->name;
		check.first[0] = 0;
		alarm(TEST_SECONDS);
		memset((void *)shared, 0, sizeof(*shared));
		tree_reset();
		tree.flags = t->flags;
		tree.pages = t->pages;
		raw_mount(&r, argv[1], t->options);
		tree_start(&r);
		t->run(&r);
		tree_settled(&r);
		test_unmount(&r);
		alarm(0);
		if (check.first[0]) {
			printf("not ok %s: %s\n", t->name, check.first);
			check.failures++;
		} else {
			printf("ok %s\n", t->name);
		}
	}
	return check.failures ? 1 : 0;
}

#endif
