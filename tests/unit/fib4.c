// SPDX-License-Identifier: BSD-2-Clause

// The IPv4 table against a naive twin: a list of prefixes, searched from end to end.

#include <weir/fib.h>

#include <bound.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fib_race.h>
#include <rnd.h>
#include <stdio.h>
#include <stdlib.h>

struct rule {
	uint32_t prefix, value;
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

static uint32_t mask(unsigned len)
{
	return len ? ~0u << (32 - len) : 0;
}

static struct rule *twin_find(struct twin *t, uint32_t prefix, unsigned len)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->rules[i].prefix == prefix && t->rules[i].len == len)
			return &t->rules[i];
	return NULL;
}

static uint32_t twin_lookup(const struct twin *t, uint32_t dst)
{
	const struct rule *best = NULL;

	for (unsigned i = 0; i < t->n; i++) {
		const struct rule *r = &t->rules[i];

		if ((dst & mask(r->len)) == r->prefix && (!best || r->len > best->len))
			best = r;
	}
	return best ? best->value : WEIR_FIB4_NONE;
}

static void both_set(struct weir_fib4 *f, struct twin *t, struct rule new)
{
	struct rule *r = twin_find(t, new.prefix, new.len);

	if (!r) {
		cr_assert_lt(t->n, MAX_RULES);
		r = &t->rules[t->n++];
	}
	*r = new;
	cr_assert_eq(weir_fib4_set(f, new.prefix, new.len, new.value), 0);
}

static void both_del(struct weir_fib4 *f, struct twin *t, uint32_t prefix, unsigned len)
{
	struct rule *r = twin_find(t, prefix, len);

	cr_assert_eq(weir_fib4_del(f, prefix, len), r ? 0 : -ENOENT);
	if (r)
		*r = t->rules[--t->n];
}

static int in_order(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return (int)x->len - (int)y->len;
}

struct walker {
	const struct rule *next, *end;
};

static int expect(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	struct walker *w = arg;

	cr_assert_lt(w->next, w->end);
	cr_assert_eq(prefix, w->next->prefix);
	cr_assert_eq(len, w->next->len);
	cr_assert_eq(value, w->next->value);
	w->next++;
	return 0;
}

static void same_walk(const struct weir_fib4 *f, struct twin *t)
{
	struct walker w = {t->rules, t->rules + t->n};

	qsort(t->rules, t->n, sizeof(t->rules[0]), in_order);
	cr_assert_eq(weir_fib4_walk(f, expect, &w), 0);
	cr_assert_eq(w.next, w.end);
	cr_assert_eq(weir_fib4_count(f), t->n);
}

static void same_get(const struct weir_fib4 *f, struct twin *t, uint32_t prefix, unsigned len)
{
	const struct rule *r = twin_find(t, prefix, len);
	uint32_t value = 0;

	cr_assert_eq(weir_fib4_get(f, prefix, len, &value), r ? 0 : -ENOENT);
	if (r)
		cr_assert_eq(value, r->value);
}

static void same_lookup(const struct weir_fib4 *f, const struct twin *t, uint32_t dst)
{
	uint32_t got = weir_fib4_lookup(f, dst), want = twin_lookup(t, dst);

	cr_assert_eq(got, want, "%08x: %u, not %u", dst, got, want);
}

// The first and the last address of every prefix and their neighbours: where a wrong range shows.
static void same_edges(const struct weir_fib4 *f, const struct twin *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		uint32_t first = t->rules[i].prefix, last = first | ~mask(t->rules[i].len);

		same_lookup(f, t, first);
		same_lookup(f, t, first - 1);
		same_lookup(f, t, last);
		same_lookup(f, t, last + 1);
	}
}

// Few distinct bits make prefixes that nest and meet again.
static struct rule random_rule(void)
{
	static const uint8_t lens[] = {0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 30, 31, 32};
	struct rule r = {.value = rnd() % WEIR_FIB4_NONE};

	r.len = rnd() % 2 ? rnd() % 33 : lens[rnd() % sizeof(lens)];
	r.prefix = rnd() % 4 ? rnd() & 0xc1018183 : rnd();
	r.prefix &= mask(r.len);
	return r;
}

// Fills to `high` prefixes, empties to `low`, and so on, so that the form changes many times.
static void run_twins(uint32_t grow_at, unsigned low, unsigned high, unsigned rounds)
{
	struct twin *t = calloc(1, sizeof(*t));
	unsigned forms[2] = {0};
	struct weir_fib4 f;
	bool rising = true;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.grow_at = grow_at;
	for (unsigned i = 0; i < rounds; i++) {
		struct rule r = random_rule();

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
		same_lookup(&f, t, r.prefix | ~mask(r.len));
		same_lookup(&f, t, rnd());
		if (i % 512 == 0) {
			same_walk(&f, t);
			same_edges(&f, t);
		}
		forms[f.view->shift == 8]++;
	}
	cr_assert(forms[0] && (grow_at == UINT32_MAX || forms[1]));
	while (t->n)
		both_del(&f, t, t->rules[0].prefix, t->rules[0].len);
	same_walk(&f, t);
	cr_assert_eq(f.view->shift, 16);
	for (unsigned i = 0; i < 65536; i++)
		cr_assert_eq(f.view->root[i], WEIR_FIB4_NONE);
	weir_fib4_free(&f);
	free(t);
}

Test(fib4, twin_small)
{
	run_twins(UINT32_MAX, 0, 400, 20000);
}

Test(fib4, twin_tiny)
{
	run_twins(UINT32_MAX, 0, 20, 20000);
}

Test(fib4, twin_across_forms)
{
	run_twins(64, 4, 200, 8000);
}

// In the large form, prefixes within few /24: leaves and groups that become each other.
Test(fib4, twin_last_bits)
{
	struct twin *t = calloc(1, sizeof(*t));
	unsigned kinds[2] = {0};
	struct weir_fib4 f;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.grow_at = 0;
	both_set(&f, t, (struct rule){0, 1, 32});
	both_set(&f, t, (struct rule){0x0b000000, 2, 8}); // so that it stays large
	both_del(&f, t, 0, 32);
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned len = 22 + rnd() % 11, most = i / 2000 % 2 ? 6 : 24;
		const uint32_t prefix = (0x0a000000 | (rnd() & 0x3ff)) & mask(len);
		const struct rule gone = t->rules[rnd() % t->n];
		uint32_t e;

		if (t->n < most && rnd() % 2)
			both_set(&f, t, (struct rule){prefix, rnd() % 100, len});
		else if (gone.len > 8)
			both_del(&f, t, gone.prefix, gone.len);
		same_edges(&f, t);
		same_lookup(&f, t, 0x0a000000 | (rnd() & 0x3ff));
		e = f.view->root[0x0a0000 + rnd() % 4];
		kinds[0] += e & WEIR_FIB4_GROUP && e & WEIR_FIB4_LEAF;
		kinds[1] += e & WEIR_FIB4_GROUP && !(e & WEIR_FIB4_LEAF);
	}
	cr_assert_eq(f.view->shift, 8);
	cr_assert(kinds[0] > 1000 && kinds[1] > 1000);
	for (unsigned i = t->n; i-- > 0;)
		if (t->rules[i].len > 8)
			both_del(&f, t, t->rules[i].prefix, t->rules[i].len);
	cr_assert_eq(f.view->deep, 0);
	weir_fib4_free(&f);
	free(t);
}

// What the longer prefixes of a large table take: 32 bytes each, where they do not lie together.
Test(fib4, memory_of_longer_prefixes)
{
	struct weir_fib4 f;
	size_t before;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.grow_at = 0;
	cr_assert_eq(weir_fib4_set(&f, 0, 32, 1), 0);
	before = weir_fib4_memory(&f);
	for (uint32_t i = 0; i < 20000; i++)
		cr_assert_eq(weir_fib4_set(&f, 0x0a000000 + (i << 8) + 4, 30, i), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		cr_assert_eq(weir_fib4_lookup(&f, 0x0a000007 + (i << 8)), i);
		cr_assert_eq(weir_fib4_lookup(&f, 0x0a000008 + (i << 8)), WEIR_FIB4_NONE);
	}
	cr_expect_lt(weir_fib4_memory(&f) - before, 6000000, "rules included");
	weir_fib4_free(&f);
}

// Readers are right while another thread changes the table, and while it takes another form.
Test(fib4, readers_beside_changes)
{
	struct fib_race r;

	cr_assert(fib_race(&r, 1000));
	cr_expect(r.lookups > 10000 && r.changes > 10000);
	cr_expect_gt(r.moves, 3);
	cr_expect_eq(r.wrong, 0);
}

static const struct rule nested[] = {
	{0, 1, 0},	     {0x80000000, 2, 1},  {0x8a000000, 3, 8},
	{0x8a010000, 4, 16}, {0x8a010100, 5, 24}, {0x8a010180, 6, 25},
	{0x8a0101ff, 7, 32}, {0x8a010100, 8, 32}, {0xffffffff, 10, 32},
	{0, 11, 32},
};
enum { NESTED = sizeof(nested) / sizeof(nested[0]) };

// Every order of arrival gives the same table, every order of leaving restores what covers.
static void nest(bool large)
{
	struct twin *t = calloc(1, sizeof(*t));
	struct weir_fib4 f;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.grow_at = large ? 0 : UINT32_MAX;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned first = rnd(), i = 0; i < NESTED; i++)
			both_set(&f, t, nested[(first + i * 3) % NESTED]);
		same_edges(&f, t);
		cr_assert_eq(f.view->shift, large ? 8 : 16);
		cr_assert_eq(weir_fib4_lookup(&f, 0x8a0101ff), 7);
		cr_assert_eq(weir_fib4_lookup(&f, 0x8a0101fe), 6);
		cr_assert_eq(weir_fib4_lookup(&f, 0x8a010101), 5);
		cr_assert_eq(weir_fib4_lookup(&f, 0x8a0102ff), 4);
		cr_assert_eq(weir_fib4_lookup(&f, 0x7fffffff), 1);
		for (unsigned first = rnd(), i = 0; i < NESTED; i++) {
			const struct rule *r = &nested[(first + i * 7) % NESTED];

			both_del(&f, t, r->prefix, r->len);
			for (unsigned k = 0; k < NESTED; k++)
				same_lookup(&f, t, nested[k].prefix);
		}
		cr_assert_eq(weir_fib4_lookup(&f, rnd()), WEIR_FIB4_NONE);
	}
	weir_fib4_free(&f);
	free(t);
}

Test(fib4, nested_small)
{
	nest(false);
}

Test(fib4, nested_large)
{
	nest(true);
}

Test(fib4, errors)
{
	struct weir_fib4 f;
	uint32_t v;

	cr_assert_eq(weir_fib4_init(&f), 0);
	cr_expect_eq(weir_fib4_lookup(&f, 0), WEIR_FIB4_NONE);
	cr_expect_eq(weir_fib4_set(&f, 0x0a000000, 33, 1), -EINVAL);
	cr_expect_eq(weir_fib4_set(&f, 0x0a000001, 24, 1), -EINVAL);
	cr_expect_eq(weir_fib4_set(&f, 1, 0, 1), -EINVAL);
	cr_expect_eq(weir_fib4_set(&f, 0, 0, WEIR_FIB4_NONE), -EINVAL);
	cr_expect_eq(weir_fib4_set(&f, 0, 0, WEIR_FIB4_GROUP), -EINVAL);
	cr_expect_eq(weir_fib4_del(&f, 0x0a000001, 24), -EINVAL);
	cr_expect_eq(weir_fib4_del(&f, 0, 0), -ENOENT);
	cr_expect_eq(weir_fib4_get(&f, 0, 33, &v), -EINVAL);
	cr_expect_eq(weir_fib4_get(&f, 0, 0, &v), -ENOENT);
	cr_expect_eq(weir_fib4_count(&f), 0);
	cr_expect_eq(weir_fib4_set(&f, 0x0a000000, 8, WEIR_FIB4_NONE - 1), 0);
	cr_expect_eq(weir_fib4_lookup(&f, 0x0a123456), WEIR_FIB4_NONE - 1);
	cr_expect_eq(weir_fib4_get(&f, 0x0a000000, 6, &v), -EINVAL);
	cr_expect_eq(weir_fib4_get(&f, 0x0a000000, 7, &v), -ENOENT);
	cr_expect_eq(weir_fib4_get(&f, 0x0a000000, 9, &v), -ENOENT);
	cr_expect_eq(weir_fib4_del(&f, 0x0a000000, 9), -ENOENT);
	weir_fib4_free(&f);
	weir_fib4_free(&f);
}

static int stop_at(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	(void)prefix;
	(void)len;
	return value == *(uint32_t *)arg ? 7 : 0;
}

Test(fib4, walk_stops)
{
	struct weir_fib4 f;
	uint32_t two = 2, nine = 9;

	cr_assert_eq(weir_fib4_init(&f), 0);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(weir_fib4_set(&f, i << 24, 8, i), 0);
	cr_expect_eq(weir_fib4_walk(&f, stop_at, &two), 7);
	cr_expect_eq(weir_fib4_walk(&f, stop_at, &nine), 0);
	weir_fib4_free(&f);
}

// The worst 100 routes are host routes far apart: two groups each.
Test(fib4, memory_of_100_routes)
{
	struct weir_fib4 f;

	cr_assert_eq(weir_fib4_init(&f), 0);
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(weir_fib4_set(&f, i << 24 | 1, 32, i), 0);
	cr_expect_lt(weir_fib4_memory(&f), 1000000);
	weir_fib4_free(&f);
}

// With the threshold as it is: the table grows, and gives the memory back.
Test(fib4, grows_and_shrinks)
{
	struct weir_fib4 f;
	uint32_t n = 0;

	cr_assert_eq(weir_fib4_init(&f), 0);
	for (; f.view->shift == 16 && n < 65536; n++)
		cr_assert_eq(weir_fib4_set(&f, n << 16, 17, n), 0);
	cr_assert_eq(f.view->shift, 8);
	cr_expect_lt(n, 65536);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(weir_fib4_lookup(&f, i << 16), i);
		cr_assert_eq(weir_fib4_lookup(&f, i << 16 | 0x8000), WEIR_FIB4_NONE);
	}
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(weir_fib4_del(&f, i << 16, 17), 0);
		// Not at once, else it would grow and shrink in turns.
		if (i == n / 2)
			cr_expect_eq(f.view->shift, 8);
		if (i == n - 100)
			cr_expect_eq(f.view->shift, 16);
	}
	cr_expect_eq(weir_fib4_count(&f), 0);
	cr_expect_lt(weir_fib4_memory(&f), 1000000);
	weir_fib4_free(&f);
}

// Groups and nodes that are no longer needed are used again: beside some prefixes that stay, many
// come and go, the longest first. Two groups and at most two nodes each.
static const unsigned lens[] = {32, 31, 24, 16};

static uint32_t churning(uint32_t round, unsigned k)
{
	return (0x04000000 + round * 0x08010000 + k % 1000 * 0x10203) & mask(lens[k / 1000]);
}

static void churn(uint32_t grow_at, unsigned shift)
{
	struct weir_fib4 f;
	size_t before = 0;

	cr_assert_eq(weir_fib4_init(&f), 0);
	f.grow_at = grow_at;
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(weir_fib4_set(&f, i << 16 | 1, 32, i), 0);
	for (uint32_t round = 0; round < 30; round++) {
		for (unsigned k = 0; k < 4000; k++)
			cr_assert_eq(weir_fib4_set(&f, churning(round, k), lens[k / 1000], k), 0);
		cr_assert_eq(weir_fib4_count(&f), 5000);
		cr_assert_eq(f.view->shift, shift);
		if (!round)
			before = weir_fib4_memory(&f);
		cr_assert_eq(weir_fib4_memory(&f), before);
		for (unsigned k = 0; k < 4000; k++)
			cr_assert_eq(weir_fib4_del(&f, churning(round, k), lens[k / 1000]), 0);
	}
	weir_fib4_free(&f);
}

Test(fib4, churn_small)
{
	churn(UINT32_MAX, 16);
}

Test(fib4, churn_large)
{
	churn(500, 8);
}

// Without memory the table stays as it was, in the small form while the large one does not fit.
Test(fib4, out_of_memory)
{
	struct weir_fib4 f;
	uint32_t n = 0;
	int err = 0;

	cr_assert_eq(weir_fib4_init(&f), 0);
	cr_assert_eq(weir_fib4_set(&f, 0, 0, 1000000), 0);
	f.grow_at = 100;
	bound_memory(32 << 20);
	for (; n < 65536; n++) {
		err = weir_fib4_set(&f, n << 16 | 1, 32, n);
		if (err)
			break;
	}
	if (!err)
		err = 1;
	else if (weir_fib4_set(&f, n << 16, 32, 5) != err || weir_fib4_del(&f, 1, 32))
		err = 2;
	bound_memory(0);
	cr_assert_eq(err, -ENOMEM);
	cr_expect_gt(n, 1000);
	cr_expect_eq(f.view->shift, 16);
	cr_expect_eq(weir_fib4_count(&f), n);
	for (uint32_t i = 0; i < 65536; i++) {
		cr_assert_eq(weir_fib4_lookup(&f, i << 16 | 1), i && i < n ? i : 1000000);
		cr_assert_eq(weir_fib4_lookup(&f, i << 16), 1000000);
	}
	// With memory it grows.
	cr_assert_eq(weir_fib4_set(&f, n << 16 | 1, 32, n), 0);
	for (uint32_t i = n + 1; f.view->shift == 16 && i < 65536; i++)
		cr_assert_eq(weir_fib4_set(&f, i << 16 | 1, 32, i), 0);
	cr_expect_eq(f.view->shift, 8);
	cr_expect_eq(weir_fib4_lookup(&f, n << 16 | 1), n);
	weir_fib4_free(&f);
}

Test(fib4, init_without_memory)
{
	struct weir_fib4 f;
	int err;

	cr_assert_eq(weir_fib4_init(&f), 0);
	weir_fib4_free(&f);
	bound_memory(100 << 10);
	err = weir_fib4_init(&f);
	bound_memory(0);
	cr_expect_eq(err, -ENOMEM);
	weir_fib4_free(&f);
}
