// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passthrough I/O that is on its way below for as long as the test likes: the file
 * below is one of a further mount, whose server does not answer READ and WRITE. So
 * it is seen that writes to one file are below at once, and what may come over AIO
 * in flight.
 */
#include "ptrig.h"
#include <linux/aio_abi.h>

#define PAGE	4096
#define LEN	(16 * PAGE)
#define AIOS	4	/* the further server has more threads */
#define DIRECT	(FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES)

/* The mount of passthrough, over the further one. */
struct pair {
	struct rig	base;
	struct rig	rig;
};

static void begin(struct pair *p, const char *lower, const char *mnt)
{
	p->base = rig_new(lower, rig_scratch(mnt));
	p->base.said->init_flags = FUSE_ASYNC_DIO;
	rig_start(&p->base);
	rig_make(&p->base, "f", LEN, 1);
	rig_policy(&p->base, DIRECT, 0);
	p->rig = rig_new(p->base.mnt, mnt);
	rig_start(&p->rig);
	rig_policy(&p->rig, FOPEN_PASSTHROUGH, rig_register(&p->rig, "f"));
}

static int up(struct pair *p, int oflags)
{
	int fd = open(UPPER(&p->rig, "f"), oflags | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static void end(struct pair *p)
{
	int status;

	EQ(SAID(&p->rig, asked[FUSE_READ]), 0);
	EQ(SAID(&p->rig, asked[FUSE_WRITE]), 0);
	/* the last of AIO lets go of the file when its events are there */
	SOON(!umount2(p->rig.mnt, 0));
	if (p->rig.server) {
		close(p->rig.dev);
		EQ(waitpid(p->rig.server, &status, 0), p->rig.server);
		EQ(status, 0);
	}
	rig_stop(&p->base);
}

/* -------- side by side -------- */

static long job_write(struct rig_job *job)
{
	void *buf;

	if (posix_memalign(&buf, PAGE, PAGE))
		return -1;
	memset(buf, 'w', PAGE);
	return pwrite(job->fd, buf, PAGE, job->at);
}

static long job_splice(struct rig_job *job)
{
	off64_t at = job->at;
	char buf[PAGE] = "s";
	int p[2];

	if (pipe(p) || write(p[1], buf, PAGE) != PAGE)
		return -1;
	return splice(p[0], NULL, job->fd, &at, PAGE, 0);
}

/* @a and @b, descriptors of one file, write: both are below at once. */
static void two(struct pair *p, int a, long (*how_a)(struct rig_job *),
		int b, long (*how_b)(struct rig_job *))
{
	struct rig_job first = { .run = how_a, .fd = a };
	struct rig_job second = { .run = how_b, .fd = b, .at = 2 * PAGE };
	struct stat st;

	SAY(&p->base, hold, 1);
	rig_job_start(&first);
	SOON(SAID(&p->base, writes) == 1);
	rig_job_start(&second);
	SOON(SAID(&p->base, writes) == 2);
	/* nor do they keep who asks for attributes waiting */
	EQ(stat(UPPER(&p->rig, "f"), &st), 0);
	EQ(st.st_size, LEN);
	CHECK(!rig_job_done(&first) && !rig_job_done(&second));
	SAY(&p->base, hold, 0);
	EQ(rig_job_end(&first), PAGE);
	EQ(rig_job_end(&second), PAGE);
}

static void writes_at_once(const char *lower, const char *mnt)
{
	int plain, other, direct;
	struct pair p;

	begin(&p, lower, mnt);
	plain = up(&p, O_RDWR);
	other = up(&p, O_RDWR);
	direct = up(&p, O_RDWR | O_DIRECT);
	/* what the server is asked before the first write, it is asked now */
	EQ(pwrite(plain, "x", 1, 0), 1);
	two(&p, plain, job_write, plain, job_write);
	two(&p, plain, job_write, other, job_write);
	two(&p, direct, job_write, direct, job_write);
	two(&p, direct, job_write, plain, job_write);
	two(&p, plain, job_splice, other, job_splice);
	two(&p, plain, job_splice, other, job_write);
	close(plain);
	close(other);
	close(direct);
	end(&p);
}

/* -------- AIO -------- */

struct aios {
	aio_context_t	ctx;
	int		op;
	unsigned char	*buf;
	struct iocb	cbs[AIOS];
};

/* All of them are at the further server, and not one has ended. */
static void aio_held(struct pair *p, struct aios *a)
{
	uint32_t op = a->op == IOCB_CMD_PREAD ? FUSE_READ : FUSE_WRITE;
	struct timespec now = {};
	struct io_event event;

	SOON(SAID(&p->base, asked[op]) == AIOS);
	EQ(syscall(SYS_io_getevents, a->ctx, 0, 1, &event, &now), 0);
}

static void aio_begin(struct pair *p, struct aios *a, int fd, int op)
{
	struct iocb *list[AIOS];
	int i;

	*a = (struct aios){ .op = op };
	CHECK(!posix_memalign((void **)&a->buf, PAGE, AIOS * PAGE));
	rig_fill(a->buf, AIOS * PAGE, op == IOCB_CMD_PREAD ? 0 : 2, 0);
	for (i = 0; i < AIOS; i++) {
		a->cbs[i] = (struct iocb){
			.aio_fildes = fd,
			.aio_lio_opcode = op,
			.aio_buf = (uintptr_t)a->buf + i * PAGE,
			.aio_nbytes = PAGE,
			.aio_offset = i * PAGE,
		};
		list[i] = &a->cbs[i];
	}
	SAY(&p->base, asked[FUSE_READ], 0);
	SAY(&p->base, asked[FUSE_WRITE], 0);
	SAY(&p->base, hold, 1);
	EQ(syscall(SYS_io_setup, AIOS, &a->ctx), 0);
	EQ(syscall(SYS_io_submit, a->ctx, AIOS, list), AIOS);
}

/* What was written is below; the next one finds it as it was. */
static void aio_below(struct pair *p)
{
	unsigned char buf[AIOS * PAGE];
	int fd = open(LOWER(&p->base, "f"), O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(rig_same(buf, sizeof(buf), 2, 0));
	close(fd);
	rig_make(&p->base, "f", LEN, 1);
}

static void aio_end(struct pair *p, struct aios *a)
{
	struct io_event events[AIOS];
	int i;

	SAY(&p->base, hold, 0);
	EQ(syscall(SYS_io_getevents, a->ctx, AIOS, AIOS, events, NULL), AIOS);
	for (i = 0; i < AIOS; i++)
		EQ(events[i].res, PAGE);
	EQ(syscall(SYS_io_destroy, a->ctx), 0);
	if (a->op == IOCB_CMD_PREAD)
		CHECK(rig_same(a->buf, AIOS * PAGE, 1, 0));
	else
		aio_below(p);
	free(a->buf);
}

static const int ops[] = { IOCB_CMD_PREAD, IOCB_CMD_PWRITE };

/* The descriptor is closed meanwhile. */
static void aio_closed(const char *lower, const char *mnt)
{
	struct pair p;
	struct aios a;
	int fd, i;

	begin(&p, lower, mnt);
	for (i = 0; i < 4; i++) {
		fd = up(&p, O_RDWR | (i / 2 ? O_DIRECT : 0));
		aio_begin(&p, &a, fd, ops[i % 2]);
		close(fd);
		aio_held(&p, &a);
		aio_end(&p, &a);
	}
	end(&p);
}

/* Who began it exits: he is there until it ended. */
static void aio_exits(const char *lower, const char *mnt)
{
	int fd, i, status;
	struct pair p;
	struct aios a;
	pid_t pid;

	begin(&p, lower, mnt);
	for (i = 0; i < 2; i++) {
		pid = fork();
		CHECK(pid >= 0);
		if (!pid) {
			fd = up(&p, O_RDWR | O_DIRECT);
			aio_begin(&p, &a, fd, ops[i]);
			aio_held(&p, &a);
			_exit(0);
		}
		SOON(SAID(&p.base, asked[i ? FUSE_WRITE : FUSE_READ]) == AIOS);
		rig_nap(50);
		EQ(waitpid(pid, &status, WNOHANG), 0);
		SAY(&p.base, hold, 0);
		SOON(waitpid(pid, &status, WNOHANG) == pid);
		EQ(status, 0);
	}
	aio_below(&p);
	end(&p);
}

/* The server of passthrough is killed: that ends nothing. */
static void aio_server_dies(const char *lower, const char *mnt)
{
	struct pair p;
	struct aios a;
	int fd, i;

	for (i = 0; i < 2; i++) {
		begin(&p, lower, mnt);
		fd = up(&p, O_RDWR | O_DIRECT);
		aio_begin(&p, &a, fd, ops[i]);
		aio_held(&p, &a);
		rig_kill(&p.rig);
		close(fd);
		FAILS(open(UPPER(&p.rig, "f"), O_RDONLY), ENOTCONN);
		aio_held(&p, &a);
		aio_end(&p, &a);
		end(&p);
	}
}

static const struct rig_case cases[] = {
	{ "writes-at-once", writes_at_once },
	{ "aio-closed", aio_closed },
	{ "aio-exits", aio_exits },
	{ "aio-server-dies", aio_server_dies },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
