// SPDX-License-Identifier: BSD-2-Clause

// What the IPv6 table costs: look-ups of random addresses within its prefixes, changes, memory.
//
//	fib6 [ROUNDS]

#include <weir/fib6.h>

#include <figure.h>
#include <stdio.h>
#include <stdlib.h>
#include <table6.h>

enum { N_DST = 1 << 20, FULL = 250000, CHANGES = 200000, MAX_ROUNDS = 200 };

static struct weir_ip6 *dst;
static uint64_t sink;

static void need(int err)
{
	if (!err)
		return;
	fprintf(stderr, "fib6: error %d\n", err);
	exit(1);
}

// Nanoseconds a look-up.
static double by_batch(const struct weir_fib6 *f)
{
	uint64_t start = figure_clock();
	uint32_t out[WEIR_FIB6_BATCH];

	for (size_t i = 0; i < N_DST; i += WEIR_FIB6_BATCH) {
		weir_fib6_lookup_batch(f, dst + i, out, WEIR_FIB6_BATCH);
		sink += out[i / WEIR_FIB6_BATCH % WEIR_FIB6_BATCH];
	}
	return (double)(figure_clock() - start) / N_DST;
}

static double one_by_one(const struct weir_fib6 *f)
{
	uint64_t start = figure_clock();

	for (size_t i = 0; i < N_DST; i++)
		sink += weir_fib6_lookup(f, dst[i]);
	return (double)(figure_clock() - start) / N_DST;
}

// How many nodes the way of an address has.
static void print_steps(const struct weir_fib6 *f)
{
	unsigned long long steps[WEIR_FIB6_MOST_STEPS] = {0}, leaves = 0;

	for (size_t i = 0; i < N_DST; i++) {
		uint64_t rest = dst[i].hi << WEIR_FIB6_ROOT_BITS;
		uint32_t e = f->words[dst[i].hi >> 48];
		unsigned n = 0;

		for (; e & WEIR_FIB6_NODE; n++) {
			const bool is_branch = weir_fib6_is_branch(e);
			const uint32_t *at = weir_fib6_next(f->words, e, &rest);

			leaves += !is_branch;
			e = is_branch ? *at : weir_fib6_leaf(at, rest);
			rest = is_branch ? rest : weir_fib6_behind(at, rest, dst[i].lo);
		}
		steps[n]++;
	}
	printf("  nodes on the way:");
	for (unsigned n = 0; n < 8; n++)
		printf(" %u: %.1f %%", n, 100.0 * (double)steps[n] / N_DST);
	printf(", leaves %.2f\n", (double)leaves / N_DST);
}

static void fill(struct weir_fib6 *f, const struct table6_route *t, size_t n)
{
	uint64_t start = figure_clock();

	need(weir_fib6_init(f));
	for (size_t i = 0; i < n; i++)
		need(weir_fib6_set(f, t[i].prefix, t[i].len, (uint32_t)i % 1000));
	printf("%zu prefixes: %.0f ns each to load in random order, %.1f MB (nodes %.1f MB)\n", n,
	       (double)(figure_clock() - start) / (double)n,
	       (double)weir_fib6_memory(f) / (1 << 20), (double)f->n_words * 4 / (1 << 20));
}

static void measure(const struct table6_route *t, size_t n, unsigned rounds)
{
	struct figure f64 = {.name = "batch of 64", .unit = "ns"},
		      single = {.name = "one by one", .unit = "ns"};
	struct weir_fib6 f;

	fill(&f, t, n);
	for (size_t i = 0; i < N_DST; i++)
		dst[i] = table6_inside(&t[(i * 7919 + i / n) % n]);
	print_steps(&f);
	for (unsigned r = 0; r < rounds; r++) {
		figure_add(&f64, by_batch(&f));
		figure_add(&single, one_by_one(&f));
	}
	figure_print(&f64);
	figure_print(&single);
	figure_free(&f64);
	figure_free(&single);
	weir_fib6_free(&f);
}

static int copy(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	return weir_fib6_set(arg, prefix, len, value);
}

static double each(uint64_t start, size_t n)
{
	return (double)(figure_clock() - start) / (double)n;
}

static void changes(const struct table6_route *t)
{
	struct weir_fib6 f, sorted;
	uint64_t start;

	fill(&f, t, FULL);
	start = figure_clock();
	need(weir_fib6_init(&sorted));
	need(weir_fib6_walk(&f, copy, &sorted));
	printf("  in ascending order: %.0f ns each, %.1f MB\n", each(start, FULL),
	       (double)weir_fib6_memory(&sorted) / (1 << 20));
	weir_fib6_free(&sorted);
	start = figure_clock();
	for (size_t i = 0; i < CHANGES; i++)
		need(weir_fib6_set(&f, t[i].prefix, t[i].len, (uint32_t)i % 999));
	printf("  another value: %.0f ns", each(start, CHANGES));
	start = figure_clock();
	for (size_t i = 0; i < CHANGES; i++) {
		need(weir_fib6_del(&f, t[i].prefix, t[i].len));
		need(weir_fib6_set(&f, t[i].prefix, t[i].len, (uint32_t)i % 998));
	}
	printf(", a prefix goes or comes: %.0f ns", each(start, 2 * CHANGES));
	start = figure_clock();
	for (uint32_t i = 0; i < 10; i++)
		need(weir_fib6_set(&f, (struct weir_ip6){}, 0, i));
	printf(", ::/0: %.1f ms", each(start, 10) / 1e6);
	start = figure_clock();
	for (size_t i = 0; i < FULL; i++)
		need(weir_fib6_del(&f, t[i].prefix, t[i].len));
	printf(", all go: %.0f ns each, %.1f MB left\n", each(start, FULL),
	       (double)weir_fib6_memory(&f) / (1 << 20));
	weir_fib6_free(&f);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {100, 1000, 10000, 50000, FULL};
	int rounds = argc > 1 ? atoi(argv[1]) : 21;
	struct table6_route *t = table6_new(FULL);

	dst = calloc(N_DST, sizeof(*dst));
	if (rounds < 1 || rounds > MAX_ROUNDS || !dst) {
		fprintf(stderr, "usage: fib6 [1-%d]\n", MAX_ROUNDS);
		return 2;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure(t, sizes[i], (unsigned)rounds);
	changes(t);
	free(t);
	free(dst);
	return sink == 1;
}
