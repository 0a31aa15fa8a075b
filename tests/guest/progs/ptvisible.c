// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be seen of backing files: the control fs's `backing` and the fdinfo
 * of the device. The control fs is mounted at CONTROL.
 */
#include "ptrig.h"
#include <sys/sysmacros.h>

#define CONTROL	"/sys/fs/fusept/connections"
#define SEEN	(64 << 20)

/* A file that is small enough, whole and NUL-terminated. */
static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;
	static char *buf;

	if (!buf)
		buf = malloc(SEEN);
	if (fd < 0)
		rig_fail("%s: %s", path, strerror(errno));
	while (len < SEEN - 1 && (n = read(fd, buf + len, SEEN - 1 - len)) > 0)
		len += n;
	EQ(n, 0);
	close(fd);
	buf[len] = 0;
	return buf;
}

static char *fdinfo(const struct rig *rig)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", rig->dev);
	return slurp(path);
}

static const char *control(const struct rig *rig)
{
	static char path[128];
	char *at = strstr(fdinfo(rig), "fuse_connection:\t");

	CHECK(at);
	snprintf(path, sizeof(path), CONTROL "/%lu/backing",
		 strtoul(strchr(at, '\t'), NULL, 10));
	return path;
}

/* The line of an id in @text, cut out; "" if there is none. */
static const char *line_of(const char *text, int id)
{
	static char line[16384];
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "id=%d ", id);
	for (at = text; (at = strstr(at, start)); at++)
		if (at == text || at[-1] == '\n' || at[-1] == '\t')
			break;
	if (!at)
		return "";
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

#define IS(line, want) \
	do { \
		const char *line_ = (line), *want_ = (want); \
		if (strcmp(line_, want_)) \
			rig_fail("line %d: '%s', not '%s'", __LINE__, line_, want_); \
	} while (0)

/* What is to be said of file @name; @escaped is @name as it is shown. */
static const char *expect(const struct rig *rig, int id, const char *state,
			  int opens, const char *name, const char *escaped)
{
	static char line[16384];
	struct stat st;

	EQ(lstat(LOWER(rig, name), &st), 0);
	snprintf(line, sizeof(line),
		 "id=%d state=%s opens=%d uid=0 dev=%u:%u ino=%llu mount=%s path=%s/%s",
		 id, state, opens, major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino, rig->lower, rig->lower, escaped);
	return line;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

static void opens(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	int a, b, c, fd[3];

	rig_start(&rig);
	IS(slurp(control(&rig)), "");
	CHECK(strstr(fdinfo(&rig), "backing_files:\t0\n"));

	rig_make(&rig, "f", 4096, 1);
	rig_make(&rig, "g", 4096, 2);
	a = rig_register(&rig, "f");
	b = rig_register(&rig, "g");
	c = rig_register(&rig, "f");
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "open", 0, "f", "f"));
	IS(line_of(slurp(control(&rig)), b), expect(&rig, b, "open", 0, "g", "g"));
	EQ(count(slurp(control(&rig)), "\n"), 3);
	CHECK(strstr(fdinfo(&rig), "backing_files:\t3\n"));
	IS(line_of(fdinfo(&rig), b), expect(&rig, b, "open", 0, "g", "g"));

	/* an open counts where its own id is, whatever the inode began with */
	fd[0] = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, a);
	fd[1] = rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, a);
	fd[2] = rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, c);
	CHECK(fd[0] >= 0 && fd[1] >= 0 && fd[2] >= 0);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "open", 2, "f", "f"));
	IS(line_of(slurp(control(&rig)), c), expect(&rig, c, "open", 1, "f", "f"));
	/* one that failed does not */
	FAILS(rig_open_as(&rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, b), EIO);
	IS(line_of(slurp(control(&rig)), b), expect(&rig, b, "open", 0, "g", "g"));

	/* what is in use cannot be hidden */
	EQ(rig_ioc_close(&rig, a), 0);
	EQ(rig_ioc_close(&rig, b), 0);
	FAILS(rig_ioc_close(&rig, a), ENOENT);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "closed", 2, "f", "f"));
	IS(line_of(slurp(control(&rig)), b), "");
	EQ(close(fd[0]), 0);
	IS(line_of(slurp(control(&rig)), a), expect(&rig, a, "closed", 1, "f", "f"));
	EQ(close(fd[1]), 0);
	EQ(close(fd[2]), 0);
	/* the last release may run after close(2) */
	SOON(!*line_of(slurp(control(&rig)), a));
	SOON(!strcmp(line_of(slurp(control(&rig)), c),
		     expect(&rig, c, "open", 0, "f", "f")));
	rig_stop(&rig);
}

/* The end of the connection closes the ids; what is open stays in sight. */
static void after_the_end(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	char path[128], *text;
	int a, b, fd;

	rig_start(&rig);
	rig_make(&rig, "f", 4096, 1);
	a = rig_register(&rig, "f");
	b = rig_register(&rig, "f");
	fd = rig_open_as(&rig, "f", O_RDWR, FOPEN_PASSTHROUGH, a);
	CHECK(fd >= 0);
	snprintf(path, sizeof(path), "%s", control(&rig));
	rig_kill(&rig);
	text = slurp(path);
	IS(line_of(text, a), expect(&rig, a, "closed", 1, "f", "f"));
	IS(line_of(text, b), "");
	close(fd);
	SOON(!*slurp(path));
	rig_stop(&rig);
}

static void paths(const char *lower, const char *mnt)
{
	static const struct {
		const char *name, *shown;
	} odd[] = {
		{ "a b", "a\\040b" },
		{ "line\nid=7 state=open", "line\\012id=7\\040state=open" },
		{ "tab\there", "tab\\011here" },
		{ "back\\040slash", "back\\134040slash" },
		{ "\xc3\xa9", "\xc3\xa9" },
	};
	struct rig rig = rig_new(lower, mnt);
	char want[8192], path[128], long_name[256];
	const char *seen;
	int id, fd, status;
	unsigned int i;
	pid_t pid;

	rig_start(&rig);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		rig_make(&rig, odd[i].name, 1, 1);
		id = rig_register(&rig, odd[i].name);
		IS(line_of(slurp(control(&rig)), id),
		   expect(&rig, id, "open", 0, odd[i].name, odd[i].shown));
	}
	EQ(count(slurp(control(&rig)), "\n"), i);

	/* each byte of the longest name is four characters */
	memset(long_name, '\n', 255);
	long_name[255] = 0;
	rig_make(&rig, long_name, 1, 1);
	id = rig_register(&rig, long_name);
	seen = strrchr(line_of(slurp(control(&rig)), id), '/');
	CHECK(seen);
	EQ(strlen(seen), 1 + 4 * 255);

	/* one that has no name any more, and one that has another */
	rig_make(&rig, "gone", 1, 1);
	id = rig_register(&rig, "gone");
	snprintf(want, sizeof(want), "path=%s/gone\\040(deleted)", lower);
	EQ(unlink(LOWER(&rig, "gone")), 0);
	CHECK(strstr(line_of(slurp(control(&rig)), id), want));
	rig_make(&rig, "old", 1, 1);
	id = rig_register(&rig, "old");
	EQ(rename(LOWER(&rig, "old"), LOWER(&rig, "new")), 0);
	snprintf(want, sizeof(want), "path=%s/new", lower);
	CHECK(strstr(line_of(slurp(control(&rig)), id), want));

	/* as seen from the reader's root */
	snprintf(path, sizeof(path), "%s", control(&rig));
	pid = fork();
	if (!pid) {
		static char text[65536];
		ssize_t n;

		fd = open(path, O_RDONLY);
		if (fd < 0 || chroot(lower) || chdir("/"))
			_exit(2);
		n = read(fd, text, sizeof(text) - 1);
		if (n <= 0)
			_exit(3);
		text[n] = 0;
		_exit(!strstr(line_of(text, 1), " mount=/ path=/a\\040b"));
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	rig_stop(&rig);
}

static void many(const char *lower, const char *mnt)
{
	const char *env = getenv("PTVISIBLE_FILES");
	int n = env ? atoi(env) : 1500, fd, i, id, seen;
	struct rig rig = rig_new(lower, mnt);
	char path[128], *at;

	rig_start(&rig);
	rig_make(&rig, "f", 1, 1);
	fd = open(LOWER(&rig, "f"), O_RDONLY);
	for (i = 0; i < n; i++)
		CHECK(rig_ioc_open(&rig, fd, 0, 0) > 0);
	snprintf(path, sizeof(path), "%s", control(&rig));
	at = slurp(path);
	for (seen = 0, id = 0; *at; at = strchr(at, '\n') + 1, seen++) {
		CHECK(sscanf(at, "id=%d ", &i) == 1 && i > id);
		id = i;
	}
	EQ(seen, n);
	/* fdinfo is made in one piece, so it has the first of them */
	at = fdinfo(&rig);
	EQ(count(at, "\nbacking:\t"), 256);
	EQ(atoi(strstr(at, "backing_files:\t") + 15), n);
	close(fd);
	rig_stop(&rig);
}

struct churn {
	struct rig	*rig;
	int		stop;
};

static long job_churn(struct rig_job *job)
{
	struct churn *churn = job->arg;
	int id, fd;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_SEQ_CST)) {
		id = rig_register(churn->rig, "f");
		fd = rig_open_as(churn->rig, "f", O_RDONLY, FOPEN_PASSTHROUGH, id);
		if (rig_ioc_close(churn->rig, id))
			return -1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* What comes and goes under a reader; what stays is seen each time, once. */
static void churn(const char *lower, const char *mnt)
{
	struct rig rig = rig_new(lower, mnt);
	struct churn churn = { .rig = &rig };
	struct rig_job job = { .run = job_churn, .arg = &churn };
	char path[128], *text;
	int first, last, i;

	rig_start(&rig);
	rig_make(&rig, "f", 4096, 1);
	first = rig_register(&rig, "f");
	for (i = 0; i < 100; i++)
		last = rig_register(&rig, "f");
	snprintf(path, sizeof(path), "%s", control(&rig));
	rig_job_start(&job);
	for (i = 0; i < 15; i++) {
		text = slurp(path);
		CHECK(*line_of(text, first) && *line_of(text, last));
		EQ(count(text, "state=open opens=0 uid=0 ") >= 101, 1);
	}
	__atomic_store_n(&churn.stop, 1, __ATOMIC_SEQ_CST);
	EQ(rig_job_end(&job), 0);
	SOON(count(slurp(path), "\n") == 101);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "opens", opens },
	{ "after-the-end", after_the_end },
	{ "paths", paths },
	{ "many", many },
	{ "churn", churn },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
