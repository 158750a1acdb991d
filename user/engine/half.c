// SPDX-License-Identifier: BSD-2-Clause

// One router of two halves: what the nodes of all workers have, and what the driver's half tells.

#include "half.h"

#include <engine.h>
#include <stdlib.h>

void weir_engine_half(struct weir_engine *g, const struct weir_half_ops *ops, void *arg)
{
	g->half = ops;
	g->half_arg = arg;
}

static const struct weir_half_ops *half_of(const struct weir_element *e, void **arg)
{
	const struct weir_engine *g = e->router->engine;

	if (!g || !g->half)
		return NULL;
	*arg = g->half_arg;
	return g->half->runs(*arg, e) ? g->half : NULL;
}

bool weir_half_runs(const struct weir_element *e)
{
	void *arg;
	const struct weir_half_ops *half = half_of(e, &arg);

	return half && !(half->hands_all && half->hands_all(arg, e));
}

struct weir_count weir_driver_count(const struct weir_element *e, unsigned i)
{
	const struct weir_half_ops *half;
	struct weir_count c = {};
	void *arg;

	half = half_of(e, &arg);
	if (half)
		half->counts(arg, e, i, &c, 1);
	return c;
}

struct weir_count weir_edge_count(const struct weir_element *e, unsigned i)
{
	struct weir_count sum = weir_driver_count(e, i);

	for (unsigned k = 0; k < e->n_nodes; k++) {
		const struct weir_edge *edge = &e->nodes[k]->out[i];

		sum.packets += edge->packets;
		sum.bytes += edge->bytes;
	}
	return sum;
}

void weir_each_state(const struct weir_element *e, void (*fn)(void *arg, const void *state),
		     void *arg)
{
	const struct weir_half_ops *half;
	void *half_arg, *copy;

	for (unsigned i = 0; i < e->n_nodes; i++)
		fn(arg, e->nodes[i]->state);
	half = half_of(e, &half_arg);
	if (!half || !e->class->state_size)
		return;
	copy = calloc(1, e->class->state_size);
	for (unsigned cpu = 0; copy && half->state(half_arg, e, cpu, copy); cpu++)
		fn(arg, copy);
	free(copy);
}

void weir_half_reset(const struct weir_element *e, size_t off, size_t size)
{
	const struct weir_half_ops *half;
	void *arg;

	half = half_of(e, &arg);
	if (half && half->reset_state)
		half->reset_state(arg, e, off, size);
}

void weir_reset_driver(const struct weir_element *e)
{
	weir_half_reset(e, 0, e->class->state_size);
}

int weir_half_changed(const struct weir_element *e, struct weir_err *err)
{
	const struct weir_half_ops *half;
	void *arg;

	half = half_of(e, &arg);
	return half ? half->changed(arg, e, err) : 0;
}
