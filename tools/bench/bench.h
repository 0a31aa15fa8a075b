/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fusept-bench: what an operation costs on several mounts of one directory.
 */
#ifndef FUSEPT_BENCH_H
#define FUSEPT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_MAX_SETUPS	8
#define BENCH_MAX_ROUNDS	64

struct json_object;

/**
 * struct samples - one cell's figures, one per round
 * @v: the figures; unit of the row's kind
 * @n: how many
 */
struct samples {
	double	v[BENCH_MAX_ROUNDS];
	int	n;
};

void samples_add(struct samples *s, double v);
double samples_median(const struct samples *s);
/* Half of max - min, as a share of the median; 0 with one sample. */
double samples_spread(const struct samples *s);

/**
 * struct setup - one way to reach the directory below
 * @name: as given with --setup
 * @title: column head
 * @root: mount point, or the user's directory
 * @work: directory the operations run in
 * @mounted: we mounted @root and unmount it
 * @made_root: we made @root and remove it
 * @made_work: we made @work and remove it
 */
struct setup {
	char	name[32];
	char	title[32];
	char	*root;
	char	*work;
	bool	mounted;
	bool	made_root;
	bool	made_work;
};

/**
 * struct bench - a whole run
 * @lower: directory below; @lower_mounted: a tmpfs of ours
 * @scratch: our own directory in $TMPDIR, holding mount points
 * @server: loopback server, a name in PATH or a path
 * @server_opts: further -o options for it, or NULL
 * @instructions: the clock counts instructions (lab run --icount)
 */
struct bench {
	char		*lower;
	bool		lower_mounted;
	char		*scratch;
	const char	*server;
	const char	*server_opts;
	bool		instructions;
	int		rounds;
	double		scale;
	struct setup	setups[BENCH_MAX_SETUPS];
	int		nr_setups;
};

/* setup.c */
int setups_begin(struct bench *b);
/*
 * setup_add() - mount and prepare one set-up: a standard name, or NAME=DIR.
 * Return: 0; 1 if this kernel cannot do it (said on stderr); -1 on error.
 */
int setup_add(struct bench *b, const char *spec);
void setups_end(struct bench *b);
extern const char *const setup_standard[];

/**
 * struct op - one operation of the op-cost loop
 * @name: stable name, for --rows, --limit and JSON
 * @title: row head
 * @calls: calls in one chunk at scale 1
 * @once: before each chunk, outside the timed part; may be NULL
 * @run: one call; @i counts up over the whole measurement. False on failure,
 *	with errno; EOPNOTSUPP if the file system does not have it
 */
struct op_state;
struct op {
	const char	*name;
	const char	*title;
	int		calls;
	bool		(*once)(struct op_state *st);
	bool		(*run)(struct op_state *st, long i);
};

extern const struct op ops[];
extern const int nr_ops;

/*
 * op_measure() - cost of @op in directory @dir, ns of CLOCK_MONOTONIC a call:
 * the cheapest of several chunks. Return: < 0 on failure, reason in errno.
 */
double op_measure(const struct op *op, const char *dir, double scale);

/**
 * struct fio_row - one throughput row
 */
struct fio_row {
	const char	*name;
	const char	*title;
	const char	*rw;
	const char	*bs;
};

/**
 * struct fio_params - what is alike in all rows, in fio's words
 * @depth: calls in flight of a job, where @engine can
 * @seconds: of one measurement
 * @shared: all jobs use one file
 */
struct fio_params {
	const char	*engine;
	const char	*size;
	int		jobs;
	int		depth;
	int		seconds;
	bool		direct;
	bool		shared;
};

extern const struct fio_row fio_rows[];
extern const int nr_fio_rows;

/* Is fio there to be run? */
bool fio_found(void);
/* fio_measure() - I/O operations a second; < 0 on failure (said on stderr). */
double fio_measure(const struct fio_row *row, const struct fio_params *p,
		   const char *dir);

/*
 * app_measure() - what an application's "run" takes in a fresh directory of
 * @dir, in ms; < 0 on failure (said on stderr). @app: one of ours by name, or
 * the path of an executable.
 */
double app_measure(const char *app, const char *dir);
/* The names of ours, @max at most. Return: how many. */
int apps_ours(const char **names, int max);

/**
 * struct table - figures of one kind: a row an operation, a column a set-up
 * @kind: "cost", "application" (lower is better) or "throughput" (higher is)
 */
struct table {
	const char		*kind;
	const char		*unit;
	bool			higher_is_better;
	int			nr_rows;
	const char		**names;
	const char		**titles;
	struct samples		(*cells)[BENCH_MAX_SETUPS];
};

int table_init(struct table *t, int max_rows);
void table_free(struct table *t);
void table_print(const struct table *t, const struct bench *b);
struct json_object *table_json(const struct table *t, const struct bench *b);
/*
 * Those of @tables, which NULL ends, that have rows; @complete: all rounds were run.
 * 0, or said on stderr.
 */
int report_json(const struct bench *b, const struct table *const tables[],
		bool complete, const char *file);

/**
 * limit_check() - hold a table to "ROW:SETUP/SETUP<=N" or ">=N"
 * ROW may be a glob: every such row that has both columns. Prints a line for
 * each.
 * Return: 0 held, 1 broken, -1 not understood or nothing to hold it to.
 */
int limit_check(const struct table *t, const struct bench *b, const char *limit);

/* stop_begin() - from here on a signal to end is only noted. */
void stop_begin(void);
/* That signal; 0 while there was none. */
int stop_signal(void);

/* Run a command, no shell. Return: its exit status, or -1. */
int run_command(const char *const argv[]);

#endif
