/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOOPBACK_NODE_H
#define LOOPBACK_NODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct loopback;

/* What makes two names the same inode of the source. */
struct node_key {
	uint64_t dev;
	uint64_t ino;
	uint64_t mount;	/* a bind mount shows an inode once more */
};

/*
 * An inode the kernel knows. It lives from the reply that tells the kernel of
 * it until the kernel forgets it as often as it was told; its descriptor keeps
 * the inode number from being used again meanwhile. The kernel sends no request
 * for a node after its last forget; but for lookups of "." where it is promised
 * that they work, and then the node may be kept without a descriptor
 * (forgotten.h). Its id is its address.
 */
struct node {
	struct node *next;	/* in the hash chain, under the shard's lock */
	struct node_key key;
	uint64_t generation;	/* a node's address comes back, this does not */
	uint64_t lookups;	/* what the kernel has to forget; shard's lock */
	int fd;			/* O_PATH | O_NOFOLLOW; -1 without lookups */
	mode_t type;

	struct file_handle *handle;	/* without lookups, forgotten_lock() */
	struct node *older, *newer;	/* of those without */

	pthread_mutex_t lock;	/* of the rest */
	unsigned int through_opens;	/* handles with the I/O in the kernel */
	unsigned int served_opens;	/* handles with the I/O here */
	int backing_id;			/* while through_opens is not 0 */
	bool bound;			/* the kernel opens it by itself */
	uint32_t bound_flags;		/* and so it was told */
	bool seen;			/* the following are known */
	struct timespec seen_mtime;
	off_t seen_size;
};

/* Prepare the table, with a node for directory @fd as its root. */
int nodes_init(struct loopback *lo, int fd);
/* Forget all that is left, as at the end of the session. */
void nodes_destroy(struct loopback *lo);

/*
 * The node of @name in @parent, with one more lookup on it, and its attributes.
 * 0 or an errno.
 */
int node_lookup(struct loopback *lo, struct node *parent, const char *name,
		struct node **node, struct stat *st);
/* The same for what the ordinary descriptor @fd has open. */
int node_from_fd(struct loopback *lo, int fd, struct node **node,
		 struct stat *st);
/* One more lookup on @node, and its attributes. */
int node_again(struct loopback *lo, struct node *node, struct stat *st);
/* The same for @id, which the kernel may have forgotten, and anybody made up. */
int node_by_id(struct loopback *lo, uint64_t id, struct node **node,
	       struct stat *st);
/* The same for the directory that directory @node is in. */
int node_parent(struct loopback *lo, struct node *dir, struct node **node,
		struct stat *st);
/* Take back @count lookups; the last one ends the node. */
void node_forget(struct loopback *lo, struct node *node, uint64_t count);

/* The attributes of @node as the kernel is to see them. 0 or an errno. */
int node_stat(struct loopback *lo, struct node *node, struct stat *st);
/* The inode number shown for inode @ino of file system @dev. */
uint64_t shown_ino(struct loopback *lo, uint64_t dev, uint64_t ino);

#endif
