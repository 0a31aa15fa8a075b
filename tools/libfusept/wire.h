/* SPDX-License-Identifier: LGPL-2.1-only */
/* As much of the FUSE protocol as custom.c has to read and write itself. */
#ifndef FUSEPT_WIRE_H
#define FUSEPT_WIRE_H

#include <stdint.h>

#define WIRE_INIT 26

#define WIRE_WRITEBACK_CACHE (1U << 16)
#define WIRE_INIT_EXT (1U << 30)
#define WIRE_PASSTHROUGH (1ULL << 37)

#define WIRE_FOPEN_DIRECT_IO (1U << 0)
#define WIRE_FOPEN_KEEP_CACHE (1U << 1)
#define WIRE_FOPEN_NONSEEKABLE (1U << 2)
#define WIRE_FOPEN_NOFLUSH (1U << 5)
#define WIRE_FOPEN_PARALLEL_DIRECT_WRITES (1U << 6)
#define WIRE_FOPEN_PASSTHROUGH (1U << 7)

struct wire_in_header {
	uint32_t len;
	uint32_t opcode;
	uint64_t unique;
	uint64_t nodeid;
	uint32_t uid;
	uint32_t gid;
	uint32_t pid;
	uint32_t rest;
};

struct wire_out_header {
	uint32_t len;
	int32_t error;
	uint64_t unique;
};

struct wire_init_in {
	uint32_t major;
	uint32_t minor;
	uint32_t max_readahead;
	uint32_t flags;
	uint32_t flags2;
	uint32_t unused[11];
};

struct wire_init_out {
	uint32_t major;
	uint32_t minor;
	uint32_t max_readahead;
	uint32_t flags;
	uint16_t max_background;
	uint16_t congestion_threshold;
	uint32_t max_write;
	uint32_t time_gran;
	uint16_t max_pages;
	uint16_t map_alignment;
	uint32_t flags2;
	uint32_t max_stack_depth;
	uint32_t unused[6];
};

struct wire_attr {
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t atime;
	uint64_t mtime;
	uint64_t ctime;
	uint32_t atimensec;
	uint32_t mtimensec;
	uint32_t ctimensec;
	uint32_t mode;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint32_t rdev;
	uint32_t blksize;
	uint32_t flags;
};

struct wire_entry_out {
	uint64_t nodeid;
	uint64_t generation;
	uint64_t entry_valid;
	uint64_t attr_valid;
	uint32_t entry_valid_nsec;
	uint32_t attr_valid_nsec;
	struct wire_attr attr;
};

struct wire_open_out {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};

_Static_assert(sizeof(struct wire_in_header) == 40, "request header");
_Static_assert(sizeof(struct wire_init_in) == 64, "INIT request");
_Static_assert(sizeof(struct wire_init_out) == 64, "INIT reply");
_Static_assert(sizeof(struct wire_entry_out) == 128, "entry reply");
_Static_assert(sizeof(struct wire_open_out) == 16, "open reply");

#endif
