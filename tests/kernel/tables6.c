// SPDX-License-Identifier: BSD-2-Clause

// The IPv6 table as a program in the driver reads it: the same answers as userspace gives, and
// while prefixes come and go nothing but what was right before or is right after.
//
//	tables6 BUILD	needs root

#include <figure.h>
#include <pthread.h>
#include <reader.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <table6.h>
#include <unistd.h>

enum { COVERS = 64, BRANCHES = 4, SECONDS = 3, OTHERS = 20000, SPARE = 20000 };

static const char *build;
static unsigned passed, failed;
static struct table6_route *table;

static void check(bool ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	fprintf(stderr, "FAIL %s\n", what);
	failed++;
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tables6: %s\n", what);
	exit(1);
}

static uint32_t rnd(void)
{
	static uint64_t seed = 1;

	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)(seed * 0x2545f4914f6cdd1d >> 32);
}

static void set(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	need(!weir_fib6_set(f, prefix, len, value), "no memory");
}

// --- the same answers ---
static void test_answers(void)
{
	struct weir_fib6 f;
	struct reader r;

	need(!weir_fib6_init(&f), "no table");
	set(&f, (struct weir_ip6){}, 0, 1);
	for (uint32_t i = 0; i < OTHERS; i++)
		set(&f, table[i].prefix, table[i].len, i);
	need(reader_open6(&r, build, &f), "the reader does not load");
	r.work6->mask = FIB_READER_ADDRESSES - 1;
	for (uint32_t i = 0; i < FIB_READER_ADDRESSES; i++) {
		struct weir_ip6 a = table6_inside(&table[i % OTHERS]);

		// beside the prefix, too
		if (i % 4 == 0)
			a.hi += (uint64_t)(rnd() % 5) << (64 - 48);
		r.work6->dst[i].hi = a.hi;
		r.work6->dst[i].lo = a.lo;
		r.work6->right[i].a = r.work6->right[i].b = weir_fib6_lookup(&f, a);
	}
	need(reader_run(r.fd, FIB_READER_ADDRESSES / FIB_READER_RUN) > 0, "the reader fails");
	check(r.work6->sum && !r.work6->wrong, "both halves have the same routes");
	// without any, in the same memory
	for (uint32_t i = 0; i < OTHERS; i++)
		weir_fib6_del(&f, table[i].prefix, table[i].len);
	weir_fib6_del(&f, (struct weir_ip6){}, 0);
	for (uint32_t i = 0; i < FIB_READER_ADDRESSES; i++)
		r.work6->right[i].a = r.work6->right[i].b = WEIR_FIB6_NONE;
	need(reader_run(r.fd, FIB_READER_ADDRESSES / FIB_READER_RUN) > 0, "the reader fails");
	check(!r.work6->wrong, "an empty table has no routes");
	reader_close(&r);
	weir_fib6_free(&f);
}

// --- changes while programs read ---
static struct weir_ip6 cover(unsigned k)
{
	return (struct weir_ip6){0xfd00000000000000 | (uint64_t)k << 34, 0};
}

// Of lengths for which nodes of each kind come and go.
static struct weir_ip6 branch(unsigned k, unsigned j, unsigned *len)
{
	static const unsigned lens[BRANCHES] = {33, 48, 64, 128};
	struct weir_ip6 a = cover(k);

	*len = lens[j];
	if (j == 0)
		a.hi |= 1ull << 31;
	else
		a.hi |= (uint64_t)(j + 3) << 16;
	a.lo = j == 3 ? 7 : 0;
	return a;
}

// Half of the addresses are those that change, the others beside them.
static void fill_work(struct fib6_reader *w)
{
	w->mask = FIB_READER_ADDRESSES - 1;
	for (unsigned i = 0; i < FIB_READER_ADDRESSES; i++) {
		unsigned k = rnd() % COVERS, j = rnd() % BRANCHES, len;
		struct weir_ip6 a = branch(k, j, &len);

		w->right[i].a = w->right[i].b = 100 + k;
		if (rnd() % 2)
			w->right[i].b = 1000 + k * BRANCHES + j;
		else
			a.hi ^= 1ull << 29; // the cover's
		if (j == 0)		    // all of its half
			w->right[i].b = 1000 + k * BRANCHES + j;
		w->dst[i].hi = a.hi;
		w->dst[i].lo = a.lo;
	}
}

struct writer {
	struct weir_fib6 *f;
	atomic_bool stop;
	uint64_t changes, ns; // in all
};

static void *change(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop)) {
		uint64_t start = figure_clock();

		for (unsigned i = 0; i < 256; i++) {
			unsigned k = rnd() % COVERS, j = rnd() % BRANCHES, len;
			struct weir_ip6 a = branch(k, j, &len);

			weir_fib6_set(w->f, a, len, 1000 + k * BRANCHES + j);
			k = rnd() % COVERS;
			a = branch(k, j, &len);
			weir_fib6_del(w->f, a, len);
		}
		w->ns += figure_clock() - start;
		w->changes += 2 * 256;
		usleep(2000);
	}
	return NULL;
}

// A table with so many nodes in use and free that none of it moves meanwhile.
static void prepare(struct weir_fib6 *f)
{
	need(!weir_fib6_init(f), "no table");
	set(f, (struct weir_ip6){}, 0, 1);
	for (unsigned k = 0; k < COVERS; k++)
		set(f, cover(k), 30, 100 + k);
	for (uint32_t i = 0; i < OTHERS + SPARE; i++)
		set(f, table[i].prefix, table[i].len, 2);
	for (uint32_t i = OTHERS; i < OTHERS + SPARE; i++)
		weir_fib6_del(f, table[i].prefix, table[i].len);
}

static void test_changes(void)
{
	struct writer w = {};
	struct weir_fib6 f;
	struct reader r;
	pthread_t thread;
	uint64_t runs = 0, end;
	uint32_t n_words;
	unsigned moves;

	prepare(&f);
	need(reader_open6(&r, build, &f), "the reader does not load");
	fill_work(r.work6);
	w.f = &f;
	moves = f.moves;
	n_words = f.n_words;
	need(!pthread_create(&thread, NULL, change, &w), "no thread");
	for (end = figure_clock() + SECONDS * 1000000000ull; figure_clock() < end; runs++)
		need(reader_run(r.fd, 1) > 0, "the reader fails");
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	check(f.moves == moves && f.n_words == n_words, "nodes are used again");
	check(w.changes > 1000 && runs > 100, "readers and writer were at work");
	check(r.work6->sum && !r.work6->wrong, "every answer is the old or the new route");
	printf("%llu changes, %.0f ns each, during %llu look-ups, %llu wrong\n",
	       (unsigned long long)w.changes, (double)w.ns / (double)w.changes,
	       (unsigned long long)runs * FIB_READER_RUN, (unsigned long long)r.work6->wrong);
	reader_close(&r);
	weir_fib6_free(&f);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: tables6 BUILD\n");
		return 2;
	}
	build = argv[1];
	table = table6_new(OTHERS + SPARE);
	test_answers();
	test_changes();
	free(table);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
