// SPDX-License-Identifier: BSD-2-Clause

// The IPv4 table: random look-ups over random prefixes in batches with prefetch, the two forms and
// a 16-bit twin of the large one side by side; then loading and single changes.
// Usage: fib4 [ROUNDS]

#include <weir/fib.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { N_DST = 1 << 20, MAX_ROUNDS = 101, FULL = 1100000, CHANGES = 100000 };

// The large form with entries of 16 bits: bit 15 says "group", so 32767 values and 32768 groups.
struct dir16 {
	uint16_t *root, *groups;
};

static uint32_t dst[N_DST];
static uint64_t seed = 1;
static uint64_t sink;

static uint32_t rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)(seed * 0x2545f4914f6cdd1d >> 32);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
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

// Lengths much like those of an Internet table: 60 % /24, 1 % longer, the rest /16 to /23.
static void random_prefix(uint32_t *prefix, unsigned *len)
{
	unsigned p = rnd() % 100;

	*len = p < 60 ? 24 : p < 99 ? 16 + p % 8 : 25 + rnd() % 8;
	*prefix = rnd() & ~0u << (32 - *len);
}

static void load(struct weir_fib4 *f, size_t n, unsigned grow_at)
{
	uint32_t prefix;
	unsigned len;

	need(weir_fib4_init(f));
	if (grow_at != 1)
		f->grow_at = grow_at;
	while (weir_fib4_count(f) < n) {
		random_prefix(&prefix, &len);
		need(weir_fib4_set(f, prefix, len, rnd() % 32767));
	}
}

static void *huge(size_t bytes)
{
	void *p = aligned_alloc(2 << 20, bytes);

	need(!p);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void narrow(struct dir16 *d, const struct weir_fib4 *f)
{
	size_t n_groups = 0;

	d->root = huge(sizeof(uint16_t) << 24);
	d->groups = huge((sizeof(uint16_t) * 256) << 15);
	for (size_t i = 0; i < 1 << 24; i++) {
		uint32_t e = f->view->root[i];

		d->root[i] = e & 0x7fff;
		if (!(e & WEIR_FIB4_GROUP))
			continue;
		need(n_groups >= 32768);
		d->root[i] = (uint16_t)(0x8000 | n_groups);
		for (size_t k = 0; k < 256; k++)
			d->groups[n_groups * 256 + k] =
				f->view->groups[(size_t)(e & ~WEIR_FIB4_GROUP) * 256 + k] & 0x7fff;
		n_groups++;
	}
}

WEIR_INLINE uint32_t lookup16(const struct dir16 *d, uint32_t a)
{
	uint32_t e = d->root[a >> 8];

	if (WEIR_UNLIKELY(e & 0x8000))
		e = d->groups[(size_t)(e & 0x7fff) * 256 + (a & 255)];
	return e;
}

// Nanoseconds a look-up.
static double run32(const struct weir_fib4 *f, unsigned batch)
{
	double start = now();
	uint32_t out[256];

	for (size_t i = 0; i < N_DST; i += batch) {
		for (unsigned k = 0; k < batch; k++)
			weir_fib4_prefetch(f, dst[i + k]);
		for (unsigned k = 0; k < batch; k++)
			out[k] = weir_fib4_lookup(f, dst[i + k]);
		sink += out[i & (batch - 1)];
	}
	return (now() - start) / N_DST;
}

static double run16(const struct dir16 *d, unsigned batch)
{
	double start = now();
	uint32_t out[256];

	for (size_t i = 0; i < N_DST; i += batch) {
		for (unsigned k = 0; k < batch; k++)
			__builtin_prefetch(&d->root[dst[i + k] >> 8]);
		for (unsigned k = 0; k < batch; k++)
			out[k] = lookup16(d, dst[i + k]);
		sink += out[i & (batch - 1)];
	}
	return (now() - start) / N_DST;
}

static void print(double *ns, unsigned rounds)
{
	qsort(ns, rounds, sizeof(*ns), by_size);
	printf("  %5.2f (%5.2f-%5.2f)", ns[rounds / 2], ns[rounds / 10],
	       ns[rounds - 1 - rounds / 10]);
}

// One line: each variant with batches of 64 and 256, in turns.
static void compare(size_t n, unsigned rounds)
{
	static double ns[6][MAX_ROUNDS];
	struct weir_fib4 small, large;
	struct dir16 narrowed;

	seed = n;
	load(&small, n, UINT32_MAX);
	seed = n;
	load(&large, n, 0);
	narrow(&narrowed, &large);
	for (unsigned r = 0; r < rounds; r++) {
		for (unsigned b = 0; b < 2; b++) {
			unsigned batch = b ? 256 : 64;

			ns[b][r] = run32(&small, batch);
			ns[2 + b][r] = run32(&large, batch);
			ns[4 + b][r] = run16(&narrowed, batch);
		}
	}
	printf("%7zu", n);
	for (unsigned v = 0; v < 6; v++)
		print(ns[v], rounds);
	printf("  %4zu MB\n", weir_fib4_memory(&small) >> 20);
	weir_fib4_free(&small);
	weir_fib4_free(&large);
	free(narrowed.root);
	free(narrowed.groups);
}

static int copy(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	return weir_fib4_set(arg, prefix, len, value);
}

static void changes(void)
{
	static uint32_t at[CHANGES];
	struct weir_fib4 f, sorted;
	double start = now(), worst = 0;

	load(&f, FULL, 1);
	printf("load %d prefixes in random order: %.0f ms, %zu MB", FULL, (now() - start) / 1e6,
	       weir_fib4_memory(&f) >> 20);
	start = now();
	need(weir_fib4_init(&sorted));
	need(weir_fib4_walk(&f, copy, &sorted));
	printf("; in ascending order: %.0f ms\n", (now() - start) / 1e6);
	weir_fib4_free(&sorted);
	for (unsigned i = 0; i < CHANGES; i++)
		at[i] = rnd() & ~255u;
	start = now();
	for (unsigned i = 0; i < CHANGES; i++)
		need(weir_fib4_set(&f, at[i], 24, i % 100));
	printf("set a random /24: %.0f ns", (now() - start) / CHANGES);
	start = now();
	for (unsigned i = 0; i < CHANGES; i++)
		weir_fib4_del(&f, at[i], 24);
	printf(", delete: %.0f ns", (now() - start) / CHANGES);
	start = now();
	need(weir_fib4_set(&f, 0, 0, 1));
	need(weir_fib4_del(&f, 0, 0));
	printf(", set and delete /0: %.1f ms", (now() - start) / 1e6);
	start = now();
	for (unsigned i = 0; i < 256; i++)
		need(weir_fib4_set(&f, i << 24, 8, i));
	printf(", set a /8: %.0f us\n", (now() - start) / 256e3);
	weir_fib4_free(&f);

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
	static const size_t sizes[] = {100, 1000, 4000, 16000, 64000, 256 << 10};
	int rounds = argc > 1 ? atoi(argv[1]) : 21;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: fib4 [1-%d]\n", MAX_ROUNDS);
		return 2;
	}
	for (size_t i = 0; i < N_DST; i++)
		dst[i] = rnd();
	printf("ns a look-up of random addresses: median (10th-90th percentile) of %d\n", rounds);
	printf("prefixes   small, batch 64     256                 large, 64           256"
	       "                 16 bits, 64         256                 small form\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		compare(sizes[i], (unsigned)rounds);
	changes();
	return sink == 1;
}
