// SPDX-License-Identifier: GPL-2.0-only
/*
 * The nodes: a hash table in shards, each with its own lock and growing by
 * itself, so that lookups of unrelated inodes do not meet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "forgotten.h"
#include "loopback.h"

#define SHARDS 64		/* a power of two */
#define FIRST_BUCKETS 64	/* a power of two */

static struct shard {
	pthread_mutex_t lock;
	struct node **buckets;
	size_t nr_buckets;
	size_t count;
} shards[SHARDS];

static _Atomic(uint64_t) last_generation;

static uint64_t mix(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 32;
	return x;
}

static uint64_t hash_key(const struct node_key *key)
{
	return mix(mix(mix(key->dev) ^ key->mount) ^ key->ino);
}

static struct shard *shard_of(uint64_t hash)
{
	return &shards[hash & (SHARDS - 1)];
}

static struct node **bucket_of(struct shard *s, uint64_t hash)
{
	return &s->buckets[(hash / SHARDS) & (s->nr_buckets - 1)];
}

static bool same_key(const struct node_key *a, const struct node_key *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->mount == b->mount;
}

uint64_t shown_ino(struct loopback *lo, uint64_t dev, uint64_t ino)
{
	/* All is one device to the kernel, but what is mounted below is not. */
	if (dev == lo->root->key.dev)
		return ino;
	return ino ^ (mix(dev) & 0xffff000000000000ULL);
}

static int read_attrs(int fd, const char *name, struct node_key *key,
		      struct stat *st)
{
	struct statx x;

	if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW |
		  AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, &x))
		return errno;
	key->dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	key->ino = x.stx_ino;
	key->mount = x.stx_mask & STATX_MNT_ID ? x.stx_mnt_id : 0;
	*st = (struct stat) {
		.st_dev = key->dev,
		.st_ino = x.stx_ino,
		.st_mode = x.stx_mode,
		.st_nlink = x.stx_nlink,
		.st_uid = x.stx_uid,
		.st_gid = x.stx_gid,
		.st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor),
		.st_size = x.stx_size,
		.st_blksize = x.stx_blksize,
		.st_blocks = x.stx_blocks,
		.st_atim = { x.stx_atime.tv_sec, x.stx_atime.tv_nsec },
		.st_mtim = { x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec },
		.st_ctim = { x.stx_ctime.tv_sec, x.stx_ctime.tv_nsec },
	};
	return 0;
}

int node_stat(struct loopback *lo, struct node *node, struct stat *st)
{
	struct node_key key;
	int err = read_attrs(node->fd, "", &key, st);

	if (!err)
		st->st_ino = shown_ino(lo, key.dev, key.ino);
	return err;
}

static struct node *find(struct shard *s, uint64_t hash,
			 const struct node_key *key)
{
	struct node *n;

	for (n = *bucket_of(s, hash); n; n = n->next)
		if (same_key(&n->key, key))
			return n;
	return NULL;
}

/* The node of @key with one more lookup, when the kernel knows one. */
static struct node *get(const struct node_key *key)
{
	uint64_t hash = hash_key(key);
	struct shard *s = shard_of(hash);
	struct node *n;

	pthread_mutex_lock(&s->lock);
	n = find(s, hash, key);
	if (n && n->lookups)
		n->lookups++;
	else
		n = NULL;
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* Short chains are worth a rehash; without memory for it long ones will do. */
static void grow(struct shard *s)
{
	size_t i, nr = s->nr_buckets * 2;
	struct node **old = s->buckets, **more = calloc(nr, sizeof(*more));
	size_t nr_old = s->nr_buckets;

	if (!more)
		return;
	s->buckets = more;
	s->nr_buckets = nr;
	for (i = 0; i < nr_old; i++) {
		struct node *n = old[i];

		while (n) {
			struct node *next = n->next;
			struct node **b = bucket_of(s, hash_key(&n->key));

			n->next = *b;
			*b = n;
			n = next;
		}
	}
	free(old);
}

static struct node *new_node(int fd, const struct node_key *key, mode_t mode)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->key = *key;
	n->generation = ++last_generation;
	n->lookups = 1;
	n->fd = fd;
	n->type = mode & S_IFMT;
	pthread_mutex_init(&n->lock, NULL);
	return n;
}

static void free_node(struct node *n)
{
	if (n->fd >= 0)
		close(n->fd);
	free(n->handle);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static void insert(struct shard *s, uint64_t hash, struct node *n)
{
	struct node **b;

	if (s->count >= s->nr_buckets)
		grow(s);
	b = bucket_of(s, hash);
	n->next = *b;
	*b = n;
	s->count++;
}

static void take_out(struct shard *s, uint64_t hash, struct node *n)
{
	struct node **at = bucket_of(s, hash);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	s->count--;
}

/* The kernel knows the kept @n again, by descriptor @fd. */
static void wake(struct loopback *lo, struct node *n, int fd)
{
	forgotten_drop(lo, n);
	n->fd = fd;
	n->lookups = 1;
}

/*
 * The node for O_PATH descriptor @fd, which it takes over. Another thread may
 * have come first with the same inode: then there is one node, and it wins. One
 * that the kernel had forgotten wins too, when it is that inode.
 */
static int adopt(struct loopback *lo, int fd, const struct node_key *key,
		 mode_t mode, struct node **node)
{
	uint64_t hash = hash_key(key);
	struct shard *s = shard_of(hash);
	struct node *n, *gone = NULL, *fresh = new_node(fd, key, mode);
	int err;

	if (!fresh) {
		close(fd);
		return ENOMEM;
	}
	forgotten_lock(lo);
	pthread_mutex_lock(&s->lock);
	n = find(s, hash, key);
	if (n && !n->lookups && !forgotten_is(n, fd)) {
		take_out(s, hash, n);
		forgotten_drop(lo, n);
		ids_remove(lo, n);
		gone = n;
		n = NULL;
	}
	err = n ? 0 : ids_add(lo, fresh);
	if (n && n->lookups) {
		n->lookups++;
	} else if (n) {
		wake(lo, n, fd);
		fresh->fd = -1;
	} else if (!err) {
		n = fresh;
		insert(s, hash, n);
	}
	pthread_mutex_unlock(&s->lock);
	forgotten_unlock(lo);
	if (gone)
		free_node(gone);
	if (n != fresh)
		free_node(fresh);
	*node = n;
	return err;
}

int node_lookup(struct loopback *lo, struct node *parent, const char *name,
		struct node **node, struct stat *st)
{
	struct node_key key;
	int fd, err = check_name(name);

	if (!err)
		err = read_attrs(parent->fd, name, &key, st);
	if (err)
		return err;
	/* A node that is there needs no descriptor: its own holds the inode. */
	*node = get(&key);
	if (!*node) {
		fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno;
		err = read_attrs(fd, "", &key, st);
		if (err) {
			close(fd);
			return err;
		}
		err = adopt(lo, fd, &key, st->st_mode, node);
		if (err)
			return err;
	}
	st->st_ino = shown_ino(lo, key.dev, key.ino);
	return 0;
}

int node_from_fd(struct loopback *lo, int fd, struct node **node,
		 struct stat *st)
{
	struct node_key key;
	int path_fd, err = read_attrs(fd, "", &key, st);

	if (err)
		return err;
	*node = get(&key);
	if (!*node) {
		path_fd = reopen(lo, fd, O_PATH);
		if (path_fd < 0)
			return -path_fd;
		err = adopt(lo, path_fd, &key, st->st_mode, node);
		if (err)
			return err;
	}
	st->st_ino = shown_ino(lo, key.dev, key.ino);
	return 0;
}

int node_again(struct loopback *lo, struct node *node, struct stat *st)
{
	struct shard *s = shard_of(hash_key(&node->key));
	int err = node_stat(lo, node, st);

	if (err)
		return err;
	pthread_mutex_lock(&s->lock);
	node->lookups++;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int node_by_id(struct loopback *lo, uint64_t id, struct node **node,
	       struct stat *st)
{
	struct node *n;
	struct shard *s;
	int fd, err = 0;

	forgotten_lock(lo);
	n = ids_find(id);
	if (!n) {
		forgotten_unlock(lo);
		return ESTALE;
	}
	s = shard_of(hash_key(&n->key));
	pthread_mutex_lock(&s->lock);
	if (n->lookups) {
		n->lookups++;
	} else {
		fd = forgotten_open(lo, n);
		if (fd < 0)
			err = -fd;
		else
			wake(lo, n, fd);
	}
	pthread_mutex_unlock(&s->lock);
	forgotten_unlock(lo);
	if (err)
		return err;
	err = node_stat(lo, n, st);
	if (err)
		node_forget(lo, n, 1);
	*node = n;
	return err;
}

/*
 * Is the directory @fd in the source? It can have been moved out, by whoever
 * may, while the kernel or a client kept hold of what is below.
 */
static int check_inside(struct loopback *lo, int fd)
{
	struct node_key key, last = { 0 };
	struct stat st;
	int up, at = fd, err;

	for (;;) {
		err = read_attrs(at, "", &key, &st);
		if (err || same_key(&key, &lo->root->key))
			break;
		/* The top is above itself. */
		if (same_key(&key, &last)) {
			err = ESTALE;
			break;
		}
		last = key;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0) {
			err = errno;
			break;
		}
		if (at != fd)
			close(at);
		at = up;
	}
	if (at != fd)
		close(at);
	return err;
}

int node_parent(struct loopback *lo, struct node *dir, struct node **node,
		struct stat *st)
{
	struct node_key key;
	int fd, err;

	if (dir == lo->root)
		return node_again(lo, *node = dir, st);
	fd = openat(dir->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = check_inside(lo, fd);
	if (!err)
		err = read_attrs(fd, "", &key, st);
	if (err) {
		close(fd);
		return err;
	}
	st->st_ino = shown_ino(lo, key.dev, key.ino);
	return adopt(lo, fd, &key, st->st_mode, node);
}

/* One node more may be kept than shall be. */
static void forget_surplus(struct loopback *lo)
{
	struct node *n = forgotten_surplus(lo);
	struct shard *s;

	if (!n)
		return;
	s = shard_of(hash_key(&n->key));
	pthread_mutex_lock(&s->lock);
	take_out(s, hash_key(&n->key), n);
	pthread_mutex_unlock(&s->lock);
	forgotten_drop(lo, n);
	ids_remove(lo, n);
	free_node(n);
}

void node_forget(struct loopback *lo, struct node *node, uint64_t count)
{
	uint64_t hash = hash_key(&node->key);
	struct shard *s = shard_of(hash);
	bool last;

	if (node == lo->root)
		return;
	forgotten_lock(lo);
	pthread_mutex_lock(&s->lock);
	node->lookups -= count < node->lookups ? count : node->lookups;
	if (!node->lookups) {
		/* With its inode the kernel forgot that. */
		pthread_mutex_lock(&node->lock);
		node->bound = false;
		pthread_mutex_unlock(&node->lock);
	}
	last = !node->lookups && !forgotten_keep(lo, node);
	if (last) {
		take_out(s, hash, node);
		ids_remove(lo, node);
	}
	pthread_mutex_unlock(&s->lock);
	forget_surplus(lo);
	forgotten_unlock(lo);
	if (last)
		free_node(node);
}

int nodes_init(struct loopback *lo, int fd)
{
	struct node_key key;
	struct stat st;
	uint32_t start;
	int err;

	for (size_t i = 0; i < SHARDS; i++) {
		shards[i].buckets = calloc(FIRST_BUCKETS, sizeof(struct node *));
		if (!shards[i].buckets)
			return ENOMEM;
		shards[i].nr_buckets = FIRST_BUCKETS;
		pthread_mutex_init(&shards[i].lock, NULL);
	}
	err = read_attrs(fd, "", &key, &st);
	if (err)
		return err;
	/* What another server gave out shall not be taken for ours. */
	if (getrandom(&start, sizeof(start), 0) == sizeof(start))
		last_generation = start;
	return adopt(lo, fd, &key, st.st_mode, &lo->root);
}

void nodes_destroy(struct loopback *lo)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &shards[i];

		for (size_t b = 0; b < s->nr_buckets; b++) {
			while (s->buckets[b]) {
				struct node *n = s->buckets[b];

				s->buckets[b] = n->next;
				free_node(n);
			}
		}
		free(s->buckets);
		s->buckets = NULL;
		s->nr_buckets = 0;
		s->count = 0;
		pthread_mutex_destroy(&s->lock);
	}
	lo->root = NULL;
}
