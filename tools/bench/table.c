// SPDX-License-Identifier: GPL-2.0-only
/* Tables: figures and ratios for people, JSON for programs, limits for CI. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include "bench.h"

int table_init(struct table *t, int max_rows)
{
	t->nr_rows = 0;
	t->names = calloc(max_rows, sizeof(*t->names));
	t->titles = calloc(max_rows, sizeof(*t->titles));
	t->cells = calloc(max_rows, sizeof(*t->cells));
	if (t->names && t->titles && t->cells)
		return 0;
	table_free(t);
	errno = ENOMEM;
	return -1;
}

void table_free(struct table *t)
{
	free(t->names);
	free(t->titles);
	free(t->cells);
	t->nr_rows = 0;
}

static void print_cell(const struct table *t, int row, int col)
{
	double v = samples_median(&t->cells[row][col]);
	double base = samples_median(&t->cells[row][0]);
	char ratio[24] = "";

	if (v < 0) {
		printf("  %20s", "-");
		return;
	}
	if (col && base > 0)
		snprintf(ratio, sizeof(ratio), "%.2f",
			 v / base);
	printf("  %11.0f %8s", v, ratio);
}

void table_print(const struct table *t, const struct bench *b)
{
	double spread = 0;

	if (!t->nr_rows)
		return;
	printf("\n%s, %s; median of %d round%s; right of each figure: ÷ %s\n\n",
	       t->kind, t->unit, b->rounds, b->rounds > 1 ? "s" : "",
	       b->setups[0].title);
	printf("%-34s", "");
	for (int c = 0; c < b->nr_setups; c++)
		printf("  %20s", b->setups[c].title);
	printf("\n");
	for (int r = 0; r < t->nr_rows; r++) {
		printf("%-34s", t->titles[r]);
		for (int c = 0; c < b->nr_setups; c++) {
			double s = samples_spread(&t->cells[r][c]);

			print_cell(t, r, c);
			if (s > spread)
				spread = s;
		}
		printf("\n");
	}
	if (b->rounds > 1)
		printf("\nlargest spread of a cell over the rounds: ±%.1f %%\n",
		       spread * 100);
	fflush(stdout);
}

static void add(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, v);
}

static struct json_object *cell_json(const struct table *t, int row, int col)
{
	const struct samples *s = &t->cells[row][col];
	struct json_object *o = json_object_new_object();
	struct json_object *all = json_object_new_array();
	double base = samples_median(&t->cells[row][0]);
	double m = samples_median(s);

	for (int i = 0; i < s->n; i++)
		json_object_array_add(all, json_object_new_double(s->v[i]));
	add(o, "median", json_object_new_double(m));
	add(o, "spread", json_object_new_double(samples_spread(s)));
	if (base > 0)
		add(o, "ratio", json_object_new_double(m / base));
	add(o, "samples", all);
	return o;
}

struct json_object *table_json(const struct table *t, const struct bench *b)
{
	struct json_object *rows = json_object_new_array();
	struct json_object *o = json_object_new_object();

	for (int r = 0; r < t->nr_rows; r++) {
		struct json_object *row = json_object_new_object();
		struct json_object *cells = json_object_new_object();

		for (int c = 0; c < b->nr_setups; c++)
			if (t->cells[r][c].n)
				add(cells, b->setups[c].name, cell_json(t, r, c));
		add(row, "name", json_object_new_string(t->names[r]));
		add(row, "title", json_object_new_string(t->titles[r]));
		add(row, "cells", cells);
		json_object_array_add(rows, row);
	}
	add(o, "unit", json_object_new_string(t->unit));
	add(o, "higher_is_better", json_object_new_boolean(t->higher_is_better));
	add(o, "rows", rows);
	return o;
}

int report_json(const struct bench *b, const struct table *const tables[],
		bool complete, const char *file)
{
	struct json_object *root = json_object_new_object();
	struct json_object *names = json_object_new_array();
	struct utsname u;
	char when[32];
	time_t t = time(NULL);
	int ret;

	uname(&u);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
	for (int c = 0; c < b->nr_setups; c++)
		json_object_array_add(names, json_object_new_string(b->setups[c].name));
	add(root, "kernel", json_object_new_string(u.release));
	add(root, "date", json_object_new_string(when));
	add(root, "rounds", json_object_new_int(b->rounds));
	add(root, "complete", json_object_new_boolean(complete));
	add(root, "base", json_object_new_string(b->setups[0].name));
	add(root, "setups", names);
	for (int i = 0; tables[i]; i++)
		if (tables[i]->nr_rows)
			add(root, tables[i]->kind, table_json(tables[i], b));
	ret = json_object_to_file_ext(file, root, JSON_C_TO_STRING_PRETTY);
	if (ret)
		fprintf(stderr, "fusept-bench: %s: %s\n", file, json_util_get_last_err());
	json_object_put(root);
	return ret;
}

static int column(const struct bench *b, const char *name)
{
	for (int c = 0; c < b->nr_setups; c++)
		if (!strcmp(b->setups[c].name, name))
			return c;
	return -1;
}

struct limit {
	char	row[64];
	char	over[32];
	char	under[32];
	char	cmp[3];
	double	value;
};

static bool limit_parse(const char *text, struct limit *l)
{
	int used = 0;

	return sscanf(text, "%63[^:]:%31[^/]/%31[^<>=]%2[<>=]%lf%n", l->row, l->over,
		      l->under, l->cmp, &l->value, &used) == 5 && !text[used] &&
	       (!strcmp(l->cmp, "<=") || !strcmp(l->cmp, ">="));
}

int limit_check(const struct table *t, const struct bench *b, const char *text)
{
	int over, under, held = 0, broken = 0;
	struct limit l;

	if (!limit_parse(text, &l)) {
		fprintf(stderr, "fusept-bench: --limit %s: not ROW:SETUP/SETUP<=N (or >=N)\n",
			text);
		return -1;
	}
	over = column(b, l.over);
	under = column(b, l.under);
	if (over < 0 || under < 0) {
		fprintf(stderr, "fusept-bench: --limit %s: set-up %s was not measured\n",
			text, over < 0 ? l.over : l.under);
		return -1;
	}
	for (int r = 0; r < t->nr_rows; r++) {
		double o = samples_median(&t->cells[r][over]);
		double u = samples_median(&t->cells[r][under]);
		bool ok;

		if (fnmatch(l.row, t->names[r], 0))
			continue;
		if (o < 0 || u <= 0)
			continue;
		ok = l.cmp[0] == '<' ? o / u <= l.value : o / u >= l.value;
		printf("%s %s: %s / %s = %.3f, %s %g required\n", ok ? "held" : "BROKEN",
		       t->names[r], l.over, l.under, o / u, l.cmp, l.value);
		if (ok)
			held++;
		else
			broken++;
	}
	if (!held && !broken) {
		fprintf(stderr, "fusept-bench: --limit %s: no such row was measured\n", text);
		return -1;
	}
	return broken > 0;
}
