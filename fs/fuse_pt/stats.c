// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics: what an operator reads of them.
 *
 * The names are an interface: none changes its meaning, more may come, in any
 * place. A splice that the kernel makes of reads or writes counts as those.
 */
#include "compat/compat.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/stddef.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "opcodes.h"
#include "stats.h"

static const char * const stat_io_names[FPT_IO_NR] = {
	[FPT_IO_THROUGH_READ]		= "passthrough_read",
	[FPT_IO_THROUGH_WRITE]		= "passthrough_write",
	[FPT_IO_THROUGH_SPLICE_READ]	= "passthrough_splice_read",
	[FPT_IO_THROUGH_SPLICE_WRITE]	= "passthrough_splice_write",
	[FPT_IO_THROUGH_MMAP]		= "passthrough_mmap",
	[FPT_IO_THROUGH_COPY]		= "passthrough_copy",
	[FPT_IO_THROUGH_CLONE]		= "passthrough_clone",
	[FPT_IO_THROUGH_FALLOCATE]	= "passthrough_fallocate",
	[FPT_IO_THROUGH_FSYNC]		= "passthrough_fsync",
	[FPT_IO_CACHED_READ]		= "cached_read",
	[FPT_IO_CACHED_WRITE]		= "cached_write",
	[FPT_IO_CACHED_SPLICE_READ]	= "cached_splice_read",
	[FPT_IO_CACHED_MMAP]		= "cached_mmap",
	[FPT_IO_DIRECT_READ]		= "direct_read",
	[FPT_IO_DIRECT_WRITE]		= "direct_write",
	[FPT_IO_DIRECT_MMAP]		= "direct_mmap",
};

#define STAT_OP(OP, op_name)	{ FUSE_##OP, #op_name },

static const struct {
	u32		op;
	const char	*name;
} stat_ops[] = {
	FPT_OPCODES(STAT_OP, STAT_OP)
};

/* The sum of the counters @offset bytes into each CPU's. */
static u64 stat_sum(const struct fpt_conn *conn, size_t offset)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*(u64 *)((void *)per_cpu_ptr(conn->stats, cpu) +
					  offset));
	return sum;
}

/* What moves no bytes has no number of them. */
static bool stat_moves(enum fpt_stat_io what)
{
	return what != FPT_IO_THROUGH_FALLOCATE &&
	       what != FPT_IO_THROUGH_FSYNC;
}

void fpt_stats_show(struct seq_file *m, const struct fpt_conn *conn)
{
	int i;

	for (i = 0; i < FPT_IO_NR; i++) {
		seq_printf(m, "%s_calls %llu\n", stat_io_names[i],
			   stat_sum(conn, offsetof(struct fpt_stats, io[i].calls)));
		if (!stat_moves(i))
			continue;
		seq_printf(m, "%s_bytes %llu\n", stat_io_names[i],
			   stat_sum(conn, offsetof(struct fpt_stats, io[i].bytes)));
	}
	seq_printf(m, "backing_files %d\n", atomic_read(&conn->backings.nr));
	seq_printf(m, "backing_opens %llu\n",
		   stat_sum(conn, offsetof(struct fpt_stats, opens)));
	for (i = 0; i < ARRAY_SIZE(stat_ops); i++)
		seq_printf(m, "request_%s %llu\n", stat_ops[i].name,
			   stat_sum(conn, offsetof(struct fpt_stats,
						   requests[stat_ops[i].op])));
}
