// SPDX-License-Identifier: BSD-2-Clause
#include "threads.h"

#include <weir/device.h>

#include "affinity.h"
#include "pinned.h"
#include "place.h"
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// How an element gets to its workers.
enum kind {
	FOLLOWS,  // it runs where packets come from or are pulled; its task, if any, there too
	RECEIVES, // from an interface: on all workers
	SENDS,	  // what is pushed to it, on an interface: where packets come from
	AT_HOME,  // it has a task, or does things at times, on one worker
};

// Elements that pull from each other are on one worker: a set, with one of them as its root.
struct set {
	unsigned parent;
	struct weir_workers allowed;   // of a root
	const struct weir_element *by; // that said so; NULL: nobody
	bool dealt;
	unsigned home;
};

struct analysis {
	struct weir_threads *t;
	struct weir_router *router;
	struct weir_err *err;
	enum kind *kind; // by element, as the next three
	struct weir_pinned *pinned;
	struct set *sets;
	struct weir_device **device;  // that it claims, of those that receive or send
	int *node;		      // of that; -1: not known, or there is only one
	bool apart;		      // interfaces are received from on their own node
	unsigned *waiting, n_waiting; // whose neighbours have not heard of all its runs
	bool *waits;		      // is it one of them? by element
	unsigned *load;		      // tasks, by worker
	struct weir_workers all;
};

// --- what there is -------------------------------------------------------------------------------

static bool has_push_input(const struct weir_element *e)
{
	const struct weir_wiring *w = weir_wiring(e);

	for (unsigned p = 0; p < w->n_in; p++)
		if (w->in[p].processing == WEIR_PUSH)
			return true;
	return false;
}

static enum kind kind_of(const struct weir_element *e, const struct weir_device *d)
{
	bool pushed = has_push_input(e);

	if (weir_is_entry(e) && d)
		return RECEIVES;
	if (pushed && e->class->transmits && d)
		return SENDS;
	if (e->class->changes_worker || (!pushed && e->class->task) ||
	    (!weir_n_entering(e) && e->class->init_node))
		return AT_HOME;
	return FOLLOWS;
}

static bool has_ports(const struct weir_element *e)
{
	return weir_n_entering(e) || weir_n_leaving(e);
}

static struct set *set_of(struct analysis *a, unsigned element)
{
	struct set *v = a->sets;

	while (v[element].parent != element) {
		v[element].parent = v[v[element].parent].parent;
		element = v[element].parent;
	}
	return &v[element];
}

static void join_pulls(struct analysis *a)
{
	const struct weir_router *r = a->router;

	for (unsigned i = 0; i < r->n_elements; i++)
		a->sets[i] = (struct set){.parent = i, .allowed = a->all};
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		if (weir_out_is_pull(c->from, c->from_port))
			set_of(a, c->from->index)->parent =
				(unsigned)(set_of(a, c->to->index) - a->sets);
	}
}

// --- pins ----------------------------------------------------------------------------------------

static void refuse_nowhere(struct analysis *a, const struct weir_element *e)
{
	const struct weir_pin *pin = a->pinned[e->index].pin;

	weir_error(a->err, &pin->by->loc,
		   "`%s' (%s) cannot be pinned to no worker: what comes to it has to go on",
		   e->name, e->class->name);
}

static void contradict(struct analysis *a, const struct weir_element *e,
		       const struct weir_element *other)
{
	const struct weir_pin *mine = a->pinned[e->index].pin,
			      *others = a->pinned[other->index].pin;

	weir_error(a->err, &mine->by->loc,
		   "`%s' and `%s' pull from the same elements, so they are on one worker, "
		   "but are pinned to %s and %s",
		   e->name, other->name, mine->list, others->list);
}

// Leaves to the set of an element at home only those workers that its pin allows.
static void narrow(struct analysis *a, const struct weir_element *e)
{
	struct set *s = set_of(a, e->index);
	const struct weir_workers *only = &a->pinned[e->index].workers;
	uint64_t left = 0;

	for (unsigned i = 0; i < WEIR_WORKERS_MAX / 64; i++) {
		s->allowed.bits[i] &= only->bits[i];
		left |= s->allowed.bits[i];
	}
	if (!left)
		contradict(a, e, s->by);
	else
		s->by = e;
}

static void take_pin(struct analysis *a, const struct weir_element *e)
{
	const struct weir_pinned *at = &a->pinned[e->index];
	enum kind kind = a->kind[e->index];

	if (kind == FOLLOWS)
		return;
	a->t->pin[e->index] = at->pin;
	if (at->nowhere && (kind != AT_HOME || e->class->changes_worker))
		refuse_nowhere(a, e);
	else if (!at->nowhere && kind == AT_HOME)
		narrow(a, e);
}

static bool has_effect(const struct analysis *a, const struct weir_pin *pin)
{
	for (unsigned i = 0; i < a->router->n_elements; i++)
		if (a->pinned[i].pin == pin && a->kind[i] != FOLLOWS)
			return true;
	return false;
}

static int take_pins(struct analysis *a)
{
	const struct weir_router *r = a->router;
	const unsigned before = a->err->n_errors;
	int rc = weir_pins_resolve(a->pinned, r, &a->t->opt, a->err);

	if (rc)
		return rc;
	for (unsigned i = 0; i < r->n_elements; i++)
		if (a->pinned[i].pin)
			take_pin(a, r->elements[i]);
	for (unsigned i = 0; i < r->n_pins; i++)
		if (!has_effect(a, &r->pins[i]))
			weir_warn(a->err, &r->pins[i].by->loc,
				  "nothing of `%s' can be pinned: it runs where its packets come "
				  "from",
				  r->pins[i].name);
	return a->err->n_errors == before ? 0 : -EINVAL;
}

// --- homes ---------------------------------------------------------------------------------------

// Those on a node, or all.
static struct weir_workers near(const struct analysis *a, int node)
{
	struct weir_workers s = {};

	for (unsigned w = 0; node >= 0 && w < a->t->opt.n_workers; w++)
		if (a->t->opt.cpus[w].node == (unsigned)node)
			weir_workers_add(&s, w);
	return weir_workers_count(&s) ? s : a->all;
}

// Those of a set that are near; all of it where none is.
static struct weir_workers prefer_near(const struct analysis *a, const struct weir_workers *s,
				       int node)
{
	const struct weir_workers wanted = near(a, node);
	struct weir_workers both = {};

	for (unsigned w = weir_workers_next(s, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(s, w + 1))
		if (weir_workers_has(&wanted, w))
			weir_workers_add(&both, w);
	return weir_workers_count(&both) ? both : *s;
}

// The last of those: the first ones have the queues where there are fewer of them than workers.
static unsigned least_loaded(const struct analysis *a, const struct weir_workers *s)
{
	unsigned best = weir_workers_next(s, 0);

	for (unsigned w = best; w < WEIR_WORKERS_MAX; w = weir_workers_next(s, w + 1))
		if (a->load[w] <= a->load[best])
			best = w;
	return best;
}

static bool is_off(const struct analysis *a, const struct weir_element *e)
{
	return a->pinned[e->index].nowhere;
}

static void deal(struct analysis *a, const struct weir_element *e)
{
	struct set *s = set_of(a, e->index);

	struct weir_workers among;

	if (s->dealt || a->kind[e->index] != AT_HOME || is_off(a, e) || !has_ports(e))
		return;
	among = prefer_near(a, &s->allowed, a->node[e->index]);
	s->dealt = true;
	s->home = least_loaded(a, &among);
	a->load[s->home]++;
}

static void deal_fixed(struct analysis *a)
{
	const struct weir_router *r = a->router;

	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_workers *rx = &a->pinned[i].workers;

		if (a->kind[i] == RECEIVES && a->pinned[i].pin)
			for (unsigned w = weir_workers_next(rx, 0); w < WEIR_WORKERS_MAX;
			     w = weir_workers_next(rx, w + 1))
				a->load[w]++;
		else if (weir_workers_count(&set_of(a, i)->allowed) == 1)
			deal(a, r->elements[i]);
	}
}

// Along the ways of the packets, so that what follows each other gets different homes. What has no
// part in them stays with worker 0.
static int deal_homes(struct analysis *a)
{
	const struct weir_router *r = a->router;
	struct weir_walk w;
	int rc = weir_walk_open(&w, r);

	deal_fixed(a);
	for (unsigned pass = 0; !rc && pass < 2; pass++)
		for (unsigned i = 0; i < r->n_elements; i++) {
			unsigned before = w.n_order;

			if (pass || !weir_n_entering(r->elements[i]))
				weir_walk_from(&w, r->elements[i]);
			for (unsigned k = w.n_order; k-- > before;)
				deal(a, r->elements[w.order[k]]);
		}
	weir_walk_close(&w);
	for (unsigned i = 0; i < r->n_elements; i++) {
		struct set *s = set_of(a, i);

		if (!s->dealt)
			s->home = weir_workers_next(&s->allowed, 0);
	}
	return rc;
}

// --- ways ----------------------------------------------------------------------------------------

static void enter(struct analysis *a, struct weir_element *e, const struct weir_workers *s)
{
	if (!weir_workers_join(&e->runs, s) || a->waits[e->index])
		return;
	a->waits[e->index] = true;
	a->waiting[a->n_waiting++] = e->index;
}

// Who is inside an element is inside those that it pushes to and pulls from.
static void lead_on(struct analysis *a, const struct weir_element *e)
{
	const struct weir_wiring *w = weir_wiring(e);
	const struct weir_workers *push = e->class->changes_worker ? &e->tasks : &e->runs;

	for (unsigned i = 0; i < weir_n_leaving(e); i++) {
		const struct weir_connection *c = weir_leaving(e, i);

		if (!weir_out_is_pull(e, c->from_port))
			enter(a, c->to, push);
	}
	for (unsigned i = 0; i < weir_n_entering(e); i++) {
		const struct weir_connection *c = &a->router->connections[w->by_in[i]];

		if (weir_in_is_pull(e, c->to_port))
			enter(a, c->from, &e->runs);
	}
}

static void spread(struct analysis *a)
{
	while (a->n_waiting) {
		unsigned i = a->waiting[--a->n_waiting];

		a->waits[i] = false;
		lead_on(a, a->router->elements[i]);
	}
}

static void begin_tasks(struct analysis *a)
{
	for (unsigned i = 0; i < a->router->n_elements; i++) {
		struct weir_element *e = a->router->elements[i];
		const struct weir_pinned *at = &a->pinned[i];

		e->runs = e->tasks = (struct weir_workers){};
		if (a->kind[i] == AT_HOME && !is_off(a, e))
			weir_workers_add(&e->tasks, set_of(a, i)->home);
		else if (a->kind[i] == RECEIVES)
			e->tasks = at->pin ? at->workers : a->apart ? near(a, a->node[i]) : a->all;
		else if (a->kind[i] == SENDS && at->pin)
			e->tasks = at->workers;
	}
	for (unsigned i = 0; i < a->router->n_elements; i++)
		enter(a, a->router->elements[i], &a->router->elements[i]->tasks);
}

// --- interfaces ----------------------------------------------------------------------------------

// So many of a set, first those that are near.
static struct weir_workers nearest(const struct analysis *a, const struct weir_workers *s, int node,
				   unsigned n)
{
	struct weir_workers some = prefer_near(a, s, node);

	for (unsigned w = weir_workers_next(s, 0);
	     w < WEIR_WORKERS_MAX && weir_workers_count(&some) < n; w = weir_workers_next(s, w + 1))
		weir_workers_add(&some, w);
	return some;
}

static bool ask_queues(const struct analysis *a, const struct weir_device *d,
		       struct weir_device_plan *plan)
{
	const struct weir_threads_options *opt = &a->t->opt;

	return opt->queues && opt->queues(opt->arg, d, &plan->n_rx, &plan->n_tx);
}

// Who sends on an interface, and among whom its TX queues are dealt: those whom a ToDevice names,
// else all who send; where there are fewer queues, those who are near to it.
static void find_senders(struct analysis *a, const struct weir_device *d,
			 struct weir_device_plan *plan)
{
	struct weir_workers named = {};
	int node = -1;

	for (unsigned i = 0; i < a->router->n_elements; i++) {
		struct weir_element *e = a->router->elements[i];

		if (!e->class->transmits || a->device[i] != d)
			continue;
		weir_workers_join(&plan->tx, &e->runs);
		node = a->node[i];
		if (a->kind[i] == SENDS && a->pinned[i].pin)
			weir_workers_join(&named, &a->pinned[i].workers);
	}
	plan->owners = weir_workers_next(&named, 0) < WEIR_WORKERS_MAX ? named : plan->tx;
	if (node >= 0 && ask_queues(a, d, plan) && plan->n_tx < weir_workers_count(&plan->owners))
		plan->owners = nearest(a, &plan->owners, node, plan->n_tx);
}

// An owner relays in the task of each ToDevice that is pushed to, and what it cannot send leaves by
// an output there.
static void relay(struct analysis *a, const struct weir_device *d,
		  const struct weir_device_plan *plan)
{
	for (unsigned i = 0; i < a->router->n_elements; i++) {
		struct weir_element *e = a->router->elements[i];

		if (a->kind[i] != SENDS || a->device[i] != d)
			continue;
		e->tasks = plan->owners;
		enter(a, e, &e->tasks);
	}
}

static struct weir_device *nth_device(const struct analysis *a, unsigned i)
{
	return a->router->n_elements ? weir_device_find(a->router->elements[0], i + 1) : NULL;
}

// False: nobody goes a way that was not known before.
static bool plan_sending(struct analysis *a)
{
	struct weir_device *d;

	for (unsigned i = 0; (d = nth_device(a, i)); i++) {
		struct weir_device_plan *plan = weir_device_plan(d);

		*plan = (struct weir_device_plan){};
		find_senders(a, d, plan);
		relay(a, d, plan);
	}
	return a->n_waiting;
}

static int plan_receiving(struct analysis *a)
{
	struct weir_device *d;
	int rc = 0;

	for (unsigned i = 0; i < a->router->n_elements; i++)
		if (a->kind[i] == RECEIVES)
			weir_device_plan(a->device[i])->rx = a->router->elements[i]->tasks;
	for (unsigned i = 0; (d = nth_device(a, i)); i++) {
		struct weir_device_plan *plan = weir_device_plan(d);

		plan->known = ask_queues(a, d, plan);
		if (!plan->known)
			plan->n_rx = plan->n_tx = 1;
	}
	for (unsigned i = 0; !rc && i < a->router->n_elements; i++)
		if (a->kind[i] == RECEIVES)
			rc = weir_decide_steering(a->router->elements[i], a->device[i],
						  a->t->opt.balance);
	return rc;
}

// --- together ------------------------------------------------------------------------------------

// Tasks of what is pushed to are where the packets come, as their state is. Whatever nobody comes
// to is on a worker too, so that it can be asked.
static void settle(struct analysis *a)
{
	for (unsigned i = 0; i < a->router->n_elements; i++) {
		struct weir_element *e = a->router->elements[i];

		if (weir_workers_next(&e->runs, 0) == WEIR_WORKERS_MAX)
			weir_workers_add(&e->runs, set_of(a, i)->home);
		if (a->kind[i] == FOLLOWS && e->class->task)
			e->tasks = e->runs;
		e->home = weir_workers_next(&e->tasks, 0);
		if (e->home == WEIR_WORKERS_MAX)
			e->home = weir_workers_next(&e->runs, 0);
	}
}

// Does the element want packets of several interfaces to meet on one worker?
static bool wants_all(const struct weir_element *e)
{
	for (unsigned p = 0; p < e->n_in; p++)
		if (weir_affinity_of(e->class, p) == WEIR_AFFINITY_OWNER)
			return true;
	return false;
}

// Interfaces are received from by the workers of their node, if no worker is left without by that,
// and no element wants both directions of a flow on one worker.
static void look_at_nodes(struct analysis *a)
{
	const struct weir_threads_options *opt = &a->t->opt;
	struct weir_workers busy = {};
	bool several = false, together = false;

	for (unsigned w = 0; opt->cpus && w < opt->n_workers; w++)
		several |= opt->cpus[w].node != opt->cpus[0].node;
	for (unsigned i = 0; i < a->router->n_elements; i++) {
		struct weir_workers s = a->pinned[i].workers;

		together |= wants_all(a->router->elements[i]);
		a->node[i] = several && opt->node && a->device[i]
				     ? opt->node(opt->arg, a->device[i])
				     : -1;
		if (a->kind[i] != RECEIVES)
			continue;
		if (!a->pinned[i].pin)
			s = near(a, a->node[i]);
		weir_workers_join(&busy, &s);
	}
	a->apart = several && !together && weir_workers_count(&busy) == opt->n_workers;
}

static int analyse(struct analysis *a)
{
	int rc;

	for (unsigned w = 0; w < a->t->opt.n_workers; w++)
		weir_workers_add(&a->all, w);
	for (unsigned i = 0; i < a->router->n_elements; i++) {
		const struct weir_element *e = a->router->elements[i];

		if (weir_is_entry(e) || e->class->transmits)
			a->device[i] = weir_device_of(e);
		a->kind[i] = kind_of(e, a->device[i]);
	}
	join_pulls(a);
	rc = take_pins(a);
	if (rc)
		return rc;
	look_at_nodes(a);
	rc = deal_homes(a);
	if (rc)
		return rc;
	begin_tasks(a);
	do
		spread(a);
	while (plan_sending(a));
	rc = plan_receiving(a);
	settle(a);
	return rc;
}

static int open_analysis(struct analysis *a)
{
	const unsigned n = a->router->n_elements + 1;

	a->kind = calloc(n, sizeof(*a->kind));
	a->pinned = calloc(n, sizeof(*a->pinned));
	a->sets = calloc(n, sizeof(*a->sets));
	a->device = calloc(n, sizeof(struct weir_device *));
	a->node = calloc(n, sizeof(*a->node));
	a->waiting = calloc(n, sizeof(*a->waiting));
	a->waits = calloc(n, sizeof(*a->waits));
	a->load = calloc(a->t->opt.n_workers + 1, sizeof(*a->load));
	a->t->pin = calloc(n, sizeof(struct weir_pin *));
	return a->kind && a->pinned && a->sets && a->device && a->node && a->waiting && a->waits &&
			       a->load && a->t->pin
		       ? 0
		       : -ENOMEM;
}

static void close_analysis(struct analysis *a)
{
	free(a->kind);
	free(a->pinned);
	free(a->sets);
	free(a->device);
	free(a->node);
	free(a->waiting);
	free(a->waits);
	free(a->load);
}

int weir_threads(struct weir_threads *t, struct weir_router *r,
		 const struct weir_threads_options *opt, struct weir_err *err)
{
	struct analysis a = {.t = t, .router = r, .err = err};
	int rc;

	*t = (struct weir_threads){.router = r, .opt = *opt};
	rc = open_analysis(&a) ?: analyse(&a);
	close_analysis(&a);
	if (rc)
		weir_threads_free(t);
	return rc;
}

void weir_threads_free(struct weir_threads *t)
{
	free(t->pin);
	*t = (struct weir_threads){};
}
