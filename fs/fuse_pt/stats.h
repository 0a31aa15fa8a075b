/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of a connection: what its files' data went through, and what its
 * server was asked.
 */
#ifndef FPT_STATS_H
#define FPT_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include "conn.h"

struct seq_file;

/* A data path and what is done on it; named in stats.c. */
enum fpt_stat_io {
	FPT_IO_THROUGH_READ,
	FPT_IO_THROUGH_WRITE,
	FPT_IO_THROUGH_SPLICE_READ,
	FPT_IO_THROUGH_SPLICE_WRITE,
	FPT_IO_THROUGH_MMAP,
	FPT_IO_THROUGH_COPY,
	FPT_IO_THROUGH_CLONE,	/* and deduplication */
	FPT_IO_THROUGH_FALLOCATE,
	FPT_IO_THROUGH_FSYNC,
	FPT_IO_CACHED_READ,
	FPT_IO_CACHED_WRITE,
	FPT_IO_CACHED_SPLICE_READ,
	FPT_IO_CACHED_MMAP,
	FPT_IO_DIRECT_READ,
	FPT_IO_DIRECT_WRITE,
	FPT_IO_DIRECT_MMAP,
	FPT_IO_NR
};

/**
 * struct fpt_stats - counters of one CPU (fpt_conn.stats)
 * @io: calls that were made, and bytes that they moved
 * @opens: opens of backing files that began here less those that ended here
 * @requests: what the server read, by opcode
 *
 * A CPU's own counters mean nothing; their sums do. Counting needs no lock,
 * may happen in any context and costs an addition. Where a word is 32 bits, a
 * sum that is read meanwhile may be off.
 */
struct fpt_stats {
	struct {
		u64	calls;
		u64	bytes;
	} io[FPT_IO_NR];
	u64	opens;
	u64	requests[FPT_OP_MAX];
};

/* Bytes that an asynchronous call moved, at its end. */
static inline void fpt_stat_bytes(const struct fpt_conn *conn,
				  enum fpt_stat_io what, ssize_t bytes)
{
	if (likely(bytes > 0))
		this_cpu_add(conn->stats->io[what].bytes, bytes);
}

/* A call returned: bytes, an error, or -EIOCBQUEUED. */
static inline void fpt_stat_io(const struct fpt_conn *conn,
			       enum fpt_stat_io what, ssize_t ret)
{
	this_cpu_inc(conn->stats->io[what].calls);
	fpt_stat_bytes(conn, what, ret);
}

static inline void fpt_stat_opened(const struct fpt_conn *conn)
{
	this_cpu_inc(conn->stats->opens);
}

static inline void fpt_stat_closed(const struct fpt_conn *conn)
{
	this_cpu_dec(conn->stats->opens);
}

/* The server reads a request, or a message that has no reply. */
static inline void fpt_stat_request(const struct fpt_conn *conn, u32 op)
{
	if (likely(op < FPT_OP_MAX))
		this_cpu_inc(conn->stats->requests[op]);
}

/* All of them: lines of a name, a blank and a decimal number. */
void fpt_stats_show(struct seq_file *m, const struct fpt_conn *conn);

#endif
