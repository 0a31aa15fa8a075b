// SPDX-License-Identifier: GPL-2.0-only
/* Figures of repeated rounds: median and spread. */
#include <stdlib.h>
#include <string.h>
#include "bench.h"

void samples_add(struct samples *s, double v)
{
	if (s->n < BENCH_MAX_ROUNDS)
		s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sorted(const struct samples *s, double *out)
{
	memcpy(out, s->v, sizeof(*out) * s->n);
	qsort(out, s->n, sizeof(*out), by_value);
}

double samples_median(const struct samples *s)
{
	double v[BENCH_MAX_ROUNDS];

	if (!s->n)
		return -1;
	sorted(s, v);
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

double samples_spread(const struct samples *s)
{
	double v[BENCH_MAX_ROUNDS], m = samples_median(s);

	if (s->n < 2 || m <= 0)
		return 0;
	sorted(s, v);
	return (v[s->n - 1] - v[0]) / 2 / m;
}
