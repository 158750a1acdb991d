// SPDX-License-Identifier: BSD-2-Clause

// The IPv4 table: look-ups of random addresses of its routes in batches, both forms side by side;
// then loading, single changes, and what it takes. In time of this thread, which other work on the
// machine does not add to.
// Usage: fib4 [ROUNDS]

#include <weir/fib.h>

#include <full_table.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_DST = 1 << 18, MAX_ROUNDS = 101, CHANGES = 100000, VALUES = 250 };

static uint32_t dst[N_DST];
static uint64_t seed = 1;
static uint64_t sink;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void need(int err)
{
	if (!err)
		return;
	fprintf(stderr, "fib4: error %d\n", err);
	exit(1);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void load(struct weir_fib4 *f, const struct full_route *r, size_t n, unsigned grow_at)
{
	need(weir_fib4_init(f));
	f->grow_at = grow_at;
	for (size_t i = 0; i < n; i++)
		need(weir_fib4_set(f, r[i].prefix, r[i].len, (uint32_t)i % VALUES));
}

// Nanoseconds a look-up.
static double run(const struct weir_fib4 *f, unsigned batch)
{
	double start = now();
	uint32_t value[256];

	for (size_t i = 0; i < N_DST; i += batch) {
		weir_fib4_lookup_batch(f, dst + i, value, batch);
		sink += value[i & (batch - 1)];
	}
	return (now() - start) / N_DST;
}

static void print(double *ns, unsigned rounds)
{
	qsort(ns, rounds, sizeof(*ns), by_size);
	printf("  %5.2f (%5.2f-%5.2f)", ns[rounds / 2], ns[rounds / 10],
	       ns[rounds - 1 - rounds / 10]);
}

// One line: each form with batches of 64 and 256, in turns.
static void compare(size_t n, unsigned rounds)
{
	static double ns[4][MAX_ROUNDS];
	struct full_route *r = full_table(n);
	struct weir_fib4 small, large;

	need(!r);
	load(&small, r, n, UINT32_MAX);
	load(&large, r, n, 0);
	for (size_t i = 0; i < N_DST; i++)
		dst[i] = full_table_address(r, n, &seed);
	for (unsigned k = 0; k < rounds; k++) {
		for (unsigned b = 0; b < 2; b++) {
			ns[b][k] = run(&small, b ? 256 : 64);
			ns[2 + b][k] = run(&large, b ? 256 : 64);
		}
	}
	printf("%7zu", n);
	for (unsigned v = 0; v < 4; v++)
		print(ns[v], rounds);
	printf("  %6.1f  %6.1f\n", (double)weir_fib4_memory(&small) / 1e6,
	       (double)weir_fib4_memory(&large) / 1e6);
	weir_fib4_free(&small);
	weir_fib4_free(&large);
	free(r);
}

static int copy(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	return weir_fib4_set(arg, prefix, len, value);
}

// Routes that go and come back: all their lengths, with all that the table keeps of them.
static void flap(struct weir_fib4 *f, const struct full_route *r)
{
	double start = now(), worst = 0;

	for (unsigned i = 0; i < CHANGES / 2; i++) {
		double one = now();

		need(weir_fib4_del(f, r[i].prefix, r[i].len));
		need(weir_fib4_set(f, r[i].prefix, r[i].len, i % VALUES));
		one = now() - one;
		worst = one > worst ? one : worst;
	}
	printf("a route of the table %s: %.0f ns a change, the slowest pair %.0f us\n",
	       f->shared ? "that is read meanwhile" : "that workers do not read",
	       (now() - start) / CHANGES, worst / 1e3);
}

static void changes(void)
{
	struct full_route *r = full_table(FULL_TABLE);
	struct weir_fib4 f, sorted;
	double start = now(), worst = 0;

	need(!r);
	load(&f, r, FULL_TABLE, 4096);
	printf("load %d prefixes in random order: %.0f ms, %.1f MB", FULL_TABLE,
	       (now() - start) / 1e6, (double)weir_fib4_memory(&f) / 1e6);
	start = now();
	need(weir_fib4_init(&sorted));
	need(weir_fib4_walk(&f, copy, &sorted));
	printf("; in ascending order: %.0f ms\n", (now() - start) / 1e6);
	weir_fib4_free(&sorted);
	flap(&f, r);
	f.shared = true;
	flap(&f, r);
	start = now();
	need(weir_fib4_set(&f, 0, 0, 1));
	need(weir_fib4_del(&f, 0, 0));
	printf("set and delete 0/0: %.1f ms", (now() - start) / 1e6);
	start = now();
	for (unsigned i = 1; i < 224; i++)
		need(weir_fib4_set(&f, i << 24, 8, i));
	printf(", set a /8: %.0f us\n", (now() - start) / 223e3);
	weir_fib4_free(&f);
	free(r);

	need(weir_fib4_init(&f));
	for (uint32_t i = 0; f.view->shift == 16; i++) {
		start = now();
		need(weir_fib4_set(&f, i << 16, 24, i));
		worst = now() - start;
	}
	printf("growing at %zu prefixes: %.1f ms\n", weir_fib4_count(&f), worst / 1e6);
	weir_fib4_free(&f);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {100, 1000, 4000, 16000, 64000, 256 << 10, FULL_TABLE};
	int rounds = argc > 1 ? atoi(argv[1]) : 21;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: fib4 [1-%d]\n", MAX_ROUNDS);
		return 2;
	}
	printf("ns a look-up of random addresses: median (10th-90th percentile) of %d\n", rounds);
	printf("prefixes   small, batch 64     256                 large, 64           256"
	       "               MB, small   large\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		compare(sizes[i], (unsigned)rounds);
	changes();
	return sink == 1;
}
