// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux AIO on a passthrough file: one call at a time and many, with a descriptor
 * that is closed, at the end of the file, behind it and appending.
 */
#include "ptpair.h"
#include <linux/aio_abi.h>

static aio_context_t aio_begin(int nr)
{
	aio_context_t ctx = 0;

	EQ(syscall(SYS_io_setup, nr, &ctx), 0);
	return ctx;
}

static void aio_fill(struct iocb *cb, int fd, int op, void *buf, size_t len,
		     off_t at)
{
	memset(cb, 0, sizeof(*cb));
	cb->aio_fildes = fd;
	cb->aio_lio_opcode = op;
	cb->aio_buf = (uintptr_t)buf;
	cb->aio_nbytes = len;
	cb->aio_offset = at;
}

static long aio_one(aio_context_t ctx, struct iocb *cb)
{
	struct io_event event;

	EQ(syscall(SYS_io_submit, ctx, 1, &cb), 1);
	EQ(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
	CHECK(event.obj == (uintptr_t)cb);
	return event.res;
}

#define AIOS	32

static void aio(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int direct = O_DIRECT, u, d = down(&rig), i;
	struct iocb cbs[AIOS], *list[AIOS];
	struct io_event events[AIOS];
	struct statx known;
	unsigned char *buf;
	aio_context_t ctx;

	CHECK(!posix_memalign((void **)&buf, PAGE, AIOS * PAGE));
	i = open(LOWER(&rig, "f"), O_RDWR | O_DIRECT);
	if (i < 0)
		direct = 0;
	else
		close(i);
	ctx = aio_begin(AIOS);
	u = up(&rig, O_RDWR | direct);

	/* one at a time: the size is right when the event is there */
	for (i = 0; i < 20; i++) {
		rig_fill(buf, PAGE, i, 0);
		aio_fill(&cbs[0], u, IOCB_CMD_PWRITE, buf, PAGE, LEN + i * PAGE);
		EQ(aio_one(ctx, &cbs[0]), PAGE);
		/* without asking, too, as copy_file_range() takes it */
		EQ(statx(u, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE,
			 &known), 0);
		EQ(known.stx_size, LEN + (i + 1) * PAGE);
		EQ(lseek(u, 0, SEEK_END), LEN + (i + 1) * PAGE);
		same_stat(&rig, u);
	}
	for (i = 0; i < 20; i++) {
		memset(buf, 0, PAGE);
		aio_fill(&cbs[0], u, IOCB_CMD_PREAD, buf, PAGE, LEN + i * PAGE);
		EQ(aio_one(ctx, &cbs[0]), PAGE);
		CHECK(rig_same(buf, PAGE, i, 0));
	}
	/* behind the end, misaligned, nothing */
	aio_fill(&cbs[0], u, IOCB_CMD_PREAD, buf, PAGE, LEN + 40 * PAGE);
	EQ(aio_one(ctx, &cbs[0]), 0);
	aio_fill(&cbs[0], u, IOCB_CMD_PREAD, buf, 0, 0);
	EQ(aio_one(ctx, &cbs[0]), 0);

	/* many at once, all over the file */
	for (i = 0; i < AIOS; i++) {
		rig_fill(buf + i * PAGE, PAGE, 100 + i, 0);
		aio_fill(&cbs[i], u, IOCB_CMD_PWRITE, buf + i * PAGE, PAGE,
			 (i * 7 % AIOS) * 3 * PAGE);
		list[i] = &cbs[i];
	}
	EQ(syscall(SYS_io_submit, ctx, AIOS, list), AIOS);
	EQ(syscall(SYS_io_getevents, ctx, AIOS, AIOS, events, NULL), AIOS);
	for (i = 0; i < AIOS; i++)
		EQ(events[i].res, PAGE);
	for (i = 0; i < AIOS; i++) {
		EQ(pread(d, buf, PAGE, (i * 7 % AIOS) * 3 * PAGE), PAGE);
		CHECK(rig_same(buf, PAGE, 100 + i, 0));
	}

	/*
	 * The descriptor may be closed before the events are there: here most are,
	 * as the file grows; ptheld has them in flight.
	 */
	for (i = 0; i < AIOS; i++)
		aio_fill(&cbs[i], u, IOCB_CMD_PWRITE, buf, PAGE,
			 LEN + (20 + i) * PAGE);
	EQ(syscall(SYS_io_submit, ctx, AIOS, list), AIOS);
	close(u);
	EQ(syscall(SYS_io_getevents, ctx, AIOS, AIOS, events, NULL), AIOS);
	for (i = 0; i < AIOS; i++)
		EQ(events[i].res, PAGE);
	u = up(&rig, O_RDWR);
	EQ(lseek(u, 0, SEEK_END), LEN + (20 + AIOS) * PAGE);
	same_stat(&rig, u);
	close(u);

	/* O_APPEND by AIO */
	u = up(&rig, O_RDWR | O_APPEND);
	aio_fill(&cbs[0], u, IOCB_CMD_PWRITE, buf, 100, 0);
	EQ(aio_one(ctx, &cbs[0]), 100);
	EQ(lseek(u, 0, SEEK_END), LEN + (20 + AIOS) * PAGE + 100);
	close(u);
	syscall(SYS_io_destroy, ctx);
	close(d);
	end(&rig);
}

/* -------- who completes a write -------- */

#define INSTANCE	"/sys/kernel/tracing/instances/ptaio"
#define WORKS		INSTANCE "/events/workqueue/workqueue_execute_start/enable"
#define WRITES		8

static void tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		rig_fail("%s: %s", path, strerror(errno));
	EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Works of ours that were begun since the trace was. */
static int works_seen(void)
{
	FILE *f = fopen(INSTANCE "/trace", "re");
	char line[512];
	int n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, "function aio_write_work [fuse_pt]");
	fclose(f);
	return n;
}

/*
 * What follows a write may sleep, so it is not for the interrupt that ends it: a
 * work for each, before the event is there. Reads need none.
 */
static void aio_works(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	long type = rig_type(lower);
	aio_context_t ctx;
	unsigned char *buf;
	struct iocb cb;
	int u, i, works;

	if (type == TMPFS_MAGIC || type == BTRFS_SUPER_MAGIC ||
	    type == OVERLAYFS_SUPER_MAGIC)
		rig_skip("a write is over when it was submitted here");
	/* of a run that failed */
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700))
		rig_skip("no instances of tracefs here: %s", strerror(errno));
	CHECK(!posix_memalign((void **)&buf, PAGE, PAGE));
	memset(buf, 'w', PAGE);
	ctx = aio_begin(1);
	u = up(&rig, O_RDWR | O_DIRECT);
	tell(WORKS, "1");
	for (i = 0; i < WRITES; i++) {
		aio_fill(&cb, u, IOCB_CMD_PWRITE, buf, PAGE, i * PAGE);
		EQ(aio_one(ctx, &cb), PAGE);
	}
	/* One that is over before io_submit(2) is, needs none. */
	works = works_seen();
	CHECK(works > 0 && works <= WRITES);
	for (i = 0; i < WRITES; i++) {
		aio_fill(&cb, u, IOCB_CMD_PREAD, buf, PAGE, i * PAGE);
		EQ(aio_one(ctx, &cb), PAGE);
	}
	EQ(works_seen(), works);
	tell(WORKS, "0");
	EQ(rmdir(INSTANCE), 0);
	syscall(SYS_io_destroy, ctx);
	close(u);
	end(&rig);
}

static const struct rig_case cases[] = {
	{ "aio", aio },
	{ "aio-works", aio_works },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
