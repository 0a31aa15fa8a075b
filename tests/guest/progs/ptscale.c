// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passthrough with many backing files registered, and many opens of them: what
 * a call costs, against what it cost with few. Of use where the clock counts
 * instructions.
 *
 *	ptscale LOWER MNT FILES OPENS
 *
 * Prints lines "WHAT RATIO", cost with many ÷ cost with few, and "memory N":
 * bytes of slab that an open takes, the file below included.
 */
#include "ptrig.h"
#include <sys/resource.h>

#define FEW	10
#define ROUNDS	4
#define CHUNKS	20
#define CALLS	50
#define BLOCK	4096

enum { OPEN_CLOSE, READ, NR };
static const char * const names[NR] = { "open_close", "read" };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void call(struct rig *rig, int what, int fd)
{
	char buf[BLOCK];
	int other;

	if (what == READ) {
		EQ(pread(fd, buf, BLOCK, 0), BLOCK);
		return;
	}
	other = open(UPPER(rig, "f"), O_RDONLY | O_CLOEXEC);
	CHECK(other >= 0);
	close(other);
}

/* The cheapest of several chunks, the first of which warms up. */
static double cheapest(struct rig *rig, int what, int fd)
{
	double start, took, least = 0;
	int chunk, i;

	for (chunk = 0; chunk <= CHUNKS; chunk++) {
		start = now();
		for (i = 0; i < CALLS; i++)
			call(rig, what, fd);
		took = (now() - start) / CALLS;
		if (chunk && (!least || took < least))
			least = took;
	}
	return least;
}

/*
 * In several rounds: where the scheduler has left who calls and who serves stays
 * for all chunks of one.
 */
static void measure(struct rig *rig, double cost[NR])
{
	int fd = open(UPPER(rig, "f"), O_RDONLY | O_CLOEXEC), what, round;
	double least;

	CHECK(fd >= 0);
	for (what = 0; what < NR; what++) {
		cost[what] = 0;
		for (round = 0; round < ROUNDS; round++) {
			least = cheapest(rig, what, fd);
			if (!round || least < cost[what])
				cost[what] = least;
			usleep(50000);
		}
	}
	close(fd);
}

static void report(const char *when, const double few[NR], const double many[NR])
{
	int what;

	for (what = 0; what < NR; what++)
		printf("%s-%s %.3f\n", when, names[what], many[what] / few[what]);
}

/* Register new files below, from the @from-th to the @to-th. */
static void registered(struct rig *rig, int from, int to)
{
	char name[32];
	int fd;

	for (; from < to; from++) {
		snprintf(name, sizeof(name), "n%d", from);
		fd = open(LOWER(rig, name), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		CHECK(fd >= 0);
		CHECK(rig_ioc_open(rig, fd, 0, 0) > 0);
		close(fd);
	}
}

static long slab(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;

	CHECK(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "Slab: %ld", &kb);
	fclose(f);
	return kb * 1024;
}

int main(int argc, char **argv)
{
	double few[NR], many[NR];
	int files, opens, i;
	struct rlimit most;
	struct rig rig;
	long before;
	int *fds;

	rig_test = "scale";
	CHECK(argc == 5);
	files = atoi(argv[3]);
	opens = atoi(argv[4]);
	fds = calloc(opens, sizeof(*fds));
	most = (struct rlimit){ opens + 100, opens + 100 };
	CHECK(files > FEW && opens > FEW && fds && !setrlimit(RLIMIT_NOFILE, &most));

	rig = rig_new(argv[1], argv[2]);
	rig.alone = true;
	rig_start(&rig);
	rig_make(&rig, "f", BLOCK, 1);
	rig_policy(&rig, FOPEN_PASSTHROUGH, rig_register(&rig, "f"));
	registered(&rig, 0, FEW);
	measure(&rig, few);
	registered(&rig, FEW, files);
	measure(&rig, many);
	report("files", few, many);

	before = slab();
	for (i = 0; i < opens; i++) {
		fds[i] = open(UPPER(&rig, "f"), O_RDONLY | O_CLOEXEC);
		CHECK(fds[i] >= 0);
	}
	printf("memory %ld\n", (slab() - before) / opens);
	measure(&rig, many);
	report("opens", few, many);
	for (i = 0; i < opens; i++)
		close(fds[i]);
	EQ(SAID(&rig, asked[FUSE_READ]), 0);
	rig_stop(&rig);
	return 0;
}
