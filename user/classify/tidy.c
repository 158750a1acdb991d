// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <abi/hdr.h>
#include <stdlib.h>

struct tidy {
	struct graph *dst;
	bool present; // no test misses its bytes
};

static bool is_equality(const struct test *t)
{
	return t->lo == t->hi;
}

// Most packets are IP, most of those TCP, then UDP: a guess that only decides which of several
// tests of one field comes first.
static unsigned likelihood(const struct test *t)
{
	if (!is_equality(t))
		return 0;
	if (t->base == WEIR_BASE_DATA && t->off == 10 && t->mask == 0xffff)
		return t->lo == ETHERTYPE_IP4 ? 2 : t->lo == ETHERTYPE_IP6;
	if (t->base == WEIR_BASE_NETWORK && t->off == 6 && t->mask == 0xff)
		return t->lo == IPPROTO4_TCP ? 2 : t->lo == IPPROTO4_UDP;
	return 0;
}

// a && b as one comparison of at most four bytes.
static bool join_and(const struct test *a, const struct test *b, struct weir_test *out)
{
	uint32_t off = a->off < b->off ? a->off : b->off;
	uint64_t mask, value;

	if (a->base != b->base || !is_equality(a) || !is_equality(b) || a->off - off > 3 ||
	    b->off - off > 3)
		return false;
	// eight bytes from off on
	mask = (uint64_t)a->mask << (32 - 8 * (a->off - off)) |
	       (uint64_t)b->mask << (32 - 8 * (b->off - off));
	value = (uint64_t)a->lo << (32 - 8 * (a->off - off)) | (uint64_t)b->lo
								       << (32 - 8 * (b->off - off));
	if (((uint64_t)a->mask << (32 - 8 * (a->off - off)) & value) !=
		    (uint64_t)a->lo << (32 - 8 * (a->off - off)) ||
	    ((uint64_t)b->mask << (32 - 8 * (b->off - off)) & value) !=
		    (uint64_t)b->lo << (32 - 8 * (b->off - off)))
		return false;
	while (!(mask >> 56)) {
		mask <<= 8;
		value <<= 8;
		off++;
	}
	if (mask & 0xffffffff)
		return false;
	*out = (struct weir_test){.base = (uint8_t)a->base, .off = (uint16_t)off};
	out->mask = (uint32_t)(mask >> 32);
	out->lo = out->hi = (uint32_t)(value >> 32);
	return true;
}

// a || b as one range. Not for tests that must stay comparisons (see weir_dag_run_data).
static bool join_or(const struct test *a, const struct test *b, struct weir_test *out)
{
	const struct test *low = a->lo <= b->lo ? a : b, *high = low == a ? b : a;

	if (a->base == WEIR_BASE_DATA || !same_field(a, b) || is_equality(a) != is_equality(b) ||
	    high->lo > low->hi + 1ull)
		return false;
	*out = (struct weir_test){
		.base = (uint8_t)a->base, .off = (uint16_t)a->off, .mask = a->mask};
	out->lo = low->lo;
	out->hi = low->hi > high->hi ? low->hi : high->hi;
	return true;
}

static uint32_t make(struct tidy *y, struct step s);

// Joins a step with the one that follows if it does not hold, or swaps them, if they test the same
// field. 0: neither.
static uint32_t make_with_no(struct tidy *y, struct step s)
{
	struct step next = *graph_step(y->dst, s.no);
	const struct test *t = graph_test(y->dst, s.test), *u = graph_test(y->dst, next.test);
	struct weir_test joined;

	if (!same_field(t, u))
		return 0;
	// the second test cannot miss its bytes any more
	if (s.yes == next.yes && join_or(t, u, &joined)) {
		s.test = graph_add_test(y->dst, joined);
		s.no = next.no;
		return make(y, s);
	}
	if (likelihood(u) <= likelihood(t))
		return 0;
	s.no = next.no;
	next.no = make(y, s);
	next.missing = s.missing;
	return make(y, next);
}

// The same for the step that follows if it holds.
static uint32_t make_with_yes(struct tidy *y, struct step s)
{
	const struct step *next = graph_step(y->dst, s.yes);
	struct weir_test joined;

	if (s.no != next->no || (!y->present && (s.missing != s.no || next->missing != s.no)) ||
	    !join_and(graph_test(y->dst, s.test), graph_test(y->dst, next->test), &joined))
		return 0;
	s.yes = next->yes;
	s.test = graph_add_test(y->dst, joined);
	return make(y, s);
}

static uint32_t make(struct tidy *y, struct step s)
{
	uint32_t to = 0;

	if (y->present)
		s.missing = s.no;
	if (s.yes == s.no && s.yes == s.missing)
		return s.yes;
	if (is_step(s.no))
		to = make_with_no(y, s);
	if (!to && is_step(s.yes))
		to = make_with_yes(y, s);
	return is_step(to) ? to : WEIR_DAG_STEP + intern_add(&y->dst->steps, &s);
}

static void mark(uint32_t *reached, uint32_t to)
{
	if (is_step(to))
		reached[to - WEIR_DAG_STEP] = 1;
}

static uint32_t renamed(const uint32_t *names, uint32_t to)
{
	return is_step(to) ? names[to - WEIR_DAG_STEP] : to;
}

uint32_t graph_tidy(struct graph *dst, const struct graph *src, uint32_t root, bool present)
{
	struct tidy y = {.dst = dst, .present = present};
	uint32_t n, *to;

	if (!is_step(root))
		return root;
	n = root - WEIR_DAG_STEP + 1;
	to = calloc(n, sizeof(*to));
	if (!to) {
		dst->steps.failed = true;
		return 0;
	}
	mark(to, root);
	for (uint32_t i = n; i-- > 0;) {
		const struct step *s = graph_step(src, WEIR_DAG_STEP + i);

		if (!to[i])
			continue;
		mark(to, s->yes);
		mark(to, s->no);
		mark(to, s->missing);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct step s = *graph_step(src, WEIR_DAG_STEP + i);

		if (!to[i])
			continue;
		s.test = intern_add(&dst->tests, graph_test(src, s.test));
		s.yes = renamed(to, s.yes);
		s.no = renamed(to, s.no);
		s.missing = renamed(to, s.missing);
		to[i] = make(&y, s);
	}
	root = to[n - 1];
	free(to);
	return root;
}
