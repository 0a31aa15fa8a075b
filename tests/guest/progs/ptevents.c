// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who watches the file below: leases on it, and permission events of opening and
 * of every way to its data.
 */
#include "ptrig.h"
#include <sys/fanotify.h>
#include <sys/sendfile.h>

#define LEN	(1 << 20)
#define PAGE	4096

/* -------- leases -------- */

static long job_open(struct rig_job *job)
{
	return open(job->arg, O_RDWR | O_CLOEXEC);
}

static void leases(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	struct rig_job o = { .run = job_open };
	int fd, id, lease;

	fd = open(LOWER(&rig, "f"), O_RDONLY);
	id = rig_ioc_open(&rig, fd, 0, 0);
	CHECK(id > 0);
	close(fd);
	/* the server's own descriptor must not break it */
	signal(SIGIO, SIG_IGN);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	lease = open(LOWER(&rig, "f"), O_RDONLY);
	EQ(fcntl(lease, F_SETLEASE, F_RDLCK), 0);
	o.arg = UPPER(&rig, "f");
	rig_job_start(&o);
	rig_nap(500);
	CHECK(!rig_job_done(&o));
	EQ(fcntl(lease, F_SETLEASE, F_UNLCK), 0);
	fd = rig_job_end(&o);
	CHECK(fd >= 0);
	close(fd);
	close(lease);
	rig_stop(&rig);
}

/* -------- permission events -------- */

struct watch {
	struct rig_job	job;
	int		fan;
	const struct rig *rig;
	bool		busy;	/* does I/O on the files it is asked about */
	int		deny;
	int		upper, lower;	/* FAN_ACCESS_PERM seen there */
	int		modified;	/* FAN_MODIFY below */
	int		accessed;	/* FAN_ACCESS below */
	dev_t		lower_dev;
	int		stop;
};

static long job_watch(struct rig_job *job)
{
	struct watch *w = job->arg;
	char buf[8192];
	struct fanotify_event_metadata *m;
	struct fanotify_response r;
	struct stat st;
	ssize_t n;
	char c[16];

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
		n = read(w->fan, buf, sizeof(buf));
		if (n < 0 && errno == EAGAIN) {
			rig_nap(2);
			continue;
		}
		if (n < 0)
			return -errno;
		m = (struct fanotify_event_metadata *)buf;
		for (; FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
			bool below;

			if (m->fd < 0 || fstat(m->fd, &st))
				return -1;
			below = st.st_dev == w->lower_dev;
			if (w->busy) {
				/* reads its own event's file, any way */
				if (pread(m->fd, c, sizeof(c), 0) < 0)
					return -1;
			}
			if (below && (m->mask & FAN_MODIFY))
				__atomic_add_fetch(&w->modified, 1, __ATOMIC_SEQ_CST);
			if (below && (m->mask & FAN_ACCESS))
				__atomic_add_fetch(&w->accessed, 1, __ATOMIC_SEQ_CST);
			if (m->mask & FAN_ACCESS_PERM) {
				__atomic_add_fetch(below ? &w->lower : &w->upper,
						   1, __ATOMIC_SEQ_CST);
				r.fd = m->fd;
				r.response = w->deny && below ? FAN_DENY : FAN_ALLOW;
				if (write(w->fan, &r, sizeof(r)) != sizeof(r))
					return -1;
			}
			close(m->fd);
		}
	}
	return 0;
}

static void watch_start(struct watch *w, const struct rig *rig, uint64_t mask)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->rig = rig;
	w->job.run = job_watch;
	w->job.arg = w;
	w->fan = fanotify_init(FAN_CLASS_CONTENT | FAN_NONBLOCK | FAN_CLOEXEC,
			       O_RDONLY | O_LARGEFILE);
	if (w->fan < 0)
		rig_skip("no fanotify here: %s", strerror(errno));
	EQ(stat(rig->lower, &st), 0);
	w->lower_dev = st.st_dev;
	EQ(fanotify_mark(w->fan, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD,
			 rig->lower), 0);
	EQ(fanotify_mark(w->fan, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD,
			 rig->mnt), 0);
}

static void watch_stop(struct watch *w)
{
	__atomic_store_n(&w->stop, 1, __ATOMIC_SEQ_CST);
	EQ(rig_job_end(&w->job), 0);
	close(w->fan);
}

#define SEEN(w, what)	__atomic_load_n(&(w).what, __ATOMIC_SEQ_CST)

static void permission_events(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), fd, plain, p[2];
	struct watch w;
	off64_t at = 0;
	char buf[PAGE];
	int i;

	watch_start(&w, &rig, FAN_ACCESS_PERM | FAN_ACCESS | FAN_MODIFY);
	rig_policy(&rig, FOPEN_PASSTHROUGH, id);
	rig_job_start(&w.job);
	/* only now: newer kernels note at open who listens */
	fd = rig_up(&rig, O_RDWR, id);
	plain = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(fd >= 0 && plain >= 0);
	EQ(pipe(p), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);

	/* once a call, above and below */
	for (i = 1; i <= 5; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		EQ(SEEN(w, upper), i);
		EQ(SEEN(w, lower), i);
	}
	at = 0;
	EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
	EQ(SEEN(w, lower), 6);
	at = 0;
	EQ(sendfile(plain, fd, &at, PAGE), PAGE);
	EQ(SEEN(w, lower), 7);
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(splice(p[0], NULL, fd, &at, PAGE, 0), PAGE);
	SOON(SEEN(w, modified) >= 1 && SEEN(w, accessed) >= 1);

	/* and its word counts */
	__atomic_store_n(&w.deny, 1, __ATOMIC_SEQ_CST);
	FAILS(pread(fd, buf, sizeof(buf), 0), EPERM);
	at = 0;
	FAILS(splice(fd, &at, p[1], NULL, PAGE, 0), EPERM);
	FAILS(sendfile(plain, fd, &at, PAGE), EPERM);
	__atomic_store_n(&w.deny, 0, __ATOMIC_SEQ_CST);
	EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));

	watch_stop(&w);
	close(fd);
	close(plain);
	rig_stop(&rig);
}

/* A listener that does I/O on what it is asked about stops nobody. */
static void busy_listener(const char *lower, const char *mnt)
{
	struct rig rig = rig_with_file(lower, mnt, LEN);
	int id = rig_register(&rig, "f"), other, fd, out, p[2], i;
	struct watch w;
	off64_t at, to;
	char buf[PAGE];

	rig_make(&rig, "g", LEN, 2);
	other = rig_register(&rig, "g");
	EQ(pipe(p), 0);
	watch_start(&w, &rig, FAN_ACCESS_PERM);
	w.busy = true;
	rig_job_start(&w.job);
	/* the listener's own opens go to the backing file too, f's or none */
	out = rig_open_as(&rig, "g", O_RDWR, FOPEN_PASSTHROUGH, other);
	fd = rig_up(&rig, O_RDWR, id);
	CHECK(fd >= 0 && out >= 0);
	for (i = 0; i < 20; i++) {
		EQ(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
		at = 0;
		EQ(splice(fd, &at, p[1], NULL, PAGE, 0), PAGE);
		to = 0;
		EQ(splice(p[0], NULL, out, &to, PAGE, 0), PAGE);
		at = PAGE;
		EQ(lseek(out, PAGE, SEEK_SET), PAGE);
		EQ(sendfile(out, fd, &at, PAGE), PAGE);
		at = 0;
		to = 2 * PAGE;
		CHECK(copy_file_range(fd, &at, out, &to, PAGE, 0) > 0);
	}
	watch_stop(&w);
	close(fd);
	close(out);
	rig_stop(&rig);
}

static const struct rig_case cases[] = {
	{ "leases", leases },
	{ "permission-events", permission_events },
	{ "busy-listener", busy_listener },
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
