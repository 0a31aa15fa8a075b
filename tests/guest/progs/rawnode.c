// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that uses a node id for another file from the second LOOKUP on, and
 * a client that holds the first one open.
 *
 *	rawnode DIR same|generation|type|root
 *
 *	same		it does not: what the others are compared to
 *	generation	another generation of the same id
 *	type		a directory instead of a regular file
 *	root		the id of the root
 * Prints NAME=VALUE lines: what the client got, and how many LOOKUPs were not
 * given back by FORGET after all caches were dropped.
 */
#include <stdint.h>
#include "rawserve.h"

#define FILE_ID		7
#define CLIENT_SECONDS	60
#define FORGET_ROUNDS	200	/* of 20 ms */

static enum { SAME, GENERATION, TYPE, ROOT } how;
static long owed, lookups, forgets;

static void fill_attr(struct fuse_attr *attr, mode_t mode)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = FILE_ID;
	attr->nlink = 1;
	attr->mode = mode;
	attr->size = S_ISREG(mode) ? 4096 : 0;
	attr->blksize = 4096;
}

/* What is behind the id after so many LOOKUPs. */
static mode_t file_mode(void)
{
	return how == TYPE && lookups > 1 ? S_IFDIR | 0755 : S_IFREG | 0644;
}

static void on_lookup(struct raw *r)
{
	struct fuse_entry_out out = { .nodeid = FILE_ID, .generation = 1 };

	if (strcmp(r->arg, "f")) {
		raw_reply(r, ENOENT, NULL, 0);
		return;
	}
	lookups++;
	fill_attr(&out.attr, file_mode());
	if (how == GENERATION && lookups > 1)
		out.generation = 2;
	if (how == ROOT) {
		out.nodeid = FUSE_ROOT_ID;
		fill_attr(&out.attr, S_IFDIR | 0755);
	} else {
		owed++;
	}
	raw_reply_entry(r, &out);
}

static void forgotten(uint64_t node, uint64_t n)
{
	forgets++;
	if (node == FILE_ID)
		owed -= n;
	else
		printf("forgot_node=%llu\n", (unsigned long long)node);
}

static void answer(struct raw *r)
{
	const struct fuse_batch_forget_in *batch = r->arg;
	const struct fuse_forget_one *one = (void *)(batch + 1);
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_open_out open = { .fh = 1 };
	static const char zeros[4096];
	struct fuse_attr attr;
	uint32_t i;

	switch (r->head->opcode) {
	case FUSE_INIT:
		raw_reply(r, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		on_lookup(r);
		break;
	case FUSE_FORGET:
		forgotten(r->head->nodeid,
			  ((struct fuse_forget_in *)r->arg)->nlookup);
		break;
	case FUSE_BATCH_FORGET:
		for (i = 0; i < batch->count; i++)
			forgotten(one[i].nodeid, one[i].nlookup);
		break;
	case FUSE_INTERRUPT:
		break;
	case FUSE_GETATTR:
		fill_attr(&attr, r->head->nodeid == FUSE_ROOT_ID ?
			  S_IFDIR | 0755 : file_mode());
		raw_reply_attr(r, &attr);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		raw_reply(r, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		raw_reply(r, 0, zeros, sizeof(zeros));
		break;
	case FUSE_READDIR:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		raw_reply(r, 0, NULL, 0);
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

static const char *result(int ret)
{
	return raw_error(ret < 0 ? errno : 0);
}

static int client(const char *dir)
{
	char path[512], data[512];
	struct stat st;
	int fd, fd2;

	alarm(CLIENT_SECONDS);
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDONLY);
	printf("open=%s\n", result(fd));
	printf("stat=%s\n", result(stat(path, &st)));
	printf("stat_type=%o\n", st.st_mode & S_IFMT);
	if (fd >= 0) {
		printf("old_fstat=%s\n", result(fstat(fd, &st)));
		printf("old_read=%s\n", result(read(fd, data, sizeof(data))));
	}
	fd2 = open(path, O_RDONLY);
	printf("new_open=%s\n", result(fd2));
	if (fd2 >= 0)
		printf("new_fstat=%s\n", result(fstat(fd2, &st)));
	printf("root=%s\n", result(stat(dir, &st)));
	close(fd);
	close(fd2);
	raw_drop_caches();
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"same", "generation", "type", "root",
	};
	struct raw r = {};
	pid_t pid;
	int i;

	if (argc == 3) {
		for (i = 0; i < 4; i++)
			if (!strcmp(argv[2], names[i]))
				break;
	}
	if (argc != 3 || i == 4) {
		fprintf(stderr, "usage: rawnode DIR same|generation|type|root\n");
		return 2;
	}
	how = i;
	setvbuf(stdout, NULL, _IONBF, 0);

	raw_mount(&r, argv[1], NULL);
	pid = fork();
	if (!pid)
		_exit(client(r.dir));
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	for (i = 0; i < FORGET_ROUNDS && owed; i++)
		if (raw_next(&r, 20) > 0)
			answer(&r);
	printf("lookups=%ld\nforgets=%ld\nowed=%ld\n", lookups, forgets, owed);

	pid = raw_start_umount(&r);
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	return 0;
}
