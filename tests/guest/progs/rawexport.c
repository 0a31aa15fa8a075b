// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles of inodes against a server made by hand: /d/e/f, with ids and a
 * generation of its own.
 *
 *	rawexport DIR export|plain|none
 *
 *	export	the server takes up FUSE_EXPORT_SUPPORT
 *	plain	it does not
 *	none	it takes up FUSE_NO_EXPORT_SUPPORT
 * Prints NAME=VALUE lines: what opening each handle gave, with the inodes in the
 * cache and with all of them dropped, what was asked for meanwhile, and how many
 * lookups were not given back in the end.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include "rawserve.h"

enum { ROOT = 1, D, E, F, NODES };

#define GENERATION	5
#define CLIENT_SECONDS	60
#define FORGET_ROUNDS	200	/* of 20 ms */
#define HANDLE_ROOM	64

static const char *const names[NODES] = { [D] = "d", [E] = "e", [F] = "f" };

/* What the client tells the server, and the other way round. */
static volatile struct {
	int generation;
	bool gone, stranger;
	int dots, dotdots;
	long owed;
} *shared;

static enum { EXPORT, PLAIN, NONE } how;

static void fill_attr(struct fuse_attr *attr, uint64_t id)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = id;
	attr->nlink = 1;
	attr->mode = id == F ? S_IFREG | 0644 : S_IFDIR | 0755;
}

static uint64_t looked_up(uint64_t dir, const char *name)
{
	if (!strcmp(name, ".")) {
		shared->dots++;
		if (shared->stranger)
			return dir == F ? E : F;
		return shared->gone ? 0 : dir;
	}
	if (!strcmp(name, "..")) {
		shared->dotdots++;
		return dir - 1;
	}
	if (dir < F && !strcmp(name, names[dir + 1]))
		return dir + 1;
	return 0;
}

static void on_lookup(struct raw *r)
{
	/* What is looked for in the cache has to be kept there. */
	struct fuse_entry_out out = {
		.generation = shared->generation, .entry_valid = 3600,
	};

	out.nodeid = looked_up(r->head->nodeid, r->arg);
	if (!out.nodeid) {
		raw_reply(r, ENOENT, NULL, 0);
		return;
	}
	if (out.nodeid != ROOT)
		shared->owed++;
	fill_attr(&out.attr, out.nodeid);
	raw_reply_entry(r, &out);
}

static void on_readdir(struct raw *r)
{
	const struct fuse_read_in *in = r->arg;
	union {
		struct fuse_dirent	entry;
		char			room[64];
	} one = { .room = "" };

	if (in->offset || r->head->nodeid >= F) {
		raw_reply(r, 0, NULL, 0);
		return;
	}
	one.entry.ino = r->head->nodeid + 1;
	one.entry.off = 1;
	one.entry.namelen = 1;
	one.entry.name[0] = *names[r->head->nodeid + 1];
	raw_reply(r, 0, &one, FUSE_DIRENT_SIZE(&one.entry));
}

static void forgotten(uint64_t n)
{
	shared->owed -= n;
}

static void on_init(struct raw *r)
{
	uint64_t flags = 0;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};

	if (how == EXPORT)
		flags = FUSE_EXPORT_SUPPORT;
	else if (how == NONE)
		flags = FUSE_INIT_EXT | FUSE_NO_EXPORT_SUPPORT;
	out.flags = flags;
	out.flags2 = flags >> 32;
	raw_reply(r, 0, &out, sizeof(out));
}

static void answer(struct raw *r)
{
	const struct fuse_batch_forget_in *batch = r->arg;
	const struct fuse_forget_one *one = (void *)(batch + 1);
	struct fuse_open_out open = {};
	struct fuse_attr attr;
	uint32_t i;

	switch (r->head->opcode) {
	case FUSE_INIT:
		on_init(r);
		break;
	case FUSE_LOOKUP:
		on_lookup(r);
		break;
	case FUSE_FORGET:
		forgotten(((struct fuse_forget_in *)r->arg)->nlookup);
		break;
	case FUSE_BATCH_FORGET:
		for (i = 0; i < batch->count; i++)
			forgotten(one[i].nlookup);
		break;
	case FUSE_INTERRUPT:
		break;
	case FUSE_GETATTR:
		fill_attr(&attr, r->head->nodeid);
		raw_reply_attr(r, &attr);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		raw_reply(r, 0, &open, sizeof(open));
		break;
	case FUSE_READDIR:
		on_readdir(r);
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		raw_reply(r, 0, NULL, 0);
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

/* -------- the client -------- */

static int mount_fd;
static union {
	struct file_handle	h;
	char			room[sizeof(struct file_handle) + HANDLE_ROOM];
} handles[NODES];

static const char *result(int ret)
{
	if (ret < 0 && errno == EOPNOTSUPP)
		return "EOPNOTSUPP";
	return raw_error(ret < 0 ? errno : 0);
}

static int take(const char *name, int id, const char *path)
{
	struct file_handle *h = &handles[id].h;
	int mount_id, ret;

	h->handle_bytes = HANDLE_ROOM;
	ret = name_to_handle_at(AT_FDCWD, path, h, &mount_id, 0);
	printf("take_%s=%s\n", name, result(ret));
	if (!ret)
		printf("handle_%s=%x:%u\n", name, h->handle_type, h->handle_bytes);
	return ret;
}

/* The path shows whether the inode was connected to the root. */
static void reach(const char *when, const char *name, int id)
{
	char link[64], path[256] = "";
	struct stat st;
	int fd;

	fd = open_by_handle_at(mount_fd, &handles[id].h, O_RDONLY);
	printf("%s_%s=%s\n", when, name, result(fd));
	if (fd < 0)
		return;
	printf("%s_%s_ino=%d\n", when, name,
	       fstat(fd, &st) ? -1 : (int)st.st_ino);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0)
		printf("%s_%s_path=%s\n", when, name, path);
	close(fd);
}

static void say_asked(const char *when)
{
	printf("%s_dots=%d\n%s_dotdots=%d\n", when, shared->dots, when,
	       shared->dotdots);
	shared->dots = 0;
	shared->dotdots = 0;
}

/* The server lost the file, or has another one there. */
static void mislead(void)
{
	raw_drop_caches();
	shared->stranger = true;
	reach("stranger", "f", F);
	shared->stranger = false;
	raw_drop_caches();
	shared->gone = true;
	reach("gone", "f", F);
	shared->gone = false;
	raw_drop_caches();
	shared->generation++;
	reach("reused", "f", F);
	shared->generation--;
	raw_drop_caches();
	reach("again", "f", F);
}

static int client(const char *dir)
{
	char path[256];

	alarm(CLIENT_SECONDS);
	mount_fd = open(dir, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "%s/d/e/f", dir);
	if (take("f", F, path)) {
		raw_drop_caches();
		return 0;
	}
	snprintf(path, sizeof(path), "%s/d/e", dir);
	take("e", E, path);
	take("root", ROOT, dir);

	handles[D] = handles[F];
	handles[D].h.handle_bytes = 8;
	reach("short", "f", D);
	handles[D] = handles[F];
	handles[D].h.handle_type = 1;
	reach("foreign", "f", D);
	memset(handles[D].h.f_handle, 0, 8);
	handles[D].h.handle_type = handles[F].h.handle_type;
	reach("zero", "f", D);

	reach("cached", "f", F);
	reach("cached", "e", E);
	say_asked("cached");

	raw_drop_caches();
	reach("dropped", "f", F);
	reach("dropped", "root", ROOT);
	raw_drop_caches();
	reach("dropped", "e", E);
	say_asked("dropped");

	if (how == EXPORT)
		mislead();
	close(mount_fd);
	raw_drop_caches();
	return 0;
}
int main(int argc, char **argv)
{
	static const char *const modes[] = { "export", "plain", "none" };
	struct raw r = {};
	pid_t pid;
	int i = 3;

	if (argc == 3)
		for (i = 0; i < 3; i++)
			if (!strcmp(argv[2], modes[i]))
				break;
	if (i == 3) {
		fprintf(stderr, "usage: rawexport DIR export|plain|none\n");
		return 2;
	}
	how = i;
	setvbuf(stdout, NULL, _IONBF, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		raw_die("mmap");
	shared->generation = GENERATION;

	raw_mount(&r, argv[1], NULL);
	pid = fork();
	if (!pid)
		_exit(client(r.dir));
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	for (i = 0; i < FORGET_ROUNDS && shared->owed; i++)
		if (raw_next(&r, 20) > 0)
			answer(&r);
	printf("owed=%ld\n", shared->owed);

	pid = raw_start_umount(&r);
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	return 0;
}
