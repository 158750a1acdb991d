// SPDX-License-Identifier: BSD-2-Clause
#include <weir/grace.h>

#include "device.h"

#include <graph.h>
#include <move.h>
#include <stdlib.h>

enum { MOST_ROUNDS = 256 }; // more than back edges that a packet may take
static const uint64_t MOST_NS = 1000ull * 1000 * 1000; // that a ring which moves may hold a packet

static bool moves(void *move, const struct packet *p)
{
	const struct weir_move *m = move;

	return p->device == m->device->index &&
	       weir_buckets_has(&m->what, m->device->ops->move->bucket(m->device, p));
}

static bool stays(void *move, const struct packet *p)
{
	struct weir_move *m = move;

	if (moves(m, p))
		weir_buckets_remove(&m->what, m->device->ops->move->bucket(m->device, p));
	return false;
}

// Calls fn for packets that elements of the old worker keep until others of their flow come, until
// it says so.
static bool each_kept(struct weir_move *m, bool (*fn)(void *arg, const struct packet *p))
{
	const struct weir_router *r = m->engine->router;

	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_class *c = r->elements[i]->class;

		if (c->keeps && c->keeps(r->elements[i]->nodes[m->from], fn, m))
			return true;
	}
	return false;
}

static bool has_pending(const struct weir_worker *w)
{
	for (unsigned i = 0; i < w->n_order; i++)
		if (w->order[i]->pending && w->order[i]->pending->n)
			return true;
	return false;
}

// Notes what the worker's elements have put somewhere for other workers.
static void mark_passed(struct weir_move *m)
{
	const struct weir_router *r = m->engine->router;
	uint32_t taken;

	for (unsigned i = 0; i < r->n_elements; i++)
		if (r->elements[i]->class->passed)
			r->elements[i]->class->passed(r->elements[i]->nodes[m->from], &m->put[i],
						      &taken);
}

// Others have taken that out, and it has gone on as far as it goes in a round.
static bool is_passed(const struct weir_move *m)
{
	const struct weir_router *r = m->engine->router;
	uint32_t put, taken;

	for (unsigned i = 0; i < r->n_elements; i++) {
		if (!r->elements[i]->class->passed)
			continue;
		r->elements[i]->class->passed(r->elements[i]->nodes[m->from], &put, &taken);
		if ((int32_t)(taken - m->put[i]) < 0)
			return false;
	}
	return true;
}

void weir_move_close(struct weir_move *m)
{
	free(m->put);
	*m = (struct weir_move){};
}

bool weir_move_begin(struct weir_move *m, struct weir_engine *g, struct weir_device *d,
		     const struct weir_buckets *b, unsigned from, unsigned to)
{
	uint32_t *put = calloc(g->router->n_elements, sizeof(*put));
	bool any;

	// Between two rounds: a worker that looked whether it holds anything before it was told so
	// may not have looked into its rings yet.
	*m = (struct weir_move){
		.engine = g, .device = d, .from = from, .to = to, .what = *b, .put = put};
	weir_world_stop(g);
	each_kept(m, stays);
	any = weir_buckets_count(&m->what);
	if (any && put)
		d->ops->move->hold(d, to, &m->what);
	weir_world_go(g);
	if (!any || !put) {
		weir_move_close(m);
		return false;
	}
	d->ops->move->steer(d, to, &m->what);
	m->period = weir_grace_begin();
	m->step = WEIR_MOVE_PERIOD;
	return true;
}

static void wait_for_rings(struct weir_move *m)
{
	if (!m->device->ops->move->rx_past(m->device, m->from))
		return;
	weir_world_stop(m->engine);
	m->rounds = m->engine->workers[m->from].rounds;
	weir_world_go(m->engine);
	m->step = WEIR_MOVE_GRAPH;
}

static void wait_for_graph(struct weir_move *m)
{
	const struct weir_worker *w = &m->engine->workers[m->from];

	weir_world_stop(m->engine);
	if ((!has_pending(w) && !each_kept(m, moves)) || w->rounds - m->rounds > MOST_ROUNDS) {
		for (struct weir_device *d = weir_router_devices(m->engine->router); d; d = d->next)
			if (d->ops && d->ops->move)
				d->ops->move->mark_tx(d, m->from);
		mark_passed(m);
		m->give_up_at = weir_clock_ns(m->engine) + MOST_NS;
		m->step = WEIR_MOVE_TX;
	}
	weir_world_go(m->engine);
}

// What does not leave at all must not hold up what comes in.
static void wait_for_sending(struct weir_move *m)
{
	bool past;

	weir_world_stop(m->engine);
	past = is_passed(m);
	for (struct weir_device *d = weir_router_devices(m->engine->router); d; d = d->next)
		if (d->ops && d->ops->move)
			past &= d->ops->move->tx_past(d, m->from);
	past |= weir_clock_ns(m->engine) >= m->give_up_at;
	if (past) {
		m->device->ops->move->release(m->device, m->to);
		m->step = WEIR_MOVE_RELEASE;
	}
	weir_world_go(m->engine);
	if (past)
		weir_worker_wake(&m->engine->workers[m->to]);
}

bool weir_move_go_on(struct weir_move *m)
{
	enum weir_move_step before;

	do {
		before = m->step;
		switch (before) {
		case WEIR_MOVE_NONE:
			break;
		case WEIR_MOVE_PERIOD:
			if (!weir_grace_over(m->period))
				break;
			m->device->ops->move->mark_rx(m->device, m->from);
			m->step = WEIR_MOVE_RX;
			break;
		case WEIR_MOVE_RX:
			wait_for_rings(m);
			break;
		case WEIR_MOVE_GRAPH:
			wait_for_graph(m);
			break;
		case WEIR_MOVE_TX:
			wait_for_sending(m);
			break;
		case WEIR_MOVE_RELEASE:
			if (!m->device->ops->move->released(m->device, m->to))
				break;
			weir_move_close(m);
			return false;
		}
	} while (m->step != before);
	return m->step != WEIR_MOVE_NONE;
}
