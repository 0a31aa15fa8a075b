/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, /sys/kernel/tracing/events/fuse_pt: requests, backing files and
 * passthrough I/O. "dev" is the mount's st_dev everywhere. One that is off
 * costs a jump that is not taken; its arguments are at hand where it stands.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fuse_pt

#if !defined(FPT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FPT_TRACE_H

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/tracepoint.h>
#include <linux/fuse_pt_protocol.h>
#include "backing.h"
#include "conn.h"
#include "opcodes.h"
#include "queue.h"
#include "stats.h"

#define fpt_trace_enum(OP, op_name)	TRACE_DEFINE_ENUM(FUSE_##OP);
#define fpt_trace_op(OP, op_name)	{ FUSE_##OP, #op_name },
#define fpt_trace_last(OP, op_name)	{ FUSE_##OP, #op_name }
#define fpt_show_op(op) \
	__print_symbolic(op, FPT_OPCODES(fpt_trace_op, fpt_trace_last))

FPT_OPCODES(fpt_trace_enum, fpt_trace_enum)

/* Queued for the server. One that is sent to it once more starts once. */
TRACE_EVENT(fpt_request_start,
	TP_PROTO(const struct fpt_conn *conn, const struct fpt_req *req),
	TP_ARGS(conn, req),
	TP_STRUCT__entry(
		__field(dev_t,	dev)
		__field(u32,	op)
		__field(u32,	len)
		__field(u64,	unique)
		__field(u64,	node)
	),
	TP_fast_assign(
		__entry->dev = conn->dev;
		__entry->op = req->in.opcode;
		__entry->len = req->in.len;
		__entry->unique = req->in.unique;
		__entry->node = req->in.nodeid;
	),
	TP_printk("dev=%u:%u unique=%llu op=%s node=%llu len=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->unique,
		  fpt_show_op(__entry->op), __entry->node, __entry->len)
);

/* Answered, or given up; "orphan" if its caller had been killed before. */
TRACE_EVENT(fpt_request_end,
	TP_PROTO(const struct fpt_conn *conn, const struct fpt_req *req,
		 int error),
	TP_ARGS(conn, req, error),
	TP_STRUCT__entry(
		__field(dev_t,	dev)
		__field(u32,	op)
		__field(int,	error)
		__field(bool,	orphan)
		__field(u64,	unique)
	),
	TP_fast_assign(
		__entry->dev = conn->dev;
		__entry->op = req->in.opcode;
		__entry->error = error;
		__entry->orphan = !req->call;
		__entry->unique = req->in.unique;
	),
	TP_printk("dev=%u:%u unique=%llu op=%s error=%d%s",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->unique,
		  fpt_show_op(__entry->op), __entry->error,
		  __entry->orphan ? " orphan" : "")
);

DECLARE_EVENT_CLASS(fpt_backing_id,
	TP_PROTO(const struct fpt_conn *conn, u32 id, const struct inode *lower),
	TP_ARGS(conn, id, lower),
	TP_STRUCT__entry(
		__field(dev_t,	dev)
		__field(dev_t,	lower_dev)
		__field(u32,	id)
		__field(u64,	lower_ino)
	),
	TP_fast_assign(
		__entry->dev = conn->dev;
		__entry->lower_dev = lower->i_sb->s_dev;
		__entry->id = id;
		__entry->lower_ino = lower->i_ino;
	),
	TP_printk("dev=%u:%u id=%u lower=%u:%u:%llu",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->id,
		  MAJOR(__entry->lower_dev), MINOR(__entry->lower_dev),
		  __entry->lower_ino)
);

/* An id is given out, */
DEFINE_EVENT(fpt_backing_id, fpt_backing_open,
	TP_PROTO(const struct fpt_conn *conn, u32 id, const struct inode *lower),
	TP_ARGS(conn, id, lower)
);

/* and names nothing any more. */
DEFINE_EVENT(fpt_backing_id, fpt_backing_close,
	TP_PROTO(const struct fpt_conn *conn, u32 id, const struct inode *lower),
	TP_ARGS(conn, id, lower)
);

DECLARE_EVENT_CLASS(fpt_passthrough_file,
	TP_PROTO(const struct fpt_conn *conn, const struct inode *inode, u32 id,
		 unsigned int flags),
	TP_ARGS(conn, inode, id, flags),
	TP_STRUCT__entry(
		__field(dev_t,		dev)
		__field(u32,		id)
		__field(unsigned int,	flags)
		__field(u64,		ino)
	),
	TP_fast_assign(
		__entry->dev = conn->dev;
		__entry->id = id;
		__entry->flags = flags;
		__entry->ino = inode->i_ino;
	),
	TP_printk("dev=%u:%u ino=%llu id=%u flags=%#x",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->id, __entry->flags)
);

/* A file of the mount has its backing file open, flags: O_* of it, */
DEFINE_EVENT(fpt_passthrough_file, fpt_passthrough_open,
	TP_PROTO(const struct fpt_conn *conn, const struct inode *inode, u32 id,
		 unsigned int flags),
	TP_ARGS(conn, inode, id, flags)
);

/* and gives it up. */
DEFINE_EVENT(fpt_passthrough_file, fpt_passthrough_close,
	TP_PROTO(const struct fpt_conn *conn, const struct inode *inode, u32 id,
		 unsigned int flags),
	TP_ARGS(conn, inode, id, flags)
);

#define fpt_trace_io_names	\
	{ FPT_IO_THROUGH_READ,		"read" },		\
	{ FPT_IO_THROUGH_WRITE,		"write" },		\
	{ FPT_IO_THROUGH_SPLICE_READ,	"splice_read" },	\
	{ FPT_IO_THROUGH_SPLICE_WRITE,	"splice_write" },	\
	{ FPT_IO_THROUGH_MMAP,		"mmap" },		\
	{ FPT_IO_THROUGH_COPY,		"copy" },		\
	{ FPT_IO_THROUGH_CLONE,		"clone" },		\
	{ FPT_IO_THROUGH_FALLOCATE,	"fallocate" },		\
	{ FPT_IO_THROUGH_FSYNC,		"fsync" }

TRACE_DEFINE_ENUM(FPT_IO_THROUGH_READ);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_WRITE);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_SPLICE_READ);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_SPLICE_WRITE);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_MMAP);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_COPY);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_CLONE);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_FALLOCATE);
TRACE_DEFINE_ENUM(FPT_IO_THROUGH_FSYNC);

/*
 * A call on a backing file, synchronous or not, ended with @ret: bytes moved, or
 * an error. @end is the position after it. Of a copy or clone all of it is about
 * the file that changes.
 */
TRACE_EVENT(fpt_passthrough_io,
	TP_PROTO(const struct inode *inode, int what, loff_t end, ssize_t ret),
	TP_ARGS(inode, what, end, ret),
	TP_STRUCT__entry(
		__field(dev_t,	dev)
		__field(int,	what)
		__field(u64,	ino)
		__field(s64,	pos)
		__field(s64,	ret)
	),
	TP_fast_assign(
		__entry->dev = inode->i_sb->s_dev;
		__entry->what = what;
		__entry->ino = inode->i_ino;
		__entry->pos = ret > 0 ? end - ret : end;
		__entry->ret = ret;
	),
	TP_printk("dev=%u:%u ino=%llu op=%s pos=%lld ret=%lld",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __print_symbolic(__entry->what, fpt_trace_io_names),
		  __entry->pos, __entry->ret)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
