// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <errno.h>
#include <stdlib.h>

// The step with which an expression begins if it leads to yes or no. Chains of `and` and `or` lean
// to the left, so that only parentheses nest the calls.
static uint32_t build(struct graph *g, const struct weir_exprs *e, unsigned expr, uint32_t yes,
		      uint32_t no)
{
	for (;;) {
		const struct weir_expr *x = &e->v[expr];
		struct step s = {};
		uint32_t swap;

		switch (x->kind) {
		case WEIR_EXPR_CONST:
			return x->a ? yes : no;
		case WEIR_EXPR_TEST:
			s.test = graph_add_test(g, x->test);
			s.yes = x->test.negated ? no : yes;
			s.no = x->test.negated ? yes : no;
			s.missing = no;
			if (yes == no)
				return yes;
			return WEIR_DAG_STEP + intern_add(&g->steps, &s);
		case WEIR_EXPR_NOT:
			swap = yes;
			yes = no;
			no = swap;
			expr = x->a;
			break;
		case WEIR_EXPR_AND:
			yes = build(g, e, x->b, yes, no);
			expr = x->a;
			break;
		case WEIR_EXPR_OR:
			no = build(g, e, x->b, yes, no);
			expr = x->a;
			break;
		case WEIR_EXPR_IF:
			swap = build(g, e, x->b, yes, no);
			no = build(g, e, x->c, yes, no);
			yes = swap;
			expr = x->a;
			break;
		}
	}
}

static uint32_t optimize(struct graph *out, const struct graph *src, uint32_t root, bool present,
			 bool data_only)
{
	struct graph special, tidy;
	uint32_t to;

	graph_init(&special);
	graph_init(&tidy);
	to = graph_specialize(&special, src, root, present);
	if (data_only) { // whose tests cannot be ranges
		to = graph_tidy(out, &special, to, present);
	} else {
		to = graph_tidy(&tidy, &special, to, present);
		to = graph_balance(out, &tidy, to, present);
	}
	out->steps.failed |= graph_failed(&special) || graph_failed(&tidy);
	graph_free(&special);
	graph_free(&tidy);
	return to;
}

// Both graphs of a rule list, in one: for long packets, and for all.
static int compile(struct graph *out, const struct weir_exprs *e, const struct weir_rule *rules,
		   unsigned n_rules, uint32_t otherwise, bool by_number, bool data_only,
		   uint32_t roots[2])
{
	struct graph src;
	uint32_t to = otherwise;
	int r;

	graph_init(&src);
	for (unsigned i = n_rules; i-- > 0;)
		to = build(&src, e, rules[i].expr, by_number ? i : rules[i].port, to);
	r = graph_failed(&src) ? -ENOMEM : 0;
	if (!r) {
		roots[0] = optimize(out, &src, to, true, data_only);
		roots[1] = optimize(out, &src, to, false, data_only);
		r = graph_failed(out) ? -ENOMEM : 0;
	}
	graph_free(&src);
	return r;
}

// Which rules can be met? Those whose number is an output of the graph.
static int find_unused(const struct weir_exprs *e, struct weir_rule *rules, unsigned n_rules,
		       bool data_only)
{
	struct graph g;
	struct order o = {};
	uint32_t roots[2];
	int r;

	graph_init(&g);
	for (unsigned i = 0; i < n_rules; i++)
		rules[i].unused = true;
	r = compile(&g, e, rules, n_rules, n_rules, true, data_only, roots);
	if (!r)
		r = graph_order(&o, &g, roots);
	for (uint32_t i = 0; !r && i < o.n; i++) {
		const struct step *s = graph_step(&g, o.step[i]);
		const uint32_t next[] = {s->yes, s->no, s->missing};

		for (unsigned k = 0; k < 3; k++)
			if (next[k] < n_rules)
				rules[next[k]].unused = false;
	}
	for (unsigned k = 0; !r && k < 2; k++)
		if (roots[k] < n_rules)
			rules[roots[k]].unused = false;
	order_free(&o);
	graph_free(&g);
	return r;
}

int weir_dag_compile(struct weir_dag *d, const struct weir_exprs *e, struct weir_rule *rules,
		     unsigned n_rules, uint16_t otherwise, bool data_only)
{
	struct graph g;
	struct order o = {};
	uint32_t roots[2];
	int r;

	*d = (struct weir_dag){.data_only = data_only};
	if (e->failed)
		return -ENOMEM;
	if (e->n_tests > WEIR_DAG_TESTS || n_rules > WEIR_DAG_TESTS)
		return -E2BIG;
	graph_init(&g);
	r = find_unused(e, rules, n_rules, data_only);
	if (!r)
		r = compile(&g, e, rules, n_rules, otherwise, false, data_only, roots);
	if (!r)
		r = graph_order(&o, &g, roots);
	if (!r)
		r = lay_out(d, &g, &o, roots, data_only);
	order_free(&o);
	graph_free(&g);
	return r;
}
