// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets of links and listings with attributes, whose answers cross what the
 * server takes back or what a caller changes meanwhile.
 *
 *	rawcross DIR [TEST]
 */
#include "rawnames.h"
#include "rawtell.h"

/* -------- targets -------- */

static int read_link(const char *dir)
{
	char to[64];

	if (readlink(client_path(dir, "link"), to, sizeof(to)) < 0)
		return errno;
	shared->value[0] = to[0];
	return 0;
}

/* The link leads to @target, which takes so many requests. */
static void leads_to(struct raw *r, const char *target, unsigned int asked)
{
	CHECK_IS(ASKED(FUSE_READLINK, tree_run(r, read_link)), asked);
	CHECK_IS(shared->value[0], target[0]);
}

static void test_link_taken_back(struct raw *r)
{
	tree.node[T_LINK].target = "first";
	leads_to(r, "first", 1);
	tree.node[T_LINK].target = "second";
	leads_to(r, "first", 0);
	CHECK_IS(tell_inode(r, T_LINK, 0, 0), 0);
	leads_to(r, "second", 1);
	leads_to(r, "second", 0);
}

/* Taken back before it is there: not kept, though its caller gets it. */
static void test_link_crossed(struct raw *r)
{
	pid_t pid = client_start(r, read_link);

	CHECK(tree_until(r, FUSE_READLINK, LONG_MS));
	CHECK_IS(tell_inode(r, T_LINK, 0, 0), 0);
	CHECK_IS(raw_reply(r, 0, "first", 5), 0);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(shared->value[0], 'f');
	tree.node[T_LINK].target = "second";
	leads_to(r, "second", 1);
	leads_to(r, "second", 0);
}

/* -------- listings -------- */

static int list_all(const char *dir)
{
	DIR *d = opendir(dir);

	if (!d)
		return errno;
	for (errno = 0; readdir(d); errno = 0)
		;
	return errno;
}

static int extend(const char *dir)
{
	int fd = open(client_path(dir, "file"), O_WRONLY);

	if (fd < 0)
		return errno;
	return pwrite(fd, "more", 4, 1000) == 4 ? 0 : errno;
}

/* A file that is known, and a listing that is under way. */
static pid_t hold_listing(struct raw *r, struct fuse_in_header *head,
			  struct fuse_read_in *in)
{
	pid_t pid;

	CHECK_IS(tree_run(r, stat_wanted), 0);
	pid = client_start(r, list_all);
	CHECK(tree_until(r, FUSE_READDIRPLUS, LONG_MS));
	*head = *r->head;
	memcpy(in, r->arg, sizeof(*in));
	return pid;
}

static void answer_listing(struct raw *r, const struct fuse_in_header *head,
			   const struct fuse_read_in *in)
{
	*r->head = *head;
	memcpy(r->arg, in, sizeof(*in));
	tree_readdir(r, true);
}

/* It was made before the file was extended. */
static void test_plus_extend(struct raw *r)
{
	struct fuse_attr old = tree.node[T_FILE].attr, extended;
	struct fuse_in_header head;
	struct fuse_read_in in;
	pid_t pid = hold_listing(r, &head, &in);

	CHECK_IS(tree_run(r, extend), 0);
	extended = tree.node[T_FILE].attr;
	CHECK_IS(extended.size, 1004);
	tree.node[T_FILE].attr = old;
	answer_listing(r, &head, &in);
	tree.node[T_FILE].attr = extended;
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(tree_run(r, stat_wanted), 0);
	CHECK_IS(shared->value[2], 1004);
}

/* It was made before the name was taken back. */
static void test_plus_told(struct raw *r)
{
	struct fuse_in_header head;
	struct fuse_read_in in;
	pid_t pid = hold_listing(r, &head, &in);

	CHECK_IS(tell_entry(r, FUSE_ROOT_ID, "file", 0), 0);
	answer_listing(r, &head, &in);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, tree_run(r, stat_wanted)), 1);
	CHECK_IS(ASKED(FUSE_LOOKUP, tree_run(r, stat_wanted)), 0);
}

/* What such a listing says when nothing crosses it needs no look-up. */
static void test_plus_alone(struct raw *r)
{
	struct fuse_in_header head;
	struct fuse_read_in in;
	pid_t pid;

	tree.entry_valid = 0;
	pid = hold_listing(r, &head, &in);
	tree.entry_valid = 3600;
	answer_listing(r, &head, &in);
	CHECK_IS(tree_serve(r, pid), 0);
	CHECK_IS(ASKED(FUSE_LOOKUP, tree_run(r, stat_wanted)), 0);
}

#define PLUS	(FUSE_DO_READDIRPLUS | FUSE_PARALLEL_DIROPS)

static const struct tree_test tests[] = {
	{ "link-taken-back", test_link_taken_back, NULL, FUSE_CACHE_SYMLINKS },
	{ "link-crossed", test_link_crossed, NULL, FUSE_CACHE_SYMLINKS },
	{ "plus-extend", test_plus_extend, NULL, PLUS },
	{ "plus-told", test_plus_told, NULL, PLUS },
	{ "plus-alone", test_plus_alone, NULL, PLUS },
	{ }
};

int main(int argc, char **argv)
{
	return tell_main(tests, argc, argv);
}
