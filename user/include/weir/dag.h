// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Rule lists as data. An element turns its rules into expressions over the bytes of a packet and
// compiles them once into a flat array of tests without pointers, which both halves of the router
// run: from the root, each test leads to another one or to an output, and no path is longer than
// `depth`.
//
// A test looks at up to 32 bits of a packet. If a byte it needs is not there the test is false,
// whether it says == or !=; `not` around a test makes that true. Packets that are long enough for
// every test (nearly all) take a path without length checks.

#include <weir/ip6_walk.h>
#include <weir/packet.h>

#include <abi/dag.h>

struct weir_buf;
struct weir_front_args;

// Is the word at off, read in network byte order and masked, within lo..hi?
struct weir_test {
	uint8_t base; // enum weir_base
	bool negated; // outside of lo..hi, but there
	uint16_t off;
	uint32_t mask, lo, hi;
};

// Expressions live in a pool and are named by their number in it. Failures of memory are remembered
// and end in -ENOMEM from weir_dag_compile.
struct weir_expr {
	enum {
		WEIR_EXPR_CONST,
		WEIR_EXPR_TEST,
		WEIR_EXPR_NOT,
		WEIR_EXPR_AND,
		WEIR_EXPR_OR,
		WEIR_EXPR_IF
	} kind;
	unsigned a, b, c; // operands; CONST: a is the value; IF: a ? b : c
	struct weir_test test;
};
struct weir_exprs {
	struct weir_expr *v;
	unsigned n, cap;
	unsigned n_tests;
	bool failed;
};
unsigned weir_expr_const(struct weir_exprs *e, bool value);
unsigned weir_expr_test(struct weir_exprs *e, struct weir_test test);
unsigned weir_expr_not(struct weir_exprs *e, unsigned a);
unsigned weir_expr_and(struct weir_exprs *e, unsigned a, unsigned b);
unsigned weir_expr_or(struct weir_exprs *e, unsigned a, unsigned b);
unsigned weir_expr_if(struct weir_exprs *e, unsigned a, unsigned b, unsigned c);
void weir_exprs_free(struct weir_exprs *e);

// The first rule that holds says the port to return: an output or WEIR_DROP + reason.
struct weir_rule {
	unsigned expr;
	uint16_t port;
	bool unused; // set by weir_dag_compile: no packet can meet it
};

enum {
	WEIR_DAG_TESTS = 16384, // most tests in one rule list
	// Most steps one behind the other, and most at all, of a list that the driver runs.
	WEIR_DAG_DRIVER_DEPTH = 1024,
	WEIR_DAG_DRIVER_STEPS = 32768,
};

struct weir_dag {
	const struct weir_dag_step *steps; // owner: weir_dag_free; zeroes up to a power of two
	uint32_t need;	  // packets with fewer bytes (from the transport header on, in _run_ip) are
			  // short
	uint32_t careful; // where short packets begin
	uint32_t n, depth;
	bool data_only;
	struct weir_dag_step root; // where all others begin
	struct weir_dag_args args; // for the driver
};

// Compiles rules; packets that meet none get `otherwise`. `data_only`: all tests are WEIR_BASE_DATA
// and compare for equality, for weir_dag_run_data; else none is, for weir_dag_run_ip. 0, -ENOMEM,
// or -E2BIG when there are more than WEIR_DAG_TESTS tests.
int weir_dag_compile(struct weir_dag *d, const struct weir_exprs *e, struct weir_rule *rules,
		     unsigned n_rules, uint16_t otherwise, bool data_only);
void weir_dag_free(struct weir_dag *d);
// For the `driver` function of a class whose program has the arguments struct weir_dag_args.
int weir_dag_front(const struct weir_dag *d, struct weir_front_args *a);
// A line for each step, for the `program` handlers.
void weir_dag_print(const struct weir_dag *d, struct weir_buf *out);

// For packets that are too short for some test, or whose headers are not set; `to` is d->careful.
// (It does not take d itself so that a copy of that can stay in registers.)
unsigned weir_dag_run_careful(const struct weir_dag_step *steps, uint32_t to, bool data_only,
			      struct packet *p);

// While a list runs on an IPv6 packet with extension headers, its header says what the walk over
// them has found: the next header is the last one, the transport header is behind them (not set if
// there is none, as in later fragments), and this bit of the first byte says that it is a fragment.
// So the lists, and who compiles them, know nothing of extension headers.
enum { WEIR_DAG_FRAGMENT = 0x80 };

// For packets with extension headers, or without an IPv6 header.
unsigned weir_dag_run_ip6_rest(const struct weir_dag *d, struct packet *p);

WEIR_INLINE uint32_t weir_dag_load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

WEIR_INLINE const struct weir_dag_step *weir_dag_step(const struct weir_dag *d, uint32_t to)
{
	return &d->steps[(size_t)to - WEIR_DAG_STEP];
}

WEIR_INLINE unsigned weir_dag_run_data(const struct weir_dag *d, struct packet *p)
{
	const uint8_t *data = weir_data(p);
	uint32_t to;

	if (WEIR_UNLIKELY(p->len < d->need))
		return weir_dag_run_careful(d->steps, d->careful, true, p);
	to = (weir_dag_load(data + d->root.off) & d->root.mask) == d->root.lo ? d->root.yes
									      : d->root.no;
	while (to >= WEIR_DAG_STEP) {
		const struct weir_dag_step *s = weir_dag_step(d, to);

		to = (weir_dag_load(data + s->off) & s->mask) == s->lo ? s->yes : s->no;
	}
	return to;
}

// Does the first test say `holds` for every packet of the batch?
WEIR_INLINE bool weir_dag_all_data(const struct weir_dag *d, const struct batch *b, bool holds)
{
	const uint32_t mask = d->root.mask, lo = d->root.lo, off = d->root.off, need = d->need;
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];

		if (WEIR_UNLIKELY(p->len < need))
			return false;
		if (((weir_dag_load(weir_data(p) + off) & mask) == lo) != holds)
			return false;
	}
	return true;
}

// The output of a whole batch if the first test alone decides it, and in the same way for all, as
// behind a device where nearly all is IP; else WEIR_DAG_STEP.
WEIR_INLINE uint32_t weir_dag_agree_data(const struct weir_dag *d, const struct batch *b)
{
	uint32_t yes = d->root.yes, no = d->root.no;
	const struct packet *p = b->p[0];
	bool holds;

	if (p->len < d->need)
		return WEIR_DAG_STEP;
	holds = (weir_dag_load((const uint8_t *)p + p->off + d->root.off) & d->root.mask) ==
		d->root.lo;
	if (holds)
		return yes < WEIR_DAG_STEP && weir_dag_all_data(d, b, true) ? yes : WEIR_DAG_STEP;
	return no < WEIR_DAG_STEP && weir_dag_all_data(d, b, false) ? no : WEIR_DAG_STEP;
}

WEIR_INLINE uint32_t weir_dag_step_ip(const struct weir_dag_step *s, const struct packet *p)
{
	const uint8_t *raw = (const uint8_t *)p;
	uint16_t base;
	uint32_t word;

	memcpy(&base, raw + s->at, sizeof(base));
	word = __builtin_bswap32(weir_dag_load(raw + base + s->off));
	return (word & s->mask) - s->lo <= s->span ? s->yes : s->no;
}

WEIR_INLINE unsigned weir_dag_run_ip(const struct weir_dag *d, struct packet *p)
{
	uint32_t to;

	if (WEIR_UNLIKELY(!p->transport || p->transport + (uint64_t)d->need > p->off + p->len))
		return weir_dag_run_careful(d->steps, d->careful, false, p);
	to = weir_dag_step_ip(&d->root, p);
	while (to >= WEIR_DAG_STEP)
		to = weir_dag_step_ip(weir_dag_step(d, to), p);
	return to;
}

WEIR_INLINE unsigned weir_dag_run_ip6(const struct weir_dag *d, struct packet *p)
{
	// without a header it is a byte of p's length that is 0, an extension header
	if (WEIR_UNLIKELY(weir_ip6_is_extension(weir_ip6_or_blank(p)->next)))
		return weir_dag_run_ip6_rest(d, p);
	return weir_dag_run_ip(d, p);
}
_Static_assert(offsetof(struct packet, len) + 2 == offsetof(struct ip6, next),
	       "see weir_dag_run_ip6: no packet is so long");
