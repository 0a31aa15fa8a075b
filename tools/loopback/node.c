// SPDX-License-Identifier: GPL-2.0-only
/*
 * The nodes: a hash table in shards, each with its own lock and growing by
 * itself, so that lookups of unrelated inodes do not meet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

/* The node of @key with one more lookup, when there is one. */
static struct node *get(const struct node_key *key)
{
	uint64_t hash = hash_key(key);
	struct shard *s = shard_of(hash);
	struct node *n;

	pthread_mutex_lock(&s->lock);
	n = find(s, hash, key);
	if (n)
		n->lookups++;
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
	close(n->fd);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/*
 * The node for O_PATH descriptor @fd, which it takes over. Another thread may
 * have come first with the same inode: then there is one node, and it wins.
 */
static int adopt(int fd, const struct node_key *key, mode_t mode,
		 struct node **node)
{
	uint64_t hash = hash_key(key);
	struct shard *s = shard_of(hash);
	struct node *n, *fresh = new_node(fd, key, mode);

	if (!fresh) {
		close(fd);
		return ENOMEM;
	}
	pthread_mutex_lock(&s->lock);
	n = find(s, hash, key);
	if (n) {
		n->lookups++;
	} else {
		struct node **b;

		if (s->count >= s->nr_buckets)
			grow(s);
		b = bucket_of(s, hash);
		n = fresh;
		n->next = *b;
		*b = n;
		s->count++;
	}
	pthread_mutex_unlock(&s->lock);
	if (n != fresh)
		free_node(fresh);
	*node = n;
	return 0;
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
		err = adopt(fd, &key, st->st_mode, node);
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
		err = adopt(path_fd, &key, st->st_mode, node);
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

void node_forget(struct loopback *lo, struct node *node, uint64_t count)
{
	uint64_t hash = hash_key(&node->key);
	struct shard *s = shard_of(hash);
	struct node **at;
	bool last;

	if (node == lo->root)
		return;
	pthread_mutex_lock(&s->lock);
	node->lookups -= count < node->lookups ? count : node->lookups;
	last = !node->lookups;
	if (last) {
		at = bucket_of(s, hash);
		while (*at != node)
			at = &(*at)->next;
		*at = node->next;
		s->count--;
	}
	pthread_mutex_unlock(&s->lock);
	if (last)
		free_node(node);
}

int nodes_init(struct loopback *lo, int fd)
{
	struct node_key key;
	struct stat st;
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
	return adopt(fd, &key, st.st_mode, &lo->root);
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
