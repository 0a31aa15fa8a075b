// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stat(2) shows of a passthrough file while it changes: size and mtime of one
 * moment, wherever they came from and whatever is written meanwhile.
 */
#include "ptbound.h"
#include <linux/fuse_pt.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#define SPENT_MS	150	/* on each way */
#define FAR		(1L << 30)
#define LONG_AGO	1000000000

/* Who asks below for the attributes of "f". */
enum way {
	BOUND,		/* the kernel, as it is bound */
	LETS,		/* the kernel, as the server lets it */
	SERVER,
	WAYS
};

static const char * const way_names[WAYS] = { "bound", "lets", "server" };

/* What the file below is made, in turn. */
static const struct {
	off_t	size;
	time_t	mtime;
} pairs[2] = {
	{ 100, 1000 },
	{ 200, 2000 },
};

/**
 * struct scene - a file of the mount, and the same below
 * @way: who asks
 * @up, @low: descriptors of it
 * @stop: the watcher is to end
 * @looks: how often it looked
 * @torn: was what it saw never the file's at a time?
 */
struct scene {
	struct rig	rig;
	enum way	way;
	int		up;
	int		low;
	int		stop;
	unsigned int	looks;
	bool		(*torn)(const struct statx *st);
};

static struct scene scene_begin(const char *lower, const char *mnt, enum way way)
{
	struct scene s = { .rig = rig_with_file(lower, mnt, 4096), .way = way };
	uint32_t lets = FUSE_PT_BACKING_XATTR;
	int id;

	s.low = open(LOWER(&s.rig, "f"), O_RDWR | O_CLOEXEC);
	CHECK(s.low >= 0);
	/* a write asks nothing first */
	if (way == LETS)
		lets |= FUSE_PT_BACKING_GETATTR;
	id = rig_ioc_open(&s.rig, s.low, lets, 0);
	CHECK(id > 0);
	if (way == BOUND) {
		EQ(bind_as(&s.rig, RIG_FIRST, id, FUSE_PT_BIND_ATTR), 0);
		s.up = open(UPPER(&s.rig, "f"), O_RDWR | O_CLOEXEC);
	} else {
		s.up = rig_open_as(&s.rig, "f", O_RDWR, FOPEN_PASSTHROUGH, id);
	}
	CHECK(s.up >= 0);
	return s;
}

static void scene_end(struct scene *s)
{
	close(s->up);
	close(s->low);
	rig_stop(&s->rig);
}

static void show(int fd, int flags, unsigned int mask, struct statx *st)
{
	EQ(statx(fd, "", AT_EMPTY_PATH | flags, mask, st), 0);
}

/* Change the file below, which nobody looks at meanwhile. */
static void below_is(const struct scene *s, off_t size, time_t mtime)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { mtime, 0 } };

	EQ(ftruncate(s->low, size), 0);
	EQ(futimens(s->low, times), 0);
}

/* Have the attributes from there, other than by looking at size and mtime. */
static void ask(const struct scene *s)
{
	struct statx st;
	char c;

	if (s->way == LETS) {
		/* of which only the atime is out of date then */
		EQ(pread(s->up, &c, 1, 0), 1);
		show(s->up, 0, STATX_BASIC_STATS, &st);
	} else {
		show(s->up, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st);
	}
}

static bool mixed(const struct statx *st)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if ((st->stx_mtime.tv_sec == pairs[i].mtime) !=
		    (st->stx_size == (uint64_t)pairs[i].size))
			return true;
	return false;
}

/* A watcher asks for nothing itself, as long as all that it looks at is known. */
static long watch(struct rig_job *job)
{
	struct scene *s = job->arg;
	struct statx st;
	long torn = 0;

	while (!__atomic_load_n(&s->stop, __ATOMIC_SEQ_CST)) {
		show(s->up, 0, STATX_SIZE | STATX_MTIME, &st);
		torn += s->torn(&st);
		__atomic_add_fetch(&s->looks, 1, __ATOMIC_SEQ_CST);
	}
	return torn;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Where there are two processors, each has its own. */
static void runs_on(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(thread, sizeof(set), &set);
}

/* Does @turn over and over while somebody watches. */
static void watched(struct scene *s, bool (*torn)(const struct statx *st),
		    void (*turn)(struct scene *s, int i))
{
	struct rig_job job = { .run = watch, .arg = s };
	long end = now_ms() + SPENT_MS, seen;
	int i;

	s->torn = torn;
	rig_job_start(&job);
	runs_on(pthread_self(), 0);
	runs_on(job.thread, 1);
	SOON(__atomic_load_n(&s->looks, __ATOMIC_SEQ_CST));
	for (i = 1; i < 20 || now_ms() < end; i++)
		turn(s, i);
	__atomic_store_n(&s->stop, 1, __ATOMIC_SEQ_CST);
	seen = rig_job_end(&job);
	if (seen)
		rig_fail("%s: in %d turns %ld of %u looks saw size and mtime apart",
			 way_names[s->way], i, seen, s->looks);
	printf("# %s: %u looks in %d turns\n", way_names[s->way], s->looks, i);
}

static void turn_pairs(struct scene *s, int i)
{
	below_is(s, pairs[i % 2].size, pairs[i % 2].mtime);
	ask(s);
}

static void one_answer(const char *lower, const char *mnt)
{
	struct scene s;
	int way;

	for (way = 0; way < WAYS; way++) {
		s = scene_begin(lower, mnt, way);
		turn_pairs(&s, 0);
		watched(&s, mixed, turn_pairs);
		scene_end(&s);
	}
}

/*
 * Of each turn: a size that is larger than the last one's, with an mtime long ago,
 * and then an append.
 */
static off_t turn_size(int i)
{
	return 100 + 2 * (off_t)i;
}

/* An old mtime with a size that only the append made, or what came after it. */
static bool appended_early(const struct statx *st)
{
	return st->stx_mtime.tv_sec < LONG_AGO &&
		(off_t)st->stx_size > turn_size(st->stx_mtime.tv_sec);
}

static void turn_append(struct scene *s, int i)
{
	below_is(s, turn_size(i), i);
	ask(s);
	/* so that who looks asks, maybe just before the write is seen */
	if (s->way != SERVER && i % 2)
		FAILS(pwrite(s->up, "x", 1, FAR), EFBIG);
	EQ(pwrite(s->up, "x", 1, turn_size(i)), 1);
}

static void growing(const char *lower, const char *mnt)
{
	const struct rlimit limit = { FAR, RLIM_INFINITY };
	struct scene s;
	int way;

	signal(SIGXFSZ, SIG_IGN);
	EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (way = 0; way < WAYS; way++) {
		s = scene_begin(lower, mnt, way);
		below_is(&s, turn_size(0), 0);
		ask(&s);
		watched(&s, appended_early, turn_append);
		scene_end(&s);
	}
}

/* An open shows how far a bound file reaches, and no size without its mtime. */
static void opening(const char *lower, const char *mnt)
{
	struct scene s = scene_begin(lower, mnt, BOUND);
	struct statx st;
	int fd;

	turn_pairs(&s, 0);
	below_is(&s, pairs[1].size, pairs[1].mtime);
	show(s.up, 0, STATX_SIZE | STATX_MTIME, &st);
	CHECK(!mixed(&st));
	fd = open(UPPER(&s.rig, "f"), O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	show(fd, 0, STATX_SIZE | STATX_MTIME, &st);
	CHECK(!mixed(&st));
	EQ(st.stx_size, pairs[1].size);
	close(fd);
	scene_end(&s);
}

/* Asked for one by one, and some of it never: nobody looks for it without an end. */
static void forgotten(const char *lower, const char *mnt)
{
	const struct fuse_notify_inval_inode_out out = { .ino = RIG_FIRST };
	struct statx st;
	struct scene s;
	int way;

	for (way = 0; way < WAYS; way++) {
		s = scene_begin(lower, mnt, way);
		show(s.up, 0, STATX_BASIC_STATS, &st);
		EQ(tell(&s.rig, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out),
			NULL, 0), 0);
		show(s.up, 0, STATX_SIZE, &st);
		show(s.up, 0, STATX_SIZE | STATX_TYPE | STATX_INO, &st);
		EQ(st.stx_size, 4096);
		show(s.up, 0, STATX_BASIC_STATS, &st);
		EQ(st.stx_size, 4096);
		scene_end(&s);
	}
}

static long job_ask(struct rig_job *job)
{
	struct statx st;

	if (statx(AT_FDCWD, job->arg, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS,
		  &st))
		return -1;
	return st.stx_size;
}

/* Of a file that is bound while the server is asked, what is below is shown. */
static void bound_meanwhile(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, 4096);
	struct rig_job job = { .run = job_ask, .arg = UPPER(&rig, "f") };
	int low, id, before;

	EQ(job_ask(&job), 4096);
	low = open(LOWER(&rig, "f"), O_RDWR | O_CLOEXEC);
	id = rig_ioc_open(&rig, low, 0, 0);
	CHECK(id > 0);
	before = SAID(&rig, file_stats);
	SAY(&rig, stat_late, 1);
	rig_job_start(&job);
	SOON((int)SAID(&rig, file_stats) == before + 1);
	EQ(ftruncate(low, 200), 0);
	EQ(bind_as(&rig, RIG_FIRST, id, FUSE_PT_BIND_ATTR), 0);
	SAY(&rig, stat_late, 0);
	EQ(rig_job_end(&job), 200);
	close(low);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "one-answer", one_answer },
	{ "opening", opening },
	{ "growing", growing },
	{ "forgotten", forgotten },
	{ "bound-meanwhile", bound_meanwhile },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
