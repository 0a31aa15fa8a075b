// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that keeps locks, for a program that uses them: owners and ranges in
 * a table, and requests that wait. In the end nothing may be left in it.
 *
 *	rawlockd DIR PROGRAM ARG ...
 */
#include "rawcheck.h"

#define LOCKS	64

struct lock {
	bool		used;
	bool		flock;
	uint64_t	owner;
	struct fuse_file_lock lk;
};

struct waiter {
	uint64_t		unique;	/* 0: free */
	struct fuse_lk_in	in;
};

static struct lock locks[LOCKS];
static struct waiter waiters[LOCKS];

static bool is_flock(const struct fuse_lk_in *in)
{
	return in->lk_flags & FUSE_LK_FLOCK;
}

static struct lock *conflict(const struct fuse_lk_in *in)
{
	struct lock *l;

	for (l = locks; l < locks + LOCKS; l++)
		if (l->used && l->flock == is_flock(in) &&
		    l->owner != in->owner && l->lk.start <= in->lk.end &&
		    in->lk.start <= l->lk.end &&
		    (l->lk.type == F_WRLCK || in->lk.type == F_WRLCK))
			return l;
	return NULL;
}

static void add(const struct lock *new)
{
	struct lock *l;

	for (l = locks; l < locks + LOCKS; l++) {
		if (!l->used) {
			*l = *new;
			l->used = true;
			return;
		}
	}
	fprintf(stderr, "more than %d locks\n", LOCKS);
	exit(2);
}

/* Take a range away from an owner; what is beside it stays. */
static void cut(bool flock, uint64_t owner, uint64_t start, uint64_t end)
{
	struct lock old, *l;

	for (l = locks; l < locks + LOCKS; l++) {
		if (!l->used || l->flock != flock || l->owner != owner ||
		    l->lk.start > end || start > l->lk.end)
			continue;
		old = *l;
		l->used = false;
		if (old.lk.start < start) {
			struct lock left = old;

			left.lk.end = start - 1;
			add(&left);
		}
		if (old.lk.end > end) {
			struct lock right = old;

			right.lk.start = end + 1;
			add(&right);
		}
	}
}

static void set(const struct fuse_lk_in *in)
{
	struct lock l = {
		.flock = is_flock(in), .owner = in->owner, .lk = in->lk,
	};

	cut(l.flock, in->owner, in->lk.start, in->lk.end);
	if (in->lk.type != F_UNLCK)
		add(&l);
}

static void reply_to(struct raw *r, uint64_t unique, int error)
{
	r->head->unique = unique;
	raw_reply(r, error, NULL, 0);
}

/* Something was given up: who waited for it? */
static void wake(struct raw *r)
{
	struct waiter *w;

	for (w = waiters; w < waiters + LOCKS; w++) {
		uint64_t unique = w->unique;

		if (!unique || conflict(&w->in))
			continue;
		set(&w->in);
		w->unique = 0;
		reply_to(r, unique, 0);
	}
}

static void wait_for(uint64_t unique, const struct fuse_lk_in *in)
{
	struct waiter *w;

	for (w = waiters; w->unique; w++)
		if (w == waiters + LOCKS - 1)
			exit(2);
	w->unique = unique;
	w->in = *in;
}

static void interrupt(struct raw *r, uint64_t unique)
{
	struct waiter *w;

	for (w = waiters; w < waiters + LOCKS; w++) {
		if (w->unique == unique) {
			w->unique = 0;
			reply_to(r, unique, EINTR);
			return;
		}
	}
}

static void getlk(struct raw *r, const struct fuse_lk_in *in)
{
	struct fuse_lk_out out = { .lk = { .type = F_UNLCK } };
	const struct lock *l = conflict(in);

	if (l)
		out.lk = l->lk;
	raw_reply(r, 0, &out, sizeof(out));
}

static void serve(struct raw *r)
{
	struct fuse_lk_in in = *(struct fuse_lk_in *)r->arg;
	const struct fuse_flush_in *flush = r->arg;
	const struct fuse_release_in *release = r->arg;
	const struct fuse_interrupt_in *intr = r->arg;
	uint64_t unique = r->head->unique;

	switch (r->head->opcode) {
	case FUSE_GETLK:
		getlk(r, &in);
		return;
	case FUSE_SETLK:
	case FUSE_SETLKW:
		if (in.lk.type == F_UNLCK || !conflict(&in)) {
			set(&in);
			reply_to(r, unique, 0);
			wake(r);
		} else if (r->head->opcode == FUSE_SETLKW) {
			wait_for(unique, &in);
		} else {
			reply_to(r, unique, EAGAIN);
		}
		return;
	case FUSE_INTERRUPT:
		interrupt(r, intr->unique);
		return;
	case FUSE_FLUSH:
		cut(false, flush->lock_owner, 0, INT64_MAX);
		break;
	case FUSE_RELEASE:
		if (release->release_flags & FUSE_RELEASE_FLOCK_UNLOCK)
			cut(true, release->lock_owner, 0, INT64_MAX);
		break;
	}
	fs_answer(r);
	wake(r);
}

static void start(struct raw *r)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = MAX_WRITE,
		.flags = FUSE_BIG_WRITES | FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS,
	};

	if (!fs_until(r, FUSE_INIT, LONG_MS))
		raw_die("INIT");
	raw_reply(r, 0, &init, sizeof(init));
}

int main(int argc, char **argv)
{
	struct raw r;
	int status, left = 0;
	unsigned int i;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: %s DIR PROGRAM ARG ...\n", argv[0]);
		return 2;
	}
	alarm(TEST_SECONDS);
	raw_mount(&r, argv[1], "");
	start(&r);
	pid = fork();
	if (!pid) {
		close_range(3, ~0U, 0);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) != pid)
		if (raw_next(&r, 20) > 0)
			serve(&r);
	while (raw_next(&r, SHORT_MS) > 0)
		serve(&r);

	for (i = 0; i < LOCKS; i++)
		left += locks[i].used + !!waiters[i].unique;
	if (left)
		printf("not ok none-left: %d locks are still held or waited for\n",
		       left);
	else
		printf("ok none-left\n");
	test_unmount(&r);
	return left || !WIFEXITED(status) || WEXITSTATUS(status);
}
