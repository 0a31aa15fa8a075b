// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings as the server sees them: what is asked for, and what becomes of
 * replies that make no sense, in READDIR and in READDIRPLUS, whose every entry
 * carries a lookup that has to come back.
 *
 *	rawlist DIR [TEST]
 */
#include <dirent.h>
#include <sys/utsname.h>
#include "rawtree.h"

#define MANY	40
#define PLUS	(FUSE_DO_READDIRPLUS | FUSE_PARALLEL_DIROPS)

/* Lists the directory: value[0] entries, their names as one string. */
static char *listed;

static int list_at(const char *dir, const char *name)
{
	DIR *d = opendir(name ? client_path(dir, name) : dir);
	struct dirent *e;
	int err;

	shared->value[0] = 0;
	listed[0] = 0;
	if (!d)
		return errno;
	for (errno = 0; (e = readdir(d)); errno = 0) {
		shared->value[0]++;
		shared->value[1] = e->d_type;
		shared->value[2] = e->d_off;
		strcat(strcat(listed, e->d_name), " ");
	}
	err = errno;
	closedir(d);
	return err;
}

static int list(const char *dir)
{
	return list_at(dir, NULL);
}

static int stat_all(const char *dir)
{
	struct stat st;
	uint64_t id;

	for (id = 2; id <= tree.nr; id++)
		if (tree.node[id].parent == FUSE_ROOT_ID &&
		    lstat(client_path(dir, tree.node[id].name), &st))
			return errno;
	return 0;
}

static int list_and_stat(const char *dir)
{
	int err = list(dir);

	return err ? err : stat_all(dir);
}

static int stat_file(const char *dir)
{
	struct stat st;

	return stat(client_path(dir, "file"), &st) ? errno : 0;
}

/* -------- a reply made by the test -------- */

static char reply[1 << 17];
static size_t reply_len;
static bool reply_once;

static struct fuse_dirent *dirent_at(size_t at)
{
	return (struct fuse_dirent *)(reply + at);
}

/* Behind the record whose offset that is; a length of nonsense ends it. */
static size_t reply_from(uint64_t offset, bool plus)
{
	size_t at = 0, head = plus ? sizeof(struct fuse_entry_out) : 0;

	while (offset && at + head + FUSE_NAME_OFFSET < reply_len) {
		const struct fuse_dirent *d = dirent_at(at + head);

		at += head + FUSE_DIRENT_SIZE(d);
		if (d->off == offset)
			break;
	}
	return at;
}

/* The lookups that go with what is sent from @at on. */
static void count_lookups(size_t at)
{
	while (at + sizeof(struct fuse_direntplus) < reply_len) {
		const struct fuse_direntplus *d = (void *)(reply + at);
		struct tnode *n = tree_node(d->entry_out.nodeid);
		const char *name = d->dirent.name;

		if (name + d->dirent.namelen > reply + reply_len)
			break;
		if (n && d->entry_out.nodeid != FUSE_ROOT_ID &&
		    !(name[0] == '.' && d->dirent.namelen < 3))
			n->owed++;
		at += FUSE_DIRENTPLUS_SIZE(d);
	}
}

static bool hook_reply(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	bool plus = r->head->opcode == FUSE_READDIRPLUS;
	size_t at;

	if (reply_once && in->offset)
		return false;
	at = reply_from(in->offset, plus);
	if (raw_reply(r, 0, reply + at, reply_len - at) == 0 && plus)
		count_lookups(at);
	return true;
}

static void put(uint64_t ino, uint64_t off, uint32_t type, const char *name,
		size_t len)
{
	reply_len = tree_dirent(reply, reply_len, ino, off, type, name, len);
}

static void put_plus(uint64_t id, uint64_t off, const char *name, size_t len)
{
	struct fuse_entry_out entry = { };

	if (id)
		entry = tree_entry(id);
	memcpy(reply + reply_len, &entry, sizeof(entry));
	reply_len += sizeof(entry);
	put(id ? id : 1, off, id ? DT_REG : DT_DIR, name, len);
}

/* -------- READDIR -------- */

static void test_plain(struct raw *r)
{
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	CHECK_IS(shared->value[1], DT_LNK);
	CHECK_IS(tree.count[FUSE_READDIRPLUS], 0);
	CHECK_IS(tree.count[FUSE_READDIR], 2);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

static void refused(struct raw *r, const char *name, size_t len)
{
	reply_len = 0;
	put(5, 1, DT_REG, name, len);
	CHECK_IS(tree_run(r, list), EIO);
	CHECK_IS(shared->value[0], 0);
}

static void test_names(struct raw *r)
{
	static char longest[4096];

	tree.hook[FUSE_READDIR] = hook_reply;
	memset(longest, 'l', sizeof(longest));
	refused(r, "", 0);
	refused(r, "a/b", 3);
	refused(r, "/", 1);
	refused(r, "\0a", 2);
	refused(r, "\0", 1);
	refused(r, "a\0/", 3);
	refused(r, longest, 4096);
	reply_len = 0;
	put(5, 1, DT_REG, "x", 1);
	dirent_at(0)->namelen = 0xffffffff;
	CHECK_IS(tree_run(r, list), EIO);
	/* one ends at a NUL */
	reply_len = 0;
	put(5, 1, DT_REG, "a\0b", 3);
	put(6, 2, DT_REG, "c", 2);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "a c "));
}

/* What came before the nonsense is delivered first. */
static void test_good_then_bad(struct raw *r)
{
	tree.hook[FUSE_READDIR] = hook_reply;
	reply_len = 0;
	put(5, 1, DT_REG, "good", 4);
	put(6, 2, DT_REG, "b/d", 3);
	CHECK_IS(tree_run(r, list), EIO);
	CHECK(!strcmp(listed, "good "));
}

static void test_cut(struct raw *r)
{
	tree.hook[FUSE_READDIR] = hook_reply;
	reply_once = true;
	reply_len = 0;
	put(T_FILE, T_FILE, DT_REG, "file", 4);
	put(T_DIR, T_DIR, DT_DIR, "dir", 3);
	/* inside the name, inside the head, at the head: asked for again */
	reply_len -= 6;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	reply_len -= 16;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	/* nothing whole at all is the end */
	reply_len = 10;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, ""));
	reply_len = FUSE_NAME_OFFSET + 3;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, ""));
	/* padding may be missing */
	reply_len = FUSE_NAME_OFFSET + 4;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	reply_once = false;
	/* also behind some that are */
	reply_len = 0;
	put(T_FILE, T_FILE, DT_REG, "file", 4);
	put(T_DIR, T_DIR, DT_DIR, "dir", 3);
	reply_len -= 6;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file "));
}

static void test_types(struct raw *r)
{
	tree.hook[FUSE_READDIR] = hook_reply;
	reply_once = true;
	reply_len = 0;
	put(9, 100, 0x80000004, "odd", 3);
	CHECK_IS(tree_run(r, list), 0);
	CHECK_IS(shared->value[0], 1);
	CHECK_IS(shared->value[1], DT_UNKNOWN);
	reply_once = false;
}

static bool hook_too_much(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;

	shared->value[5] = raw_reply(r, 0, reply, in->size + 8);
	raw_reply(r, EIO, NULL, 0);
	return true;
}

static void test_too_much(struct raw *r)
{
	tree.hook[FUSE_READDIR] = hook_too_much;
	CHECK_IS(tree_run(r, list), EIO);
	CHECK(shared->value[5] < 0);
}

/* Offsets are the server's: any number, in any order. */
static const uint64_t offs[] = { 1ULL << 62, 3, 0x7000000000000001, 17 };

static bool hook_offsets(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	unsigned int i = 0, n = sizeof(offs) / sizeof(offs[0]);

	if (in->offset)
		for (i = 0; i < n && offs[i] != in->offset; i++)
			;
	if (in->offset)
		i++;
	reply_len = 0;
	for (; i < n; i++)
		put(10 + i, offs[i], DT_REG, (char[]){ 'a' + i }, 1);
	raw_reply(r, 0, reply, reply_len);
	return true;
}

static int seek_back(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	long at;

	if (!d || !readdir(d))
		return errno ? errno : EPROTO;
	at = telldir(d);
	shared->value[4] = at == (long)offs[0];
	if (!readdir(d) || !readdir(d))
		return EPROTO;
	seekdir(d, at);
	e = readdir(d);
	if (!e || strcmp(e->d_name, "b"))
		return EPROTO;
	rewinddir(d);
	e = readdir(d);
	return e && !strcmp(e->d_name, "a") ? 0 : EPROTO;
}

static void test_offsets(struct raw *r)
{
	tree.hook[FUSE_READDIR] = hook_offsets;
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "a b c d "));
	CHECK_IS(shared->value[2], 17);
	CHECK_IS(tree_run(r, seek_back), 0);
	CHECK_IS(shared->value[4], 1);
}

static void add_many(void)
{
	char name[201];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%0200d", i);
		tree_add(FUSE_ROOT_ID, name, S_IFREG | 0644);
	}
}

/* A small buffer of the caller: what did not fit is asked for again. */
static int list_small(const char *dir)
{
	char buf[600];
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	long n, at;

	shared->value[0] = 0;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; at += *(unsigned short *)(buf + at + 16))
			shared->value[0]++;
	if (n < 0)
		return errno;
	/* one that holds no entry */
	lseek(fd, 0, SEEK_SET);
	return syscall(SYS_getdents64, fd, buf, 20) < 0 && errno == EINVAL ?
	       0 : EPROTO;
}

static uint32_t asked_size;

static bool hook_size(struct raw *r)
{
	asked_size = ((struct fuse_read_in *)r->arg)->size;
	return false;
}

static void test_small_buffer(struct raw *r)
{
	add_many();
	tree.hook[FUSE_READDIR] = hook_size;
	CHECK_IS(tree_run(r, list_small), 0);
	CHECK_IS(shared->value[0], MANY + 3);
	/* no more is asked for than the caller takes, or one entry may be long */
	CHECK_IS(asked_size, 8192);
}

static void test_few_requests(struct raw *r)
{
	add_many();
	CHECK_IS(tree_run(r, list), 0);
	CHECK_IS(shared->value[0], MANY + 3);
	CHECK_IS(tree.count[FUSE_READDIR], 2);
}

/* -------- open, close, sync -------- */

static bool hook_enosys(struct raw *r)
{
	raw_reply(r, ENOSYS, NULL, 0);
	return true;
}

static void test_no_opendir(struct raw *r)
{
	tree.hook[FUSE_OPENDIR] = hook_enosys;
	CHECK_IS(tree_run(r, list), 0);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	CHECK_IS(tree.count[FUSE_OPENDIR], 1);
	CHECK_IS(tree.count[FUSE_RELEASEDIR], 0);
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	return fd < 0 || fsync(fd) || fdatasync(fd) ? errno : 0;
}

static void test_no_fsyncdir(struct raw *r)
{
	CHECK_IS(tree_run(r, sync_dir), 0);
	CHECK_IS(tree_run(r, sync_dir), 0);
	CHECK_IS(tree.count[FUSE_FSYNCDIR], 1);
	CHECK_IS(tree.count[FUSE_RELEASEDIR], 2);
}

static bool hook_fsyncdir(struct raw *r)
{
	struct fuse_fsync_in *in = r->arg;

	shared->value[in->fsync_flags & FUSE_FSYNC_FDATASYNC]++;
	raw_reply(r, in->fsync_flags ? ENOSPC : 0, NULL, 0);
	return true;
}

static void test_fsyncdir(struct raw *r)
{
	tree.hook[FUSE_FSYNCDIR] = hook_fsyncdir;
	CHECK_IS(tree_run(r, sync_dir), ENOSPC);
	CHECK_IS(shared->value[0], 1);
	CHECK_IS(shared->value[1], 1);
}

/* -------- READDIRPLUS -------- */

static void test_plus(struct raw *r)
{
	CHECK_IS(tree_run(r, list_and_stat), 0);
	CHECK(!strcmp(listed, "file dir link "));
	CHECK_IS(tree.count[FUSE_READDIR], 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
	/* of the directory itself */
	CHECK_IS(tree.count[FUSE_GETATTR], 1);
	/* what is known already is confirmed, with new attributes */
	tree.node[T_FILE].attr.size = 99;
	CHECK_IS(tree_run(r, list_and_stat), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

static int list_and_link(const char *dir)
{
	char other[PATH_MAX];
	int err = list_and_stat(dir);

	snprintf(other, sizeof(other), "%s/other", dir);
	return err ?: link(client_path(dir, "file"), other) ? errno : 0;
}

/* What is listed has a link, though its server counted none. */
static void test_plus_no_link(struct raw *r)
{
	tree.node[T_FILE].attr.nlink = 0;
	CHECK_IS(tree_run(r, list_and_link), 0);
	CHECK_IS(tree.count[FUSE_LINK], 1);
	CHECK_IS(tree.count[FUSE_LOOKUP], 1); /* of the new name */
}

/* Another node under a known name replaces it; a stale one goes. */
static void test_plus_replaces(struct raw *r)
{
	CHECK_IS(tree_run(r, list_and_stat), 0);
	tree.node[T_FILE].parent = 0;
	tree_add(FUSE_ROOT_ID, "file", S_IFDIR | 0755);
	CHECK_IS(tree_run(r, list_and_stat), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
	tree.node[tree.nr].generation = 5;
	CHECK_IS(tree_run(r, list_and_stat), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

static void test_plus_dots(struct raw *r)
{
	tree.hook[FUSE_READDIRPLUS] = hook_reply;
	reply_once = true;
	reply_len = 0;
	/* ids beside them are not lookups */
	put_plus(T_DIR, 1, ".", 1);
	put_plus(T_DIR, 1000, "..", 2);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, ". .. "));
	reply_len = 0;
	put_plus(T_DIR, 1000, ".", 2);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, ". "));
	reply_once = false;
}

static void plus_refused(struct raw *r, const char *before)
{
	CHECK_IS(tree_run(r, list), EIO);
	CHECK(!strcmp(listed, before));
	tree_settled(r);
	reply_len = 0;
}

/* A name whose node is nonsense is a name: its lookup comes back. */
static void plus_listed(struct raw *r, const char *names)
{
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, names));
	tree_settled(r);
	reply_len = 0;
}

static void test_plus_nonsense(struct raw *r)
{
	struct fuse_direntplus *d;
	size_t at;

	tree.hook[FUSE_READDIRPLUS] = hook_reply;
	reply_len = 0;

	/* a name in the middle; what follows it comes back as well */
	put_plus(T_FILE, 1, "file", 4);
	put_plus(T_DIR, 2, "a/b", 3);
	put_plus(T_LINK, 3, "link", 4);
	plus_refused(r, "file ");

	put_plus(T_FILE, 1, "\0ile", 4);
	put_plus(T_LINK, 3, "link", 4);
	plus_refused(r, "");

	/* attributes in the middle */
	put_plus(T_FILE, 1, "file", 4);
	at = reply_len;
	put_plus(T_DIR, 2, "dir", 3);
	d = (void *)(reply + at);
	d->entry_out.attr.mode = 0;
	put_plus(T_LINK, 3, "link", 4);
	plus_listed(r, "file dir link ");

	/* the root under a name */
	put_plus(T_FILE, 1, "file", 4);
	put_plus(0, 2, "root", 4);
	d = (void *)(reply + reply_len - sizeof(*d) - 8);
	d->entry_out = tree_entry(FUSE_ROOT_ID);
	plus_listed(r, "file root ");

	/* no name: where the next record is nobody can know */
	put_plus(T_FILE, 1, "file", 4);
	put_plus(0, 2, "", 0);
	plus_refused(r, "file ");
}

/* What comes before a record that is not whole comes back, and that does not. */
static void test_plus_cut(struct raw *r)
{
	size_t file;

	tree.hook[FUSE_READDIRPLUS] = hook_reply;
	reply_len = 0;
	put_plus(T_FILE, 1, "file", 4);
	file = reply_len;
	put_plus(T_DIR, 2, "dir", 3);
	reply_len -= 6;
	plus_listed(r, "file ");
	put_plus(T_FILE, 1, "file", 4);
	put_plus(T_DIR, 2, "dir", 3);
	reply_len = file + 100;
	plus_listed(r, "file ");
	put_plus(T_FILE, 1, "file", 4);
	reply_len = 100;
	plus_listed(r, "");
	put_plus(T_FILE, 1, "file", 4);
	reply_len -= 5;
	plus_listed(r, "");
}

/* It is known by the name that callers see. */
static void test_plus_nul(struct raw *r)
{
	tree.hook[FUSE_READDIRPLUS] = hook_reply;
	reply_len = 0;
	put_plus(T_FILE, 1, "file\0x", 6);
	put_plus(T_LINK, 2, "link", 5);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file link "));
	CHECK_IS(tree_run(r, stat_file), 0);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

/* One entry at a time, of the shortest. */
static int list_ones(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	uint64_t buf[4];
	long n;

	shared->value[0] = 0;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		shared->value[0]++;
	return n < 0 ? errno : 0;
}

/* Behind what the caller has no room for, one without a node: others follow. */
static void test_plus_full(struct raw *r)
{
	tree.hook[FUSE_READDIRPLUS] = hook_reply;
	reply_len = 0;
	put_plus(T_FILE, 1, "file", 4);
	put_plus(T_DIR, 2, "dir", 3);
	put_plus(0, 3, "none", 4);
	put_plus(T_LINK, 4, "link", 4);
	CHECK_IS(tree_run(r, list_ones), 0);
	CHECK_IS(shared->value[0], 4);
}

static pid_t lister;

static void on_signal(int sig)
{
}

static bool hook_signal(struct raw *r)
{
	kill(lister, SIGUSR1);
	return false;
}

/* One call, during which a signal comes. */
static int list_signalled(const char *dir)
{
	static uint64_t buf[512];
	const char *at = (const char *)buf;
	struct sigaction sa = { .sa_handler = on_signal };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	long n, i;

	sigaction(SIGUSR1, &sa, NULL);
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	shared->value[0] = 0;
	for (i = 0; i < n; i += *(unsigned short *)(at + i + 16))
		shared->value[0]++;
	return n < 0 ? errno : 0;
}

/* What has come is handed out, where the kernel has a way to say so. */
static void test_plus_signal(struct raw *r)
{
	unsigned int major = 0, minor = 0;
	struct utsname uts;

	uname(&uts);
	CHECK_IS(sscanf(uts.release, "%u.%u", &major, &minor), 2);
	tree.hook[FUSE_READDIRPLUS] = hook_signal;
	lister = client_start(r, list_signalled);
	CHECK_IS(tree_serve(r, lister), 0);
	if (major > 6 || (major == 6 && minor >= 16))
		CHECK_IS(shared->value[0], 3);
	else
		CHECK(shared->value[0] >= 1);
}

static void test_no_plus(struct raw *r)
{
	tree.hook[FUSE_READDIRPLUS] = hook_enosys;
	CHECK_IS(tree_run(r, list), 0);
	CHECK_IS(tree_run(r, list), 0);
	CHECK(!strcmp(listed, "file dir link "));
	CHECK_IS(tree.count[FUSE_READDIRPLUS], 1);
}

/* Reads a long listing in parts, with or without a stat of each name. */
static int list_parts(const char *dir, bool stats)
{
	static char buf[4096];
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct stat st;
	long n, at;

	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (at = 0; stats && at < n;
		     at += *(unsigned short *)(buf + at + 16))
			if (fstatat(fd, buf + at + 19, &st, AT_SYMLINK_NOFOLLOW))
				return errno;
	return n < 0 ? errno : 0;
}

static int parts_only(const char *dir)
{
	return list_parts(dir, false);
}

static int parts_and_stat(const char *dir)
{
	return list_parts(dir, true);
}

/* Plus at first, and then only where names get looked at. */
static void test_auto_listing(struct raw *r)
{
	add_many();
	CHECK_IS(tree_run(r, parts_only), 0);
	CHECK_IS(tree.count[FUSE_READDIRPLUS], 1);
	CHECK(tree.count[FUSE_READDIR] > 1);
}

static void test_auto_stat(struct raw *r)
{
	add_many();
	CHECK_IS(tree_run(r, parts_and_stat), 0);
	CHECK(tree.count[FUSE_READDIRPLUS] > 2);
	CHECK(tree.count[FUSE_READDIR] <= 1);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

/* Names that are there, but whose time is over: they come with the listing. */
static void test_auto_again(struct raw *r)
{
	add_many();
	tree.entry_valid = 1;
	CHECK_IS(tree_run(r, parts_and_stat), 0);
	usleep(1200000);
	memset(tree.count, 0, sizeof(tree.count));
	tree.entry_valid = 3600;
	CHECK_IS(tree_run(r, parts_and_stat), 0);
	CHECK(tree.count[FUSE_READDIRPLUS] > 2);
	CHECK(tree.count[FUSE_READDIR] <= 1);
	CHECK_IS(tree.count[FUSE_LOOKUP], 0);
}

static void test_killed_plus(struct raw *r)
{
	pid_t pid;

	add_many();
	pid = client_start(r, list);
	if (CHECK(tree_until(r, FUSE_READDIRPLUS, LONG_MS))) {
		usleep(SHORT_MS * 1000);
		kill(pid, SIGKILL);
		CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
		tree_readdir(r, true);
	}
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.node[T_FILE].owed, 0);
	CHECK_IS(tree.node[tree.nr].owed, 0);
}

/* The same for a server that goes away instead of answering. */
static void test_killed_plus_end(struct raw *r)
{
	pid_t pid = client_start(r, list);

	if (CHECK(tree_until(r, FUSE_READDIRPLUS, LONG_MS))) {
		kill(pid, SIGKILL);
		CHECK_IS(client_wait(pid, LONG_MS), -SIGKILL);
	}
	tree_remount(r, "");
	memset(tree.node, 0, sizeof(tree.node));
	tree_reset();
	tree_start(r);
	CHECK_IS(tree_run(r, list), 0);
}

/* A look-up of the same name is under way: wait for it, and agree. */
static void test_plus_meets_lookup(struct raw *r)
{
	bool parallel = tree.flags & FUSE_PARALLEL_DIROPS;
	struct fuse_in_header head;
	pid_t one, two;

	one = client_start(r, stat_file);
	CHECK(tree_until(r, FUSE_LOOKUP, LONG_MS));
	head = *r->head;
	two = client_start(r, list);
	if (parallel && CHECK(tree_until(r, FUSE_READDIRPLUS, LONG_MS)))
		tree_readdir(r, true);
	tree_serve_for(r, SHORT_MS);
	CHECK_IS(tree.count[FUSE_READDIRPLUS], parallel);
	*r->head = head;
	strcpy(r->arg, "file");
	tree_lookup(r);
	CHECK_IS(tree_serve(r, one), 0);
	CHECK_IS(tree_serve(r, two), 0);
}

static const struct tree_test tests[] = {
	{ "plain", test_plain },
	{ "names", test_names },
	{ "good-then-bad", test_good_then_bad },
	{ "cut", test_cut },
	{ "types", test_types },
	{ "too-much", test_too_much },
	{ "offsets", test_offsets },
	{ "small-buffer", test_small_buffer },
	{ "few-requests", test_few_requests },
	{ "no-opendir", test_no_opendir, NULL, FUSE_NO_OPENDIR_SUPPORT },
	{ "no-fsyncdir", test_no_fsyncdir },
	{ "fsyncdir", test_fsyncdir },
	{ "plus", test_plus, NULL, PLUS },
	{ "plus-replaces", test_plus_replaces, NULL, PLUS },
	{ "plus-no-link", test_plus_no_link, NULL, PLUS },
	{ "plus-dots", test_plus_dots, NULL, PLUS },
	{ "plus-nonsense", test_plus_nonsense, NULL, PLUS },
	{ "plus-nul", test_plus_nul, NULL, PLUS },
	{ "plus-cut", test_plus_cut, NULL, PLUS },
	{ "plus-full", test_plus_full, NULL, PLUS },
	{ "plus-signal", test_plus_signal, NULL, PLUS },
	{ "no-plus", test_no_plus, NULL, PLUS },
	{ "auto-listing", test_auto_listing, NULL, PLUS | FUSE_READDIRPLUS_AUTO },
	{ "auto-stat", test_auto_stat, NULL, PLUS | FUSE_READDIRPLUS_AUTO },
	/* a page at once: a reply is not all */
	{ "auto-again", test_auto_again, NULL, PLUS | FUSE_READDIRPLUS_AUTO, 1 },
	{ "killed-plus", test_killed_plus, NULL, PLUS },
	{ "killed-plus-end", test_killed_plus_end, NULL, PLUS },
	{ "plus-meets-lookup", test_plus_meets_lookup, NULL, PLUS },
	{ "plus-meets-lookup-serial", test_plus_meets_lookup, NULL,
	  FUSE_DO_READDIRPLUS },
	{ }
};

int main(int argc, char **argv)
{
	listed = mmap(NULL, RAW_BUFFER, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (listed == MAP_FAILED)
		raw_die("mmap");
	return tree_tests(tests, argc, argv);
}
