// SPDX-License-Identifier: BSD-2-Clause
#include <figure.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t figure_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void figure_add(struct figure *f, double v)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		f->v = realloc(f->v, f->cap * sizeof(*f->v));
		if (!f->v)
			abort();
	}
	f->v[f->n++] = v;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double figure_quantile(const struct figure *f, double q)
{
	double *v = malloc((f->n + 1) * sizeof(*v)), at = q * (f->n - 1), r;
	unsigned i = (unsigned)at;

	if (!f->n || !v) {
		free(v);
		return 0;
	}
	memcpy(v, f->v, f->n * sizeof(*v));
	qsort(v, f->n, sizeof(*v), ascending);
	r = i + 1 < f->n ? v[i] + (at - i) * (v[i + 1] - v[i]) : v[f->n - 1];
	free(v);
	return r;
}

void figure_print(const struct figure *f)
{
	const char *csv = getenv("BENCH_CSV");
	double median = figure_quantile(f, 0.5), lo = figure_quantile(f, 0),
	       hi = figure_quantile(f, 1);

	printf("%-58s %10.2f %-6s (%.2f .. %.2f, %u runs)\n", f->name, median, f->unit, lo, hi,
	       f->n);
	fflush(stdout);
	if (csv) {
		FILE *out = fopen(csv, "a");

		if (!out)
			return;
		fprintf(out, "\"%s\",%s,%.4f,%.4f,%.4f,%u\n", f->name, f->unit, median, lo, hi,
			f->n);
		fclose(out);
	}
}

struct figure figure_minus(const char *name, const struct figure *a, const struct figure *b)
{
	struct figure d = {.name = name, .unit = a->unit};

	for (unsigned i = 0; i < a->n && i < b->n; i++)
		figure_add(&d, a->v[i] - b->v[i]);
	return d;
}

struct figure figure_ratio(const char *name, const struct figure *a, const struct figure *b)
{
	struct figure d = {.name = name, .unit = "x"};

	for (unsigned i = 0; i < a->n && i < b->n; i++)
		figure_add(&d, b->v[i] ? a->v[i] / b->v[i] : 0);
	return d;
}

void figure_free(struct figure *f)
{
	free(f->v);
	f->v = NULL;
	f->n = f->cap = 0;
}
