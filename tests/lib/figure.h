// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Figures of benchmarks: every side is measured in turn, many times, and reported by median and
// spread.

#include <stddef.h>
#include <stdint.h>

struct figure {
	const char *name, *unit;
	double *v;
	unsigned n, cap;
};

uint64_t figure_clock(void); // monotonic, ns

void figure_add(struct figure *f, double v);
double figure_quantile(const struct figure *f, double q); // 0.5: the median
// "name  median unit  (min .. max of n)", and a line for tools if $BENCH_CSV names a file.
void figure_print(const struct figure *f);
// The figure of the differences a[i] - b[i].
struct figure figure_minus(const char *name, const struct figure *a, const struct figure *b);
struct figure figure_ratio(const char *name, const struct figure *a, const struct figure *b);
void figure_free(struct figure *f);
