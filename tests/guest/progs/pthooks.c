// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel does for a file, as a probe sees it. The hook of security modules
 * for access to a file's data fires in every call once for each file that takes
 * part, ours and the one below, and for no other. A splice into a file is one of
 * the file below, by its own means.
 */
#include "ptprobe.h"
#include <linux/fuse_pt.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define LEN	(1 << 20)
#define PAGE	4096

/* tell() writes, too: that is for the file of the switch. */
#define SWITCH	1

/* Copies are made below, without the server. */
static int up(struct rig *rig, const char *name)
{
	return rig_up_letting(rig, name, O_RDWR, FUSE_PT_BACKING_COPY,
			      FOPEN_PASSTHROUGH);
}

static void splices(int fd, int out, int p[2])
{
	loff_t at, to;

	/* a pipe is not asked about */
	at = 0;
	ONCE_EACH(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE, 2 + SWITCH);
	at = 0;
	ONCE_EACH(splice(p[0], NULL, fd, &at, PAGE, 0), PAGE, 2 + SWITCH);
	at = 0;
	ONCE_EACH(sendfile(out, fd, &at, PAGE), PAGE, 4 + SWITCH);
	at = 0;
	to = PAGE;
	ONCE_EACH(copy_file_range(fd, &at, out, &to, PAGE, 0), PAGE, 4 + SWITCH);
}

static void hooks(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	static char buf[PAGE];
	struct iovec iov[2] = { { buf, 100 }, { buf, 200 } };
	int fd, out, p[2];

	if (rig_type(lower) == OVERLAYFS_SUPER_MAGIC)
		rig_skip("it asks about the files below itself, too");
	probe_start("security_file_permission", 1);
	rig_make(&rig, "g", LEN, 2);
	fd = up(&rig, "f");
	out = up(&rig, "g");
	EQ(pipe(p), 0);

	ONCE_EACH(pread(fd, buf, PAGE, 0), PAGE, 2 + SWITCH);
	ONCE_EACH(preadv(fd, iov, 2, 0), 300, 2 + SWITCH);
	ONCE_EACH(pwrite(fd, buf, PAGE, 0), PAGE, 2 + SWITCH);
	ONCE_EACH(pwritev(fd, iov, 2, 0), 300, 2 + SWITCH);
	/* Before, splice() to a file and sendfile() ask twice on any file system. */
	if (rig_kernel_at_least(6, 8))
		splices(fd, out, p);

	close(p[0]);
	close(p[1]);
	close(out);
	close(fd);
	probe_end();
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	EQ(SAID(&rig, asked[FUSE_WRITE]), 0);
	EQ(SAID(&rig, asked[FUSE_COPY_FILE_RANGE]), 0);
	rig_stop(&rig);
}

/* Of the file systems below, overlayfs has a splice of its own, and only to a file. */
static void splice_below(const char *unused, const char *mnt)
{
	const char *top = rig_scratch(mnt), *merged;
	int fd, id, plain, p[2], i;
	static char buf[2 * PAGE];
	char opts[3 * 4096];
	struct rig rig;
	loff_t at;

	EQ(mount("tmpfs", top, "tmpfs", 0, NULL), 0);
	EQ(mkdir(rig_at(top, "l"), 0755), 0);
	EQ(mkdir(rig_at(top, "u"), 0755), 0);
	EQ(mkdir(rig_at(top, "w"), 0755), 0);
	EQ(mkdir(rig_at(top, "m"), 0755), 0);
	snprintf(opts, sizeof(opts), "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w",
		 top, top, top);
	merged = strdup(rig_at(top, "m"));
	EQ(mount("overlay", merged, "overlay", 0, opts), 0);
	rig = rig_with_file(merged, mnt, LEN);
	probe_start("ovl_splice_write", 2);
	id = rig_register(&rig, "f");
	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0);
	plain = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	EQ(pwrite(plain, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pipe(p), 0);

	for (i = 0; i < 2; i++) {
		EQ(write(p[1], buf, sizeof(buf)), sizeof(buf));
		at = i * PAGE;
		ONCE_EACH(splice(p[0], NULL, fd, &at, sizeof(buf), 0),
			  (long)sizeof(buf), 1);
	}
	at = 0;
	ONCE_EACH(sendfile(fd, plain, &at, sizeof(buf)), (long)sizeof(buf), 1);

	close(p[0]);
	close(p[1]);
	close(plain);
	close(fd);
	probe_end();
	rig_stop(&rig);
	SOON(!umount(merged));
	EQ(umount(top), 0);
}

static const struct rig_case cases[] = {
	{ "hooks", hooks },
	{ "splice-below", splice_below },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
