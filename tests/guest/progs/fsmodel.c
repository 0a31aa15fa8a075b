// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsmodel: random operations on files, against a model in memory.
 *
 * usage: fsmodel [-n OPS] [-s SEED] [-m BYTES] [-l LOWER] [-x OPS] [-v] DIR
 *   -n OPS    operations (20000)
 *   -s SEED   repeat the run that printed this seed
 *   -m BYTES  largest size of a file (1 MiB)
 *   -l LOWER  folder in which a server keeps what DIR shows: after each fsync
 *             the file there must hold the same bytes
 *   -x OPS    leave out these operations, by name, comma separated
 *   -v        print each operation
 *
 * Two files in DIR, each open several times: twice for reading and writing, for
 * appending, and with O_DIRECT where the file system takes that. After every
 * operation what was read, the size and the times are compared: sizes exactly,
 * mtime and ctime must not go back. Exit status: 0; 1 if something differs,
 * after printing the last operations; 2 if the run could not be made.
 */
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "fsmodel.h"

#define ALIGN		4096
#define AIO_MOST	8

static uint64_t state;
static bool no_shared_map;
static const char *left_out = "";
static int pipes[2];
static aio_context_t aio;

/* -------- chance -------- */

static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static off_t below(off_t n)
{
	return n > 0 ? (off_t)(rnd() % (uint64_t)n) : 0;
}

/* Lengths of all magnitudes, whole pages now and then. */
static off_t some_length(off_t most)
{
	static const off_t magnitudes[] = { 16, 600, 5000, 40000, 400000 };
	off_t n = 1 + below(magnitudes[below(5)]);

	if (below(4) == 0)
		n = (n + 4095) & ~(off_t)4095;
	if (n > most)
		n = most;
	return n;
}

static off_t some_offset(off_t most)
{
	off_t at = below(most + 1);

	return below(3) ? at : at & ~(off_t)4095;
}

static void fill(unsigned char *at, off_t len)
{
	uint64_t word;

	for (; len >= (off_t)sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		word = rnd();
		memcpy(at, &word, sizeof(word));
	}
	word = rnd();
	memcpy(at, &word, len);
}

/* -------- operations -------- */

static int a_fd(const struct file *f)
{
	return f->fd[below(2)];
}

static void op_write(struct file *f)
{
	off_t at = below(8) ? some_offset(f->size) : some_offset(max_size - 1);
	off_t len = some_length(max_size - at);
	struct iovec iov[3];
	off_t a, b;

	fill(buf, len);
	if (below(4)) {
		note("write %d %lld+%lld", nr(f), (long long)at, (long long)len);
		wrote(f, "write", at, len, pwrite(a_fd(f), buf, len, at));
		return;
	}
	a = below(len + 1);
	b = below(len - a + 1);
	iov[0] = (struct iovec){ buf, a };
	iov[1] = (struct iovec){ buf + a, b };
	iov[2] = (struct iovec){ buf + a + b, len - a - b };
	note("writev %d %lld+%lld (%lld, %lld)", nr(f), (long long)at, (long long)len, (long long)a, (long long)b);
	wrote(f, "writev", at, len, pwritev(a_fd(f), iov, 3, at));
}

static void op_append(struct file *f)
{
	off_t len = some_length(max_size - f->size);

	if (!len)
		return;
	fill(buf, len);
	note("append %d %lld+%lld", nr(f), (long long)f->size, (long long)len);
	wrote(f, "append", f->size, len, write(f->fd[APPEND], buf, len));
}

static void op_read(struct file *f)
{
	off_t at = some_offset(f->size), len = some_length(max_size - at);

	note("read %d %lld+%lld", nr(f), (long long)at, (long long)len);
	read_back(f, "read", at, len, pread(a_fd(f), buf, len, at));
}

static off_t aligned(off_t n)
{
	return n & ~(off_t)(ALIGN - 1);
}

static void op_dwrite(struct file *f)
{
	off_t at = aligned(some_offset(below(8) ? f->size : max_size - ALIGN));
	off_t len = aligned(some_length(max_size - at) + ALIGN - 1);

	if (f->fd[DIRECT] < 0 || at + len > max_size)
		return;
	fill(buf, len);
	note("dwrite %d %lld+%lld", nr(f), (long long)at, (long long)len);
	wrote(f, "direct write", at, len, pwrite(f->fd[DIRECT], buf, len, at));
}

static void op_dread(struct file *f)
{
	off_t at = aligned(some_offset(f->size));
	off_t len = aligned(some_length(max_size - at) + ALIGN - 1);

	if (f->fd[DIRECT] < 0 || at + len > max_size)
		return;
	note("dread %d %lld+%lld", nr(f), (long long)at, (long long)len);
	read_back(f, "direct read", at, len, pread(f->fd[DIRECT], buf, len, at));
}

/* Several requests at once, side by side in the file. */
static void op_aio(struct file *f)
{
	struct iocb cbs[AIO_MOST], *list[AIO_MOST];
	struct io_event events[AIO_MOST];
	bool writes = below(2);
	int n = 1 + below(AIO_MOST), i, fd = f->fd[DIRECT];
	off_t each = aligned(some_length(max_size / AIO_MOST) + ALIGN - 1);
	off_t at = aligned(some_offset(f->size));
	long got;

	if (fd < 0)
		fd = a_fd(f);
	if (at + n * each > max_size || !each)
		return;
	note("aio %s %d %lld+%d*%lld", writes ? "write" : "read", nr(f), (long long)at, n, (long long)each);
	if (writes)
		fill(buf, n * each);
	for (i = 0; i < n; i++) {
		memset(&cbs[i], 0, sizeof(cbs[i]));
		cbs[i].aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		cbs[i].aio_fildes = fd;
		cbs[i].aio_buf = (uintptr_t)(buf + i * each);
		cbs[i].aio_nbytes = each;
		cbs[i].aio_offset = at + i * each;
		cbs[i].aio_data = i;
		list[i] = &cbs[i];
	}
	got = syscall(SYS_io_submit, aio, n, list);
	if (got != n)
		wrong("file %d: io_submit of %d: %ld (%s)", nr(f), n, got, strerror(errno));
	got = syscall(SYS_io_getevents, aio, n, n, events, NULL);
	if (got != n)
		wrong("file %d: io_getevents of %d: %ld (%s)", nr(f), n, got, strerror(errno));
	for (i = 0; i < n; i++) {
		off_t pos = at + (off_t)events[i].data * each;
		off_t end = f->size > pos ? f->size - pos : 0;
		off_t want = writes || end > each ? each : end;

		if ((off_t)events[i].res != want)
			wrong("file %d: aio at %lld: %lld instead of %lld", nr(f), (long long)pos,
			      (long long)events[i].res, (long long)want);
		if (!writes)
			same(f, "aio read", pos, buf + (off_t)events[i].data * each, want);
	}
	if (writes)
		model_write(f, at, buf, n * each);
}

static void op_truncate(struct file *f)
{
	off_t size = below(4) ? some_offset(f->size) : some_offset(max_size);
	int err;

	note("truncate %d %lld -> %lld", nr(f), (long long)f->size, (long long)size);
	err = below(2) ? ftruncate(a_fd(f), size) : truncate(f->path, size);
	if (err)
		wrong("file %d: truncate to %lld: %s", nr(f), (long long)size, strerror(errno));
	model_size(f, size);
}

/* A window into the file, and where in it the bytes at @at are. */
static unsigned char *map_window(struct file *f, off_t at, off_t len, int prot, int flags, void **map, size_t *size)
{
	off_t first = aligned(at);

	*size = len + (at - first);
	*map = mmap(NULL, *size, prot, flags, a_fd(f), first);
	if (*map == MAP_FAILED)
		return NULL;
	return (unsigned char *)*map + (at - first);
}

static void op_mapread(struct file *f)
{
	off_t at = some_offset(f->size), len = some_length(f->size - at);
	int flags = no_shared_map || below(2) ? MAP_PRIVATE : MAP_SHARED;
	unsigned char *p;
	size_t size;
	void *map;

	if (!len)
		return;
	note("mapread %d %lld+%lld %s", nr(f), (long long)at, (long long)len,
	     flags == MAP_SHARED ? "shared" : "private");
	p = map_window(f, at, len, PROT_READ, flags, &map, &size);
	if (!p)
		wrong("file %d: mmap to read: %s", nr(f), strerror(errno));
	same(f, "mapped read", at, p, len);
	munmap(map, size);
}

static void op_mapwrite(struct file *f)
{
	off_t at = some_offset(f->size), len = some_length(f->size - at);
	bool sync = !below(3);
	unsigned char *p;
	size_t size;
	void *map;

	if (!len || no_shared_map)
		return;
	note("mapwrite %d %lld+%lld%s", nr(f), (long long)at, (long long)len, sync ? " msync" : "");
	p = map_window(f, at, len, PROT_READ | PROT_WRITE, MAP_SHARED, &map, &size);
	if (!p)
		wrong("file %d: mmap to write: %s", nr(f), strerror(errno));
	fill(buf, len);
	memcpy(p, buf, len);
	model_write(f, at, buf, len);
	if (sync && msync(map, size, MS_SYNC))
		wrong("file %d: msync: %s", nr(f), strerror(errno));
	munmap(map, size);
}

/* Through a mapping that stays. */
static void op_kept(struct file *f)
{
	off_t at = some_offset(f->size), len = some_length(f->size - at);

	if (!f->map || !len)
		return;
	if (below(2)) {
		note("kept read %d %lld+%lld", nr(f), (long long)at, (long long)len);
		same(f, "read of the kept mapping", at, f->map + at, len);
		return;
	}
	note("kept write %d %lld+%lld", nr(f), (long long)at, (long long)len);
	fill(buf, len);
	memcpy(f->map + at, buf, len);
	model_write(f, at, buf, len);
}

static void op_remap(struct file *f)
{
	if (no_shared_map)
		return;
	note("remap %d", nr(f));
	if (f->map) {
		munmap(f->map, max_size);
		f->map = NULL;
		return;
	}
	f->map = mmap(NULL, max_size, PROT_READ | PROT_WRITE, MAP_SHARED, a_fd(f), 0);
	if (f->map == MAP_FAILED)
		wrong("file %d: mmap: %s", nr(f), strerror(errno));
}

static void op_punch(struct file *f)
{
	off_t at = some_offset(f->size), len = some_length(max_size - at), end;
	bool zero = !below(3);
	int mode = FALLOC_FL_KEEP_SIZE | (zero ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE);

	if (!len)
		return;
	note("%s %d %lld+%lld", zero ? "zero" : "punch", nr(f), (long long)at, (long long)len);
	if (fallocate(a_fd(f), mode, at, len)) {
		if (errno == EOPNOTSUPP)
			return;
		wrong("file %d: %s: %s", nr(f), zero ? "zero range" : "punch", strerror(errno));
	}
	end = at + len < f->size ? at + len : f->size;
	if (end > at)
		memset(f->want + at, 0, end - at);
}

static void op_allocate(struct file *f)
{
	off_t at = some_offset(max_size - 1), len = some_length(max_size - at);
	bool keep = below(2);

	note("allocate %d %lld+%lld%s", nr(f), (long long)at, (long long)len, keep ? " keep" : "");
	if (fallocate(a_fd(f), keep ? FALLOC_FL_KEEP_SIZE : 0, at, len)) {
		if (errno == EOPNOTSUPP)
			return;
		wrong("file %d: fallocate: %s", nr(f), strerror(errno));
	}
	if (!keep && at + len > f->size)
		f->size = at + len;
}

/* From one place to another, which may be in the same file but not overlap. */
static bool some_copy(struct file *f, struct file **to, off_t *from, off_t *at, off_t *len)
{
	*to = &files[below(FILES)];
	*from = some_offset(f->size);
	*len = some_length(f->size - *from);
	*at = some_offset(max_size - *len);
	return *len && (f != *to || *at + *len <= *from || *from + *len <= *at);
}

static void op_copy(struct file *f)
{
	off_t from, at, len, in, out;
	struct file *to;
	ssize_t done;

	if (!some_copy(f, &to, &from, &at, &len))
		return;
	note("copy %d %lld+%lld -> %d %lld", nr(f), (long long)from, (long long)len, nr(to), (long long)at);
	in = from;
	out = at;
	while (len) {
		done = copy_file_range(a_fd(f), &in, a_fd(to), &out, len, 0);
		if (done <= 0)
			wrong("copy: %zd (%s)", done, done ? strerror(errno) : "nothing copied");
		model_write(to, out - done, f->want + in - done, done);
		len -= done;
	}
}

static void op_splice(struct file *f)
{
	off_t from, at, len, in, out;
	struct file *to;
	ssize_t n, m;

	if (!some_copy(f, &to, &from, &at, &len))
		return;
	note("splice %d %lld+%lld -> %d %lld", nr(f), (long long)from, (long long)len, nr(to), (long long)at);
	in = from;
	out = at;
	while (len) {
		n = splice(a_fd(f), &in, pipes[1], NULL, len, 0);
		if (n <= 0)
			wrong("splice from a file: %zd (%s)", n, strerror(errno));
		len -= n;
		while (n) {
			m = splice(pipes[0], NULL, a_fd(to), &out, n, 0);
			if (m <= 0)
				wrong("splice to a file: %zd (%s)", m, strerror(errno));
			model_write(to, out - m, f->want + (out - m - at) + from, m);
			n -= m;
		}
	}
}

static void op_sendfile(struct file *f)
{
	off_t from, at, len, in;
	struct file *to;
	ssize_t done;
	int fd;

	if (!some_copy(f, &to, &from, &at, &len))
		return;
	note("sendfile %d %lld+%lld -> %d %lld", nr(f), (long long)from, (long long)len, nr(to), (long long)at);
	fd = a_fd(to);
	if (lseek(fd, at, SEEK_SET) != at)
		wrong("lseek: %s", strerror(errno));
	in = from;
	while (len) {
		done = sendfile(fd, a_fd(f), &in, len);
		if (done <= 0)
			wrong("sendfile: %zd (%s)", done, strerror(errno));
		model_write(to, at + (in - done - from), f->want + in - done, done);
		len -= done;
	}
}

static void op_seek(struct file *f)
{
	off_t at = some_offset(f->size), found, i;
	int fd = a_fd(f);

	note("seek %d %lld", nr(f), (long long)at);
	found = lseek(fd, 0, SEEK_END);
	if (found != f->size)
		wrong("file %d: SEEK_END gives %lld instead of %lld", nr(f), (long long)found, (long long)f->size);
	found = lseek(fd, at, SEEK_DATA);
	if (found < 0 && errno != ENXIO)
		wrong("file %d: SEEK_DATA from %lld: %s", nr(f), (long long)at, strerror(errno));
	if (found < 0)
		found = f->size;
	/* what is not data reads as zeroes */
	for (i = at; i < found; i++)
		if (f->want[i])
			wrong("file %d: SEEK_DATA from %lld skips to %lld, but %lld is data", nr(f), (long long)at,
			      (long long)found, (long long)i);
}

static void op_sync(struct file *f)
{
	bool data = below(2);

	note("%s %d", data ? "fdatasync" : "fsync", nr(f));
	if (data ? fdatasync(a_fd(f)) : fsync(a_fd(f)))
		wrong("file %d: fsync: %s", nr(f), strerror(errno));
	check_lower(f);
}

static void open_one(struct file *f, int which)
{
	static const int flags[FDS] = { O_RDWR, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_DIRECT };

	f->fd[which] = open(f->path, flags[which] | O_CLOEXEC);
	if (f->fd[which] < 0 && (which != DIRECT || errno != EINVAL))
		wrong("file %d: open: %s", nr(f), strerror(errno));
}

static void op_reopen(struct file *f)
{
	int which = below(FDS);

	note("reopen %d #%d", nr(f), which);
	if (f->fd[which] >= 0 && close(f->fd[which]))
		wrong("file %d: close: %s", nr(f), strerror(errno));
	if (which == RW1 && !below(4)) {
		f->fd[which] = open(f->path, O_RDWR | O_TRUNC | O_CLOEXEC);
		if (f->fd[which] < 0)
			wrong("file %d: open with O_TRUNC: %s", nr(f), strerror(errno));
		model_size(f, 0);
		return;
	}
	open_one(f, which);
}

static void op_forget(struct file *f)
{
	note("forget %d", nr(f));
	posix_fadvise(a_fd(f), 0, 0, POSIX_FADV_DONTNEED);
}

/* Memory of the same file as the source or target of a read or write. */
static void op_self(struct file *f)
{
	off_t half = aligned(f->size / 2), len = some_length(half), at;
	bool direct = f->fd[DIRECT] >= 0 && below(2);
	unsigned char *p;
	size_t size;
	void *map;

	if (direct)
		len = aligned(len);
	if (!len || no_shared_map)
		return;
	at = half + (direct ? 0 : below(f->size - half - len + 1));
	note("self %d 0+%lld -> %lld%s", nr(f), (long long)len, (long long)at, direct ? " direct" : "");
	p = map_window(f, 0, len, PROT_READ | PROT_WRITE, MAP_SHARED, &map, &size);
	if (!p)
		wrong("file %d: mmap: %s", nr(f), strerror(errno));
	memcpy(buf, f->want, len);
	wrote(f, "write from a mapping of the file", at, len,
	      pwrite(direct ? f->fd[DIRECT] : a_fd(f), p, len, at));
	munmap(map, size);
}

static const struct op {
	const char *name;
	unsigned int weight;
	void (*run)(struct file *f);
} ops[] = {
	{ "write", 16, op_write },
	{ "append", 5, op_append },
	{ "read", 12, op_read },
	{ "dwrite", 6, op_dwrite },
	{ "dread", 6, op_dread },
	{ "aio", 4, op_aio },
	{ "truncate", 4, op_truncate },
	{ "mapread", 5, op_mapread },
	{ "mapwrite", 6, op_mapwrite },
	{ "kept", 6, op_kept },
	{ "remap", 1, op_remap },
	{ "self", 2, op_self },
	{ "punch", 4, op_punch },
	{ "allocate", 1, op_allocate },
	{ "copy", 4, op_copy },
	{ "splice", 4, op_splice },
	{ "sendfile", 3, op_sendfile },
	{ "seek", 3, op_seek },
	{ "sync", 2, op_sync },
	{ "reopen", 3, op_reopen },
	{ "forget", 2, op_forget },
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

/* -------- the run -------- */

static bool is_left_out(const char *name)
{
	size_t n = strlen(name);
	const char *at = left_out;

	while ((at = strstr(at, name))) {
		if ((at == left_out || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return true;
		at += n;
	}
	return false;
}

static const struct op *choose(void)
{
	static unsigned int total;
	const struct op *op;
	unsigned int n;

	if (!total)
		for (op = ops; op < ops + OPS; op++)
			total += op->weight;
	n = below(total);
	for (op = ops; n >= op->weight; op++)
		n -= op->weight;
	return op;
}

static bool earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static void check_stat(struct file *f)
{
	struct stat st;
	int err = below(2) ? stat(f->path, &st) : fstat(f->fd[below(2)], &st);

	if (err)
		wrong("file %d: stat: %s", nr(f), strerror(errno));
	if (st.st_size != f->size)
		wrong("file %d: size is %lld instead of %lld", nr(f), (long long)st.st_size, (long long)f->size);
	if (earlier(st.st_mtim, f->mtime))
		wrong("file %d: mtime went back by %lld ns", nr(f),
		      (long long)(f->mtime.tv_sec - st.st_mtim.tv_sec) * 1000000000 + f->mtime.tv_nsec - st.st_mtim.tv_nsec);
	if (earlier(st.st_ctim, f->ctime))
		wrong("file %d: ctime went back", nr(f));
	f->mtime = st.st_mtim;
	f->ctime = st.st_ctim;
}

static void check_all(struct file *f)
{
	ssize_t got;

	note("compare all of %d", nr(f));
	check_stat(f);
	got = pread(a_fd(f), buf, max_size, 0);
	read_back(f, "read", 0, max_size, got);
}

static void begin(const char *dir, const char *lower)
{
	void *map;
	int i, k;

	if (posix_memalign((void **)&buf, ALIGN, max_size) || posix_memalign((void **)&other, ALIGN, max_size))
		cannot("memory");
	if (pipe(pipes))
		cannot("pipe");
	if (syscall(SYS_io_setup, AIO_MOST, &aio))
		cannot("io_setup");
	for (i = 0; i < FILES; i++) {
		struct file *f = &files[i];
		int fd;

		if (snprintf(f->path, sizeof(f->path), "%s/model.%d", dir, i) >= (int)sizeof(f->path) ||
		    (lower && snprintf(f->lower, sizeof(f->lower), "%s/model.%d", lower, i) >= (int)sizeof(f->lower))) {
			errno = ENAMETOOLONG;
			cannot(dir);
		}
		f->want = calloc(1, max_size);
		if (!f->want)
			cannot("memory");
		fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd < 0)
			cannot(f->path);
		close(fd);
		for (k = 0; k < FDS; k++)
			open_one(f, k);
	}
	map = mmap(NULL, ALIGN, PROT_READ | PROT_WRITE, MAP_SHARED, files[0].fd[RW1], 0);
	no_shared_map = map == MAP_FAILED;
	if (!no_shared_map)
		munmap(map, ALIGN);
	printf("fsmodel: seed %llu%s%s\n", (unsigned long long)seed,
	       no_shared_map ? ", no shared mappings" : "",
	       files[0].fd[DIRECT] < 0 ? ", no O_DIRECT" : "");
	fflush(stdout);
}

static void end(void)
{
	int i, k;

	for (i = 0; i < FILES; i++) {
		struct file *f = &files[i];

		check_all(f);
		if (f->map)
			munmap(f->map, max_size);
		if (fsync(f->fd[RW1]))
			wrong("file %d: fsync: %s", i, strerror(errno));
		check_lower(f);
		for (k = 0; k < FDS; k++)
			if (f->fd[k] >= 0 && close(f->fd[k]))
				wrong("file %d: close: %s", i, strerror(errno));
		check_lower(f);
		if (unlink(f->path))
			wrong("file %d: unlink: %s", i, strerror(errno));
	}
}

static long number(const char *text)
{
	char *tail;
	long n = strtol(text, &tail, 0);

	if (*tail || n <= 0) {
		fprintf(stderr, "fsmodel: '%s' is not a number above 0\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *lower = NULL;
	long count = 20000;
	struct timespec now;
	int c;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	while ((c = getopt(argc, argv, "n:s:m:l:x:v")) != -1) {
		switch (c) {
		case 'n': count = number(optarg); break;
		case 's': seed = number(optarg); break;
		case 'm': max_size = aligned(number(optarg) + ALIGN - 1); break;
		case 'l': lower = optarg; break;
		case 'x': left_out = optarg; break;
		case 'v': verbose = true; break;
		default: optind = argc;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: fsmodel [-n OPS] [-s SEED] [-m BYTES] [-l LOWER] [-x OPS] [-v] DIR\n");
		return 2;
	}
	state = seed;
	begin(argv[optind], lower);

	while (op_nr < count) {
		struct file *f = &files[below(FILES)];
		const struct op *op = choose();

		history[op_nr % HISTORY][0] = '\0';
		if (!is_left_out(op->name))
			op->run(f);
		if (!history[op_nr % HISTORY][0])
			continue;
		if (below(2))
			check_stat(f);
		op_nr++;
		if (op_nr % 500 == 0)
			check_all(f);
		if (op_nr % 5000 == 0) {
			printf("fsmodel: %ld\n", op_nr);
			fflush(stdout);
		}
	}
	end();
	printf("fsmodel: %ld operations, all as they should be\n", op_nr);
	return 0;
}
