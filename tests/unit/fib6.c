// SPDX-License-Identifier: BSD-2-Clause

// The IPv6 table against a naive twin: a list of prefixes, searched from end to end.

#include <weir/fib6.h>

#include <bound.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <rnd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <table6.h>
#include <urcu/urcu-qsbr.h>

struct rule {
	struct weir_ip6 prefix;
	uint32_t value;
	unsigned len;
};

enum { MAX_RULES = 4096 };

struct twin {
	struct rule rules[MAX_RULES];
	unsigned n;
};

static uint64_t seed = 1;

static uint32_t rnd(void)
{
	return rnd32(&seed);
}

static struct weir_ip6 rnd_ip6(void)
{
	uint64_t hi = rnd64(&seed);

	return (struct weir_ip6){hi, rnd64(&seed)};
}

static struct weir_ip6 and (struct weir_ip6 a, struct weir_ip6 b)
{
	return (struct weir_ip6){a.hi & b.hi, a.lo & b.lo};
}

static struct weir_ip6 last(struct weir_ip6 prefix, unsigned len)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (struct weir_ip6){prefix.hi | ~m.hi, prefix.lo | ~m.lo};
}

static struct weir_ip6 after(struct weir_ip6 a)
{
	a.lo++;
	a.hi += !a.lo;
	return a;
}

static struct weir_ip6 before(struct weir_ip6 a)
{
	a.hi -= !a.lo;
	a.lo--;
	return a;
}

static struct rule *twin_find(struct twin *t, struct weir_ip6 prefix, unsigned len)
{
	for (unsigned i = 0; i < t->n; i++)
		if (weir_ip6_equal(t->rules[i].prefix, prefix) && t->rules[i].len == len)
			return &t->rules[i];
	return NULL;
}

static uint32_t twin_lookup(const struct twin *t, struct weir_ip6 dst)
{
	const struct rule *best = NULL;

	for (unsigned i = 0; i < t->n; i++) {
		const struct rule *r = &t->rules[i];

		if (weir_ip6_equal(and(dst, weir_ip6_mask(r->len)), r->prefix) &&
		    (!best || r->len > best->len))
			best = r;
	}
	return best ? best->value : WEIR_FIB6_NONE;
}

static void both_set(struct weir_fib6 *f, struct twin *t, struct rule new)
{
	struct rule *r = twin_find(t, new.prefix, new.len);

	if (!r) {
		cr_assert_lt(t->n, MAX_RULES);
		r = &t->rules[t->n++];
	}
	*r = new;
	cr_assert_eq(weir_fib6_set(f, new.prefix, new.len, new.value), 0);
}

static void both_del(struct weir_fib6 *f, struct twin *t, struct weir_ip6 prefix, unsigned len)
{
	struct rule *r = twin_find(t, prefix, len);

	cr_assert_eq(weir_fib6_del(f, prefix, len), r ? 0 : -ENOENT);
	if (r)
		*r = t->rules[--t->n];
}

static int in_order(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->prefix.hi != y->prefix.hi)
		return x->prefix.hi < y->prefix.hi ? -1 : 1;
	if (x->prefix.lo != y->prefix.lo)
		return x->prefix.lo < y->prefix.lo ? -1 : 1;
	return (int)x->len - (int)y->len;
}

struct walker {
	const struct rule *next, *end;
};

static int expect(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	struct walker *w = arg;

	cr_assert_lt(w->next, w->end);
	cr_assert(weir_ip6_equal(prefix, w->next->prefix));
	cr_assert_eq(len, w->next->len);
	cr_assert_eq(value, w->next->value);
	w->next++;
	return 0;
}

static void same_walk(const struct weir_fib6 *f, struct twin *t)
{
	struct walker w = {t->rules, t->rules + t->n};

	qsort(t->rules, t->n, sizeof(t->rules[0]), in_order);
	cr_assert_eq(weir_fib6_walk(f, expect, &w), 0);
	cr_assert_eq(w.next, w.end);
	cr_assert_eq(weir_fib6_count(f), t->n);
}

static void same_get(const struct weir_fib6 *f, struct twin *t, struct weir_ip6 prefix,
		     unsigned len)
{
	const struct rule *r = twin_find(t, prefix, len);
	uint32_t value = 0;

	cr_assert_eq(weir_fib6_get(f, prefix, len, &value), r ? 0 : -ENOENT);
	if (r)
		cr_assert_eq(value, r->value);
}

// Alone, and among others.
static void same_lookup(const struct weir_fib6 *f, const struct twin *t, struct weir_ip6 dst)
{
	uint32_t got = weir_fib6_lookup(f, dst), want = twin_lookup(t, dst), value[3];

	cr_assert_eq(got, want, "%016llx%016llx: %u, not %u", (unsigned long long)dst.hi,
		     (unsigned long long)dst.lo, got, want);
	weir_fib6_lookup_batch(f, (struct weir_ip6[]){rnd_ip6(), dst, {}}, value, 3);
	cr_assert_eq(value[1], want);
}

// The first and the last address of every prefix and their neighbours: where a wrong range shows.
static void same_edges(const struct weir_fib6 *f, const struct twin *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct weir_ip6 first = t->rules[i].prefix, end = last(first, t->rules[i].len);

		same_lookup(f, t, first);
		same_lookup(f, t, before(first));
		same_lookup(f, t, end);
		same_lookup(f, t, after(end));
	}
}

// Few distinct bits make prefixes that nest and meet again; where they are, each kind of node gets
// its turn.
struct shape {
	struct weir_ip6 bits;
	unsigned least, most; // length
};

static struct rule random_rule(const struct shape *s)
{
	static const uint8_t lens[] = {0,  1,  15, 16, 17, 31, 32, 33, 46, 47,	48,
				       49, 62, 63, 64, 65, 66, 94, 95, 96, 127, 128};
	struct rule r = {.value = rnd() % WEIR_FIB6_NONE};

	r.len = s->least + rnd() % (s->most - s->least + 1);
	if (rnd() % 8 == 0)
		r.len = lens[rnd() % sizeof(lens)];
	r.prefix = rnd() % 16 ? and(rnd_ip6(), s->bits) : rnd_ip6();
	r.prefix = and(r.prefix, weir_ip6_mask(r.len));
	return r;
}

// Fills to `high` prefixes, empties to `low`, and so on.
static void run_twins(const struct shape *s, unsigned low, unsigned high, unsigned rounds)
{
	struct twin *t = calloc(1, sizeof(*t));
	struct weir_fib6 f;
	bool rising = true;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (unsigned i = 0; i < rounds; i++) {
		struct rule r = random_rule(s);

		rising = rising ? t->n < high : t->n <= low;
		if (rnd() % 10 < (rising ? 7 : 2))
			both_set(&f, t, r);
		else if (t->n && rnd() % 4)
			both_del(&f, t, t->rules[r.value % t->n].prefix,
				 t->rules[r.value % t->n].len);
		else
			both_del(&f, t, r.prefix, r.len);
		same_get(&f, t, r.prefix, r.len);
		same_lookup(&f, t, r.prefix);
		same_lookup(&f, t, last(r.prefix, r.len));
		same_lookup(&f, t, and(rnd_ip6(), s->bits));
		if (i % 512 == 0) {
			same_walk(&f, t);
			same_edges(&f, t);
		}
	}
	while (t->n)
		both_del(&f, t, t->rules[0].prefix, t->rules[0].len);
	same_walk(&f, t);
	for (unsigned i = 0; i < 65536; i++)
		cr_assert_eq(f.words[i], WEIR_FIB6_NONE);
	weir_fib6_free(&f);
	free(t);
}

static const struct shape shapes[] = {
	{{0x2003000f81018183, 0x8000000180018003}, 0, 128}, // all over
	{{0x20010000ffff0000, 0}, 29, 48},		    // dense, as networks are allotted
	{{0x200100000000000f, 0xf000000000000000}, 56, 70}, // around the middle
	{{0, 0xff}, 64, 128},				    // in the second half
	{{0x2001ffffffff0000, 0}, 48, 48},		    // hosts of one length
};

Test(fib6, twin_everywhere)
{
	run_twins(&shapes[0], 0, 400, 15000);
}

Test(fib6, twin_dense)
{
	run_twins(&shapes[1], 0, 800, 15000);
}

Test(fib6, twin_middle)
{
	run_twins(&shapes[2], 0, 300, 15000);
}

Test(fib6, twin_hosts)
{
	run_twins(&shapes[3], 0, 300, 15000);
}

Test(fib6, twin_apart)
{
	run_twins(&shapes[4], 10, 1000, 10000);
}

Test(fib6, twin_tiny)
{
	run_twins(&shapes[0], 0, 20, 15000);
}

static const struct rule nested[] = {
	{{0, 0}, 1, 0},
	{{0x2000000000000000, 0}, 2, 3},
	{{0x2001000000000000, 0}, 3, 16},
	{{0x20010db800000000, 0}, 4, 32},
	{{0x20010db800010000, 0}, 5, 48},
	{{0x20010db800010001, 0}, 6, 64},
	{{0x20010db800010001, 0x8000000000000000}, 7, 65},
	{{0x20010db800010001, 0xffffffffffffffff}, 8, 128},
	{{0x20010db800010001, 0}, 9, 128},
	{{0xffffffffffffffff, 0xffffffffffffffff}, 10, 128},
	{{0, 0}, 11, 128},
};
enum { NESTED = sizeof(nested) / sizeof(nested[0]) };

// Every order of arrival gives the same table, every order of leaving restores what covers.
Test(fib6, nested)
{
	struct twin *t = calloc(1, sizeof(*t));
	struct weir_fib6 f;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned first = rnd(), i = 0; i < NESTED; i++)
			both_set(&f, t, nested[(first % NESTED + i * 3) % NESTED]);
		cr_assert_eq(t->n, NESTED);
		same_edges(&f, t);
		for (unsigned first = rnd(), i = 0; i < NESTED; i++) {
			const struct rule *r = &nested[(first % NESTED + i * 7) % NESTED];

			both_del(&f, t, r->prefix, r->len);
			for (unsigned k = 0; k < NESTED; k++)
				same_lookup(&f, t, nested[k].prefix);
		}
		cr_assert_eq(weir_fib6_lookup(&f, rnd_ip6()), WEIR_FIB6_NONE);
	}
	weir_fib6_free(&f);
	free(t);
}

Test(fib6, errors)
{
	const struct weir_ip6 doc = {0x20010db800000000, 0}, low = {0x20010db800000000, 1};
	struct weir_fib6 f;
	uint32_t v;

	cr_assert_eq(weir_fib6_init(&f), 0);
	cr_expect_eq(weir_fib6_lookup(&f, doc), WEIR_FIB6_NONE);
	cr_expect_eq(weir_fib6_set(&f, doc, 129, 1), -EINVAL);
	cr_expect_eq(weir_fib6_set(&f, low, 127, 1), -EINVAL);
	cr_expect_eq(weir_fib6_set(&f, doc, 28, 1), -EINVAL);
	cr_expect_eq(weir_fib6_set(&f, doc, 32, WEIR_FIB6_NONE), -EINVAL);
	cr_expect_eq(weir_fib6_set(&f, doc, 32, WEIR_FIB6_NODE), -EINVAL);
	cr_expect_eq(weir_fib6_del(&f, low, 64), -EINVAL);
	cr_expect_eq(weir_fib6_del(&f, doc, 32), -ENOENT);
	cr_expect_eq(weir_fib6_get(&f, doc, 129, &v), -EINVAL);
	cr_expect_eq(weir_fib6_get(&f, doc, 32, &v), -ENOENT);
	cr_expect_eq(weir_fib6_count(&f), 0);
	cr_expect_eq(weir_fib6_set(&f, doc, 32, WEIR_FIB6_NONE - 1), 0);
	cr_expect_eq(weir_fib6_lookup(&f, low), WEIR_FIB6_NONE - 1);
	cr_expect_eq(weir_fib6_get(&f, doc, 31, &v), -ENOENT);
	cr_expect_eq(weir_fib6_get(&f, doc, 33, &v), -ENOENT);
	cr_expect_eq(weir_fib6_del(&f, doc, 33), -ENOENT);
	weir_fib6_free(&f);
	weir_fib6_free(&f);
}

static int stop_at(void *arg, struct weir_ip6, unsigned, uint32_t value)
{
	return value == *(uint32_t *)arg ? 7 : 0;
}

Test(fib6, walk_stops)
{
	struct weir_fib6 f;
	uint32_t two = 2, nine = 9;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(weir_fib6_set(&f, (struct weir_ip6){(uint64_t)i << 56, 0}, 8, i), 0);
	cr_expect_eq(weir_fib6_walk(&f, stop_at, &two), 7);
	cr_expect_eq(weir_fib6_walk(&f, stop_at, &nine), 0);
	weir_fib6_free(&f);
}

// The worst 100 routes are host routes far apart.
Test(fib6, memory_of_100_routes)
{
	struct weir_fib6 f;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(weir_fib6_set(&f, rnd_ip6(), 128, i), 0);
	cr_expect_lt(weir_fib6_memory(&f), 500000);
	weir_fib6_free(&f);
}

// What a table like that of the Internet takes, and what is left when it goes.
Test(fib6, full_table)
{
	enum { FULL = 100000 };
	struct table6_route *t = table6_new(FULL);
	struct weir_fib6 f;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (uint32_t i = 0; i < FULL; i++)
		cr_assert_eq(weir_fib6_set(&f, t[i].prefix, t[i].len, i), 0);
	cr_expect_eq(weir_fib6_count(&f), FULL);
	cr_expect_lt(weir_fib6_memory(&f), 20 << 20);
	for (uint32_t i = 0; i < FULL; i++) {
		struct weir_ip6 end = last(t[i].prefix, t[i].len);
		uint32_t v = 0;

		cr_assert_eq(weir_fib6_get(&f, t[i].prefix, t[i].len, &v), 0);
		cr_assert_eq(v, i);
		// the longest one that begins or ends there
		v = weir_fib6_lookup(&f, end);
		cr_assert_lt(v, FULL);
		cr_assert_geq(t[v].len, t[i].len);
		cr_assert(weir_ip6_equal(and(end, weir_ip6_mask(t[v].len)), t[v].prefix));
	}
	for (uint32_t i = 0; i < FULL; i++)
		cr_assert_eq(weir_fib6_del(&f, t[i].prefix, t[i].len), 0);
	cr_expect_gt(f.moves, 0);
	cr_expect_lt(weir_fib6_memory(&f), 8 << 20);
	for (unsigned i = 0; i < 65536; i++)
		cr_assert_eq(f.words[i], WEIR_FIB6_NONE);
	weir_fib6_free(&f);
	free(t);
}

// Nodes that are no longer needed are used again: beside some prefixes that stay, many come and
// go.
Test(fib6, churn)
{
	enum { STAY = 2000, ALL = 6000 };
	struct table6_route *t = table6_new(ALL);
	size_t most = 0;
	struct weir_fib6 f;

	cr_assert_eq(weir_fib6_init(&f), 0);
	for (unsigned i = 0; i < STAY; i++)
		cr_assert_eq(weir_fib6_set(&f, t[i].prefix, t[i].len, i), 0);
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned i = STAY; i < ALL; i++)
			cr_assert_eq(weir_fib6_set(&f, t[i].prefix, t[i].len, i), 0);
		if (round == 2)
			most = weir_fib6_memory(&f);
		else if (round > 2)
			cr_assert_leq(weir_fib6_memory(&f), most * 5 / 4);
		for (unsigned i = STAY; i < ALL; i++)
			cr_assert_eq(weir_fib6_del(&f, t[i].prefix, t[i].len), 0);
	}
	weir_fib6_free(&f);
	free(t);
}

// A worker that looks up while prefixes come and go: each answer is the route from before a change
// or that from after it.
enum { COVERS = 32, INSIDE = 12, CHANGES = 40000 };

struct looker {
	const struct weir_fib6 *f;
	atomic_bool stop;
	uint64_t n, wrong;
};

static struct weir_ip6 within_cover(unsigned k, unsigned i)
{
	return (struct weir_ip6){0x20010db800000000 | (uint64_t)k << 24 | (uint64_t)i << 16, 0};
}

static void *look(void *arg)
{
	struct weir_ip6 dst[WEIR_FIB6_BATCH];
	uint32_t value[WEIR_FIB6_BATCH];
	struct looker *l = arg;
	uint64_t x = 1;

	urcu_qsbr_register_thread();
	while (!atomic_load(&l->stop)) {
		for (unsigned i = 0; i < WEIR_FIB6_BATCH; i++) {
			x = x * 6364136223846793005 + 1442695040888963407;
			dst[i] = within_cover((x >> 40) % COVERS, (x >> 50) % INSIDE);
		}
		weir_fib6_lookup_batch(l->f, dst, value, WEIR_FIB6_BATCH);
		for (unsigned i = 0; i < WEIR_FIB6_BATCH; i++) {
			unsigned k = (unsigned)(dst[i].hi >> 24 & 0xff);
			unsigned j = (unsigned)(dst[i].hi >> 16 & 0xff);

			l->wrong += value[i] != k && value[i] != 1000 + k * INSIDE + j;
		}
		l->n += WEIR_FIB6_BATCH;
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

Test(fib6, changes_while_workers_read)
{
	struct weir_fib6 f;
	struct looker l = {.f = &f};
	pthread_t thread;

	cr_assert_eq(weir_fib6_init(&f), 0);
	f.shared = true;
	for (unsigned k = 0; k < COVERS; k++)
		cr_assert_eq(weir_fib6_set(&f, within_cover(k, 0), 40, k), 0);
	cr_assert_eq(pthread_create(&thread, NULL, look, &l), 0);
	for (unsigned i = 0; i < CHANGES; i++) {
		unsigned k = rnd() % COVERS, j = rnd() % INSIDE;

		cr_assert_eq(weir_fib6_set(&f, within_cover(k, j), 48, 1000 + k * INSIDE + j), 0);
		k = rnd() % COVERS;
		weir_fib6_del(&f, within_cover(k, j), 48);
	}
	atomic_store(&l.stop, true);
	pthread_join(thread, NULL);
	cr_expect_gt(l.n, 0);
	cr_expect_eq(l.wrong, 0, "%llu of %llu", (unsigned long long)l.wrong,
		     (unsigned long long)l.n);
	weir_fib6_free(&f);
}

// Without memory the table stays as it was, and prefixes may go.
// AddressSanitizer keeps what was freed, which meets the limit first, and ends the program then.
#ifdef __SANITIZE_ADDRESS__
enum { FREED_IS_KEPT = true };
#else
enum { FREED_IS_KEPT = false };
#endif

Test(fib6, out_of_memory, .disabled = FREED_IS_KEPT)
{
	enum { ALL = 60000 };
	struct table6_route *t = table6_new(ALL);
	uint32_t n = 0, gone = 0;
	struct weir_fib6 f;
	int err = 0;

	cr_assert_eq(weir_fib6_init(&f), 0);
	cr_assert_eq(weir_fib6_set(&f, (struct weir_ip6){}, 0, 1000000), 0);
	bound_memory(6 << 20);
	while (n < ALL && !err) {
		err = weir_fib6_set(&f, t[n].prefix, t[n].len, n);
		n += !err;
	}
	for (uint32_t i = n; i < ALL && err == -ENOMEM; i++) {
		int again = weir_fib6_set(&f, t[i].prefix, t[i].len, i);

		if (again != -ENOMEM)
			err = again ? again : weir_fib6_del(&f, t[i].prefix, t[i].len) - ENOMEM;
	}
	for (uint32_t i = 0; i < n / 2; i++)
		gone += !weir_fib6_del(&f, t[i].prefix, t[i].len);
	bound_memory(0);
	cr_assert_eq(err, -ENOMEM);
	cr_expect_gt(n, 5000);
	cr_expect_lt(n, ALL);
	cr_expect_eq(gone, n / 2);
	cr_expect_eq(weir_fib6_count(&f), n - gone + 1);
	for (uint32_t i = gone; i < n; i++) {
		uint32_t v = weir_fib6_lookup(&f, t[i].prefix);

		cr_assert(v == i || (v < n && t[v].len > t[i].len &&
				     weir_ip6_equal(t[v].prefix, t[i].prefix)));
	}
	for (uint32_t i = gone; i < n; i++)
		cr_assert_eq(weir_fib6_del(&f, t[i].prefix, t[i].len), 0);
	for (unsigned i = 0; i < 65536; i++)
		cr_assert_eq(f.words[i], 1000000);
	weir_fib6_free(&f);
	free(t);
}

Test(fib6, init_without_memory)
{
	struct weir_fib6 f;
	int err;

	cr_assert_eq(weir_fib6_init(&f), 0);
	weir_fib6_free(&f);
	bound_memory(100 << 10);
	err = weir_fib6_init(&f);
	bound_memory(0);
	cr_expect_eq(err, -ENOMEM);
	weir_fib6_free(&f);
}
