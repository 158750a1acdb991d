// SPDX-License-Identifier: BSD-2-Clause
#include <weir/element.h>
#include <weir/ip_expr.h>

#include <errno.h>

int weir_rules_compile(struct weir_dag *d, const struct weir_exprs *e, struct weir_rule *rules,
		       struct weir_args *a, bool data_only)
{
	int r = weir_dag_compile(d, e, rules, a->n_rest, WEIR_DROP, data_only);

	if (r == -E2BIG)
		return weir_args_error(a, -1, "more than %u tests; use several elements",
				       WEIR_DAG_TESTS);
	if (r)
		return weir_args_error(a, -1, "no memory for %u patterns", a->n_rest);
	for (unsigned i = 0; i < a->n_rest; i++)
		if (rules[i].unused)
			weir_args_warn(a, (int)i, "pattern %u matches no packets", i);
	return 0;
}

int weir_rules_outputs(struct weir_args *a)
{
	struct weir_element *e = a->element;

	if (!a->n_rest)
		return weir_args_error(a, -1, "need a pattern for each output port");
	if (a->n_rest < e->n_out || (a->reconfigure && a->n_rest > e->n_out))
		return weir_args_error(a, -1, "need %u arguments, one per output port", e->n_out);
	e->n_out = a->n_rest;
	return 0;
}
