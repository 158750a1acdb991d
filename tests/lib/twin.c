// SPDX-License-Identifier: BSD-2-Clause
#include "twin.h"

static bool holds(const struct weir_test *t, struct packet *p)
{
	uint32_t start = t->base == WEIR_BASE_DATA	? p->off
			 : t->base == WEIR_BASE_MAC	? p->mac
			 : t->base == WEIR_BASE_NETWORK ? p->network
							: p->transport;
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t mask = (uint8_t)(t->mask >> (24 - 8 * i));
		uint32_t at = start + t->off + i;

		if (mask && (!start || at >= p->off + p->len))
			return false;
		value = value << 8 | (mask ? mask & ((uint8_t *)p)[at] : 0);
	}
	return (value >= t->lo && value <= t->hi) != t->negated;
}

bool twin_holds(const struct weir_exprs *e, unsigned expr, struct packet *p)
{
	const struct weir_expr *x = &e->v[expr];

	switch (x->kind) {
	case WEIR_EXPR_CONST:
		return x->a;
	case WEIR_EXPR_TEST:
		return holds(&x->test, p);
	case WEIR_EXPR_NOT:
		return !twin_holds(e, x->a, p);
	case WEIR_EXPR_AND:
		return twin_holds(e, x->a, p) && twin_holds(e, x->b, p);
	case WEIR_EXPR_OR:
		return twin_holds(e, x->a, p) || twin_holds(e, x->b, p);
	case WEIR_EXPR_IF:
		return twin_holds(e, x->a, p) ? twin_holds(e, x->b, p) : twin_holds(e, x->c, p);
	}
	return false;
}
