// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

// Bits of the bytes around a test that are known: the word at its offset is bits 32..63, the
// words up to three bytes before and behind it overlap that.
struct known {
	unsigned __int128 mask, value;
};

struct range {
	uint32_t lo, hi;
};

static bool overlap(const struct test *a, const struct test *b)
{
	return a->base == b->base && a->off < b->off + 4 && b->off < a->off + 4;
}

static unsigned shift_of(const struct test *around, const struct test *t)
{
	return (around->off + 4 - t->off) * 8;
}

// The outcome of a test as one range of values, if it is one.
static bool as_range(const struct test *t, bool outcome, struct range *r)
{
	if (outcome)
		*r = (struct range){t->lo, t->hi};
	else if (t->lo == 0 && t->hi < t->mask)
		*r = (struct range){t->hi + 1, t->mask};
	else if (t->hi == t->mask && t->lo > 0)
		*r = (struct range){0, t->lo - 1};
	else
		return false;
	if (!(t->mask & (t->mask - 1))) { // one bit: 0 or the mask
		r->lo = r->lo ? t->mask : 0;
		r->hi = r->hi == t->mask ? t->mask : 0;
	}
	return true;
}

// Adds the bits that all values of a range have in common. False if others are known already.
static bool learn(struct known *k, const struct test *around, const struct test *t, struct range r)
{
	uint32_t mask = t->mask;
	unsigned __int128 m, v;

	if (r.lo != r.hi)
		mask &= ~(uint32_t)((2ull << (31 - __builtin_clz(r.lo ^ r.hi))) - 1);
	m = (unsigned __int128)mask << shift_of(around, t);
	v = (unsigned __int128)(r.lo & mask) << shift_of(around, t);
	if ((k->value ^ v) & (k->mask & m))
		return false;
	k->mask |= m;
	k->value |= v;
	return true;
}

static bool exclude(struct range *r, const struct test *t)
{
	if (t->lo <= r->lo && t->hi >= r->hi)
		return false;
	if (t->lo <= r->lo && t->hi >= r->lo)
		r->lo = t->hi + 1;
	if (t->hi >= r->hi && t->lo <= r->hi)
		r->hi = t->lo - 1;
	return true;
}

// Do the known bits say that a test holds, although the facts say that it does not?
static bool contradicts(const struct known *k, const struct test *around, const struct test *t)
{
	uint32_t mask = (uint32_t)(k->mask >> shift_of(around, t));
	uint32_t value = (uint32_t)(k->value >> shift_of(around, t)) & t->mask;

	return (mask & t->mask) == t->mask && value >= t->lo && value <= t->hi;
}

struct question {
	const struct graph *g;
	const struct test *t;
	uint32_t near[FACTS_MAX + 1]; // facts about the bytes of t
	uint32_t n;
};

// What the facts say together of the bits around the test and of the range of its field. False if
// they contradict each other.
static bool collect(const struct question *q, struct known *k, struct range *r)
{
	uint32_t mask, value;
	struct range x;

	for (uint32_t i = 0; i < q->n; i++) {
		const struct test *t = graph_test(q->g, q->near[i] >> 1);

		if (!as_range(t, q->near[i] & 1, &x))
			continue;
		if (!learn(k, q->t, t, x))
			return false;
		if (same_field(t, q->t)) {
			r->lo = r->lo > x.lo ? r->lo : x.lo;
			r->hi = r->hi < x.hi ? r->hi : x.hi;
		}
	}
	mask = (uint32_t)(k->mask >> 32) & q->t->mask;
	value = (uint32_t)(k->value >> 32) & mask;
	r->lo = r->lo > value ? r->lo : value;
	value |= q->t->mask & ~mask;
	r->hi = r->hi < value ? r->hi : value;
	return r->lo <= r->hi;
}

// Takes the tests that did not hold from the range. False if nothing is left.
static bool narrow(const struct question *q, const struct known *k, struct range *r)
{
	for (uint32_t i = 0; i < q->n; i++) {
		const struct test *t = graph_test(q->g, q->near[i] >> 1);

		if (q->near[i] & 1)
			continue;
		if (same_field(t, q->t) ? !exclude(r, t) : contradicts(k, q->t, t))
			return false;
	}
	return true;
}

// Can the last of the facts hold together with the others? May say yes although it cannot.
static bool possible(const struct question *q)
{
	struct range r = {0, q->t->mask}, old;
	struct known k = {};

	if (!collect(q, &k, &r))
		return false;
	do {
		old = r;
		if (!narrow(q, &k, &r))
			return false;
	} while (old.lo != r.lo || old.hi != r.hi);
	return true;
}

unsigned facts_decide(const struct graph *g, const struct facts *f, uint32_t test, uint64_t *work)
{
	struct question q = {.g = g, .t = graph_test(g, test)};
	uint32_t need = test_need(q.t);
	unsigned can = 0;

	if (f->max[q.t->base] < need)
		return CAN_MISS;
	if (f->min[q.t->base] < need)
		can |= CAN_MISS;
	for (uint32_t i = 0; i < f->n; i++)
		if (overlap(graph_test(g, f->v[i] >> 1), q.t))
			q.near[q.n++] = f->v[i];
	*work += f->n + 4ull * q.n;
	q.near[q.n++] = test << 1 | 1;
	if (possible(&q))
		can |= CAN_YES;
	q.near[q.n - 1] = test << 1;
	if (possible(&q))
		can |= CAN_NO;
	return can;
}
