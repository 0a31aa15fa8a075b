// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server whose INIT reply is made of its arguments, and a client that finds
 * out what the kernel made of it.
 *
 *	rawinit DIR [NAME=VALUE ...]
 *
 * The names are those of struct fuse_init_out, where flags takes 64 bits, and
 *	len		bytes of the reply (64)
 *	error		an errno as reply instead
 *	again		major of the reply to a second INIT (7)
 *	options		more mount options
 * Prints NAME=VALUE lines: the request as it came, how often it came, the
 * errno of statfs, the largest WRITE and READ, what was left of a time of
 * 123456789 ns, whether a backing file could be registered, whether what older
 * minors send shorter had the length of the minor that was answered.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include "rawserve.h"

#define FILE_ID		2
#define TEST_BYTES	(2 << 20)
#define TEST_NSEC	123456789
#define CLIENT_SECONDS	60

static struct {
	struct fuse_init_out	out;
	unsigned long long	flags;
	unsigned int		len;
	unsigned int		error;
	unsigned int		again;
	const char		*options;
} give = {
	.out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 131072,
		.max_write = 131072,
	},
	.len = sizeof(struct fuse_init_out),
	.again = FUSE_KERNEL_VERSION,
};

static struct {
	unsigned int	inits;
	unsigned int	max_write;
	unsigned int	max_read;
	unsigned int	nsec;
	const char	*write_layout, *mknod_layout, *create_layout;
	unsigned int	rename2;
} seen = { .write_layout = "-", .mknod_layout = "-", .create_layout = "-" };

#define OUT(name)	{ #name, &give.out.name, sizeof(give.out.name) }

static const struct {
	const char	*name;
	void		*at;
	size_t		size;
} args[] = {
	OUT(major), OUT(minor), OUT(max_readahead), OUT(max_background),
	OUT(congestion_threshold), OUT(max_write), OUT(time_gran),
	OUT(max_pages), OUT(max_stack_depth),
	{ "flags", &give.flags, sizeof(give.flags) },
	{ "len", &give.len, sizeof(give.len) },
	{ "error", &give.error, sizeof(give.error) },
	{ "again", &give.again, sizeof(give.again) },
};

static void take_arg(char *arg)
{
	char *value = strchr(arg, '=');
	unsigned long long v;
	char *end;
	size_t i;

	if (!value) {
		fprintf(stderr, "rawinit: %s: not NAME=VALUE\n", arg);
		exit(2);
	}
	*value++ = '\0';
	if (!strcmp(arg, "options")) {
		give.options = value;
		return;
	}
	v = strtoull(value, &end, 0);
	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		if (strcmp(arg, args[i].name) || *end)
			continue;
		/* Little endian, as all machines of the lab. */
		memcpy(args[i].at, &v, args[i].size);
		return;
	}
	fprintf(stderr, "rawinit: %s=%s: no such name, or not a number\n", arg,
		value);
	exit(2);
}

static void on_init(struct raw *r)
{
	const struct fuse_init_in *in = r->arg;
	unsigned char reply[256] = {};

	seen.inits++;
	if (seen.inits == 1)
		printf("in_major=%u\nin_minor=%u\nin_flags=0x%llx\nin_max_readahead=%u\n",
		       in->major, in->minor,
		       in->flags | (unsigned long long)in->flags2 << 32,
		       in->max_readahead);
	else
		give.out.major = give.again;

	give.out.flags = give.flags;
	give.out.flags2 = give.flags >> 32;
	memcpy(reply, &give.out, sizeof(give.out));
	r->minor = give.out.minor;
	if (give.error)
		raw_reply(r, give.error, NULL, 0);
	else
		printf("reply=%s\n",
		       raw_error(-raw_reply(r, 0, reply, give.len)));
}

static void fill_attr(struct fuse_attr *attr, uint64_t node)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = node;
	attr->nlink = 1;
	attr->mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
	attr->size = node == FUSE_ROOT_ID ? 0 : TEST_BYTES;
	attr->blksize = 4096;
}

/* @name stands behind @older bytes before @minor, else behind @newer. */
static const char *layout(const struct raw *r, unsigned int minor, size_t older,
			  size_t newer, const char *name)
{
	size_t head = r->minor < minor ? older : newer;

	if (r->head->len != sizeof(*r->head) + head + strlen(name) + 1)
		return "another length";
	return strcmp((char *)r->arg + head, name) ? "another name" : "OK";
}

static const char *write_layout(const struct raw *r)
{
	const struct fuse_write_in *in = r->arg;
	size_t head = r->minor < 9 ? FUSE_COMPAT_WRITE_IN_SIZE : sizeof(*in);

	return r->head->len == sizeof(*r->head) + head + in->size ? "OK" :
	       "another length";
}

static void answer(struct raw *r)
{
	static char zeros[TEST_BYTES];
	union {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct fuse_attr attr;
	} out;

	memset(&out, 0, sizeof(out));
	switch (r->head->opcode) {
	case FUSE_INIT:
		on_init(r);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_LOOKUP:
		if (strcmp(r->arg, "f")) {
			raw_reply(r, ENOENT, NULL, 0);
			break;
		}
		out.entry.nodeid = FILE_ID;
		fill_attr(&out.entry.attr, FILE_ID);
		raw_reply_entry(r, &out.entry);
		break;
	case FUSE_SETATTR:
		seen.nsec = ((struct fuse_setattr_in *)r->arg)->mtimensec;
		/* fall through */
	case FUSE_GETATTR:
		fill_attr(&out.attr, r->head->nodeid);
		raw_reply_attr(r, &out.attr);
		break;
	case FUSE_STATFS:
		out.statfs.st.blocks = 100;
		out.statfs.st.bsize = 4096;
		out.statfs.st.frsize = 4096;
		raw_reply(r, 0, &out.statfs, r->minor < 4 ?
			  FUSE_COMPAT_STATFS_SIZE : sizeof(out.statfs));
		break;
	case FUSE_OPEN:
		out.open.fh = 1;
		out.open.open_flags = FOPEN_DIRECT_IO;
		raw_reply(r, 0, &out.open, sizeof(out.open));
		break;
	case FUSE_WRITE:
		out.write.size = ((struct fuse_write_in *)r->arg)->size;
		seen.write_layout = write_layout(r);
		if (out.write.size > seen.max_write)
			seen.max_write = out.write.size;
		raw_reply(r, 0, &out.write, sizeof(out.write));
		break;
	case FUSE_READ: {
		const struct fuse_read_in *in = r->arg;

		if (in->size > seen.max_read)
			seen.max_read = in->size;
		raw_reply(r, 0, zeros, in->size);
		break;
	}
	case FUSE_MKNOD:
		seen.mknod_layout = layout(r, 12, FUSE_COMPAT_MKNOD_IN_SIZE,
					   sizeof(struct fuse_mknod_in), "n");
		raw_reply(r, EPERM, NULL, 0);
		break;
	case FUSE_CREATE:
		seen.create_layout = layout(r, 12, sizeof(struct fuse_open_in),
					    sizeof(struct fuse_create_in), "c");
		raw_reply(r, EPERM, NULL, 0);
		break;
	case FUSE_RENAME2:
		seen.rename2++;
		raw_reply(r, EPERM, NULL, 0);
		break;
	case FUSE_RELEASE:
		raw_reply(r, 0, NULL, 0);
		break;
	default:
		raw_reply(r, ENOSYS, NULL, 0);
	}
}

/* The server refuses all of it, having looked at it. */
static void try_names(const char *dir)
{
	char path[512], to[512];

	snprintf(path, sizeof(path), "%s/n", dir);
	printf("mknod=%s\n", raw_error(mknod(path, S_IFIFO | 0600, 0) ?
				       errno : 0));
	snprintf(path, sizeof(path), "%s/c", dir);
	printf("create=%s\n", raw_error(open(path, O_CREAT | O_RDWR, 0600) < 0 ?
					errno : 0));
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(to, sizeof(to), "%s/g", dir);
	printf("noreplace=%s\n",
	       raw_error(syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, to,
				 1) ? errno : 0));
}

/* Uses the mount; what it finds out goes straight to stdout. */
static int client(const char *dir)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT }, { .tv_sec = 1, .tv_nsec = TEST_NSEC },
	};
	char path[512], *data;
	struct statfs st;
	int fd;

	alarm(CLIENT_SECONDS);
	if (statfs(dir, &st)) {
		printf("statfs=%s\n", raw_error(errno));
		return 0;
	}
	printf("statfs=OK\nstatfs_type=0x%lx\n", (unsigned long)st.f_type);

	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		printf("open=%s\n", raw_error(errno));
		return 0;
	}
	data = calloc(1, TEST_BYTES);
	printf("write=%zd\n", write(fd, data, TEST_BYTES));
	printf("read=%zd\n", pread(fd, data, TEST_BYTES, 0));
	printf("utimens=%s\n", raw_error(futimens(fd, times) ? errno : 0));
	close(fd);
	try_names(dir);
	return 0;
}

static const char *try_backing(const struct raw *r)
{
	struct fuse_backing_map map = {};
	int id;

	map.fd = open("/etc/hostname", O_RDONLY);
	if (map.fd < 0)
		return "no file to try";
	id = ioctl(r->fd, FUSE_DEV_IOC_BACKING_OPEN, &map);
	close(map.fd);
	return raw_error(id < 0 ? errno : 0);
}

int main(int argc, char **argv)
{
	struct raw r = {};
	pid_t pid;
	int i, n = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: rawinit DIR [NAME=VALUE ...]\n");
		return 2;
	}
	for (i = 2; i < argc; i++)
		take_arg(argv[i]);
	setvbuf(stdout, NULL, _IONBF, 0);

	raw_mount(&r, argv[1], give.options);
	pid = fork();
	if (!pid)
		_exit(client(r.dir));

	while (!raw_ended(pid)) {
		n = raw_next(&r, 20);
		if (n > 0)
			answer(&r);
		else if (n < 0)
			break;
	}
	/* The client may have ended before the device was looked at again. */
	if (n >= 0) {
		n = raw_next(&r, 200);
		if (n > 0)
			answer(&r);
	}
	if (n < 0) {
		printf("device=%s\n", raw_error(-n));
		waitpid(pid, NULL, 0);
	}
	printf("inits=%u\nmax_write_seen=%u\nmax_read_seen=%u\nnsec=%u\n",
	       seen.inits, seen.max_write, seen.max_read, seen.nsec);
	printf("write_layout=%s\nmknod_layout=%s\ncreate_layout=%s\nrename2=%u\n",
	       seen.write_layout, seen.mknod_layout, seen.create_layout,
	       seen.rename2);
	printf("backing=%s\n", try_backing(&r));

	pid = raw_start_umount(&r);
	while (!raw_ended(pid))
		if (raw_next(&r, 20) > 0)
			answer(&r);
	return 0;
}
