/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server by hand with one file, whose every answer a client in the same
 * program decides: what is refused, cut short, late or nonsense. Client and
 * server share a struct file_rig; the client prints result lines.
 */
#ifndef RAWFILE_H
#define RAWFILE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <linux/capability.h>
#include "rawserve.h"

#define RIG_NODE	7
#define RIG_OPS		64
#define RIG_SPACE	(16 << 20)
#define RIG_LOG		4096
#define RIG_HELD	64
#define RIG_BACKGROUND	12	/* INIT's max_background */

/* The last request of a kind. */
struct rig_last {
	uint64_t	fh, offset, owner, mtime;
	uint32_t	size, flags, how;	/* how: read_flags, write_flags, mode, … */
	uint32_t	uid;
	uint32_t	largest;		/* size, of all of them */
	uint32_t	any;			/* how, of all of them */
};

/**
 * struct file_rig - shared by client and server
 * @init_flags: what INIT agrees to, besides MAX_PAGES and BIG_WRITES
 * @small_writes: and not to BIG_WRITES
 * @max_write: what INIT asks for
 * @max_pages: the same, 256 if it is 0
 * @minor: what INIT's answer speaks, the newest if it is 0
 * @congestion: INIT's congestion_threshold, 9 if it is 0
 * @timeout: INIT's request_timeout, with its flag in @init_flags
 * @humble: the server gives up CAP_SYS_ADMIN before it answers INIT
 * @open_flags: FOPEN_* of the next OPEN
 * @fh: handle of the next OPEN, which counts up
 * @error: errno that a request of a kind is answered with
 * @hold: requests of a kind get no answer as long as this is set
 * @let: as many of those that are held are answered all the same, the oldest first
 * @deaf: the server reads nothing as long as this is set
 * @most: READ and WRITE do no more than this, if not 0
 * @claim: WRITE and COPY_FILE_RANGE say that they did this much more
 * @outdated: the next answer to GETATTR has @old_size
 * @attr_valid: s
 * @mode: permissions of the file
 * @count: requests of each kind
 * @last: of each kind
 * @written: bytes of all WRITEs
 * @log: opcodes in the order of arrival; @logged of them
 * @size: of the file
 * @data: of the file
 */
struct file_rig {
	volatile uint64_t	init_flags;
	volatile bool		small_writes;
	volatile uint32_t	max_write;
	volatile uint32_t	max_pages;
	volatile uint32_t	minor;
	volatile uint32_t	congestion;
	volatile uint32_t	timeout;
	volatile bool		humble;
	volatile uint32_t	open_flags;
	volatile uint64_t	fh;
	volatile int		error[RIG_OPS];
	volatile bool		hold[RIG_OPS];
	volatile uint32_t	let;
	volatile bool		deaf;
	volatile uint32_t	most;
	volatile uint32_t	claim;
	volatile bool		outdated;
	volatile uint64_t	old_size;
	volatile uint32_t	attr_valid;
	volatile uint32_t	mode;
	volatile uint32_t	count[RIG_OPS];
	volatile struct rig_last last[RIG_OPS];
	volatile uint64_t	written;
	volatile uint8_t	log[RIG_LOG];
	volatile uint32_t	logged;
	volatile uint64_t	size;
	unsigned char		data[RIG_SPACE];
};

static struct file_rig *rig;
static char rig_path[512];

/* -------- results -------- */

static bool __attribute__((format(printf, 3, 4)))
rig_check(bool good, const char *name, const char *why, ...)
{
	va_list ap;

	if (good) {
		printf("ok %s\n", name);
		return true;
	}
	printf("not ok %s: ", name);
	va_start(ap, why);
	vprintf(why, ap);
	va_end(ap);
	printf("\n");
	return false;
}

static inline void rig_equal(const char *name, long long want, long long got)
{
	rig_check(want == got, name, "%lld instead of %lld", got, want);
}

/* @ret of a system call that must fail with @want. */
static inline void rig_fails(const char *name, int want, long ret)
{
	int error = errno;

	if (ret >= 0)
		rig_check(false, name, "it succeeded (%ld)", ret);
	else
		rig_check(error == want, name, "%s", strerror(error));
}

static inline void rig_works(const char *name, long ret)
{
	rig_check(ret >= 0, name, "%s", strerror(errno));
}

/* Wait until @count requests of a kind came. */
static inline bool rig_came(int op, uint32_t count)
{
	int i;

	for (i = 0; i < 2000 * raw_slow() && rig->count[op] < count; i++)
		usleep(10000);
	return rig->count[op] >= count;
}

/* Position of the n-th of an opcode in the log, or -1. */
static inline int rig_logged(int op, int n)
{
	unsigned int i;

	for (i = 0; i < rig->logged; i++)
		if (rig->log[i] == op && !n--)
			return i;
	return -1;
}

/* Long enough for a request to come that must not. */
static inline void rig_settle(void)
{
	usleep(300000);
}

/* Status of a child once it ended, or -1 after @seconds. */
static inline int rig_ended(pid_t pid, int seconds)
{
	int i, status;

	for (i = 0; i < seconds * 100 * raw_slow(); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(10000);
	}
	return -1;
}

static inline int rig_open(int flags)
{
	int fd = open(rig_path, flags | O_CLOEXEC);

	if (fd < 0) {
		rig_check(false, "open", "%s", strerror(errno));
		exit(1);
	}
	return fd;
}

/* Nothing but the scene sends what is dirty from here on. */
static inline void rig_keep_dirty(int fd)
{
	int err = keep_dirty(fd);

	if (err)
		rig_check(false, "keep-dirty", "%s", strerror(err));
}

static inline void rig_fill(uint64_t size, unsigned int salt)
{
	uint64_t i;

	for (i = 0; i < size; i++)
		rig->data[i] = (i >> 12) * 7 + i + salt;
	rig->size = size;
}

/* -------- the server -------- */

static char *rig_held[RIG_HELD];
static unsigned int rig_nr_held;

static void rig_attr(struct fuse_attr *attr, uint64_t node)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = node;
	attr->nlink = 1;
	attr->blksize = 4096;
	attr->mode = S_IFDIR | 0755;
	if (node != FUSE_ROOT_ID) {
		attr->mode = S_IFREG | rig->mode;
		attr->size = rig->size;
		attr->blocks = (rig->size + 511) / 512;
	}
}

static void rig_note(const struct raw *r)
{
	unsigned int op = r->head->opcode;
	volatile struct rig_last *last;

	if (op >= RIG_OPS)
		return;
	last = &rig->last[op];
	last->uid = r->head->uid;
	switch (op) {
	case FUSE_READ: {
		const struct fuse_read_in *in = r->arg;

		last->fh = in->fh;
		last->offset = in->offset;
		last->size = in->size;
		last->how = in->read_flags;
		last->flags = in->flags;
		last->owner = in->lock_owner;
		break;
	}
	case FUSE_WRITE: {
		const struct fuse_write_in *in = r->arg;

		rig->written += in->size;
		last->fh = in->fh;
		last->offset = in->offset;
		last->size = in->size;
		last->how = in->write_flags;
		last->flags = in->flags;
		last->owner = in->lock_owner;
		break;
	}
	case FUSE_OPEN:
		last->flags = ((const struct fuse_open_in *)r->arg)->flags;
		break;
	case FUSE_RELEASE:
		last->fh = ((const struct fuse_release_in *)r->arg)->fh;
		last->flags = ((const struct fuse_release_in *)r->arg)->flags;
		break;
	case FUSE_FLUSH:
		last->fh = ((const struct fuse_flush_in *)r->arg)->fh;
		last->owner = ((const struct fuse_flush_in *)r->arg)->lock_owner;
		break;
	case FUSE_FSYNC:
		last->how = ((const struct fuse_fsync_in *)r->arg)->fsync_flags;
		break;
	case FUSE_FALLOCATE:
		last->how = ((const struct fuse_fallocate_in *)r->arg)->mode;
		break;
	case FUSE_LSEEK:
		last->how = ((const struct fuse_lseek_in *)r->arg)->whence;
		break;
	case FUSE_SETATTR:
		last->how = ((const struct fuse_setattr_in *)r->arg)->valid;
		last->fh = ((const struct fuse_setattr_in *)r->arg)->fh;
		last->mtime = ((const struct fuse_setattr_in *)r->arg)->mtime;
		break;
	}
	if (last->size > last->largest)
		last->largest = last->size;
	last->any |= last->how;
	if (rig->logged < RIG_LOG)
		rig->log[rig->logged++] = op;
	rig->count[op]++;
}

static void rig_init(struct raw *r)
{
	const struct fuse_init_in *in = r->arg;
	uint64_t flags = rig->init_flags | FUSE_MAX_PAGES | FUSE_BIG_WRITES | FUSE_INIT_EXT;
	uint32_t minor = rig->minor ? rig->minor : FUSE_KERNEL_MINOR_VERSION;
	/* Before that minor the reply was shorter. */
	size_t len = minor < 23 ? FUSE_COMPAT_22_INIT_OUT_SIZE : sizeof(struct fuse_init_out);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = minor,
		.max_readahead = in->max_readahead,
		.max_background = RIG_BACKGROUND,
		.congestion_threshold = rig->congestion ? rig->congestion : 9,
		.max_write = rig->max_write,
		.max_pages = rig->max_pages ? rig->max_pages : 256,
		.time_gran = 1,
		.request_timeout = rig->timeout,
	};

	if (rig->small_writes)
		flags &= ~(uint64_t)FUSE_BIG_WRITES;
	flags &= in->flags | (uint64_t)in->flags2 << 32;
	out.flags = flags;
	out.flags2 = flags >> 32;
	raw_reply(r, 0, &out, len);
}

/* Behind the space that there is, all is 0. */
static void rig_read(struct raw *r)
{
	static const unsigned char zeros[1 << 20];
	const struct fuse_read_in *in = r->arg;
	uint64_t n = in->offset < rig->size ? rig->size - in->offset : 0;

	/* as pread(2) */
	if (in->offset + in->size > INT64_MAX) {
		raw_reply(r, EINVAL, NULL, 0);
		return;
	}
	if (n > in->size)
		n = in->size;
	if (rig->most && n > rig->most)
		n = rig->most;
	raw_reply(r, 0, in->offset < RIG_SPACE ? rig->data + in->offset : zeros, n);
}

static void rig_write(struct raw *r)
{
	const struct fuse_write_in *in = r->arg;
	struct fuse_write_out out = { .size = in->size };

	if (rig->most && out.size > rig->most)
		out.size = rig->most;
	if (in->offset + out.size > RIG_SPACE) {
		raw_reply(r, EFBIG, NULL, 0);
		return;
	}
	memcpy(rig->data + in->offset, in + 1, out.size);
	if (in->offset + out.size > rig->size)
		rig->size = in->offset + out.size;
	out.size += rig->claim;
	raw_reply(r, 0, &out, sizeof(out));
}

/* Does the file that the server keeps have these bytes at @at? */
static inline bool server_has(const void *data, size_t at, size_t len)
{
	return !memcmp(rig->data + at, data, len);
}

static void rig_resize(uint64_t size)
{
	if (size < rig->size)
		memset(rig->data + size, 0, rig->size - size);
	rig->size = size;
}

static void rig_fallocate(struct raw *r)
{
	const struct fuse_fallocate_in *in = r->arg;
	uint64_t end = in->offset + in->length;

	if (in->mode & ~1)
		memset(rig->data + in->offset, 0, in->length);
	if (!(in->mode & 1) && end > rig->size)
		rig->size = end;
	raw_reply(r, 0, NULL, 0);
}

static void rig_copy(struct raw *r)
{
	const struct fuse_copy_file_range_in *in = r->arg;
	struct fuse_write_out out = { .size = in->len };

	if (in->off_in + in->len > rig->size)
		out.size = rig->size - in->off_in;
	memmove(rig->data + in->off_out, rig->data + in->off_in, out.size);
	if (in->off_out + out.size > rig->size)
		rig->size = in->off_out + out.size;
	out.size += rig->claim;
	raw_reply(r, 0, &out, sizeof(out));
}

static void rig_answer(struct raw *r)
{
	unsigned int op = r->head->opcode;
	struct fuse_entry_out entry = { .nodeid = RIG_NODE, .generation = 1 };
	struct fuse_attr_out attr = { .attr_valid = rig->attr_valid };
	struct fuse_open_out open = { .open_flags = rig->open_flags };
	struct fuse_lseek_out seek;

	if (op < RIG_OPS && rig->error[op]) {
		raw_reply(r, rig->error[op], NULL, 0);
		return;
	}

	switch (op) {
	case FUSE_INIT:
		rig_init(r);
		break;
	case FUSE_LOOKUP:
		if (strcmp(r->arg, "f")) {
			raw_reply(r, ENOENT, NULL, 0);
			break;
		}
		entry.entry_valid = 1000;
		entry.attr_valid = rig->attr_valid;
		rig_attr(&entry.attr, RIG_NODE);
		raw_reply_entry(r, &entry);
		break;
	case FUSE_SETATTR: {
		const struct fuse_setattr_in *in = r->arg;

		if (in->valid & FATTR_SIZE)
			rig_resize(in->size);
	}
		/* fall through */
	case FUSE_GETATTR:
		rig_attr(&attr.attr, r->head->nodeid);
		if (rig->outdated && op == FUSE_GETATTR) {
			attr.attr.size = rig->old_size;
			rig->outdated = false;
		}
		raw_reply(r, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		if (((const struct fuse_open_in *)r->arg)->flags & O_TRUNC)
			rig_resize(0);
		open.fh = ++rig->fh;
		raw_reply(r, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		rig_read(r);
		break;
	case FUSE_WRITE:
		rig_write(r);
		break;
	case FUSE_FALLOCATE:
		rig_fallocate(r);
		break;
	case FUSE_COPY_FILE_RANGE:
	case FUSE_COPY_FILE_RANGE_64:	/* the longer reply, its upper half 0 */
		rig_copy(r);
		break;
	case FUSE_LSEEK:
		seek.offset = ((const struct fuse_lseek_in *)r->arg)->offset + rig->claim;
		raw_reply(r, 0, &seek, sizeof(seek));
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_FSYNC:
		raw_reply(r, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

static void rig_from(struct raw *r, char *buf)
{
	r->buf = buf;
	r->head = (struct fuse_in_header *)buf;
	r->arg = r->head + 1;
}

/* Answer those that were held, and are no longer, or are let go. */
static void rig_let_go(struct raw *r)
{
	char *own = r->buf;
	unsigned int i, kept = 0;

	for (i = 0; i < rig_nr_held; i++) {
		rig_from(r, rig_held[i]);
		if (rig->hold[r->head->opcode] && !rig->let) {
			rig_held[kept++] = rig_held[i];
			continue;
		}
		if (rig->hold[r->head->opcode])
			rig->let--;
		rig_answer(r);
		free(rig_held[i]);
	}
	rig_nr_held = kept;
	rig_from(r, own);
}

static void rig_serve(struct raw *r)
{
	unsigned int op;
	int n;

	rig_let_go(r);
	if (rig->deaf) {
		usleep(5000);
		return;
	}
	n = raw_next(r, 5);
	if (n <= 0)
		return;
	rig_note(r);
	op = r->head->opcode;
	if (op < RIG_OPS && rig->hold[op] && rig_nr_held < RIG_HELD) {
		char *copy = malloc(n);

		if (!copy)
			raw_die("malloc");
		memcpy(copy, r->buf, n);
		rig_held[rig_nr_held++] = copy;
		return;
	}
	rig_answer(r);
}

/* Take CAP_SYS_ADMIN, or give it up; it stays permitted. */
static void rig_admin(bool on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps))
		raw_die("capget");
	caps[0].effective &= ~(1u << CAP_SYS_ADMIN);
	if (on)
		caps[0].effective |= 1u << CAP_SYS_ADMIN;
	if (syscall(SYS_capset, &head, caps))
		raw_die("capset");
}

/**
 * rig_run() - mount, run a client, unmount
 * @client: in a process of its own; prints result lines
 * Return: 0, or what the client's process ended with.
 */
static int rig_run(const char *dir, const char *options, void (*client)(void))
{
	struct raw r = {};
	int status;
	pid_t pid;

	snprintf(rig_path, sizeof(rig_path), "%s/f", dir);
	raw_mount(&r, dir, options);
	pid = fork();
	if (!pid) {
		alarm(90 * raw_slow());
		client();
		_exit(0);
	}
	if (rig->humble)
		rig_admin(false);
	while (waitpid(pid, &status, WNOHANG) != pid)
		rig_serve(&r);
	if (rig->humble)
		rig_admin(true);
	memset((void *)rig->hold, 0, sizeof(rig->hold));
	pid = raw_start_umount(&r);
	while (!raw_ended(pid))
		rig_serve(&r);
	/* what the client's end left for the server */
	for (int i = 0; i < 20; i++)
		rig_serve(&r);
	return status;
}

/* -------- scenes -------- */

/**
 * struct rig_scene - what a program shows on a mount of its own
 * @name: of it
 * @run: the client
 * @init_flags: what INIT agrees to
 * @options: of the mount, or NULL
 * @max_pages: what INIT asks for, or 0
 * @small_writes: it does not agree to BIG_WRITES
 * @minor: what it speaks, or 0
 * @congestion: what INIT asks for, or 0
 */
struct rig_scene {
	const char	*name;
	void		(*run)(void);
	uint64_t	init_flags;
	const char	*options;
	uint32_t	max_pages;
	bool		small_writes;
	uint32_t	minor;
	uint32_t	congestion;
};

/* PROGRAM DIR SCENE runs one, PROGRAM -l lists them. Return: exit status. */
static inline int rig_scenes(int argc, char **argv,
			     const struct rig_scene *scenes, size_t nr)
{
	const struct rig_scene *s;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "-l")) {
		for (s = scenes; s < scenes + nr; s++)
			printf("%s\n", s->name);
		return 0;
	}
	for (s = scenes; argc == 3 && s < scenes + nr; s++) {
		if (strcmp(argv[2], s->name))
			continue;
		rig = mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (rig == MAP_FAILED)
			raw_die("mmap");
		rig->init_flags = s->init_flags;
		rig->max_write = 128 << 10;
		rig->max_pages = s->max_pages;
		rig->small_writes = s->small_writes;
		rig->minor = s->minor;
		rig->congestion = s->congestion;
		rig->attr_valid = 1000;
		rig->mode = 0666;
		return rig_run(argv[1], s->options, s->run) ? 1 : 0;
	}
	fprintf(stderr, "usage: %s DIR SCENE\n       %s -l\n", argv[0], argv[0]);
	return 2;
}

#endif
