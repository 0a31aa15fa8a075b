// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forgotten.h"
#include "loopback.h"

/* What a handle takes with the largest that the kernel makes in it. */
union any_handle {
	struct file_handle head;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static struct {
	pthread_mutex_t lock;
	int mount_fd;		/* on the mount that the handles are of */
	void *ids;		/* tree of all nodes */
	struct node *first, *last;	/* kept, the one longest first */
	size_t count;		/* of these */
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER, .mount_fd = -1 };

void forgotten_lock(struct loopback *lo)
{
	if (lo->opt.export)
		pthread_mutex_lock(&kept.lock);
}

void forgotten_unlock(struct loopback *lo)
{
	if (lo->opt.export)
		pthread_mutex_unlock(&kept.lock);
}

/* The handle of what @fd has open; 0 or an errno. */
static int take_handle(int fd, union any_handle *handle)
{
	int mount;

	handle->head.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(fd, "", &handle->head, &mount,
				 AT_EMPTY_PATH) ? errno : 0;
}

static size_t handle_size(const struct file_handle *handle)
{
	return sizeof(*handle) + handle->handle_bytes;
}

static int refuse(const struct loopback *lo, const char *why)
{
	fprintf(stderr, "fusept-loopback: option export=%lu: %s: %s\n",
		lo->opt.export, lo->opt.source, why);
	return 1;
}

int forgotten_init(struct loopback *lo, const char *source)
{
	union any_handle handle;
	int fd, err;

	if (!lo->opt.export)
		return 0;
	kept.mount_fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kept.mount_fd < 0)
		return refuse(lo, strerror(errno));
	err = take_handle(kept.mount_fd, &handle);
	if (err)
		return refuse(lo, err == EOPNOTSUPP ?
			      "its file system has no handles" : strerror(err));
	fd = open_by_handle_at(kept.mount_fd, &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return refuse(lo, errno == EPERM ?
			      "opening by handle needs CAP_DAC_READ_SEARCH" :
			      strerror(errno));
	close(fd);
	return 0;
}

static void leave(void *node)
{
}

void forgotten_destroy(struct loopback *lo)
{
	tdestroy(kept.ids, leave);
	kept.ids = NULL;
	kept.first = kept.last = NULL;
	kept.count = 0;
	if (kept.mount_fd >= 0)
		close(kept.mount_fd);
	kept.mount_fd = -1;
}

static int by_id(const void *a, const void *b)
{
	return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

int ids_add(struct loopback *lo, struct node *node)
{
	if (!lo->opt.export)
		return 0;
	return tsearch(node, &kept.ids, by_id) ? 0 : ENOMEM;
}

void ids_remove(struct loopback *lo, struct node *node)
{
	if (lo->opt.export)
		tdelete(node, &kept.ids, by_id);
}

struct node *ids_find(uint64_t id)
{
	struct node **at = tfind((void *)(uintptr_t)id, &kept.ids, by_id);

	return at ? *at : NULL;
}

bool forgotten_keep(struct loopback *lo, struct node *node)
{
	union any_handle handle;
	struct stat st;

	/* What has no name will not be there; other mounts have other handles. */
	if (!lo->opt.export || node->key.mount != lo->root->key.mount ||
	    fstatat(node->fd, "", &st, AT_EMPTY_PATH) || !st.st_nlink ||
	    take_handle(node->fd, &handle))
		return false;
	node->handle = malloc(handle_size(&handle.head));
	if (!node->handle)
		return false;
	memcpy(node->handle, &handle, handle_size(&handle.head));
	close(node->fd);
	node->fd = -1;
	node->newer = NULL;
	node->older = kept.last;
	if (kept.last)
		kept.last->newer = node;
	else
		kept.first = node;
	kept.last = node;
	kept.count++;
	return true;
}

int forgotten_open(struct loopback *lo, const struct node *node)
{
	int fd = open_by_handle_at(kept.mount_fd, node->handle,
				   O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool forgotten_is(const struct node *node, int fd)
{
	union any_handle handle;

	return !take_handle(fd, &handle) &&
	       handle_size(&handle.head) == handle_size(node->handle) &&
	       !memcmp(&handle, node->handle, handle_size(node->handle));
}

void forgotten_drop(struct loopback *lo, struct node *node)
{
	if (node->older)
		node->older->newer = node->newer;
	else
		kept.first = node->newer;
	if (node->newer)
		node->newer->older = node->older;
	else
		kept.last = node->older;
	kept.count--;
	free(node->handle);
	node->handle = NULL;
}

struct node *forgotten_surplus(struct loopback *lo)
{
	return kept.count > lo->opt.export ? kept.first : NULL;
}
