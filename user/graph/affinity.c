// SPDX-License-Identifier: BSD-2-Clause
#include "affinity.h"

#include "walk.h"

#include <queues.h>
#include <stdio.h>

// Does the key keep together what the affinity names? A key of one address does not keep together
// both directions of a flow.
static bool satisfies(enum weir_key key, enum weir_affinity a)
{
	switch (a) {
	case WEIR_AFFINITY_NONE:
		return true;
	case WEIR_AFFINITY_DATAGRAM:
		return key != WEIR_KEY_NONE;
	case WEIR_AFFINITY_FLOW:
		return key == WEIR_KEY_FLOW || key == WEIR_KEY_HOSTS;
	case WEIR_AFFINITY_HOSTS:
		return key == WEIR_KEY_HOSTS;
	case WEIR_AFFINITY_SOURCE:
		return key == WEIR_KEY_SOURCE;
	case WEIR_AFFINITY_DESTINATION:
		return key == WEIR_KEY_DESTINATION;
	case WEIR_AFFINITY_OWNER:
		return key == WEIR_KEY_OWNER;
	}
	return false;
}

// The finest key, from what was demanded so far on, that satisfies one more; WEIR_KEYS: none does.
static enum weir_key satisfying(enum weir_key key, enum weir_affinity so_far, enum weir_affinity a)
{
	while (key < WEIR_KEYS && !(satisfies(key, so_far) && satisfies(key, a)))
		key++;
	return key;
}

static void add(struct weir_demand *d, const struct weir_element *e, enum weir_affinity a)
{
	const enum weir_key key = satisfying(d->key, d->affinity, a);

	if (d->other || !a || (d->by && key == d->key && a <= d->affinity))
		return;
	if (key == WEIR_KEYS) {
		d->other = e;
		return;
	}
	d->key = key;
	d->by = e;
	d->affinity = a;
}

static bool stays(void *, const struct weir_connection *c)
{
	return !weir_out_is_pull(c->from, c->from_port) && !c->from->class->changes_worker;
}

enum weir_affinity weir_affinity_of(const struct weir_class *c, unsigned port)
{
	const unsigned n = sizeof(c->in_affinity) / sizeof(*c->in_affinity);

	return port < n && c->in_affinity[port] ? c->in_affinity[port] : c->affinity;
}

// What an element wants of the packets that come on the walk.
static void add_inputs(struct weir_demand *d, const struct weir_walk *w,
		       const struct weir_element *e)
{
	const struct weir_wiring *wiring = weir_wiring(e);

	for (unsigned i = 0; i < weir_n_entering(e); i++) {
		const struct weir_connection *c = &e->router->connections[wiring->by_in[i]];

		if (w->state[c->from->index] && stays(NULL, c))
			add(d, e, weir_affinity_of(e->class, c->to_port));
	}
}

int weir_affinity(struct weir_demand *d, const struct weir_element *from)
{
	struct weir_walk w;
	int e = weir_walk_open(&w, from->router);

	*d = (struct weir_demand){};
	w.follows = stays;
	if (!e)
		weir_walk_from(&w, from);
	for (unsigned i = w.n_order; !e && i--;)
		add_inputs(d, &w, from->router->elements[w.order[i]]);
	weir_walk_close(&w);
	return e;
}

static enum weir_key decide_key(const struct weir_demand *demand, enum weir_device_steer asked)
{
	if (asked >= WEIR_STEER_FLOW)
		return (enum weir_key)(asked - WEIR_STEER_FLOW + WEIR_KEY_FLOW);
	return demand->key ? demand->key : WEIR_KEY_FLOW;
}

// One worker has all packets where they cannot be dealt out.
static void keep_one(struct weir_device_plan *plan, const struct weir_demand *demand)
{
	const unsigned first = weir_workers_next(&plan->rx, 0);

	plan->rx = (struct weir_workers){};
	weir_workers_add(&plan->rx, first);
	snprintf(plan->why, sizeof(plan->why), "%s and %s do not agree on what one worker gets",
		 demand->by->name, demand->other->name);
}

int weir_decide_steering(const struct weir_element *from, struct weir_device *d, bool balance)
{
	struct weir_device_plan *plan = weir_device_plan(d);
	const enum weir_device_steer asked = weir_device_steer(d);
	const unsigned n = weir_workers_count(&plan->rx);
	struct weir_demand demand;
	int e = weir_affinity(&demand, from);

	if (e)
		return e;
	if (demand.by && demand.other && asked == WEIR_STEER_AUTO && n > 1) {
		keep_one(plan, &demand);
		return 0;
	}
	plan->steer = n > 1 && asked != WEIR_STEER_NONE &&
		      (plan->n_rx < n || balance || asked || demand.key);
	plan->key = plan->steer ? decide_key(&demand, asked) : WEIR_KEY_NONE;
	if (balance && plan->steer && plan->n_rx >= n)
		snprintf(plan->why, sizeof(plan->why), "--balance moves flows between %u workers",
			 n);
	else if (n)
		snprintf(plan->why, sizeof(plan->why), "%u queue%s for %u worker%s", plan->n_rx,
			 plan->n_rx == 1 ? "" : "s", n, n == 1 ? "" : "s");
	return 0;
}
