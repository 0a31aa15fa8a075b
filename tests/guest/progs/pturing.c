// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring on a passthrough file: what the file below does in its submitter's
 * context is not handed to a worker thread here either. The kernel's own
 * tracepoint counts the calls that are. They are made one way on the file below
 * and then on the file above, and the second must not have more of them handed
 * on, but for one call in ten. Whether a lock below is free at the moment is
 * chance, so that they may have to be made again; never free it is not.
 */
#include "ptrig.h"
#include <liburing.h>

#define TRACING	"/sys/kernel/tracing/"
#define EVENT	TRACING "events/io_uring/io_uring_queue_async_work/"
#define BLOCK	4096
#define BLOCKS	1024
#define CALLS	400
#define DEPTH	16
#define TRIES	5

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/*
 * Stays on. tests/run has it from the kernel's command line, as an emulated
 * machine of several processors may not survive its code being patched.
 */
static void event_on(void)
{
	char state = 0;
	int fd = open(EVENT "enable", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	EQ(read(fd, &state, 1), 1);
	close(fd);
	if (state != '1')
		put(EVENT "enable", "1");
}

static int handed_on(void)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512];
	int n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "io_uring_queue_async_work:") != NULL;
	fclose(f);
	return n;
}

/* How a round of calls is made. */
struct round {
	const char	*what;
	bool		write;
	bool		cold;
	int		oflags;
};

/* In an order of its own, no block twice: 611 is prime to the number of them. */
static off_t at(int call)
{
	return (off_t)(call * 611 % BLOCKS) * BLOCK;
}

static void check_done(const struct round *r, struct io_uring_cqe *cqe,
		       unsigned char *bufs)
{
	int call = io_uring_cqe_get_data64(cqe);
	unsigned char *buf = bufs + (size_t)call * BLOCK;

	EQ(cqe->res, BLOCK);
	if (!r->write)
		CHECK(rig_same(buf, BLOCK, 1, at(call)));
}

/* All calls of a round on @fd. Return: how many were handed on. */
static int run(const struct round *r, int fd)
{
	unsigned char *bufs = aligned_alloc(BLOCK, (size_t)CALLS * BLOCK);
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int sent = 0, done = 0, n;

	CHECK(bufs);
	for (n = 0; n < CALLS; n++)
		rig_fill(bufs + (size_t)n * BLOCK, r->write ? BLOCK : 0, 1, at(n));
	EQ(io_uring_queue_init(DEPTH, &ring, 0), 0);
	event_on();
	put(TRACING "trace", "");
	while (done < CALLS) {
		while (sent < CALLS && sent - done < DEPTH) {
			unsigned char *buf = bufs + (size_t)sent * BLOCK;

			sqe = io_uring_get_sqe(&ring);
			CHECK(sqe);
			if (r->write)
				io_uring_prep_write(sqe, fd, buf, BLOCK, at(sent));
			else
				io_uring_prep_read(sqe, fd, buf, BLOCK, at(sent));
			io_uring_sqe_set_data64(sqe, sent++);
		}
		CHECK(io_uring_submit(&ring) >= 0);
		EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		check_done(r, cqe, bufs);
		io_uring_cqe_seen(&ring, cqe);
		done++;
	}
	n = handed_on();
	io_uring_queue_exit(&ring);
	free(bufs);
	return n;
}

static int measure(struct rig *rig, const struct round *r, bool above)
{
	int low = open(LOWER(rig, "f"), O_RDWR | O_CLOEXEC), fd, n;

	CHECK(low >= 0);
	EQ(posix_fadvise(low, 0, 0, POSIX_FADV_RANDOM), 0);
	EQ(fsync(low), 0);
	if (r->cold)
		EQ(posix_fadvise(low, 0, 0, POSIX_FADV_DONTNEED), 0);
	fd = open(above ? UPPER(rig, "f") : LOWER(rig, "f"), O_RDWR | O_CLOEXEC | r->oflags);
	CHECK(fd >= 0);
	n = run(r, fd);
	close(fd);
	close(low);
	return n;
}

static void compare(const char *lower, const char *mnt, const struct round *r)
{
	struct rig rig = rig_new(lower, mnt);
	int below, above, fd, i;

	rig_start(&rig);
	rig_make(&rig, "f", BLOCKS * BLOCK, 1);
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "f"));
	fd = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC | r->oflags);
	if (fd < 0) {
		EQ(errno, EINVAL);
		rig_stop(&rig);
		printf("# no O_DIRECT here\n");
		return;
	}
	close(fd);
	/* the first round finds the file as it was made, the others as theirs left it */
	measure(&rig, r, false);
	for (i = 0; i < TRIES; i++) {
		below = measure(&rig, r, false);
		above = measure(&rig, r, true);
		printf("# %s: of %d calls %d were handed on below, %d above\n", r->what,
		       CALLS, below, above);
		if (above <= below + CALLS / 10)
			break;
	}
	CHECK(i < TRIES);
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	EQ(SAID(&rig, asked[FUSE_WRITE]), 0);
	rig_stop(&rig);
}

static void cached_read(const char *lower, const char *mnt)
{
	compare(lower, mnt, &(struct round){ "cached reads" });
}

static void cold_read(const char *lower, const char *mnt)
{
	compare(lower, mnt, &(struct round){ "reads", .cold = true });
}

static void cached_write(const char *lower, const char *mnt)
{
	compare(lower, mnt, &(struct round){ "writes", .write = true });
}

static void direct_read(const char *lower, const char *mnt)
{
	compare(lower, mnt, &(struct round){ "direct reads", .oflags = O_DIRECT });
}

static void direct_write(const char *lower, const char *mnt)
{
	compare(lower, mnt, &(struct round){ "direct writes", .write = true, .oflags = O_DIRECT });
}

static const struct rig_case cases[] = {
	{ "cached-read", cached_read },
	{ "cold-read", cold_read },
	{ "write", cached_write },
	{ "direct-read", direct_read },
	{ "direct-write", direct_write },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
