/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOOPBACK_OPTIONS_H
#define LOOPBACK_OPTIONS_H

#include <stdbool.h>

#include <fuse_lowlevel.h>
#include <fusept.h>

enum choice { CHOICE_OFF, CHOICE_ON, CHOICE_AUTO };

enum cache_mode {
	CACHE_NEVER,	/* direct I/O, nothing is remembered */
	CACHE_AUTO,	/* an open sees what was there when it was made */
	CACHE_ALWAYS,	/* nobody else changes the source */
};

struct options {
	char *source;
	char *mountpoint;
	enum cache_mode cache;
	double timeout;			/* of names and attributes, seconds */
	enum choice passthrough;
	enum choice bound;
	enum choice xattr;
	enum choice acl;
	enum choice readdirplus;
	enum choice splice;
	enum choice writeback;
	enum choice parallel_direct_writes;
	uint32_t kernel;		/* FUSEPT_KERNEL_*, where it can */
	unsigned int stack_depth;	/* 0: look at the source */
	unsigned long export;		/* forgotten inodes that are kept */
	bool foreground;
	bool debug;
	bool single_thread;
	bool clone_fd;
	unsigned int max_threads;
	unsigned int max_idle_threads;
};

/*
 * Take the command line apart; what is libfuse's stays in @args. Returns -1
 * when the program should go on, else its exit status.
 */
int options_parse(struct options *o, struct fuse_args *args);

#endif
