// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of a passthrough file: the same pages as below, and the times and blocks
 * that stores through them give it.
 */
#include "ptpair.h"

static void mapping(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), r = up(&rig, O_RDONLY), d = down(&rig);
	unsigned char buf[PAGE], *s, *p, *q;

	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, r, 0);
	q = mmap(NULL, LEN, PROT_READ, MAP_SHARED, r, 0);
	CHECK(s != MAP_FAILED && p != MAP_FAILED && q != MAP_FAILED);
	CHECK(rig_same(s, LEN, 1, 0));
	CHECK(rig_same(q, LEN, 1, 0));
	s[5000] = 's';
	EQ(q[5000], 's');
	EQ(pread(u, buf, 1, 5000), 1);
	EQ(buf[0], 's');
	EQ(pread(d, buf, 1, 5000), 1);
	EQ(buf[0], 's');
	EQ(pwrite(u, "w", 1, 6000), 1);
	EQ(s[6000], 'w');
	p[7000] = 'p';
	EQ(pread(u, buf, 1, 7000), 1);
	EQ(buf[0], rig_byte(1, 7000));
	CHECK(mmap(NULL, LEN, PROT_WRITE, MAP_SHARED, r, 0) == MAP_FAILED);
	EQ(errno, EACCES);
	FAILS(mprotect(q, LEN, PROT_READ | PROT_WRITE), EACCES);
	/* a mapping outlives every open */
	close(u);
	close(r);
	s[9000] = '9';
	EQ(pread(d, buf, 1, 9000), 1);
	EQ(buf[0], '9');
	munmap(s, LEN);
	munmap(p, LEN);
	munmap(q, LEN);
	close(d);
	end(&rig);
}

/* Stores pass us by; stat sees them all the same, also when all is closed. */
static void mapped_times(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR), i;
	unsigned char *s;

	same_stat(&rig, u);
	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	CHECK(s != MAP_FAILED);
	for (i = 0; i < 5; i++) {
		rig_nap(20);
		s[i * PAGE]++;
		same_stat(&rig, u);
		EQ(msync(s, LEN, MS_SYNC), 0);
		same_stat(&rig, u);
	}
	rig_nap(20);
	s[0]++;
	munmap(s, LEN);
	same_stat(&rig, u);
	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	CHECK(s != MAP_FAILED);
	close(u);
	rig_nap(20);
	for (i = 0; i < 3; i++) {
		rig_nap(20);
		s[i * PAGE]++;
		EQ(msync(s, LEN, MS_SYNC), 0);
		u = up(&rig, O_RDONLY);
		same_stat(&rig, u);
		close(u);
	}
	munmap(s, LEN);
	u = up(&rig, O_RDONLY);
	same_stat(&rig, u);
	close(u);
	end(&rig);
}

/* The same by name, when all is closed. */
static void same_times(struct rig *rig)
{
	struct stat a, b;

	EQ(stat(UPPER(rig, "f"), &a), 0);
	EQ(stat(LOWER(rig, "f"), &b), 0);
	EQ(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	EQ(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	EQ(a.st_ctim.tv_nsec, b.st_ctim.tv_nsec);
}

/*
 * What was stored after the last stat, and before the mapping went: the next
 * one sees it, in whatever order mapping and open end.
 */
static void mapped_once(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR);
	unsigned char *s;
	struct statx st;

	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	CHECK(s != MAP_FAILED);
	same_stat(&rig, u);
	rig_nap(20);
	s[0]++;
	EQ(munmap(s, LEN), 0);
	close(u);
	/* who wants something else takes nothing away */
	EQ(statx(AT_FDCWD, UPPER(&rig, "f"), 0, STATX_MODE, &st), 0);
	same_times(&rig);

	u = up(&rig, O_RDWR);
	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	CHECK(s != MAP_FAILED);
	close(u);
	same_times(&rig);
	rig_nap(20);
	s[PAGE]++;
	EQ(munmap(s, LEN), 0);
	u = up(&rig, O_RDONLY);
	same_stat(&rig, u);
	close(u);
	end(&rig);
}

/* A file with holes: blocks appear under a mapping. */
static void mapped_blocks(const char *lower, const char *mnt)
{
	struct rig rig = begin(lower, mnt);
	int u = up(&rig, O_RDWR);
	unsigned char *s;

	EQ(ftruncate(u, 0), 0);
	EQ(ftruncate(u, LEN), 0);
	same_stat(&rig, u);
	s = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, u, 0);
	CHECK(s != MAP_FAILED);
	memset(s, 1, LEN);
	EQ(msync(s, LEN, MS_SYNC), 0);
	same_stat(&rig, u);
	munmap(s, LEN);
	close(u);
	end(&rig);
}

static const struct rig_case cases[] = {
	{ "mapping", mapping },
	{ "mapped-times", mapped_times },
	{ "mapped-once", mapped_once },
	{ "mapped-blocks", mapped_blocks },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
