// SPDX-License-Identifier: BSD-2-Clause
#include <weir/dag.h>

#include <stdlib.h>

static unsigned add(struct weir_exprs *e, struct weir_expr x)
{
	if (e->n == e->cap) {
		unsigned cap = e->cap ? 2 * e->cap : 64;
		struct weir_expr *v = realloc(e->v, cap * sizeof(*v));

		if (!v) {
			e->failed = true;
			return 0;
		}
		e->v = v;
		e->cap = cap;
	}
	e->v[e->n] = x;
	return e->n++;
}

unsigned weir_expr_const(struct weir_exprs *e, bool value)
{
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_CONST, .a = value});
}

unsigned weir_expr_test(struct weir_exprs *e, struct weir_test t)
{
	if (t.hi > t.mask)
		t.hi = t.mask;
	if (t.lo > t.hi)
		return weir_expr_const(e, t.negated);
	if (!t.mask)
		return weir_expr_const(e, !t.negated);
	e->n_tests++;
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_TEST, .test = t});
}

unsigned weir_expr_not(struct weir_exprs *e, unsigned a)
{
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_NOT, .a = a});
}

unsigned weir_expr_and(struct weir_exprs *e, unsigned a, unsigned b)
{
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_AND, .a = a, .b = b});
}

unsigned weir_expr_or(struct weir_exprs *e, unsigned a, unsigned b)
{
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_OR, .a = a, .b = b});
}

unsigned weir_expr_if(struct weir_exprs *e, unsigned a, unsigned b, unsigned c)
{
	return add(e, (struct weir_expr){.kind = WEIR_EXPR_IF, .a = a, .b = b, .c = c});
}

void weir_exprs_free(struct weir_exprs *e)
{
	free(e->v);
	*e = (struct weir_exprs){};
}
