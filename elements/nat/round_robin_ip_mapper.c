// SPDX-License-Identifier: BSD-2-Clause
// RoundRobinIPMapper: deals new flows of an IPRewriter, or a relative of it, out over several
// patterns, one after the other; where a pattern has no port left, the next one is tried. Several
// rewriters and workers take turns.
//
//	rr :: RoundRobinIPMapper(- - 10.0.0.1 - 0 1, - - 10.0.0.2 - 0 1);
//	rw :: IPRewriter(rr, drop);
#include "pattern.h"

struct round_robin_ip_mapper {
	struct mapper m;
	uint32_t turn; // writer: any worker, atomic
};

static unsigned choose(struct mapper *m, const struct session_tuple *, unsigned *tries)
{
	struct round_robin_ip_mapper *self = (struct round_robin_ip_mapper *)m;

	*tries = m->n;
	return __atomic_fetch_add(&self->turn, 1, __ATOMIC_RELAXED) % m->n;
}

static int take(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	struct round_robin_ip_mapper *self = e->self;

	return mapper_add(e, &self->m, a, i, words, n);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct round_robin_ip_mapper *self = e->self;

	self->m.choose = choose;
	if (!a->n_rest)
		return weir_args_error(a, -1, "no patterns given");
	if (a->n_rest == 1)
		weir_args_warn(a, -1, "only one pattern given");
	return weir_args_each(e, a, take);
}

WEIR_PLAIN_ELEMENT(round_robin_ip_mapper, "RoundRobinIPMapper",
		   .purpose = "deals flows of a rewriter out over patterns", .ports = "0/0",
		   .rest = "PATTERN FOUTPUT ROUTPUT",
		   .rest_help = "any number: what follows `pattern` for an IPRewriter",
		   .configure = configure, .fini = mapper_fini,
		   .userspace = "says something about others");
