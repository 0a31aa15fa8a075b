/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writeback: dirty pages of shared mappings on their way to the server.
 *
 * Pages are copied to private memory before they are sent and leave the
 * writeback state at once, so that neither sync(2) nor reclaim ever waits for
 * a server. What is in flight is remembered per node: readers of the range,
 * fsync, truncate and direct I/O wait for it.
 */
#ifndef FPT_WRITEBACK_H
#define FPT_WRITEBACK_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>

struct inode;
struct fpt_file;

/**
 * struct fpt_wb - writeback state of a regular file
 * @handles: opens that can write (struct fpt_file.write_link), any of which
 *	may carry a WRITE; under the node's lock
 * @in_flight: WRITEs sent or queued (private list type of writeback.c)
 * @held: > 0 while fpt_wb_hold() keeps new WRITEs from being sent
 * @parked: WRITEs waiting for @held to fall to 0
 * @wait: woken when one ends
 */
struct fpt_wb {
	struct list_head	handles;
	struct list_head	in_flight;
	struct list_head	parked;
	int			held;
	wait_queue_head_t	wait;
};

void fpt_wb_init(struct fpt_wb *wb);
void fpt_wb_add_handle(struct inode *inode, struct fpt_file *ff);
void fpt_wb_del_handle(struct inode *inode, struct fpt_file *ff);

/* Wait until no WRITE to bytes [start, end] is in flight. */
void fpt_wb_wait(struct inode *inode, loff_t start, loff_t end);
/* Write out and wait: filemap_write_and_wait_range() plus fpt_wb_wait(). */
int fpt_wb_flush(struct inode *inode, loff_t start, loff_t end);

/* Around truncate: no WRITE is in flight or sent in between. Inode locked. */
void fpt_wb_hold(struct inode *inode);
void fpt_wb_unhold(struct inode *inode);

#endif
