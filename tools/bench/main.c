// SPDX-License-Identifier: GPL-2.0-only
/* fusept-bench: options, and the rounds. fusept-bench(1) documents it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

enum { MAX_SPECS = 32 };

struct options {
	const char		*specs[MAX_SPECS];
	int			nr_specs;
	const char		*limits[MAX_SPECS];
	int			nr_limits;
	const char		*rows;
	const char		*json;
	const char		*apps[MAX_SPECS];
	int			nr_apps;
	bool			cost;
	bool			thru;
	bool			app;
	struct fio_params	fio;
};

static const char usage_text[] =
"usage: fusept-bench [OPTION]...\n"
"Measures one directory through several mounts, in interleaved rounds.\n"
"\n"
"  -s, --setup NAME[=DIR]  measure this set-up; repeatable, the first is the base.\n"
"                          Standard names: below, fuse, fuse-passthrough, fusept,\n"
"                          fusept-passthrough, and fusept-bound, which is not in\n"
"                          the default; any other needs its directory.\n"
"                          Default: all standard ones\n"
"  -l, --lower DIR         directory below (default: a new tmpfs)\n"
"  -S, --server CMD        loopback server (default: fusept-loopback)\n"
"  -o, --server-opts OPTS  further -o options for the server\n"
"  -m, --mode KIND         cost (per call), fio (throughput), both (default), or\n"
"                          app (applications)\n"
"  -a, --app NAME          mode app: this application, or the executable with this\n"
"                          path; repeatable (default: all of ours)\n"
"  -r, --rounds N          interleaved rounds (default: 3)\n"
"  -R, --rows PATTERNS     only rows whose name matches one of these globs,\n"
"                          separated by commas\n"
"  -x, --scale F           calls per measurement, times F (default: 1)\n"
"  -I, --instructions      the clock counts instructions (lab run --icount)\n"
"      --engine NAME       fio: I/O engine (default: psync)\n"
"      --jobs N            fio: parallel jobs (default: 1)\n"
"      --shared            fio: all jobs use one file (default: a file each)\n"
"      --depth N           fio: calls in flight of a job, where the engine can\n"
"                          (default: 1)\n"
"      --seconds N         fio: of each measurement (default: 3)\n"
"      --size SIZE         fio: file size (default: 64m)\n"
"      --direct            fio: O_DIRECT\n"
"  -j, --json FILE         write the figures as JSON too\n"
"  -L, --limit ROW:SETUP/SETUP<=N   fail when the ratio of two set-ups is past N\n"
"                          (or >=N); ROW may be a glob; repeatable\n"
"      --list              list row names and exit\n"
"  -h, --help              this text\n"
"  -V, --version           the version\n";

static bool row_wanted(const char *patterns, const char *name)
{
	char *list, *save = NULL;
	bool found = false;

	if (!patterns)
		return true;
	list = strdup(patterns);
	for (char *p = list ? strtok_r(list, ",", &save) : NULL; p && !found;
	     p = strtok_r(NULL, ",", &save))
		found = !fnmatch(p, name, 0);
	free(list);
	return found;
}

/* Row @row of @t has a figure of set-up @col: should the run end here, it is shown. */
static void add_figure(struct table *t, int row, int col, double v)
{
	samples_add(&t->cells[row][col], v);
	if (row >= t->nr_rows)
		t->nr_rows = row + 1;
}

static void progress(int round, int rounds, const char *row)
{
	fprintf(stderr, "round %d/%d  %-24s\n", round + 1, rounds, row);
}

static int measure_costs(const struct bench *b, const struct options *o,
			 struct table *t)
{
	t->kind = "cost";
	t->unit = b->instructions ? "instructions per call" : "ns per call";
	for (int round = 0; round < b->rounds; round++) {
		int row = 0;

		for (int i = 0; i < nr_ops; i++) {
			if (!row_wanted(o->rows, ops[i].name))
				continue;
			progress(round, b->rounds, ops[i].name);
			t->names[row] = ops[i].name;
			t->titles[row] = ops[i].title;
			for (int c = 0; c < b->nr_setups; c++) {
				double v;

				if (stop_signal())
					return -1;
				v = op_measure(&ops[i], b->setups[c].work, b->scale);
				if (v < 0) {
					int err = errno;

					fprintf(stderr, "fusept-bench: %s on %s: %s\n",
						ops[i].name, b->setups[c].name,
						strerror(err));
					if (err == EOPNOTSUPP)
						continue;
					return -1;
				}
				add_figure(t, row, c, v);
			}
			row++;
		}
		t->nr_rows = row;
	}
	return 0;
}

static int measure_fio(const struct bench *b, const struct options *o,
		       struct table *t)
{
	t->kind = "throughput";
	t->unit = "I/O operations per second";
	t->higher_is_better = true;
	for (int round = 0; round < b->rounds; round++) {
		int row = 0;

		for (int i = 0; i < nr_fio_rows; i++) {
			if (!row_wanted(o->rows, fio_rows[i].name))
				continue;
			progress(round, b->rounds, fio_rows[i].name);
			t->names[row] = fio_rows[i].name;
			t->titles[row] = fio_rows[i].title;
			for (int c = 0; c < b->nr_setups; c++) {
				double v;

				if (stop_signal())
					return -1;
				v = fio_measure(&fio_rows[i], &o->fio,
						b->setups[c].work);
				if (v < 0)
					return -1;
				add_figure(t, row, c, v);
			}
			row++;
		}
		t->nr_rows = row;
	}
	return 0;
}

static const char *row_of_app(const char *app)
{
	const char *slash = strrchr(app, '/');

	return slash ? slash + 1 : app;
}

static int measure_apps(const struct bench *b, const struct options *o,
			struct table *t)
{
	t->kind = "application";
	t->unit = b->instructions ? "millions of instructions" : "ms";
	for (int round = 0; round < b->rounds; round++) {
		for (int row = 0; row < o->nr_apps; row++) {
			progress(round, b->rounds, row_of_app(o->apps[row]));
			t->names[row] = t->titles[row] = row_of_app(o->apps[row]);
			for (int c = 0; c < b->nr_setups; c++) {
				double v;

				if (stop_signal())
					return -1;
				v = app_measure(o->apps[row], b->setups[c].work);
				if (v < 0)
					return -1;
				add_figure(t, row, c, v);
			}
		}
	}
	return 0;
}

static int add_setups(struct bench *b, const struct options *o)
{
	const char *const *specs = o->nr_specs ? o->specs : setup_standard;

	for (int i = 0; specs[i]; i++)
		if (stop_signal() || setup_add(b, specs[i]) < 0)
			return -1;
	if (b->nr_setups)
		return 0;
	fprintf(stderr, "fusept-bench: no set-up to measure\n");
	return -1;
}

static int check_limits(const struct bench *b, const struct options *o,
			const struct table *cost, const struct table *thru,
			const struct table *app)
{
	int worst = 0;

	for (int i = 0; i < o->nr_limits; i++) {
		bool fio = !strncmp(o->limits[i], "fio-", 4);
		int ret = limit_check(o->nr_apps ? app : fio ? thru : cost, b,
				      o->limits[i]);

		if (ret)
			worst = 1;
	}
	return worst;
}

static void say_early(void)
{
	int sig = stop_signal();

	fprintf(stderr, "fusept-bench: ended early%s%s; the figures are those until then\n",
		sig ? ": " : "", sig ? strsignal(sig) : "");
}

static int bench_run(struct bench *b, const struct options *o)
{
	struct table cost = { 0 }, thru = { 0 }, app = { 0 };
	const struct table *const tables[] = { &cost, &thru, &app, NULL };
	bool complete;
	int ret = 1;

	if (table_init(&cost, nr_ops))
		return 1;
	if (table_init(&thru, nr_fio_rows))
		goto free_cost;
	if (table_init(&app, MAX_SPECS))
		goto free_thru;
	stop_begin();
	if (setups_begin(b) || add_setups(b, o))
		goto end;
	complete = !(o->nr_apps && measure_apps(b, o, &app)) &&
		   !(o->cost && measure_costs(b, o, &cost)) &&
		   !(o->thru && measure_fio(b, o, &thru));
	if (!complete && !cost.nr_rows && !thru.nr_rows && !app.nr_rows)
		goto end;
	for (int i = 0; tables[i]; i++)
		table_print(tables[i], b);
	if (complete)
		ret = check_limits(b, o, &cost, &thru, &app);
	else
		say_early();
	if (o->json && report_json(b, tables, complete, o->json))
		ret = 1;
end:
	setups_end(b);
	table_free(&app);
free_thru:
	table_free(&thru);
free_cost:
	table_free(&cost);
	return stop_signal() ? 128 + stop_signal() : ret;
}

static void list_rows(void)
{
	for (int i = 0; i < nr_ops; i++)
		printf("%-20s %s\n", ops[i].name, ops[i].title);
	for (int i = 0; i < nr_fio_rows; i++)
		printf("%-20s %s\n", fio_rows[i].name, fio_rows[i].title);
}

/* A whole number in [min, max], or the end of the program. */
static int number(const char *opt, const char *text, long min, long max)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max) {
		fprintf(stderr, "fusept-bench: --%s %s: a whole number from %ld to %ld\n",
			opt, text, min, max);
		exit(2);
	}
	return v;
}

static double fraction(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v > 0 && v <= 1000)) {
		fprintf(stderr, "fusept-bench: --scale %s: a number above 0, at most 1000\n",
			text);
		exit(2);
	}
	return v;
}

static void keep(const char **list, int *nr, const char *opt, const char *text)
{
	if (*nr == MAX_SPECS - 1) {
		fprintf(stderr, "fusept-bench: --%s %s: given more than %d times\n", opt,
			text, MAX_SPECS - 1);
		exit(2);
	}
	list[(*nr)++] = text;
}

/* A program is called in other directories than the one that it is named from. */
static const char *app_of(const char *name)
{
	char *path;

	if (!strchr(name, '/'))
		return name;
	path = realpath(name, NULL);
	if (path)
		return path;
	fprintf(stderr, "fusept-bench: --app %s: %s\n", name, strerror(errno));
	exit(2);
}

static void set_mode(struct options *o, const char *text)
{
	o->app = !strcmp(text, "app");
	o->cost = strcmp(text, "fio") && !o->app;
	o->thru = strcmp(text, "cost") && !o->app;
	if (o->cost && o->thru && strcmp(text, "both")) {
		fprintf(stderr, "fusept-bench: --mode %s: cost, fio, both or app\n", text);
		exit(2);
	}
}

static bool has_row(const struct options *o, const char *pattern)
{
	for (int i = 0; o->cost && i < nr_ops; i++)
		if (!fnmatch(pattern, ops[i].name, 0))
			return true;
	for (int i = 0; o->thru && i < nr_fio_rows; i++)
		if (!fnmatch(pattern, fio_rows[i].name, 0))
			return true;
	return false;
}

/* A pattern that is misspelt would leave out what it was meant to measure. */
static void check_rows(const struct options *o)
{
	const char *mode = o->app ? "app" : !o->thru ? "cost" : !o->cost ? "fio" : "both";
	char *list = strdup(o->rows), *save = NULL, *pattern;
	bool any = false;

	if (!list) {
		perror("fusept-bench");
		exit(1);
	}
	for (pattern = strtok_r(list, ",", &save); pattern;
	     pattern = strtok_r(NULL, ",", &save)) {
		any = true;
		if (has_row(o, pattern))
			continue;
		fprintf(stderr, "fusept-bench: --rows %s: mode %s has no row of such a name; --list shows them\n",
			pattern, mode);
		exit(2);
	}
	free(list);
	if (any)
		return;
	fprintf(stderr, "fusept-bench: --rows '%s': names no row\n", o->rows);
	exit(2);
}

static bool fio_wanted(const struct options *o)
{
	for (int i = 0; o->thru && i < nr_fio_rows; i++)
		if (row_wanted(o->rows, fio_rows[i].name))
			return true;
	return false;
}

enum { OPT_ENGINE = 256, OPT_JOBS, OPT_SHARED, OPT_DEPTH,
       OPT_SECONDS, OPT_SIZE, OPT_DIRECT, OPT_LIST };

static const struct option long_options[] = {
	{ "setup", required_argument, NULL, 's' },
	{ "lower", required_argument, NULL, 'l' },
	{ "server", required_argument, NULL, 'S' },
	{ "server-opts", required_argument, NULL, 'o' },
	{ "mode", required_argument, NULL, 'm' },
	{ "app", required_argument, NULL, 'a' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "rows", required_argument, NULL, 'R' },
	{ "scale", required_argument, NULL, 'x' },
	{ "instructions", no_argument, NULL, 'I' },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "shared", no_argument, NULL, OPT_SHARED },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "direct", no_argument, NULL, OPT_DIRECT },
	{ "json", required_argument, NULL, 'j' },
	{ "limit", required_argument, NULL, 'L' },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static void parse(int argc, char **argv, struct bench *b, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "s:l:S:o:m:a:r:R:x:Ij:L:hV", long_options,
				NULL)) != -1) {
		switch (c) {
		case 's': keep(o->specs, &o->nr_specs, "setup", optarg); break;
		case 'L': keep(o->limits, &o->nr_limits, "limit", optarg); break;
		case 'l': b->lower = realpath(optarg, NULL);
			if (!b->lower) {
				fprintf(stderr, "fusept-bench: --lower %s: %s\n", optarg,
					strerror(errno));
				exit(2);
			}
			break;
		case 'S': b->server = optarg; break;
		case 'o': b->server_opts = optarg; break;
		case 'm': set_mode(o, optarg); break;
		case 'a': keep(o->apps, &o->nr_apps, "app", app_of(optarg)); break;
		case 'r': b->rounds = number("rounds", optarg, 1, BENCH_MAX_ROUNDS); break;
		case 'R': o->rows = optarg; break;
		case 'x': b->scale = fraction(optarg); break;
		case 'I': b->instructions = true; break;
		case OPT_ENGINE: o->fio.engine = optarg; break;
		case OPT_JOBS: o->fio.jobs = number("jobs", optarg, 1, 256); break;
		case OPT_SHARED: o->fio.shared = true; break;
		case OPT_DEPTH: o->fio.depth = number("depth", optarg, 1, 4096); break;
		case OPT_SECONDS: o->fio.seconds = number("seconds", optarg, 1, 3600); break;
		case OPT_SIZE: o->fio.size = optarg; break;
		case OPT_DIRECT: o->fio.direct = true; break;
		case 'j': o->json = optarg; break;
		case OPT_LIST: list_rows(); exit(0);
		case 'h': fputs(usage_text, stdout); exit(0);
		case 'V': printf("fusept-bench %s\n", FUSEPT_VERSION); exit(0);
		default: fputs(usage_text, stderr); exit(2);
		}
	}
	if (o->nr_apps && !o->app) {
		fprintf(stderr, "fusept-bench: --app %s: goes with --mode app only\n",
			o->apps[0]);
		exit(2);
	}
	if (o->app && !o->nr_apps)
		o->nr_apps = apps_ours(o->apps, MAX_SPECS - 1);
	if (o->app && !o->nr_apps) {
		fprintf(stderr, "fusept-bench: --mode app: no application is installed; name one with --app\n");
		exit(2);
	}
	if (o->rows)
		check_rows(o);
	if (fio_wanted(o) && !fio_found()) {
		fprintf(stderr, "fusept-bench: fio: not found in PATH; --mode cost leaves out what needs it\n");
		exit(2);
	}
	if (optind < argc) {
		fprintf(stderr, "fusept-bench: %s: takes no argument\n%s", argv[optind],
			usage_text);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct bench b = { .server = "fusept-loopback", .rounds = 3, .scale = 1 };
	struct options o = {
		.cost = true,
		.thru = true,
		.fio = { .engine = "psync", .size = "64m", .jobs = 1, .depth = 1,
			 .seconds = 3 },
	};

	parse(argc, argv, &b, &o);
	return bench_run(&b, &o);
}
