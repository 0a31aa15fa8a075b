// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parallel direct writes, mode "sharing" of the table in iomode.c: which opens and
 * mappings end it, who waits for writes that are on their way, and that a race of
 * all modes leaves each of them free to be entered.
 *
 *	ptparallel LOWER MNT [TEST ...]
 */
#include "ptmodes.h"

#define PARALLEL	(FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES)

static long job_write(struct rig_job *job)
{
	static const char data[4096] = "w";

	return pwrite(job->fd, data, sizeof(data), job->at);
}

static long job_open(struct rig_job *job)
{
	return open(job->arg, O_RDWR | O_CLOEXEC);
}

/* An open whose writes may be parallel, from the first one on. */
static int open_parallel(struct rig *rig, const char *name)
{
	int fd = rig_open_as(rig, name, O_RDWR, PARALLEL, 0);

	CHECK(fd >= 0);
	return fd;
}

/* Start two writes and see whether the server gets both at once, as @wanted. */
static bool overlap(struct rig *rig, int fd, bool wanted)
{
	struct rig_job a = { .run = job_write, .fd = fd };
	struct rig_job b = { .run = job_write, .fd = fd, .at = 8192 };
	bool both;

	SAY(rig, most, 0);
	SAY(rig, hold, 1);
	rig_job_start(&a);
	rig_job_start(&b);
	SOON(SAID(rig, writes) >= 1);
	if (wanted)
		(void)WITHIN(SAID(rig, writes) == 2);
	else
		rig_nap(300);
	both = SAID(rig, writes) == 2;
	SAY(rig, hold, 0);
	EQ(rig_job_end(&a), 4096);
	EQ(rig_job_end(&b), 4096);
	EQ(SAID(rig, most), both ? 2 : 1);
	return both;
}

/* Start @write, and have it wait at the server. */
static void hold_write(struct rig *rig, struct rig_job *write)
{
	SAY(rig, hold, 1);
	rig_job_start(write);
	SOON(SAID(rig, writes) == 1);
}

static void parallel_writes(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int p, d, c;

	p = open_parallel(&rig, "f");
	d = rig_open_as(&rig, "f", O_RDWR, FOPEN_DIRECT_IO, 0);
	CHECK(p >= 0 && d >= 0);
	CHECK(overlap(&rig, p, true));
	CHECK(!overlap(&rig, d, false));
	/* a cached open ends it, its close allows it again */
	c = rig_open_as(&rig, "f", O_RDONLY, 0, 0);
	CHECK(c >= 0);
	CHECK(!overlap(&rig, p, false));
	close(c);
	CHECK(overlap(&rig, p, true));
	close(p);
	close(d);
	/* the flag without FOPEN_DIRECT_IO is none */
	p = rig_open_as(&rig, "g", O_RDWR, FOPEN_PARALLEL_DIRECT_WRITES, 0);
	CHECK(p >= 0);
	FAILS(rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH,
			  rig_register(&rig, "g")), EIO);
	close(p);
	end(&rig);
}

/* Writes in flight, then a cached open: it waits, and later writes queue. */
static void cached_open_waits(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int p = open_parallel(&rig, "f");
	struct rig_job a = { .run = job_write, .fd = p };
	struct rig_job b = { .run = job_write, .fd = p, .at = 8192 };
	struct rig_job o = { .run = job_open, .arg = UPPER(&rig, "f") };
	int c;

	CHECK(p >= 0);
	hold_write(&rig, &a);
	rig_policy(&rig, 0, 0);
	rig_job_start(&o);
	SOON(SAID(&rig, asked[FUSE_OPEN]) == 2);
	SOON(rig_killable(o.tid));
	rig_nap(300);
	CHECK(!rig_job_done(&o));
	rig_job_start(&b);
	rig_nap(300);
	EQ(SAID(&rig, writes), 1);
	SAY(&rig, hold, 0);
	EQ(rig_job_end(&a), 4096);
	c = rig_job_end(&o);
	CHECK(c >= 0);
	EQ(rig_job_end(&b), 4096);
	CHECK(!overlap(&rig, p, false));
	close(c);
	CHECK(overlap(&rig, p, true));
	close(p);
	end(&rig);
}

/* Who waits can be killed, and leaves no trace. */
static void waiting_open_killed(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int p = open_parallel(&rig, "f"), status;
	struct rig_job a = { .run = job_write, .fd = p };
	pid_t pid;

	CHECK(p >= 0);
	hold_write(&rig, &a);
	rig_policy(&rig, 0, 0);
	pid = fork();
	if (!pid) {
		open(UPPER(&rig, "f"), O_RDONLY);
		_exit(0);
	}
	SOON(SAID(&rig, asked[FUSE_OPEN]) == 2);
	SOON(rig_killable(pid));
	kill(pid, SIGKILL);
	SOON(waitpid(pid, &status, WNOHANG) == pid);
	CHECK(WIFSIGNALED(status));
	SAY(&rig, hold, 0);
	EQ(rig_job_end(&a), 4096);
	CHECK(overlap(&rig, p, true));
	close(p);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH,
			rig_register(&rig, "f"));
	CHECK(p >= 0);
	close(p);
	end(&rig);
}

/* Who waits to be cached and is overtaken by a passthrough open gets EIO. */
static void waiting_open_overtaken(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int p = open_parallel(&rig, "f");
	int id = rig_register(&rig, "f"), t;
	struct rig_job a = { .run = job_write, .fd = p };
	struct rig_job o = { .run = job_open, .arg = UPPER(&rig, "f") };

	CHECK(p >= 0);
	hold_write(&rig, &a);
	rig_policy(&rig, 0, 0);
	rig_job_start(&o);
	SOON(SAID(&rig, asked[FUSE_OPEN]) == 2);
	SOON(rig_killable(o.tid));
	t = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(t >= 0);
	FAILS(rig_job_end(&o), EIO);
	SAY(&rig, hold, 0);
	EQ(rig_job_end(&a), 4096);
	/* parallel writes go on beside passthrough */
	CHECK(overlap(&rig, p, true));
	close(t);
	close(p);
	end(&rig);
}

static void direct_mmap_is_cached(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, FUSE_DIRECT_IO_ALLOW_MMAP);
	int id = rig_register(&rig, "f"), d, p;
	unsigned char *map, *again;

	d = open_parallel(&rig, "f");
	CHECK(d >= 0);
	CHECK(overlap(&rig, d, true));
	map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0);
	CHECK(map != MAP_FAILED);
	again = mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0);
	CHECK(again != MAP_FAILED);
	CHECK(rig_same(map + 16384, 4096, 1, 16384));
	CHECK(!overlap(&rig, d, false));
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id), EIO);
	munmap(map, LEN);
	munmap(again, LEN);
	/* the open holds the mode, as long as it lives */
	FAILS(rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id), EIO);
	close(d);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	close(p);
	end(&rig);
}

static long job_map(struct rig_job *job)
{
	void *map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, job->fd, 0);

	return map == MAP_FAILED ? -1 : munmap(map, LEN);
}

static long job_peek(struct rig_job *job)
{
	return *(volatile unsigned char *)job->arg;
}

/*
 * A write in flight that waits for its memory needs what mmap(2) has locked, so
 * that does not wait for it. What the mapping had from before is gone afterwards.
 */
static void direct_mmap_beside_writes(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, FUSE_DIRECT_IO_ALLOW_MMAP);
	int d = open_parallel(&rig, "f");
	struct rig_job a = { .run = job_write, .fd = d };
	struct rig_job m = { .run = job_map, .fd = d };
	struct rig_job p = { .run = job_peek };
	unsigned char *map;

	CHECK(d >= 0);
	hold_write(&rig, &a);
	rig_job_start(&m);
	SOON(rig_job_done(&m));
	EQ(rig_job_end(&m), 0);
	map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, d, 0);
	CHECK(map != MAP_FAILED);
	p.arg = map;
	rig_job_start(&p);
	rig_nap(300);
	SAY(&rig, hold, 0);
	EQ(rig_job_end(&a), 4096);
	EQ(map[0], 'w');
	rig_job_end(&p);
	CHECK(!overlap(&rig, d, false));
	munmap(map, LEN);
	close(d);
	end(&rig);
}

/* -------- the race -------- */

#define RACERS	8
#define LAPS	300

static long job_race(struct rig_job *job)
{
	unsigned char buf[4096];
	unsigned int seed = job->at;
	long opened = 0;
	int i, fd;

	for (i = 0; i < LAPS; i++) {
		fd = open(job->arg, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			if (errno != EIO)
				return -1;
			continue;
		}
		opened++;
		if (pread(fd, buf, sizeof(buf), 0) != sizeof(buf))
			return -1;
		if (rand_r(&seed) % 2 &&
		    pwrite(fd, buf, sizeof(buf), rand_r(&seed) % 8 * 4096) !=
		    sizeof(buf))
			return -1;
		close(fd);
	}
	return opened;
}

static void race(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt, 0);
	int id = rig_register(&rig, "f"), again = rig_register(&rig, "f");
	struct rig_job jobs[RACERS] = {};
	long opened = 0, n;
	int i, p, c;

	rig.said->ways[0].flags = 0;
	rig.said->ways[1].flags = PARALLEL;
	rig.said->ways[2].flags = FOPEN_PASSTHROUGH;
	rig.said->ways[2].backing = id;
	rig.said->ways[3].flags = FOPEN_PASSTHROUGH | PARALLEL;
	rig.said->ways[3].backing = again;
	rig.said->ways[4].flags = FOPEN_DIRECT_IO;
	SAY(&rig, mix, 5);
	for (i = 0; i < RACERS; i++) {
		jobs[i].run = job_race;
		jobs[i].arg = strdup(UPPER(&rig, "f"));
		jobs[i].at = i + 1;
		rig_job_start(&jobs[i]);
	}
	for (i = 0; i < RACERS; i++) {
		n = rig_job_end(&jobs[i]);
		CHECK(n >= 0);
		opened += n;
	}
	CHECK(opened > RACERS);
	SAY(&rig, mix, 0);
	/* idle again: each mode can be entered */
	c = rig_open_as(&rig, "f", O_RDWR, 0, 0);
	CHECK(c >= 0);
	close(c);
	p = open_parallel(&rig, "f");
	CHECK(p >= 0);
	CHECK(overlap(&rig, p, true));
	close(p);
	p = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	CHECK(p >= 0);
	close(p);
	end(&rig);
}

static const struct rig_case cases[] = {
	{ "parallel-writes", parallel_writes },
	{ "cached-open-waits", cached_open_waits },
	{ "waiting-open-killed", waiting_open_killed },
	{ "waiting-open-overtaken", waiting_open_overtaken },
	{ "direct-mmap-is-cached", direct_mmap_is_cached },
	{ "direct-mmap-beside-writes", direct_mmap_beside_writes },
	{ "race", race },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
