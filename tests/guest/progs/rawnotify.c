// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications about names and attributes, by a server made by hand: what each
 * drops, keeps and refuses, also while callers wait for the server that sends
 * it; requests sent once more; what an aborted device reads.
 *
 *	rawnotify DIR [TEST]
 */
#include "rawtell.h"

#define FOREIGN	9999	/* a node that is not known */

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
	static char longer[4200];

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
	*namelen = 4096;
	CHECK_IS(tell(r, code, &out, len, longer, 4097), -ENAMETOOLONG);
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

/*
 * What is known of a name goes with it, but if its new name is taken back before
 * it is there.
 */
static void test_rename_crossing(struct raw *r)
{
	desk_start(r);
	CHECK_IS(ask(r, DO_STAT, "file", 0, 0), 0);
	CHECK_IS(ask(r, DO_RENAME, "file", 1, 0), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved1", 0, 0)), 0);

	order(DO_RENAME, "moved1", 2, 0);
	CHECK(tree_until(r, FUSE_RENAME, LONG_MS));
	tell_entry(r, FUSE_ROOT_ID, "moved2", FUSE_EXPIRE_ONLY);
	tree_answer(r);
	CHECK_IS(done(r), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved2", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved2", 0, 0)), 0);

	/* What was taken back before is no matter. */
	CHECK_IS(ask(r, DO_RENAME, "moved2", 3, 0), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved3", 0, 0)), 0);
	/* And after, it is found. */
	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "moved3", 0), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved3", 0, 0)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved3", 0, 0)), 0);
	/* As of all names. */
	CHECK_IS(ask(r, DO_RENAME, "moved3", 4, 0), 0);
	CHECK_IS(tell_bare(r, FUSE_NOTIFY_INC_EPOCH), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, ask(r, DO_STAT, "moved4", 0, 0)), 1);
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

#define PRUNED		130	/* more than two batches of the kernel's 64 */
#define PRUNE_BATCH	64

static int prune(struct raw *r, const uint64_t *ids, uint32_t nr)
{
	const struct fuse_notify_prune_out head = { .count = nr };

	return tell(r, FUSE_NOTIFY_PRUNE, &head, sizeof(head), ids,
		    nr * sizeof(*ids));
}

/* Have all of them looked up. */
static void know_all(struct raw *r, const uint64_t *ids)
{
	unsigned int i;

	for (i = 0; i < PRUNED; i++) {
		CHECK_IS(ask(r, DO_STAT, tree.node[ids[i]].name, 0, 0), 0);
		CHECK_IS(tree.node[ids[i]].owed, 1);
	}
}

/* How many are still known, once no more than @want are. */
static int known(struct raw *r, const uint64_t *ids, int want)
{
	int ms = LONG_MS, nr, i;

	for (;;) {
		for (i = 0, nr = 0; i < PRUNED; i++)
			nr += !!tree.node[ids[i]].owed;
		if (nr <= want || ms <= 0)
			return nr;
		if (raw_next(r, 20) > 0)
			tree_answer(r);
		else
			ms -= 20;
	}
}

static void test_prune_many(struct raw *r)
{
	char *mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *cut, ids[PRUNED];
	char name[16];
	int i;

	CHECK(mem != MAP_FAILED);
	for (i = 0; i < PRUNED; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ids[i] = tree_add(FUSE_ROOT_ID, name, S_IFREG | 0644);
	}
	desk_start(r);
	know_all(r, ids);
	CHECK_IS(prune(r, NULL, 0), 0);
	CHECK_IS(prune(r, ids, PRUNED), 0);
	CHECK_IS(known(r, ids, 0), 0);

	/* Memory that ends with the first batch. */
	know_all(r, ids);
	CHECK_IS(munmap(mem + PAGE, PAGE), 0);
	cut = (uint64_t *)(mem + PAGE) - PRUNE_BATCH;
	memcpy(cut, ids, PRUNE_BATCH * sizeof(*ids));
	CHECK_IS(prune(r, cut, PRUNED), -EFAULT);
	CHECK_IS(known(r, ids, PRUNED - PRUNE_BATCH), PRUNED - PRUNE_BATCH);
	for (i = 0; i < PRUNED; i++)
		CHECK_IS(tree.node[ids[i]].owed, i >= PRUNE_BATCH);
	desk_end(r);
	munmap(mem, PAGE);
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

static const struct tree_test tests[] = {
	{ "refused", test_refused },
	{ "early", test_early },
	{ "ways", test_ways },
	{ "attributes", test_attributes },
	{ "attributes-crossing", test_attributes_crossing },
	{ "entry", test_entry },
	{ "expire", test_expire },
	{ "entry-crossing", test_entry_crossing },
	{ "rename-crossing", test_rename_crossing },
	{ "delete-file", test_delete_file },
	{ "delete-open", test_delete_open },
	{ "delete-dir", test_delete_dir },
	{ "epoch", test_epoch },
	{ "prune", test_prune },
	{ "prune-many", test_prune_many },
	{ "poll", test_poll },
	{ "resend", test_resend },
	{ "resend-interrupted", test_resend_interrupted },
	{ "resend-killed", test_resend_killed },
	{ "abort-error", test_abort_error, NULL, FUSE_ABORT_ERROR },
	{ "abort-plain", test_abort_plain },
	{ }
};

int main(int argc, char **argv)
{
	return tell_main(tests, argc, argv);
}
