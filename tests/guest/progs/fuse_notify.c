// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications through libfuse: a server of one file, whose main thread uses
 * the mount that the other serves, and tells the kernel what changed.
 *
 *	fuse_notify DIR
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_INO	2
#define LONG_LIFE	3600.0

static struct fuse_session *session;
static const char *name = "first";	/* what the file is called */
static char data[4096];			/* what is in it */
static int lookups, getattrs, reads;
static char kept[sizeof(data)];		/* what the kernel had of it */
static ssize_t kept_len;
static int failures;

static void check(const char *what, bool ok)
{
	printf("%s %s\n", ok ? "ok" : "not ok", what);
	failures += !ok;
}

/* -------- the server -------- */

static struct stat attributes(fuse_ino_t ino)
{
	if (ino == FUSE_ROOT_ID)
		return (struct stat){
			.st_ino = ino, .st_mode = S_IFDIR | 0755, .st_nlink = 2,
		};
	return (struct stat){
		.st_ino = ino, .st_mode = S_IFREG | 0644, .st_nlink = 1,
		.st_size = sizeof(data),
	};
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *asked)
{
	struct fuse_entry_param entry = {
		.ino = DATA_INO, .attr = attributes(DATA_INO),
		.attr_timeout = LONG_LIFE, .entry_timeout = LONG_LIFE,
	};

	__sync_fetch_and_add(&lookups, 1);
	if (strcmp(asked, name))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	__sync_fetch_and_add(&getattrs, 1);
	fuse_reply_attr(req, &st, LONG_LIFE);
}

static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	__sync_fetch_and_add(&reads, 1);
	if (off >= (off_t)sizeof(data))
		size = 0;
	else if (size > sizeof(data) - off)
		size = sizeof(data) - off;
	fuse_reply_buf(req, data + off, size);
}

static void do_retrieve_reply(fuse_req_t req, void *cookie, fuse_ino_t ino,
			      off_t off, struct fuse_bufvec *from)
{
	struct fuse_bufvec to = FUSE_BUFVEC_INIT(sizeof(kept));

	to.buf[0].mem = kept;
	*(volatile ssize_t *)cookie = fuse_buf_copy(&to, from, 0);
	fuse_reply_none(req);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup		= do_lookup,
	.getattr	= do_getattr,
	.open		= do_open,
	.read		= do_read,
	.retrieve_reply	= do_retrieve_reply,
};

static void *serve(void *unused)
{
	fuse_session_loop(session);
	return NULL;
}

/* -------- its user -------- */

static int look(const char *dir, const char *file)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return stat(path, &st) ? errno : 0;
}

static int first_byte(int fd)
{
	char c;

	return pread(fd, &c, 1, 0) == 1 ? c : -1;
}

static void test_inode(int fd)
{
	memset(data, 'b', sizeof(data));
	check("kept", first_byte(fd) == 'a');
	check("inval-inode",
	      !fuse_lowlevel_notify_inval_inode(session, DATA_INO, 0, 0) &&
	      first_byte(fd) == 'b');
	check("inval-unknown",
	      fuse_lowlevel_notify_inval_inode(session, 99, 0, 0) == -ENOENT);
}

static void test_store(int fd)
{
	struct fuse_bufvec from = FUSE_BUFVEC_INIT(sizeof(data));
	int before = reads, i;

	memset(data, 's', sizeof(data));
	from.buf[0].mem = data;
	check("store", !fuse_lowlevel_notify_store(session, DATA_INO, 0, &from,
						   0));
	check("stored", first_byte(fd) == 's' && reads == before);

	kept_len = -1;
	check("retrieve",
	      !fuse_lowlevel_notify_retrieve(session, DATA_INO, sizeof(data), 0,
					     &kept_len));
	for (i = 0; i < 500 && *(volatile ssize_t *)&kept_len < 0; i++)
		usleep(10000);
	check("retrieved", kept_len == sizeof(kept) &&
	      !memcmp(kept, data, sizeof(kept)));
}

static void test_names(const char *dir)
{
	int before;

	check("known", !look(dir, "first"));
	name = "second";
	before = lookups;
	check("known-still", !look(dir, "first") && lookups == before);
	check("inval-entry",
	      !fuse_lowlevel_notify_inval_entry(session, FUSE_ROOT_ID, "first",
						5) &&
	      look(dir, "first") == ENOENT && !look(dir, "second"));
	name = "none";
	check("delete-other",
	      fuse_lowlevel_notify_delete(session, FUSE_ROOT_ID, 77, "second",
					  6) == -ENOENT);
	name = "second";
	check("known-again", !look(dir, "second"));
	name = "none";
	check("delete",
	      !fuse_lowlevel_notify_delete(session, FUSE_ROOT_ID, DATA_INO,
					   "second", 6) &&
	      look(dir, "second") == ENOENT);
}

int main(int argc, char **argv)
{
	char *args[] = { argv[0], NULL };
	struct fuse_args fargs = FUSE_ARGS_INIT(1, args);
	char opts[128], at[32], path[4096];
	pthread_t thread;
	int dev, fd;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open("/dev/fusept", O_RDWR | O_CLOEXEC);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40755,user_id=0,group_id=0", dev);
	snprintf(at, sizeof(at), "/dev/fd/%d", dev);
	if (dev < 0 || mount("notify", argv[1], "fusept", 0, opts)) {
		perror(argv[1]);
		return 2;
	}
	session = fuse_session_new(&fargs, &ops, sizeof(ops), NULL);
	if (!session || fuse_session_mount(session, at))
		return 2;
	if (pthread_create(&thread, NULL, serve, NULL))
		return 2;

	memset(data, 'a', sizeof(data));
	snprintf(path, sizeof(path), "%s/first", argv[1]);
	fd = open(path, O_RDONLY);
	check("opened", fd >= 0 && first_byte(fd) == 'a');
	test_inode(fd);
	test_store(fd);
	close(fd);
	test_names(argv[1]);

	umount2(argv[1], MNT_DETACH);
	pthread_join(thread, NULL);
	return failures ? 1 : 0;
}
