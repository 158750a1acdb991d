// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Inside the compiler of rule lists. A graph holds tests and steps, each kept once; a step's
// successors exist before the step itself, so numbers ascend against the direction of the paths.

#include <weir/dag.h>

// Fixed-size items, each kept once and named by its number.
struct intern {
	size_t size;
	uint8_t *v;
	uint32_t *slots; // number + 1, 0: free
	uint32_t n, cap, n_slots;
	bool failed;
};
void intern_init(struct intern *t, size_t size);
void intern_free(struct intern *t);
uint32_t intern_add(struct intern *t, const void *item);

// Tests are right-justified: the last byte of the mask is the last byte of the word, if the offset
// allows it. So what a test needs is the end of its word.
struct test {
	uint32_t base, off, mask, lo, hi;
};
struct step {
	uint32_t test, yes, no, missing; // successors: a port, or WEIR_DAG_STEP + number
};
struct graph {
	struct intern tests, steps;
};

static inline const struct test *graph_test(const struct graph *g, uint32_t i)
{
	return (const struct test *)(const void *)g->tests.v + i;
}
static inline const struct step *graph_step(const struct graph *g, uint32_t to)
{
	return (const struct step *)(const void *)g->steps.v + (to - WEIR_DAG_STEP);
}
static inline bool is_step(uint32_t to)
{
	return to >= WEIR_DAG_STEP;
}
static inline bool same_field(const struct test *a, const struct test *b)
{
	return a->base == b->base && a->off == b->off && a->mask == b->mask;
}
// Bytes that must be there from the base on.
static inline uint32_t test_need(const struct test *t)
{
	return t->off + 4 - (uint32_t)__builtin_ctz(t->mask) / 8;
}

void graph_init(struct graph *g);
void graph_free(struct graph *g);
bool graph_failed(const struct graph *g);
uint32_t graph_add_test(struct graph *g, struct weir_test t);

// What is known of a packet on the way to a step: the outcomes of some earlier tests, and how many
// bytes there are at least and at most from each base on.
enum { FACTS_MAX = 32 };
struct facts {
	uint32_t n, step;
	uint32_t min[4], max[4];
	uint32_t v[FACTS_MAX]; // test << 1 | outcome, oldest first
};
enum { CAN_YES = 1, CAN_NO = 2, CAN_MISS = 4 };
// Which outcomes of a test the facts leave open: a set of CAN_*; *work grows with the time spent.
unsigned facts_decide(const struct graph *g, const struct facts *f, uint32_t test, uint64_t *work);

// Copies what can be reached from `root` in src to dst, without the tests that those before them
// decide. `present`: for packets in which every test finds its bytes. The new root.
uint32_t graph_specialize(struct graph *dst, const struct graph *src, uint32_t root, bool present);

// Copies what can be reached from `root` in src to dst, with neighbouring tests joined and likely
// packets decided first. The new root.
uint32_t graph_tidy(struct graph *dst, const struct graph *src, uint32_t root, bool present);

// Copies what can be reached from `root` in src to dst, with long rows of tests of one field turned
// into trees. The new root.
uint32_t graph_balance(struct graph *dst, const struct graph *src, uint32_t root, bool present);

// The steps that can be reached, in the order in which packets meet them: first what leads on from
// roots[0], then the rest of what leads on from roots[1].
struct order {
	uint32_t *step; // steps of the graph
	uint32_t *to;	// for each step of the graph its new name
	uint32_t n;
};
int graph_order(struct order *o, const struct graph *g, const uint32_t roots[2]);
void order_free(struct order *o);

// Writes the array of steps. 0 or -ENOMEM.
int lay_out(struct weir_dag *d, const struct graph *g, const struct order *o,
	    const uint32_t roots[2], bool data_only);
